"""Anchors are found again, or said to be lost; folding never moves an offset."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import evidence

TEXT = "Đảng bộ huyện hiện có 65 TCCSĐ trực thuộc. Huyện có 373 chi bộ.\nĐoạn hai."


@given(st.text())
def test_folding_keeps_the_length(text):
    assert len(evidence.fold(text)) == len(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ðảng bộ", "Đảng bộ"),  # U+00D0 for U+0110
        ("uỷ viên", "ủy viên"),
        ("hoà giải", "hòa giải"),
        ("Xã Thuỷ Hoà", "xã thủy hòa"),
        ("65\u00a0TCCSĐ", "65 tccsđ"),
    ],
)
def test_spellings_of_one_word_fold_alike(one, other):
    assert evidence.fold(one) == evidence.fold(other)


def test_words_that_differ_do_not_fold_alike():
    assert evidence.fold("hoàn") != evidence.fold("hoan")
    assert evidence.fold("dảng") != evidence.fold("đảng")


def anchor(words: str, text: str = TEXT) -> dict:
    start = text.index(words)
    return {"exact": words, "start": start} | evidence.selectors(text, start, start + len(words))


def test_an_anchor_in_its_place_is_exact():
    assert evidence.locate(TEXT, **anchor("373")).state == "exact"


def test_words_put_before_move_the_anchor():
    moved = evidence.locate("Mới. " + TEXT, **anchor("373"))
    assert (moved.state, moved.start - anchor("373")["start"]) == ("moved", 5)


def test_an_edited_neighbourhood_is_found_by_its_passage():
    edited = TEXT.replace("Đoạn", "Phần").replace("Đảng bộ", "Nay Đảng bộ")
    found = evidence.locate(edited, **anchor("373"), quote="Huyện có 373 chi bộ.")
    assert (found.state, edited[found.start : found.end]) == ("moved", "373")


def test_an_edited_passage_is_changed_and_not_repaired():
    found = evidence.locate(TEXT.replace("chi bộ", "đảng bộ"), **anchor("373"), quote="373 chi bộ")
    assert (found.state, found.start) == ("changed", -1)


def test_a_passage_printed_twice_is_ambiguous_once_it_has_moved():
    found = evidence.locate("x" + TEXT + "\n" + TEXT + "\n" + TEXT, **anchor("65"))
    assert found.state == "ambiguous"


def test_a_removed_number_is_gone():
    assert evidence.locate(TEXT.replace("65", "66"), **anchor("65")).state == "gone"


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 30))
def test_a_fresh_anchor_is_always_exact(text, start, length):
    text = unicodedata.normalize("NFC", text)
    start = min(start, len(text))
    end = min(start + length, len(text))
    found = evidence.locate(text, text[start:end], start, **evidence.selectors(text, start, end))
    assert (found.state, found.start, found.end) == ("exact", start, end)


def test_context_stays_in_its_paragraph():
    start = TEXT.index("373")
    before, words, after = evidence.in_context(TEXT, start, start + 3)
    assert (before + words + after) == TEXT.split("\n")[0]
