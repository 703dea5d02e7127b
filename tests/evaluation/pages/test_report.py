"""The report of an evaluation, as a file and in a browser."""

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from keras_colorize.evaluation.observers import Batch, Gallery
from keras_colorize.evaluation.pages import report
from keras_colorize.evaluation.scoring import Scores

EVIL = [
    "<script>window.hacked = 1</script>.jpg",
    '"><img src=x onerror="window.hacked=1">.png',
    "</script><b>' & é 日本.jpg",
    "no UTF-8 \udcff.jpg",
]
IMAGES = [*EVIL, *(f"photo {i}.jpg" for i in range(1, 13))]
# PSNR of the first photograph, colorfulness, and two metrics that single pictures do not have.
ROWS = {
    "grey": (20.0, 0.0, {"bias_b": 0.5, "border_ratio": 1.1}),
    "one": (21.0, 30.0, {"bias_b": -0.1, "border_ratio": 1.4}),
    "<i>two</i>": (19.0, 44.0, {"bias_b": -12.0, "border_ratio": 0.9}),
    "truth": (float("inf"), 40.0, {"bias_b": 0.0, "border_ratio": float("nan")}),
}
CEILING = {"half chroma": (30.0, 39.0, {"bias_b": 0.0, "border_ratio": 1.1})}


def solid(*rgb, side=64):
    return np.full((side, side, 3), rgb, "uint8")


RED = solid(200, 30, 30)


def evaluation(images=IMAGES, rows=ROWS, picture=RED):
    """Make up an evaluation: row "one" gains i + 1 dB over grey on the i-th photograph."""
    gallery = Gallery(report.SHOWN)
    columns = {row: {"psnr": [], "colorfulness": []} for row in rows}
    grey = np.full_like(picture, 90)
    pictures = {row: (grey if row == "grey" else picture)[None] for row in rows}
    for i, image in enumerate(images):
        values = {
            row: {"psnr": psnr + (i if row != "grey" else 0), "colorfulness": colorfulness}
            for row, (psnr, colorfulness, _) in rows.items()
        }
        for row, found in values.items():
            for name, value in found.items():
                columns[row][name].append(value)
        gallery.see(Batch([image], pictures, [values]))
    means = {
        row: {name: float(np.mean(column)) for name, column in columns[row].items()} | of_row
        for row, (_, _, of_row) in rows.items()
    }
    result = {
        "rows": means,
        "photographs": len(images),
        "skipped": 3,
        "data": "<holiday> pictures/",
        "size": 64,
        "crop": "the middle",
        "color": "8-bit sRGB",
        "trained_on": {"one": 2},
        "intervals": {"one": {"psnr": [26.5, 30.5]}},
        "tests": [
            {"metric": "psnr", "rows": ["one", "<i>two</i>"], "difference": 2.0, "low": 1.5}
            | {"high": 2.5, "p": 0.0123}
        ],
        "version": "9.8.7",
        "date": "2026-01-02 03:04+00:00",
        "fingerprint": "0123456789abcdef0123",
    }
    return Scores(images, columns), result, gallery


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    report.write(path, *evaluation())
    return path


class Elements(HTMLParser):
    """Every element's name and attributes, and the text of each script, style and cell."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.texts, self._open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)


def test_report_is_one_file_that_loads_nothing(written):
    elements = Elements(written.read_text(encoding="utf-8"))
    addresses = [a[k] for _, a in elements.found for k in ("src", "href") if k in a]
    assert addresses and all(address.startswith("data:image/jpeg") for address in addresses)
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in elements.found}
    policy = next(a["content"] for _, a in elements.found if "http-equiv" in a)
    # RFC: CSP level 3. Nothing is allowed but what is named, and the page's own two blocks are
    # named by the SHA-256 of their text.
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        digest = hashlib.sha256(elements.texts[tag][-1].encode()).digest()
        assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "unsafe" not in policy


def test_report_escapes_every_text(written):
    text = written.read_text(encoding="utf-8")
    elements = Elements(text)
    tags = [tag for tag, _ in elements.found]
    assert tags.count("script") == 2 and "i" not in {
        tag for tag, a in elements.found if "class" not in a
    }
    assert not any("onerror" in a for _, a in elements.found)
    assert json.loads(elements.texts["script"][0])["images"] == IMAGES
    names = "".join(elements.texts["span"])
    assert EVIL[0] in names and EVIL[1] in names
    assert "<holiday> pictures/" in elements.texts["dd"]


def test_report_states_what_was_measured(written):
    elements = Elements(written.read_text(encoding="utf-8"))
    facts = dict(zip(elements.texts["dt"], elements.texts["dd"]))
    assert facts["Photographs"] == "16 (3 files could not be used)"
    assert facts["Crop"] == "64 × 64 pixels: the middle"
    assert facts["Date"] == "2026-01-02 03:04+00:00"
    assert facts["Version"] == "keras_colorize 9.8.7"
    assert elements.texts["small"] == ["trained on 2 of these 16"]


def test_report_orders_rows_and_marks_the_best(written):
    text = written.read_text(encoding="utf-8")
    lines = re.findall(r'<tr class="(\w+)">(.*?)</tr>', text)
    assert [kind for kind, _ in lines] == ["grey", "model", "model", "truth"]
    best = [re.findall(r'<td class="best" [^>]*>([^<]*)', line) for _, line in lines]
    # PSNR: one, 21 + 7.5. Colorfulness: two's 44 is nearer to truth's 40 than 30. Shift of b*: of
    # 0.5, −0.1 and −12 the smallest is −0.1. Border / center: 0.9 is nearer to grey's 1.1 than 1.4.
    assert best == [[], ["28.50", "-0.10"], ["44.0", "0.900"], []]
    assert "26.50…30.50" in text and "∞" in lines[3][1] and lines[3][1].endswith(">–</td>")
    for place in ("zero", "the truth row", "the grey row"):
        # In a heading's title and below the table.
        assert text.count(f"best where nearest to {place}") == 2


def test_report_does_not_count_ceilings_as_models(tmp_path):
    rows = dict(list(ROWS.items())[:2]) | CEILING | {"truth": ROWS["truth"]}
    report.write(tmp_path / "report.html", *evaluation(rows=rows))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<title>one on 16 photographs</title>" in text
    lines = dict(re.findall(r'<tr class="(\w+)">(.*?)</tr>', text))
    assert 'class="best"' not in lines["ceiling"] and 'class="best"' in lines["model"]
    assert text.index("<h3>one</h3>") < text.index("<h3>half chroma</h3>")


def test_report_tells_paired_tests(written):
    text = written.read_text(encoding="utf-8")
    (line,) = re.findall(r'id="tests".*?<tbody><tr>(.*?)</tr>', text)
    cells = re.findall(r">([^<]+)</t", line)
    assert cells == ["one − &lt;i&gt;two&lt;/i&gt;", "PSNR dB", "2.00", "1.50…2.50", "0.012"]


def test_report_of_photographs_without_color(tmp_path):
    rows = {row: values for row, values in ROWS.items() if row != "truth"}
    scores, result, gallery = evaluation(rows=rows)
    del result["tests"][:]
    report.write(tmp_path / "report.html", scores, result, gallery)
    elements = Elements((tmp_path / "report.html").read_text(encoding="utf-8"))
    classes = [a.get("class") for _, a in elements.found]
    assert classes.count("made") == 2 * 12 and not {"truth", "gain", "pair"} & set(classes)
    assert json.loads(elements.texts["script"][0])["count"] == len(IMAGES)


def test_report_thins_out_a_large_set(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "_PHOTOGRAPHS", 6)
    report.write(tmp_path / "report.html", *evaluation())
    texts = Elements((tmp_path / "report.html").read_text(encoding="utf-8")).texts
    data = json.loads(texts["script"][0])
    assert data["images"] == IMAGES[::3] and data["count"] == 16
    assert data["values"]["grey"]["psnr"] == [20.0] * 6
    assert data["values"]["one"]["psnr"] == [21.0, 24.0, 27.0, 30.0, 33.0, 36.0]
    assert data["values"]["truth"]["psnr"] == ["∞"] * 6


def test_report_of_grey_and_truth_alone(tmp_path):
    rows = {row: ROWS[row] for row in ("grey", "truth")}
    report.write(tmp_path / "report.html", *evaluation(IMAGES[:1], rows))
    assert "Best and worst" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_report_pictures_keep_to_their_bound(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype("uint8")
    rows = dict(list(ROWS.items())[:2]) | {"truth": ROWS["truth"]}
    report.write(tmp_path / "report.html", *evaluation(rows=rows, picture=noise))
    # 24 pictures of noise at 384² would be above 10 MB.
    assert 3 * 2**20 < (tmp_path / "report.html").stat().st_size < 8.2 * 2**20


# In a browser ------------------------------------------------------------------------------------


@pytest.fixture
def opened(browser, written):
    browser.open(written)
    yield browser
    assert browser.complaints() == []


def column(browser, table, number):
    return browser.run(
        f"[...document.querySelectorAll('{table} tbody tr')]"
        f".map(line => line.cells[{number}].firstChild.nextSibling?.textContent"
        f" ?? line.cells[{number}].textContent)"
    )


@pytest.mark.browser
def test_report_sorts_by_click_and_by_key(opened):
    names = ["grey", "one", "<i>two</i>", "truth"]
    assert column(opened, "#means table", 0) == names
    opened.click("#means th[data-metric=psnr] button")
    # Falling: truth's infinity, one's 28.5, two's 26.5, grey's 20.
    assert column(opened, "#means table", 0) == ["truth", "one", "<i>two</i>", "grey"]
    opened.press("Enter")  # the clicked heading has the focus
    assert column(opened, "#means table", 0) == ["grey", "<i>two</i>", "one", "truth"]
    sorted_by = "document.querySelector('#means th[data-metric=psnr]').getAttribute('aria-sort')"
    assert opened.run(sorted_by) == "ascending"
    opened.click("#means thead .name button")
    assert column(opened, "#means table", 0) == names


@pytest.mark.browser
def test_report_lists_and_draws_the_chosen_metric(opened):
    assert opened.run(
        "[...document.getElementById('images').tHead.rows[0].cells].map(e => e.textContent)"
    ) == ["Photograph", "grey", "one", "<i>two</i>"]
    assert opened.run("[...document.getElementById('metric').options].map(e => e.value)") == [
        *("psnr", "colorfulness")
    ]
    points = "document.querySelectorAll('#distribution circle').length"
    assert opened.run(points) == 3 * len(IMAGES)
    opened.run(
        "{ const s = document.getElementById('metric'); s.value = 'colorfulness';"
        "s.dispatchEvent(new Event('change')); }"
    )
    assert opened.run("document.getElementById('metric-name').textContent") == "colorfulness"
    assert opened.run("document.querySelector('#images tbody td:last-child').textContent") == "44.0"
    shown = opened.run("[...document.querySelectorAll('#images tbody th')].map(e => e.textContent)")
    assert shown == IMAGES
    assert opened.run("document.querySelectorAll('#scatter .mean').length") == 3
    assert opened.run("window.hacked === undefined")


@pytest.mark.browser
def test_report_labels_do_not_overlap_and_names_do_not_break_in_a_word(browser, tmp_path):
    close = {
        f"vgg_fusion.gamut.photos_of_mine.{i}": (21 + i / 50, 30.0 + i / 9, {}) for i in range(8)
    }
    rows = {"grey": (20.0, 0.0, {}), **close, "truth": (float("inf"), 40.0, {})}
    report.write(tmp_path / "report.html", *evaluation(IMAGES[4:8], rows))
    browser.open(tmp_path / "report.html")
    boxes = browser.wait(
        "(labels => labels.length && labels.map(e => e.getBoundingClientRect())"
        ".map(r => [r.left, r.top, r.right, r.bottom]))"
        "([...document.querySelectorAll('#scatter .label')])"
    )
    assert len(boxes) == 9
    for (a, b, c, d), (e, f, g, h) in itertools.combinations(boxes, 2):
        assert c <= e or g <= a or d <= f + 2 or h <= b + 2  # lines of text may touch
    # A name is several texts, between which it may break; none of them takes two lines.
    browser.open(tmp_path / "report.html", width=375, height=700, phone=True)
    lines = browser.run(
        "[...document.querySelectorAll('#means tbody .name')].flatMap(e => [...e.childNodes])"
        ".filter(e => e.nodeType === 3).map(text => { const range = document.createRange();"
        "range.selectNodeContents(text); return range.getClientRects().length; })"
    )
    assert len(lines) > 8 and set(lines) == {1}


SPLIT = "document.querySelector('.compare').style.getPropertyValue('--at')"


def percent(browser):
    return float(browser.run(SPLIT).rstrip("%"))


@pytest.mark.browser
def test_report_slider_follows_mouse_and_keys(opened):
    left, top, width, height = opened.rectangle(".compare")
    middle = top + height / 2
    assert percent(opened) == 50
    opened.drag([(left + width * share, middle) for share in (0.5, 0.6, 0.8)])
    assert percent(opened) == pytest.approx(80, abs=0.5)
    opened.drag([(left + width * 0.25, middle)])
    assert percent(opened) == pytest.approx(25, abs=0.5)
    opened.press("ArrowRight")
    assert 25.5 < percent(opened) < 40
    clip = "getComputedStyle(document.querySelector('.compare .{}')).clipPath"
    assert opened.run(clip.format("made")) != "none"
    opened.click(".pair [data-pair=after]")
    assert opened.run(clip.format("made")) == "none"
    assert opened.run(clip.format("truth")).endswith(f"{percent(opened):g}%)")


@pytest.mark.browser
def test_report_fits_a_phone_and_its_sliders_a_finger(browser, written):
    browser.open(written, width=375, height=700, phone=True)
    assert browser.run("document.documentElement.scrollWidth") == 375
    overflow = "(e => e.scrollWidth - e.clientWidth)(document.querySelector('#means .scroll'))"
    assert browser.run(overflow) > 0  # the table scrolls in its own box
    left, top, width, height = browser.rectangle(".compare")
    browser.touch([(left + width * share, top + height / 2) for share in (0.5, 0.4, 0.3, 0.2)])
    assert percent(browser) == pytest.approx(20, abs=1)
    assert browser.complaints() == []


@pytest.mark.browser
def test_report_has_a_dark_dress(browser, written):
    brightness = (
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
        ".reduce((a, b) => a + b) / 3"
    )
    browser.open(written)
    assert browser.run(brightness) > 240
    browser.open(written, dark=True)
    assert browser.run(brightness) < 40


@pytest.mark.browser
def test_report_cannot_reach_a_network(browser, written):
    browser.open(written)
    assert browser.run("fetch('https://example.org').then(() => 'reached', () => 'refused')") == (
        "refused"
    )
    assert any("Content Security Policy" in str(text) for text in browser.complaints())
