"""What may be compared: one answer for any indicator and any two readings.

First *not comparable*, with every reason from a closed list; then *undecided*, where the intervals
overlap, one side is missing, or too little would turn the order round; only then *ahead* or
*behind*, where the measure has a direction, *larger* or *smaller* where it has none (those say
nothing of quality). Whatever sets two localities or two years side by side takes it from here.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd

from helpers import likeness
from helpers.likeness import BIT, FORBIDS, OPEN, REASONS, judge, pick
from helpers.rules import periods, rules_of

__all__ = ["DECIDED", "OPEN", "REASONS", "changes", "decided", "outcomes", "periods", "summary"]
DECIDED = ("ahead", "behind", "larger", "smaller")
LAST = (1 << 18) - 1  # the last position that a key of a pair has room for
MOST = 14  # the rank of two readings of one period that may be compared
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
    side = likeness.sides(readings, measures, order, places, crosswalk)
    shape, rules = (len(rows) if rows else len(order), len(order)), rules_of(measures)
    found = [
        _measured(
            measure_id, side, rules, likeness.limits_of(rules[measure_id], max_year_gap), shape
        )
        for measure_id in sorted(set(side.measure_id))
    ]
    return _table(found, readings, order, rules)


def changes(
    readings: pd.DataFrame, measures: pd.DataFrame, places: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the verdict of each reading against the one before it at the same locality.

    Before it is what has the same kind and length of period; where scheme, base or boundary
    changed in between, the two are not comparable. There is no limit of years. Columns of
    `outcomes`, the row being the later period and the column the earlier.
    """
    order, rules = [*dict.fromkeys(readings["locality_id"])], rules_of(measures)
    side, found = likeness.sides(readings, measures, order, places, None), []
    for measure_id in sorted(set(side.measure_id)):
        limits = likeness.LIMITS | {"as_of_days": np.inf, "flow_years": np.inf}
        own = np.flatnonzero(side.measure_id == measure_id)
        pairs = np.array([*_successive(own, side)], dtype=int).reshape(-1, 2)
        later, earlier = (pick(side, at) for at in pairs.T)
        judged = judge(later, earlier, rules[measure_id]["direction"], limits)
        judged |= {"row": later.locality, "column": earlier.locality, "measure_id": measure_id}
        found.append(judged | {"row_at": later.at, "column_at": earlier.at})
    return _table(found, readings, order, rules)


def _successive(own: np.ndarray, side: SimpleNamespace) -> Iterator[tuple[int, int]]:
    """Yield every reading of one measure with the one before it, newest of what is like it."""
    for at in own:
        before = own[(side.locality[own] == side.locality[at]) & (side.end[own] < side.end[at])
                     & (side.kind[own] == side.kind[at]) & (side.actual[own] == side.actual[at])
                     & likeness.alike_long(side.length[own], side.length[at])]  # fmt: skip
        if len(before):
            near = before[side.end[before] == side.end[before].max()]
            same = (side.base[near] == side.base[at]) & (side.scheme[near] == side.scheme[at])
            yield at, near[np.argmax(same)]


# All pairs of one measure


def _measured(
    measure_id: str, side: SimpleNamespace, rules: dict, limits: dict, shape: tuple[int, int]
) -> dict:
    """Return the judged pairs of localities of one measure: which, by what readings, how."""
    one = pick(side, _candidates(measure_id, side, rules))
    one.n, one.is_own = np.arange(len(one.at)), one.measure_id == measure_id
    stated = np.zeros(shape[1], dtype=bool)
    stated[one.locality[one.is_own & ~one.implied]] = True
    asked = np.triu(stated[: shape[0], None] | stated[None, :], 1)
    row, column = np.nonzero(asked)
    newest = np.full(shape[1], -1)
    by_time = np.lexsort((one.end, one.actual, one.is_own))
    newest[one.locality[by_time]] = by_time
    how = rules[measure_id]["direction"], limits
    best, disagree = _chosen(one, asked, newest, "_rated_" in measure_id, how)
    is_met = best >= 0
    ends = [np.where(is_met, best >> 18 & LAST, newest[row])]
    ends += [np.where(is_met, best & LAST, newest[column])]
    judged = judge(pick(one, ends[0]), pick(one, ends[1]), *how)
    judged["bits"] = np.where(is_met, judged["bits"], BIT["missing"])
    judged["bits"] = np.where(is_met & disagree, BIT["years_disagree"], judged["bits"])
    judged["days_apart"] = np.where(is_met, judged["days_apart"], -1)
    for name, nothing in (("order", 0), ("drift", np.nan), ("units_to_reverse", np.nan)):
        judged[name] = np.where(judged["bits"] == 0, judged[name], nothing)
    is_own = np.append(one.is_own, False)
    told = [np.where((at >= 0) & (is_met | is_own[at]), one.at[at], -1) for at in ends]
    judged |= {"row": row, "column": column, "measure_id": measure_id}
    return judged | {"row_at": told[0], "column_at": told[1]}


def _chosen(
    one: SimpleNamespace, asked: np.ndarray, newest: np.ndarray, is_rated: bool, how: tuple
) -> tuple[np.ndarray, np.ndarray]:
    """Return for the pairs asked which readings say most (-1 for none), and if periods disagree.

    Tried are readings of one period, then those within the limits of time for the pairs that are
    still open, then the newest two. A key holds rank, newness and the two positions, so that the
    largest is the choice; two bits for each of the upper ranks note which orders were met.
    """
    width, pair = asked.shape[1], np.flatnonzero(asked)
    best, met = np.full(asked.size, -1), np.zeros(asked.size, dtype=np.uint8)
    last = newest[np.stack([pair // width, pair % width])]
    last = last[:, (last >= 0).all(axis=0)]
    is_near = partial(likeness.is_near, limits=how[1])
    for stage in (likeness.is_same, is_near, None):
        left = (best >> 54 < MOST) & asked.ravel()
        for a_at, b_at in _pairs(one, len(asked), stage) if stage else [last]:
            at = one.locality[a_at] * width + one.locality[b_at]
            is_open = left[at] & ((stage is not None) | (best[at] < 0))
            a_at, b_at, at = a_at[is_open], b_at[is_open], at[is_open]
            a, b = pick(one, a_at), pick(one, b_at)
            judged = judge(a, b, *how)
            rank = np.where(_may_meet(a, b, is_rated), _rank(a, b, judged["bits"]), -1)
            newness = (a.end + b.end).clip(0).astype(int)
            key = (rank << 54) + (newness << 36) + (a_at << 18) + b_at
            np.maximum.at(best, at, np.where(rank < 0, -1, key))
            order = np.where(judged["order"] > 0, 1, 2) << 2 * (MOST - rank).clip(0, 2)
            is_clear = (rank >= 0) & (judged["order"] != 0)
            np.bitwise_or.at(met, at, np.where(is_clear, order, 0).astype(np.uint8))
    best, met = best[pair], met[pair]
    return best, (met >> 2 * (MOST - (best >> 54)).clip(0, 2)) & 3 == 3


def _candidates(measure_id: str, side: SimpleNamespace, rules: dict) -> np.ndarray:
    """Return the readings of a measure, and where a locality has none those of its family.

    The latter are never compared: they say why another scheme or kind of cell cannot stand in.
    """
    own, family = np.flatnonzero(side.measure_id == measure_id), rules[measure_id]["family"]
    kin = [name for name in {*side.measure_id} if family and rules[name]["family"] == family]
    other = np.isin(side.measure_id, kin) & ~side.implied
    other = np.flatnonzero(other & ~np.isin(side.locality, side.locality[own]))
    order = other[np.lexsort((-side.end[other], side.scheme[other], side.locality[other]))]
    key = side.locality[order] * (side.scheme.max(initial=0) + 1) + side.scheme[order]
    return np.sort(np.concatenate([own, order[np.unique(key, return_index=True)[1]]]))


def _pairs(one: SimpleNamespace, count: int, allowed: Callable) -> Iterator[tuple]:
    """Yield the allowed pairs of readings of two localities, some at a time."""
    last = np.searchsorted(one.locality, count)
    step = max(1, BLOCK // max(1, len(one.at)))
    for start in range(0, last, step):
        a, b = (
            pick(one, np.s_[start : min(start + step, last), None]),
            pick(one, np.s_[None, :]),
        )
        rows, columns = np.nonzero((a.locality < b.locality) & allowed(a, b))
        if len(rows):
            yield rows + start, columns


def _may_meet(a: SimpleNamespace, b: SimpleNamespace, is_rated: bool) -> np.ndarray:
    """Return whether one of two states the measure, and the other that or no tier beside it."""
    is_tier = (a.is_own != b.is_own) & (a.scheme == b.scheme) & is_rated
    return (a.is_own | b.is_own) & ~is_tier


def _rank(a: SimpleNamespace, b: SimpleNamespace, bits: np.ndarray) -> np.ndarray:
    """Return how much a pair says: 0 to 7 with reasons, the fewer the more, 8 to 14 without."""
    is_same = (a.start == b.start) & (a.end == b.end)
    is_near = (a.start_year == b.start_year) & (a.end_year == b.end_year)
    says = np.where(bits & BIT["missing"], 0, 4) + np.where(is_same, 2, is_near)
    reasons = sum((bits & BIT[name] > 0).astype(int) for name in REASONS)
    return np.where(bits & FORBIDS, 7 - reasons.clip(0, 7), 8 + says)


def _table(
    found: list[dict], readings: pd.DataFrame, order: Sequence[str], rules: dict
) -> pd.DataFrame:
    """Return what was judged as a table in the order of pairs and measures."""
    names = [one["measure_id"] for one in found]
    lengths = [len(one["row"]) for one in found]
    every = {k: np.concatenate([one[k] for one in found]) if found else np.array([], dtype=int)
             for k in _JUDGED}  # fmt: skip
    every["measure"] = np.repeat(np.arange(len(found)), lengths)
    at = np.lexsort((every["measure"], every["column"], every["row"]))
    every = {name: values[at] for name, values in every.items()}
    told = [rules[name] for name in names]
    quality = np.array([rule["direction"] != "none" for rule in told], dtype=bool)
    lower = np.array([rule["direction"] == "lower_better" for rule in told], dtype=bool)
    take = pd.Categorical.from_codes
    frame = pd.DataFrame(
        {
            "row_id": take(every["row"], list(order)),
            "column_id": take(every["column"], list(order)),
            "measure_id": take(every["measure"], names),
            "indicator": pd.Categorical(
                np.array([rule["indicator"] for rule in told] or [""], dtype=object)[
                    every["measure"]
                ]
            ),
            "quality": quality[every["measure"]],
        }
    )
    frame["verdict"], frame["reasons"] = _words(
        every, frame["quality"].to_numpy(), lower[every["measure"]]
    )
    for name in ("row", "column"):
        frame = frame.assign(**_stated(readings, every[f"{name}_at"], name))
    days = np.where(every["days_apart"] < 0, np.nan, every["days_apart"])
    return frame.assign(
        days_apart=days, drift=every["drift"], units_to_reverse=every["units_to_reverse"]
    )


_JUDGED = ("row", "column", "row_at", "column_at", "bits", "order", "days_apart", "drift")
_JUDGED += ("units_to_reverse",)


def _words(every: dict, quality: np.ndarray, lower: np.ndarray) -> tuple:
    """Return verdicts and reasons as words, of the bits and the order of the amounts."""
    words = ["not_comparable", "undecided", *DECIDED]
    turned = np.where(lower, -every["order"], every["order"])
    code = np.where(every["bits"] & FORBIDS, 0, 1)
    clear = np.where(quality, 2, 4) + (turned < 0)
    code = np.where(every["bits"] == 0, clear, code)
    kinds, at = np.unique(every["bits"], return_inverse=True)
    names = ["|".join(name for name, bit in BIT.items() if kind & bit) for kind in kinds]
    return pd.Categorical.from_codes(code, words), pd.Categorical.from_codes(at, names)


def _stated(readings: pd.DataFrame, at: np.ndarray, name: str) -> dict[str, object]:
    """Return the columns of one side; empty where it states nothing."""
    known = {f"{name}_{end}": np.append(readings[end].to_numpy(float), np.nan)[at]
             for end in ("low", "high")}  # fmt: skip
    spans = {"period": periods(readings), "facts": list(readings["fact_ids"])}
    for what, values in spans.items():
        codes, kinds = pd.factorize(np.array([*values, ""], dtype=object))
        known[f"{name}_{what}"] = pd.Categorical.from_codes(codes[at], list(kinds))
    return known | {f"{name}_reading": at}


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
