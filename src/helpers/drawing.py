"""How a figure is drawn: rows on a scale, or a grid of cells, on a sheet that grows downwards.

The marks mean the same everywhere: a filled dot or bar is a number, an open dot with an arrow a
bound, hatching whatever stays possible, an empty place silence. matplotlib draws without pyplot
and with a fixed salt, so that the same values give the same bytes, whatever was drawn before.
"""

import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from html import escape
from itertools import groupby
from operator import itemgetter

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from helpers import bounds, numbers, report
from helpers.bounds import Bounded
from helpers.report import Words

WIDTH, EDGE = 380, 8  # points; a phone of 360 px shows 11 points as about 10 px
TITLE, BODY, SMALL = 15.5, 12.5, 11
INK, GREY, PALE, WHITE = "#1b1b1b", "#595959", "#d4d4d4", "#ffffff"
# At least 4.5:1 on white, and apart for every kind of colour vision (the tests measure both).
BLUE, VERMILION, GREEN, PURPLE, BROWN = "#0011cc", "#cc4400", "#008060", "#9847b2", "#4d2600"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, BROWN)
STACKED = (BLUE, "#b4b4b4")  # the kinds of a histogram, from below
STYLE = {
    "svg.fonttype": "path",
    "svg.hashsalt": "party-cells",
    "font.family": "DejaVu Sans",
    "text.usetex": False,
    "path.simplify": False,
    "path.sketch": None,
    "hatch.linewidth": 0.8,
    "hatch.color": "#6a6a6a",
}
NONE = Words("", "")


@dataclass(frozen=True)
class Row:
    """A line of a figure: a name, an amount (None: not stated), a grey note, a panel's heading.

    ``spread`` is an interval drawn under a dot or after a bar, ``line`` a value marked across.
    """

    label: Words
    amount: Bounded | None
    panel: Words = NONE
    note: Words = NONE
    colour: str = BLUE
    spread: tuple[float, float] | None = None
    line: float | None = None


@dataclass(frozen=True)
class Cell:
    """A mark in a grid: a glyph, the short text beside it, what it means, its passages."""

    glyph: str
    text: str
    words: Words
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a grid: its id and name, the lines of its head with a colour each."""

    key: object
    name: Words
    head: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Grid:
    """Columns, blocks of named rows, the cells by (block, row, column), and the key.

    ``stub`` is the room for names beside the cells; with 0 they stand above them.
    """

    columns: list[Column]
    blocks: dict[Words, dict[str, Words]]
    cells: dict[tuple, list[Cell]]
    key: list[tuple[tuple[str, ...], Words]]
    stub: float = 100


@dataclass
class Sheet:
    """A drawing in one language; ``y`` is where the next line begins, ``names`` are the links'."""

    axes: Axes
    language: str
    y: float = EDGE
    names: list[str] = field(default_factory=list)

    def say(self, words: Words) -> str:
        """The words in the language of the sheet."""
        return getattr(words, self.language)

    def link(self, target: str, name: str) -> str | None:
        """The address of a link; `_svg` looks up its name by the number after the @."""
        self.names.append(name)
        return f"#{target}@{len(self.names) - 1}" if target else None


def draw(language: str, title: Words, measure: Words, foot: Words, body: Callable) -> str:
    """The SVG of a figure: title, subtitle, what ``body(sheet)`` draws, and foot, on white."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH / 72, 1), dpi=72, facecolor=WHITE)
        sheet = Sheet(figure.add_axes((0, 0, 1, 1)), language)
        sheet.axes.set_axis_off()
        _paragraph(sheet, sheet.say(title), TITLE, weight="bold")
        _paragraph(sheet, sheet.say(measure), SMALL, GREY)
        sheet.y += 6
        body(sheet)
        _paragraph(sheet, sheet.say(foot), SMALL, GREY)
        height = math.ceil(sheet.y + EDGE)
        figure.set_size_inches(WIDTH / 72, height / 72)
        sheet.axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        return _svg(figure, sheet.names)


def rows(sheet: Sheet, lines: Sequence[Row], mark: Callable) -> None:
    """Draw rows under the headings of their panels, each panel on its own scale."""
    for panel in dict.fromkeys(row.panel for row in lines):
        own = [row for row in lines if row.panel == panel]
        if panel not in (NONE, own[0].label):
            sheet.y += 6
            _paragraph(sheet, sheet.say(panel), BODY, weight="bold")
        ticks = scale(own)
        for row in own:
            _row(sheet, row, mark, ticks)
        unit = next((row.amount.unit for row in own if row.amount is not None), "count")
        for tick in ticks if len(ticks) > 2 else ticks[:1]:
            text = numbers.write(tick, unit, sheet.language, 0)
            half = width_of(text, SMALL) / 2
            x = min(max(_at(tick, ticks), EDGE + half), WIDTH - EDGE - half)
            _text(sheet, x, sheet.y + SMALL + 2, text, SMALL, GREY, side="center")
        sheet.y += SMALL + 12


def scale(lines: Iterable[Row]) -> list[float]:
    """The ticks of a scale, which begins and ends with one: shares 0 to 1, others from zero.

    >>> scale([Row(NONE, bounds.exact(35, "count"))])
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    lines = list(lines)
    amounts = [row.amount for row in lines if row.amount is not None]
    numbers = [end for b in amounts for end in (b.low, b.high, b.value) if end is not None]
    numbers += [end for row in lines for end in row.spread or ()]
    finite = [0.0, *(end for end in numbers if math.isfinite(end))]
    if all(b.unit == "share" for b in amounts) and max(finite) <= 1:
        return [0.0, 0.25, 0.5, 0.75, 1.0]
    if max(finite) == min(finite):
        return [0.0, 1.0]
    top = max(finite) * (1.2 if math.inf in numbers else 1)  # room for an arrow
    ticks = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(min(finite), top)
    return [float(tick) for tick in ticks]


def value(amount: Bounded | None, language: str) -> str:
    """The amount in words; where it is not stated, the range that stays possible.

    >>> value(bounds.unknown("share", 0, 1), "en"), value(None, "en")
    ('not stated: 0% to 100%', 'not stated')
    """
    if amount is None:
        return report.ui("not_stated", language)
    words = bounds.words(amount, language)
    if amount.bound != "unknown" or math.isinf(amount.high):
        return words
    low, high = (
        re.sub(r"[.,]0%", "%", numbers.write(end, amount.unit, language))
        for end in (amount.low, amount.high)
    )
    return f"{words}: {low} {report.ui('to', language)} {high}"


def kind(amount: Bounded | None) -> str:
    """The mark that an amount gets: dot, ring, arrow, span, hatch, or silence for None.

    >>> kind(bounds.unknown("share")), kind(bounds.exact(0, "count"))
    ('hatch', 'dot')
    """
    if amount is None:
        return "silence"
    if bounds.is_point(amount):
        return "dot"
    if amount.bound == "approx" and amount.value is not None:
        return "ring"
    top = 1 if amount.unit == "share" else math.inf
    if amount.bound == "unknown" or (amount.low <= 0 and amount.high >= top):
        return "hatch"
    return "arrow" if amount.low <= 0 or amount.high >= top else "span"


def dot(sheet: Sheet, row: Row, ticks: list[float], y: float, url: str | None) -> None:
    """Mark an amount by a dot, a bound by an open dot and an arrow, a range by hatching."""
    amount, sort = row.amount, kind(row.amount)
    left, right = _ends(amount, ticks)
    if row.spread:
        _line(sheet, [_at(end, ticks) for end in row.spread], [y, y], GREY, 3, url)
    if sort == "hatch":
        _box(sheet, (left, y - 7, right - left, 14), "#f4f4f4", url, "////", "#6a6a6a")
    elif sort == "span":
        _line(sheet, [left, right], [y, y], row.colour, 4, url)
        for end in (left, right):
            _line(sheet, [end, end], [y - 7, y + 7], row.colour, 2.5, url)
    elif sort == "arrow":
        start, tip, way = (left, right, 1) if amount.low > 0 else (right, left, -1)
        _line(sheet, [start, tip - 5 * way], [y, y], row.colour, 2.5, url)
        head = [(tip, y), (tip - 9 * way, y - 5.5), (tip - 9 * way, y + 5.5)]
        _polygon(sheet, head, row.colour, row.colour, url)
        _circle(sheet, start, y, 6, WHITE, row.colour, url)
    else:
        middle, fill = (amount.value, WHITE) if sort == "ring" else (amount.low, row.colour)
        _circle(sheet, _at(middle, ticks), y, 6, fill, row.colour, url)


def bar(sheet: Sheet, row: Row, ticks: list[float], y: float, url: str | None) -> None:
    """Mark an amount by a bar as far as it is certain, hatched as far as it is possible."""
    left, right = _ends(row.amount, ticks)
    right = max(right, _at(row.spread[1], ticks)) if row.spread else right
    if right > left:
        _box(sheet, (left, y - 7, right - left, 14), "#f4f4f4", url, "////", "#6a6a6a")
    start = _at(ticks[0], ticks)
    _box(sheet, (start, y - 7, left - start, 14), row.colour, url)


def _row(sheet: Sheet, row: Row, mark: Callable, ticks: list[float]) -> None:
    """Draw name, note and value in words, and the mark on the track below them."""
    label, note = sheet.say(row.label), sheet.say(row.note)
    said = value(row.amount, sheet.language)
    url = sheet.link(report.target(row.amount), f"{with_note(label, note)}: {said}")
    lines = _lines(label, BODY, WIDTH - 2 * EDGE)
    note_at = EDGE + width_of(lines[-1], BODY) + 8
    if note_at + width_of(note, SMALL) + width_of(said, BODY, "bold") + 8 > WIDTH - EDGE:
        lines, note_at = [*lines, ""], EDGE
    height = len(lines) * (BODY + 4) + 25
    _box(sheet, (0, sheet.y, WIDTH, height), WHITE, url)
    for line in lines:
        sheet.y += BODY + 4
        _text(sheet, EDGE, sheet.y - 1, line, BODY, url=url)
    _text(sheet, note_at, sheet.y - 1, note, SMALL, GREY, url=url)
    look = (BODY, GREY) if row.amount is None else (BODY, INK, "bold")
    _text(sheet, WIDTH - EDGE, sheet.y - 1, said, *look, side="right", url=url)
    y = sheet.y + 12
    for tick in ticks:
        _line(sheet, [_at(tick, ticks)] * 2, [y - 7, y + 7], PALE, 1, url)
    _line(sheet, [_at(ticks[0], ticks), _at(ticks[-1], ticks)], [y, y], PALE, 1, url)
    if row.amount is not None:
        mark(sheet, row, ticks, y, url)
    if row.line is not None:
        at = [_at(row.line, ticks)] * 2
        _line(sheet, at, [y - 11, y + 11], WHITE, 5, url)
        _line(sheet, at, [y - 11, y + 11], INK, 2, url, (0, (3, 1.5)))
    sheet.y += 25


def _at(number: float, ticks: list[float]) -> float:
    """Where on the sheet a number of a scale lies."""
    share = (number - ticks[0]) / (ticks[-1] - ticks[0])
    return EDGE + 7 + share * (WIDTH - 2 * EDGE - 14)


def _ends(amount: Bounded, ticks: list[float]) -> tuple[float, float]:
    return _at(max(amount.low, ticks[0]), ticks), _at(min(amount.high, ticks[-1]), ticks)


def steps(sheet: Sheet, lines: Sequence[tuple[Bounded, Words, int]]) -> None:
    """Draw a histogram of counts by size and kind, the kinds stacked and named above."""
    if not lines:
        return
    import seaborn  # half a second, and widgets, for this drawing alone

    sizes, kinds, counts = zip(*lines, strict=True)
    colours = dict(zip(dict.fromkeys(kinds), STACKED, strict=False))
    for words, colour in colours.items():
        _box(sheet, (EDGE, sheet.y + 3, 12, 12), colour)
        _text(sheet, EDGE + 18, sheet.y + SMALL + 2, sheet.say(words), SMALL)
        sheet.y += SMALL + 7
    axes = _axes(sheet, EDGE + 40, 170)
    seaborn.histplot(
        **{"x": [size.low for size in sizes], "weights": counts, "hue": list(map(str, kinds))},
        bins=sorted({end for size in sizes for end in (size.low, size.high)}),
        palette={str(words): colour for words, colour in reversed(colours.items())},
        **{"multiple": "stack", "alpha": 1, "edgecolor": WHITE, "legend": False, "ax": axes},
    )
    seaborn.despine(ax=axes)
    axes.set(xlabel="", ylabel="", xlim=(sizes[0].low, sizes[-1].high))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda at, _: numbers.write(at, "count", sheet.language))
    axes.tick_params(labelsize=SMALL, labelcolor=GREY, color=GREY)


def _axes(sheet: Sheet, left: float, height: float) -> Axes:
    """Axes for a library to draw on, the next thing on the sheet."""
    figure, data = sheet.axes.figure, sheet.axes.transData
    place = Bbox([(left, sheet.y + 8 + height), (WIDTH - EDGE - 12, sheet.y + 8)])
    sheet.y += height + 34
    axes = figure.add_axes((0, 0, 1, 1))  # the sheet's height is known when all the rest is drawn
    axes.set_axes_locator(lambda *_: place.transformed(data + figure.transFigure.inverted()))
    return axes


def grid(sheet: Sheet, table: Grid) -> None:
    """Draw the key and then, in bands of columns, every row of every block."""
    _key(sheet, table)
    per_band = 5 if table.stub else 10
    for start in range(0, len(table.columns), per_band):
        columns = table.columns[start : start + per_band]
        width = (WIDTH - 2 * EDGE - table.stub) / max(len(columns), 3)
        _heads(sheet, columns, EDGE + table.stub, width)
        for block, names in table.blocks.items():
            sheet.y += 5
            _paragraph(sheet, sheet.say(block), SMALL, GREY, "bold")
            for key, name in names.items():
                cells = [table.cells.get((block, key, column.key), []) for column in columns]
                _cells(sheet, sheet.say(name), columns, cells, table.stub, width)
        sheet.y += 8


def _key(sheet: Sheet, table: Grid) -> None:
    """Draw glyphs and letters with their meaning, as many to a line as fit."""
    x = EDGE
    for glyphs, words in table.key:
        text = sheet.say(words)
        slots = [
            16 if glyph in SHAPES or glyph in FILLS else width_of(glyph, SMALL, "bold") + 4
            for glyph in glyphs
        ]
        room = sum(slots) + width_of(text, SMALL)
        if x > EDGE and x + room > WIDTH - EDGE:
            x, sheet.y = EDGE, sheet.y + SMALL + 7
        for glyph, slot in zip(glyphs, slots, strict=True):
            _glyph(sheet, glyph, x + (slot - 4) / 2, sheet.y + 8)
            x += slot
        _text(sheet, x, sheet.y + 12, text, SMALL)
        x += width_of(text, SMALL) + 13
    sheet.y += SMALL + 12


def _glyph(sheet: Sheet, glyph: str, x: float, y: float, url: str | None = None) -> None:
    """Draw a glyph around its middle: a shape, the filling of a cell, or a letter."""
    if glyph in FILLS:
        fill, hatch = FILLS[glyph]
        _box(sheet, (x - 6, y - 6, 12, 12), fill, url, hatch, GREY)
    elif glyph in SHAPES:
        _shape(sheet, glyph, x, y, url)
    else:
        _text(sheet, x, y + 4, glyph, SMALL, INK, "bold", "center", url)


def _heads(sheet: Sheet, columns: Sequence[Column], left: float, width: float) -> None:
    """Draw the heads of the columns, standing on one line."""
    wrap = partial(_lines, size=SMALL, room=width - 2, weight="bold")
    heads = [[(line, c) for text, c in column.head for line in wrap(text)] for column in columns]
    tall = max(map(len, heads))
    for at, lines in enumerate(heads):
        for k, (line, colour) in enumerate(lines):
            y = sheet.y + (tall - len(lines) + k + 1) * (SMALL + 3)
            weight = "normal" if colour == GREY else "bold"
            x = left + (at + 0.5) * width
            _text(sheet, x, y, line, SMALL, colour, weight, "center")
    sheet.y += tall * (SMALL + 3) + 4


def _cells(
    sheet: Sheet, label: str, columns: Sequence[Column], cells: list, stub: float, width: float
) -> None:
    """Draw the name of a row and its cells, with two marks to a line at most."""
    lines = _lines(label, SMALL, stub - 4) if stub else []
    if not stub:
        _paragraph(sheet, label, SMALL)
    per_line = 2 if stub else 1
    deep = max([1, *(math.ceil(len(cell) / per_line) for cell in cells)])
    height = max(deep * 28, len(lines) * (SMALL + 3) + 4)
    for k, line in enumerate(lines):
        y = sheet.y + height / 2 + (k - len(lines) / 2 + 0.8) * (SMALL + 3)
        _text(sheet, EDGE, y, line, SMALL)
    for at, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        x, y = EDGE + stub + at * width + 1, sheet.y + 1
        _box(sheet, (x, y, width - 2, height - 2), WHITE, edge=PALE)
        halves = [cell[k : k + per_line] for k in range(0, len(cell), per_line)]
        for k, half in enumerate(halves):
            wide, tall = (width - 2) / len(half), (height - 2) / len(halves)
            for j, mark in enumerate(half):
                told = f"{label}, {sheet.say(column.name)}: {cell_words(mark, sheet.language)}"
                _mark(sheet, mark, (x + j * wide, y + k * tall, wide, tall), told)
    sheet.y += height


def _mark(sheet: Sheet, mark: Cell, place: tuple, told: str) -> None:
    """Draw one mark of a cell with its text; the whole of its place is the link."""
    x, y, width, height = place
    url = sheet.link(report.anchor(mark.ids[0]) if mark.ids else "", told)
    middle, centre = y + height / 2, x + width / 2
    if mark.glyph in FILLS:
        fill, hatch = FILLS[mark.glyph]
        _box(sheet, place, fill, url, hatch)
        _text(sheet, centre, middle + 4, mark.text, SMALL, INK, "bold", "center", url)
        return
    _box(sheet, place, TINTS.get(mark.glyph.split("_")[0], WHITE), url)
    start = centre - (width_of(mark.text, SMALL) + 2) / 2
    _shape(sheet, mark.glyph, start if mark.text else centre, middle, url)
    _text(sheet, start + 8, middle + 4, mark.text, SMALL, url=url)


def cell_words(mark: Cell, language: str) -> str:
    """What a mark says: its meaning and the number or letter beside it."""
    return f"{getattr(mark.words, language)} {mark.text}".strip()


def with_note(label: str, note: str) -> str:
    """A name with its note in brackets, if it has one."""
    return f"{label} ({note})" if note else label


def _shape(sheet: Sheet, glyph: str, x: float, y: float, url: str | None = None) -> None:
    """Draw a shape around its middle."""
    if glyph == "bound":
        _line(sheet, [x - 2, x + 3], [y, y], BLUE, 1.8, url)
        _polygon(sheet, [(x + 6, y), (x + 1.5, y - 3.5), (x + 1.5, y + 3.5)], BLUE, BLUE, url)
        _circle(sheet, x - 3, y, 2.8, WHITE, BLUE, url)
    elif glyph == "denied":
        for way in (4, -4):
            _line(sheet, [x - 4, x + 4], [y - way, y + way], INK, 2, url)
    elif glyph in DISCS:
        _circle(sheet, x, y, *DISCS[glyph], url)
    else:
        points, fill, edge = POLYGONS[glyph]
        _polygon(sheet, [(x + dx, y + dy) for dx, dy in points], fill, edge, url)


DISCS = {"number": (4.2, BLUE, BLUE), "part": (2.6, WHITE, GREY)}  # radius, filling, edge
SQUARE, SMALL_SQUARE = ([(-a, -a), (a, -a), (a, a), (-a, a)] for a in (4, 2.2))
TRIANGLE, SMALL_TRIANGLE = [(-5, -4), (5, -4), (0, 5)], [(-3, -2.4), (3, -2.4), (0, 3)]
POLYGONS = {  # points around the middle, filling, edge
    "practice": (SQUARE, GREEN, GREEN),
    "practice_below": (SQUARE, WHITE, GREEN),
    "practice_other": (SMALL_SQUARE, WHITE, GREEN),
    "limitation": (TRIANGLE, VERMILION, VERMILION),
    "limitation_below": (TRIANGLE, WHITE, VERMILION),
    "limitation_other": (SMALL_TRIANGLE, WHITE, VERMILION),
    "ahead": ([(-6, 5), (6, 5), (0, -6)], BLUE, BLUE),
    "behind": ([(-6, -5), (6, -5), (0, 6)], BLUE, BLUE),
    "larger": ([(-5, -6), (-5, 6), (6, 0)], INK, INK),
    "smaller": ([(5, -6), (5, 6), (-6, 0)], INK, INK),
}
SHAPES = {"bound", "denied", *DISCS, *POLYGONS}
TINTS = {"number": "#e3eef8", "bound": "#e3eef8", "practice": "#e2f1ec", "limitation": "#fbe9df"}
FILLS = {  # the filling of a whole cell: colour and hatching
    "not_comparable": ("#dedede", None),
    "undecided": ("#ffffff", "///"),
    "empty": ("#ffffff", None),
}


def _svg(figure: Figure, names: list[str]) -> str:
    """The bytes of a figure: no time, no numbered ids, one named link per row or mark."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"<style.*?</style>|<!--.*?-->", "", file.getvalue(), flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><")
    text = text.replace("; stroke-linejoin: miter", "")
    text = re.sub(r'<g id="(figure|axes|patch|text)_\d+">', "<g>", text)
    text = text.replace("DejaVuSans-Bold-", "b").replace("DejaVuSans-", "t")
    first, *parts = re.split(r'(<a xlink:href="#[^"]*@\d+" target="_blank">)', text)
    pieces = [first]
    for tag, marks in groupby(zip(parts[::2], parts[1::2], strict=True), key=itemgetter(0)):
        *earlier, last = (drawn for _, drawn in marks)  # marks of one row become one link
        earlier = [drawn.removesuffix("</a></g><g>") for drawn in earlier]
        pieces += [_named(tag, names), *earlier, last]
    return "".join(pieces)


def _named(tag: str, names: list[str]) -> str:
    """The opening tag of a link with its name instead of its number."""
    target, number = re.search(r'"#(.*)@(\d+)"', tag).groups()
    return f'<a href="#{target}" aria-label="{escape(names[int(number)])}">'


def _paragraph(
    sheet: Sheet, text: str, size: float, colour: str = INK, weight: str = "normal"
) -> None:
    for line in _lines(text, size, WIDTH - 2 * EDGE, weight) if text else []:
        sheet.y += size + 3.5
        _text(sheet, EDGE, sheet.y - 2, line, size, colour, weight)
    sheet.y += 4 if text else 0


def _text(sheet, x, y, text, size, colour=INK, weight="normal", side="left", url=None) -> None:
    if text:
        look = {"fontsize": size, "color": colour, "fontweight": weight, "ha": side}
        sheet.axes.text(x, y, text, parse_math=False, zorder=1, url=url, **look)


def _box(sheet, place, fill, url=None, hatch=None, edge="none") -> None:
    look = {"fc": fill, "ec": edge, "hatch": hatch, "lw": 1, "url": url}
    sheet.axes.add_artist(Rectangle(place[:2], *place[2:], **look, **_PLAIN))


def _circle(sheet, x, y, size, fill, edge, url=None) -> None:
    sheet.axes.add_artist(Circle((x, y), size, fc=fill, ec=edge, lw=2, url=url, **_PLAIN))


def _polygon(sheet, points, fill, edge, url=None) -> None:
    sheet.axes.add_artist(Polygon(points, fc=fill, ec=edge, lw=1.4, url=url, **_PLAIN))


def _line(sheet, xs, ys, colour, width, url=None, dashes="-") -> None:
    look = {"ec": colour, "fc": "none", "lw": width, "ls": dashes, "url": url}
    points = list(zip(xs, ys, strict=True))
    sheet.axes.add_artist(Polygon(points, closed=False, **look, **_PLAIN))


_PLAIN = {"zorder": 1, "clip_on": False}  # drawn in the order of the code


@cache
def width_of(text: str, size: float, weight: str = "normal") -> float:
    """The width of a text in points, from the outlines that will be drawn."""
    font = FontProperties(family="DejaVu Sans", weight=weight, size=size)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]


def _lines(text: str, size: float, room: float, weight: str = "normal") -> list[str]:
    """The text in lines that fit the room; a longer word has a line of its own."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size, weight) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
