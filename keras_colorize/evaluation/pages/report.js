"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const metricOf = (name) => data.metrics.find((metric) => metric.name === name);
const number = (value) => (value === "∞" ? Infinity : value);
const className = (row) =>
  row === "truth" ? "is-truth" : `c${data.rows.indexOf(row) % 8}`;

// Python's forms: {:.2f}, {:.4g}, {:.1%}.
function write(value, form) {
  if (value === null || value === undefined) return "–";
  if (value === "∞" || value === Infinity) return "∞";
  const [, digits, kind] = /\.(\d+)([fg%])/.exec(form) || [, "4", "g"];
  if (kind === "%") return `${(100 * value).toFixed(digits)}%`;
  return kind === "f" ? value.toFixed(digits) : String(Number(value.toPrecision(digits)));
}

function element(name, attributes = {}, ...children) {
  const svg = ["svg", "g", "line", "circle", "text", "title"].includes(name);
  const made = svg
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Tables ------------------------------------------------------------------------------------------

// A first click on numbers puts the largest on top, on names A before Z; a second turns it round.
function sort(table, column, direction) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, i) =>
    i === column ? head.setAttribute("aria-sort", direction) : head.removeAttribute("aria-sort"));
  const sign = direction === "ascending" ? 1 : -1;
  const key = (line) => line.cells[column].dataset.value;
  const lines = [...table.tBodies[0].rows];
  const numeric = lines.every((line) => key(line) === "" || !Number.isNaN(toNumber(key(line))));
  lines.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === "" || y === "") return (x === "") - (y === ""); // what is missing stays below
    if (!numeric) return sign * x.localeCompare(y, undefined, { numeric: true });
    return x === y ? 0 : sign * (toNumber(x) - toNumber(y));
  });
  table.tBodies[0].append(...lines);
}

const toNumber = (text) => (text === "inf" || text === "∞" ? Infinity : Number(text));

document.addEventListener("click", (event) => {
  const head = event.target.closest("table.sortable thead th");
  if (!head) return;
  const first = head.classList.contains("name") ? "ascending" : "descending";
  const turned = { ascending: "descending", descending: "ascending" };
  sort(head.closest("table"), head.cellIndex, turned[head.getAttribute("aria-sort")] || first);
});

function drawImages(metric) {
  const rows = data.rows.filter((row) => varies(row, metric.name));
  const head = element("tr", {}, column("Photograph", true), ...rows.map((row) => column(row)));
  const body = data.images.map((image, i) => {
    const name = element("th", { scope: "row", class: "name", "data-value": image }, image);
    const cells = rows.map((row) => {
      const value = data.values[row][metric.name][i];
      return element("td", { "data-value": value ?? "" }, write(value, metric.form));
    });
    return element("tr", {}, name, ...cells);
  });
  const table = find("images");
  table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
  find("metric-name").textContent = metric.heading;
  const part = data.images.length < data.count
    ? `${data.images.length} of the ${data.count} photographs, evenly chosen. ` : "";
  find("images-note").textContent = `${part}Every value is in per_image.csv.`;
}

function column(text, name = false) {
  const button = element("button", { type: "button" }, text);
  return element("th", { scope: "col", ...(name && { class: "name" }) }, button);
}

// Plots -------------------------------------------------------------------------------------------

// The truth row of an error is 0 throughout, its PSNR infinite: nothing to draw or to list.
function varies(row, name) {
  const values = (data.values[row][name] || []).map(number).filter(Number.isFinite);
  return values.length > 0 && (row !== "truth" || values.some((value) => value !== values[0])
    && metricOf(name).better === "as the truth row");
}

function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const made = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) {
    made.push(Number((i * step).toPrecision(12)));
  }
  return made;
}

function quantile(sorted, share) {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

function text(x, y, words, attributes = {}) {
  return element("text", { x, y, ...attributes }, words);
}

function drawDistribution(metric) {
  const box = find("distribution");
  const width = box.clientWidth;
  const rows = data.rows.filter((row) => varies(row, metric.name));
  const finite = (row) => data.values[row][metric.name]
    .map((value, i) => [number(value), data.images[i]])
    .filter(([value]) => Number.isFinite(value)).sort((a, b) => a[0] - b[0]);
  const lanes = rows.map((row) => [row, finite(row)]);
  const every = lanes.flatMap(([, points]) => points.map(([value]) => value));
  if (!every.length) return box.replaceChildren();
  const low = every.reduce((a, b) => Math.min(a, b));
  const high = every.reduce((a, b) => Math.max(a, b));
  const [left, right, lane, radius] = [6, width - 6, 84, 3.2];
  const x = (value) => left + ((right - left) * (value - low)) / (high - low || 1);
  const height = lanes.length * lane + 34;
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": `${metric.heading} of every photograph, one lane for each row` });
  const bottom = lanes.length * lane + 6;
  for (const tick of ticks(low, high, Math.max(3, width / 110))) {
    svg.append(element("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 0, y2: bottom }),
      text(x(tick), bottom + 18, String(tick),
        { "text-anchor": x(tick) < 16 ? "start" : x(tick) > width - 16 ? "end" : "middle" }));
  }
  lanes.forEach(([row, points], i) => {
    const middle = i * lane + 52;
    const group = element("g", { class: className(row) });
    const at = (share) => x(quantile(points.map(([value]) => value), share));
    const median = quantile(points.map(([value]) => value), 0.5);
    group.append(
      text(left, i * lane + 18, row, { class: "label" }),
      text(right, i * lane + 18, `median ${write(median, metric.form)}`, { "text-anchor": "end" }),
      element("line", { class: "middle", x1: at(0.25), x2: at(0.75), y1: middle, y2: middle }));
    // Points that would cover each other are stacked away from the middle, above and below.
    const stacks = new Map();
    points.forEach(([value]) => {
      const bin = Math.round(x(value) / (2 * radius));
      stacks.set(bin, (stacks.get(bin) || 0) + 1);
    });
    const deepest = Math.max(...stacks.values());
    const step = Math.min(2 * radius, 44 / Math.max(1, deepest - 1));
    const placed = new Map();
    for (const [value, image] of points) {
      const bin = Math.round(x(value) / (2 * radius));
      const order = placed.get(bin) || 0;
      placed.set(bin, order + 1);
      const offset = Math.ceil(order / 2) * step * (order % 2 ? -1 : 1);
      group.append(element("circle",
        { class: "point", cx: x(value).toFixed(1), cy: (middle + offset).toFixed(1), r: radius },
        element("title", {}, `${image}: ${write(value, metric.form)}`)));
    }
    group.append(element("line",
      { class: "median", x1: x(median), x2: x(median), y1: middle - 12, y2: middle + 12 }));
    svg.append(group);
  });
  box.replaceChildren(svg);
  const way = { higher: " Right is better.", lower: " Left is better." }[metric.better] || "";
  find("distribution-note").textContent =
    `${metric.heading}: one point for each photograph, the median, and the middle half.${way}`;
}

function drawScatter() {
  const [across, up] = [metricOf("colorfulness"), metricOf("psnr")];
  if (!across || !up || !data.means.truth) return;
  const points = data.rows.filter((row) => row !== "truth").map((row) =>
    [row, data.means[row].colorfulness, number(data.means[row].psnr)]).filter(([, a, b]) =>
    Number.isFinite(a) && Number.isFinite(b));
  if (points.length < 3) return; // grey and a single model are told by the table
  find("frontier").hidden = false;
  const box = find("scatter");
  const truth = data.means.truth.colorfulness;
  const width = box.clientWidth;
  const height = Math.min(380, 200 + width / 5);
  const pad = (a, b, share) => [a - share * (b - a || 1), b + share * (b - a || 1)];
  const xs = points.map(([, a]) => a).concat(truth);
  const ys = points.map(([, , b]) => b);
  const [x0, x1] = pad(Math.min(...xs), Math.max(...xs), 0.08);
  const [y0, y1] = pad(Math.min(...ys), Math.max(...ys), 0.15);
  const x = (value) => 44 + ((width - 56) * (value - x0)) / (x1 - x0);
  const y = (value) => height - 44 - ((height - 64) * (value - y0)) / (y1 - y0);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": "Mean PSNR of each row against its mean colorfulness" });
  for (const tick of ticks(y0, y1, 5)) {
    svg.append(element("line", { class: "grid", x1: 44, x2: width - 6, y1: y(tick), y2: y(tick) }),
      text(36, y(tick) + 4, String(tick), { "text-anchor": "end" }));
  }
  for (const tick of ticks(x0, x1, Math.max(3, width / 130))) {
    svg.append(text(x(tick), height - 24, String(tick), { "text-anchor": "middle" }));
  }
  svg.append(text(width - 6, height - 4, across.heading, { "text-anchor": "end" }),
    text(0, 10, up.heading),
    element("line", { class: "truth-line", x1: x(truth), x2: x(truth), y1: 20, y2: height - 44 }),
    text(x(truth) - 6, 28, "truth", { "text-anchor": "end" }));
  box.replaceChildren(svg); // texts can be measured from now on
  const taken = points.map(([, a, b]) => [x(a) - 7, y(b) - 7, x(a) + 7, y(b) + 7]);
  taken.push([x(truth) - 44, 14, x(truth), 32], [x(truth) - 1, 0, x(truth) + 1, height]);
  for (const [row, a, b] of points) {
    const group = element("g", { class: className(row) },
      element("circle", { class: "mean", cx: x(a), cy: y(b), r: 6 }));
    svg.append(group);
    addLabel(group, row, x(a), y(b), [44, 14, width - 6, height - 44], taken);
  }
}

// A label stands right or left of its point, or else as little above or below that as it takes to
// cover no other label and no point; a line then leads to it.
function addLabel(group, words, x, y, [left, top, right, bottom], taken) {
  const label = text(x, y, words, { class: "label" });
  group.append(label);
  const width = label.getComputedTextLength();
  for (let step = 0; step < 80; step += 1) {
    const middle = y + Math.ceil(step / 2) * 8 * (step % 2 ? -1 : 1);
    for (const start of [x + 11, x - 11 - width]) {
      const box = [start, middle - 8, start + width, middle + 8];
      const inside = start >= left && box[2] <= right && box[1] >= top && box[3] <= bottom;
      const covers = ([x0, y0, x1, y1]) =>
        x0 < box[2] && box[0] < x1 && y0 < box[3] && box[1] < y1;
      if (!inside || taken.some(covers)) continue;
      label.setAttribute("x", start);
      label.setAttribute("y", middle + 5);
      taken.push(box);
      if (step) {
        const end = start > x ? start - 2 : start + width + 2;
        group.prepend(element("line", { class: "leader", x1: x, y1: y, x2: end, y2: middle }));
      }
      return;
    }
  }
  label.remove(); // no room: the table has its numbers
}

const select = find("metric");
for (const { name, heading } of data.metrics) {
  // Some metrics are of a whole row, not of its pictures one by one.
  if (data.values.grey[name]) select.append(element("option", { value: name }, heading));
}
select.addEventListener("change", () => {
  drawDistribution(metricOf(select.value));
  drawImages(metricOf(select.value));
});
let drawn = 0;
new ResizeObserver(() => {
  const width = find("distribution").clientWidth;
  if (!width || width === drawn) return;
  drawn = width;
  drawDistribution(metricOf(select.value));
  drawScatter();
}).observe(find("distribution"));
drawImages(metricOf(select.value));

// Pictures ----------------------------------------------------------------------------------------

for (const slider of document.querySelectorAll(".compare input")) {
  const box = slider.parentElement;
  const show = () => box.style.setProperty("--at", `${slider.value}%`);
  const follow = (event) => {
    const { left, width } = box.getBoundingClientRect();
    slider.value = (100 * (event.clientX - left)) / width;
    show();
  };
  slider.addEventListener("input", show);
  box.addEventListener("pointerdown", (event) => {
    box.setPointerCapture(event.pointerId);
    slider.focus({ preventScroll: true, focusVisible: false });
    follow(event);
    event.preventDefault();
  });
  box.addEventListener("pointermove", (event) => {
    if (box.hasPointerCapture(event.pointerId)) follow(event);
  });
  show(); // a browser that restores a page restores its sliders too
}

for (const button of document.querySelectorAll(".pair button")) {
  button.addEventListener("click", () => {
    find("pictures").dataset.pair = button.dataset.pair;
    for (const other of button.parentElement.children) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
}
