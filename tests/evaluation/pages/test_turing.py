"""The colorization Turing test: its pages, a judge in a browser, and the pooling of answers."""

import csv
import json
import re
import statistics

import numpy as np
import pytest
import scipy.stats

from keras_colorize import errors, evaluate
from keras_colorize.evaluation.pages import turing

RED, BLUE = (210, 40, 40), (40, 40, 210)


def solid(rgb, side=16):
    return np.full((side, side, 3), rgb, "uint8")


def sample(count):
    """Photographs that are red; the model makes them blue."""
    made = turing.Sample()
    for i in range(count):
        made.add(f"photo, {i}.jpg", {"truth": solid(RED), "my model": solid(BLUE)})
    return made


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text("utf-8")).group(1))


@pytest.mark.parametrize("fooled, judged", [(0, 36), (1, 3), (18, 36), (465, 1440), (7, 7)])
def test_wilson_against_scipy(fooled, judged):
    expected = scipy.stats.binomtest(fooled, judged).proportion_ci(0.95, "wilson")
    assert turing.wilson(fooled, judged) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="trials=0"):
        turing.wilson(0, 0)


def test_sample_has_no_favorites():
    # 100 photographs for 50 places, 400 times: each is expected 200 times, with a standard
    # deviation of 10 (binomial); five of them are outside once in 17,000 times over all hundred.
    times = np.zeros(100)
    for seed in range(400):
        drawn = turing.Sample(seed)
        for i in range(100):
            drawn.add(str(i), {})
        assert len(drawn.kept) == 50
        times[[int(image) for image, _ in drawn.kept]] += 1
    assert np.all(np.abs(times - 200) < 50)


@pytest.mark.parametrize(
    "count, practice, checks, tests", [(60, 10, 4, 36), (50, 10, 4, 36), (5, 1, 1, 3), (2, 0, 1, 1)]
)
def test_turing_plan_is_the_papers(tmp_path, count, practice, checks, tests):
    (page,) = turing.write(tmp_path, sample(count), ["my model"])
    trials = data_of(page)["trials"]
    kinds = [trial["kind"] for trial in trials]
    found = [kinds.count(kind) for kind in ("practice", "check", "test")]
    assert found == [practice, checks, tests]
    assert len({trial["image"] for trial in trials}) == len(trials)


def test_turing_page_loads_nothing_and_names_no_model_outside_its_data(tmp_path):
    pages = turing.write(tmp_path, sample(5), ["my model"])
    text = pages[0].read_text("utf-8")
    assert "default-src 'none'; img-src data:" in text
    assert "my model" not in text.split('id="data"')[0]
    assert pages[0].name == "my model.html"


def test_turing_page_of_a_name_that_is_no_file_name(tmp_path):
    photographs = turing.Sample()
    for i in range(2):
        photographs.add(str(i), {"truth": solid(RED), "../a/b": solid(BLUE)})
    (page,) = turing.write(tmp_path, photographs, ["../a/b"])
    assert page.parent == tmp_path and page.exists()


def test_turing_check_has_its_own_lightness_and_anothers_colors():
    import skimage.color

    own, other = solid((120, 120, 120)), solid((150, 90, 90))
    mixed = skimage.color.rgb2lab(turing._borrow(own, other))[0, 0]
    expected = skimage.color.rgb2lab(other)[0, 0]
    expected[0] = skimage.color.rgb2lab(own)[0, 0, 0]
    assert mixed == pytest.approx(expected, abs=0.6)


def test_turing_needs_two_photographs(tmp_path):
    with pytest.raises(errors.UsageError, match="at least 2 photographs"):
        turing.write(tmp_path, sample(1), ["my model"])


def answers(path, session, fooled, model="m", kind="test"):
    """Write answers as a page does."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, turing.COLUMNS, restval="x")
        table.writeheader()
        for value in fooled:
            table.writerow(
                {"session": session, "model": model, "kind": kind, "fooled": value}
                | {"shown_ms": "1000.0"}
            )
    return path


def test_pool_counts_each_program_by_itself(tmp_path, capsys):
    files = [
        answers(tmp_path / "1.csv", "1", [1, 0, 0, 0]),
        answers(tmp_path / "2.csv", "2", [1, 1, 0, 0, 0, 0]),
        answers(tmp_path / "3.csv", "3", [1, 0], model="other"),
    ]
    with open(files[0], "a") as file:  # neither practice nor a check counts
        file.write(
            "1,x,m,5,practice,x,left,right,1,1000,1\r\n1,x,m,6,check,x,left,left,0,1000,1\r\n"
        )
    assert evaluate.main(["--turing-answers", *map(str, files)]) == 0
    lines = capsys.readouterr().out.splitlines()
    # Wilson by hand for 3 of 10, z² = 3.8415: (0.3 + 0.19207) / 1.38415 = 0.35551,
    # 1.96 √(0.021 + 0.0096037) / 1.38415 = 0.24772.
    assert lines[2] == "| m | 2 | 10 | 3 (30.0%) | 10.8% – 60.3% | 1 of 1 | 1000 ms |"
    assert lines[3].startswith("| other | 1 | 2 | 1 (50.0%) |")


@pytest.mark.parametrize(
    "content, message",
    [
        ("a,b\n1,2\n", "no answers of a Turing test"),
        (",".join(turing.COLUMNS) + "\n1,x,m,1,test,x,left,left,maybe,1000,1\n", "Line 2 is no"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_pool_refuses_what_no_page_saved(tmp_path, content, message, capsys):
    path = tmp_path / "answers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert evaluate.main(["--turing-answers", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_pool_counts_no_judge_twice(tmp_path):
    first = answers(tmp_path / "1.csv", "7", [1])
    second = answers(tmp_path / "2.csv", "7", [1])
    with pytest.raises(errors.UsageError, match="session is in two files"):
        turing.pool([first, second])


# In a browser ------------------------------------------------------------------------------------

# The red component of a frame's middle, -1 while it is blank.
LOOK = """[...document.querySelectorAll('.frame canvas')].map(canvas => {
  const [red, , , alpha] = canvas.getContext('2d')
    .getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
  return alpha ? red : -1; })"""
ASKED = "!document.querySelector('.frame').disabled"


@pytest.mark.browser
def test_turing_page_with_a_judge(browser, tmp_path, capsys):
    (page,) = turing.write(tmp_path, sample(5), ["my model"])
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
    assert len(lines) == 5 and tuple(lines[0]) == turing.COLUMNS
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
    (page,) = turing.write(tmp_path, sample(2), ["my model"])
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
