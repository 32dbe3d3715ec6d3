"""The desk: decisions on candidates and codings, and the tables derived from them.

``checks.csv`` records every decision on a candidate; ``facts.csv`` is derived from it.
``codings_coder_1.csv``, ``codings_coder_2.csv`` and ``adjudications.csv`` record the codings;
``codings.csv`` is derived from them. ``corrections.csv`` changes derived rows after publication.
"""

import argparse
import os
import sys
from pathlib import Path

import pandas as pd

from helpers import codebook, corpus, evidence, paths, storage
from helpers.storage import Row

DERIVED = ("facts", "codings")
CODERS = ("coder_1", "coder_2")
SAID = ("stance", "status", "level", "place_id")


class CorrectionStale(ValueError):
    """A correction expects a value that its row does not have; ``rows`` holds the corrections."""


class TablesStale(ValueError):
    """Derived tables differ from what the decisions give; ``tables`` names them."""

    def __init__(self, tables: list[str]):
        self.tables = tables
        names = ", ".join(f"{name}.csv" for name in tables)
        super().__init__(f"{names}: not what the decisions give; run `make tables`")


class DecisionIncomplete(ValueError):
    """A decision that would not make one whole fact; nothing was saved."""


class Unanchored(ValueError):
    """Rows whose passage is no longer in its place in the text; ``rows`` holds them."""

    def __init__(self, rows: pd.DataFrame):
        self.rows = rows
        shown = [f"  {r.row_id}: {r.state}: {r.quote!r}" for r in rows.head(10).itertuples()]
        more = [f"  … and {len(rows) - 10} more (see .rows)"] if len(rows) > 10 else []
        head = f"{len(rows)} row(s) are no longer found in the articles:"
        tail = "  They stand on top of the queue in 30-check-by-hand; decide on them again."
        super().__init__("\n".join([head, *shown, *more, tail]))


# --- what a row decides on ------------------------------------------------------------------


def check_unit(row: Row) -> tuple:
    """A check decides on a span and on the measure proposed there (or added there)."""
    measure = row.get("proposed_measure_id") or row.get("measure_id", "")
    return row["document_id"], str(row["char_start"]), str(row["char_end"]), measure


def passage_unit(row: Row) -> tuple:
    """A coding or an adjudication decides on a theme at the passage that begins here."""
    return row["document_id"], row["theme_id"], str(row["char_start"])


# --- derivation -------------------------------------------------------------------------------


def texts() -> dict[str, str]:
    """The canonical text of every article by document_id."""
    return {document.document_id: document.text for document in corpus.read_all()}


def derive_facts(checks: list[Row], articles: dict[str, str]) -> list[Row]:
    """The facts that the checks give: rejected rows out, contested units out, anchors repaired."""
    groups = storage.grouped(checks, check_unit)
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
    passes = [storage.grouped(rows, _theme_unit) for rows in (coder_1, coder_2)]
    settled = storage.grouped(adjudications, _theme_unit)
    found = []
    for unit in sorted({*passes[0], *passes[1], *settled}):
        one, two = (coded.get(unit, []) for coded in passes)
        if unit in settled:
            found += _adjudicated(settled[unit], one, two)
        elif _claims(one) == _claims(two):
            found += [{**row, "follows": "both", "confirmed_by_person": "false"} for row in one]
    return [_coding(row, articles) for row in found]


def _theme_unit(row: Row) -> tuple:
    return row["document_id"], row["theme_id"]


def _claims(rows: list[Row]) -> set[tuple]:
    """What a coder says of a theme in a document, wherever the passages begin."""
    return {tuple(row[name] for name in SAID) for row in rows}


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


def require_anchored(frame: pd.DataFrame, articles: dict[str, str] | None = None) -> pd.DataFrame:
    """The facts or codings as they are, if each of their passages is still in its place.

    Call it where a notebook loads a table; `Unanchored` names the rows that stop it, and a row
    that moved is repaired by `tables`.

    >>> len(require_anchored(codebook.load("facts").head(3)))
    3
    """
    articles = texts() if articles is None else articles
    name, exact = ("fact_id", "number_text") if "fact_id" in frame else ("coding_id", "quote")
    found = frame.astype("object").where(frame.notna(), "")
    found["row_id"] = found[name]
    found["state"] = [locate(row, row[exact], articles).state for row in found.to_dict("records")]
    lost = found[found["state"] != "exact"]
    if len(lost):
        raise Unanchored(lost)
    return frame


def corrected(rows: list[Row], table: str, corrections: list[Row]) -> list[Row]:
    """The rows after the corrections of their table, in order of date.

    Raises `CorrectionStale` where a row is gone or does not have the value expected before.
    """
    name = "fact_id" if table == "facts" else "coding_id"
    by_id = {row[name]: row for row in rows}
    stale = []
    for change in sorted(corrections, key=lambda row: row["corrected_on"]):
        row = by_id.get(change["row_id"])
        if change["table"] != table:
            continue
        if row is None or row.get(change["column"]) != change["expected_before"]:
            stale.append({**change, "found": row and row.get(change["column"])})
        else:
            by_id[change["row_id"]] = {**row, change["column"]: change["value_after"]}
    if stale:
        raise _stale(stale)
    return list(by_id.values())


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


def derive(articles: dict[str, str] | None = None) -> dict[str, pd.DataFrame]:
    """``facts`` and ``codings`` as the decisions on disk give them; nothing is written."""
    articles = texts() if articles is None else articles
    coded = [storage.rows(f"codings_{coder}") for coder in CODERS]
    found = {
        "facts": derive_facts(storage.rows("checks"), articles),
        "codings": derive_codings(*coded, storage.rows("adjudications"), articles),
    }
    changes = storage.rows("corrections")
    return {name: _frame(corrected(rows, name, changes), name) for name, rows in found.items()}


def _frame(rows: list[Row], table: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=codebook.columns(table), dtype="str")
    return codebook.validate(frame.replace("", None), table)


def tables(check: bool = False) -> list[str]:
    """Write the derived tables that differ from the decisions; returns their names.

    With ``check`` nothing is written and a difference raises `TablesStale`.
    """
    if check:
        if stale := list(_differing()):
            raise TablesStale(stale)
        return []
    with storage.locked():
        found = _differing()
        for name, text in found.items():
            codebook.replace(codebook.table_path(name), text)
    return list(found)


def _differing() -> dict[str, str]:
    """The text of each derived table that is not what its file has."""
    found = {name: codebook.to_text(frame, name) for name, frame in derive().items()}
    return {name: text for name, text in found.items() if _on_disk(name) != text}


def _on_disk(table: str) -> str | None:
    path = codebook.table_path(table)
    return path.read_text("utf-8") if path.exists() else None


# --- decisions --------------------------------------------------------------------------------


def decide(
    after: list[dict], before: list[Row] | None = None, articles: dict[str, str] | None = None
) -> list[Row]:
    """Save decisions on candidates at once, in ``checks.csv`` and ``facts.csv``; the saved rows.

    ``before`` are the rows that the checker saw (none for an open candidate). A decision saved
    meanwhile by another hand is never overwritten: if it differs, both stay on record, the fact
    is left out until one of them is settled, and `storage.DecisionConflict` names them.
    """
    articles = texts() if articles is None else articles
    after = storage.as_text([_named(row, before or []) for row in after], "checks")
    _refuse_incomplete(after)
    with storage.locked():
        _refuse_second_fact(after)
        done = storage.merge("checks", before or [], after, check_unit)
        _refresh_facts(done, articles)
    if done.conflicts:
        raise storage.DecisionConflict("checks", done.conflicts)
    return done.new


def _refresh_facts(done: storage.Merged, articles: dict[str, str]) -> None:
    """Bring ``facts.csv`` up to date for the units that changed."""
    if not codebook.table_path("facts").exists():
        tables()
        return
    changes = storage.rows("corrections")
    old, new = (derive_facts(rows, articles) for rows in (done.old, done.new))
    ids = {row["fact_id"] for row in new}
    changes = [change for change in changes if change["row_id"] in ids]
    storage.replace_rows("facts", old, corrected(new, "facts", changes))


def _named(row: dict, before: list[Row]) -> dict:
    """The decision with the id of its fact: the old one as long as the measure stays."""
    if row["decision"] == "rejected":
        return {**row, "fact_id": ""}
    old = [r["fact_id"] for r in before if r["measure_id"] == row["measure_id"] and r["fact_id"]]
    return {**row, "fact_id": old[0] if old else fact_id({**row, "fact_id": ""})}


def _refuse_incomplete(after: list[Row]) -> None:
    """A fact needs every column that the dictionary requires of ``facts``."""
    fields = codebook.dictionary()["facts"]["schema"]["fields"]
    needed = [f["name"] for f in fields if f.get("constraints", {}).get("required")]
    for row in after:
        missing = [name for name in needed if not row[name]]
        if row["decision"] != "rejected" and missing:
            where = f"{row['document_id']} {row['char_start']} ({row['number_text']})"
            raise DecisionIncomplete(f"{where}: a fact needs {', '.join(missing)}")


def _refuse_second_fact(after: list[Row]) -> None:
    """One span and measure make one fact, whichever candidate it was decided on."""
    for row in (row for row in after if row["decision"] != "rejected"):
        for other in storage.near("checks", row):
            same = all(other[name] == row[name] for name in ("char_end", "measure_id"))
            if same and check_unit(other) != check_unit(row):
                raise DecisionIncomplete(
                    f"{row['document_id']} {row['char_start']}: {row['measure_id']} is already a "
                    f"fact there, decided on the candidate {check_unit(other)[3]!r}; decide on "
                    "that one instead"
                )


def code(coder: str, after: list[dict], before: list[Row] | None = None) -> list[Row]:
    """Save passages of one coder's own pass (``coder_1`` or ``coder_2``); the saved rows."""
    return _settle(f"codings_{coder}", after, before or [])


def adjudicate(after: list[dict], before: list[Row] | None = None) -> list[Row]:
    """Save what the adjudicator settles, passage by passage, and derive the tables again."""
    return _settle("adjudications", after, before or [])


def _settle(table: str, after: list[dict], before: list[Row]) -> list[Row]:
    after = storage.as_text(after, table)
    with storage.locked():
        done = storage.merge(table, before, after, passage_unit)
        tables()
    if done.conflicts:
        raise storage.DecisionConflict(table, done.conflicts)
    return done.new


def conflicts() -> list[tuple[Row, Row]]:
    """Pairs of decisions on one thing that differ, none of them settled yet."""
    units = storage.grouped(storage.rows("checks"), check_unit) | storage.grouped(
        storage.rows("adjudications"), passage_unit
    )
    return [(first, other) for first, *others in units.values() for other in others]


def correct(
    table: str, row_id: str, column: str, after: str, reason: str, by: str, on: str
) -> None:
    """Correct a published row: one line in ``corrections.csv``, with the value it expects."""
    rows = {row[f"{table[:-1]}_id"]: row for row in storage.rows(table)}
    if row_id not in rows or column not in rows[row_id]:
        raise CorrectionStale(f"{table}.csv has no {row_id!r} with a column {column!r}")
    line = {"corrected_on": on, "table": table, "row_id": row_id, "column": column}
    line |= {"expected_before": rows[row_id][column], "value_after": after}
    line |= {"reason": reason, "decided_by": by}
    with storage.locked():
        storage.replace_rows("corrections", [], storage.as_text([line], "corrections"))
        tables()


# --- the command line -------------------------------------------------------------------------


def main(argv: list[str]) -> int:
    """``python -m helpers tables …``; 0 when done, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m helpers")
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument("--data", type=Path, help="the data folder (default: $PARTY_CELLS_DATA)")
    verbs = parser.add_subparsers(dest="verb", required=True)
    said = "derive facts.csv and codings.csv from the decisions"
    verb = verbs.add_parser("tables", help=said, parents=[folder])
    verb.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    chosen = parser.parse_args(argv)
    if chosen.data:
        os.environ[paths.DATA_VARIABLE] = str(chosen.data)
    try:
        return _VERBS[chosen.verb](chosen)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _tables(chosen: argparse.Namespace) -> int:
    changed = tables(check=chosen.check)
    print("; ".join(f"{name}.csv derived" for name in changed) or "up to date")
    if contested := conflicts():
        print(storage.DecisionConflict("checks or adjudications", contested), file=sys.stderr)
    return 1 if contested else 0


_VERBS = {"tables": _tables}
