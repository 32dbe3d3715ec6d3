"""What people type is read in the one way it can be read, or asked about (``typed.csv``)."""

import csv
from pathlib import Path

import pytest

from party_cells.desk import typed, worklist

CASES = list(csv.DictReader(Path(__file__).with_name("typed.csv").read_text("utf-8").splitlines()))


def read(case: dict) -> str:
    text = case["typed"]
    if case["kind"] == "number":
        return typed.number(text, case["unit"], case["printed"])
    if case["kind"] == "day":
        return typed.day(text, case["unit"])
    return typed.code(text, worklist.Reader("checks", {}).codes["decision"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']} {case['typed']!r}")
def test_what_is_typed_is_read_or_asked_about(case):
    if not case["expected"].startswith("?"):
        assert read(case) == case["expected"], case["why"]
        return
    with pytest.raises(typed.Unread) as unread:
        read(case)
    assert unread.value.code == case["expected"][1:], case["why"]
    assert all(typed.clean(case["typed"]) in unread.value.told(each) for each in ("en", "vi"))


def test_a_question_is_answered_by_typing_what_it_offers():
    for unit, text in (("ratio", "1.142"), ("share", "0,65")):
        with pytest.raises(typed.Unread) as unread:
            typed.number(text, unit)
        offered = unread.value.values["first"], unread.value.values["second"]
        assert len({typed.number(each, unit) for each in offered}) == 2
