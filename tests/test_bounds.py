"""Interval arithmetic: what the operands allow the result allows, and nothing is invented."""

import math
from fractions import Fraction

import portion
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers import bounds
from helpers.bounds import Bounded, BoundsInvalid

INF = math.inf


def make(low, high, low_open=False, high_open=False, unit="count", **more):
    return Bounded(low, high, low_open, high_open, unit, **more)


@st.composite
def intervals(draw, least=-20, most=20):
    ends = st.integers(least, most)
    low = draw(st.one_of(ends, st.just(-INF)) if least < 0 else ends)
    high = draw(st.one_of(ends, st.just(INF)))
    assume(low <= high)
    opens = (draw(st.booleans()), draw(st.booleans()))
    assume(low < high or not any(opens))
    return make(low, high, *opens)


@st.composite
def intervals_with_a_number(draw, **limits):
    """An interval and an exact number inside it, its ends included where they are closed."""
    b = draw(intervals(**limits))
    low = Fraction(int(b.low)) if b.low > -INF else Fraction(-1000)
    high = Fraction(int(b.high)) if b.high < INF else Fraction(1000)
    part = draw(st.fractions(0, 1, max_denominator=50))
    number = low + (high - low) * part
    assume(bounds.holds(b, number))
    return b, number


def as_portion(b):
    left = portion.OPEN if b.low_open else portion.CLOSED
    right = portion.OPEN if b.high_open else portion.CLOSED
    low = -portion.inf if b.low == -INF else b.low
    high = portion.inf if b.high == INF else b.high
    return portion.Interval.from_atomic(left, low, high, right)


def nearly_holds(b, number):
    """Whether a number is admissible, up to the last bits of a floating-point end."""
    slack = 1e-9 * max(1, abs(float(number)))
    return b.low - slack <= number <= b.high + slack


@given(intervals_with_a_number(), intervals_with_a_number())
def test_sum_difference_and_product_hold_every_result(left, right):
    (a, x), (b, y) = left, right
    assert bounds.holds(a + b, x + y)
    assert bounds.holds(a - b, x - y)
    assert bounds.holds(a * b, x * y)


@given(intervals_with_a_number(), intervals_with_a_number())
def test_quotient_holds_every_result_even_where_the_divisor_holds_zero(left, right):
    (a, x), (b, y) = left, right
    assume(y != 0)
    assert nearly_holds(a / b, x / y)


@given(intervals_with_a_number(), intervals(least=1), intervals())
def test_a_wider_operand_never_gives_a_narrower_result(left, b, other):
    (a, x) = left
    exact = bounds.exact(float(x), "count")
    for operate in (lambda p: p + other, lambda p: p * other, lambda p: p / b):
        narrow, wide = operate(exact), operate(a)
        assert wide.low <= narrow.low + 1e-9 and narrow.high <= wide.high + 1e-9


@given(intervals(), intervals())
def test_order_hull_and_overlap_agree_with_the_interval_library(a, b):
    p, q = as_portion(a), as_portion(b)
    assert bounds.above(a, b) == (p > q)
    assert as_portion(bounds.hull(a, b)) == (p | q).enclosure
    if p.overlaps(q):
        assert as_portion(bounds.meet(a, b)) == p & q
    else:
        with pytest.raises(BoundsInvalid):
            bounds.meet(a, b)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (make(1, 2), make(0, 4), (0.25, INF, False, True)),
        (make(1, 2), make(-1, 1), (-INF, INF, True, True)),
        (make(1, 2), make(0, 0), (-INF, INF, True, True)),
        (make(0, 2), make(2, INF), (0, 1, False, False)),
        (make(1, 2, True), make(2, 4, False, True), (0.25, 1, True, False)),
        (make(1, 2), make(-4, -2), (-1, -0.25, False, False)),
        (make(3550, INF, True), make(66000, INF, True), (0, INF, True, True)),
    ],
)
def test_division_at_the_edges(a, b, expected):
    q = a / b
    assert (q.low, q.high, q.low_open, q.high_open) == expected


def test_a_sum_or_product_is_open_where_either_side_is():
    assert (make(1, 2, True) + make(1, 1)).low_open
    assert (make(1, 2, False, True) + make(1, 1)).high_open
    assert (make(1, 2, True) * make(3, 3)).low_open
    assert not (make(1, 2) + make(1, 1)).low_open
    assert not (make(0, 2) * make(1, INF, True)).low_open  # zero is reached
    assert (make(0, 2, True) * make(1, INF)).low_open


@pytest.mark.parametrize(
    "ends", [(2, 1, False, False), (1, 1, True, False), (float("nan"), 1, False, False)]
)
def test_an_interval_without_a_number_is_refused(ends):
    with pytest.raises(BoundsInvalid, match="hold no number"):
        Bounded(*ends, "count")


def test_units_do_not_mix_in_a_sum():
    with pytest.raises(BoundsInvalid, match="one unit"):
        make(1, 2) + make(0, 1, unit="share")


def test_a_result_carries_its_facts_once_and_its_formula():
    a, b = make(90, 90, facts=("k.1",)), make(318, 318, facts=("k.2",))
    whole = make(449, 449, facts=("k.3",))
    good = bounds.share(a, whole) + bounds.share(b, whole)
    assert good.facts == ("k.1", "k.3", "k.2")
    assert good.formula == "({0} / {1}) + ({2} / {1})"
    assert (1000 * a / whole).formula == "({0} * 1000) / {1}"


def test_share_stays_between_zero_and_one_and_refuses_more():
    part, whole = make(40, INF, True), make(50, 50)
    assert (bounds.share(part, whole).low, bounds.share(part, whole).high) == (0.8, 1)
    with pytest.raises(BoundsInvalid, match="no share"):
        bounds.share(make(60, 60), whole)


FACT = {"fact_id": "f", "low_open": None, "value_high": None, "high_open": None}


@pytest.mark.parametrize(
    ("row", "rounding", "expected"),
    [
        (("at_least", "count", 3550, 3550, "3.550"), "none", (3550, INF, True, True)),
        (("at_least", "count", 3550, 3550, "3.550"), "printed_digits", (3550, INF, True, True)),
        (("at_least", "count", 3550, 3550, "3.550"), "next_step", (3550, 3560, True, True)),
        (("at_least", "count", 66000, 66000, "66.000"), "next_step", (66000, 67000, True, True)),
        (("at_least", "share", 0.053, 0.053, "5,3"), "none", (0.053, 1, True, False)),
        (("at_least", "share", 0.053, 0.053, "5,3"), "next_step", (0.053, 0.054, True, True)),
        (("exact", "share", 0.996, None, "99,6"), "none", (0.996, 0.996, False, False)),
        (("exact", "share", 0.996, None, "99,6"), "printed_digits", (0.9955, 0.9965, False, True)),
        (("exact", "share", 0.0028, None, "0,28"), "next_step", (0.00275, 0.00285, False, True)),
        (("exact", "count", 1142, None, "1.142"), "next_step", (1142, 1142, False, False)),
        (("approx", "count", 6000, None, "6 ngàn"), "none", (0, INF, False, True)),
        (("approx", "count", 6000, None, "6 ngàn"), "next_step", (5000, 7000, True, True)),
        (
            ("exact", "count", 12500, None, "12,5 nghìn"),
            "printed_digits",
            (12450, 12550, False, True),
        ),
        (("exact", "share", 1, None, "100"), "printed_digits", (1, 1, False, False)),
        (("exact", "share", 0.5, None, "một nửa"), "next_step", (0.5, 0.5, False, False)),
    ],
)
def test_words_of_a_fact_and_rounding_conventions(row, rounding, expected):
    bound, unit, value, low, text = row
    fact = FACT | {"bound": bound, "unit": unit, "value": value, "value_low": low}
    fact |= {"low_open": low is not None, "number_text": text}
    b = bounds.from_fact(fact, rounding=rounding)
    assert (b.low, b.high) == pytest.approx(expected[:2])
    assert (b.low_open, b.high_open) == expected[2:]


def test_a_share_of_a_plan_may_exceed_one():
    fact = FACT | {"bound": "at_least", "unit": "share", "value": 0.95, "value_low": 0.95}
    assert bounds.from_fact(fact).high == 1
    assert bounds.from_fact(fact, share_limit=None).high == INF


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ({"value_high": -30, "high_open": True}, -INF, -30),  # "giảm hơn 30"
        ({"value_low": -30, "low_open": True}, -30, 0),  # "giảm gần 30"
    ],
)
def test_what_is_not_said_of_a_decrease_is_no_increase(said, low, high):
    fact = FACT | {"bound": "approx", "unit": "count", "value": -30}
    b = bounds.from_fact(fact | {"value_low": None, "value_high": None} | said)
    assert (b.low, b.high) == (low, high)


@pytest.mark.parametrize(
    ("b", "en", "vi"),
    [
        (make(1142, 1142, value=1142), "1,142", "1.142"),
        (make(3550, INF, True, bound="at_least"), "more than 3,550", "trên 3.550"),
        (make(4, INF, bound="at_least"), "at least 4", "ít nhất 4"),
        (make(0, 85, False, True, bound="at_most"), "less than 85", "dưới 85"),
        (make(0, INF, value=6000, bound="approx"), "about 6,000", "khoảng 6.000"),
        (make(0, 6000, False, True, value=6000, bound="approx"), "nearly 6,000", "gần 6.000"),
        (make(0.85, 0.9, unit="share", bound="range"), "85% to 90%", "từ 85% đến 90%"),
        (make(0.9, 1, True, unit="share"), "more than 90%", "trên 90%"),
        (make(0.996, 0.996, unit="share", value=0.996), "99.6%", "99,6%"),
        (make(0, INF, True, unit="ratio", bound="derived"), "not determined",
         "chưa xác định được"),
        (bounds.unknown("count"), "not stated", "không nêu"),
    ],
)  # fmt: skip
def test_numbers_are_written_back_with_their_bounds(b, en, vi):
    assert bounds.words(b, "en") == en
    assert bounds.words(b, "vi") == vi
