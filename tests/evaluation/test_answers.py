"""The answers of Turing tests: their interval against SciPy's, and their pooling."""

import csv

import pytest
import scipy.stats

from keras_colorize import errors, evaluate
from keras_colorize.evaluation import answers


@pytest.mark.parametrize("fooled, judged", [(0, 36), (1, 3), (18, 36), (465, 1440), (7, 7)])
def test_wilson_against_scipy(fooled, judged):
    expected = scipy.stats.binomtest(fooled, judged).proportion_ci(0.95, "wilson")
    assert answers.wilson(fooled, judged) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="trials=0"):
        answers.wilson(0, 0)


def saved(path, session, fooled, model="m", kind="test"):
    """Write answers as a page does."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, answers.COLUMNS, restval="x")
        table.writeheader()
        for value in fooled:
            table.writerow(
                {"session": session, "model": model, "kind": kind, "fooled": value}
                | {"shown_ms": "1000.0"}
            )
    return path


def test_pool_counts_each_program_by_itself(tmp_path, capsys):
    files = [
        saved(tmp_path / "1.csv", "1", [1, 0, 0, 0]),
        saved(tmp_path / "2.csv", "2", [1, 1, 0, 0, 0, 0]),
        saved(tmp_path / "3.csv", "3", [1, 0], model="other"),
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
        (",".join(answers.COLUMNS) + "\n1,x,m,1,test,x,left,left,maybe,1000,1\n", "Line 2 is no"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_pool_refuses_what_no_page_saved(tmp_path, content, message, capsys):
    path = tmp_path / "answers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert evaluate.main(["--turing-answers", str(path)]) == 2
    assert message in capsys.readouterr().err


def test_pool_counts_no_judge_twice(tmp_path):
    first = saved(tmp_path / "1.csv", "7", [1])
    second = saved(tmp_path / "2.csv", "7", [1])
    with pytest.raises(errors.UsageError, match="session is in two files"):
        answers.pool([first, second])
