"""One tidy table in, one figure in both languages out, with its alt text and its caption.

Names come from the codebooks, every number from the table: nothing is computed here. What the
gate does not let stand on one axis is refused.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, cycle, pairwise, product, repeat
from math import comb

import pandas as pd

from helpers import bounds, codebook, drawing, numbers, report
from helpers.bounds import Bounded
from helpers.drawing import GREY, NONE, Cell, Column, Grid, Row
from helpers.report import LANGUAGES, Shown, Words

OWN_LEVELS = ("district", "town")  # the localities themselves; communes are below them
MOST_COLUMNS = 18  # of a grid; with more, the same table is drawn as one share per row
UNSURE, VOID = ("bound", "part", "undecided"), ("not_comparable",)  # marks, in such a share
SUBJECTS = {"figures": "figure_subject", "dimensions": "dimension"}  # of an evidence map
KINDS = ("practice", "limitation")
STATUSES = ("done", "planned", "urged", "rule", "overcome")


class NotOnOneAxis(ValueError):
    """Localities that the gate does not let stand on one axis; ``rows`` tells which, and why."""

    def __init__(self, message: str, rows: pd.DataFrame):
        self.rows = rows
        super().__init__(message)


@dataclass(frozen=True)
class Frame:
    """What stands around a drawing, title, subtitle and foot, and how the figure is shown."""

    title: Words
    measure: Words
    name: str
    foot: Words = NONE


def evidence_map(table: pd.DataFrame, name: str = "evidence-map") -> Shown:
    """Localities by subject: figures, bounds, practices, limitations and silence, with counts.

    ``table`` as `indicators.evidence_map` gives it: locality_id, group, subject, evidence, n, ids.
    """
    blocks, cells, lines = {}, {}, []
    for group, list_name in SUBJECTS.items():
        own = table[table["group"] == group]
        if len(own):
            blocks[_name("evidence_group", group)] = _in_order(list_name, own["subject"])
    for row in table.to_dict("records"):
        block, kind = _name("evidence_group", row["group"]), _name("evidence", row["evidence"])
        if ids := _ids(row["ids"]):
            place = (block, row["subject"], row["locality_id"])
            cells.setdefault(place, []).append(Cell(row["evidence"], str(row["n"]), kind, ids))
        lines.append((row["locality_id"], blocks[block][row["subject"]], kind, _count(row)))
    used = _in_order("evidence", (cell.glyph for marks in cells.values() for cell in marks))
    grid = Grid(_localities(table), blocks, cells, [((kind,), used[kind]) for kind in used])
    shown = _table(lines, "locality_id", "subject", "evidence", "n")
    return _map_figure("map", grid, name, shown)


def practices(table: pd.DataFrame, name: str = "practices") -> Shown:
    """Localities by dimension, a block per kind and status, the level told by the mark.

    ``table`` as `profiles.counts` gives it: locality_id, dimension, kind, level, status, stance,
    n, ids.
    """
    blocks, cells, levels = {}, {}, list(report.labels("vocabulary:level", "en"))
    table = table.sort_values("level", key=lambda found: found.map(levels.index), kind="stable")
    for kind, status in product(KINDS, STATUSES):
        own = table[(table["kind"] == kind) & (table["status"] == status)]
        if own.empty:
            continue
        block = _status_block(kind, status)
        blocks[block] = _in_order("dimension", own["dimension"])
        for row in own.to_dict("records"):
            cell = Cell(*_practice_glyph(row), _ids(row["ids"]))
            cells.setdefault((block, row["dimension"], row["locality_id"]), []).append(cell)
    grid = Grid(_localities(table), blocks, cells, _practice_key(cells))
    shown = table.drop(columns="ids").rename(columns={"kind": "evidence"})
    shown = shown.assign(n=[_count(row) for row in table.to_dict("records")])
    return _map_figure("practices", grid, name, shown)


def _map_figure(code: str, grid: Grid, name: str, shown: pd.DataFrame) -> Shown:
    """A grid with a column per locality, or, of too many, the share with a mark in each row."""
    title, whole = _word(f"title_{code}"), len(grid.columns)
    if whole > MOST_COLUMNS:
        marks = ((*place, cell.glyph) for place, found in grid.cells.items() for cell in found)
        frame = Frame(title, _word(f"many_{code}"), name)
        return _share_figure(frame, grid.blocks, _count_marks(marks, whole))
    grid.key.append((("empty",), _word("silence")))
    return _grid_figure(Frame(title, _word(code), name), grid, shown)


def _status_block(kind: str, status: str) -> Words:
    """The heading of a block: "Practices: done"."""
    name = _name("column", f"{kind}_{status}")
    status_name = Words(*(text[:1].lower() + text[1:] for text in (name.en, name.vi)))
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
    return [(tuple(glyphs), _joined(names, ", ")) for _, (glyphs, names) in sorted(found.items())]


def verdict_matrix(matrix: pd.DataFrame, name: str = "verdicts") -> Shown:
    """Pairs of localities by measure: the verdict, and the letters of the reasons.

    ``matrix`` as `gate.outcomes` gives it. Measures that no pair states on both sides are
    counted but not drawn; where a pair has several periods, every verdict is.
    """
    title, places = _word("title_verdicts"), {*matrix["row_id"], *matrix["column_id"]}
    if comb(len(places), 2) > MOST_COLUMNS:
        return _verdict_shares(matrix, Frame(title, _word("many_verdicts"), name))
    pairs = _pairs(matrix)
    blocks, cells, lines = {}, {}, []
    names = {place: report.label("localities", place) for pair in pairs for place in pair}
    for kind, own in _kinds(matrix):
        block = _block_of_verdicts(own, kind)
        blocks[block] = _told_of_both(own)
        for row in own.to_dict("records"):
            pair = (row["row_id"], row["column_id"])
            cells.setdefault((block, row["measure_id"], pair), []).append(_verdict_cell(row))
            said = (row["measure_id"], row["verdict"], _codes(row["reasons"]))
            lines.append((*(names[place] for place in pair), *said))
    letters = _initials(names)
    key = _verdict_key(matrix)
    key += [((letters[place],), words) for place, words in names.items()]
    columns = [_pair_column(pair, names, letters) for pair in pairs]
    left_out = matrix["measure_id"].nunique() - sum(map(len, blocks.values()))
    measure = _joined([_word("verdicts"), _word("one_sided", left_out) if left_out else NONE], ". ")
    shown = _table(lines, "locality_a", "locality_b", "measure_id", "verdict", "gate_reason")
    grid = Grid(columns, blocks, cells, key, stub=0)
    return _grid_figure(Frame(title, measure, name), grid, shown)


def _verdict_shares(matrix: pd.DataFrame, frame: Frame) -> Shown:
    """How many of the pairs that state a measure are decided, undecided or not comparable."""
    blocks, counted = {}, {}
    for kind, own in _kinds(matrix):
        block = _word(kind)
        blocks[block] = _told_of_both(own)
        sure = [2 - (one in UNSURE) - 2 * (one in VOID) for one in own["verdict"]]
        best = own[["measure_id", "row_id", "column_id"]].assign(sure=sure)
        best = best.sort_values("sure", ascending=False, kind="stable")
        best = best.drop_duplicates(["measure_id", "row_id", "column_id"])
        found = best.value_counts(["measure_id", "sure"]).to_dict()
        for measure_id in blocks[block]:
            void, unsure, sure = (found.get((measure_id, at), 0) for at in range(3))
            counted[block, measure_id] = (sure, sure + unsure, sure + unsure + void)
    return _share_figure(frame, blocks, counted)


def _kinds(matrix: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The comparisons of quality and the plain ones, each if there are any."""
    is_quality = matrix["quality"].astype(bool)
    kinds = [("quality", matrix[is_quality]), ("plain", matrix[~is_quality])]
    return [(kind, own) for kind, own in kinds if len(own)]


def _pairs(matrix: pd.DataFrame) -> list[tuple[str, str]]:
    """Every pair of the localities in a matrix, in the fixed order, turned as it has them."""
    given = set(zip(matrix["row_id"], matrix["column_id"], strict=True))
    found = {place for pair in given for place in pair}
    places = [place for place in _colours() if place in found]
    return [(b, a) if (b, a) in given else (a, b) for a, b in combinations(places, 2)]


def _pair_column(pair: tuple[str, str], names: dict[str, Words], letters: dict) -> Column:
    """A column for a pair, headed by the letters of both."""
    colours, words = _colours(), _joined([names[one] for one in pair], " – ")
    return Column(pair, words, tuple((letters[one], colours[one]) for one in pair))


def _verdict_cell(row: dict) -> Cell:
    """The mark of a verdict with the letters of its reasons."""
    verdict = row["verdict"]
    reasons = _codes(row["reasons"])
    why = _joined((_name("gate_reason", code) for code in reasons), ", ")
    words = _joined([_name("verdict", verdict), why], ": ")
    letters = "".join(_letter(code) for code in reasons if code != "missing")
    return Cell(verdict, letters, words, (*_codes(row["row_facts"]), *_codes(row["column_facts"])))


def _codes(joined: str) -> list[str]:
    """The codes of a cell that joins them by "|"."""
    return [code for code in joined.split("|") if code]


def _verdict_key(matrix: pd.DataFrame) -> list[tuple[tuple[str, ...], Words]]:
    """What the marks and the letters mean that occur."""
    found = _in_order("verdict", matrix["verdict"].unique())
    met = "|".join(map(str, matrix["reasons"].unique()))
    reasons = _in_order("gate_reason", _codes(met))
    letters = [((_letter(code),), words) for code, words in reasons.items() if code != "missing"]
    marks = [((code,), words) for code, words in found.items()]
    return [*marks, (("empty",), _word("neither")), *letters]


def _block_of_verdicts(own: pd.DataFrame, kind: str) -> Words:
    """The heading of the quality or the plain measures: how many pairs and measures are decided."""
    pairs = [own[one] for one in ("row_id", "column_id", "measure_id")]
    decided = ~own["verdict"].isin({*UNSURE, *VOID})
    found = decided.groupby(pairs, observed=True).any()
    return _word("k_of_n", _word(kind), int(found.sum()), len(found))


def _told_of_both(own: pd.DataFrame) -> dict[str, Words]:
    """The measures that both localities of some pair state, those of the most pairs first."""
    both = ~own["reasons"].astype(str).str.contains("missing")
    told = both.groupby(own["measure_id"], observed=True).sum()
    ordered = sorted(told[told > 0].index, key=lambda one: (-told[one], one))
    return {measure_id: report.label("measures", measure_id) for measure_id in ordered}


def dots(sets: pd.DataFrame, matrix: pd.DataFrame, measure_id: str, name: str = "") -> Shown:
    """One measure of several localities on one axis, each with its period.

    ``sets`` as `indicators.identified_sets` gives it (locality_id, amount, stated, period),
    ``matrix`` as `gate.outcomes`. Raises `NotOnOneAxis` unless every two localities that state the
    measure have a verdict there, on these periods, other than not comparable.
    """
    _refuse(sets, matrix, measure_id)
    frame = _measure_frame(measure_id, "one_axis", name or f"dots-{measure_id}")
    return _measured(frame, sets, is_apart=False)


def panels(sets: pd.DataFrame, measure_id: str, name: str = "") -> Shown:
    """The same table with a scale for each locality, for what may not share one.

    What nobody printed is drawn as the whole range that stays possible.
    """
    name = name or f"panels-{measure_id}"
    if len(sets) <= MOST_COLUMNS:
        frame = _measure_frame(measure_id, "own_axis", name)
        return _measured(frame, sets, is_apart=True)
    said = sets[sets["stated"].astype(bool)]
    periods = sorted(said["period"].unique(), reverse=True)
    blocks = {NONE: {period: Words(period, period) for period in periods}}
    glyphs = ("number" if bounds.is_point(amount) else "bound" for amount in said["amount"])
    marks = zip(repeat(NONE), said["period"], said["locality_id"], glyphs)
    frame = _measure_frame(measure_id, "many_measured", name)
    return _share_figure(frame, blocks, _count_marks(marks, len(sets)))


def _measure_frame(measure_id: str, scale: str, name: str) -> Frame:
    """The title of a measure, and its definition with what the scale means."""
    row = codebook.load("measures").set_index("measure_id").loc[measure_id]
    definition = Words(row["definition_en"], row["definition_vi"])
    title = _word("title_measure", report.label("measures", measure_id))
    return Frame(title, _joined([definition, _word(scale)], " "), name)


def _measured(frame: Frame, sets: pd.DataFrame, is_apart: bool) -> Shown:
    """A row per locality in the fixed order, on one scale or each on its own."""
    rows, colours = [], _colours()
    order = list(colours)
    for row in sorted(sets.to_dict("records"), key=lambda row: order.index(row["locality_id"])):
        place, period = report.label("localities", row["locality_id"]), row["period"] or ""
        amount = row["amount"] if is_apart or row["stated"] else None
        panel, colour = (place if is_apart else NONE), colours[row["locality_id"]]
        rows.append(Row(place, amount, panel, Words(period, period), colour))
    shown = sets[["locality_id", "period", "amount"]].rename(columns={"amount": "value"})
    foot = _word("stated", int(sets["stated"].sum()), len(sets))
    return _row_figure(replace(frame, foot=foot), rows, shown, drawing.dot)


def tiers(
    table: pd.DataFrame,
    facts: pd.DataFrame | None = None,
    name: str = "tiers",
) -> Shown:
    """Every tier of one locality's ratings, best first, as shares; with ``facts`` counts beside.

    ``table`` as `indicators.tiers` gives it: locality_id, population, period_end, measure_id,
    amount. A tier that is not stated is hatched as far as the others leave room.
    """
    place, colour = _one_place(table)
    rows, years = [], table["period_end"].str[:4]
    for row, year in zip(table.to_dict("records"), years, strict=True):
        panel = _joined([_name("figure_subject", row["population"]), Words(year, year)], ", ")
        label, note = report.label("measures", row["measure_id"]), _fraction(row["amount"], facts)
        rows.append(Row(label, row["amount"], panel, note, colour))
    shown = pd.DataFrame({"measure_id": table["measure_id"], "year": years})
    shown = shown.assign(count=[row.note for row in rows], share=table["amount"])
    measure = _joined([place, _word("tiers")], ": ")
    return _row_figure(Frame(_word("title_tiers"), measure, name), rows, shown, drawing.bar)


def ceiling(
    table: pd.DataFrame,
    tail: pd.DataFrame | None = None,
    name: str = "ceiling",
) -> Shown:
    """One locality's excellent over three bases beside the ceiling, then the tail it cannot touch.

    ``table`` as `indicators.ceiling_bases` gives it; ``tail`` holds measure_id and amount (share).
    """
    place, colour = _one_place(table)
    rows = []
    for row in table.to_dict("records"):
        limit = float(row["ceiling_share"])
        known = "ceiling" if bool(row["ceiling_verified"]) else "ceiling_unsure"
        panel = _word(known, _name("figure_subject", row["population"]), limit)
        label, note = _word(f"base_{row['base']}"), _word("of", row["part"], row["whole"])
        rows.append(Row(label, row["amount"], panel, note, colour, line=limit))
    for row in [] if tail is None else tail.to_dict("records"):
        label = report.label("measures", row["measure_id"])
        rows.append(Row(label, row["amount"], _word("tail"), colour=colour))
    lines = [(row.panel, row.label, row.note, row.amount) for row in rows]
    shown = _table(lines, "population", "indicator", "count", "share")
    measure = _joined([place, _word("excellent")], ": ")
    return _row_figure(Frame(_word("title_ceiling"), measure, name), rows, shown, drawing.bar)


def agreement(table: pd.DataFrame, name: str = "agreement") -> Shown:
    """Alpha by dimension with its spread when the articles are drawn again.

    ``table`` as `agreement.summary(units, "dimension", interval=True)` gives it.
    """
    title, columns = _word("title_agreement"), {"low": "alpha_low", "high": "alpha_high"}
    given = (table, "dimension", "alpha", name, title.en, title.vi, _word("alpha"))
    return bars(*given, n="units", unit="ratio", **columns)


def bars(
    table: pd.DataFrame,
    by: str,
    value: str,
    name: str,
    en: str,
    vi: str,
    measure: Words = NONE,
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
        rows.append(Row(_cell_words(by, row[by]), amount, heading, note, spread=spread))
    told = {by: [row.label for row in rows], value: [row.amount for row in rows]}
    shown = table.assign(**told)[[one for one in (by, panel, n, value) if one]]
    if low:
        shown["interval"] = [_interval(row) for row in rows]
    return _row_figure(Frame(Words(en, vi), measure, name), rows, shown, drawing.dot)


def histogram(
    table: pd.DataFrame,
    value: str,
    by: str,
    step: float,
    name: str,
    en: str,
    vi: str,
    measure: tuple[str, str] = ("", ""),
) -> Shown:
    """How many rows have which size, in steps, stacked by the words of the column ``by``.

    ``value`` names a column of numbers from 0 to 1, ``by`` one of at most two (English, Vietnamese)
    pairs; ``measure``, the subtitle, says in both languages what is counted.
    """
    edges = [round(at * step, 6) for at in range(round(1 / step) + 1)]
    sizes = pd.cut(table[value], edges, include_lowest=True, labels=edges[1:])
    kinds = [_cell_words(by, one) for one in table[by]]
    found = Counter(zip(sizes, kinds, strict=True))
    lines = [
        (Bounded(low, high, False, False, "ratio", None, "range"), kind, found[high, kind])
        for low, high in pairwise(edges)
        for kind in dict.fromkeys(kinds)
        if found[high, kind]
    ]
    told = {"en": [], "vi": []}
    for (lang, said), (size, kind, n) in product(told.items(), lines):
        count = numbers.write(n, "count", lang)
        said.append(f"{bounds.words(size, lang)}, {getattr(kind, lang)}: {count}")
    frame = Frame(Words(en, vi), Words(*measure), name, _word("n", len(table)))
    body = partial(drawing.steps, lines=lines)
    return _figure(frame, NONE, told, body, _table(lines, "interval", by, "n"))


def _share_figure(frame: Frame, blocks: dict[Words, dict], counted: dict) -> Shown:
    """The rows of a grid with too many columns as bars: how many of the columns have a mark.

    ``counted`` by block and row: the columns with a sure mark, for which a bar is full; those
    with any, up to which it is hatched; and those that count.
    """
    rows = []
    for block, row in ((block, row) for block, names in blocks.items() for row in names):
        certain, possible, n = counted[block, row]
        share = bounds.exact(round(certain / n, 3), "share")
        spread = (share.low, round(possible / n, 3)) if possible > certain else None
        rows.append(Row(blocks[block][row], share, block, _word("of", certain, n), spread=spread))
    told = [(_joined([row.panel, row.label], ": "), row.note, row.amount) for row in rows]
    shown = _table(told, "indicator", "count", "share")
    if any(row.spread for row in rows):
        shown["interval"] = [_interval(row) for row in rows]
    return _row_figure(frame, rows, shown, drawing.bar, has_key=False)


def _count_marks(marks: Iterable[tuple], whole: int) -> dict[tuple, tuple[int, int, int]]:
    """What `_share_figure` needs, from (block, row, column, glyph) and the number of columns."""
    sure, some = defaultdict(set), defaultdict(set)
    for block, row, column, glyph in marks:
        some[block, row].add(column)
        if glyph not in UNSURE:
            sure[block, row].add(column)
    counted = {key: (len(sure[key]), len(found), whole) for key, found in some.items()}
    return defaultdict(lambda: (0, 0, whole), counted)


def _interval(row: Row) -> Words | None:
    """The interval under a mark in words."""
    if row.spread is None:
        return None
    both = Bounded(*row.spread, False, False, row.amount.unit, None, "range")
    return Words(*[bounds.words(both, lang) for lang in LANGUAGES])


def _row_figure(
    frame: Frame, rows: list[Row], shown: pd.DataFrame, mark: Callable, has_key: bool = True
) -> Shown:
    """The drawing, the alt text and the caption of rows, from the same values."""
    told = {lang: [_row_told(row, lang) for row in rows] for lang in LANGUAGES}
    key = _in_order("figure", {_key_of(row.amount, mark) for row in rows}) if has_key else {}
    source = _source(one for row in rows for one in _facts(row.amount))
    frame = replace(frame, foot=_joined([frame.foot, source], ". "))
    body = partial(drawing.rows, lines=rows, mark=mark)
    return _figure(frame, _joined(key.values()), told, body, shown)


def _row_told(row: Row, language: str) -> str:
    """What a row says: panel, name and note, value and interval."""
    lead = _joined(dict.fromkeys([row.panel, row.label]), ": ")
    label = drawing.with_note(getattr(lead, language), getattr(row.note, language))
    interval = getattr(_interval(row) or NONE, language)
    return f"{label}: {drawing.with_note(drawing.value(row.amount, language), interval)}"


def _key_of(amount: Bounded | None, mark: Callable) -> str:
    """Which line of the key explains an amount's mark."""
    kind = drawing.kind(amount)
    if mark is drawing.bar:
        kind = {"dot": "bar", "silence": "silence"}.get(kind, "hatch")
    return f"key_{kind}"


def _grid_figure(frame: Frame, grid: Grid, shown: pd.DataFrame) -> Shown:
    """The drawing, the alt text and the caption of a grid, from the same cells."""
    ids = {one for marks in grid.cells.values() for cell in marks for one in cell.ids}
    frame = replace(frame, foot=_joined([_word("passages", len(ids)), _source(ids)], ". "))
    told = {lang: _grid_told(grid, lang) for lang in LANGUAGES}
    rows = [(block, row) for block, names in grid.blocks.items() for row in names]
    fields = [(*row, column.key) for row in rows for column in grid.columns]
    empty = _word("empty_fields", sum(one not in grid.cells for one in fields), len(fields))
    return _figure(frame, empty, told, partial(drawing.grid, table=grid), shown)


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


def _figure(
    frame: Frame, key: Words, told: dict[str, list[str]], body: Callable, shown: pd.DataFrame
) -> Shown:
    """The figure in both languages; ``told`` is what the alt text says of every value."""
    svg, alt, caption = {}, {}, {}
    foot = frame.foot if told["en"] else _word("nothing")
    for lang in LANGUAGES:
        first, second, last = (getattr(one, lang) for one in (frame.title, frame.measure, foot))
        alt[lang] = _sentences([first, second, *told[lang], last])
        caption[lang] = _sentences([first, getattr(key, lang)])
        svg[lang] = drawing.draw(lang, frame.title, frame.measure, foot, body)
    return report.figure(shown, frame.name, svg, alt, caption)


def _sentences(parts: Iterable[str]) -> str:
    return " ".join(part if part[-1] in ".?!" else f"{part}." for part in parts if part)


def _refuse(sets: pd.DataFrame, matrix: pd.DataFrame, measure_id: str) -> None:
    """Raise `NotOnOneAxis` unless the gate found every two stated amounts comparable."""
    stated = sets[sets["stated"].astype(bool)]
    own = matrix[matrix["measure_id"] == measure_id]
    free = {
        frozenset([(row.row_id, row.row_period), (row.column_id, row.column_period)])
        for row in own.itertuples()
        if row.verdict != "not_comparable" and "missing" not in row.reasons
    }
    sides = zip(stated["locality_id"], stated["period"], strict=True)
    against = [pair for pair in combinations(sides, 2) if frozenset(pair) not in free]
    if not against:
        return
    told = "; ".join(f"{' '.join(a)} and {' '.join(b)}" for a, b in against)
    unlike = [{a[0], b[0]} for a, b in against]
    pairs = zip(own["row_id"], own["column_id"], strict=True)
    raise NotOnOneAxis(
        f"{measure_id}: the gate does not let these stand on one axis: {told}. Expected a verdict "
        "on both other than not_comparable in `matrix`, for every two and on these periods. Draw "
        "figures.panels, or leave localities out.",
        own[[set(pair) in unlike for pair in pairs]],
    )


def _one_place(table: pd.DataFrame) -> tuple[Words, str]:
    """The name and the colour of the only locality of a table; no name for an empty one."""
    places = sorted(set(table["locality_id"]))
    if len(places) > 1:
        raise NotOnOneAxis(
            f"expected the rows of one locality, found {places}: ratings of several localities are "
            "never set side by side here. Draw one figure for each.",
            table,
        )
    if not places:
        return NONE, drawing.BLUE
    return report.label("localities", places[0]), _colours()[places[0]]


def _name(list_name: str, code: str) -> Words:
    """The name of a code from its list in the vocabulary."""
    return report.label(f"vocabulary:{list_name}", code)


def _in_order(list_name: str, codes: Iterable[str]) -> dict[str, Words]:
    """The codes that occur, with their names, in the order of the vocabulary."""
    found = set(codes)
    listed = report.labels(f"vocabulary:{list_name}", "en")
    return {code: _name(list_name, code) for code in listed if code in found}


def _letter(reason: str) -> str:
    """The letter that stands for a reason of the gate: A for the first of the list."""
    return chr(ord("A") + list(report.labels("vocabulary:gate_reason", "en")).index(reason))


def _word(code: str, *values: Words | Bounded | str | float) -> Words:
    """A phrase of the vocabulary list "figure" with its values; a float is a share."""
    phrase = _name("figure", code)
    said = {lang: [_written(one, lang) for one in values] for lang in LANGUAGES}
    return Words(**{lang: getattr(phrase, lang).format(*said[lang]) for lang in LANGUAGES})


def _written(one: Words | Bounded | str | float, language: str) -> str:
    if isinstance(one, Words):
        return getattr(one, language)
    if isinstance(one, Bounded):
        return bounds.words(one, language)
    if isinstance(one, str):
        return one
    return numbers.write(one, "share" if isinstance(one, float) else "count", language, 0)


def _joined(words: Iterable[Words], by: str = "; ") -> Words:
    """Several phrases as one; empty ones are left out."""
    words = list(words)
    parts = {lang: [getattr(one, lang) for one in words] for lang in LANGUAGES}
    return Words(**{lang: by.join(filter(None, parts[lang])) for lang in LANGUAGES})


def _cell_words(column: str, value: str | Words | tuple[str, str]) -> Words:
    """A pair, an id by the name of its column, or a text that is the same in both languages."""
    if isinstance(value, str):
        return Words(*(report.translated(value, column, lang) for lang in LANGUAGES))
    return value if isinstance(value, Words) else Words(*value)


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


def _count(row: dict) -> Words | None:
    """The number of passages of a row, linked to them; nothing without any."""
    ids = _ids(row["ids"])
    return report.cited(str(row["n"]), ids) if ids else None


def _table(rows: list[tuple], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns, dtype="object")


def _colours() -> dict[str, str]:
    """The localities in their fixed order, each with its colour."""
    table = codebook.load("localities")
    own = table[table["place_id"] == table["locality_id"]].sort_values("position")
    return dict(zip(own["place_id"], cycle(drawing.COLOURS), strict=False))


def _localities(table: pd.DataFrame) -> list[Column]:
    """A column per locality in the fixed order, headed by its name and its articles' years."""
    colours, documents, columns = _colours(), codebook.load("documents"), []
    years = documents["published_date"].str[:4].groupby(documents["locality_id"]).agg(set)
    for place in sorted(set(table["locality_id"]), key=list(colours).index):
        own = sorted(filter(pd.notna, years.get(place, ())))
        lines = [f"{own[0]}–", own[-1]] if len(own) > 1 else own
        name = report.label("localities", place)
        head = ((name.vi, colours[place]), *((line, GREY) for line in lines))
        columns.append(Column(place, name, head))
    return columns


def _initials(names: dict[str, Words]) -> dict[str, str]:
    """The initials of places, numbered where two have the same."""
    found = {}
    for place, name in names.items():
        short = "".join(word[0] for word in name.vi.split())
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
    documents = codebook.load("documents")
    known = documents[documents["document_id"].isin(found)].fillna("").replace("unknown", "")
    named = [
        f"{row.outlet or row.document_id} {row.published_date[:4]}" for row in known.itertuples()
    ]
    return _word("source", ", ".join(named))
