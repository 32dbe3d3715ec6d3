"""Candidates for facts: what each number of a text counts, when, where and how firmly.

Terms find what a number could be about; learned weights choose among it (`choice`, `status`), and
a second reader chooses for itself (`second`). The wordings are rows of `terms.csv`. A person
decides on every candidate.
"""

from datetime import date
from functools import lru_cache

import pandas as pd

from helpers import codebook, numbers
from helpers.evidence import fold, selectors
from party_cells.proposer import lexicon, periods, places, reader, spelling
from party_cells.proposer import rows as as_rows
from party_cells.proposer.measures import Measures
from party_cells.proposer.reader import Reader
from party_cells.proposer.themes import find_citations, propose_themes  # noqa: F401 - part of the contract
from party_cells.proposer.walk import Reading, Walk

COLUMNS = [
    "char_start", "char_end", "number_text", "quote", "prefix", "suffix", "value", "value_low",
    "low_open", "value_high", "high_open", "bound", "unit", "measure_id", "base_measure_id",
    "base_text", "scheme_id", "place", "level", "period_start", "period_end", "period_kind",
    "status", "rule", "is_sure", "other_measure_id",
]  # fmt: skip
OWN_WEIGHTS = "second_reader.csv"  # of a collection, beside its tables


def propose(
    text: str,
    *,
    published: str | date | None = None,
    locality: str | None = None,
    terms: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Candidates for facts in a canonical text, one row per number, in order of the text.

    ``published`` (ISO day) gives "năm nay" a year; ``locality`` is an id of `localities.csv` or a
    name such as "huyện Yên Minh" and the default place; ``terms`` replaces the committed terms.
    Columns as in `COLUMNS`: shares 0-1, ``value_low`` and ``value_high`` missing where the words
    set no bound, ``measure_id`` empty where no measure fits. ``is_sure`` is true where both
    readers agree and the first hardly doubts; elsewhere ``other_measure_id`` is the next likely
    reading, which may be none. Any text gives a frame.

    >>> rows = propose("Đảng bộ huyện có 43 tổ chức cơ sở Đảng với trên 3.550 đảng viên.")
    >>> rows[["value", "bound", "measure_id"]].values.tolist()
    [[43.0, 'exact', 'base_organisations'], [3550.0, 'at_least', 'members']]
    """
    rows = candidates(text, published=published, locality=locality, terms=terms)
    return pd.DataFrame(rows, columns=COLUMNS)


def candidates(
    text: str,
    *,
    published: str | date | None = None,
    locality: str | None = None,
    terms: pd.DataFrame | None = None,
    with_reader: Reader | None = None,
) -> list[dict]:
    """The rows of `propose` without their frame, for whoever reads many short articles.

    ``with_reader`` reads instead of the reader of the data folder in use.
    """
    spelled = spelling.spell(text)
    folded = fold(spelled.text)
    amounts = [a for a in numbers.read(folded) if "\n" not in folded[a.start : a.end]]
    if not amounts:
        return []
    with_reader = with_reader or committed(terms)
    day = date.fromisoformat(published) if isinstance(published, str) and published else published
    clock = periods.Clock(folded, day or None)
    where = places.Places(spelled.text, folded, locality, _places())
    readings = Walk(folded, amounts, with_reader, clock, where).readings()
    return [_as_written(one, text, spelled, with_reader.measures, day) for one in readings]


def committed(terms: pd.DataFrame | None = None) -> Reader:
    """The reader by the tables of the data folder in use; ``terms`` replaces its terms."""
    own = codebook.table_path("measures").with_name(OWN_WEIGHTS)
    files = [
        *map(codebook.table_path, ("terms", "measures")),
        own if own.is_file() else reader.SHIPPED,
    ]
    known = _read_once(tuple((file, file.stat().st_mtime_ns) for file in files))
    return known if terms is None else _reader(terms, known.learned)


@lru_cache(maxsize=2)
def _read_once(files: tuple) -> Reader:
    """The reader of these files, read again only when one or the data folder has changed."""
    return _reader(codebook.load("terms"), reader.weights(files[-1][0]))


def _reader(terms: pd.DataFrame, learned: reader.Weights) -> Reader:
    units = codebook.load("measures").set_index("measure_id")["units"].to_dict()
    compiled = lexicon.compiled(terms)
    return Reader(compiled, Measures(compiled, units), learned)


def _places() -> dict[str, places.Place]:
    file = codebook.table_path("localities")
    return _places_once(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _places_once(file, changed: int) -> dict[str, places.Place]:
    return places.known_places(codebook.load("localities"))


def _as_written(
    reading: Reading, text: str, spelled: spelling.Spelled, measures: Measures, day: date | None
) -> dict:
    """A reading as a row, its spans and words as they stand in the text."""
    amount = reading.context.amount
    start, end = spelled.written(amount.start, amount.end)
    left, right = spelled.written(*_quote(spelled.text, reading))
    place = {"char_start": start, "char_end": end, "number_text": text[start:end]}
    base = as_rows.base(reading)
    base_text = text[slice(*spelled.written(*base))] if base else ""
    quoted = {"quote": text[left:right], "base_text": base_text, **selectors(text, start, end)}
    return place | quoted | as_rows.row(reading, measures, day)


def _quote(text: str, reading: Reading) -> tuple[int, int]:
    """The span of a number's sentence, cut to what stands near it if it is long."""
    amount, sentence = reading.context.amount, reading.sentence
    start, end = max(sentence.start, amount.left - 160), min(sentence.end, amount.right + 160)
    words = text[start : max(end, amount.right)]  # a very long one may end in a number
    return start + len(words) - len(words.lstrip()), start + len(words.rstrip())
