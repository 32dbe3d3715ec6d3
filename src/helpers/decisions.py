"""From decisions to tables: facts out of checks, codings out of two coders and an adjudicator.

Rows in, rows out, all of CSV text; nothing here reads or writes a file.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable

import pandas as pd

from helpers import codebook, corpus, evidence, statements

Row = dict[str, str]
Unit = Callable[[Row], tuple]

SAID = ("stance", "status", "level", "place_id")


class Unanchored(ValueError):
    """Rows whose passage is no longer in its place in the text; ``rows`` holds them."""

    def __init__(self, rows: pd.DataFrame):
        self.rows = rows
        shown = [f"  {r.row_id}: {r.state}: {r.quote!r}" for r in rows.head(10).itertuples()]
        more = [f"  … and {len(rows) - 10} more (see .rows)"] if len(rows) > 10 else []
        head = f"{len(rows)} row(s) are no longer found in the articles:"
        tail = "  They stand on top of the queue in 30-check-by-hand; decide on them again."
        if (rows["state"] == "moved").all():
            tail = "  Their words stand elsewhere now; `make tables` follows them."
        super().__init__("\n".join([head, *shown, *more, tail]))


class CorrectionStale(ValueError):
    """A correction expects a value that its row does not have; ``rows`` holds the corrections."""


def grouped(found: Iterable[Row], unit: Unit) -> dict[tuple, list[Row]]:
    """Rows by what they decide on."""
    groups = defaultdict(list)
    for row in found:
        groups[unit(row)].append(row)
    return dict(groups)


def check_unit(row: Row) -> tuple:
    """A check decides on a span and on the measure proposed there (or added there)."""
    measure = row.get("proposed_measure_id") or row.get("measure_id", "")
    return row["document_id"], str(row["char_start"]), str(row["char_end"]), measure


def passage_unit(row: Row) -> tuple:
    """A coding or an adjudication decides on a theme at the passage that begins here."""
    return row["document_id"], row["theme_id"], str(row["char_start"])


def derive_facts(checks: list[Row], articles: dict[str, str]) -> list[Row]:
    """The facts that the checks give: rejected rows out, contested units out, anchors repaired."""
    groups = grouped(checks, check_unit)
    kept = [rows[0] for rows in groups.values() if len(rows) == 1]
    return [_fact(row, articles) for row in kept if row["decision"] != "rejected"]


def _fact(check: Row, articles: dict[str, str]) -> Row:
    return _in_place({**check, "fact_id": fact_id(check)}, check["number_text"], articles)


def fact_id(check: Row) -> str:
    """The stable name of a fact: the one it has, or document, first code point and measure."""
    named = f"{check['document_id']}.{check['char_start']}.{check['measure_id']}"
    return check.get("fact_id") or named


def derive_codings(
    coder_1: list[Row], coder_2: list[Row], adjudications: list[Row], articles: dict[str, str]
) -> list[Row]:
    """The codings that two coders and an adjudicator give.

    A theme in a document that was adjudicated has the kept passages and no others. One on which
    the coders agree without the adjudicator has the first coder's passages. Any other is open.
    """
    passes = [grouped(rows, theme_unit) for rows in (coder_1, coder_2)]
    settled = grouped(adjudications, theme_unit)
    found = []
    for unit in sorted({*passes[0], *passes[1], *settled}):
        one, two = (coded.get(unit, []) for coded in passes)
        if unit in settled:
            found += _adjudicated(settled[unit], one, two)
        elif agree(one, two):
            found += [{**row, "follows": "both", "confirmed_by_person": "false"} for row in one]
    return [_coding(row, articles) for row in found]


def theme_unit(row: Row) -> tuple:
    return row["document_id"], row["theme_id"]


def agree(one: list[Row], two: list[Row]) -> bool:
    """Whether two coders say the same of a theme in a document, wherever the passages begin."""
    said = [{tuple(row[name] for name in SAID) for row in rows} for rows in (one, two)]
    return said[0] == said[1]


def _adjudicated(rulings: list[Row], one: list[Row], two: list[Row]) -> list[Row]:
    """The kept passages of a unit, with what is left empty taken from the coder followed."""
    if len({passage_unit(row) for row in rulings}) < len(rulings):
        return []  # two adjudicators differ: open until one of them settles it
    coded = {"coder_1": one, "both": one, "coder_2": two, "neither": []}
    kept = []
    for ruling in (row for row in rulings if row["kept"] == "true"):
        begins = [r for r in coded[ruling["follows"]] if r["char_start"] == ruling["char_start"]]
        followed = begins[0] if begins else {}
        kept.append({**followed, **{name: cell for name, cell in ruling.items() if cell}})
    return kept


def _coding(row: Row, articles: dict[str, str]) -> Row:
    coding_id = f"{row['document_id']}.{row['char_start']}.{row['theme_id']}"
    row = {"prefix": "", "suffix": "", **row, "coding_id": coding_id}
    text, start = articles.get(row["document_id"], ""), int(row["char_start"])
    if not row["prefix"] + row["suffix"] and text.startswith(row["quote"], start):
        row |= evidence.selectors(text, start, start + len(row["quote"]))
    return _in_place(row, row["quote"], articles)


def _in_place(row: Row, exact: str, articles: dict[str, str]) -> Row:
    """The row with its offsets where its words stand now; unchanged if they are not found."""
    found = locate(row, exact, articles)
    if found.state != "moved":
        return row
    return {**row, "char_start": str(found.start), "char_end": str(found.end)}


def locate(row: Row, exact: str, articles: dict[str, str]) -> evidence.Located:
    """Where the words of a row stand in its article as it is now."""
    text = articles.get(row["document_id"], "")
    quote = row["quote"] if exact != row["quote"] else ""
    start = int(row["char_start"])
    return evidence.locate(text, exact, start, row["prefix"], row["suffix"], quote)


def corrected(rows: list[Row], table: str, corrections: list[Row]) -> list[Row]:
    """The rows after the corrections of their table.

    Corrections of one cell follow each other by the value that each expects, then by date: a
    clock that went back changes nothing. One that empties the id withdraws the row. Raises
    `CorrectionStale` where a row is gone or does not have the value expected before.
    """
    name = "fact_id" if table == "facts" else "coding_id"
    by_id = {row[name]: row for row in rows}
    left = sorted((c for c in corrections if c["table"] == table), key=lambda c: c["corrected_on"])
    while fitting := next((c for c in left if _found(c, by_id) == c["expected_before"]), None):
        row_id, column = fitting["row_id"], fitting["column"]
        by_id[row_id] = {**by_id[row_id], column: fitting["value_after"]}
        if not by_id[row_id][name]:
            del by_id[row_id]
        left.remove(fitting)
    if left:
        raise _stale([{**change, "found": _found(change, by_id)} for change in left])
    return list(by_id.values())


def _found(change: Row, by_id: dict[str, Row]) -> str | None:
    """What stands now where a correction applies; None if there is no such row or column."""
    return by_id.get(change["row_id"], {}).get(change["column"])


def _stale(corrections: list[Row]) -> CorrectionStale:
    shown = [
        f"  {c['table']} {c['row_id']}, column {c['column']}: expected {c['expected_before']!r}, "
        f"found {c['found'] if c['found'] is not None else 'no such row or column'!r}"
        for c in corrections
    ]
    head = f"corrections.csv: {len(corrections)} correction(s) no longer fit:"
    error = CorrectionStale("\n".join([head, *shown, "  Withdraw them or write them anew."]))
    error.rows = pd.DataFrame(corrections)
    return error


def texts(ids: Iterable[str] | None = None) -> dict[str, str]:
    """The canonical text of every article by document_id, or of those named alone."""
    return {document.document_id: document.text for document in corpus.read_all(ids)}


def require_anchored(frame: pd.DataFrame, articles: dict[str, str] | None = None) -> pd.DataFrame:
    """The facts or codings as they are, if each of their passages is still in its place.

    Call it where a notebook loads a table; `Unanchored` names the rows that stop it, and a row
    that moved is repaired by `tables`. Facts must besides fit their codebooks and the day of
    publication, or `statements.FactsInvalid` names them.

    >>> len(require_anchored(codebook.load("facts").head(3)))
    3
    """
    articles = texts(frame["document_id"]) if articles is None else articles
    name, exact = ("fact_id", "number_text") if "fact_id" in frame else ("coding_id", "quote")
    found = frame.astype("object").where(frame.notna(), "")
    found["row_id"] = found[name]
    found["state"] = [locate(row, row[exact], articles).state for row in found.to_dict("records")]
    lost = found[found["state"] != "exact"]
    if len(lost):
        raise Unanchored(lost)
    if name == "fact_id":
        statements.check_facts(frame, *rulebooks())
    return frame


class NotDerived(ValueError):
    """A derived table is not what the decisions give; ``rows`` has row_id and what is wrong."""

    def __init__(self, table: str, problems: list[tuple[str, str]]):
        self.rows = pd.DataFrame(problems, columns=["row_id", "problem"])
        shown = [f"  {row_id}: {problem}" for row_id, problem in problems[:10]]
        more = [f"  … and {len(problems) - 10} more (see .rows)"] if len(problems) > 10 else []
        head = f"{table}.csv is not what the decisions give: {len(problems)} row(s) differ:"
        tail = "  Decide at the desk or with `correct`; `tables` derives the table again."
        super().__init__("\n".join([head, *shown, *more, tail]))


def facts(locality_id: str | None = None) -> pd.DataFrame:
    """The facts of the data folder in use, or of one locality: anchored, and as decided.

    The columns and types of `codebook.load`; without rows where nothing is decided. Raises
    `Unanchored`, `statements.FactsInvalid`, or `NotDerived` with the rows that differ.

    >>> facts().set_index("fact_id").at["nam-dong-2015.1247.members", "number_text"]
    '1.742'
    """
    return _as_decided("facts", locality_id)


def codings(locality_id: str | None = None) -> pd.DataFrame:
    """The codings of the data folder in use, as `facts` gives the facts.

    >>> codings()["follows"].isin(["coder_1", "coder_2", "both", "neither"]).all()
    np.True_
    """
    return _as_decided("codings", locality_id)


def _as_decided(table: str, locality_id: str | None) -> pd.DataFrame:
    articles = texts()
    frame = require_anchored(codebook.load(table), articles)
    require_derived(table, articles)
    if locality_id is None:
        return frame
    return frame[frame["document_id"].isin(corpus.about(locality_id)["document_id"])]


def require_derived(table: str, articles: dict[str, str] | None = None) -> None:
    """Raise `NotDerived` unless ``facts`` or ``codings`` is what the decisions give, row by row."""
    found = codebook.to_text(codebook.load(table), table)
    given = codebook.to_text(derive(texts() if articles is None else articles)[table], table)
    if found != given:
        raise NotDerived(table, _differences(*map(_by_id, (found, given))))


def _by_id(text: str) -> dict[str, Row]:
    return {next(iter(row.values())): row for row in csv.DictReader(io.StringIO(text, newline=""))}


def _differences(found: dict[str, Row], given: dict[str, Row]) -> list[tuple[str, str]]:
    """What is wrong with each row of a table, held against what the decisions give."""
    wrong = [(row_id, "a fact or coding removed from it") for row_id in sorted({*given} - {*found})]
    wrong += [(row_id, "a decision was removed") for row_id in sorted({*found} - {*given})]
    for row_id in sorted({*found} & {*given}):
        one, other = found[row_id], given[row_id]
        if cells := [f"{n} is {one[n]!r}, decided {c!r}" for n, c in other.items() if one[n] != c]:
            wrong.append((row_id, "edited by hand: " + "; ".join(cells)))
    return wrong


def derive(articles: dict[str, str] | None = None) -> dict[str, pd.DataFrame]:
    """``facts`` and ``codings`` as the decisions on disk give them; nothing is written."""
    articles = texts() if articles is None else articles
    coded = [_rows(f"codings_coder_{n}") for n in (1, 2)]
    found = {
        "facts": derive_facts(_rows("checks"), articles),
        "codings": derive_codings(*coded, _rows("adjudications"), articles),
    }
    changes = _rows("corrections")
    return {name: _frame(corrected(rows, name, changes), name) for name, rows in found.items()}


def _rows(table: str) -> list[Row]:
    """The rows of a table as text; none if the file is not there."""
    if not codebook.table_path(table).exists():
        return []
    text = codebook.to_text(codebook.load(table), table)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _frame(rows: list[Row], table: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=codebook.columns(table), dtype="str")
    return codebook.validate(frame.replace("", None), table)


def rulebooks() -> list[pd.DataFrame]:
    return [codebook.load(name) for name in ("measures", "rating_schemes", "documents")]
