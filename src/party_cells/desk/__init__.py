"""The desk: decisions on candidates and codings, saved in one log, and the tables derived from it.

A map for those who call it. All of it works on the data folder in use (`helpers.paths`).

What stands
    `storage.rows("checks")`, ``"codings_coder_1"``, ``"codings_coder_2"``, ``"adjudications"``: the
    decisions that stand, as rows of text; ``"corrections"``: what was changed after publication.
    `codebook.columns` and `codebook.fields` know the same names.
    `conflicts`: pairs of decisions on one thing that differ. `DECIDED`: the files to watch.
What is wrong with a row before it is saved
    `rules`, `unfit`.
Saving: each checks all before it writes, and returns the rows that stand now
    `decide` (figures), `code` (a coder's pass), `adjudicate`: ``after`` in the place of ``before``,
    which are rows as `storage.rows` gave them. `undo`: one's own lines, as they were returned.
    `correct`, `withdraw`, `confirm`: one row of ``facts.csv`` or ``codings.csv`` by its id.
    `add_place`: a village, cell or commune.
Derived tables
    `tables` writes them, `decisions.facts` and `decisions.codings` read them, `moved`, `audited`.

Errors: `DecisionIncomplete` (a row that is not one whole fact, or not the row that was seen),
`codebook.TableInvalid` (a cell that does not fit), `storage.DecisionConflict` (raised after saving:
both decisions are kept), `storage.ReadOnlyData`. But for the conflict nothing was written.
"""

from collections.abc import Callable

import pandas as pd

from helpers import codebook, decisions, evidence
from helpers.decisions import check_unit, derive, fact_id, locate, rules, texts
from party_cells import audit
from party_cells.desk import storage, typed
from party_cells.desk.intake import add_place
from party_cells.desk.storage import Row

__all__ = ["add_place", "derive"]
CODERS = ("coder_1", "coder_2")
DECIDED = ("decisions",)
CORRECTABLE = {
    "facts": (
        *("measure_id", "place_id", "level", "value", "value_low", "low_open", "value_high"),
        *("high_open", "bound", "unit", "value_basis", "base_measure_id", "base_text", "scheme_id"),
        *("population_stated", "period_start", "period_end", "period_kind", "status", "quote"),
        "note",
    ),
    "codings": ("stance", "status", "level", "place_id", "speaker", "note"),
}
NOBODY = {"", "coder 1", "coder 2", "adjudicator", "first reading", "unknown", "nobody"}


class DecisionIncomplete(ValueError):
    """A decision that would not make one whole fact, or on another row; nothing was saved.

    ``wrong`` has the columns that do not fit, each with what is expected there.
    """

    wrong: list[tuple[str, str]] = ()


# --- derivation -------------------------------------------------------------------------------


def moved(articles: dict[str, str] | None = None) -> list[str]:
    """The facts whose words were found elsewhere in the article than where they were decided on."""
    articles = texts() if articles is None else articles
    rows = [row for row in storage.rows("checks") if row["decision"] != "rejected"]
    states = [locate(row, row["number_text"], articles).state for row in rows]
    return [fact_id(row) for row, state in zip(rows, states, strict=True) if state == "moved"]


def tables(check: bool = False) -> list[str]:
    """Write the derived tables that differ from the decisions; returns their names.

    With ``check`` nothing is written, and rows that differ are `decisions.NotDerived`. Without it
    half a line at the end of the log, which a kill or a full disk left, is taken away.
    """
    if check:
        for table in ("facts", "codings"):  # reading the log says best what is wrong with a line
            decisions.require_derived(table)
        codebook.load("decisions")
        return []
    with storage.locked():
        storage.log()
        codebook.load("decisions")
        given = {name: codebook.to_text(frame, name).encode() for name, frame in derive().items()}
        found = {name: data for name, data in given.items() if _on_disk(name) != data}
        for name, data in found.items():
            codebook.replace(codebook.table_path(name), data)
    return list(found)


def _on_disk(table: str) -> bytes | None:
    path = codebook.table_path(table)
    return path.read_bytes() if path.exists() else None


# --- what fits ----------------------------------------------------------------------------------


def unfit(row: Row, problems: Callable[[Row], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Why a decision would not make one whole row: the columns, and what is expected there.

    ``row`` is one of `storage.as_text`, ``problems`` what `rules` gives.
    """
    if row["decision"] in ("rejected", "dismissed", "open"):
        return []
    table = "codings" if row.get("theme_id") else "facts"
    by_us = ("fact_id", "follows")  # if nobody says
    fields = [f for f in codebook.fields(table) if f["name"] in row and f["name"] not in by_us]
    said = [(field["name"], codebook.misfit(field, row[field["name"]])) for field in fields]
    if wrong := [each for each in said if each[1]]:
        return wrong
    return problems(row) or ([] if row.get("theme_id") else _second_fact(row))


def _second_fact(row: Row) -> list[tuple[str, str]]:
    """One span and measure make one fact, whichever candidate it was decided on."""
    for other in storage.log().near(row | {"hand": "checker"}):
        same = all(other[name] == row[name] for name in ("char_end", "measure_id"))
        if same and other["decision"] != "rejected" and check_unit(other) != check_unit(row):
            return [("measure_id", f"another measure: {row['measure_id']} is a fact there already")]
    return []


# --- decisions --------------------------------------------------------------------------------


def decide(
    after: list[dict], before: list[Row] | None = None, articles: dict[str, str] | None = None
) -> list[Row]:
    """Save decisions on candidates, in the log and in ``facts.csv``; the rows that stand now.

    ``before`` are the rows that the checker saw (none for an open candidate). A decision saved
    meanwhile by another hand is never overwritten: if it says the same it stands alone, and is
    what is returned; if it differs, both are kept, the fact is left out until a decision that saw
    both settles it, and `storage.DecisionConflict` names them. Without ``after`` what was seen is
    open again.
    """
    named = [_named(row, before or []) | {"action": "decide"} for row in after]
    return _save("checker", named, before or [], articles)


def _named(row: dict, before: list[Row]) -> dict:
    """The decision with the id of its fact: the old one as long as the measure stays."""
    if row["decision"] == "rejected":
        return {**row, "fact_id": ""}
    old = [r["fact_id"] for r in before if r["measure_id"] == row["measure_id"] and r["fact_id"]]
    return {**row, "fact_id": old[0] if old else fact_id({**row, "fact_id": ""})}


def code(coder: str, after: list[dict], before: list[Row] | None = None) -> list[Row]:
    """Save passages of one coder's own pass (``coder_1`` or ``coder_2``); the rows that stand."""
    signed = {"action": "code", "decided_by": coder.replace("_", " ")}
    usual = {"confirmed_by_person": "false", "decision": "coded"}
    return _save(coder, [usual | storage.filled(row) | signed for row in after], before or [])


def adjudicate(after: list[dict], before: list[Row] | None = None) -> list[Row]:
    """Save what the adjudicator settles, passage by passage; what is left empty is taken from the
    coder that is followed.
    """
    with_codes = [_ruling(row) for row in after]
    return _save("adjudicator", with_codes, before or [])


def _ruling(row: dict) -> dict:
    kept = str(row["kept"]).lower() == "true"
    hands = {"both": "coder_1", "neither": ""}
    passage = row | {"hand": hands.get(row["follows"], row["follows"])}
    followed = [{}, *storage.log().standing(passage)][-1] if kept else {}
    decision = {"action": "adjudicate", "decision": "kept" if kept else "dismissed"}
    return followed | storage.filled(row) | decision


def undo(saved: list[Row], by: str, on: str) -> list[Row]:
    """Take back one's own lines, as a decision returned them: what they replaced stands again.

    `DecisionIncomplete` for a line of somebody else, and one that another has replaced since.
    """
    lines, log = [], storage.log()
    for row in saved:
        line = next((one for one in log.standing(row) if _same(one, row)), None)
        if line is None or line["decided_by"] != by:
            said = f"decided by {row['decided_by']}, or replaced since: not {by}'s to undo"
            raise DecisionIncomplete(f"{_where(row)}: {said}")
        before = _origin(log, line)["replaces"].split()
        old = [log.lines[i] for i in before] or [line | {"decision": "open"}]
        lines += [(one | {"action": "undo"}, [line]) for one in old]
    signed = {"decided_by": by, "decided_on": on}
    return _write([(one | (signed if one["decision"] == "open" else {}), s) for one, s in lines])


def _origin(log: decisions.Log, line: Row) -> Row:
    """The line that was written when something was decided, of one that an undo brought back."""
    while line["action"] == "undo":
        undone = [log.lines[i] for i in line["replaces"].split()]
        before = [log.lines[i] for one in undone for i in one["replaces"].split()]
        line = next(one for one in before if _same(one, line))
    return line


def _save(
    hand: str, after: list[dict], before: list[Row], articles: dict[str, str] | None = None
) -> list[Row]:
    """Append a line for each row, naming the lines that were seen of it; the rows that stand."""
    given = [{"theme_id": ""} | row | {"hand": hand} for row in after]
    seen = decisions.grouped((row | {"hand": hand} for row in before), decisions.unit)
    lines = [(row, seen.pop(decisions.unit(row), [])) for row in given]
    for rows in seen.values():  # what was seen and nothing is decided on: open again, or moved
        lost = [row for row in given if row["document_id"] == rows[0]["document_id"]]
        if not given:
            lines += [({**row, "decision": "open", "action": "undo"}, [row]) for row in rows]
        elif len(lost) == 1 and len(given) == 1:
            lines = [(lost[0], lines[0][1] + rows)]
        else:
            raise DecisionIncomplete(f"{_where(rows[0])}: this is not the row that was decided on")
    return _write(lines, articles)


def _write(
    lines: list[tuple[dict, list[Row]]], articles: dict[str, str] | None = None
) -> list[Row]:
    """Check lines with what each of them saw, append them, and derive what they change."""
    made = storage.as_text([row for row, _ in lines])
    articles = texts({row["document_id"] for row in made}) if articles is None else articles
    made = [_own_words(row, articles) for row in made]
    with storage.locked():
        log, fresh, pairs = storage.log(), [], []
        _refuse(made, articles)
        lines = [(row, _lines(log, seen)) for row, (_, seen) in zip(made, lines, strict=True)]
        for row, seen in lines:
            others = [other for other in log.standing(row) if other not in seen]
            if not any(_same(row, other) for other in [*others, *(seen if len(seen) == 1 else [])]):
                pairs += [(other, row) for other in others]
                seen_ids = sorted({one["line_id"] for one in [*seen, *log.opened(row)]})
                fresh.append(decisions.line(row, replaces=" ".join(seen_ids)))
        if pairs and made[0]["hand"] in CODERS:
            raise storage.DecisionConflict(pairs)
        _append(fresh, [row for _, seen in lines for row in seen], articles)
    if pairs:
        raise storage.DecisionConflict(pairs)
    standing = {one["line_id"]: one for row in made for one in log.standing(row)}
    return [*standing.values()]


def _own_words(row: Row, articles: dict[str, str]) -> Row:
    """The row with its quote, and the words around it, as the article spells them."""
    text, start, end = articles.get(row["document_id"], ""), row["char_start"], row["char_end"]
    exact = row["number_text"] or row["quote"]
    if not end or not exact or text[int(start) : int(end)] != exact:
        return row
    quote = evidence.own_words(text, row["quote"], int(start), int(end)) or row["quote"]
    return row | {"quote": quote} | evidence.selectors(text, int(start), int(end))


def _lines(log: decisions.Log, seen: list[Row]) -> list[Row]:
    """The lines of what was seen; refused if it was never decided like that.

    What was undone and decided again in the same words is what was seen.
    """
    for row in seen:
        if log.lines.get(row.get("line_id")) != row:
            raise DecisionIncomplete(f"{_where(row)}: what was seen of it is not in the log")
    standing = [line for row in seen for line in log.standing(row)]
    again = [line for line in standing if any(_same(line, row) for row in seen)]
    return list({line["line_id"]: line for line in [*seen, *again]}.values())


def _same(one: Row, other: Row) -> bool:
    """Whether two lines say the same of the same thing, whoever says it."""
    signed = {"line_id", "replaces", "action", "decided_by", "decided_on", "fact_id"}
    return all(one[name] == other[name] for name in one if name not in signed)


def _append(fresh: list[Row], seen: list[Row], articles: dict[str, str]) -> None:
    """The lines in the log, and what they change in the derived tables."""
    if not fresh:
        return
    about, log = [*fresh, *seen], storage.log()
    table, derived = "facts", decisions.facts_of
    if fresh[0]["theme_id"]:
        table, derived = "codings", decisions.codings_of
    old = derived(log, articles, about)
    storage.append(fresh)
    log.update()
    if codebook.table_path(table).exists():
        storage.splice(table, old, derived(log, articles, about))
    else:
        tables()


def _refuse(rows: list[Row], articles: dict[str, str]) -> None:
    """Raise `DecisionIncomplete` for the first row that would not make one whole row."""
    problems, once = rules(articles), set()
    for row in rows:
        wrong = unfit(row, problems)
        thing = *decisions.place(row), row["char_end"], row["measure_id"] or row["theme_id"]
        if thing in once and row["action"] != "undo":
            wrong = [("char_start", "one decision on a thing at a time")]
        once.add(thing)
        if wrong:
            said = "; ".join(f"{column}: expected {expected}" for column, expected in wrong)
            error = DecisionIncomplete(f"{_where(row)}: {said}")
            error.wrong = wrong
            raise error


def _where(row: Row) -> str:
    words = row.get("number_text") or row.get("quote", "")[:40]
    return f"{row['document_id']} {row['char_start']} ({words})"


def conflicts() -> list[tuple[Row, Row]]:
    """Pairs of decisions on one thing that differ, none of them settled yet."""
    log = storage.log()
    rows = [row for hand in ("checker", "adjudicator") for row in log.of(hand)]
    units = decisions.grouped(rows, decisions.unit).values()
    return [(first, other) for first, *others in units for other in others]


# --- after publication ------------------------------------------------------------------------


def correct(
    table: str, row_id: str, column: str, after: str, reason: str, by: str, on: str, basis: str = ""
) -> list[Row]:
    """Correct one cell of a published row; the reports print it with its reason.

    Ends that are the number itself are corrected with it. A value that is not what the printed
    words read as needs a ``basis``, one of the codes of ``value_basis``. What the desk would refuse
    is refused, and nothing is written.
    """
    if column not in CORRECTABLE[table]:
        known = ", ".join(CORRECTABLE[table])
        raise DecisionIncomplete(f"{table}.csv: {column} cannot be corrected; one of: {known}")
    if not reason.strip():
        raise DecisionIncomplete(f"{row_id}: expected a reason, which the reports print")
    row = _published(table, row_id)
    if column in ("value", "value_low", "value_high") and after.strip():
        after = typed.number(after, row["unit"], row["number_text"])
    ends = ("value_low", "value_high") if column == "value" else ()
    change = dict.fromkeys([column, *(end for end in ends if row[end] == row["value"])], after)
    change |= {"action": "correct", "confirmed_by_person": "false"}
    change |= {"decision": "corrected" if table == "facts" else "kept"}
    change |= {"value_basis": basis} if basis else {}
    return _change(table, row, change | {"reason": reason, "decided_by": by, "decided_on": on})


def withdraw(table: str, row_id: str, reason: str, by: str, on: str) -> list[Row]:
    """Withdraw a published row; the reports of its article say so."""
    row, said = _published(table, row_id), "rejected" if table == "facts" else "dismissed"
    change = {"action": "withdraw", "decision": said, "confirmed_by_person": "false"}
    return _change(table, row, change | {"reason": reason, "decided_by": by, "decided_on": on})


def confirm(table: str, row_id: str, by: str, on: str) -> list[Row]:
    """Confirm a row as one that a named person has held against the article."""
    if by.strip().lower() in NOBODY:
        raise DecisionIncomplete(f"{row_id}: expected the name of a person, found {by!r}")
    change = {"action": "confirm", "confirmed_by_person": "true"}
    return _change(table, _published(table, row_id), change | {"decided_by": by, "decided_on": on})


def _published(table: str, row_id: str) -> Row:
    """The line that gives a row of a derived table."""
    log = storage.log()
    themes = decisions.passages(log) if table == "codings" else {}
    given = log.of("checker") if table == "facts" else [r for rows in themes.values() for r in rows]
    of = fact_id if table == "facts" else decisions.coding_id
    found = [row for row in given if row["decision"] != "rejected" and of(row) == row_id]
    if len(found) != 1:
        said = "two decisions on it differ; settle them first" if found else "no such row"
        raise DecisionIncomplete(f"{table}.csv, {row_id!r}: {said}")
    return found[0]


def _change(table: str, row: Row, change: dict) -> list[Row]:
    """A published row with some cells changed, as a line that replaces its own."""
    if table == "facts":
        return _write([(_named(row | change, [row]), [row])])
    others = decisions.passages(storage.log())[decisions.theme_unit(row)]
    signed = {"reason": "the coders agree", "action": "adjudicate", "confirmed_by_person": "false"}
    signed |= {"decided_by": change["decided_by"], "decided_on": change["decided_on"]}
    lines = []
    for one in others:
        is_it, ruled = one["line_id"] == row["line_id"], one["hand"] == "adjudicator"
        made = one | {"hand": "adjudicator", "decision": "kept"} | ({} if ruled else signed)
        made |= change if is_it else {}
        lines += [(made, [one] if ruled else [])] if is_it or not ruled else []
    return _write(lines)


def audited() -> pd.DataFrame:
    """The consistency audit of the facts on disk, with the notes that resolve findings."""
    notes = codebook.load("audit_notes")
    schemes = codebook.load("rating_schemes")
    return audit.findings(codebook.load("facts"), schemes, notes if len(notes) else None)
