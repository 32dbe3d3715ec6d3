"""What may be compared: one answer for any indicator and any two readings.

First *not comparable*, with every reason from a closed list; then *undecided*, where the intervals
overlap, one side is missing, or too little would turn the order round; only then *ahead* or
*behind*, where the measure has a direction, *larger* or *smaller* where it has none (those say
nothing of quality). Whatever sets two localities or two years side by side takes it from here.
"""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd

from helpers import likeness
from helpers.likeness import BIT, FORBIDS, OPEN, REASONS, judge, strength
from helpers.rules import periods, rules_of

__all__ = ["DECIDED", "OPEN", "REASONS", "changes", "decided", "outcomes", "periods", "summary"]
DECIDED = ("ahead", "behind", "larger", "smaller")
MOST, NEWER = 24, 1 << 20  # the highest rank of two readings; what a rank weighs against days
BLOCK = 1_500_000  # pairs of readings that are judged at once
_PAIR = ["row_id", "column_id"]
_COUNTS = ["quality_n", "quality_decided", "ahead", "behind", "plain_n", "plain_decided"]


def outcomes(
    readings: pd.DataFrame,
    measures: pd.DataFrame,
    localities: Sequence[str],
    *,
    max_year_gap: int | None = None,
    places: pd.DataFrame | None = None,
    crosswalk: pd.DataFrame | None = None,
    rows: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the verdict on every pair of localities and every measure stated for one of them.

    `readings` are those of `statements.take`, `places` is localities.csv (without it boundaries
    count as unchanged), `max_year_gap` overrides the limits of time in measures.csv
    (below 0: does not), `crosswalk`
    holds the rows of one scenario of crosswalks.csv, and `rows` asks only for the pairs of these
    localities. Columns:

    - row_id, column_id, measure_id; indicator (a figure and its complement are one), quality
      (whether the measure has a direction);
    - verdict (not_comparable, undecided, ahead, behind, larger, smaller) and reasons, joined by
      "|", of `REASONS` where it is not comparable, of `OPEN` where it is undecided (then
      "conflict" too, where sources exclude one another);
    - row_low, row_high, row_period, row_facts, row_reading (its position in `readings`, -1 where
      nothing is stated), and the same of the column;
    - days_apart; drift, the yearly change that would reverse the order (0.1 is 10 %); and
      units_to_reverse, how many units rated or counted otherwise end it; empty if not decided.

    Figures of the same period are preferred to those of the same years, and these to crossed
    years, the newest to older ones; periods that contradict each other are undecided.
    """
    order = [*dict.fromkeys([*(rows or localities), *localities])]
    side, rules = likeness.sides(readings, order, places, crosswalk), rules_of(measures)
    is_row, found = np.arange(len(order)) < len(rows or order), {}
    for measure_id in side.names:
        limits = likeness.limits_of(rules[measure_id], max_year_gap)
        found[measure_id] = _measured(measure_id, side, rules, limits, is_row)
    return _table([*found.values()], [*found], side, readings, order, rules)


def changes(
    readings: pd.DataFrame, measures: pd.DataFrame, places: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the verdict of each reading against the one before it at the same locality.

    Before it is what has the same kind and length of period; where scheme, base or boundary
    changed in between, the two are not comparable. There is no limit of years. Columns of
    `outcomes`, the row being the later period and the column the earlier.
    """
    order, rules = [*dict.fromkeys(readings["locality_id"])], rules_of(measures)
    side, found = likeness.sides(readings, order, places), {}
    limits = likeness.LIMITS | {"as_of_days": np.inf, "flow_years": np.inf}
    like = {"measure": side.measure, "locality": side.locality, "actual": side.actual}
    groups = pd.DataFrame(like | {"kind": side.kind}).groupby([*like, "kind"]).indices
    pairs: dict[str, list] = {name: [] for name in side.names}
    for (measure, *_), own in groups.items():
        pairs[side.names[measure]] += _successive(own, side)
    for measure_id, some in pairs.items():
        later, earlier = np.array(sorted(some), dtype=int).reshape(-1, 2).T
        how = rules[measure_id]["direction"], limits
        place = side.locality[later]
        found[measure_id] = place, place, later, earlier, *judge(side, later, earlier, *how)
    return _table([*found.values()], [*found], side, readings, order, rules)


def _successive(own: np.ndarray, side: SimpleNamespace) -> Iterator[tuple[int, int]]:
    """Yield every reading of one measure with the one before it, newest of what is like it."""
    length = side.end - side.start
    for at in own:
        before = own[(side.end[own] < side.end[at]) & likeness.alike_long(length[own], length[at])]
        if len(before):
            near = before[side.end[before] == side.end[before].max()]
            same = (side.base[near] == side.base[at]) & (side.scheme[near] == side.scheme[at])
            yield at, near[np.argmax(same)]


# All pairs of one measure


def _measured(
    measure_id: str, side: SimpleNamespace, rules: dict, limits: dict, is_row: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return the judged pairs of localities of one measure: which, by what readings, how."""
    mine, how = _candidates(measure_id, side, rules), (rules[measure_id]["direction"], limits)
    own = mine[side.measure[mine] == side.names.index(measure_id)]
    stated, newest = np.zeros(len(is_row), dtype=bool), np.full(len(is_row), -1)
    stated[side.locality[own[~side.implied[own]]]] = True
    by_time = own[np.lexsort((side.end[own], side.actual[own]))]
    newest[side.locality[by_time]] = by_time
    asked = np.triu((stated[:, None] | stated) & is_row[:, None], 1)
    row, column = np.nonzero(asked)
    a, b, disagree = _chosen(mine, measure_id, side, asked, how)
    is_met, a, b = a >= 0, np.where(a >= 0, a, newest[row]), np.where(b >= 0, b, newest[column])
    bits, order, days = judge(side, a, b, *how)
    bits = np.where(is_met, np.where(disagree, BIT["years_disagree"], bits), BIT["missing"])
    return row, column, a, b, bits, order, np.where(is_met, days, np.nan)


def _candidates(measure_id: str, side: SimpleNamespace, rules: dict) -> np.ndarray:
    """Return the readings of a measure, and where a locality has none those of its family.

    The latter are never compared: they say why another scheme or kind of cell cannot stand in.
    """
    family = rules[measure_id]["family"]
    own = np.flatnonzero(side.measure == side.names.index(measure_id))
    if not family:
        return own
    kin = [name for name in side.names if rules[name]["family"] == family]
    is_other = np.isin(side.measure, np.searchsorted(side.names, kin)) & ~side.implied
    other = np.flatnonzero(is_other & ~np.isin(side.locality, side.locality[own]))
    other = other[np.argsort(-side.end[other], kind="stable")[::-1]]
    key = side.locality[other] * len(side.likes) + side.scheme[other]
    newest = dict(zip(key.tolist(), other.tolist(), strict=True))
    return np.sort(np.append(own, np.array([*newest.values()], dtype=int)))


def _chosen(
    mine: np.ndarray, measure_id: str, side: SimpleNamespace, asked: np.ndarray, how: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for the pairs asked which readings say most (-1 for none), and if periods disagree.

    Tried are readings of one period, then all others of the pairs that are still open. The largest
    key, of rank and newness, is the choice; `met` has two bits for each of the upper three ranks,
    for the orders that were met.
    """
    width, (row, column) = len(asked), np.nonzero(asked)
    best, met = np.full(asked.size, -1), np.zeros(asked.size, dtype=np.uint8)
    chosen = np.full((2, asked.size), -1)
    for find in (_of_one_period, _of_all):
        is_open = asked & (best < MOST * NEWER).reshape(asked.shape)
        for a, b in find(mine, side, is_open):
            pair = side.locality[a] * width + side.locality[b]
            left = is_open.ravel()[pair] & _may_meet(side, a, b, measure_id)
            a, b, pair = a[left], b[left], pair[left]
            bits, order, _ = judge(side, a, b, *how)
            rank = _rank(side, a, b, bits)
            key = rank * NEWER + (side.end[a] + side.end[b]).clip(0)
            np.maximum.at(best, pair, key)
            is_best = key == best[pair]
            chosen[:, pair[is_best]] = a[is_best], b[is_best]
            clear = np.flatnonzero(order)
            seen = np.where(order[clear] > 0, 1, 2) << 2 * (MOST - rank[clear])
            np.bitwise_or.at(met, pair[clear], seen.astype(np.uint8))
    pair = row * width + column
    met = met[pair] >> 2 * (MOST - best[pair] // NEWER).clip(0, 2)
    return *chosen[:, pair], met & 3 == 3


def _may_meet(side: SimpleNamespace, a: np.ndarray, b: np.ndarray, measure_id: str) -> np.ndarray:
    """Return whether one of two states the measure, and the other that or no tier beside it."""
    own_a, own_b = (side.measure[at] == side.names.index(measure_id) for at in (a, b))
    is_tier = (own_a != own_b) & (side.scheme[a] == side.scheme[b]) & ("_rated_" in measure_id)
    return (own_a | own_b) & ~is_tier


def _of_one_period(mine: np.ndarray, side: SimpleNamespace, is_open: np.ndarray) -> Iterator:
    """Yield all pairs of readings of one period, some at a time."""
    order = mine[np.argsort(side.span[mine], kind="stable")]
    first = np.arange(1, len(order) + 1)
    count = np.searchsorted(side.span[order], side.span[order], side="right") - first
    for some in _blocks(count):
        which, b = _runs(first[some], count[some])
        yield order[some][which], order[b]


def _of_all(mine: np.ndarray, side: SimpleNamespace, is_open: np.ndarray) -> Iterator:
    """Yield all readings of the one against all of the other of each open pair, some at a time."""
    first, end = (np.searchsorted(side.locality[mine], range(len(is_open)), side=name)
                  for name in ("left", "right"))  # fmt: skip
    row, column = np.nonzero(is_open)
    count = end - first
    for some in _blocks(count[row] * count[column]):
        pair, a = _runs(first[row[some]], count[row[some]])
        which, b = _runs(first[column[some]][pair], count[column[some]][pair])
        yield mine[a][which], mine[b]


def _blocks(counts: np.ndarray) -> list[np.ndarray]:
    """Return the positions of some counts in parts that have about `BLOCK` together."""
    return np.split(np.arange(len(counts)), 1 + np.flatnonzero(np.diff(counts.cumsum() // BLOCK)))


def _runs(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of runs, one run after the other, and before them which run it is."""
    which = np.repeat(np.arange(len(count)), count)
    return which, np.arange(len(which)) + (first - count.cumsum() + count)[which]


def _rank(side: SimpleNamespace, a: np.ndarray, b: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Return how much a pair says: with reasons the less the more there are, most one of time."""
    is_near = (side.start_year[a] == side.start_year[b]) & (side.end_year[a] == side.end_year[b])
    says = np.where(side.span[a] == side.span[b], 2, is_near) + 3 * (bits & BIT["missing"] == 0)
    reasons = np.bitwise_count(bits & (FORBIDS | BIT["conflict"])).astype(int) + 9 * (
        bits & BIT["period_gap"] > 0
    )
    return np.where(bits & FORBIDS, MOST - 5 - reasons, MOST - 5 + says)


def _table(
    found: list[tuple],
    names: list[str],
    side: SimpleNamespace,
    readings: pd.DataFrame,
    order: Sequence[str],
    rules: dict,
) -> pd.DataFrame:
    """Return what was judged of each measure as a table in the order of pairs and measures."""
    nothing = (np.array([], dtype=int),) * 7
    every = [np.concatenate(some) for some in zip(nothing, *found, strict=True)]
    measure = np.repeat(np.arange(len(found)), [len(one[0]) for one in found])
    at = np.argsort((every[0] * len(order) + every[1]) * len(found) + measure, kind="stable")
    row, column, a, b, bits, sign, days = (some[at] for some in every)
    told, measure, take = [rules[name] for name in names], measure[at], pd.Categorical.from_codes
    direction = np.array([""] + [rule["direction"] for rule in told])[measure + 1]
    code, indicators = pd.factorize(np.array([rule["indicator"] for rule in told], dtype=object))
    frame = pd.DataFrame({
        "row_id": take(row, list(order)),
        "column_id": take(column, list(order)),
        "measure_id": take(measure, names),
        "indicator": take(code[measure], list(indicators)),
        "quality": direction != "none",
        **_words(bits, np.where(direction == "lower_better", -sign, sign), direction != "none"),
    })  # fmt: skip
    one = readings[["low", "high"]].astype(float).reset_index(drop=True)
    one.loc[len(one)] = np.nan  # at -1 stands what states nothing
    one["period"] = pd.Categorical([*periods(readings), ""])
    one["facts"] = pd.Categorical([*readings["fact_ids"], ""])
    one["reading"] = [*range(len(readings)), -1]
    for name, where in (("row", a), ("column", b)):
        stated = one.iloc[np.append(side.at, -1)[where]].set_axis(frame.index)
        frame = frame.join(stated.add_prefix(f"{name}_"))
    units, drift = (np.where(bits == 0, some, np.nan) for some in strength(side, a, b, sign, days))
    return frame.assign(days_apart=days.astype(float), drift=drift, units_to_reverse=units)


def _words(bits: np.ndarray, order: np.ndarray, quality: np.ndarray) -> dict:
    """Return verdicts and reasons as words, of the bits and of which side is better or larger."""
    clear = np.where(quality, 2, 4) + (order < 0)
    code = np.where(bits == 0, clear, np.where(bits & FORBIDS, 0, 1))
    verdict = pd.Categorical.from_codes(code, ["not_comparable", "undecided", *DECIDED])
    code, kinds = pd.factorize(bits)
    return {"verdict": verdict, "reasons": pd.Categorical.from_codes(code, likeness.words(kinds))}


# Several verdicts


def summary(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair: its verdict on quality, and how much of each kind was decided.

    Columns row_id, column_id, verdict (ahead or behind where all decided indicators agree, mixed
    where they do not, else undecided, else not_comparable, "none" without any), reasons (of all
    of them), quality_n, quality_decided, ahead, behind, plain_n, plain_decided: indicators, a
    figure and its complement counted once.
    """
    each = _each(outcomes)
    pairs = each.groupby(_PAIR, sort=False, observed=True)[_COUNTS].sum().reset_index()
    of_quality = outcomes[outcomes["quality"]]
    kinds = of_quality.groupby([*_PAIR, "verdict", "reasons"], observed=True).size().reset_index()
    kinds = kinds.astype({"verdict": str, "reasons": str}).groupby(_PAIR, observed=True)
    said = kinds.agg(
        open=("verdict", lambda v: "undecided" in set(v)), reasons=("reasons", _joined)
    )
    pairs = pairs.merge(said.reset_index(), on=_PAIR, how="left").fillna({"reasons": ""})
    pairs["verdict"] = np.select(
        [(pairs["ahead"] > 0) & (pairs["behind"] > 0), pairs["ahead"] > 0, pairs["behind"] > 0,
         pairs["open"].eq(True), pairs["quality_n"] > 0],
        ["mixed", "ahead", "behind", "undecided", "not_comparable"], "none")  # fmt: skip
    return pairs[[*_PAIR, "verdict", "reasons", *_COUNTS]]


def _joined(reasons: pd.Series) -> str:
    met = {name for some in reasons for name in some.split("|")}
    return "|".join(name for name in BIT if name in met)


def decided(outcomes: pd.DataFrame) -> dict[str, int]:
    """Return k of n: pairs of localities x indicators that are decided, quality and plain apart.

    n counts a pair and an indicator once if either side states it; implied figures make none.
    Keys quality_n, quality_decided, ahead, behind, plain_n, plain_decided.
    """
    return {name: int(count) for name, count in _each(outcomes)[_COUNTS].sum().items()}


def _each(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair and indicator, with a column of yes and no for each of `_COUNTS`."""
    key, verdict = [*_PAIR, "indicator"], outcomes["verdict"].astype(str)
    is_decided = verdict.isin(DECIDED)
    quality = outcomes["quality"]
    each = outcomes[key].assign(
        quality_n=quality, quality_decided=quality & is_decided, ahead=verdict == "ahead",
        behind=verdict == "behind", plain_n=~quality, plain_decided=~quality & is_decided,
    )  # fmt: skip
    each = each.groupby(key, sort=False, observed=True)[_COUNTS].max().reset_index()
    is_plain = each["plain_n"] & ~each["quality_n"]
    return each.assign(plain_n=is_plain, plain_decided=is_plain & each["plain_decided"])


def answers(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return how many comparisons of each pair have which answer; they add up to `decided`.

    Columns row_id, column_id, answer (decided, undecided, not_comparable, or one_sided where a side
    is silent) and n; an indicator is counted once, by the clearest of its answers.
    """
    kinds, said = ["decided", "undecided", "not_comparable", "one_sided"], _each(outcomes)
    key = [*_PAIR, "indicator"]
    silent = outcomes["reasons"].astype(str).str.contains("missing")
    answer = outcomes["verdict"].astype(str).replace(dict.fromkeys(DECIDED, "decided"))
    each = outcomes[key].assign(
        answer=pd.Categorical(answer.mask(silent, "one_sided"), kinds, ordered=True)
    )
    each = each.sort_values("answer", kind="stable").drop_duplicates(key)
    counted = each.merge(said[key], on=key).astype({name: str for name in [*_PAIR, "answer"]})
    return counted.value_counts([*_PAIR, "answer"], sort=False).rename("n").reset_index()
