"""The queue: what the rules propose and what was decided, the urgent ones first.

It is worked on in the review of the notebook, or exported to a spreadsheet and imported again.
"""

import math
from functools import lru_cache
from pathlib import Path

import pandas as pd

from helpers import codebook, corpus, decisions, evidence
from helpers.decisions import check_unit, locate, passage_unit
from party_cells import desk, proposer
from party_cells.desk import spreadsheet, storage
from party_cells.desk.storage import Row

DECISIONS = ("accepted", "corrected", "added", "rejected")
STATES = ("conflict", "gone", "changed", "ambiguous", "open", "decided")  # what comes first


def queue(articles: list[corpus.Document] | None = None) -> list[Row]:
    """Every candidate and every decision as rows of ``checks.csv``, the urgent ones first.

    ``state`` is one of `STATES`: decisions in conflict and those whose passage is no longer found
    come first, then candidates nobody decided on, then what is decided. A candidate is decided
    when its span is, whichever measure the rules propose there now. ``at_start`` and ``at_end``
    are the offsets in the text as it is, -1 where the passage is lost; ``seen`` is the decision as
    it stands on disk, None for a candidate.
    """
    articles = corpus.read_all() if articles is None else articles
    known = {document.document_id: document.text for document in articles}
    rows = [_placed(row, known) for row in storage.rows("checks")]
    contested = {check_unit(row) for pair in desk.conflicts() for row in pair}
    for row in rows:
        row["state"] = "conflict" if check_unit(row) in contested else row["state"]
    spans = {(row["document_id"], row["at_start"], row["at_end"]) for row in rows}
    for row in candidates(articles):
        if (row["document_id"], int(row["char_start"]), int(row["char_end"])) not in spans:
            place = {"at_start": int(row["char_start"]), "at_end": int(row["char_end"])}
            rows.append({**row, **place, "state": "open", "seen": None})
    return _in_order(rows, articles)


def _in_order(rows: list[Row], articles: list[corpus.Document]) -> list[Row]:
    order = {document.document_id: at for at, document in enumerate(articles)}

    def urgency(row: Row) -> tuple:
        document = order.get(row["document_id"], len(order))
        measure = row.get("proposed_measure_id") or row.get("theme_id", "")
        return STATES.index(row["state"]), document, row["at_start"], measure

    return sorted(rows, key=urgency)


def _placed(check: Row, articles: dict[str, str]) -> Row:
    """A decision with its place in the text as it is now."""
    if not check["number_text"]:  # a rejection may come without its words
        at = {"at_start": int(check["char_start"]), "at_end": int(check["char_end"])}
        return {**check, **at, "state": "decided", "seen": check}
    found = locate(check, check["number_text"], articles)
    state = "decided" if found.state in ("exact", "moved") else found.state
    place = {"at_start": found.start, "at_end": found.end}
    return {**check, **place, "state": state, "seen": check}


def candidates(articles: list[corpus.Document]) -> list[Row]:
    """What the rules propose in every article, as undecided rows of ``checks.csv``."""
    nothing = dict.fromkeys(codebook.columns("checks"), "")
    ids, rows = _place_ids(), []
    for document in articles:
        day, locality = document.meta["published_date"], document.meta["locality_id"]
        own = nothing | {"document_id": document.document_id, "locality_id": locality}
        names, cells, places = _proposed(document.text, day, locality)
        for each, place in zip(cells, places, strict=True):
            place_id = ids.get((None, place)) or ids.get((locality, place), "")
            own["place_id"] = place_id if place else locality
            rows.append(own | dict(zip(names, each, strict=True)))
    return rows


@lru_cache(maxsize=1024)
def _proposed(
    text: str, day: str, locality: str
) -> tuple[list[str], list[tuple[str, ...]], list[str]]:
    """What the rules say of an article: names of columns, rows of cells, and a place for each row.

    They are asked once for an article, so that loading the queue again is quick.
    """
    rows = proposer.candidates(text, published=day, locality=locality)
    for row in rows:
        row |= {"proposed_measure_id": row["measure_id"], "population_stated": True}
    names = [name for name in codebook.columns("checks") if not rows or name in rows[0]]
    cells = [[row[name] for name in names] for row in rows]
    told = [tuple([v if type(v) is str else _text(v) for v in values]) for values in cells]
    return names, told, [row["place"] for row in rows]


def _place_ids() -> dict[tuple[str | None, str], str]:
    """The place_id of a place, by its id, or by the locality it lies in and its name."""
    known = codebook.load("localities")
    ids = {(None, one): one for one in known["place_id"]}
    inside = zip(known["locality_id"], known["name_vi"], known["place_id"], strict=True)
    return ids | {(locality, name): one for locality, name, one in inside}


def _text(value: str | float | bool | None) -> str:
    """A cell as CSV text, in the format of `codebook.to_text`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.15g}"
    return "" if value is None else str(value)


# --- codings ------------------------------------------------------------------------------------


def codings(coder: str, articles: list[corpus.Document]) -> list[Row]:
    """A coder's own passages, and nobody else's, in the order of the articles."""
    known = {document.document_id: document.text for document in articles}
    rows = [{**row, "seen": row, "state": "decided"} for row in storage.rows(f"codings_{coder}")]
    return _in_order([_found(row, known) for row in rows], articles)


def rulings(articles: list[corpus.Document]) -> list[Row]:
    """The passages of both coders as rows of ``adjudications.csv``: what they differ on first.

    ``state`` is open where the coders say different things of a theme and nobody has settled the
    passage, conflict where two adjudicators did differently, decided elsewhere. ``others`` are
    the passages that a theme they agree on has besides: settling one of them settles all.
    """
    known = {document.document_id: document.text for document in articles}
    passes = [storage.rows(f"codings_{coder}") for coder in desk.CODERS]
    said = [decisions.grouped(rows, decisions.theme_unit) for rows in passes]
    settled = decisions.grouped(storage.rows("adjudications"), passage_unit)
    found = [row for rows in settled.values() for row in _settled(rows)]
    for unit in sorted({*said[0], *said[1]}):
        sides = [each.get(unit, []) for each in said]
        new = _agreed(sides[0]) if decisions.agree(*sides) else _apart(*sides)
        found += [row for row in new if passage_unit(row) not in settled]
    return _in_order([_found(row, known) for row in found], articles)


def _settled(rows: list[Row]) -> list[Row]:
    state = "conflict" if len(rows) > 1 else "decided"
    return [{**row, "state": state, "seen": row, "others": []} for row in rows]


def _agreed(passages: list[Row]) -> list[Row]:
    rows = [{**_ruling(row), "follows": "both", "state": "decided"} for row in passages]
    return [{**row, "others": [other for other in rows if other is not row]} for row in rows]


def _apart(one: list[Row], two: list[Row]) -> list[Row]:
    """Each passage once, as a ruling that would follow the coder who has it."""
    coded = [decisions.grouped(rows, passage_unit) for rows in (one, two)]
    found = []
    for unit in {**coded[0], **coded[1]}:
        row = [*coded[0].get(unit, []), *coded[1].get(unit, [])][0]
        has = [name for name, each in zip(desk.CODERS, coded, strict=True) if unit in each]
        follows = has[0] if len(has) == 1 else "both"
        found.append({**_ruling(row), "follows": follows, "state": "open", "others": []})
    return found


def _ruling(coding: Row) -> Row:
    """A coding with the columns of ``adjudications.csv``, nothing decided."""
    empty = dict.fromkeys(codebook.columns("adjudications"), "")
    return {name: coding.get(name, "") for name in empty} | {"seen": None}


def _found(row: Row, articles: dict[str, str]) -> Row:
    """A passage with its place in the text as it is now."""
    around = {"prefix": row.get("prefix", ""), "suffix": row.get("suffix", "")}
    place = locate({**row, **around}, row["quote"], articles)
    state = row["state"] if place.state in ("exact", "moved") else place.state
    return {**row, "at_start": place.start, "at_end": place.end, "state": state}


# --- the queue as a spreadsheet -----------------------------------------------------------------


def export_queue(path: Path, states: tuple[str, ...] = STATES) -> int:
    """Write the queue, or the rows in some states, as a workbook; returns the number of rows."""
    articles = corpus.read_all()
    known = {document.document_id: document.text for document in articles}
    rows = [row for row in queue(articles) if row["state"] in states]
    shown = [{**row, "evidence": _evidence(row, known)} for row in rows]
    spreadsheet.write(shown, path, choices())
    return len(rows)


def _evidence(row: Row, articles: dict[str, str]) -> str:
    if row["at_start"] < 0:
        return row["quote"]
    text = articles[row["document_id"]]
    before, number, after = evidence.in_context(text, row["at_start"], row["at_end"], 160)
    return f"{before}[{number}]{after}"


def choices(table: str = "checks") -> dict[str, list[str]]:
    """The codes of every closed list of a decision, by column."""
    fields = codebook.dictionary()[table]["schema"]["fields"]
    closed = {f["name"]: f.get("constraints", {}).get("enum") for f in fields}
    ids = {
        "measure_id": list(codebook.load("measures")["measure_id"]),
        "place_id": list(codebook.load("localities")["place_id"]),
        "scheme_id": sorted(set(codebook.load("rating_schemes")["scheme_id"])),
    }
    truths = {key: ["true", "false"] for key in ("low_open", "high_open", "population_stated")}
    return {name: codes for name, codes in closed.items() if codes} | ids | truths


def import_queue(path: Path, by: str, on: str) -> tuple[int, pd.DataFrame]:
    """Save what was decided in a workbook; how many rows, and the refused cells.

    The refusals have the columns row, column, expected and found. The other rows are saved, so a
    mended workbook can be imported again. Raises `storage.DecisionConflict` after saving.
    """
    edited = [row for row in spreadsheet.read(path) if row.written or row.formulas]
    articles, refused, ready = desk.texts(), [], []
    for row in edited:
        decided, wrong = _from_sheet(row, articles)
        refused += [(row.line, *each) for each in wrong]
        ready += [] if wrong else [(row, decided | {"decided_by": by, "decided_on": on})]
    refused += (misfits := _misfits(ready))
    lines = {line for line, *_ in misfits}
    ready = [(row, decided) for row, decided in ready if row.line not in lines]
    seen = [row.exported["seen"] for row in edited if row.exported and row.exported["seen"]]
    units = {check_unit(decided) for _, decided in ready}
    before = [row for row in seen if check_unit(row) in units]
    problems = pd.DataFrame(refused, columns=["row", "column", "expected", "found"])
    if ready:
        desk.decide([decided for _, decided in ready], before, articles)
    return len(ready), problems.sort_values(["row", "column"], ignore_index=True)


def _from_sheet(
    edited: spreadsheet.Edited, articles: dict[str, str]
) -> tuple[Row, list[tuple[str, str, str]]]:
    """The decision that a row of the sheet makes, and what is wrong with it."""
    empty = dict.fromkeys(codebook.columns("checks"), "")
    old, written = edited.exported or {}, edited.written
    row = {name: {**empty, **old, **written}[name] for name in empty}
    if edited.formulas:
        return row, [(name, "a value, not a formula", "a formula") for name in edited.formulas]
    if edited.exported is None:
        row |= {"decision": "added", "rule": "by_hand"} | _found_by_quote(row, articles)
    elif row["decision"] == "accepted" and set(written) - {"decision", "reason", "note"}:
        row["decision"] = "corrected"
    row["confirmed_by_person"] = "true"
    wrong = [] if row["decision"] else [("decision", "one of " + ", ".join(DECISIONS), "")]
    here = articles.get(row["document_id"], "")[int(row["char_start"] or 0) :]
    if row["decision"] != "rejected" and not here.startswith(row["number_text"] or "\0"):
        expected = "words that stand once in the quote, and the quote once in the article"
        wrong.append(("number_text", expected, row["number_text"]))
    return row, wrong


def _found_by_quote(row: Row, articles: dict[str, str]) -> Row:
    """The span of a number that was added in the sheet, and the words around it."""
    text, quote, number = articles.get(row["document_id"], ""), row["quote"], row["number_text"]
    if not number or text.count(quote) != 1 or quote.count(number) != 1:
        return {}
    start = text.index(quote) + quote.index(number)
    ends = {"char_start": str(start), "char_end": str(start + len(number))}
    return ends | evidence.selectors(text, start, start + len(number))


def _misfits(ready: list[tuple[spreadsheet.Edited, Row]]) -> list[tuple[int, str, str, str]]:
    """The cells that do not fit the dictionary or would not make one whole fact."""
    try:
        storage.as_text([decided for _, decided in ready], "checks")
    except codebook.TableInvalid as error:  # says first what is no value, then what is no id
        found = [
            (ready[bad.line - 2][0].line, bad.column, bad.expected, bad.found)
            for bad in error.rows.itertuples()
        ]
        lines = {line for line, *_ in found}
        return found + _misfits([pair for pair in ready if pair[0].line not in lines])
    problems = desk.rules()
    return [
        (row.line, *wrong, decided[wrong[0]])
        for row, decided in ready
        for wrong in desk.unfit(decided, problems)
    ]
