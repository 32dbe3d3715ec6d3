"""The log of decisions, and the tables that it gives.

``decisions.csv`` is only appended to. Each line says the whole of one decision and names the lines
that it replaces; what stands is what no other line replaces. Two lines of one unit that stand are a
conflict: both are kept, and the unit gives nothing until a line replaces both. Undoing, correcting,
withdrawing and confirming are lines like the others. A line is named by its content, so that one
edited by hand is found out. Rows are dictionaries of CSV text; nothing here writes a file.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from helpers import bounds, codebook, corpus, evidence, numbers, statements

Row = dict[str, str]
Unit = Callable[[Row], tuple]
Problem = tuple[str, str]

SAID = ("stance", "status", "level", "place_id")
LEVELS = ("province", "district", "commune", "village", "agency", "cell", "subgroup")
_FITTING = {
    "value": "a number within its ends, that its measure can be",
    "scheme_id": "the scheme of the rating, and none on what is no rating",
    "locality_id": "the locality of the article",
    "period_start": "a period that had begun, or another status",
}
HANDS = {"checks": "checker", "adjudications": "adjudicator"}
HANDS |= {f"codings_{hand}": hand for hand in ("coder_1", "coder_2")}
_OTHERS = {"per_year": (12, 52, 4), "minutes": (60,), "share": (0.01,)}  # twice a month; 2 hours
_WEAKER = ("at_least", "over", "at_most", "under", "near", "about")


class Unanchored(ValueError):
    """Rows whose passage is no longer in its place in the text; ``rows`` holds them."""

    def __init__(self, rows: pd.DataFrame):
        self.rows = rows
        shown = [f"{row.row_id}: {row.state}: {row.quote!r}" for row in rows.itertuples()]
        head = f"{len(rows)} row(s) are no longer found in the articles:"
        tail = "They stand on top of the queue in 30-check-by-hand; decide on them again."
        if (rows["state"] == "moved").all():
            tail = "Their words stand elsewhere now; `party-cells tables` follows them."
        super().__init__(codebook.told(head, shown, tail))


class NotDerived(ValueError):
    """A derived table is not what the decisions give; ``rows`` has row_id and what is wrong."""

    def __init__(self, table: str, problems: list[Problem]):
        self.rows = pd.DataFrame(problems, columns=["row_id", "problem"])
        shown = [f"{row_id}: {problem}" for row_id, problem in problems]
        head = f"{table}.csv is not what the decisions give: {len(problems)} row(s) differ:"
        tail = "Decide at the desk or with `correct`; `tables` derives the table again."
        super().__init__(codebook.told(head, shown, tail))


# --- the log ------------------------------------------------------------------------------------


def unit(row: Row) -> tuple:
    """What a line decides on, and who: lines of the same unit speak of the same thing."""
    return row["hand"], *(passage_unit(row) if row.get("theme_id") else check_unit(row))


def check_unit(row: Row) -> tuple:
    """A check decides on a span and on the measure proposed there (or added there)."""
    measure = row.get("proposed_measure_id") or row.get("measure_id", "")
    return row["document_id"], str(row["char_start"]), str(row["char_end"]), measure


def passage_unit(row: Row) -> tuple:
    """A coding or an adjudication decides on a theme at the passage that begins here."""
    return row["document_id"], row["theme_id"], str(row["char_start"])


def theme_unit(row: Row) -> tuple:
    return row["document_id"], row["theme_id"]


def grouped(found: Iterable[Row], by: Unit) -> dict[tuple, list[Row]]:
    """Rows by what they decide on."""
    groups = defaultdict(list)
    for row in found:
        groups[by(row)].append(row)
    return dict(groups)


def line(row: Mapping[str, str], **said: str) -> Row:
    """A line of the log from cells of text: the columns of the log, named by what they say."""
    made = {n: said.get(n, row.get(n, "")) for n in codebook.columns("decisions")}
    return made | {"line_id": line_id(made)}


def line_id(row: Row) -> str:
    """The name of a line: a digest of what it says, so that an edited line shows."""
    said = [f"{n}={row[n]}" for n in codebook.columns("decisions")[1:] if row.get(n)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


class Log:
    """The lines of ``decisions.csv`` by id, and those of each unit; `update` reads on.

    Raises `codebook.TableInvalid`, in one line with what to do, for a line that was edited, cut
    off, doubled or taken out.
    """

    def __init__(self, path: Path | None = None):
        self.path = path or codebook.table_path("decisions")
        self._forget()
        self.update()

    def _forget(self) -> None:
        self.data, self.header, self.names = b"", b"", codebook.columns("decisions")
        self.lines: dict[str, Row] = {}
        self.places: dict[tuple, list[Row]] = defaultdict(list)
        self.replaced: set[str] = set()

    def update(self) -> "Log":
        """Read what was appended since; read all again where the file is another one."""
        data = self.path.read_bytes() if self.path.exists() else b""
        if (end := whole(data)) < len(data):
            said = f"half a line of {len(data) - end} bytes, which nobody was told was saved"
            line = data.count(b"\n", 0, end) + 1
            raise codebook.refused(self.path, line, said, "`party-cells tables` takes it away")
        if not (self.data and data.startswith(self.data)):
            self._forget()
        if new := data[len(self.data) :]:
            try:
                self._add(*codebook.parse(self.path, self.header + new))
            except codebook.TableInvalid:
                if not self.data:
                    raise
                self._forget()  # from the first line, so that the line named is the right one
                return self.update()
            self.data, self.header = data, data[: data.index(b"\n") + 1]
        return self

    def _add(self, names: list[str], rows: dict[int, Row]) -> None:
        self.names, at = names, {}
        for line, row in rows.items():
            self._check(row, line, at)
            at[row["line_id"]] = line
            self.lines[row["line_id"]] = row
            self.places[place(row)].append(row)
            self.replaced.update(row["replaces"].split())
        if lost := self.replaced - {*self.lines}:
            line = next(at[i] for i in at if lost & {*self.lines[i]["replaces"].split()})
            said = f"replaces {min(lost)}, which is not there: a decision was removed"
            raise codebook.refused(self.path, line, said, "restore that line")

    def _check(self, row: Row, line: int, at: dict[str, int]) -> None:
        """Refuse a line that was edited, or stands twice."""
        if missing := [n for n in codebook.columns("decisions") if n not in row]:
            raise codebook.refused(self.path, 1, f"no column {missing[0]}", "restore the file")
        if row["line_id"] != line_id(row):
            said = f"edited by hand: {row['line_id']!r} is not the name of what it says"
            raise codebook.refused(self.path, line, said, "restore it, then decide at the desk")
        if row["line_id"] in self.lines:
            said = f"the same as line {at.get(row['line_id'], 'before it')}"
            raise codebook.refused(self.path, line, said, "delete one of the two")

    def opened(self, row: Row) -> list[Row]:
        """The lines that say a row's unit is open again: the next decision replaces them."""
        found = [r for r in self.places.get(place(row), []) if r["decision"] == "open"]
        return [r for r in found if unit(r) == unit(row) and r["line_id"] not in self.replaced]

    def near(self, row: Row) -> list[Row]:
        """The lines that stand where a row begins, of its hand."""
        return [other for other in self.places.get(place(row), []) if self.stands(other)]

    def standing(self, row: Row) -> list[Row]:
        """The lines of a row's unit that stand: more than one is a conflict."""
        return [other for other in self.near(row) if unit(other) == unit(row)]

    def stands(self, row: Row) -> bool:
        """Whether no other line replaces a line, and it says more than that nothing is decided."""
        return row["line_id"] not in self.replaced and row["decision"] != "open"

    def of(self, hand: str) -> list[Row]:
        """All lines of a hand that stand: checker, coder_1, coder_2 or adjudicator.

        A passage that a coder dismissed is none of the pass.
        """
        found = [row for row in self.lines.values() if row["hand"] == hand and self.stands(row)]
        return [row for row in found if hand == "adjudicator" or row["decision"] != "dismissed"]


def place(row: Row) -> tuple:
    """Where a line begins, and in whose hand."""
    return row["hand"], row["document_id"], str(row["char_start"])


def whole(data: bytes) -> int:
    """How many bytes of a log are whole lines.

    >>> whole(b'a,b\\n1,"2\\n3"\\n4,"5\\n')
    12
    """
    end = len(data)
    while end and (data[end - 1 : end] != b"\n" or data.count(b'"', 0, end) % 2):
        end = data.rfind(b"\n", 0, end - 1) + 1
    return end


# --- what the log gives -------------------------------------------------------------------------


def texts(ids: Iterable[str] | None = None) -> dict[str, str]:
    """The canonical text of every article by document_id, or of those named alone."""
    return {document.document_id: document.text for document in corpus.read_all(ids)}


def derive(
    articles: dict[str, str] | None = None, log: Log | None = None
) -> dict[str, pd.DataFrame]:
    """``facts`` and ``codings`` as the decisions on disk give them; nothing is written."""
    articles, log = texts() if articles is None else articles, log or Log()
    found = {"facts": facts_of(log, articles), "codings": codings_of(log, articles)}
    return {name: frame(rows, name) for name, rows in found.items()}


def frame(rows: list[Row], table: str) -> pd.DataFrame:
    """Rows of text as a table, checked against the dictionary."""
    found = pd.DataFrame(rows, columns=codebook.columns(table), dtype="str")
    return codebook.validate(found.replace("", None), table)


def facts_of(log: Log, articles: dict[str, str], about: Iterable[Row] | None = None) -> list[Row]:
    """The facts that the checks give, or those of some rows: one line stands, and is not rejected.

    Anchors follow their words where they moved.
    """
    checks = log.of("checker") if about is None else [r for one in about for r in log.standing(one)]
    units = grouped({row["line_id"]: row for row in checks}.values(), check_unit).values()
    kept = [rows[0] for rows in units if len(rows) == 1 and rows[0]["decision"] != "rejected"]
    names = codebook.columns("facts")
    rows = [_in_place(row, row["number_text"], articles) for row in kept]
    return [{name: row[name] for name in names} for row in rows]


def fact_id(check: Row) -> str:
    """The stable name of a fact: the one it has, or document, first code point and measure."""
    named = f"{check['document_id']}.{check['char_start']}.{check['measure_id']}"
    return check.get("fact_id") or named


def codings_of(log: Log, articles: dict[str, str], about: Iterable[Row] | None = None) -> list[Row]:
    """The codings that two coders and an adjudicator give, or those of the themes of some rows."""
    themes = None if about is None else {theme_unit(row) for row in about}
    found = passages(log, themes)
    return [_coding(row, articles) for rows in found.values() for row in rows]


def passages(log: Log, themes: set[tuple] | None = None) -> dict[tuple, list[Row]]:
    """The lines that give the codings of each theme in a document.

    A theme that was adjudicated has the kept passages and no others; none while two adjudicators
    differ. One on which the coders agree without the adjudicator has the first coder's passages.
    Any other is open.
    """
    hands = ("coder_1", "coder_2", "adjudicator")
    one, two, ruled = (grouped(log.of(hand), theme_unit) for hand in hands)
    found = {}
    for theme in sorted({*one, *two, *ruled} if themes is None else themes):
        sides, rulings = (one.get(theme, []), two.get(theme, [])), ruled.get(theme, [])
        if rulings:
            settled = len({passage_unit(row) for row in rulings}) == len(rulings)
            found[theme] = [row for row in rulings if settled and row["decision"] == "kept"]
        elif agree(*sides):
            found[theme] = [row | {"follows": "both"} for row in sides[0]]
    return found


def agree(one: list[Row], two: list[Row]) -> bool:
    """Whether two coders say the same of a theme in a document, wherever the passages begin."""
    said = [{tuple(row[name] for name in SAID) for row in rows} for rows in (one, two)]
    return said[0] == said[1]


def coding_id(row: Row) -> str:
    return f"{row['document_id']}.{row['char_start']}.{row['theme_id']}"


def _coding(row: Row, articles: dict[str, str]) -> Row:
    row = row | {"coding_id": coding_id(row)}
    text, start = articles.get(row["document_id"], ""), int(row["char_start"])
    if not row["prefix"] + row["suffix"] and text.startswith(row["quote"], start):
        row |= evidence.selectors(text, start, start + len(row["quote"]))
    row = _in_place(row, row["quote"], articles)
    return {name: row[name] for name in codebook.columns("codings")}


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


def corrections(log: Log | None = None) -> list[dict]:
    """What was corrected or withdrawn after publication: one row for each cell that changed.

    The keys are corrected_on, table, row_id, column, expected_before, value_after, reason and
    decided_by; a withdrawn row has its id as the column, and nothing after. What was undone is
    not among them.
    """
    log = log or Log()
    undone = {
        i for row in log.lines.values() if row["action"] == "undo" for i in row["replaces"].split()
    }
    found = []
    for row in log.lines.values():
        if row["action"] in ("correct", "withdraw") and row["line_id"] not in undone:
            found += _changed_cells(row, log)
    return found


def _changed_cells(row: Row, log: Log) -> list[dict]:
    table = "codings" if row["theme_id"] else "facts"
    name = f"{table[:-1]}_id"
    first = log.lines.get(row["replaces"].split(" ")[0])  # an agreed passage has coder 1's line
    before = first or log.places[("coder_1", *place(row)[1:])][-1]
    row_id = coding_id(before) if row["theme_id"] else before["fact_id"]
    about = {"corrected_on": row["decided_on"], "table": table, "row_id": row_id}
    about |= {"reason": row["reason"], "decided_by": row["decided_by"]}
    skipped = {"fact_id", "prefix", "suffix", "reason", "follows", "confirmed_by_person"}
    skipped |= {"char_start", "char_end", "decided_by", "decided_on"}
    cells = [n for n in codebook.columns(table) if n in row and n not in skipped]
    changed = [(n, before[n], row[n]) for n in cells if before[n] != row[n]]
    if row["action"] == "withdraw":
        changed = [(name, row_id, "")]
    said = ("column", "expected_before", "value_after")
    return [about | dict(zip(said, each, strict=True)) for each in changed]


# --- tables to work with ------------------------------------------------------------------------


def facts(locality_id: str | None = None) -> pd.DataFrame:
    """The facts of the data folder in use, or of one locality: anchored, and as decided.

    The columns and types of `codebook.load`; without rows where nothing is decided. Raises
    `Unanchored`, `NotDerived` or `statements.FactsInvalid` with the rows that stop it.

    >>> facts().set_index("fact_id").at["nam-dong-2015.922.members", "number_text"]
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
    ids = None if locality_id is None else set(corpus.about(locality_id)["document_id"])
    articles, found = texts(ids), codebook.load(table)
    found = found if ids is None else found[found["document_id"].isin(ids)]
    require_anchored(found, articles)
    require_derived(table, articles)
    return found


def standing(kind: str) -> pd.DataFrame:
    """The decisions of a kind that stand, typed, with the columns of the log.

    ``kind`` is checks, codings_coder_1, codings_coder_2 or adjudications.

    >>> standing("checks")["decision"].isin(["accepted", "corrected", "added", "rejected"]).all()
    np.True_
    """
    return frame(Log().of(HANDS[kind]), "decisions")


def passes() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The passages of coder 1 and of coder 2, each as the coder left them."""
    return standing("codings_coder_1"), standing("codings_coder_2")


def require_derived(table: str, articles: dict[str, str] | None = None) -> None:
    """Raise `NotDerived` unless ``facts`` or ``codings`` is what the decisions give, row by row.

    With ``articles`` only their rows are held against the decisions.
    """
    articles = texts() if articles is None else articles
    given = (facts_of if table == "facts" else codings_of)(Log(), articles)
    found = codebook.rows_of(table)
    sides = ({row[f"{table[:-1]}_id"]: row for row in rows} for rows in (found, given))
    here = [{i: r for i, r in side.items() if r["document_id"] in articles} for side in sides]
    if wrong := _differences(*here):
        raise NotDerived(table, wrong)


def _differences(found: dict[str, Row], given: dict[str, Row]) -> list[Problem]:
    """What is wrong with each row of a table, held against what the decisions give."""
    wrong = [(row_id, "a row was removed from it") for row_id in sorted({*given} - {*found})]
    wrong += [(row_id, "a decision was removed") for row_id in sorted({*found} - {*given})]
    for row_id in sorted({*found} & {*given}):
        one, other = found[row_id], given[row_id]
        cells = [
            f"{n} is {one.get(n)!r}, decided {c!r}" for n, c in other.items() if one.get(n) != c
        ]
        wrong += [(row_id, "edited by hand: " + "; ".join(cells))] if cells else []
    return wrong


def require_anchored(found: pd.DataFrame, articles: dict[str, str] | None = None) -> pd.DataFrame:
    """The facts or codings as they are, if each holds against the words of its article.

    `Unanchored` names the rows whose passage is no longer in its place; `statements.FactsInvalid`
    those that do not say what the words say, or do not fit their codebooks.

    >>> len(require_anchored(codebook.load("facts").head(3)))
    3
    """
    articles = texts(found["document_id"]) if articles is None else articles
    table = "facts" if "fact_id" in found else "codings"
    name, exact = f"{table[:-1]}_id", "number_text" if table == "facts" else "quote"
    rows = codebook.rows(found, table)
    states = [locate(row, row[exact], articles).state for row in rows]
    lost = [row | {"row_id": row[name], "state": s} for row, s in zip(rows, states, strict=True)]
    if lost := [row for row in lost if row["state"] != "exact"]:
        raise Unanchored(pd.DataFrame(lost))
    problems = rules(articles)
    if wrong := [(row[name], f"{c}: {said}") for row in rows for c, said in problems(row)]:
        raise statements.FactsInvalid(wrong, table)
    return found


# --- what a row must hold against ---------------------------------------------------------------


def rules(articles: dict[str, str] | None = None) -> Callable[[Row], list[Problem]]:
    """What finds out why a row does not fit its article and its codebooks.

    It gives the columns that are wrong, each with what is expected there.
    """
    articles = texts() if articles is None else articles
    tables = [codebook.load(name) for name in ("measures", "rating_schemes", "documents")]
    fits, about = statements.checker(*tables), tables[2].set_index("document_id")["locality_id"]
    known = {row["place_id"]: row for row in codebook.rows_of("localities")}
    places = {name: (row["locality_id"], row["level"]) for name, row in known.items()}

    def problems(row: Row) -> list[Problem]:
        row = _in_place(row, row.get("number_text") or row["quote"], articles)
        text, home = articles.get(row["document_id"], ""), about.get(row["document_id"])
        found = _place_problems(row, home, *places.get(row["place_id"], ("", "")))
        if row.get("theme_id"):
            span = text[int(row["char_start"]) : int(row["char_end"])]
            return found + ([("quote", repr(span))] if span != row["quote"] else [])
        found += [(name, f"{_FITTING[name]} ({why})") for name, why in fits(row)]
        return found or _words_problems(row, text)

    return problems


def _place_problems(row: Row, home: str, locality: str, level: str) -> list[Problem]:
    if locality != home:
        return [("place_id", f"a place of {home}, which the article is about")]
    ranks = {name: at for at, name in enumerate(LEVELS)}
    if row["level"] != "province" and ranks.get(row["level"], 9) < ranks.get(level, 0):
        return [("level", f"{level}, which {row['place_id']} is, or a level within it")]
    return []


def _words_problems(row: Row, text: str) -> list[Problem]:
    """Whether number, quote and value are what the article says."""
    start, end = int(row["char_start"]), int(row["char_end"])
    if text[start:end] != row["number_text"]:
        return [("number_text", f"the words at {start}: {text[start:end]!r}")]
    if evidence.own_words(text, row["quote"], start, end) != row["quote"]:
        return [("quote", f"words of the article that hold {row['number_text']!r}")]
    counted = row["unit"] in ("count", "persons") and row["period_kind"] != "mean_of_years"
    ends = [float(row[n]) for n in ("value", "value_low", "value_high") if row[n]]
    if counted and "_per_" not in row["measure_id"] and any(n % 1 for n in ends):
        return [("value", "a whole number: persons, cells and organisations are whole")]
    read = [] if row["value_basis"] else _readings(row, text, start, end)
    if read and _said(row) not in read:
        value, low, high, *_ = read[0]
        said = f"{value:g}, as {row['number_text']!r} reads ({low:g} to {high:g})"
        return [("value", f"{said}, or a value_basis that says why not")]
    return []


def _said(row: Row) -> tuple:
    """Value, ends and whether they are open, as a row has them."""
    low, high = (float(row[n] or f) for n, f in (("value_low", "-inf"), ("value_high", "inf")))
    return float(row["value"]), low, high, row["low_open"] == "true", row["high_open"] == "true"


def _readings(row: Row, text: str, start: int, end: int) -> list[tuple]:
    """What the words may say in the unit of the row; the first is the plainest, none if unread.

    A number without a qualifier may have one elsewhere in its sentence, which only weakens it.
    """
    left = max(text.rfind(" ", 0, max(0, start - 60)) + 1, text.rfind("\n", 0, start) + 1)
    near = evidence.fold(text[left : text.find("\n", end) if text.find("\n", end) > 0 else None])
    near = near[: end - left + 40]
    found = [a for a in numbers.read(near) if (a.start + left, a.end + left) == (start, end)]
    for amount in list(found):
        found += [numbers.scaled(amount, by, row["unit"]) for by in _OTHERS.get(row["unit"], ())]
    for amount in [amount for amount in found if amount.bound == "exact"]:
        found += [numbers.qualified(amount, kind) for kind in _WEAKER]  # "trở lên", further on
    if row["measure_id"].endswith("_completion"):  # "vượt 2,7%" of what was planned
        found += [a._replace(value=1 + a.value, low=1 + a.low, high=1 + a.high) for a in found]
    if bounds.least(row["measure_id"]) < 0:
        found += [numbers.negative(amount) for amount in found]
    return [tuple(round(x, 9) for x in (a.value, a.low, a.high)) + a[8:10] for a in found]
