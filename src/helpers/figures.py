"""One tidy table in, one figure in both languages out: what a reader takes in within five seconds.

Two drawings serve all figures: *rows* on a scale and a *grid* of cells. A filled dot is a number,
an open dot with an arrow a bound, hatching whatever stays possible, an empty place silence. Every
mark links to its passage or formula. matplotlib draws without pyplot, so that no figure depends on
what was drawn before: the same table gives the same bytes.
"""

import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from itertools import combinations

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator

from helpers import bounds, codebook, quantities, report
from helpers.bounds import Bounded
from helpers.report import LANGUAGES, Shown, Words

WIDTH, EDGE = 380, 8  # points; a phone shows them at about nine tenths, so 11 stays readable
BODY, SMALL, TITLE = 12.5, 11, 15.5
INK, GREY, PALE, WHITE = "#1b1b1b", "#595959", "#dcdcdc", "#ffffff"
COLOURS = ("#0060a8", "#b84600", "#00735c", "#93358d", "#6b5200")  # 4.5:1 on white, and apart for
NONE = Words("", "")  # the colour-blind (after Okabe and Ito, 2008, darkened)
STYLE = {
    "svg.fonttype": "path",
    "svg.hashsalt": "party-cells",
    "font.family": "DejaVu Sans",
    "text.usetex": False,
    "path.simplify": False,
    "hatch.linewidth": 0.8,
    "hatch.color": "#6a6a6a",
}
LEVEL_GLYPHS = {"district": "dot", "town": "dot", "commune": "ring"}
EVIDENCE_GLYPHS = {
    "number": "dot",
    "bound": "arrow",
    "part": "small",
    "practice": "square",
    "limitation": "triangle",
}
VERDICT_GLYPHS = {"ahead": "up", "behind": "down", "larger": "right", "smaller": "left"}


class NotOnOneAxis(ValueError):
    """Localities that the gate does not let stand on one axis; `rows` are the verdicts against."""

    def __init__(self, message: str, rows: pd.DataFrame):
        self.rows = rows
        super().__init__(message)


@dataclass(frozen=True)
class Row:
    """One line of a figure: a name, an amount (None: not stated) and what it was measured on."""

    label: Words
    amount: Bounded | None
    panel: Words = NONE
    note: Words = NONE
    spread: tuple[float, float] | None = None
    colour: str = COLOURS[0]
    line: float | None = None


@dataclass(frozen=True)
class Cell:
    """One mark in a grid: its glyph, the text beside it, the passages, and its words."""

    glyph: str
    text: str
    words: Words
    ids: tuple[str, ...] = ()


@dataclass
class Sheet:
    """A drawing that grows downwards: y is where the next line begins."""

    ax: Axes
    language: str
    y: float = EDGE
    names: list[str] = field(default_factory=list)

    def say(self, words: Words) -> str:
        """The words in the language of the sheet."""
        return getattr(words, self.language)

    def link(self, target: str, name: str) -> str | None:
        """The address of a link with its name, which `_svg` writes into the drawing."""
        self.names.append(name)
        return f"#{target}@{len(self.names) - 1}" if target else None


# What a reader calls by name: the figures


def evidence_map(
    table: pd.DataFrame,
    name: str = "evidence-map",
    en: str = "What do the articles say, and where are they silent?",
    vi: str = "Các bài báo nêu gì và không nêu gì?",
    language: str = "en",
) -> Shown:
    """Localities by subject: figures, bounds, practices, limitations, silence, with counts.

    ``table`` as `indicators.evidence_map` gives it: locality_id, group, subject, evidence, n, ids.
    """
    cells, blocks, frame = {}, {}, []
    for row in table.to_dict("records"):
        subjects = "figure_subject" if row["group"] == "figures" else "dimension"
        block, subject = _name("evidence_group", row["group"]), _name(subjects, row["subject"])
        blocks.setdefault(block, {})[row["subject"]] = subject
        kind, ids = _name("evidence", row["evidence"]), _ids(row["ids"])
        if ids:
            cell = Cell(EVIDENCE_GLYPHS[row["evidence"]], str(row["n"]), kind, ids)
            cells.setdefault((block, row["subject"], row["locality_id"]), []).append(cell)
        frame.append((row["locality_id"], subject, kind, _count(row["n"], ids)))
    used = [kind for kind in EVIDENCE_GLYPHS if kind in set(table["evidence"])]
    key = [(EVIDENCE_GLYPHS[kind], _name("evidence", kind)) for kind in used]
    measure = Words(
        "How many figures and passages each article has on a subject; empty: the article is silent,"
        " which does not mean that there is nothing",
        "Số số liệu và đoạn văn mỗi bài có về từng nội dung; ô trống: bài không nêu, không có nghĩa"
        " là không có",
    )
    grid = Grid(_localities(table["locality_id"]), blocks, cells, key)
    columns = ["locality_id", "subject", "evidence", "n"]
    return _grid_figure(grid, Words(en, vi), measure, name, _frame(frame, columns), language)


def practices(
    table: pd.DataFrame,
    name: str = "practices",
    en: str = "Which practices and limitations do the articles tell of, and are they done or only planned?",
    vi: str = "Các bài nêu những cách làm, hạn chế nào; đã làm hay mới dự định?",
    language: str = "en",
) -> Shown:
    """Localities by dimension, one block per status, the level told by the mark.

    ``table`` as `profiles.counts` gives it: locality_id, dimension, kind, level, status, stance,
    n, ids. Give the rows of the localities wanted; a locality without rows is added by a row with
    n 0.
    """
    cells, blocks, frame, key = {}, {}, [], {}
    table = table.assign(order=[_rank("status", status) for status in table["status"]])
    order = ["kind", "order", "dimension", "level"]
    for row in table.sort_values(order, ascending=[False, True, True, True]).to_dict("records"):
        kind, status = _name("evidence", row["kind"]), _name("status", row["status"])
        block = Words(f"{kind.en}: {status.en.lower()}", f"{kind.vi}: {status.vi.lower()}")
        level, stance = _name("level", row["level"]), _name("stance", row["stance"])
        is_denied = row["stance"] == "denied"
        glyph = "cross" if is_denied else LEVEL_GLYPHS.get(row["level"], "box")
        words = stance if is_denied else level
        if row["n"]:
            key.setdefault(glyph, []).append(words)
            dimension = _name("dimension", row["dimension"])
            blocks.setdefault(block, {})[row["dimension"]] = dimension
            cell = Cell(glyph, str(row["n"]), words, _ids(row["ids"]))
            cells.setdefault((block, row["dimension"], row["locality_id"]), []).append(cell)
            count = _count(row["n"], _ids(row["ids"]))
            frame.append((row["locality_id"], dimension, kind, status, level, stance, count))
    measure = Words(
        "Number of passages by level; empty: not stated, which does not mean absent",
        "Số đoạn văn theo cấp; ô trống: không nêu, không có nghĩa là không có",
    )
    names = [(glyph, _joined(dict.fromkeys(found))) for glyph, found in sorted(key.items())]
    grid = Grid(_localities(table["locality_id"]), blocks, cells, names)
    columns = ["locality_id", "dimension", "kind", "status", "level", "stance", "n"]
    return _grid_figure(grid, Words(en, vi), measure, name, _frame(frame, columns), language)


def verdict_matrix(
    matrix: pd.DataFrame,
    name: str = "verdicts",
    en: str = "Which pairs of localities can be compared, and on what?",
    vi: str = "Những cặp địa phương nào so sánh được, và về điều gì?",
    language: str = "en",
) -> Shown:
    """Pairs of localities by measure: the verdict, or the letters of the reasons against.

    ``matrix`` as `gate.matrix` gives it; where a pair has several periods, all verdicts are drawn.
    """
    cells, frame, reasons = {}, [], {}
    block = {Words("", ""): {one: _name("measures", one) for one in sorted(set(matrix["measure_id"]))}}
    for row in matrix.to_dict("records"):
        verdict, pair = row["verdict"], (row["row_id"], row["column_id"])
        why = {code: _name("gate_reason", code) for code in verdict.reasons}
        words = _name("verdict", verdict.verdict)
        if verdict.verdict == "not_comparable":
            reasons |= why
        letters = "".join(_letter(code) for code in why) if reasons.keys() & why.keys() else ""
        glyph = VERDICT_GLYPHS.get(verdict.verdict, verdict.verdict)
        full = _joined([words, *why.values()])
        ids = tuple(one for side in ("row_amount", "column_amount") for one in _facts(row[side]))
        cells.setdefault((NONE, row["measure_id"], pair), []).append(Cell(glyph, letters, full, ids))
        frame.append((*(_name("localities", one) for one in pair), row["measure_id"], verdict))
    pairs = {pair: None for pair in zip(matrix["row_id"], matrix["column_id"], strict=True)}
    key = [(f"letter {_letter(code)}", reasons[code]) for code in sorted(reasons, key=_letter)]
    shown = {one.verdict for one in matrix["verdict"]}
    marks = [(VERDICT_GLYPHS.get(one, one), _name("verdict", one)) for one in sorted(shown)]
    measure = Words(
        "First of each pair against the second; empty: neither article states it",
        "Địa phương thứ nhất của mỗi cặp so với địa phương thứ hai; ô trống: cả hai bài không nêu",
    )
    grid = Grid(_pairs(pairs), block, cells, marks + key, stub=0)
    columns = ["locality_a", "locality_b", "measure_id", "verdict"]
    return _grid_figure(grid, Words(en, vi), measure, name, _frame(frame, columns), language)


def dots(
    sets: pd.DataFrame,
    matrix: pd.DataFrame,
    measure_id: str,
    name: str = "",
    en: str = "",
    vi: str = "",
    language: str = "en",
) -> Shown:
    """One measure of several localities on one axis, each with its year; see `NotOnOneAxis`.

    ``sets`` as `gate.identified_sets` gives it (locality_id, amount, stated, period), ``matrix`` as
    `gate.matrix`: every two localities that state the measure need a verdict there, on these
    periods, other than not comparable.
    """
    _refuse(sets, matrix, measure_id)
    return _measured(sets, measure_id, name or f"dots-{measure_id}", en, vi, language, False)


def panels(
    sets: pd.DataFrame,
    measure_id: str,
    name: str = "",
    en: str = "",
    vi: str = "",
    language: str = "en",
) -> Shown:
    """The same table with a scale of its own per locality: for what may not share an axis.

    What nobody printed is drawn as the whole range that stays possible.
    """
    return _measured(sets, measure_id, name or f"panels-{measure_id}", en, vi, language, True)


def tiers(
    table: pd.DataFrame,
    name: str = "tiers",
    en: str = "How was each tier of the rating used?",
    vi: str = "Các mức xếp loại được dùng ra sao?",
    language: str = "en",
) -> Shown:
    """Every tier of one locality's ratings, best first, as shares with their counts.

    ``table`` as `indicators.tiers` gives it: locality_id, population, period_end, measure_id,
    amount. Optional columns ``part`` and ``whole`` (Bounded) are shown as the counts.
    """
    place = _one_place(table)
    rows = [
        Row(
            _name("measures", row["measure_id"]),
            row["amount"],
            _panel(_name("figure_subject", row["population"]), row["period_end"][:4]),
            _counts(row),
            colour=_colour(row["locality_id"]),
        )
        for row in table.to_dict("records")
    ]
    measure = _joined([place, Words("share of those rated", "tỷ lệ trên số được xếp loại")], ", ")
    keep = [one for one in ("measure_id", "period_end", "part", "whole", "amount") if one in table]
    frame = table[keep].rename(columns={"amount": "share", "period_end": "period"})
    return _row_figure(rows, Words(en, vi), measure, name, frame, language, _bar)


def ceiling(
    table: pd.DataFrame,
    tail: pd.DataFrame | None = None,
    name: str = "ceiling",
    en: str = "How much of the ceiling on “excellent” was used?",
    vi: str = "Mức trần “hoàn thành xuất sắc” được dùng đến đâu?",
    language: str = "en",
) -> Shown:
    """One locality's excellent over three bases beside the ceiling, then the tail it cannot touch.

    ``table`` as `indicators.ceiling_bases` gives it; ``tail`` has measure_id, amount (a share) and
    may have part and whole.
    """
    place = _one_place(table)
    rows, frame = [], []
    for row in table.to_dict("records"):
        base, subject = _word(f"base_{row['base']}"), _name("figure_subject", row["population"])
        sure = "" if bool(row["ceiling_verified"]) else "_unsure"
        panel = _joined([subject, _word(f"ceiling{sure}", row["ceiling_share"])], " – ")
        colour, line = _colour(row["locality_id"]), row["ceiling_share"]
        rows.append(Row(base, row["amount"], panel, _counts(row), None, colour, line))
        frame.append((base, row["part"], row["whole"], row["amount"]))
    for row in [] if tail is None else tail.to_dict("records"):
        label = _name("measures", row["measure_id"])
        rows.append(Row(label, row["amount"], _word("tail"), _counts(row), None, rows[0].colour))
        frame.append((label, row.get("part"), row.get("whole"), row["amount"]))
    measure = _joined([place, _word("excellent")], ", ")
    plotted = _frame(frame, ["indicator", "part", "whole", "share"])
    return _row_figure(rows, Words(en, vi), measure, name, plotted, language, _bar)


def agreement(
    table: pd.DataFrame,
    name: str = "agreement",
    en: str = "How repeatable is the codebook?",
    vi: str = "Bảng mã có cho kết quả lặp lại được không?",
    language: str = "en",
) -> Shown:
    """Alpha by dimension with the spread when documents are drawn again.

    ``table`` as `agreement.summary(units, "dimension", interval=True)` gives it.
    """
    extra = {"n": "units", "low": "alpha_low", "high": "alpha_high", "measure": _word("alpha")}
    return bars(table, "dimension", "alpha", name, en, vi, language, unit="ratio", **extra)


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
    """One dot per row of any table that does not set localities side by side.

    ``by`` and ``panel`` name columns of ids or of (English, Vietnamese) pairs, ``value`` one of
    numbers (in ``unit``) or Bounded, ``low`` and ``high`` the ends of an interval, which
    ``measure``, the subtitle, must name ("Wilson interval, 95%"). ``n`` is shown as "n = 7".
    """
    if by in ("locality_id", "place_id") and table[by].nunique() > 1:
        raise NotOnOneAxis("bars never ranks localities: use figures.dots or figures.panels", table)
    rows = []
    for row in table.to_dict("records"):
        amount = row[value]
        if not isinstance(amount, Bounded):
            amount = None if pd.isna(amount) else bounds.exact(float(amount), unit)
        spread = (float(row[low]), float(row[high])) if low and pd.notna(row[low]) else None
        heading = _cell_words(panel, row[panel]) if panel else NONE
        note = Words(*[f"n = {quantities.write(row[n], 'count', lang)}" for lang in LANGUAGES])
        note = note if n else NONE
        rows.append(Row(_cell_words(by, row[by]), amount, heading, note, spread))
    wanted = [one for one in dict.fromkeys([panel, by, n, value, low, high]) if one]
    subtitle = measure if isinstance(measure, Words) else Words(*measure)
    frame = table[wanted].copy()
    frame[by] = [row.label for row in rows]
    return _row_figure(rows, Words(en, vi), subtitle, name, frame, language, _dot)


# Checks and words


def _refuse(sets: pd.DataFrame, matrix: pd.DataFrame, measure_id: str) -> None:
    """Raise `NotOnOneAxis` unless the gate found every two stated amounts comparable."""
    periods = dict(zip(sets["locality_id"], sets["period"], strict=True))
    stated = sets.loc[sets["stated"].astype(bool), "locality_id"]
    own = matrix[matrix["measure_id"] == measure_id]
    sides = zip(own["row_id"], own["row_period"], own["column_id"], own["column_period"], strict=True)
    free = {
        frozenset([(a, a_period), (b, b_period)])
        for (a, a_period, b, b_period), verdict in zip(sides, own["verdict"], strict=True)
        if verdict.verdict != "not_comparable"
    }
    against = [
        (a, b)
        for a, b in combinations(stated, 2)
        if frozenset([(a, periods[a]), (b, periods[b])]) not in free
    ]
    if against:
        pairs = own[[{a, b} in map(set, against) for a, b in zip(own["row_id"], own["column_id"], strict=True)]]
        told = "; ".join(f"{a} and {b} ({periods[a]}, {periods[b]})" for a, b in against)
        raise NotOnOneAxis(
            f"{measure_id}: the gate does not let these stand on one axis: {told}. Expected for every "
            "two localities a verdict in `matrix` on these periods other than not_comparable. Draw "
            "figures.panels, or leave localities out.",
            pairs,
        )


def _one_place(table: pd.DataFrame) -> Words:
    """The name of the only locality of a table."""
    places = sorted(set(table["locality_id"]))
    if len(places) != 1:
        raise NotOnOneAxis(
            f"expected the rows of one locality, found {places}: ratings of several localities are "
            "never set side by side here. Draw one figure for each.",
            table,
        )
    return _name("localities", places[0])


TEXTS = {
    "base_all": Words("of all rated", "trên tổng số được xếp loại"),
    "base_good_or_better": Words("of those good or better", "trên số từ tốt trở lên"),
    "base_good": Words("of those good", "trên số hoàn thành tốt"),
    "ceiling": Words("ceiling {0}", "mức trần {0}"),
    "ceiling_unsure": Words(
        "ceiling {0} (which base it means is not confirmed)",
        "mức trần {0} (chưa xác nhận tính trên mẫu số nào)",
    ),
    "tail": Words("The lower tail, which no ceiling touches", "Phần cuối, mức trần không tác động"),
    "excellent": Words(
        "share rated excellent, by what it is taken of",
        "tỷ lệ hoàn thành xuất sắc, theo mẫu số",
    ),
    "alpha": Words(
        "Krippendorff’s alpha (1: both passes alike, 0: as by chance); line: 95% of bootstrap "
        "samples of the documents, too few to be relied on",
        "Alpha Krippendorff (1: hai lượt giống nhau, 0: như ngẫu nhiên); đoạn thẳng: 95% mẫu "
        "bootstrap theo bài báo, quá ít bài để tin cậy",
    ),
    "one_axis": Words(
        "One scale: every two of them may be compared",
        "Một thang đo: từng cặp đều so sánh được",
    ),
    "own_axis": Words(
        "A scale for each: they may not be compared",
        "Mỗi nơi một thang đo: không được so sánh với nhau",
    ),
    "what": Words("{0}: what does each article state?", "{0}: mỗi bài nêu gì?"),
    "source": Words("Source: {0}", "Nguồn: {0}"),
    "not_stated": Words("not stated", "không nêu"),
    "n": Words("n = {0} stated of {1}", "n = {0} có nêu trên {1}"),
    "passages": Words("n = {0} figures and passages", "n = {0} số liệu và đoạn văn"),
    "of": Words("{0} of {1}", "{0}/{1}"),
    "articles": Words("{0} articles", "{0} bài báo"),
    "key_dot": Words("Filled dot: a number", "Chấm đặc: một con số"),
    "key_ring": Words("ring: about this number", "vòng tròn: khoảng chừng con số này"),
    "key_arrow": Words("open dot with arrow: a bound", "chấm rỗng có mũi tên: một cận"),
    "key_span": Words("bar between two ends: an interval", "đoạn có hai đầu: một khoảng"),
    "key_hatch": Words(
        "hatched: everything that stays possible", "gạch chéo: mọi giá trị còn có thể"
    ),
    "key_silence": Words("empty line: not stated", "dòng trống: không nêu"),
    "key_bar": Words("Full bar: a number", "Thanh đặc: một con số"),
}


def _word(key: str, *values) -> Words:
    """A phrase of TEXTS with its values: pairs, texts, whole numbers, shares as floats."""
    said = {}
    for lang in LANGUAGES:
        parts = [
            getattr(one, lang)
            if isinstance(one, Words)
            else quantities.write(one, "share" if isinstance(one, float) else "count", lang, 0)
            if isinstance(one, int | float)
            else str(one)
            for one in values
        ]
        said[lang] = getattr(TEXTS[key], lang).format(*parts)
    return Words(**said)


def _name(table: str, code: str) -> Words:
    """The name of an id; tables are codebooks, other names lists of the vocabulary."""
    books = ("localities", "measures", "themes", "rating_schemes")
    return report.label(table if table in books else f"vocabulary:{table}", code)


def _cell_words(column: str, value) -> Words:
    """An id by the name of its column, a pair, or a plain text as words."""
    if isinstance(value, Words | tuple):
        return value if isinstance(value, Words) else Words(*value)
    books = {"locality_id": "localities", "measure_id": "measures", "theme_id": "themes"}
    try:
        return _name(books.get(column, column), value)
    except report.NotShowable:
        return Words(str(value), str(value))


def _joined(words: Iterable[Words], by: str = "; ") -> Words:
    """Several phrases as one, empty ones left out."""
    words = list(words)
    parts = {lang: [getattr(one, lang) for one in words] for lang in LANGUAGES}
    return Words(**{lang: by.join(one for one in parts[lang] if one) for lang in LANGUAGES})


def _panel(words: Words, year: str) -> Words:
    return _joined([words, Words(year, year)], ", ")


def _counts(row: dict) -> Words:
    """"90 of 449" where the row knows part and whole."""
    part, whole = row.get("part"), row.get("whole")
    if not (isinstance(part, Bounded) and isinstance(whole, Bounded)):
        return NONE
    return _word("of", *(Words(*(bounds.words(b, x) for x in LANGUAGES)) for b in (part, whole)))


def _ids(joined: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(joined.split("|") if joined else ()) if isinstance(joined, str) else tuple(joined)


def _facts(amount) -> tuple[str, ...]:
    return amount.facts if isinstance(amount, Bounded) else ()


def _count(n: int, ids: tuple[str, ...]) -> Words | None:
    return report.cited(str(n), ids) if ids else None


def _frame(rows: list[tuple], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns, dtype="object")


def _rank(list_name: str, code: str) -> int:
    return list(report.labels(f"vocabulary:{list_name}", "en")).index(code)


def _letter(reason: str) -> str:
    """The letter that stands for a reason: A for the first of the list, and so on."""
    return chr(ord("A") + _position("gate_reason", reason) - 1)


def _position(list_name: str, code: str) -> int:
    table = codebook.load("vocabulary")
    own = table[(table["list"] == list_name) & (table["code"] == code)]
    return int(own["position"].iloc[0])


def _places() -> dict[str, int]:
    """The localities in their fixed order, with their position from 0."""
    table = codebook.load("localities")
    own = table[table["place_id"] == table["locality_id"]].sort_values("position")
    return {place: at for at, place in enumerate(own["place_id"])}


def _colour(locality_id: str) -> str:
    return COLOURS[_places().get(locality_id, 0) % len(COLOURS)]


def _source(ids: Iterable[str]) -> Words:
    """The articles that facts and codings come from, by name if they are few."""
    documents = sorted({one.rsplit(".", 2)[0] for one in ids})
    if not documents:
        return NONE
    few = ", ".join(documents)
    return _word("source", few if len(documents) <= 6 else _word("articles", len(documents)))


# Rows on a scale


def _measured(sets, measure_id, name, en, vi, language, is_apart: bool) -> Shown:
    """One measure by locality, on one scale or on one for each."""
    label, about = _name("measures", measure_id), _definition(measure_id)
    rows = []
    order = _places()
    for row in sorted(sets.to_dict("records"), key=lambda row: order[row["locality_id"]]):
        place, period = _name("localities", row["locality_id"]), row["period"] or ""
        amount = row["amount"] if is_apart or row["stated"] else None
        panel = place if is_apart else NONE
        colour = _colour(row["locality_id"])
        rows.append(Row(place, amount, panel, Words(period, period), None, colour))
    title = _word("what", label)
    title = Words(en or title.en, vi or title.vi)
    measure = _joined([about, _word("own_axis" if is_apart else "one_axis")], " ")
    frame = sets[["locality_id", "period", "amount"]].rename(columns={"amount": "value"})
    return _row_figure(rows, title, measure, name, frame, language, _dot)


def _row_figure(
    rows: list[Row],
    title: Words,
    measure: Words,
    name: str,
    frame: pd.DataFrame,
    language: str,
    draw: Callable,
) -> Shown:
    """A figure of rows: the drawing, the alt text and the caption from the same values."""
    stated = sum(row.amount is not None and row.amount.bound != "unknown" for row in rows)
    ids = [one for row in rows for one in _facts(row.amount)]
    foot = _joined([_word("n", stated, len(rows)), _source(ids)])
    svg, alt = {}, {}
    for lang in LANGUAGES:
        said = [
            f"{_lead(getattr(row.panel, lang), getattr(row.label, lang))}"
            f"{_bracket(getattr(row.note, lang))}: {_value(row, lang)}"
            for row in rows
        ]
        alt[lang] = _told(title, measure, said, foot, lang)
        svg[lang] = _drawn(lang, title, measure, foot, lambda sheet: _rows(sheet, rows, draw))
    key = _joined(_row_key(rows, draw), "; ")
    return report.figure(frame, name, svg, alt, _caption(title, key), language)


def _rows(sheet: Sheet, rows: Sequence[Row], draw: Callable) -> None:
    """Draw the rows under the headings of their panels, each panel on its own scale."""
    for panel in dict.fromkeys(row.panel for row in rows):
        own = [row for row in rows if row.panel == panel]
        low, high, ticks = _scale(own)
        unit = next((row.amount.unit for row in own if row.amount is not None), "count")

        def at(value, low=low, high=high):
            return EDGE + 7 + (WIDTH - 2 * EDGE - 14) * (value - low) / (high - low)

        if panel != NONE and panel != own[0].label:
            sheet.y += 6
            _paragraph(sheet, sheet.say(panel), BODY, weight="bold")
        for row in own:
            _row(sheet, row, draw, at, (low, high, ticks))
        sheet.y += 2
        for tick in ticks:
            text = quantities.write(float(tick), unit, sheet.language, 0)
            side = {ticks[0]: "left", ticks[-1]: "right"}.get(tick, "center")
            shift = {"left": -7, "right": 7, "center": 0}[side]
            _text(sheet, at(tick) + shift, sheet.y + SMALL, text, SMALL, GREY, ha=side)
        sheet.y += SMALL + 10


def _row(sheet: Sheet, row: Row, draw: Callable, at: Callable, scale: tuple) -> None:
    """Draw one row: name and year, value in words, and its mark on the track below."""
    label, note = sheet.say(row.label), sheet.say(row.note)
    value = _value(row, sheet.language)
    url = sheet.link(_target(row.amount), f"{label}{_bracket(note)}: {value}")
    lines = _lines(label + (f"  {note}" if note else ""), BODY, WIDTH - 2 * EDGE - 14)
    room = WIDTH - 2 * EDGE - 10 - _width(value, BODY, "bold")
    lines += [""] if _width(lines[-1], BODY) > room else []
    height = len(lines) * (BODY + 4) + 24
    _box(sheet, 0, sheet.y, WIDTH, height, WHITE, url)
    for at_line, line in enumerate(lines, 1):
        _text(sheet, EDGE, sheet.y + at_line * (BODY + 3), line, BODY, INK, url=url)
    colour, weight = (INK, "bold") if row.amount is not None else (GREY, "normal")
    y = sheet.y + len(lines) * (BODY + 3)
    _text(sheet, WIDTH - EDGE, y, value, BODY, colour, weight, "right", url)
    sheet.y += height
    y = sheet.y - 13
    low, high, ticks = scale
    for tick in ticks:
        _line(sheet, [at(tick)] * 2, [y - 8, y + 8], PALE, 1, url)
    _line(sheet, [at(low), at(high)], [y, y], PALE, 1, url)
    if row.amount is not None:
        draw(sheet, row, at, y, (low, high), url)
    if row.line is not None:
        _line(sheet, [at(row.line)] * 2, [y - 11, y + 11], INK, 2, url, (0, (3, 1.5)))


def _dot(sheet: Sheet, row: Row, at: Callable, y: float, ends: tuple, url: str | None) -> None:
    """Draw an amount as a dot, a bound as an open dot with an arrow, the possible as hatching."""
    amount, (left, right) = row.amount, [at(end) for end in _within(row.amount, ends)]
    if row.spread:
        _line(sheet, [at(end) for end in row.spread], [y, y], GREY, 3, url)
    kind = _kind(amount)
    if kind == "hatch":
        _box(sheet, left, y - 7, right - left, 14, "#f2f2f2", url, hatch="////", edge="#6a6a6a")
    elif kind == "span":
        _line(sheet, [left, right], [y, y], row.colour, 4, url)
        for end in (left, right):
            _line(sheet, [end, end], [y - 7, y + 7], row.colour, 2.5, url)
    elif kind == "arrow":
        is_up = amount.low > 0
        dot, tip = (left, right) if is_up else (right, left)
        way = 1 if is_up else -1
        _line(sheet, [dot, tip - 5 * way], [y, y], row.colour, 2.5, url)
        head = [(tip, y), (tip - 9 * way, y - 5.5), (tip - 9 * way, y + 5.5)]
        sheet.ax.add_artist(Polygon(head, fc=row.colour, ec="none", url=url, zorder=1))
        _circle(sheet, dot, y, 6, row.colour, url, WHITE)
    else:
        fill = WHITE if kind == "ring" else row.colour
        _circle(sheet, at(amount.value if kind == "ring" else amount.low), y, 6, row.colour, url, fill)


def _bar(sheet: Sheet, row: Row, at: Callable, y: float, ends: tuple, url: str | None) -> None:
    """Draw a bar as far as is certain, and hatching as far as is possible."""
    start, (left, right) = at(ends[0]), [at(end) for end in _within(row.amount, ends)]
    if right > left:
        _box(sheet, left, y - 7, right - left, 14, "#f2f2f2", url, hatch="////", edge="#6a6a6a")
    _box(sheet, start, y - 7, left - start, 14, row.colour, url)


def _kind(amount: Bounded) -> str:
    """Which mark an amount gets: dot, ring, arrow, span or hatch."""
    top = 1 if amount.unit == "share" else float("inf")
    if bounds.is_point(amount):
        return "dot"
    if amount.bound == "approx" and amount.value is not None:
        return "ring"
    if amount.bound == "unknown" or (amount.low <= 0 and amount.high >= top):
        return "hatch"
    return "arrow" if amount.low <= 0 or amount.high >= top else "span"


def _within(amount: Bounded, ends: tuple) -> tuple[float, float]:
    return max(amount.low, ends[0]), min(amount.high, ends[1])


def _scale(rows: Iterable[Row]) -> tuple[float, float, list[float]]:
    """The ends of a scale and its ticks: 0 to 1 for shares, from zero to a round number else."""
    amounts = [row.amount for row in rows if row.amount is not None]
    numbers = [end for b in amounts for end in (b.low, b.high, b.value) if end is not None]
    numbers += [end for row in rows for end in row.spread or ()]
    finite = [0.0, *(end for end in numbers if abs(end) != float("inf"))]
    if all(b.unit == "share" for b in amounts) and max(finite) <= 1:
        return 0.0, 1.0, [0.0, 0.25, 0.5, 0.75, 1.0]
    if max(finite) == min(finite):
        return 0.0, 1.0, [0.0]
    has_open_end = float("inf") in numbers
    top = max(finite) * (1.2 if has_open_end else 1)
    ticks = [float(t) for t in MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(min(finite), top)]
    return ticks[0], ticks[-1], ticks


def _value(row: Row, language: str) -> str:
    """The amount in words; the range too where nothing is stated but not everything possible."""
    return bounds.words(row.amount, language) if row.amount is not None else getattr(TEXTS["not_stated"], language)


def _row_key(rows: Iterable[Row], draw: Callable) -> list[Words]:
    """How to read the marks that a figure has."""
    kinds = {_kind(row.amount) if row.amount is not None else "silence" for row in rows}
    if draw is _bar:
        kinds = {"bar", *({"hatch"} & kinds or {"hatch"} & {"hatch" for k in kinds if k == "span"})}
    order = ("dot", "bar", "ring", "arrow", "span", "hatch", "silence")
    return [TEXTS[f"key_{kind}"] for kind in order if kind in kinds]


# A grid of cells


@dataclass(frozen=True)
class Grid:
    """Columns with colours, blocks of named rows, the marks by block, row and column, and a key."""

    columns: list[tuple]
    blocks: dict[Words, dict[str, Words]]
    cells: dict[tuple, list[Cell]]
    key: list[tuple[str, Words]]
    stub: float = 100  # room for the names of rows; 0: they stand above their cells
    per_band: int = 10


def _localities(ids: Iterable[str]) -> list[tuple]:
    """Columns of localities: id, name, colour, in their fixed order."""
    order = _places()
    kept = sorted(set(ids), key=lambda place: order[place])
    return [(place, _name("localities", place), _colour(place)) for place in kept]


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[tuple]:
    """Columns of pairs: ids, initials of both, colours of both."""
    return [
        (pair, [_initials(one) for one in pair], [_colour(one) for one in pair]) for pair in pairs
    ]


def _initials(locality_id: str) -> str:
    return "".join(word[0] for word in _name("localities", locality_id).vi.split())


def _grid_figure(
    grid: Grid, title: Words, measure: Words, name: str, frame: pd.DataFrame, language: str
) -> Shown:
    """A figure of a grid: the drawing, the alt text and the caption from the same cells."""
    ids = [one for marks in grid.cells.values() for cell in marks for one in cell.ids]
    foot = _joined([_word("passages", len(set(ids))), _source(ids)])
    svg, alt = {}, {}
    for lang in LANGUAGES:
        alt[lang] = _told(title, measure, _grid_told(grid, lang), foot, lang)
        svg[lang] = _drawn(lang, title, measure, foot, lambda sheet: _grid(sheet, grid))
    return report.figure(frame, name, svg, alt, _caption(title, measure), language)


def _grid_told(grid: Grid, language: str) -> list[str]:
    """What every row of the grid says of every column, silence too, as sentences."""
    said = []
    for block, rows in grid.blocks.items():
        for row_id, row in rows.items():
            parts = []
            for column in grid.columns:
                marks = grid.cells.get((block, row_id, column[0]), [])
                words = ", ".join(f"{getattr(m.words, language)} {m.text}".strip() for m in marks)
                parts.append(f"{_column_name(column, language)} {words or getattr(TEXTS['not_stated'], language)}")
            lead = _lead(getattr(block, language), getattr(row, language))
            said.append(f"{lead}: {'; '.join(parts)}")
    return said


def _column_name(column: tuple, language: str) -> str:
    if isinstance(column[0], tuple):
        return " – ".join(getattr(_name("localities", one), language) for one in column[0])
    return getattr(column[1], language)


def _grid(sheet: Sheet, grid: Grid) -> None:
    """Draw the key, then bands of columns with all their rows."""
    _grid_key(sheet, grid)
    for start in range(0, len(grid.columns), _per_band(grid)):
        columns = grid.columns[start : start + _per_band(grid)]
        width = (WIDTH - 2 * EDGE - grid.stub) / max(len(columns), 5)
        _column_heads(sheet, columns, EDGE + grid.stub, width)
        for block, rows in grid.blocks.items():
            if sheet.say(block):
                sheet.y += 5
                _paragraph(sheet, sheet.say(block), SMALL, GREY, "bold")
            for row_id, row in rows.items():
                marks = [grid.cells.get((block, row_id, column[0]), []) for column in columns]
                names = [_column_name(column, sheet.language) for column in columns]
                _grid_row(sheet, sheet.say(row), names, marks, grid.stub, width)
        sheet.y += 8


def _per_band(grid: Grid) -> int:
    return 6 if grid.stub else 10


def _column_heads(sheet: Sheet, columns: list, left: float, width: float) -> None:
    """Draw the names of the columns in their colours."""
    wrapped = []
    for _, name, colour in columns:
        lines = name if isinstance(name, list) else _lines(sheet.say(name), SMALL, width - 2, "bold")
        wrapped.append((lines, colour if isinstance(colour, list) else [colour] * len(lines)))
    tall = max(len(lines) for lines, _ in wrapped)
    for at, (lines, colours) in enumerate(wrapped):
        x = left + (at + 0.5) * width
        for k, (line, colour) in enumerate(zip(lines, colours, strict=True)):
            y = sheet.y + (tall - len(lines) + k + 1) * (SMALL + 3)
            _text(sheet, x, y, line, SMALL, colour, "bold", "center")
    sheet.y += tall * (SMALL + 3) + 6


def _grid_row(sheet: Sheet, label: str, names: list, marks: list, stub: float, width: float) -> None:
    """Draw the name of a row and its cells; a cell has two marks side by side at most."""
    lines = _lines(label, SMALL, (stub or WIDTH - 2 * EDGE) - 4)
    if not stub:
        sheet.y += 3
        _paragraph(sheet, label, SMALL)
    per_line = 2 if stub else 1
    deep = max([1, *(-(-len(cell) // per_line) for cell in marks)])
    height = max(deep * 28, len(lines) * (SMALL + 3) + 4 if stub else 0)
    for k, line in enumerate(lines if stub else []):
        y = sheet.y + height / 2 + (k - len(lines) / 2 + 0.8) * (SMALL + 3)
        _text(sheet, EDGE, y, line, SMALL)
    for at, (name, cell) in enumerate(zip(names, marks, strict=True)):
        x = EDGE + stub + at * width
        _box(sheet, x + 1, sheet.y + 1, width - 2, height - 2, WHITE, edge=PALE)
        rows = [cell[k : k + per_line] for k in range(0, len(cell), per_line)]
        for k, row in enumerate(rows):
            part, tall = (width - 2) / len(row), (height - 2) / len(rows)
            for j, mark in enumerate(row):
                told = f"{label}, {name}: {sheet.say(mark.words)} {mark.text}".strip()
                place = (x + 1 + j * part, sheet.y + 1 + k * tall, part, tall)
                _mark(sheet, mark, place, told)
    sheet.y += height


def _mark(sheet: Sheet, mark: Cell, place: tuple, told: str) -> None:
    """Draw one mark of a cell with its text, and link the whole of its place."""
    x, y, width, height = place
    url = sheet.link(f"{report.anchor(mark.ids[0])}" if mark.ids else "", told)
    middle = y + height / 2
    room = _width(mark.text, SMALL) + 14
    left = x + (width - (room if mark.text and mark.glyph in GLYPHS else 0)) / 2
    if mark.glyph in FILLS:
        fill, hatch = FILLS[mark.glyph]
        _box(sheet, x, y, width, height, fill, url, hatch)
        _text(sheet, x + width / 2, middle + 4, mark.text, SMALL, INK, "bold", "center", url)
        return
    _box(sheet, x, y, width, height, TINTS.get(mark.glyph, WHITE), url)
    GLYPHS[mark.glyph](sheet, left + (5 if mark.text else 0), middle, url)
    _text(sheet, left + 13, middle + 4, mark.text, SMALL, INK, "normal", "left", url)


def _shape(points: Sequence[tuple], fill: str, edge: str = INK) -> Callable:
    """A glyph of straight lines around its middle."""

    def draw(sheet: Sheet, x: float, y: float, url: str | None) -> None:
        corners = [(x + dx, y + dy) for dx, dy in points]
        sheet.ax.add_artist(Polygon(corners, fc=fill, ec=edge, lw=1.4, url=url, zorder=1))

    return draw


def _round(size: float, fill: str, edge: str) -> Callable:
    return lambda sheet, x, y, url: _circle(sheet, x, y, size, edge, url, fill)


def _bound_glyph(sheet: Sheet, x: float, y: float, url: str | None) -> None:
    _line(sheet, [x - 3, x + 4], [y, y], COLOURS[0], 1.8, url)
    _shape([(7, 0), (2, -3.5), (2, 3.5)], COLOURS[0], COLOURS[0])(sheet, x, y, url)
    _circle(sheet, x - 3, y, 3, COLOURS[0], url, WHITE)


def _cross_glyph(sheet: Sheet, x: float, y: float, url: str | None) -> None:
    for way in (1, -1):
        _line(sheet, [x - 4, x + 4], [y - 4 * way, y + 4 * way], INK, 2, url)


GLYPHS = {
    "dot": _round(4.5, COLOURS[0], COLOURS[0]),
    "ring": _round(4.2, WHITE, COLOURS[0]),
    "small": _round(2.6, WHITE, GREY),
    "arrow": _bound_glyph,
    "cross": _cross_glyph,
    "square": _shape([(-4, -4), (4, -4), (4, 4), (-4, 4)], COLOURS[2], COLOURS[2]),
    "box": _shape([(-4, -4), (4, -4), (4, 4), (-4, 4)], WHITE, COLOURS[2]),
    "triangle": _shape([(-5, -4), (5, -4), (0, 5)], WHITE, COLOURS[1]),
    "up": _shape([(-6, 5), (6, 5), (0, -6)], COLOURS[0], COLOURS[0]),
    "down": _shape([(-6, -5), (6, -5), (0, 6)], COLOURS[0], COLOURS[0]),
    "right": _shape([(-5, -6), (-5, 6), (6, 0)], GREY, GREY),
    "left": _shape([(5, -6), (5, 6), (-6, 0)], GREY, GREY),
}
TINTS = {"dot": "#e3eef8", "arrow": "#e3eef8", "square": "#e2f1ec", "triangle": "#fbe9df"}
FILLS = {"not_comparable": ("#e6e6e6", None), "undecided": ("#f7f7f7", "///")}


def _grid_key(sheet: Sheet, grid: Grid) -> None:
    """Draw the key: glyphs and letters with their meaning, as many to a line as fit."""
    x = EDGE
    for glyph, words in grid.key:
        text = sheet.say(words)
        room = 18 + _width(text, SMALL) + 12
        if x > EDGE and x + room > WIDTH - EDGE:
            x, sheet.y = EDGE, sheet.y + SMALL + 7
        y = sheet.y + 8
        if glyph.startswith("letter "):
            _text(sheet, x + 2, y + 4, glyph[7:], SMALL, INK, "bold")
        elif glyph in FILLS:
            fill, hatch = FILLS[glyph]
            _box(sheet, x, y - 6, 14, 12, fill, None, hatch, GREY)
        else:
            GLYPHS[glyph](sheet, x + 6, y, None)
        _text(sheet, x + 18, y + 4, text, SMALL)
        x += room
    sheet.y += SMALL + 12
    if any(isinstance(column[1], list) for column in grid.columns):
        ids = dict.fromkeys(one for column in grid.columns for one in column[0])
        names = [f"{_initials(one)} {sheet.say(_name('localities', one))}" for one in ids]
        _paragraph(sheet, " · ".join(names), SMALL, GREY)


# One sheet, and what is put on it


def _drawn(language: str, title: Words, measure: Words, foot: Words, body: Callable) -> str:
    """The SVG of one language: title, subtitle, body, foot, on a white panel."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH / 72, 1), dpi=72, facecolor=WHITE)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        sheet = Sheet(axes, language)
        _paragraph(sheet, sheet.say(title), TITLE, weight="bold")
        _paragraph(sheet, sheet.say(measure), SMALL, GREY)
        sheet.y += 6
        body(sheet)
        _paragraph(sheet, sheet.say(foot), SMALL, GREY)
        height = round(sheet.y + EDGE)
        figure.set_size_inches(WIDTH / 72, height / 72)
        axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        return _svg(figure, sheet.names)


def _svg(figure: Figure, names: list[str]) -> str:
    """The bytes of a figure: no time, no generated ids, one named link per row or cell."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"<g id=\"(figure|axes|patch|line2d|text)_\d+\">", "<g>", file.getvalue())
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    again = r'(<a xlink:href="(#[^"]+)"[^>]*>)((?:(?!<a ).)*?)</a>\s*</g>\s*<g>\s*<a xlink:href="\2"[^>]*>'
    while (merged := re.sub(again, r"\1\3", text, flags=re.DOTALL)) != text:
        text = merged
    return re.sub(
        r'<a xlink:href="#([^"]*)@(\d+)"[^>]*>',
        lambda m: f'<a href="#{m[1]}" aria-label="{escape(names[int(m[2])])}">',
        text,
    )


def _target(amount: Bounded | None) -> str:
    """Where a reader finds an amount: its passage, or its formula; "" if it has no fact."""
    if amount is None or not amount.facts:
        return ""
    return report._derivation(amount) or report.anchor(amount.facts[0])


def _paragraph(
    sheet: Sheet, text: str, size: float, colour: str = INK, weight: str = "normal"
) -> None:
    for line in _lines(text, size, WIDTH - 2 * EDGE, weight) if text else []:
        sheet.y += size + 3.5
        _text(sheet, EDGE, sheet.y - 2, line, size, colour, weight)
    sheet.y += 4 if text else 0


def _text(sheet, x, y, text, size, colour=INK, weight="normal", ha="left", url=None) -> None:
    if text:
        style = {"fontsize": size, "color": colour, "fontweight": weight, "ha": ha, "url": url}
        sheet.ax.text(x, y, text, parse_math=False, zorder=1, **style)


def _box(sheet, x, y, width, height, fill, url=None, hatch=None, edge="none") -> None:
    style = {"fc": fill, "ec": edge, "hatch": hatch, "url": url, "lw": 1, "zorder": 1}
    sheet.ax.add_artist(Rectangle((x, y), width, height, **style))


def _circle(sheet, x, y, size, edge, url, fill) -> None:
    sheet.ax.add_artist(Circle((x, y), size, fc=fill, ec=edge, lw=2, url=url, zorder=1))


def _line(sheet, xs, ys, colour, width, url=None, dashes="-") -> None:
    path = list(zip(xs, ys, strict=True))
    style = {"ec": colour, "fc": "none", "lw": width, "ls": dashes, "url": url, "zorder": 1}
    sheet.ax.add_artist(Polygon(path, closed=False, **style))


@cache
def _width(text: str, size: float, weight: str = "normal") -> float:
    """The width of a text in points, from the outlines that will be drawn."""
    font = FontProperties(family="DejaVu Sans", weight=weight, size=size)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]


def _lines(text: str, size: float, room: float, weight: str = "normal") -> list[str]:
    """The text in lines that fit the room."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, size, weight) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _told(title: Words, measure: Words, said: list[str], foot: Words, language: str) -> str:
    """The alt text: what the figure asks, every value it shows, and where they come from."""
    parts = [getattr(title, language), getattr(measure, language), *said, getattr(foot, language)]
    return " ".join(part if part[-1:] in ".?!" else f"{part}." for part in parts if part)


def _caption(title: Words, key: Words) -> dict[str, str]:
    return {lang: _told(title, key, [], NONE, lang) for lang in LANGUAGES}


def _lead(panel: str, label: str) -> str:
    return label if panel in ("", label) else f"{panel}: {label}"


def _bracket(note: str) -> str:
    return f" ({note})" if note else ""


def _definition(measure_id: str) -> Words:
    table = codebook.load("measures").set_index("measure_id").loc[measure_id]
    return Words(table["definition_en"], table["definition_vi"])
