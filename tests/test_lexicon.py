"""Rows of terms as one reader of text."""

import pandas as pd
import pytest

from helpers.evidence import fold
from party_cells.proposer import lexicon

COLUMNS = ["kind", "id", "family", "population", "measure", "pattern"]


def reader(*rows: tuple[str, ...]) -> lexicon.Lexicon:
    frame = pd.DataFrame(rows, columns=["kind", "id", "pattern"])
    return lexicon.compiled(frame.reindex(columns=COLUMNS, fill_value=""))


def found(terms: lexicon.Lexicon, text: str) -> list[tuple[str, str]]:
    folded = fold(text)
    hits = terms.scan(folded, 0, len(folded))
    return [(folded[hit.start : hit.end], hit.term.id) for hit in hits]


def test_the_longest_fixed_wording_wins_whatever_the_order():
    terms = reader(("noun", "cells", "chi bộ(?: (?:to|nhỏ))?"), ("noun", "base", "chi bộ cơ sở"))
    told = dict(found(terms, "chi bộ cơ sở, chi bộ nhỏ"))
    assert told == {"chi bộ cơ sở": "base", "chi bộ nhỏ": "cells"}


def test_words_are_whole_and_spellings_one():
    told = found(reader(("noun", "x", "ủy viên|hoà")), "Uỷ viên; hòa; hoàn; hòa-bình")
    assert [word for word, _ in told] == ["ủy viên", "hòa", "hòa"]


def test_a_macro_stands_for_its_pattern():
    terms = reader(("macro", "v", "(?:thôn|bản)"), ("noun", "villages", "{v}(?:, {v})*"))
    assert found(terms, "12 thôn, bản") == [("thôn, bản", "villages")]


BAD = [("noun", "chi (bộ"), ("noun", "{không} có"), ("noun", "(?:a|b"), ("turn", "chi (bộ")]


@pytest.mark.parametrize(("kind", "pattern"), BAD)
def test_a_pattern_that_cannot_be_used_is_named(kind, pattern):
    with pytest.raises(lexicon.TermsInvalid, match=f"{kind} x") as error:
        reader((kind, "x", pattern))
    assert len(error.value.rows) == 1
