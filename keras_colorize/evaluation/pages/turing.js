"use strict";
const find = (id) => document.getElementById(id);
const island = find("data");
const { model, trials, columns, shown, z } = JSON.parse(island.textContent);
// Before the answers, nothing in the document tells a pair's pictures apart: they live in `trials`,
// and reach the screen as pixels of a canvas.
island.remove();

const session = crypto.getRandomValues(new Uint32Array(1))[0];
const random = generator(session);
const frames = [...document.querySelectorAll(".frame")];
const sides = ["left", "right"];
const answers = [];
const count = (kind) => trials.filter((trial) => trial.kind === kind).length;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const frame = () => new Promise((done) => requestAnimationFrame(done));

// Mulberry32: a session's order and sides follow from its number, which is in the answers.
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle(items) {
  const made = [...items];
  for (let i = made.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [made[i], made[j]] = [made[j], made[i]];
  }
  return made;
}

// Every picture is decoded before the first is shown, so that a second on screen is a second.
async function prepare() {
  for (const trial of trials) {
    trial.bitmaps = await Promise.all(trial.pair.map(async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      return createImageBitmap(image);
    }));
    delete trial.pair;
  }
}

function only(id) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
}

// Both pictures are drawn in one animation frame, and cleared in the first that is due.
async function show(pictures) {
  const contexts = frames.map((button, i) => {
    const canvas = button.firstElementChild;
    [canvas.width, canvas.height] = [pictures[i].width, pictures[i].height];
    return canvas.getContext("2d");
  });
  const start = await frame();
  contexts.forEach((context, i) => context.drawImage(pictures[i], 0, 0));
  let now = start;
  let last = start;
  // Half a frame early is nearer to the second than half a frame late or more.
  while (now - start < shown - (now - last) / 2) {
    last = now;
    now = await frame();
  }
  contexts.forEach(({ canvas }, i) =>
    contexts[i].clearRect(0, 0, canvas.width, canvas.height));
  return now - start;
}

function ask() {
  frames.forEach((button) => { button.disabled = false; });
  find("prompt").textContent = "Which one did the program color?";
  return new Promise((answered) => {
    const controller = new AbortController();
    const { signal } = controller;
    const answer = (side) => {
      controller.abort();
      frames.forEach((button) => { button.disabled = true; });
      answered(side);
    };
    frames.forEach((button, i) => button.addEventListener("click", () => answer(i), { signal }));
    document.addEventListener("keydown", (event) => {
      const side = ["ArrowLeft", "ArrowRight"].indexOf(event.key);
      if (side < 0 || event.repeat) return;
      event.preventDefault();
      answer(side);
    }, { signal });
  });
}

async function run(trial, progress) {
  const colored = random() < 0.5 ? 0 : 1;
  const [real, made] = trial.bitmaps;
  find("progress").textContent = progress;
  find("prompt").textContent = "";
  find("cross").textContent = "+";
  await pause(600);
  find("cross").textContent = "";
  const milliseconds = await show(colored ? [real, made] : [made, real]);
  const asked = performance.now();
  const answer = await ask();
  const fooled = answer !== colored;
  answers.push({
    session, judge: find("judge").value.trim(), model, trial: answers.length + 1,
    kind: trial.kind, image: trial.image, colored_side: sides[colored], answer: sides[answer],
    fooled: Number(fooled), shown_ms: milliseconds.toFixed(1),
    response_ms: (performance.now() - asked).toFixed(0),
  });
  if (trial.kind === "practice") {
    find("prompt").textContent =
      `${fooled ? "No" : "Yes"}: the ${sides[colored]} one was colored.`;
    await pause(1400);
  }
}

function wilson(successes, number) {
  const rate = successes / number;
  const share = (z * z) / number;
  const middle = (rate + share / 2) / (1 + share);
  const half = (z * Math.sqrt((rate * (1 - rate)) / number + share / (4 * number))) / (1 + share);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function finish() {
  const percent = (value) => `${(100 * value).toFixed(1)} %`;
  const judged = answers.filter(({ kind }) => kind === "test");
  const checks = answers.filter(({ kind }) => kind === "check");
  const fooled = judged.filter((answer) => answer.fooled).length;
  const [low, high] = wilson(fooled, judged.length);
  find("rate").textContent =
    `You were fooled in ${fooled} of ${judged.length} pairs: ${percent(fooled / judged.length)}.`;
  find("interval").textContent = `95 % interval of the rate (Wilson): ${percent(low)} to `
    + `${percent(high)}. Who cannot tell at all is fooled in 50 %.`;
  const caught = checks.filter((answer) => !answer.fooled).length;
  find("checks").textContent = `Of ${checks.length} ${checks.length === 1 ? "pair" : "pairs"} with `
    + `the colors of another photograph, which are not counted above, you found out ${caught}.`;
  const quoted = (value) =>
    (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  const lines = [columns, ...answers.map((answer) => columns.map((name) => answer[name]))];
  const text = lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
  const save = find("save");
  save.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  save.download = `turing-${session}.csv`;
  only("end");
}

const warn = (event) => event.preventDefault(); // leaving now would lose the answers

async function main() {
  const practice = shuffle(trials.filter(({ kind }) => kind === "practice"));
  const rest = shuffle(trials.filter(({ kind }) => kind !== "practice"));
  window.addEventListener("beforeunload", warn);
  find("save").addEventListener("click", () => window.removeEventListener("beforeunload", warn));
  only("trial");
  for (const [i, trial] of practice.entries()) {
    await run(trial, `Practice ${i + 1} of ${practice.length}`);
  }
  if (practice.length) {
    find("pause-text").textContent =
      `${rest.length} pairs follow, without a word on whether you were right.`;
    only("pause");
    find("go").focus();
    await new Promise((go) => find("go").addEventListener("click", go, { once: true }));
    only("trial");
  }
  for (const [i, trial] of rest.entries()) await run(trial, `${i + 1} of ${rest.length}`);
  finish();
}

find("plan").textContent =
  `${count("practice") ? `${count("practice")} for practice, then ` : ""}`
  + `${trials.length - count("practice")} pairs: about `
  + `${Math.max(1, Math.round((trials.length * 4) / 60))} min.`;
const begin = find("begin");
begin.addEventListener("click", main, { once: true });
prepare().then(() => {
  begin.textContent = "Begin";
  begin.disabled = false;
});
