"""The desk: decisions on candidates and codings, and the tables derived from them.

``checks.csv`` records every decision on a candidate; ``facts.csv`` is derived from it.
``codings_coder_1.csv``, ``codings_coder_2.csv`` and ``adjudications.csv`` record the codings;
``codings.csv`` is derived from them. ``corrections.csv`` changes derived rows after publication.
"""

from collections.abc import Callable

import pandas as pd

from helpers import codebook, decisions, statements
from helpers.decisions import check_unit, derive, fact_id, locate, passage_unit, rulebooks, texts
from party_cells import audit
from party_cells.desk import storage
from party_cells.desk.storage import Row

CODERS = ("coder_1", "coder_2")
DECIDED = ("checks", "codings_coder_1", "codings_coder_2", "adjudications", "corrections")


class TablesStale(ValueError):
    """Derived tables differ from what the decisions give; ``tables`` names them."""

    def __init__(self, tables: list[str]):
        self.tables = tables
        names = ", ".join(f"{name}.csv" for name in tables)
        super().__init__(f"{names}: not what the decisions give; run `make tables`")


class DecisionIncomplete(ValueError):
    """A decision that would not make one whole fact; nothing was saved."""


# --- derivation -------------------------------------------------------------------------------


def moved(articles: dict[str, str] | None = None) -> list[str]:
    """The facts whose words were found elsewhere in the article than where they were decided on."""
    articles = texts() if articles is None else articles
    rows = [row for row in storage.rows("checks") if row["decision"] != "rejected"]
    states = [locate(row, row["number_text"], articles).state for row in rows]
    return [fact_id(row) for row, state in zip(rows, states, strict=True) if state == "moved"]


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
    for name in DECIDED:  # rows written by hand fit the dictionary, or are named
        if codebook.table_path(name).exists():
            codebook.load(name)
    found = {name: codebook.to_text(frame, name) for name, frame in derive().items()}
    return {name: text for name, text in found.items() if _on_disk(name) != text}


def _on_disk(table: str) -> str | None:
    path = codebook.table_path(table)
    return codebook.text_of(path) if path.exists() else None


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
    with storage.locked():
        _refuse(after)
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
    old, new = (decisions.derive_facts(rows, articles) for rows in (done.old, done.new))
    ids = {row["fact_id"] for row in new}
    changes = [change for change in changes if change["row_id"] in ids]
    storage.replace_rows("facts", old, decisions.corrected(new, "facts", changes))


def _named(row: dict, before: list[Row]) -> dict:
    """The decision with the id of its fact: the old one as long as the measure stays."""
    if row["decision"] == "rejected":
        return {**row, "fact_id": ""}
    old = [r["fact_id"] for r in before if r["measure_id"] == row["measure_id"] and r["fact_id"]]
    return {**row, "fact_id": old[0] if old else fact_id({**row, "fact_id": ""})}


def _refuse(rows: list[Row]) -> None:
    """Raise `DecisionIncomplete` for the first row that would not make one whole fact."""
    problems = rules()
    for row in rows:
        if wrong := unfit(row, problems):
            where = f"{row['document_id']} {row['char_start']} ({row['number_text']})"
            said = "; ".join(f"{column}: expected {expected}" for column, expected in wrong)
            raise DecisionIncomplete(f"{where}: {said}")


def rules() -> Callable[[Row], list[tuple[str, str]]]:
    """What finds out why a fact does not fit its codebooks and its article: see `unfit`."""
    return statements.checker(*rulebooks())


def unfit(row: Row, problems: Callable[[Row], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Why a decision would not make one whole fact: the columns, and what is expected there.

    ``problems`` as `rules` gives it.
    """
    if row["decision"] == "rejected":
        return []
    fields = codebook.dictionary()["facts"]["schema"]["fields"]
    needed = [f["name"] for f in fields if f.get("constraints", {}).get("required")]
    needed.remove("fact_id")
    said = "a value, because every fact needs one"
    missing = [(name, said) for name in needed if not row[name]]
    if missing:
        return missing
    wrong = [(name, f"{_FITTING[name]} ({why})") for name, why in problems(row)]
    return wrong or _second_fact(row)


_FITTING = {
    "value": "a number within its ends, that its measure can be",
    "scheme_id": "the scheme of the rating, and none on what is no rating",
    "locality_id": "the locality of the article",
    "period_start": "a period that had begun, or another status",
}


def _second_fact(row: Row) -> list[tuple[str, str]]:
    """One span and measure make one fact, whichever candidate it was decided on."""
    for other in storage.near("checks", row):
        same = all(other[name] == row[name] for name in ("char_end", "measure_id"))
        if same and other["decision"] != "rejected" and check_unit(other) != check_unit(row):
            return [("measure_id", f"another measure: {row['measure_id']} is a fact there already")]
    return []


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
    units = decisions.grouped(storage.rows("checks"), check_unit) | decisions.grouped(
        storage.rows("adjudications"), passage_unit
    )
    return [(first, other) for first, *others in units.values() for other in others]


def correct(
    table: str, row_id: str, column: str, after: str, reason: str, by: str, on: str
) -> None:
    """Correct a published row: a line in ``corrections.csv``, with the value that it expects.

    Ends that are the number itself are corrected with it. What the tables would refuse is refused.
    """
    row = {row[f"{table[:-1]}_id"]: row for row in storage.rows(table)}.get(row_id, {})
    if column not in row:
        raise decisions.CorrectionStale(f"{table}.csv has no {row_id!r} with a column {column!r}")
    ends = ("value_low", "value_high") if column == "value" else ()
    columns = [column, *(end for end in ends if row[end] == row["value"])]
    about = {"corrected_on": on, "table": table, "row_id": row_id, "value_after": after}
    about |= {"reason": reason, "decided_by": by}
    lines = [about | {"column": name, "expected_before": row[name]} for name in columns]
    lines = storage.as_text(lines, "corrections")
    with storage.locked():
        storage.replace_rows("corrections", [], lines)
        try:
            statements.check_facts(derive()["facts"], *rulebooks())
            tables()
        except ValueError:  # it does not fit: a line that stops the tables is not kept
            storage.replace_rows("corrections", lines, [])
            raise


def audited() -> pd.DataFrame:
    """The consistency audit of the facts on disk, with the notes that resolve findings."""
    path = codebook.table_path("audit_notes")
    notes = codebook.load("audit_notes") if path.exists() else None
    return audit.findings(codebook.load("facts"), codebook.load("rating_schemes"), notes)
