"""Numbers with bounds: what the words of a text allow, and arithmetic that keeps it.

"Trên 3.550" is not 3550 but the open interval from 3550 upwards; a figure nobody printed is
the whole admissible range. Every result carries the facts it was computed from and its formula,
so that a reader can go back to the sentences. Dependence between operands is not exploited:
a result may be wider than need be, never narrower.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from helpers import numbers

ROUNDINGS = ("none", "printed_digits", "next_step")  # readings of a printed figure

_PHRASES = {  # English, Vietnamese
    "point": ("{0}", "{0}"),
    "unknown": ("not stated", "không nêu"),
    "free": ("not determined", "chưa xác định được"),
    "about": ("about {0}", "khoảng {0}"),
    "nearly": ("nearly {0}", "gần {0}"),
    "more": ("more than {0}", "trên {0}"),
    "at_least": ("at least {0}", "ít nhất {0}"),
    "less": ("less than {0}", "dưới {0}"),
    "at_most": ("at most {0}", "không quá {0}"),
    "closed": ("{0} to {1}", "từ {0} đến {1}"),
    "left_open": ("more than {0}, at most {1}", "trên {0}, không quá {1}"),
    "right_open": ("at least {0}, less than {1}", "từ {0} đến dưới {1}"),
    "open": ("more than {0}, less than {1}", "trên {0}, dưới {1}"),
}


class BoundsInvalid(ValueError):
    """An interval that holds no number, or operands that cannot meet."""


@dataclass(frozen=True)
class Bounded:
    """An interval with open or closed ends, the number printed, and where it comes from.

    >>> members = Bounded(3550, math.inf, True, True, "persons", 3550, "at_least", ("mk.1",))
    >>> (members / 43).low, (members / 43).formula
    (82.55813953488372, '{0} / 43')
    """

    low: float
    high: float
    low_open: bool
    high_open: bool
    unit: str
    value: float | None = None
    bound: str = "exact"
    facts: tuple[str, ...] = ()
    formula: str = ""

    def __post_init__(self):
        # An infinite end is never reached, so it is open whatever the caller says.
        object.__setattr__(self, "low_open", bool(self.low_open) or self.low == -math.inf)
        object.__setattr__(self, "high_open", bool(self.high_open) or self.high == math.inf)
        pointless = self.low == self.high and (self.low_open or self.high_open)
        if not self.low <= self.high or pointless:
            raise BoundsInvalid(
                f"Bounds {self.low} to {self.high} ({self.unit}; facts {list(self.facts)}) hold no "
                "number: expected a lower bound below the upper one. Check value_low, value_high "
                "and their open ends."
            )

    def __add__(self, other):
        other = _lift(other, self.unit)
        _same_unit(self, other)
        low, high = self.low + other.low, self.high + other.high
        opens = self.low_open or other.low_open, self.high_open or other.high_open
        return _derived(self, other, "+", self.unit, (low, high, *opens))

    def __neg__(self):
        formula = f"-{_term(self)}" if self.facts else ""
        ends = (-self.high, -self.low, self.high_open, self.low_open)
        return Bounded(*ends, self.unit, _point(*ends), "derived", self.facts, formula)

    def __sub__(self, other):
        other = _lift(other, self.unit)
        difference = self + (-other)
        return replace(difference, **_provenance(self, other, "-"))

    def __mul__(self, other):
        other = _lift(other, "ratio")
        unit = other.unit if self.unit in ("share", "ratio") else self.unit
        return _derived(self, other, "*", unit, _hull_of(_corners(self, other, _product)))

    def __truediv__(self, other):
        other = _lift(other, "ratio")
        if other.low < 0 < other.high or other.low == other.high == 0:
            ends = (-math.inf, math.inf, True, True)
        elif other.high <= 0:
            ends = _hull_of(_corners(-self, -other, _quotient))
        else:
            ends = _hull_of(_corners(self, other, _quotient))
        return _derived(self, other, "/", "ratio", ends)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other):
        return _lift(other, self.unit) - self

    def __rtruediv__(self, other):
        return _lift(other, "ratio") / self


def least(measure_id: str) -> float:
    """Return the smallest number that a measure can be: only changes go below nought.

    >>> least("members"), least("members_change")
    (0.0, -inf)
    """
    return -math.inf if measure_id.endswith("_change") else 0.0


def from_fact(row: Mapping, *, rounding: str = "none", share_limit: float | None = 1.0) -> Bounded:
    """Return the interval that a fact's words allow, in the fact's unit (shares 0-1).

    A missing lower end is zero; a missing upper end is infinity, or `share_limit` for shares. Of
    a decrease, which is below zero, they are minus infinity and zero. `rounding` chooses how a
    figure in print is read ("none": as a point, for showing it): "printed_digits"
    reads 99,6 % as [99.55, 99.65); "next_step" reads besides "trên 3.550" as below 3560, one
    step of its last digit not zero, and "khoảng" or "gần" as within one step.

    >>> row = {"fact_id": "a", "value": 3550, "value_low": 3550, "low_open": True,
    ...        "value_high": None, "high_open": None, "bound": "at_least", "unit": "persons"}
    >>> from_fact(row).high, from_fact(row | {"number_text": "3.550"}, rounding="next_step").high
    (inf, 3560.0)
    """
    value, low, high = (_number(row.get(key)) for key in ("value", "value_low", "value_high"))
    bound, unit = row["bound"], row["unit"]
    low = value if low is None and bound in ("exact", "at_least") else low
    high = value if high is None and bound in ("exact", "at_most") else high
    limit = share_limit if unit == "share" and share_limit is not None else math.inf
    floor = 0.0
    if value is not None and value < 0:
        floor, limit = -math.inf, 0.0
    ends = (
        floor if low is None else low,
        limit if high is None else high,
        low is not None and _true(row.get("low_open")),
        high is not None and _true(row.get("high_open")),
    )
    if rounding not in ROUNDINGS:
        raise BoundsInvalid(f"No rounding convention {rounding!r}: expected one of {ROUNDINGS}.")
    if rounding != "none" and value is not None:
        ends = _rounded(ends, value, row, rounding)
        ends = (ends[0], min(ends[1], max(limit, value)), ends[2], ends[3] and ends[1] <= limit)
    return Bounded(*ends, unit, value, bound, (str(row["fact_id"]),))


def step(row: Mapping) -> float:
    """Return what the last digit printed of a fact is worth, at least 1 for what is counted.

    >>> step({"unit": "share", "value": 0.996, "number_text": "99,6"})
    0.001
    """
    value = _number(row.get("value"))
    if value is None or row["unit"] != "share":
        return max(1.0, _worth(str(row.get("number_text") or ""), value or 0.0)[0])
    number = re.match(r"[\d.,]*", str(row.get("number_text") or "").strip())[0]
    written = number if number.strip(".,") else f"{value * 100:.10g}"
    return 10.0 ** -(2 + len(re.split(r"[.,]", written + ".")[1]))


def unknown(unit: str, low: float = 0.0, high: float = math.inf, facts: tuple = ()) -> Bounded:
    """Return the whole admissible range of a number that nobody printed.

    `facts` are counts of which only the share is not known.

    >>> words(unknown("share", 0, 1), "vi")
    'không nêu'
    """
    return Bounded(
        low, high, False, False, unit, None, "unknown", facts, "{0} / ?" if facts else ""
    )


def rounded(b: Bounded) -> Bounded:
    """Return an amount without the last bits of floating point."""
    low, high = round(b.low, 12) + 0.0, round(b.high, 12) + 0.0
    if (low, high) == (b.low, b.high) and (low != high or b.value == low):
        return b
    return replace(b, low=low, high=high, value=low if low == high else b.value)


def within(b: Bounded, unit: str, sign: str = "") -> Bounded:
    """Return an amount in a unit without the last bits of floating point, a share within 0 to 1.

    With ">=" all from it upwards, with "<=" all from nought up to it.

    >>> within(exact(0.1 + 0.2, "ratio"), "share", ">=").low
    0.3
    """
    least, most = (0.0, 1.0) if unit == "share" else (-math.inf, math.inf)
    low = 0.0 if sign == "<=" else max(round(b.low, 12), least)
    high = most if sign == ">=" else min(round(b.high, 12), most)
    ends = (low, high, b.low_open and low == b.low, b.high_open and high == b.high)
    value = low if low == high else None if sign else b.value
    return Bounded(low + 0.0, high + 0.0, *ends[2:], unit, value, b.bound, b.facts, b.formula)


def exact(value: float, unit: str) -> Bounded:
    """Return a number that is known by itself (a constant, a length of time), without facts."""
    return Bounded(value, value, False, False, unit, value, "exact", (), f"{value:.12g}")


def share(part: Bounded, whole: Bounded) -> Bounded:
    """Return part / whole as a share, kept within 0 to 1 because a part is inside its whole.

    >>> share(exact(90, "count"), exact(449, "count")).value
    0.20044543429844097
    """
    quotient = part / whole
    if quotient.low > 1 or quotient.high < 0:
        raise BoundsInvalid(
            f"A part of {part.low:g} or more is no share of {whole.high:g} or less (facts "
            f"{list(quotient.facts)}): check that the base is the whole of which this is a part."
        )
    low, high = max(quotient.low, 0), min(quotient.high, 1)
    opens = quotient.low_open and quotient.low >= 0, quotient.high_open and quotient.high <= 1
    return replace(
        quotient, low=low, high=high, low_open=opens[0], high_open=opens[1], unit="share"
    )


def rate(count: Bounded, base: Bounded, per: float = 1, unit: str = "ratio") -> Bounded:
    """Return per x count / base in `unit`, for instance disciplined members per 1,000 members.

    >>> rate(exact(50, "persons"), exact(1742, "persons"), 1000, "per_1000").value
    28.70264064293915
    """
    return replace((count if per == 1 else count * per) / base, unit=unit)


def hull(first: Bounded, *others: Bounded) -> Bounded:
    """Return the smallest interval that holds every operand: what conflicting sources leave.

    >>> hull(exact(34, "count"), exact(35, "count")).high
    35
    """
    result = first
    for other in others:
        _same_unit(result, other)
        ends = _hull_of(
            [(b.low, b.low_open) for b in (result, other)],
            [(b.high, b.high_open) for b in (result, other)],
        )
        result = _derived(result, other, "∪", first.unit, ends)
    return result


def meet(first: Bounded, *others: Bounded) -> Bounded:
    """Return what all operands allow together; BoundsInvalid if they exclude one another."""
    result = first
    for other in others:
        _same_unit(result, other)
        low = max((b.low, b.low_open) for b in (result, other))
        high = min((b.high, not b.high_open) for b in (result, other))
        ends = (low[0], high[0], low[1], not high[1])
        result = _derived(result, other, "∩", first.unit, ends)
    return result


def above(a: Bounded, b: Bounded) -> bool:
    """Return whether a is larger than b under every admissible value of both.

    Both may hold arrays of ends instead; then the answer is an array.

    >>> above(Bounded(5, 9, True, False, "count"), exact(5, "count"))
    True
    """
    return (a.low > b.high) | ((a.low == b.high) & (a.low_open | b.high_open))


def holds(b: Bounded, number: float) -> bool:
    """Return whether a number is admissible."""
    over = number > b.low or (number == b.low and not b.low_open)
    return over and (number < b.high or (number == b.high and not b.high_open))


def column(readings) -> list[Bounded]:
    """Return the amounts of a table of readings for showing them: what was printed as printed.

    The table has the columns low, high, low_open, high_open, unit, value, bound, fact_ids and
    formula; an exact figure is shown without the interval of its rounding.
    """
    names = ("low", "high", "low_open", "high_open", "unit", "value", "bound", "fact_ids")
    rows = zip(*(readings[name] for name in (*names, "formula")), strict=True)
    return [_shown(*row) for row in rows]


def _shown(low, high, low_open, high_open, unit, value, bound, fact_ids, formula) -> Bounded:
    value = None if value != value else value
    ends = (low, high, low_open, high_open)
    if bound == "exact" and value is not None:
        ends = (value, value, False, False)
    return Bounded(*ends, unit, value, bound, tuple(filter(None, fact_ids.split("|"))), formula)


def is_point(b: Bounded) -> bool:
    """Return whether only one number is admissible."""
    return b.low == b.high


def words(b: Bounded, language: str) -> str:
    """Return the number in words of English ("en") or Vietnamese ("vi"), bounds kept.

    Zero below and one above (for shares) are no information and are not written.

    What was computed has one decimal, a lower bound rounded down and an upper one up.

    >>> words(Bounded(3550, math.inf, True, True, "persons", 3550, "at_least"), "vi")
    'trên 3.550'
    >>> words(Bounded(3550, math.inf, True, True, "persons", 3550, "at_least") / 43, "en")
    'more than 82.5'
    """
    key, amounts = _phrase(b)
    amounts = _outward(b, key, amounts) if b.bound == "derived" else amounts
    digits = 1 if b.bound == "derived" else _decimals(amounts)
    written = (numbers.write(number, b.unit, language, digits) for number in amounts)
    return _PHRASES[key][language == "vi"].format(*written)


def _outward(b: Bounded, key: str, amounts: tuple[float, ...]) -> tuple[float, ...]:
    """Return what was computed with one decimal, rounded so that the words stay true."""
    scale = 1000 if b.unit == "share" else 10
    ways = (math.ceil,) if key in ("less", "at_most") else (math.floor, math.ceil)
    ways = ways if key != "point" else (round,)
    rounded = (way(round(n * scale, 6)) / scale for way, n in zip(ways, amounts, strict=False))
    return tuple(near or n for near, n in zip(rounded, amounts, strict=True))


def _decimals(shares: tuple[float, ...]) -> int:
    """Return how many decimals of a percentage were printed: none for 65 %, one for 99,6 %."""
    fits = (d for d in (0, 1) if all(round(n * 100, d) == round(n * 100, 9) for n in shares))
    return next(fits, 2)


def _phrase(b: Bounded) -> tuple[str, tuple[float, ...]]:
    """Return which phrase fits, and the numbers in it."""
    lower = b.low if b.low > 0 or -math.inf < b.low < 0 else None
    upper = None if b.high == math.inf or (b.unit == "share" and b.high >= 1) else b.high
    if b.bound == "unknown":
        return "unknown", ()
    if is_point(b):
        return "point", (b.low,)
    if b.bound == "approx" and b.value is not None:
        return ("nearly" if b.high == b.value else "about"), (b.value,)
    if lower is None and upper is None:
        return "free", ()
    if upper is None:
        return ("more" if b.low_open else "at_least"), (lower,)
    if lower is None:
        return ("less" if b.high_open else "at_most"), (upper,)
    ends = {(0, 0): "closed", (1, 0): "left_open", (0, 1): "right_open", (1, 1): "open"}
    return ends[b.low_open, b.high_open], (lower, upper)


def _rounded(ends, value: float, row: Mapping, rounding: str) -> tuple:
    """Return the ends that a rounding convention gives to a printed figure.

    A count to the last unit is not rounded, nor is a fraction (48/66); 0 % and 100 % are none
    and all.
    """
    low, high, low_open, high_open = ends
    bound, text = row["bound"], str(row.get("number_text") or "")
    place, jump = _worth(text, value)
    if row["unit"] == "share":
        is_whole = value in (0, 1) or "/" in text or (text and not re.match(r"\s*\d", text))
        place = 0 if is_whole else step(row)
    if bound == "exact" and place not in (0, 1):
        return (max(0.0, value - place / 2), value + place / 2, False, True)
    if rounding == "next_step" and jump:
        if bound in ("at_least", "approx") and high > value:
            high, high_open = min(high, value + jump), True
        if bound in ("at_most", "approx") and low < value:
            low, low_open = max(low, value - jump), True
    return (low, high, low_open, high_open)


def _worth(text: str, value: float) -> tuple[float, float]:
    """Return what the last digit printed is worth, and the last that is not a mere zero.

    >>> _worth("66.000", 66000), _worth("12,5 nghìn", 12500), _worth("một nửa", 0.5)
    ((1.0, 1000.0), (100.0, 100.0), (0.0, 0.0))
    """
    number = re.match(r"[\d.,]*", text.strip())[0]
    digits = re.sub(r"\D", "", number)
    if not digits.strip("0") or not value:
        return 0.0, 0.0
    place = value / int(digits)
    zeros = 0 if "," in number else len(digits) - len(digits.rstrip("0"))
    return place, place * 10.0**zeros


def _corners(a: Bounded, b: Bounded, operate: Callable) -> list[tuple[float, bool]]:
    """Return the four results at the ends, each with whether it is out of reach."""
    return [
        operate(x, x_open, y, y_open)
        for x, x_open in ((a.low, a.low_open), (a.high, a.high_open))
        for y, y_open in ((b.low, b.low_open), (b.high, b.high_open))
    ]


def _product(x, x_open, y, y_open):
    if x == 0 or y == 0:  # a zero that is reached makes a zero that is reached
        return 0.0, not ((x == 0 and not x_open) or (y == 0 and not y_open))
    return x * y, x_open or y_open


def _quotient(x, x_open, y, y_open):
    """Divide by an end of an interval of positive numbers (zero stands for its limit)."""
    if x == 0:
        return 0.0, x_open
    if y == math.inf:
        return 0.0, True
    if y == 0:
        return math.copysign(math.inf, x), True
    return x / y, x_open or y_open


def _hull_of(lows: list, highs: list | None = None) -> tuple[float, float, bool, bool]:
    """Return the ends of (value, open) pairs; an end is closed if any pair reaches it."""
    low = min(lows)  # False sorts before True: the closed one wins a tie
    high = max((value, not is_open) for value, is_open in (highs or lows))
    return low[0], high[0], low[1], not high[1]


def _derived(a: Bounded, b: Bounded, sign: str, unit: str, ends: tuple) -> Bounded:
    return Bounded(*ends, unit, _point(*ends), "derived", **_provenance(a, b, sign))


def _provenance(a: Bounded, b: Bounded, sign: str) -> dict:
    """Return the facts of both operands, each once, and the formula over them."""
    facts = tuple(dict.fromkeys(a.facts + b.facts))
    terms = [
        _term(side).format(*(f"{{{facts.index(fact)}}}" for fact in side.facts)) for side in (a, b)
    ]
    return {"facts": facts, "formula": f"{terms[0]} {sign} {terms[1]}"}


def _term(b: Bounded) -> str:
    """Return the formula of an operand, in brackets if it is more than one term."""
    text = b.formula or ("{0}" if b.facts else "?")
    return f"({text})" if " " in text else text


def _point(low: float, high: float, *_) -> float | None:
    return low if low == high else None


def _lift(other, unit: str) -> Bounded:
    return other if isinstance(other, Bounded) else exact(float(other), unit)


def _same_unit(a: Bounded, b: Bounded) -> None:
    if a.unit != b.unit:
        raise BoundsInvalid(
            f"Cannot put {a.unit} and {b.unit} together (facts {list(a.facts + b.facts)}): "
            "expected one unit on both sides."
        )


def _number(cell) -> float | None:
    """Return a table's cell as a number, None where it is empty."""
    return None if str(cell) in ("", "None", "nan", "<NA>") else float(cell)


def _true(cell) -> bool:
    """Return a table's cell as a truth value; empty is false."""
    return cell is True or str(cell).lower() == "true"
