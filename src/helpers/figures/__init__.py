"""One tidy table in, one figure in both languages out, with its alt text and its caption.

Names come from the codebooks, every number from the table: nothing is computed here. What the
gate does not let stand on one axis is refused.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from itertools import combinations, product

import pandas as pd

from helpers import bounds, codebook, quantities, report
from helpers.bounds import Bounded
from helpers.figures import drawing
from helpers.figures.drawing import GREY, NONE, Cell, Column, Grid, Row
from helpers.report import LANGUAGES, Shown, Words

OWN_LEVELS = ("district", "town")  # the localities themselves; communes are below them
BOOKS = {
    "locality_id": "localities",
    "place_id": "localities",
    "measure_id": "measures",
    "theme_id": "themes",
    "scheme_id": "rating_schemes",
}
MOST_COLUMNS = 18  # of a grid; with more, the same table is drawn as one share per row
KINDS = ("practice", "limitation")
STATUSES = ("done", "planned", "urged", "rule", "overcome")


class NotOnOneAxis(ValueError):
    """Localities that the gate does not let stand on one axis; ``rows`` tells which, and why."""

    def __init__(self, message: str, rows: pd.DataFrame):
        self.rows = rows
        super().__init__(message)


def evidence_map(table: pd.DataFrame, name: str = "evidence-map", language: str = "en") -> Shown:
    """Localities by subject: figures, bounds, practices, limitations and silence, with counts.

    ``table`` as `indicators.evidence_map` gives it: locality_id, group, subject, evidence, n, ids.
    """
    title = _word("title_map")
    if table["locality_id"].nunique() > MOST_COLUMNS:
        return _share_figure(_many_said(table), title, _word("many_map"), name, language)
    subjects, blocks, cells, frame = {}, {}, {}, []
    for group, list_name in (("figures", "figure_subject"), ("dimensions", "dimension")):
        own = table[table["group"] == group]
        subjects[group] = _in_order(list_name, own["subject"])
        blocks |= {_name("evidence_group", group): subjects[group]} if len(own) else {}
    for row in table.to_dict("records"):
        block, kind = _name("evidence_group", row["group"]), _name("evidence", row["evidence"])
        ids = _ids(row["ids"])
        if ids:
            place = (block, row["subject"], row["locality_id"])
            cells.setdefault(place, []).append(Cell(row["evidence"], str(row["n"]), kind, ids))
        subject = subjects[row["group"]][row["subject"]]
        frame.append((row["locality_id"], subject, kind, _count(row["n"], ids)))
    used = _in_order("evidence", (cell.glyph for marks in cells.values() for cell in marks))
    key = [((kind,), words) for kind, words in used.items()] + [(("empty",), _word("silence"))]
    grid = Grid(_localities(table["locality_id"]), blocks, cells, key)
    shown = _frame(frame, "locality_id", "subject", "evidence", "n")
    return _grid_figure(grid, title, _word("map"), name, shown, language)


def practices(table: pd.DataFrame, name: str = "practices", language: str = "en") -> Shown:
    """Localities by dimension, a block per kind and status, the level told by the mark.

    ``table`` as `profiles.counts` gives it: locality_id, dimension, kind, level, status, stance,
    n, ids.
    """
    title = _word("title_practices")
    if table["locality_id"].nunique() > MOST_COLUMNS:
        lines = _many_practices(table)
        return _share_figure(lines, title, _word("many_practices"), name, language)
    blocks, cells, levels = {}, {}, _codes("level")
    table = table.sort_values("level", key=lambda found: found.map(levels.index), kind="stable")
    for kind, status in product(KINDS, STATUSES):
        own = table[(table["kind"] == kind) & (table["status"] == status)]
        block = _status_block(kind, status) if len(own) else NONE
        blocks |= {block: _in_order("dimension", own["dimension"])} if len(own) else {}
        for row in own.to_dict("records"):
            cell = Cell(*_practice_glyph(row), _ids(row["ids"]))
            cells.setdefault((block, row["dimension"], row["locality_id"]), []).append(cell)
    grid = Grid(_localities(table["locality_id"]), blocks, cells, _practice_key(cells))
    counts = [_count(n, _ids(ids)) for n, ids in zip(table["n"], table["ids"], strict=True)]
    shown = table.drop(columns="ids").rename(columns={"kind": "evidence"}).assign(n=counts)
    return _grid_figure(grid, title, _word("practices"), name, shown, language)


def _status_block(kind: str, status: str) -> Words:
    status_name = _lower(_name("column", f"{kind}_{status}"))
    return _joined([_name("column", f"{kind}s"), status_name], ": ")


def _practice_glyph(row: dict) -> tuple[str, str, Words]:
    """The mark of a count, the count and its level: open below the locality, a cross if denied."""
    if row["stance"] == "denied":
        return "denied", str(row["n"]), _name("stance", "denied")
    below = "_below" if row["level"] == "commune" else "_other"
    glyph = row["kind"] + ("" if row["level"] in OWN_LEVELS else below)
    return glyph, str(row["n"]), _name("level", row["level"])


def _practice_key(cells: dict) -> list[tuple[tuple[str, ...], Words]]:
    """What the marks mean: one entry per level, for practices and limitations together."""
    found = {}
    for cell in (cell for marks in cells.values() for cell in marks):
        glyphs, names = found.setdefault(re.sub("practice|limitation", "", cell.glyph), ({}, {}))
        glyphs[cell.glyph] = names[cell.words] = None
    entries = [
        (tuple(glyphs), _joined(names, ", ")) for _, (glyphs, names) in sorted(found.items())
    ]
    return [*entries, (("empty",), _word("silence"))]


def verdict_matrix(matrix: pd.DataFrame, name: str = "verdicts", language: str = "en") -> Shown:
    """Pairs of localities by measure: the verdict, and the letters of the reasons.

    ``matrix`` as `gate.matrix` gives it. Measures that no pair states on both sides are
    counted but not drawn; where a pair has several periods, every verdict is.
    """
    pairs, cells, frame, blocks = _pairs(matrix), {}, [], {}
    if len(pairs) > MOST_COLUMNS:
        lines = _many_verdicts(matrix)
        return _share_figure(lines, _word("title_verdicts"), _word("many_verdicts"), name, language)
    for kind, is_quality in (("quality", True), ("plain", False)):
        own = matrix[matrix["quality"] == is_quality]
        block = _block_of_verdicts(own, kind)
        blocks |= {block: _told_of_both(own)} if len(own) else {}
        for row in own.to_dict("records"):
            pair = (row["row_id"], row["column_id"])
            cells.setdefault((block, row["measure_id"], pair), []).append(_verdict_cell(row))
            places = (_name("localities", one) for one in pair)
            frame.append((*places, row["measure_id"], row["verdict"]))
    key = _verdict_key(matrix["verdict"])
    letters = _initials(dict.fromkeys(one for pair in pairs for one in pair))
    key += [((short,), _name("localities", place)) for place, short in letters.items()]
    grid = Grid([_pair(pair, letters) for pair in pairs], blocks, cells, key, stub=0)
    shown = _frame(frame, "locality_a", "locality_b", "measure_id", "verdict")
    left_out = matrix["measure_id"].nunique() - sum(map(len, blocks.values()))
    measure = _joined([_word("verdicts"), _word("one_sided", left_out) if left_out else NONE], ". ")
    return _grid_figure(grid, _word("title_verdicts"), measure, name, shown, language)


def _pairs(matrix: pd.DataFrame) -> list[tuple[str, str]]:
    """Every pair of the localities in a matrix, in the fixed order, turned as it has them."""
    given = set(zip(matrix["row_id"], matrix["column_id"], strict=True))
    found = {place for pair in given for place in pair}
    places = [place for place in _places() if place in found]
    return [(b, a) if (b, a) in given else (a, b) for a, b in combinations(places, 2)]


def _verdict_cell(row: dict) -> Cell:
    """The mark of a verdict with the letters of its reasons."""
    verdict = row["verdict"]
    why = _joined((_name("gate_reason", code) for code in verdict.reasons), ", ")
    words = _joined([_name("verdict", verdict.verdict), why], ": ")
    letters = "".join(_letter(code) for code in verdict.reasons if code != "missing")
    ids = (*_facts(row["row_amount"]), *_facts(row["column_amount"]))
    return Cell(verdict.verdict, letters, words, ids)


def _verdict_key(verdicts: Iterable) -> list[tuple[tuple[str, ...], Words]]:
    """What the marks and the letters mean that occur."""
    found = _in_order("verdict", (one.verdict for one in verdicts))
    reasons = _in_order("gate_reason", (code for one in verdicts for code in one.reasons))
    letters = [((_letter(code),), words) for code, words in reasons.items() if code != "missing"]
    marks = [((code,), words) for code, words in found.items()]
    return [*marks, (("empty",), _word("neither")), *letters]


def _block_of_verdicts(own: pd.DataFrame, kind: str) -> Words:
    """The heading of the quality or the plain measures: how many pairs and measures are decided."""
    pairs = [own[one] for one in ("row_id", "column_id", "measure_id")]
    decided = pd.Series([one.is_decided for one in own["verdict"]], own.index, dtype=bool)
    found = decided.groupby(pairs).any()
    return _word("k_of_n", _word(kind), int(found.sum()), len(found))


def _told_of_both(own: pd.DataFrame) -> dict[str, Words]:
    """The measures that both localities of some pair state, those of the most pairs first."""
    both = pd.Series(map(_is_of_both, own["verdict"]), own.index, dtype=bool)
    told = both.groupby(own["measure_id"]).sum()
    ordered = sorted(told[told > 0].index, key=lambda one: (-told[one], one))
    return {measure_id: _name("measures", measure_id) for measure_id in ordered}


def _is_of_both(verdict) -> bool:
    return "missing" not in verdict.reasons


def dots(
    sets: pd.DataFrame,
    matrix: pd.DataFrame,
    measure_id: str,
    name: str = "",
    language: str = "en",
) -> Shown:
    """One measure of several localities on one axis, each with its period.

    ``sets`` as `gate.identified_sets` gives it (locality_id, amount, stated, period), ``matrix`` as
    `gate.matrix`. Raises `NotOnOneAxis` unless every two localities that state the measure have a
    verdict there, on these periods, other than not comparable.
    """
    _refuse(sets, matrix, measure_id)
    return _measured(sets, measure_id, name or f"dots-{measure_id}", language, False)


def panels(
    sets: pd.DataFrame,
    measure_id: str,
    name: str = "",
    language: str = "en",
) -> Shown:
    """The same table with a scale for each locality, for what may not share one.

    What nobody printed is drawn as the whole range that stays possible.
    """
    return _measured(sets, measure_id, name or f"panels-{measure_id}", language, True)


def _measured(
    sets: pd.DataFrame, measure_id: str, name: str, language: str, is_apart: bool
) -> Shown:
    title = _word("title_measure", _name("measures", measure_id))
    if is_apart and len(sets) > MOST_COLUMNS:
        measure = _joined([_definition(measure_id), _word("many_measured")], " ")
        return _share_figure(_many_measured(sets), title, measure, name, language)
    rows, order = [], _places()
    for row in sorted(sets.to_dict("records"), key=lambda row: order[row["locality_id"]]):
        place, period = _name("localities", row["locality_id"]), row["period"] or ""
        amount = row["amount"] if is_apart or row["stated"] else None
        panel, colour = (place if is_apart else NONE), _colour(row["locality_id"])
        rows.append(Row(place, amount, panel, Words(period, period), colour))
    measure = _joined([_definition(measure_id), _word("own_axis" if is_apart else "one_axis")], " ")
    foot = _word("stated", int(sets["stated"].sum()), len(sets))
    shown = sets[["locality_id", "period", "amount"]].rename(columns={"amount": "value"})
    return _row_figure(rows, title, measure, foot, name, shown, language, drawing.dot)


def tiers(
    table: pd.DataFrame,
    facts: pd.DataFrame | None = None,
    name: str = "tiers",
    language: str = "en",
) -> Shown:
    """Every tier of one locality's ratings, best first, as shares; with ``facts`` counts beside.

    ``table`` as `indicators.tiers` gives it: locality_id, population, period_end, measure_id,
    amount. A tier that is not stated is hatched as far as the others leave room.
    """
    place, rows = _one_place(table), []
    for row in table.to_dict("records"):
        year = Words(row["period_end"][:4], row["period_end"][:4])
        panel = _joined([_name("figure_subject", row["population"]), year], ", ")
        label, colour = _name("measures", row["measure_id"]), _colour(row["locality_id"])
        rows.append(Row(label, row["amount"], panel, _fraction(row["amount"], facts), colour))
    measure = _joined([place, _word("tiers")], ": ")
    shown = pd.DataFrame({"measure_id": table["measure_id"], "year": table["period_end"].str[:4]})
    shown = shown.assign(count=[row.note for row in rows], share=table["amount"])
    return _row_figure(
        rows, _word("title_tiers"), measure, NONE, name, shown, language, drawing.bar
    )


def ceiling(
    table: pd.DataFrame,
    tail: pd.DataFrame | None = None,
    name: str = "ceiling",
    language: str = "en",
) -> Shown:
    """One locality's excellent over three bases beside the ceiling, then the tail it cannot touch.

    ``table`` as `indicators.ceiling_bases` gives it; ``tail`` holds measure_id and amount (share).
    """
    place, rows, colour = _one_place(table), [], drawing.BLUE
    for row in table.to_dict("records"):
        part, whole, limit = row["part"], row["whole"], float(row["ceiling_share"])
        known = "ceiling" if bool(row["ceiling_verified"]) else "ceiling_unsure"
        panel = _word(known, _name("figure_subject", row["population"]), limit)
        note, colour = _word("of", part, whole), _colour(row["locality_id"])
        rows.append(
            Row(_word(f"base_{row['base']}"), row["amount"], panel, note, colour, None, limit)
        )
    for row in [] if tail is None else tail.to_dict("records"):
        label = _name("measures", row["measure_id"])
        rows.append(Row(label, row["amount"], _word("tail"), NONE, colour))
    measure = _joined([place, _word("excellent")], ": ")
    lines = [(row.panel, row.label, row.note, row.amount) for row in rows]
    shown = _frame(lines, "population", "indicator", "count", "share")
    return _row_figure(
        rows, _word("title_ceiling"), measure, NONE, name, shown, language, drawing.bar
    )


def agreement(table: pd.DataFrame, name: str = "agreement", language: str = "en") -> Shown:
    """Alpha by dimension with its spread when the articles are drawn again.

    ``table`` as `agreement.summary(units, "dimension", interval=True)` gives it.
    """
    title, extra = _word("title_agreement"), {"low": "alpha_low", "high": "alpha_high"}
    given = (table, "dimension", "alpha", name, title.en, title.vi, language, _word("alpha"))
    return bars(*given, n="units", unit="ratio", **extra)


def bars(
    table: pd.DataFrame,
    by: str,
    value: str,
    name: str,
    en: str,
    vi: str,
    language: str = "en",
    measure: Words | tuple[str, str] = NONE,
    low: str = "",
    high: str = "",
    n: str = "",
    panel: str = "",
    unit: str = "share",
) -> Shown:
    """A dot per row of any table that does not set localities side by side.

    ``by`` and ``panel`` name columns of ids, texts or (English, Vietnamese) pairs, ``value`` one of
    numbers (in ``unit``) or Bounded, ``low`` and ``high`` the ends of an interval, which
    ``measure``, the subtitle, must name ("grey line: Wilson interval, 95%"), ``n`` a denominator.
    """
    if by in ("locality_id", "place_id") and table[by].nunique() > 1:
        raise NotOnOneAxis("bars never ranks localities: draw figures.dots or panels", table)
    rows = []
    for row in table.to_dict("records"):
        note = _word("n", int(row[n])) if n else NONE
        heading = _cell_words(panel, row[panel]) if panel else NONE
        spread = (float(row[low]), float(row[high])) if low and pd.notna(row[low]) else None
        amount = _amount(row[value], unit)
        rows.append(Row(_cell_words(by, row[by]), amount, heading, note, drawing.BLUE, spread))
    shown = table[[one for one in (panel, n) if one]].assign(**{by: [row.label for row in rows]})
    shown = shown[[by, *shown.columns.drop(by)]].assign(**{value: [row.amount for row in rows]})
    if low:
        shown["interval"] = [_interval(row) if row.spread else None for row in rows]
    subtitle = measure if isinstance(measure, Words) else Words(*measure)
    return _row_figure(rows, Words(en, vi), subtitle, NONE, name, shown, language, drawing.dot)


def _many_said(table: pd.DataFrame) -> list[tuple]:
    """How many localities have a number or a passage on each subject, and how many anything."""
    lines, whole = [], table["locality_id"].nunique()
    for group, list_name in (("figures", "figure_subject"), ("dimensions", "dimension")):
        own = table[(table["group"] == group)]
        for subject, label in _in_order(list_name, own["subject"]).items():
            said = own[own["subject"] == subject].groupby("evidence")["locality_id"].agg(set)
            sure = set().union(*(said.get(k, ()) for k in ("number", "practice", "limitation")))
            some = sure.union(*(said.get(k, ()) for k in ("bound", "part")))
            lines.append((_name("evidence_group", group), label, len(sure), len(some), whole))
    return lines


def _many_practices(table: pd.DataFrame) -> list[tuple]:
    """How many localities have a passage of each kind and status, by dimension."""
    lines, whole = [], table["locality_id"].nunique()
    for kind, status in product(KINDS, STATUSES):
        own = table[(table["kind"] == kind) & (table["status"] == status)]
        count = own.groupby("dimension")["locality_id"].nunique()
        for dimension, label in _in_order("dimension", own["dimension"]).items():
            lines.append((_status_block(kind, status), label, *[count[dimension]] * 2, whole))
    return lines


def _many_verdicts(matrix: pd.DataFrame) -> list[tuple]:
    """How many pairs that state a measure are decided, and how many decided or undecided."""
    lines = []
    for kind, own in (
        ("quality", matrix[matrix["quality"]]),
        ("plain", matrix[~matrix["quality"]]),
    ):
        found = {True: defaultdict(set), False: defaultdict(set), None: defaultdict(set)}
        for *pair, measure_id, answer in own[_VERDICT].itertuples(index=False, name=None):
            found[None][measure_id].add(tuple(pair))
            if answer.verdict != "not_comparable":
                found[False][measure_id].add(tuple(pair))
            if answer.is_decided:
                found[True][measure_id].add(tuple(pair))
        for measure_id, label in _told_of_both(own).items():
            counts = [len(found[state][measure_id]) for state in (True, False, None)]
            lines.append((_word(kind), label, *counts))
    return lines


_VERDICT = ["row_id", "column_id", "measure_id", "verdict"]


def _many_measured(sets: pd.DataFrame) -> list[tuple]:
    """How many localities have their newest figure in a period, as a number and at all."""
    stated = sets[sets["stated"].astype(bool)]
    return [
        (NONE, Words(period, period), sum(map(bounds.is_point, own)), len(own), len(sets))
        for period, own in sorted(stated.groupby("period")["amount"], reverse=True)
    ]


def _share_figure(
    lines: list[tuple], title: Words, measure: Words, name: str, language: str
) -> Shown:
    """A bar per line (panel, label, certain, possible, whole): full if certain, then hatched."""
    rows = []
    for panel, label, certain, possible, whole in lines:
        share = bounds.exact(round(certain / whole, 3), "share")
        spread = (share.low, round(possible / whole, 3)) if possible > certain else None
        rows.append(
            Row(label, share, panel, _word("of", int(certain), whole), drawing.BLUE, spread)
        )
    told = [(_joined([row.panel, row.label], ": "), row.note, row.amount) for row in rows]
    shown = _frame(told, "indicator", "count", "share")
    if any(row.spread for row in rows):
        shown["interval"] = [_interval(row) if row.spread else None for row in rows]
    return _row_figure(rows, title, measure, NONE, name, shown, language, drawing.bar, False)


def _interval(row: Row) -> Words:
    """The interval under a mark in words."""
    both = Bounded(*row.spread, False, False, row.amount.unit, None, "range")
    return Words(*[bounds.words(both, lang) for lang in LANGUAGES])


def _row_figure(
    rows: list[Row],
    title: Words,
    measure: Words,
    foot: Words,
    name: str,
    frame: pd.DataFrame,
    language: str,
    mark: Callable,
    has_key: bool = True,
) -> Shown:
    """The drawing, the alt text and the caption of rows, from the same values."""
    source = _source(one for row in rows for one in _facts(row.amount))
    foot, told = _joined([foot, source], ". "), {}
    for lang in LANGUAGES:
        told[lang] = []
        for row in rows:
            lead = _joined(dict.fromkeys([row.panel, row.label]), ": ")
            label = drawing.with_note(getattr(lead, lang), getattr(row.note, lang))
            interval = getattr(_interval(row), lang) if row.spread else ""
            said = drawing.with_note(drawing.value(row.amount, lang), interval)
            told[lang].append(f"{label}: {said}")
    kinds = {_key_of(row.amount, mark) for row in rows}
    key = _joined(_in_order("figure", kinds).values()) if has_key else NONE
    body = lambda sheet: drawing.rows(sheet, rows, mark)  # noqa: E731
    return _shown(title, measure, foot, key, told, body, name, frame, language)


def _grid_figure(
    grid: Grid, title: Words, measure: Words, name: str, frame: pd.DataFrame, language: str
) -> Shown:
    """The drawing, the alt text and the caption of a grid, from the same cells."""
    ids = {one for marks in grid.cells.values() for cell in marks for one in cell.ids}
    foot = [_word("passages", len(ids)), _source(ids)]
    told = {lang: _grid_told(grid, lang) for lang in LANGUAGES}
    body = lambda sheet: drawing.grid(sheet, grid)  # noqa: E731
    fields = [
        (block, row, column.key)
        for block, names in grid.blocks.items()
        for row in names
        for column in grid.columns
    ]
    empty = _word("empty_fields", sum(one not in grid.cells for one in fields), len(fields))
    return _shown(title, measure, _joined(foot, ". "), empty, told, body, name, frame, language)


def _grid_told(grid: Grid, language: str) -> list[str]:
    """What every row says of every column that is drawn, silence too."""
    said = []
    for block, names in grid.blocks.items():
        for key, name in names.items():
            parts = []
            for column in grid.columns:
                marks = grid.cells.get((block, key, column.key), [])
                words = ", ".join(drawing.cell_words(mark, language) for mark in marks)
                words = words or report.ui("not_stated", language)
                parts.append(f"{getattr(column.name, language)} {words}")
            lead = getattr(_joined([block, name], ", "), language)
            said.append(f"{lead}: {'; '.join(parts)}")
    return said


def _shown(
    title: Words,
    measure: Words,
    foot: Words,
    key: Words,
    told: dict[str, list[str]],
    body: Callable,
    name: str,
    frame: pd.DataFrame,
    language: str,
) -> Shown:
    """The figure in both languages; ``told`` is what the alt text says of every value."""
    svg, alt, caption = {}, {}, {}
    foot = foot if told["en"] else _word("nothing")
    for lang in LANGUAGES:
        first, last = (getattr(one, lang) for one in (title, foot))
        alt[lang] = _sentences([first, getattr(measure, lang), *told[lang], last])
        caption[lang] = _sentences([first, getattr(key, lang)])
        svg[lang] = drawing.draw(lang, title, measure, foot, body)
    return report.figure(frame, name, svg, alt, caption, language)


def _sentences(parts: Iterable[str]) -> str:
    return " ".join(part if part[-1] in ".?!" else f"{part}." for part in parts if part)


def _key_of(amount: Bounded | None, mark: Callable) -> str:
    """Which line of the key explains an amount's mark."""
    kind = drawing.kind(amount)
    if mark is drawing.bar:
        kind = {"dot": "bar", "silence": "silence"}.get(kind, "hatch")
    return f"key_{kind}"


def _refuse(sets: pd.DataFrame, matrix: pd.DataFrame, measure_id: str) -> None:
    """Raise `NotOnOneAxis` unless the gate found every two stated amounts comparable."""
    stated = sets[sets["stated"].astype(bool)]
    sides = list(zip(stated["locality_id"], stated["period"], strict=True))
    own = matrix[matrix["measure_id"] == measure_id]
    free = {
        frozenset([(row.row_id, row.row_period), (row.column_id, row.column_period)])
        for row in own.itertuples()
        if row.verdict.verdict != "not_comparable" and _is_of_both(row.verdict)
    }
    against = [pair for pair in combinations(sides, 2) if frozenset(pair) not in free]
    if not against:
        return
    told = "; ".join(
        f"{a} {a_period} and {b} {b_period}" for (a, a_period), (b, b_period) in against
    )
    unlike = {frozenset([a, b]) for (a, _), (b, _) in against}
    pairs = [frozenset(pair) for pair in zip(own["row_id"], own["column_id"], strict=True)]
    raise NotOnOneAxis(
        f"{measure_id}: the gate does not let these stand on one axis: {told}. Expected a verdict "
        "on both other than not_comparable in `matrix`, for every two and on these periods. Draw "
        "figures.panels, or leave localities out.",
        own[[pair in unlike for pair in pairs]],
    )


def _one_place(table: pd.DataFrame) -> Words:
    """The name of the only locality of a table; nothing for an empty one."""
    places = sorted(set(table["locality_id"]))
    if len(places) > 1:
        raise NotOnOneAxis(
            f"expected the rows of one locality, found {places}: ratings of several localities are "
            "never set side by side here. Draw one figure for each.",
            table,
        )
    return _name("localities", places[0]) if places else NONE


def _word(code: str, *values: Words | Bounded | str | float) -> Words:
    """A phrase of the vocabulary list "figure" with its values; a float is a share."""
    phrase = _name("figure", code)
    said = {
        lang: getattr(phrase, lang).format(*(_written(one, lang) for one in values))
        for lang in LANGUAGES
    }
    return Words(**said)


def _written(one: Words | Bounded | str | float, language: str) -> str:
    if isinstance(one, Words):
        return getattr(one, language)
    if isinstance(one, Bounded):
        return bounds.words(one, language)
    if isinstance(one, str):
        return one
    return quantities.write(one, "share" if isinstance(one, float) else "count", language, 0)


def _joined(words: Iterable[Words], by: str = "; ") -> Words:
    """Several phrases as one; empty ones are left out."""
    words = list(words)
    parts = {lang: [getattr(one, lang) for one in words] for lang in LANGUAGES}
    return Words(**{lang: by.join(filter(None, parts[lang])) for lang in LANGUAGES})


def _lower(words: Words) -> Words:
    return Words(words.en[:1].lower() + words.en[1:], words.vi[:1].lower() + words.vi[1:])


def _name(table: str, code: str) -> Words:
    """The name of an id from a codebook, or from the list of that name in the vocabulary."""
    return report.label(table if table in BOOKS.values() else f"vocabulary:{table}", code)


def _cell_words(column: str, value: str | Words | tuple[str, str]) -> Words:
    """A pair, an id by the name of its column, or a text that is the same in both languages."""
    if not isinstance(value, str):
        return value if isinstance(value, Words) else Words(*value)
    table = BOOKS.get(column, f"vocabulary:{column}")
    known = report.labels(table, "en")
    return report.label(table, value) if value in known else Words(value, value)


def _amount(value: Bounded | float | None, unit: str) -> Bounded | None:
    if isinstance(value, Bounded) or value is None:
        return value
    return None if pd.isna(value) else bounds.exact(float(value), unit)


def _fraction(amount: Bounded, facts: pd.DataFrame | None) -> Words:
    """ "90 of 449" for a share that is one or several facts over another; else nothing."""
    parts, _, whole = amount.formula.partition(" / ")
    is_sum = re.fullmatch(r"[{}()+\d ]+", parts) and re.fullmatch(r"\{\d+\}", whole)
    if facts is None or not is_sum:
        return NONE
    known = facts.set_index("fact_id").loc[list(amount.facts)].reset_index().to_dict("records")
    *several, total = [bounds.from_fact(row) for row in known]
    return _word("of", sum(several[1:], several[0]), total)


def _ids(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("|")) if joined else ()


def _facts(amount: Bounded | None) -> tuple[str, ...]:
    return amount.facts if isinstance(amount, Bounded) else ()


def _count(n: int, ids: tuple[str, ...]) -> Words | None:
    return report.cited(str(n), ids) if ids else None


def _frame(rows: list[tuple], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns, dtype="object")


def _book(table: str) -> pd.DataFrame:
    """A codebook, read again only when its file has changed."""
    path = codebook.table_path(table)
    return _book_at(table, str(path), path.stat().st_mtime_ns)


@cache
def _book_at(table: str, path: str, changed: int) -> pd.DataFrame:
    return codebook.load(table)


def _codes(list_name: str) -> list[str]:
    """The codes of a list of the vocabulary, in the order of their positions."""
    table = _book("vocabulary")
    return list(table[table["list"] == list_name].sort_values("position")["code"])


def _in_order(list_name: str, codes: Iterable[str]) -> dict[str, Words]:
    """The codes that occur, with their names, in the order of the vocabulary."""
    found = set(codes)
    return {code: _name(list_name, code) for code in _codes(list_name) if code in found}


def _letter(reason: str) -> str:
    """The letter that stands for a reason of the gate: A for the first of the list."""
    return chr(ord("A") + _codes("gate_reason").index(reason))


def _places() -> dict[str, int]:
    """The localities in their fixed order."""
    table = _book("localities")
    own = table[table["place_id"] == table["locality_id"]].sort_values("position")
    return {place: at for at, place in enumerate(own["place_id"])}


def _colour(locality_id: str) -> str:
    return drawing.COLOURS[_places()[locality_id] % len(drawing.COLOURS)]


def _localities(ids: Iterable[str]) -> list[Column]:
    """A column per locality in the fixed order, headed by its name and its articles' years."""
    order, documents, columns = _places(), _book("documents"), []
    for place in sorted(set(ids), key=order.__getitem__):
        dates = documents.loc[documents["locality_id"] == place, "published_date"].dropna()
        years = sorted({date[:4] for date in dates})
        lines = [years[0] + "–", years[-1]] if len(years) > 1 else years
        name = _name("localities", place)
        head = ((name.vi, _colour(place)), *((line, GREY) for line in lines))
        columns.append(Column(place, name, head))
    return columns


def _pair(pair: tuple[str, str], letters: dict[str, str]) -> Column:
    """A column for a pair, headed by the letters of both."""
    names = _joined([_name("localities", one) for one in pair], " – ")
    return Column(pair, names, tuple((letters.get(one, ""), _colour(one)) for one in pair))


def _initials(places: Iterable[str]) -> dict[str, str]:
    """The initials of places, numbered where two have the same."""
    found = {}
    for place in places:
        short = "".join(word[0] for word in _name("localities", place).vi.split())
        same = sum(re.sub(r"\d", "", one) == short for one in found.values())
        found[place] = f"{short}{same + 1}" if same else short
    return found


def _source(ids: Iterable[str]) -> Words:
    """The outlets and years of the articles that facts and codings come from, if they are few."""
    found = sorted({one.rsplit(".", 2)[0] for one in ids})
    if not found:
        return NONE
    if len(found) > 6:
        return _word("source", _word("articles", len(found)))
    documents = _book("documents")
    known = documents[documents["document_id"].isin(found)].fillna("").replace("unknown", "")
    named = [
        f"{row.outlet or row.document_id} {row.published_date[:4]}" for row in known.itertuples()
    ]
    return _word("source", ", ".join(named))


def _definition(measure_id: str) -> Words:
    row = _book("measures").set_index("measure_id").loc[measure_id]
    return Words(row["definition_en"], row["definition_vi"])
