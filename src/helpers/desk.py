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

from helpers import codebook, corpus, derivation, evidence, paths, storage
from helpers.derivation import check_unit, fact_id, locate, passage_unit
from helpers.storage import Row

DERIVED = ("facts", "codings")
CODERS = ("coder_1", "coder_2")


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


# --- derivation -------------------------------------------------------------------------------


def texts() -> dict[str, str]:
    """The canonical text of every article by document_id."""
    return {document.document_id: document.text for document in corpus.read_all()}


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


def derive(articles: dict[str, str] | None = None) -> dict[str, pd.DataFrame]:
    """``facts`` and ``codings`` as the decisions on disk give them; nothing is written."""
    articles = texts() if articles is None else articles
    coded = [storage.rows(f"codings_{coder}") for coder in CODERS]
    found = {
        "facts": derivation.derive_facts(storage.rows("checks"), articles),
        "codings": derivation.derive_codings(*coded, storage.rows("adjudications"), articles),
    }
    changes = storage.rows("corrections")
    return {
        name: _frame(derivation.corrected(rows, name, changes), name)
        for name, rows in found.items()
    }


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
    old, new = (derivation.derive_facts(rows, articles) for rows in (done.old, done.new))
    ids = {row["fact_id"] for row in new}
    changes = [change for change in changes if change["row_id"] in ids]
    storage.replace_rows("facts", old, derivation.corrected(new, "facts", changes))


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
        raise derivation.CorrectionStale(f"{table}.csv has no {row_id!r} with a column {column!r}")
    line = {"corrected_on": on, "table": table, "row_id": row_id, "column": column}
    line |= {"expected_before": rows[row_id][column], "value_after": after}
    line |= {"reason": reason, "decided_by": by}
    with storage.locked():
        storage.replace_rows("corrections", [], storage.as_text([line], "corrections"))
        tables()


# --- the queue ----------------------------------------------------------------------------------

STATES = ("conflict", "gone", "changed", "ambiguous", "open", "decided")  # what comes first


def queue(articles: list[corpus.Document] | None = None) -> list[Row]:
    """Every candidate and every decision as rows of ``checks.csv``, the urgent ones first.

    ``state`` is one of `STATES`: decisions in conflict and those whose passage is no longer found
    come first, then candidates nobody decided on, then what is decided. A candidate is decided
    when its span is, whichever measure the rules propose there now. ``at_start`` and ``at_end``
    are the offsets in the text as it is, -1 where the passage is lost.
    """
    articles = corpus.read_all() if articles is None else articles
    known = {document.document_id: document.text for document in articles}
    rows = [_placed(row, known) for row in storage.rows("checks")]
    contested = {check_unit(row) for pair in conflicts() for row in pair}
    for row in rows:
        row["state"] = "conflict" if check_unit(row) in contested else row["state"]
    spans = {(row["document_id"], row["at_start"], row["at_end"]) for row in rows}
    for row in candidates(articles):
        if (row["document_id"], int(row["char_start"]), int(row["char_end"])) not in spans:
            place = {"at_start": int(row["char_start"]), "at_end": int(row["char_end"])}
            rows.append({**row, **place, "state": "open"})
    order = {document.document_id: at for at, document in enumerate(articles)}
    return sorted(rows, key=lambda row: _urgency(row, order))


def _urgency(row: Row, order: dict[str, int]) -> tuple:
    document = order.get(row["document_id"], len(order))
    return STATES.index(row["state"]), document, row["at_start"], check_unit(row)


def _placed(check: Row, articles: dict[str, str]) -> Row:
    """A decision with its place in the text as it is now."""
    if not check["number_text"]:  # a rejection may come without its words
        at = {"at_start": int(check["char_start"]), "at_end": int(check["char_end"])}
        return {**check, **at, "state": "decided"}
    found = locate(check, check["number_text"], articles)
    state = "decided" if found.state in ("exact", "moved") else found.state
    return {**check, "at_start": found.start, "at_end": found.end, "state": state}


def candidates(articles: list[corpus.Document]) -> list[Row]:
    """What the rules propose in every article, as undecided rows of ``checks.csv``."""
    from helpers import extract

    places = codebook.load("localities")
    frames = []
    for document in articles:
        meta = document.meta
        found = extract.propose(
            document.text, published=meta["published_date"], locality=meta["locality_id"]
        )
        frames.append(_as_checks(found, document, places))
    frame = pd.concat(frames) if frames else pd.DataFrame(columns=codebook.columns("checks"))
    texts = {name: _texts(frame[name]) for name in codebook.columns("checks")}
    return [dict(zip(texts, cells, strict=True)) for cells in zip(*texts.values(), strict=True)]


def _as_checks(
    found: pd.DataFrame, document: corpus.Document, places: pd.DataFrame
) -> pd.DataFrame:
    """Candidates with the columns of ``checks.csv``, their place looked up, nothing decided."""
    locality = document.meta["locality_id"]
    ends = zip(found["char_start"], found["char_end"], strict=True)
    around = [evidence.selectors(document.text, start, end) for start, end in ends]
    known = _places_of(locality, places)
    filled = {
        "document_id": document.document_id,
        "locality_id": locality,
        "place_id": found["place"].fillna("").map(lambda place: known.get(place, "")),
        "proposed_measure_id": found["measure_id"],
        "prefix": [each["prefix"] for each in around],
        "suffix": [each["suffix"] for each in around],
    }
    defaults = {"period_kind": "as_of", "population_stated": True}
    frame = found.assign(**filled, **{k: v for k, v in defaults.items() if k not in found})
    return frame.reindex(columns=codebook.columns("checks"))


def _places_of(locality: str, places: pd.DataFrame) -> dict[str, str]:
    """The ids of a locality's places by id and by name; no place said means the locality."""
    inside = places[places["locality_id"] == locality]
    by_name = dict(zip(inside["name_vi"], inside["place_id"], strict=True))
    return {"": locality, **{one: one for one in places["place_id"]}, **by_name}


def _texts(values: pd.Series) -> list[str]:
    """A column as CSV text, in the format of `codebook.to_text`."""
    if pd.api.types.is_float_dtype(values):
        return ["" if value != value else f"{value:.15g}" for value in values]
    if pd.api.types.is_bool_dtype(values):
        return [{True: "true", False: "false"}.get(value, "") for value in values]
    return ["" if pd.isna(value) else str(value) for value in values]


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
