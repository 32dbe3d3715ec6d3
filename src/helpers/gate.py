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

from helpers.statements import KINDS, rules_of, text

REASONS = ("level", "place", "boundary", "population", "base", "scheme", "period", "period_gap")
REASONS += ("status", "conflict")  # why two may not be compared
OPEN = ("overlap", "tie", "missing", "imprecise", "years_disagree", "one_unit", "drift")
DECIDED = ("ahead", "behind", "larger", "smaller")
BIT = {name: 1 << at for at, name in enumerate(REASONS + OPEN)}
FORBIDS = sum(BIT[name] for name in REASONS if name != "conflict")
RANK = {"province": 0, "district": 1, "town": 1, "commune": 2, "unknown": -1, "": -1}
BELOW = 3  # the rank of every other level
VAGUE = {"cells", "cells_assessed"}  # bases that do not say which cells
LIMITS = {"as_of_days": 366, "flow_years": 0, "drift_after_days": np.inf, "drift_per_year": 0.0}
YEAR, SLIP = 365.25, 1e-12
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
    side = _sides(readings, measures, order, places, crosswalk)
    shape, rules = (len(rows) if rows else len(order), len(order)), rules_of(measures)
    found = [
        _measured(measure_id, side, rules, _limits(rules[measure_id], max_year_gap), shape)
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
    side, found = _sides(readings, measures, order, places, None), []
    for measure_id in sorted(set(side.measure_id)):
        limits = LIMITS | {"as_of_days": np.inf, "flow_years": np.inf}
        own = np.flatnonzero(side.measure_id == measure_id)
        pairs = np.array([*_successive(own, side)], dtype=int).reshape(-1, 2)
        later, earlier = (_at(side, at) for at in pairs.T)
        judged = judge(later, earlier, rules[measure_id]["direction"], limits)
        judged |= {"row": later.locality, "column": earlier.locality, "measure_id": measure_id}
        found.append(judged | {"row_at": later.at, "column_at": earlier.at})
    return _table(found, readings, order, rules)


def _successive(own: np.ndarray, side: SimpleNamespace) -> Iterator[tuple[int, int]]:
    """Yield every reading of one measure with the one before it, newest of what is like it."""
    for at in own:
        before = own[(side.locality[own] == side.locality[at]) & (side.end[own] < side.end[at])
                     & (side.kind[own] == side.kind[at]) & (side.actual[own] == side.actual[at])
                     & _alike_long(side.length[own], side.length[at])]  # fmt: skip
        if len(before):
            near = before[side.end[before] == side.end[before].max()]
            same = (side.base[near] == side.base[at]) & (side.scheme[near] == side.scheme[at])
            yield at, near[np.argmax(same)]


def unlike(
    readings: pd.DataFrame,
    measures: pd.DataFrame,
    rows: Sequence[int],
    columns: Sequence[int],
    places: pd.DataFrame | None = None,
) -> list[str]:
    """Return what forbids comparing some readings with others, by position: "" for nothing."""
    if not len(rows):
        return []
    side = _sides(readings, measures, [*dict.fromkeys(readings["locality_id"])], places, None)
    where = {at: n for n, at in enumerate(side.at)}
    sides = [_at(side, np.array([where[at] for at in some])) for some in (rows, columns)]
    limits = _limits(rules_of(measures)[readings["measure_id"].iloc[rows[0]]], None)
    bits = _unlike(*sides, limits)[0]
    return ["|".join(name for name, bit in BIT.items() if one & bit) for one in bits]


# What is known of each reading, as arrays


def _sides(
    readings: pd.DataFrame,
    measures: pd.DataFrame,
    order: Sequence[str],
    places: pd.DataFrame | None,
    crosswalk: pd.DataFrame | None,
) -> SimpleNamespace:
    """Return what is said of each locality itself, sorted by locality, a column as an array."""
    frame = readings if crosswalk is None else across(readings, crosswalk)
    frame = frame.assign(at=range(len(frame)), rank=frame["level"].map(RANK).fillna(BELOW))
    frame = frame[frame["locality_id"].isin(order)]
    frame = frame.assign(locality=frame["locality_id"].map({k: n for n, k in enumerate(order)}))
    is_own = frame["place_id"] == frame["locality_id"]
    highest = frame[is_own].groupby("locality_id")["rank"].min().to_dict()
    if places is not None:
        highest |= places.set_index("place_id")["level"].map(RANK).fillna(BELOW).to_dict()
    frame = frame[frame["rank"] <= frame["locality_id"].map(highest).fillna(1)]
    frame = frame.sort_values(["locality", "at"], ignore_index=True)
    side = {name: frame[name].to_numpy() for name in ("measure_id", "locality", "at", "rank")}
    side |= {name: frame[name].to_numpy(float) for name in ("low", "high", "step")}
    side |= {name: frame[name].to_numpy(bool) for name in ("low_open", "high_open")}
    side |= {name: pd.factorize(frame[name])[0] for name in ("unit", "period_kind", "base")}
    scheme, names = pd.factorize(frame["scheme_id"])
    side |= {"scheme": scheme, "kind": side.pop("period_kind"), "scheme_id": names}
    return SimpleNamespace(**side, **_times(frame), **_states(frame, places, measures))


def _times(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    start, end = (pd.to_datetime(frame[f"period_{name}"], errors="coerce") for name in
                  ("start", "end"))  # fmt: skip
    days = {"start": start, "end": end}
    days = {k: (v - pd.Timestamp("1900-01-01")).dt.days.fillna(-1).to_numpy(int)
            for k, v in days.items()}  # fmt: skip
    years = {f"{k}_year": v.dt.year.fillna(-1).to_numpy(int) for k, v in
             (("start", start), ("end", end))}  # fmt: skip
    return days | years | {"length": days["end"] - days["start"]}


def _states(
    frame: pd.DataFrame, places: pd.DataFrame | None, measures: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Return what stands against each reading, its bits in one number, and how much it says."""
    kinds, rated = frame["base"].map(_kinds), frame["measure_id"].str.contains("_rated_")
    is_share = frame["unit"] == "share"
    against = {
        "level": frame["rank"] < 0,
        "place": frame["place_id"] != frame["locality_id"],
        "boundary": _is_outside(frame, places),
        "population": frame["reasons"].str.contains("population")
        | (frame["base"].isin(VAGUE) & is_share),
        "base": is_share & (kinds.str.len() == 0),
        "scheme": frame["reasons"].str.contains("scheme") | (rated & (frame["scheme_id"] == "")),
        "period": (frame["period_end"] == "") | (frame["period_start"] == ""),
        "status": frame["status"] != "actual",
    }
    doubts = sum(BIT[name] * is_so.to_numpy(int) for name, is_so in against.items())
    free = (frame["low"] <= 0) & (frame["high"] >= np.where(is_share, 1.0, np.inf))
    sets = frame["base"].unique()
    alike = np.array([[bool(_kinds(a) & _kinds(b)) for b in sets] for a in sets], dtype=bool)
    return {
        "doubts": np.asarray(doubts, dtype=int) + np.zeros(len(frame), dtype=int),
        "actual": (frame["status"] == "actual").to_numpy(),
        "conflict": frame["reasons"].str.contains("conflict").to_numpy(bool),
        "implied": (frame["origin"] == "implied").to_numpy(),
        "missing": (free & frame["value"].isna()).to_numpy(),
        "imprecise": (free & frame["value"].notna()).to_numpy(),
        "share": is_share.to_numpy(),
        "alike": alike.reshape(len(sets), len(sets)),
        "of_cells": np.array([bool(_kinds(a) & {*KINDS["cells"]}) for a in sets], dtype=bool),
    }


def _kinds(base: str) -> frozenset[str]:
    return frozenset(base.split("|")) - VAGUE - {""}


def _is_outside(frame: pd.DataFrame, places: pd.DataFrame | None) -> pd.Series:
    """Return whether a period lies outside the days in which its place had these boundaries."""
    if places is None:
        return pd.Series(False, frame.index)
    known = places.set_index("place_id")[["valid_from", "valid_to"]].map(text)
    since, until = (frame["place_id"].map(known[name]).fillna("") for name in known)
    ends, starts = frame["period_end"], frame["period_start"]
    return ((until != "") & (ends > until)) | ((since != "") & (starts < since))


def _at(side: SimpleNamespace, at: np.ndarray) -> SimpleNamespace:
    """Return some readings of a side, in the shape of their positions."""
    whole = ("alike", "of_cells", "scheme_id")
    return SimpleNamespace(**{k: v if k in whole else v[at] for k, v in vars(side).items()})


# The verdict on two readings; all of it works on arrays of any shape


def judge(a: SimpleNamespace, b: SimpleNamespace, direction: str, limits: dict) -> dict:
    """Return for readings a against b: bits of reasons, order (1 larger, -1 smaller, 0 not
    decided), and days_apart, drift and units_to_reverse of what is decided."""
    bits, days = _unlike(a, b, limits)
    above, below = _gap(a, b), _gap(b, a)
    order = above[1].astype(int) - below[1]
    units = np.minimum(_units(above, a, b), _units(below, b, a))
    drift = np.where(order > 0, _drift(a, b, days), _drift(b, a, days))
    told = {
        "one_unit": (units < 2) & (direction != "none"),
        "drift": (days > limits["drift_after_days"]) & (drift <= limits["drift_per_year"]),
    }
    weak = sum(BIT[name] * is_so for name, is_so in told.items())
    bits = np.where(bits & FORBIDS, bits, np.where(order == 0, _undecided(a, b), weak))
    bits = bits | np.where((bits > 0) & (a.conflict | b.conflict), BIT["conflict"], 0)
    order = np.where(bits == 0, order, 0)
    missing = {"drift": np.where(order != 0, drift, np.nan)}
    missing |= {"units_to_reverse": np.where(order != 0, units, np.nan)}
    return {"bits": bits, "order": order, "days_apart": days} | missing


def _unlike(a: SimpleNamespace, b: SimpleNamespace, limits: dict) -> tuple:
    """Return the bits of every reason against comparing, and the days between the periods."""
    days = np.maximum(abs(a.start - b.start), abs(a.end - b.end))
    is_share, of_cells = a.share & b.share, a.of_cells[a.base] & b.of_cells[b.base]
    is_unlike = is_share & ~a.alike[a.base, b.base]
    found = {
        "level": a.rank != b.rank,
        "population": (is_unlike & of_cells)
        | ((a.measure_id != b.measure_id) & (a.scheme == b.scheme)),
        "base": is_unlike,
        "scheme": a.scheme != b.scheme,
        "period": (a.kind != b.kind) | ~_alike_long(a.length, b.length),
        "period_gap": _is_far(a, b, limits),
    }
    return sum(BIT[name] * is_so for name, is_so in found.items()) | a.doubts | b.doubts, days


def _is_far(a: SimpleNamespace, b: SimpleNamespace, limits: dict) -> np.ndarray:
    """Return whether two periods lie too far apart: days by days, whatever is longer by years."""
    years = np.maximum(abs(a.start_year - b.start_year), abs(a.end_year - b.end_year))
    days = np.maximum(abs(a.start - b.start), abs(a.end - b.end))
    is_day = (a.length == 0) & (b.length == 0) & (limits["as_of_days"] >= 0)
    return np.where(is_day, days > limits["as_of_days"], years > limits["flow_years"])


def _alike_long(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return whether two periods have one length: months, halves and years differ by some days."""
    return (abs(a - b) <= 3) & (abs(a - b) * 8 <= np.minimum(a, b))


def _gap(a: SimpleNamespace, b: SimpleNamespace) -> tuple:
    """Return how far a lies above b at least, whether it does, and whether an end is open."""
    with np.errstate(invalid="ignore"):
        gap, is_open = a.low - b.high, a.low_open | b.high_open
    return gap, (a.unit == b.unit) & ((gap > SLIP) | ((abs(gap) <= SLIP) & is_open)), is_open


def _units(gap: tuple, a: SimpleNamespace, b: SimpleNamespace) -> np.ndarray:
    """Return how many units of one side, rated otherwise, end it that a lies above b."""
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = gap[0] / np.maximum(a.step, b.step)
        units = np.where(gap[2], np.floor(steps + 1e-6) + 1, np.ceil(steps - 1e-6))
    return np.where(gap[1], np.maximum(units, 1), np.inf)


def _drift(a: SimpleNamespace, b: SimpleNamespace, days: np.ndarray) -> np.ndarray:
    """Return the change per year that would bring b up to a, or a down to b."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (a.low / b.high) ** (YEAR / days) - 1


def _undecided(a: SimpleNamespace, b: SimpleNamespace) -> np.ndarray:
    is_point = (a.low == a.high) & (b.low == b.high)
    is_missing = a.missing | b.missing | (a.unit != b.unit)
    open_bits = np.where(is_point, BIT["tie"], BIT["overlap"])
    open_bits = np.where(a.imprecise | b.imprecise, BIT["imprecise"], open_bits)
    return np.where(is_missing, BIT["missing"], open_bits)


# All pairs of one measure


def _measured(
    measure_id: str, side: SimpleNamespace, rules: dict, limits: dict, shape: tuple[int, int]
) -> dict:
    """Return the judged pairs of localities of one measure: which, by what readings, how."""
    one, direction = _at(side, _candidates(measure_id, side, rules)), rules[measure_id]["direction"]
    is_own, size = one.measure_id == measure_id, len(one.at)
    stated = np.zeros(shape[1], dtype=bool)
    stated[one.locality[is_own & ~one.implied]] = True
    row, column = np.nonzero(np.triu(stated[: shape[0], None] | stated[None, :], 1))
    pair = row * shape[1] + column
    newest = np.full(shape[1], -1)
    by_time = np.lexsort((one.end, one.actual, is_own))
    newest[one.locality[by_time]] = by_time
    best, told = np.full(shape[0] * shape[1], -1), np.zeros(shape[0] * shape[1], dtype=np.uint8)
    far = newest[row], newest[column]
    met = np.stack(far).min(axis=0, initial=size) >= 0
    for a_at, b_at in [*_near(one, shape[0], limits), tuple(at[met] for at in far)]:
        a, b = _at(one, a_at), _at(one, b_at)
        judged, may = judge(a, b, direction, limits), _may_meet(a, b, measure_id)
        rank = np.where(may, _rank(a, b, judged["bits"]), -1)
        key = (rank << 54) + ((a.end + b.end).clip(0) << 36) + (a_at << 18) + b_at
        at = a.locality * shape[1] + b.locality
        np.maximum.at(best, at, np.where(rank < 0, -1, key))
        said = np.where(judged["order"] > 0, 1, 2) << (2 * (14 - rank).clip(0, 2))
        np.bitwise_or.at(told, at, np.where(may & (judged["order"] != 0), said, 0).astype(np.uint8))
    best, told = best[pair], told[pair]
    is_met = best >= 0
    row_at = np.where(is_met, (best >> 18) & 0x3FFFF, newest[row])
    column_at = np.where(is_met, best & 0x3FFFF, newest[column])
    judged = judge(_at(one, row_at), _at(one, column_at), direction, limits)
    disagree = is_met & ((told >> (2 * (14 - (best >> 54)).clip(0, 2))) & 3 == 3)
    for name, nothing in (("bits", BIT["missing"]), ("days_apart", -1), ("order", 0)):
        judged[name] = np.where(is_met, judged[name], nothing)
    judged["bits"] = np.where(disagree, BIT["years_disagree"], judged["bits"])
    for name in ("drift", "units_to_reverse"):
        judged[name] = np.where(judged["bits"] > 0, np.nan, judged[name])
    is_own = np.append(is_own, False)
    told = {"row_at": row_at, "column_at": column_at}
    told = {k: np.where((v >= 0) & (is_met | is_own[v]), one.at[v], -1) for k, v in told.items()}
    return judged | told | {"row": row, "column": column, "measure_id": measure_id}


def _candidates(measure_id: str, side: SimpleNamespace, rules: dict) -> np.ndarray:
    """Return the readings of a measure, and where a locality has none those of its family.

    The latter are never compared: they say why another scheme or kind of cell cannot stand in.
    """
    own, family = np.flatnonzero(side.measure_id == measure_id), rules[measure_id]["family"]
    kin = [name for name, rule in rules.items() if family and rule["family"] == family]
    other = np.isin(side.measure_id, kin) & ~side.implied
    other = np.flatnonzero(other & ~np.isin(side.locality, side.locality[own]))
    order = other[np.lexsort((-side.end[other], side.scheme[other], side.locality[other]))]
    key = side.locality[order] * (side.scheme.max(initial=0) + 1) + side.scheme[order]
    return np.sort(np.concatenate([own, order[np.unique(key, return_index=True)[1]]]))


def _near(one: SimpleNamespace, count: int, limits: dict) -> Iterator[tuple]:
    """Yield the pairs of readings of two localities that lie within the limits of time."""
    last = np.searchsorted(one.locality, count)
    step = max(1, BLOCK // max(1, len(one.at)))
    for start in range(0, last, step):
        a, b = _at(one, np.s_[start : min(start + step, last), None]), _at(one, np.s_[None, :])
        rows, columns = np.nonzero((a.locality < b.locality) & ~_is_far(a, b, limits))
        yield rows + start, columns


def _may_meet(a: SimpleNamespace, b: SimpleNamespace, measure_id: str) -> np.ndarray:
    """Return whether one of two states the measure, and the other that or no tier beside it."""
    is_other = a.measure_id != b.measure_id
    is_tier = is_other & (a.scheme == b.scheme) & ("_rated_" in measure_id)
    return ((a.measure_id == measure_id) | (b.measure_id == measure_id)) & ~is_tier


def _rank(a: SimpleNamespace, b: SimpleNamespace, bits: np.ndarray) -> np.ndarray:
    """Return how much a pair says: 0 to 7 with reasons, the fewer the more, 8 to 14 without."""
    is_same = (a.start == b.start) & (a.end == b.end)
    is_near = (a.start_year == b.start_year) & (a.end_year == b.end_year)
    says = np.where(bits & BIT["missing"], 0, 4) + np.where(is_same, 2, is_near)
    reasons = sum((bits & BIT[name] > 0).astype(int) for name in REASONS)
    return np.where(bits & FORBIDS, 7 - reasons.clip(0, 7), 8 + says)


def _limits(rule: dict, max_year_gap: int | None) -> dict:
    """Return the limits of time of a measure, those of the caller before those of the table."""
    limits = LIMITS | {name: float(rule[name]) for name in LIMITS if rule[name]}
    if max_year_gap is None or max_year_gap < 0:
        return limits
    return limits | {"as_of_days": 366 * max_year_gap or -1, "flow_years": max_year_gap}


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


def periods(readings: pd.DataFrame) -> list[str]:
    """Return what each reading speaks of: a year, several years, or months of a part of one.

    >>> periods(pd.DataFrame({"period_start": ["2022-01-01"], "period_end": ["2022-06-30"]}))
    ['2022-01–2022-06']
    """
    rows = zip(readings["period_start"], readings["period_end"], strict=True)
    return [_span(start, end) for start, end in rows]


def _span(start: str, end: str) -> str:
    whole = start.endswith("-01-01") and end.endswith("-12-31")
    first, last = (day[: 4 if whole or start == end else 7] for day in (start, end))
    return last if first in ("", last) else f"{first}–{last}"


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


def across(readings: pd.DataFrame, crosswalk: pd.DataFrame) -> pd.DataFrame:
    """Return the readings with those of one scheme read as another's: a scenario, not data."""
    rules = crosswalk.set_index(["from_scheme", "from_measure"])[
        ["to_scheme", "to_measure", "lifts"]
    ]
    rules = {key: tuple(map(text, row)) for key, *row in rules.itertuples()}
    keys = zip(readings["scheme_id"], readings["measure_id"], strict=True)
    rows = [(*rules.get(key, (*key, "")), reasons) for key, reasons in
            zip(keys, readings["reasons"], strict=True)]  # fmt: skip
    lifted = ["|".join(one for one in reasons.split("|") if one not in lifts.split("|"))
              for _, _, lifts, reasons in rows]  # fmt: skip
    names = {"scheme_id": 0, "measure_id": 1}
    return readings.assign(
        reasons=lifted, **{k: [row[at] for row in rows] for k, at in names.items()}
    )


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
