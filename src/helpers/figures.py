"""Charts: one tidy table in, one chart in both languages out, with its alt text and its table.

Every number comes from the table: nothing is computed here. Drawn for a column of 360 to 768 px,
names and values in black, one colour for one thing. What the gate does not let stand together is
said in words and has no mark on the axis.
"""

from dataclasses import dataclass

import pandas as pd

from helpers import bounds, numbers, report
from helpers.bounds import Bounded
from helpers.report import ACCENT, INK, LANGUAGES, LINE, PAPER, SOFT, Shown, Words

WIDTH, SIZE = 480, 14  # of a drawing and of its letters; a page of 768 px shows them at 1.6
TIERS = (ACCENT, LINE, SOFT, INK, PAPER)  # the best one, which a ceiling is about, has the colour
NONE = Words("", "")


@dataclass(frozen=True)
class Row:
    """A line of a chart: its name, its amount, what is noted beside it, the ends of an interval."""

    label: Words
    amount: Bounded
    note: Words = NONE
    spread: tuple[float, float] | None = None
    on_axis: bool = True

    @property
    def told(self) -> Words:
        """The name with what is noted beside it."""
        return _joined(" · ", self.label, self.note) if self.note.en else self.label


def dated(sets: pd.DataFrame, verdicts: pd.DataFrame, measure_id: str, name: str) -> Shown:
    """One measure of every locality that states it, each with its period, on one axis.

    ``sets`` as `indicators.identified_sets` gives it (locality_id, amount, stated, period), rows in
    the order wished for; ``verdicts`` as `gate.outcomes`. A locality that the gate lets meet none
    of the others has its number in words, and no mark on the axis.
    """
    own = verdicts.query("measure_id == @measure_id and verdict != 'not_comparable'")
    own = own[~own["reasons"].astype(str).str.contains("missing")]
    meeting = {*own["row_id"], *own["column_id"]}
    said = sets[sets["stated"].astype(bool)].head(report.MOST_ROWS)
    rows = []
    for row in said.to_dict("records"):
        label = report.label("localities", row["locality_id"])
        stands = len(said) == 1 or row["locality_id"] in meeting
        note = Words(row["period"], row["period"]) if stands else _word("apart", row["period"])
        rows.append(Row(label, row["amount"], note, on_axis=stands))
    shown = said[["locality_id", "period", "amount"]].reset_index(drop=True)
    title = _word("title_dated", report.label("measures", measure_id), len(said), len(sets))
    return _chart(rows, shown, name, title)


def bars(
    table: pd.DataFrame,
    by: str,
    value: str,
    name: str,
    en: str,
    vi: str,
    low: str = "",
    high: str = "",
    n: str = "",
    panel: str = "",
    unit: str = "share",
) -> Shown:
    """A dot per row of any table that does not set localities side by side.

    ``by`` and ``panel`` name columns of ids, texts or `report.Words`, ``value`` one of numbers (in
    ``unit``) or Bounded, ``low`` and ``high`` the ends of an interval that the caption must name,
    ``n`` a denominator.
    """
    rows = []
    for row in table[table[value].notna()].to_dict("records"):
        amount = row[value] if isinstance(row[value], Bounded) else _computed(row[value], unit)
        spread = (row[low], row[high]) if low and pd.notna(row[low]) else None
        label = _named(row[by], by)
        if panel:
            label = _joined(": ", _named(row[panel], panel), label)
        rows.append(Row(label, amount, _word("n", int(row[n])) if n else NONE, spread))
    shown = table[[column for column in (panel, by, n, value, low, high) if column]]
    return _chart(rows, shown, name, Words(en, vi))


def _computed(value: float, unit: str) -> Bounded:
    """A number of a table; a share has the one decimal of what was computed."""
    bound = "derived" if unit == "share" else "exact"
    return Bounded(value, value, False, False, unit, value, bound)


def ceiling(table: pd.DataFrame, name: str = "ceiling") -> Shown:
    """The best tier as a share of each base that a ceiling may mean, beside that ceiling.

    ``table`` holds the rows of one locality and population of `indicators.ceiling_bases`.
    """
    if table.empty:
        return report.nothing_drawn()
    rows = [
        Row(_word(f"base_{row['base']}"), row["amount"], _word("of", row["part"], row["whole"]))
        for row in table.to_dict("records")
    ]
    first = table.iloc[0]
    known = "ceiling" if first["ceiling_verified"] else "ceiling_unsure"
    limit = float(first["ceiling_share"])
    about = report.label("vocabulary:figure_subject", first["population"])
    title = _word("title_ceiling", report.label("localities", first["locality_id"]), about)
    shown = table[["base", "part", "whole", "amount"]]
    return _chart(rows, shown, name, title, (limit, _word(known, bounds.exact(limit, "share"))))


def tiers(table: pd.DataFrame, name: str = "tiers") -> Shown:
    """One rating as one bar by its tiers, best first, each with its share.

    ``table`` holds the rows of one locality, population and period of `indicators.tiers`, and may
    have the counts in a column ``n``; a tier is drawn as far as it is certain.
    """
    if table.empty:
        return report.nothing_drawn()
    first, amounts = table.iloc[0], list(table["amount"])
    counts = [_written(n) if n else NONE for n in table.get("n", [None] * len(table))]
    about = report.label("vocabulary:figure_subject", first["population"])
    place, year = report.label("localities", first["locality_id"]), first["period_end"][:4]
    names = [report.label("measures", name) for name in table["measure_id"]]
    rows = [Row(*row) for row in zip(names, amounts, counts, strict=True)]
    title = _word("title_tiers", place, about, year)

    def draw(language: str):
        axes, left = _axes(62 + 25 * len(names)), 0.0
        for at, row in enumerate(rows):
            y, colour = -1 - at * 0.62, TIERS[at % len(TIERS)]
            axes.barh(0, row.amount.low, 0.9, left, color=colour, edgecolor=PAPER)
            axes.barh(y, 0.03, 0.36, color=colour, edgecolor=INK, linewidth=0.5)
            _named_row(axes, (0.045, 1), y, row, language)
            left += row.amount.low
        axes.set(xlim=(0, 1), ylim=(-0.8 - 0.62 * len(names), 0.5))
        axes.axis("off")
        return axes.figure

    shown = pd.DataFrame({"measure_id": table["measure_id"], "share": amounts})
    return _figure(rows, shown, name, title, draw)


def histogram(
    table: pd.DataFrame, value: str, by: str, step: float, name: str, en: str, vi: str
) -> Shown:
    """How many rows have which size from 0 to 1, in steps, stacked by the words in ``by``."""
    if not table[value].notna().any():
        return report.nothing_drawn()
    edges = [round(at * step, 6) for at in range(round(1 / step) + 1)]
    sizes = pd.cut(table[value], edges, include_lowest=True, labels=edges[1:]).astype(float)
    kinds = table[by].map(lambda words: _named(words, by))
    counted = pd.DataFrame({"up_to": sizes, by: kinds}).value_counts(sort=False)
    shown = counted.rename("n").reset_index().sort_values("up_to", kind="stable")

    def draw(language: str):
        import seaborn  # half a second, for this chart alone

        axes = _axes(220)
        hue = kinds.map(lambda words: words[language]).rename("")
        look = {"palette": [ACCENT, LINE, SOFT][: kinds.nunique()], "alpha": 1, "edgecolor": PAPER}
        seaborn.histplot(x=table[value], hue=hue, bins=edges, multiple="stack", ax=axes, **look)
        axes.set(xlabel="", ylabel="")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda at, _: numbers.write(at, "count", language))
        return axes.figure

    lines = [
        Row(row[by], bounds.exact(row["n"], "count"), _word("up_to", row["up_to"]))
        for row in shown.to_dict("records")
    ]
    return _figure(lines, shown, name, Words(en, vi), draw)


def _chart(
    rows: list[Row], shown: pd.DataFrame, name: str, title: Words, line: tuple | None = None
) -> Shown:
    """A line with a name, a value and a mark per row, on one axis that begins at nought."""
    if not rows:
        return report.nothing_drawn()
    unit = rows[0].amount.unit
    ends = [
        end for row in rows if row.on_axis for end in (*_finite(row.amount), *(row.spread or ()))
    ]
    low, high = min([0.0, *ends]), max([*ends, line[0] if line else 0]) * 1.08 or 1.0

    def draw(language: str):
        axes = _axes(46 * len(rows) + (54 if line else 30))
        for at, row in enumerate(rows):
            _row(axes, -at, row, (low, high), language)
        if line:
            axes.vlines(line[0], 0.6 - len(rows), 0.5, color=INK, linestyle="--", linewidth=1)
            _say(axes, line[0], 0.85, line[1][language], "center")
        axes.set(xlim=(low, high), ylim=(0.6 - len(rows), 1.1 if line else 0.6), yticks=[])
        axes.xaxis.set_major_formatter(lambda at, _: numbers.write(at, unit, language, 0))
        axes.spines[["left", "top", "right"]].set_visible(False)
        axes.axis("on" if any(row.on_axis for row in rows) else "off")
        return axes.figure

    return _figure(rows, shown, name, title, draw)


def _named_row(axes, ends: tuple, y: float, row: Row, language: str) -> None:
    _say(axes, ends[0], y, row.told[language])
    _say(axes, ends[1], y, bounds.words(row.amount, language), "right", "bold")


def _row(axes, y: float, row: Row, ends: tuple[float, float], language: str) -> None:
    _named_row(axes, ends, y + 0.22, row, language)
    if not row.on_axis:
        return
    axes.hlines(y - 0.18, *ends, color=LINE, linewidth=1)
    low, high = row.spread or (max(row.amount.low, ends[0]), min(row.amount.high, ends[1]))
    axes.hlines(y - 0.18, low, high, color=ACCENT, linewidth=2)
    for at in _finite(row.amount):
        is_point = bounds.is_point(row.amount)
        axes.plot(at, y - 0.18, "o", color=ACCENT if is_point else PAPER, mec=ACCENT, ms=9)


def _finite(amount: Bounded) -> list[float]:
    """The ends of an amount that are printed: neither nought below nor endless above."""
    found = {amount.low, amount.high}
    inner = found - {float("inf"), float("-inf")} - ({0.0} if len(found) > 1 else set())
    return sorted(inner - ({1.0} if amount.unit == "share" and len(found) > 1 else set()))


def _axes(height: float):
    """Axes that fill a figure of the common width, with letters of the common size."""
    from matplotlib.figure import Figure  # half a second, for charts alone

    figure = Figure(figsize=(WIDTH / 72, height / 72))
    axes = figure.add_axes((0.02, 24 / height, 0.96, 1 - 30 / height))
    axes.tick_params(labelsize=SIZE - 2, labelcolor=INK, color=LINE)
    for spine in axes.spines.values():
        spine.set_color(LINE)
    return axes


def _say(axes, x: float, y: float, text: str, side: str = "left", weight: str = "normal") -> None:
    look = {"ha": side, "va": "center", "color": INK, "fontsize": SIZE, "weight": weight}
    axes.text(x, y, text, parse_math=False, **look)


def _figure(rows: list[Row], shown: pd.DataFrame, name: str, title: Words, draw) -> Shown:
    """The drawing with title and every row in words."""
    alt = []
    for lang in LANGUAGES:
        said = [f"{row.told[lang]}: {bounds.words(row.amount, lang)}" for row in rows]
        alt.append(f"{title[lang]}. {'; '.join(said)}.")
    return report.figure(shown, name, draw, title.en, title.vi, tuple(alt))


def _word(code: str, *values: Words | Bounded | str | float) -> Words:
    """A phrase of the vocabulary list "figure" with its values."""
    phrase, said = report.label("vocabulary:figure", code), [_written(one) for one in values]
    return report.both(lambda lang: phrase[lang].format(*(words[lang] for words in said)))


def _written(value: Words | Bounded | str | float, column: str = "") -> Words:
    """A value as a table writes it in a column of that name."""
    return report.both(lambda lang: report.written(value, column, lang)[0])


def _named(value: str | Words | tuple[str, str], column: str) -> Words:
    """A pair, an id by the name of its column, or a text that is the same in both languages."""
    return report.cited(value) if not isinstance(value, str) else _written(value, column)


def _joined(by: str, *words: Words) -> Words:
    return report.both(lambda lang: by.join(one[lang] for one in words))
