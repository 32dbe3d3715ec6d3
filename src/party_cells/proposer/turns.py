"""What the words around a number make of its measure: rows of kind ``turn`` in `terms.csv`;
those of kind ``status`` do the same to its status.

Rows hold in the order of ``family``. A row says: where a number read as one of these measures
(``population``, a pattern) stands in these words (``pattern``, "#" for the number, "±#" where it
is not exact, "#%" for a share), it is of the measure ``id``, or of ``none``. A measure that has no
shares is never given to one, nor one of whole numbers to a broken one.
"""

import re
from typing import NamedTuple

import pandas as pd

from helpers.numbers import Amount
from party_cells.proposer.lexicon import TermsInvalid, over_folded

_FAR = 160


class Turn(NamedTuple):
    """A measure for a number that stands in certain words, in place of what it was read as."""

    measure: str
    instead_of: re.Pattern
    words: re.Pattern


def compiled(terms: pd.DataFrame, kind: str) -> tuple[Turn, ...]:
    """The turns of one kind in a table of terms; raises `TermsInvalid` with the rows that fail."""
    rows, found = terms[terms["kind"] == kind].fillna("").sort_values("family"), []
    for at, row in enumerate(rows.itertuples()):
        try:
            words = over_folded(rf"(?<!\w)(?:{row.pattern})(?!\w)")
            found.append(Turn(row.id.removeprefix("none"), re.compile(row.population), words))
        except re.error as error:
            message = f"terms that are no pattern: {kind} {row.id}: {error} in {row.pattern!r}"
            raise TermsInvalid(message, rows.iloc[[at]]) from None
    return tuple(found)


def turned(
    said: str, amount: Amount, text: str, start: int, end: int, turns: tuple[Turn, ...]
) -> str:
    """The measure (or status) of a number in its sentence ``start:end``, each turn tried."""
    ahead = text[max(start, amount.left - _FAR) : amount.left]
    behind = text[amount.right : min(end, amount.right + _FAR)]
    sign = "±" if amount.bound not in ("exact", "range") else ""
    words = f"{ahead}{sign}#{'%' if amount.unit == 'share' else ''}{behind}"
    for turn in turns:
        if turn.instead_of.fullmatch(said) and (found := turn.words.search(words)):
            said = found.expand(turn.measure)
    return said


def fitting(measure: str, amount: Amount, measures: dict[str, str]) -> str:
    """The measure, or none where the codebook lacks it or its units do not suit the number."""
    units = set(measures.get(measure, "").split("|"))
    whole = units <= {"count", "share", "persons"}
    broken = whole and amount.unit == "count" and amount.value % 1
    return "" if broken or (amount.unit == "share" and "share" not in units) else measure
