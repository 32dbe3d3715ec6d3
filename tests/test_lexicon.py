"""Rows of terms as one reader of text."""

import pandas as pd
import pytest

from helpers.evidence import fold
from party_cells.proposer import lexicon

COLUMNS = ["kind", "id", "family", "population", "measure", "pattern"]


def reader(*rows: tuple[str, str], macros: dict[str, str] | None = None) -> lexicon.Lexicon:
    kinds = [("macro", *row) for row in (macros or {}).items()] + [("noun", *row) for row in rows]
    frame = pd.DataFrame(kinds, columns=["kind", "id", "pattern"]).reindex(
        columns=COLUMNS, fill_value=""
    )
    return lexicon.compiled(frame)


def found(terms: lexicon.Lexicon, text: str) -> list[tuple[str, str]]:
    folded = fold(text)
    hits = terms.scan(folded, 0, len(folded))
    return [(folded[hit.start : hit.end], hit.term.id) for hit in hits]


def test_the_longest_fixed_wording_wins_whatever_the_order():
    terms = reader(("cells", "chi bộ(?: (?:to|nhỏ))?"), ("base", "chi bộ cơ sở"))
    assert found(terms, "chi bộ cơ sở, chi bộ nhỏ") == [
        ("chi bộ cơ sở", "base"),
        ("chi bộ nhỏ", "cells"),
    ]


def test_words_are_whole_and_spellings_one():
    terms = reader(("x", "ủy viên|hoà"))
    assert found(terms, "Uỷ viên; hòa; hoàn; hòa-bình") == [
        ("ủy viên", "x"),
        ("hòa", "x"),
        ("hòa", "x"),
    ]


def test_a_macro_stands_for_its_pattern():
    terms = reader(("villages", "{v}(?:, {v})*"), macros={"v": "(?:thôn|bản)"})
    assert found(terms, "12 thôn, bản") == [("thôn, bản", "villages")]


@pytest.mark.parametrize("pattern", ["chi (bộ", "{không} có", "(?:a|b"])
def test_a_pattern_that_cannot_be_used_is_named(pattern):
    with pytest.raises(lexicon.TermsInvalid, match="noun x") as error:
        reader(("x", pattern))
    assert len(error.value.rows) == 1
