"""The pages of the colorization Turing test, and a judge in a browser."""

import csv
import json
import re
import statistics

import numpy as np
import pytest
import scipy.stats
import skimage.color

from keras_colorize import errors, evaluate
from keras_colorize.evaluation.answers import COLUMNS
from keras_colorize.evaluation.observers import Batch, Sample
from keras_colorize.evaluation.pages import turing

RED, BLUE = (210, 40, 40), (40, 40, 210)


def solid(rgb, side=16):
    return np.full((side, side, 3), rgb, "uint8")


def sample(count, model="my model"):
    """Photographs that are red; the model makes them blue."""
    made = Sample(turing.PAIRS)
    names = [f"photo, {i}.jpg" for i in range(count)]
    pictures = {"truth": np.stack([solid(RED)] * count), model: np.stack([solid(BLUE)] * count)}
    made.see(Batch(names, pictures, [{}] * count))
    return made


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text("utf-8")).group(1))


@pytest.mark.parametrize(
    "count, practice, checks, tests", [(60, 10, 4, 36), (50, 10, 4, 36), (5, 1, 1, 3), (2, 0, 1, 1)]
)
def test_turing_plan_is_the_papers(tmp_path, count, practice, checks, tests):
    turing.write(tmp_path, sample(count), ["my model"])
    (page,) = tmp_path.iterdir()
    trials = data_of(page)["trials"]
    kinds = [trial["kind"] for trial in trials]
    found = [kinds.count(kind) for kind in ("practice", "check", "test")]
    assert found == [practice, checks, tests]
    assert len({trial["image"] for trial in trials}) == len(trials)


def test_turing_page_loads_nothing_and_names_no_model_outside_its_data(tmp_path):
    turing.write(tmp_path, sample(5), ["my model"])
    pages = list(tmp_path.iterdir())
    text = pages[0].read_text("utf-8")
    assert "default-src 'none'; img-src data:" in text
    assert "my model" not in text.split('id="data"')[0]
    assert pages[0].name == "my model.html"


def test_turing_page_of_a_name_that_is_no_file_name(tmp_path):
    turing.write(tmp_path, sample(2, "../a/b"), ["../a/b"])
    assert [page.suffix for page in tmp_path.iterdir()] == [".html"]


def test_turing_check_has_its_own_lightness_and_anothers_colors():
    own, other = solid((120, 120, 120)), solid((150, 90, 90))
    mixed = skimage.color.rgb2lab(turing._borrow(own, other))[0, 0]
    expected = skimage.color.rgb2lab(other)[0, 0]
    expected[0] = skimage.color.rgb2lab(own)[0, 0, 0]
    assert mixed == pytest.approx(expected, abs=0.6)


def test_turing_needs_two_photographs(tmp_path):
    with pytest.raises(errors.UsageError, match="at least 2 photographs"):
        turing.write(tmp_path, sample(1), ["my model"])


# In a browser ------------------------------------------------------------------------------------

# The red component of a frame's middle, -1 while it is blank.
LOOK = """[...document.querySelectorAll('.frame canvas')].map(canvas => {
  const [red, , , alpha] = canvas.getContext('2d')
    .getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
  return alpha ? red : -1; })"""
ASKED = "!document.querySelector('.frame').disabled"


@pytest.mark.browser
def test_turing_page_with_a_judge(browser, tmp_path, capsys):
    turing.write(tmp_path, sample(5), ["my model"])
    (page,) = tmp_path.iterdir()
    browser.open(page)
    browser.wait("!document.getElementById('begin').disabled")
    hidden = browser.run("document.documentElement.outerHTML.split('<script>')[0]")
    assert "data:image" not in hidden and "my model" not in hidden and "photo, " not in hidden
    browser.run("document.getElementById('judge').value = 'A, \"B\"'")
    browser.click("#begin")
    expected = []
    for trial in range(5):
        if trial == 1:  # after the one practice pair
            browser.wait("!document.getElementById('pause').hidden")
            browser.press("Enter")
        left, right = browser.wait(f"(s => s[0] >= 0 && s[1] >= 0 && s)({LOOK})")
        browser.wait(ASKED)
        assert browser.run(LOOK) == [-1, -1]  # nothing is left to look at
        # Red is true. A check's borrowed colors are red as well; there any answer will do.
        colored = "left" if left < right else "right"
        plain = abs(left - right) < 60
        wrong = not plain and trial in (2, 3)
        answer = {"left": "right", "right": "left"}[colored] if wrong else colored
        expected.append((colored, answer, plain))
        if trial % 2:
            browser.press(f"Arrow{answer.capitalize()}")
        else:
            browser.click(f".frame:{'first' if answer == 'left' else 'last'}-child")
    browser.wait("!document.getElementById('end').hidden")

    browser.click("#save")
    name = browser.run("document.getElementById('save').download")
    saved = browser.downloads / name
    for _ in range(200):
        if saved.exists() and saved.stat().st_size:
            break
        browser.run("new Promise(done => setTimeout(done, 25))")
    with open(saved, newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 5 and tuple(lines[0]) == COLUMNS
    assert (
        [line["kind"] for line in lines].count("practice")
        == 1
        == [line["kind"] for line in lines].count("check")
    )
    for line, (colored, answer, plain) in zip(lines, expected):
        assert (line["judge"], line["model"]) == ('A, "B"', "my model")
        assert line["answer"] == answer
        assert plain or line["colored_side"] == colored
        assert line["fooled"] == str(int(line["answer"] != line["colored_side"]))
    # A second, give or take two frames; the median, since a busy machine may drop more in one.
    assert statistics.median(float(line["shown_ms"]) for line in lines) == pytest.approx(
        1000, abs=35
    )

    fooled = sum(int(line["fooled"]) for line in lines if line["kind"] == "test")
    assert fooled >= 1
    low, high = scipy.stats.binomtest(fooled, 3).proportion_ci(0.95, "wilson")
    rate = browser.run("document.getElementById('rate').textContent")
    assert rate == f"You were fooled in {fooled} of 3 pairs: {fooled / 3:.1%}.".replace("%", " %")
    interval = browser.run("document.getElementById('interval').textContent")
    assert f"{100 * low:.1f} % to {100 * high:.1f} %" in interval
    assert browser.complaints() == []

    capsys.readouterr()
    assert evaluate.main(["--turing-answers", str(saved)]) == 0
    assert f"| my model | 1 | 3 | {fooled} ({fooled / 3:.1%}) |" in capsys.readouterr().out


@pytest.mark.browser
def test_turing_page_fits_a_phone(browser, tmp_path):
    turing.write(tmp_path, sample(2), ["my model"])
    (page,) = tmp_path.iterdir()
    browser.open(page, width=360, height=640, phone=True)
    browser.wait("!document.getElementById('begin').disabled")
    assert browser.run("document.documentElement.scrollWidth") == 360
    browser.click("#begin")
    browser.wait(ASKED)
    frames = browser.run(
        "[...document.querySelectorAll('.frame')].map(e => e.getBoundingClientRect())"
        ".map(r => [r.left, r.right, r.bottom])"
    )
    assert all(left >= 0 and right <= 360 and bottom <= 640 for left, right, bottom in frames)
    assert browser.complaints() == []
