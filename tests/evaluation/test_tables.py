"""Numbers and tables as text."""

import math

from keras_colorize.evaluation import tables


def test_write_has_signs_for_what_is_no_number():
    values = (None, math.nan, math.inf, -math.inf, 2.345)
    assert [tables.write(v, "{:.1f}") for v in values] == ["–", "–", "∞", "−∞", "2.3"]


def test_markdown_lines_up_its_columns():
    assert tables.markdown([["", "PSNR"], ["grey", "1"], ["a", "22.22"]]).splitlines() == [
        "|      |  PSNR |",
        "| ---- | ----: |",
        "| grey |     1 |",
        "| a    | 22.22 |",
    ]


def test_paired_tests_have_signs():
    test = {"metric": "psnr", "rows": ["a", "b"], "difference": 1.5, "low": -0.25, "high": 3.0}
    line = tables.paired_tests([{**test, "p": 0.0625}]).splitlines()[2]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        "a − b", "PSNR dB", "+1.50", "-0.25…+3.00", "0.0625",
    ]  # fmt: skip
