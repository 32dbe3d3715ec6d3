"""The queue: what the rules propose and what was decided, the urgent ones first.

It is worked on in the review of the notebook, or exported to a spreadsheet and imported again.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from helpers import codebook, corpus, decisions, evidence, report, requests, statements
from helpers.decisions import check_unit, locate, passage_unit
from party_cells import desk, proposer
from party_cells.desk import spreadsheet, storage, typed
from party_cells.desk.storage import Row

DECISIONS = ("accepted", "corrected", "added", "rejected")
STATES = ("conflict", "gone", "changed", "ambiguous", "open", "decided")  # what comes first
SAID_BY = {"accepted": "accept", "rejected": "reject", "corrected": "correct"}
ENDS = ("value_low", "value_high")
TRUTHS = ("low_open", "high_open", "population_stated")
NAMED_IN = {"place_id": "localities", "theme_id": "themes"} | dict.fromkeys(
    ("measure_id", "base_measure_id"), "measures"
)


def table(articles: list[corpus.Document]) -> pd.DataFrame:
    """The `queue` as a table; with its columns also where it has no row."""
    rows = queue(articles)
    return pd.DataFrame(rows, columns=None if rows else [*codebook.columns("checks"), "state"])


def queue(
    articles: list[corpus.Document] | None = None, proposed: list[Row] | None = None
) -> list[Row]:
    """Every candidate and every decision as rows of the checks, the urgent ones first.

    ``state`` is one of `STATES`: decisions in conflict and those whose passage is no longer found
    come first, then candidates nobody decided on, then what is decided. A candidate is decided
    when its span is, whichever measure the rules propose there now. ``at_start`` and ``at_end``
    are the offsets in the text as it is, -1 where the passage is lost; ``seen`` is the decision as
    it stands on disk, None for a candidate. ``proposed`` are the `candidates`, if they are known.
    """
    articles = corpus.read_all() if articles is None else articles
    proposed = candidates(articles) if proposed is None else proposed
    contested = {check_unit(row) for pair in desk.conflicts() for row in pair}
    rows = [
        row | {"state": "conflict" if check_unit(row) in contested else "decided", "seen": row}
        for row in storage.rows("checks")
    ]
    return _in_order(rows, articles, proposed, _span)


def codings(
    coder: str, articles: list[corpus.Document], proposed: list[Row] | None = None
) -> list[Row]:
    """A coder's own passages, and nobody else's; with them the `theme_candidates` still open."""
    own = [row | {"state": "decided", "seen": row} for row in storage.rows(f"codings_{coder}")]
    log = storage.log()
    lines = [row for row in log.lines.values() if row["hand"] == coder and log.stands(row)]
    dismissed = [row | {"state": ""} for row in lines if row["decision"] == "dismissed"]
    return _in_order(own + dismissed, articles, proposed or [], decisions.theme_unit)


def rulings(articles: list[corpus.Document], _: Iterable[Row] = ()) -> list[Row]:
    """The passages of both coders as rows of the adjudications: what they differ on first.

    ``state`` is open where the coders say different things of a theme and nobody has settled the
    passage, conflict where two adjudicators did differently, decided elsewhere. ``others`` are
    the passages that a theme they agree on has besides: settling one of them settles all.
    """
    passes = [storage.rows(f"codings_{coder}") for coder in desk.CODERS]
    said = [decisions.grouped(rows, decisions.theme_unit) for rows in passes]
    settled = decisions.grouped(storage.rows("adjudications"), passage_unit)
    found = [
        row | {"state": "conflict" if len(rows) > 1 else "decided", "seen": row, "others": []}
        for rows in settled.values()
        for row in rows
    ]
    for unit in sorted({*said[0], *said[1]}):
        new = _to_rule([each.get(unit, []) for each in said])
        found += [row for row in new if passage_unit(row) not in settled]
    return _in_order(found, articles)


def _to_rule(sides: list[list[Row]]) -> list[Row]:
    """The passages of a theme, each once, as rulings that would follow the coder who has it."""
    agreed, coded = decisions.agree(*sides), [decisions.grouped(s, passage_unit) for s in sides]
    state, names, rows = "decided" if agreed else "open", codebook.columns("adjudications"), []
    for unit in coded[0] if agreed else coded[0] | coded[1]:
        has = [hand for hand, each in zip(desk.CODERS, coded, strict=True) if unit in each]
        first = next(row for each in coded for row in each.get(unit, []))
        row = {name: first.get(name, "") for name in names} | {"state": state, "seen": None}
        rows.append(row | {"follows": "both" if agreed or len(has) > 1 else has[0]})
    return [row | {"others": [r for r in rows if agreed and r is not row]} for row in rows]


def _in_order(
    rows: list[Row], articles: list[corpus.Document], proposed: Iterable[Row] = (), unit=None
) -> list[Row]:
    """Rows in their place, and what is proposed where none of the same unit is, in order."""
    order = {document.document_id: at for at, document in enumerate(articles)}
    known = {document.document_id: document.text for document in articles}
    rows = [placed(row, known) for row in rows]
    taken = decisions.grouped(rows, unit) if unit else {}
    for row in proposed:
        start, end = int(row["char_start"]), int(row["char_end"])
        row = row | {"at_start": start, "at_end": end, "state": "open", "seen": None}
        if not any(r["at_start"] < end and start < r["at_end"] for r in taken.get(unit(row), [])):
            rows.append(row)

    def urgency(row: Row) -> tuple:
        document = order.get(row["document_id"], len(order))
        measure = row.get("proposed_measure_id") or row.get("theme_id", "")
        return STATES.index(row["state"]), document, row["at_start"], measure

    return sorted((row for row in rows if row["state"]), key=urgency)


def _span(row: Row) -> tuple:
    return row["document_id"], row["at_start"], row["at_end"]


def placed(row: Row, articles: Mapping[str, str]) -> Row:
    """A decision with its place in the text as it is now; one that lost it says so."""
    exact = row["quote"] if row["theme_id"] else row["number_text"]
    if not exact:  # a rejection may come without its words
        return row | {"at_start": int(row["char_start"]), "at_end": int(row["char_end"])}
    found = locate({"prefix": "", "suffix": ""} | row, exact, articles)
    stays = found.state in ("exact", "moved") or row["state"] in ("conflict", "")
    state = row["state"] if stays else found.state
    return row | {"at_start": found.start, "at_end": found.end, "state": state}


# --- what the rules propose -----------------------------------------------------------------------


def columns() -> list[str]:
    """The columns of a candidate: those of a check, and how sure the proposer is of it."""
    return [*codebook.columns("checks"), "is_sure", "other_measure_id"]


def candidates(articles: list[corpus.Document]) -> list[Row]:
    """What the rules propose in every article, as undecided rows of the checks.

    ``is_sure`` is true where the proposer says so; ``other_measure_id`` is what else it may be.
    """
    rows = _proposed(articles, columns(), proposer.candidates)
    same = {"population_stated": "true"}
    return [row | same | {"proposed_measure_id": row["measure_id"]} for row in rows]


def theme_candidates(coder: str, articles: list[corpus.Document]) -> list[Row]:
    """What the rules propose of practices and limitations, as undecided rows of a coder's pass."""

    def found(text: str, **about: str) -> list[dict]:
        return proposer.propose_themes(text, **about).to_dict("records")

    names = [*codebook.columns(f"codings_{coder}"), "is_sure", "rule"]
    rows = _proposed(articles, names, found)
    return [row | {"hand": coder} for row in rows]


def _proposed(articles: list[corpus.Document], names: list[str], propose) -> list[Row]:
    """What is proposed in each article, as text, its places by their ids."""
    known = codebook.load("localities")
    inside = zip(known["locality_id"], known["name_vi"], known["place_id"], strict=True)
    ids = {(locality, name): place for locality, name, place in inside}
    ids |= {("", place): place for place in known["place_id"]}
    empty, rows = dict.fromkeys(names, ""), []
    for document in articles:
        day, locality = document.meta["published_date"], document.meta["locality_id"]
        about = {"document_id": document.document_id, "locality_id": locality}
        own = empty | {name: cell for name, cell in about.items() if name in empty}
        for found in propose(document.text, published=day, locality=locality):
            told = {name: _text(found[name]) for name in empty if name in found}
            place = found["place"]  # the locality, where the rules name none
            place = ids.get(("", place)) or ids.get((locality, place), "") if place else locality
            rows.append(own | told | {"place_id": place})
    return rows


def _text(value: str | float | bool | None) -> str:
    """A cell as CSV text, in the format of `codebook.to_text`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.15g}"
    return "" if value is None else str(value)


def would_decide(kind: str, locality: str) -> int:
    """How many comparisons the ratings of a kind would decide, were they stated with their base."""
    facts = codebook.load("facts")
    about = facts[facts["measure_id"].str.contains(kind) | (facts["base_measure_id"] == kind)]
    codebooks = codebook.load("measures"), codebook.load("rating_schemes")
    readings = statements.take(about, *codebooks)
    missing = requests.missing_facts(readings, codebooks[0], [locality])
    return max(missing.loc[missing["asked"] == f"{kind}_rated", "decides_alone"], default=0)


# --- the queue as a spreadsheet -----------------------------------------------------------------


def export_queue(path: Path, states: tuple[str, ...] = STATES) -> int:
    """Write the queue, or the rows in some states, as a workbook; returns the number of rows."""
    articles = corpus.read_all()
    known = {document.document_id: document for document in articles}
    rows = [row for row in queue(articles) if row["state"] in states]
    shown = [{**row, **_evidence(row, known)} for row in rows]
    spreadsheet.write(shown, path, choices())
    return len(rows)


def _evidence(row: Row, articles: dict[str, corpus.Document]) -> Row:
    if row["at_start"] < 0:
        return {"evidence": row["quote"]}
    article = articles[row["document_id"]]
    place = row["at_start"], row["at_end"], 160
    before, number, after = evidence.in_context(article.text, *place)
    return {"evidence": f"{before}[{number}]{after}", "url": str(article.meta.get("url") or "")}


def choices(table: str = "checks") -> dict[str, list[str]]:
    """The codes of every closed list of a decision, by column."""
    fields = codebook.fields(table)
    closed = {f["name"]: f.get("constraints", {}).get("enum") for f in fields}
    closed |= {name: ["true", "false"] for name in closed.keys() & {*TRUTHS}}
    for column in closed.keys() & NAMED_IN.keys():
        closed[column] = list(names(column, "en"))
    closed["decision"] = list(DECISIONS)
    if "scheme_id" in closed:
        closed["scheme_id"] = sorted(set(codebook.load("rating_schemes")["scheme_id"]))
    return {column: codes for column, codes in closed.items() if codes}


def names(column: str, language: str) -> dict[str, str]:
    """The names of a column's codes; none for a column that holds no codes."""
    return report.labels(NAMED_IN.get(column, f"vocabulary:{column}"), language)


class Reader:
    """Reads what a person types into the columns of a decision, at the desk or in a sheet."""

    def __init__(self, table: str, articles: Mapping[str, str], language: str = ""):
        self.articles, self.language = articles, language
        self.codes = {name: self._named(name, codes) for name, codes in choices(table).items()}
        words = [report.labels("vocabulary:desk", each) for each in report.LANGUAGES]
        for code, action in SAID_BY.items() if "decision" in self.codes else ():
            self.codes["decision"][code] += tuple(each[action] for each in words)

    @staticmethod
    def _named(column: str, codes: list[str]) -> dict[str, tuple[str, ...]]:
        labels = [names(column, language) for language in report.LANGUAGES]
        return {code: tuple(each.get(code, code) for each in labels) for code in codes}

    def read(self, row: Row, written: Mapping[str, str]) -> tuple[Row, list[tuple]]:
        """The row with what was written into it, and (column, `typed.Unread`) for the rest.

        Ends that were the number itself stay the number itself; ``period`` is both its days.
        """
        new, wrong = dict(row), []
        for column in sorted(written, key=lambda name: name != "unit"):
            try:
                new |= self._column(new, column, written[column])
            except typed.Unread as unread:
                wrong.append((column, unread))
        for end in ENDS:
            if end in row and end not in written and row[end] == row["value"]:
                new[end] = new["value"]
        return new, wrong

    def _column(self, row: Row, column: str, text: str) -> Row:
        if column in ("value", *ENDS):
            return {column: typed.number(text, row["unit"], row["number_text"])}
        if column == "period":
            start, end = typed.period(text, self.language)
            return {"period_start": start, "period_end": end}
        if column.startswith("period_") and column != "period_kind":
            return {column: typed.day(text, self.language, last=column == "period_end")}
        if column in TRUTHS:
            return {column: typed.truth(text)}
        if column == "quote" and "char_end" in row:
            return {column: self._quote(row, text)}
        if column in self.codes:
            return {column: typed.code(text, self.codes[column])}
        return {column: typed.clean(text)}

    def _quote(self, row: Row, words: str) -> str:
        """The words of the article that were typed; they must hold those of the row."""
        article = self.articles.get(row["document_id"], "")
        start, end = int(row["char_start"] or -1), int(row["char_end"] or -1)
        for left, right in typed.find(article, words):
            if left <= start and end <= right:
                return article[left:right]
        raise typed.Unread("no_quote", found=typed.clean(words)[:80])


def import_queue(path: Path, by: str, on: str) -> tuple[int, pd.DataFrame]:
    """Save what was decided in a workbook; how many rows, and the refused cells.

    The refusals have the columns row, column, expected and found. The other rows are saved, so a
    mended workbook can be imported again. Raises `storage.DecisionConflict` after saving.
    """
    articles = desk.texts()
    reader, problems = Reader("checks", articles), desk.rules(articles)
    refused, ready, before = [], [], []
    for edited in spreadsheet.read(path):
        if edited.written or edited.formulas:
            row, wrong = _from_sheet(edited, reader)
            row |= {"decided_by": by, "decided_on": on}
            wrong = wrong or [(*misfit, row[misfit[0]]) for misfit in desk.unfit(row, problems)]
            refused += [(edited.line, *each) for each in wrong]
            seen = edited.exported and edited.exported.get("seen")
            ready += [] if wrong else [row]
            before += [seen] if not wrong and seen and check_unit(seen) == check_unit(row) else []
    problems = pd.DataFrame(refused, columns=["row", "column", "expected", "found"])
    if ready:
        desk.decide(ready, before, articles)
    return len(ready), problems.sort_values(["row", "column"], ignore_index=True)


def _from_sheet(edited: spreadsheet.Edited, reader: Reader) -> tuple[Row, list[tuple]]:
    """The decision that a row of the sheet makes, and what is wrong with it."""
    if edited.formulas:
        return {}, [(name, "a value, not a formula", "a formula") for name in edited.formulas]
    written, old = edited.written, edited.exported
    empty = dict.fromkeys(codebook.columns("checks"), "")
    if old is None:
        named = {name: written.get(name, "") for name in ("document_id", "number_text")}
        place = _found_by_quote(named, written.get("quote", ""), reader.articles)
        if not place:
            expected = "words that stand once in the quote, and the quote once in the article"
            return {}, [("number_text", expected, named["number_text"])]
        old = {"decision": "added", "rule": "by_hand"} | named | place
        written = {name: written[name] for name in spreadsheet.TO_DECIDE[1:] if name in written}
    row, wrong = reader.read({name: {**empty, **old}[name] for name in empty}, written)
    beside = {"decision", "reason", "note", "confirmed_by_person"}
    if row["decision"] == "accepted" and set(written) - beside:
        row["decision"] = "corrected"
    wrong = [(column, str(unread), written[column]) for column, unread in wrong]
    if not row["decision"]:
        wrong.append(("decision", "one of " + ", ".join(DECISIONS), ""))
    return row | {"confirmed_by_person": "false"}, wrong  # confirming is an act at the desk


def _found_by_quote(row: Row, quote: str, articles: Mapping[str, str]) -> Row:
    """The span of a number that was added in the sheet, and the words around it."""
    text = articles.get(row["document_id"], "")
    quotes = typed.find(text, quote)
    found = typed.find(text, row["number_text"], *quotes[0]) if len(quotes) == 1 else []
    if len(found) != 1:
        return {}
    start, end = found[0]
    ends = {"char_start": str(start), "char_end": str(end), "number_text": text[start:end]}
    return ends | {"quote": text[slice(*quotes[0])]} | evidence.selectors(text, start, end)
