"""What makes two readings alike, and what may be said of one against the other.

Readings are held as arrays, a column an array, so that one call answers for any number of pairs:
bits of reasons, the order, and how little would turn it round. What does not depend on time is
the same for all readings of one kind (measure, level, scheme, base, doubts and so on), and is
worked out once for each two kinds. The words for it are the gate's.
"""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd

from helpers.rules import KINDS, day, rules_of, text

REASONS = ("level", "place", "boundary", "population", "base", "scheme", "period", "period_gap")
REASONS += ("status", "conflict")  # why two may not be compared
OPEN = ("overlap", "tie", "missing", "imprecise", "years_disagree", "one_unit", "drift")
BIT = {name: 1 << at for at, name in enumerate(REASONS + OPEN)}
FORBIDS = sum(BIT[name] for name in REASONS if name != "conflict")
RANK = {"province": 0, "district": 1, "town": 1, "commune": 2, "unknown": -1, "": -1}
BELOW = 3  # the rank of every other level
VAGUE = {"cells", "cells_assessed"}  # bases that do not say which cells
LIMITS = {"as_of_days": 366, "flow_years": 0, "drift_after_days": np.inf, "drift_per_year": 0.0}
YEAR, SLIP = 365.25, 1e-12
ALIKE = ["measure_id", "rank", "scheme_id", "period_kind", "base", "unit", "doubts"]
PLAIN = ["at", "locality", "actual", "implied", "about", "span"]


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
    side = sides(readings, [*dict.fromkeys(readings["locality_id"])], places)
    where = {at: n for n, at in enumerate(side.at)}
    both = [np.array([where[at] for at in some]) for some in (rows, columns)]
    limits = limits_of(rules_of(measures)[readings["measure_id"].iloc[rows[0]]], None)
    return words(_unlike(side, *both, limits)[0] & FORBIDS)


def words(bits: np.ndarray) -> list[str]:
    """Return the names of the reasons in each number of bits, joined by "|"."""
    return ["|".join(name for name, bit in BIT.items() if one & bit) for one in bits]


# What is known of each reading, as arrays


def sides(
    readings: pd.DataFrame,
    order: Sequence[str],
    places: pd.DataFrame | None = None,
    crosswalk: pd.DataFrame | None = None,
) -> SimpleNamespace:
    """Return what is said of each locality itself, sorted by locality, a column as an array.

    Beside the columns of readings: `at` (the position there), days and years of the period, `span`
    (which period it is), the ends as `low_rank` and `high_rank` (a lies above b where its low rank
    is larger than b's high rank), `about` (which kind), and `likes`: for each two kinds the bits.
    """
    frame = readings if crosswalk is None else across(readings, crosswalk)
    frame = frame.assign(at=range(len(frame)), rank=frame["level"].map(RANK).fillna(BELOW))
    frame = frame.assign(
        locality=frame["locality_id"].map({name: at for at, name in enumerate(order)}),
        implied=frame["origin"].eq("implied"),
        actual=frame["status"].eq("actual"),
    )
    frame = frame[frame["locality"].notna() & (frame["rank"] <= _deepest(frame, places))]
    frame = frame.assign(doubts=_doubts(frame, places)).astype({"locality": int})
    frame = frame.sort_values(["locality", "at"], ignore_index=True)
    frame["about"] = frame.groupby(ALIKE, sort=False).ngroup()
    frame["span"] = frame.groupby(["period_start", "period_end"]).ngroup()
    side = {name: frame[name].to_numpy() for name in PLAIN} | _times(frame)
    codes = {"measure": "measure_id", "kind": "period_kind", "scheme": "scheme_id", "base": "base"}
    side |= {code: pd.factorize(frame[name], sort=True)[0] for code, name in codes.items()}
    side |= {"names": sorted({*frame["measure_id"]})}
    side |= {"likes": _likes(frame.drop_duplicates("about"))}
    side |= {name: frame[name].to_numpy(float) for name in ("low", "high", "step")}
    side |= {name: frame[name].to_numpy(bool) for name in ("low_open", "high_open")}
    low, high = _ranks(side["low"], side["high"])
    side |= {"low_rank": low + side["low_open"], "high_rank": high - side["high_open"]}
    return SimpleNamespace(**side)


def _deepest(frame: pd.DataFrame, places: pd.DataFrame | None) -> pd.Series:
    """Return the rank of each reading's locality, by `places` or by what is said of it itself."""
    own = frame[frame["place_id"] == frame["locality_id"]]
    known = own.groupby("locality_id")["rank"].min().to_dict()
    if places is not None:
        levels = places.set_index("place_id").reindex(columns=["level"])["level"].map(text)
        ranks = levels.map(RANK).fillna(BELOW)
        known |= ranks[ranks >= 0].to_dict()
    return frame["locality_id"].map(known).fillna(1)


def _times(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    found = {}
    for name in ("start", "end"):
        day = pd.to_datetime(frame[f"period_{name}"], errors="coerce")
        found[name] = (day - pd.Timestamp("1900-01-01")).dt.days.fillna(-1).to_numpy(np.int32)
        found[f"{name}_year"] = day.dt.year.fillna(-1).to_numpy(np.int16)
    return found


def _ranks(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return each number's place among all, in steps of two; what differs by a slip is equal."""
    both = np.concatenate([low, high])
    order, ranks = np.argsort(both), np.empty(len(both), dtype=int)
    with np.errstate(invalid="ignore"):
        ranks[order] = 2 * np.cumsum(np.diff(both[order], prepend=-np.inf) > SLIP)
    return ranks.reshape(2, -1)


def _doubts(frame: pd.DataFrame, places: pd.DataFrame | None) -> pd.Series:
    """Return what stands against comparing each reading with any other, as bits in one number."""
    reasons, is_share = frame["reasons"].astype("str"), frame["unit"] == "share"
    is_known = frame["base"].map({base: bool(_kinds(base)) for base in set(frame["base"])})
    is_free = (frame["low"] <= 0) & (frame["high"] >= np.where(is_share, 1.0, np.inf))
    is_open = frame["formula"].astype("str").str.contains("?", regex=False)
    is_open |= frame["implied"] | frame["bound"].eq("unknown")
    is_rated = frame["measure_id"].astype("str").str.contains("_rated_")
    against = {
        "level": frame["rank"] < 0,
        "place": frame["place_id"] != frame["locality_id"],
        "boundary": _is_outside(frame, places),
        "population": reasons.str.contains("population"),
        "base": is_share & ~is_known.astype(bool),
        "scheme": reasons.str.contains("scheme") | (is_rated & (frame["scheme_id"] == "")),
        "period": (frame["period_end"] == "") | (frame["period_start"] == ""),
        "status": frame["status"] != "actual",
        "conflict": reasons.str.contains("conflict"),
        "missing": is_free & is_open,
        "imprecise": is_free & ~is_open,
    }
    return sum(BIT[name] * is_so.astype(int) for name, is_so in against.items())


def _kinds(base: str) -> set[str]:
    return {*base.split("|")} - VAGUE - {""}


def _is_outside(frame: pd.DataFrame, places: pd.DataFrame | None) -> pd.Series:
    """Return whether a period lies outside the days in which its place had these boundaries."""
    if places is None:
        return pd.Series(False, frame.index)
    days = {}
    for name, is_end in (("valid_from", False), ("valid_to", True)):
        said = places.set_index("place_id").reindex(columns=[name])[name].map(text)
        known = said.map(lambda cell, is_end=is_end: day(cell, is_end))
        days[name] = frame["place_id"].map(known).fillna("")
    since, until = days.values()
    ends, starts = frame["period_end"], frame["period_start"]
    return ((until != "") & (ends > until)) | ((since != "") & (starts < since))


def _likes(kinds: pd.DataFrame) -> np.ndarray:
    """Return for each two kinds of readings the bits of what stands against comparing them."""
    sets = [_kinds(base) for base in kinds["base"]]
    names = sorted(set().union(*sets))
    bases = np.array([[name in some for name in names] for some in sets], dtype=int)
    bases = bases.reshape(len(sets), len(names))
    of_cells = bases[:, [name in KINDS["cells"] for name in names]].any(axis=1)
    doubts, is_share = kinds["doubts"].to_numpy(), kinds["unit"].eq("share").to_numpy()
    codes = {name: pd.factorize(kinds[name])[0] for name in ALIKE}
    differ = {name: code[:, None] != code for name, code in codes.items()}
    is_unlike = (bases @ bases.T == 0) & is_share[:, None] & is_share
    found = {
        "level": differ["rank"],
        "population": (is_unlike & of_cells[:, None] & of_cells)
        | (differ["measure_id"] & ~differ["scheme_id"]),
        "base": is_unlike,
        "scheme": differ["scheme_id"],
        "period": differ["period_kind"],
        "missing": differ["unit"],
    }
    return sum(BIT[name] * is_so for name, is_so in found.items()) | doubts[:, None] | doubts


# The verdict on pairs of readings; a and b are their positions on the side


def judge(side: SimpleNamespace, a: np.ndarray, b: np.ndarray, direction: str, limits: dict):
    """Return bits of reasons, order (1: a larger, -1: smaller, 0: not decided) and days apart."""
    bits, days = _unlike(side, a, b, limits)
    above, below = (side.low_rank[x] > side.high_rank[y] for x, y in ((a, b), (b, a)))
    order = above.astype(np.int8) - below
    order[bits & (FORBIDS | BIT["missing"]) > 0] = 0
    told = bits & FORBIDS
    at = np.flatnonzero((told | order) == 0)
    told[at] = _undecided(side, a[at], b[at], bits[at])
    is_late = days > limits["drift_after_days"]
    at = np.flatnonzero((order != 0) & (is_late | (direction != "none")))
    units, drift = strength(side, a[at], b[at], order[at], days[at])
    told[at] |= BIT["one_unit"] * ((units < 2) & (direction != "none"))
    told[at] |= BIT["drift"] * (is_late[at] & (drift <= limits["drift_per_year"]))
    order[told > 0] = 0
    return told | (bits & BIT["conflict"] * (told > 0)), order, days


def _unlike(side: SimpleNamespace, a: np.ndarray, b: np.ndarray, limits: dict) -> tuple:
    """Return the bits of all that is known against comparing, and the days between the periods."""
    days = np.maximum(abs(side.start[a] - side.start[b]), abs(side.end[a] - side.end[b]))
    bits = side.likes[side.about[a], side.about[b]]
    if not days.any():
        return bits, days
    length = side.end[a] - side.start[a], side.end[b] - side.start[b]
    by_days = (length[0] == 0) & (length[1] == 0) & (limits["as_of_days"] >= 0)
    by_days |= limits["flow_years"] == np.inf
    years = [abs(year[a] - year[b]) for year in (side.start_year, side.end_year)]
    is_far = np.where(
        by_days, days > limits["as_of_days"], np.maximum(*years) > limits["flow_years"]
    )
    is_other = ~alike_long(*length)
    return bits | BIT["period_gap"] * is_far | BIT["period"] * is_other, days


def alike_long(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return whether two periods have one length: months, halves and years differ by some days."""
    return (abs(a - b) <= 3) & (abs(a - b) * 8 <= np.minimum(a, b))


def _undecided(side: SimpleNamespace, a: np.ndarray, b: np.ndarray, bits: np.ndarray) -> np.ndarray:
    is_point = (side.low[a] == side.high[a]) & (side.low[b] == side.high[b])
    found = np.where(is_point, BIT["tie"], BIT["overlap"])
    found = np.where(bits & BIT["imprecise"], BIT["imprecise"], found)
    return np.where(bits & BIT["missing"], BIT["missing"], found)


def strength(side: SimpleNamespace, a, b, order: np.ndarray, days: np.ndarray) -> tuple:
    """Return of decided pairs how many units of one side, rated otherwise, end it, and the change
    per year that would."""
    more, less = np.where(order > 0, a, b), np.where(order > 0, b, a)
    low, high, is_open = side.low[more], side.high[less], side.low_open[more] | side.high_open[less]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        steps = (low - high) / np.maximum(side.step[a], side.step[b])
        units = np.where(is_open, np.floor(steps + 1e-6) + 1, np.ceil(steps - 1e-6))
        drift = np.where(days > 0, (low / high) ** (YEAR / days) - 1, np.inf)
    return np.maximum(units, 1), drift


def limits_of(rule: dict, max_year_gap: int | None) -> dict:
    """Return the limits of time of a measure, those of the caller before those of the table."""
    limits = LIMITS | {name: float(rule[name]) for name in LIMITS if rule[name]}
    if rule["as_of_days"] and not rule["flow_years"]:  # counts of a year too are apart by days
        limits["flow_years"] = np.inf
    if max_year_gap is None or max_year_gap < 0:
        return limits
    return limits | {"as_of_days": 366 * max_year_gap or -1, "flow_years": max_year_gap}


def across(readings: pd.DataFrame, crosswalk: pd.DataFrame) -> pd.DataFrame:
    """Return the readings with those of one scheme read as another's: a scenario, not data."""
    rules = crosswalk.set_index(["from_scheme", "from_measure"])
    rules = rules[["to_scheme", "to_measure", "lifts"]].map(text)
    key = ["scheme_id", "measure_id"]
    found = readings[key].join(rules, on=key)
    lifts = found["lifts"].fillna("").str.split("|")
    kept = ["|".join(one for one in said.split("|") if one not in lifted)
            for said, lifted in zip(readings["reasons"], lifts, strict=True)]  # fmt: skip
    return readings.assign(
        reasons=kept,
        scheme_id=found["to_scheme"].fillna(found["scheme_id"]),
        measure_id=found["to_measure"].fillna(found["measure_id"]),
    )
