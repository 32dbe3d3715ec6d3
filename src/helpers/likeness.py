"""What makes two readings alike, and what may be said of one against the other.

Readings are held as arrays, a column an array, so that one call answers for any number of pairs:
bits of reasons, the order, and how little would turn it round. The words for it are the gate's.
"""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd

from helpers.rules import rules_of, text
from helpers.statements import KINDS

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
    side = sides(readings, measures, [*dict.fromkeys(readings["locality_id"])], places, None)
    where = {at: n for n, at in enumerate(side.at)}
    both = [pick(side, np.array([where[at] for at in some])) for some in (rows, columns)]
    limits = limits_of(rules_of(measures)[readings["measure_id"].iloc[rows[0]]], None)
    bits = _unlike(*both, limits)[0]
    return ["|".join(name for name, bit in BIT.items() if one & bit) for one in bits]


# What is known of each reading, as arrays


def sides(
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
    side |= {"measure": pd.factorize(frame["measure_id"])[0]}
    side |= {"span": frame.groupby(["period_start", "period_end"]).ngroup().to_numpy()}
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
    days = {k: (v - pd.Timestamp("1900-01-01")).dt.days.fillna(-1).to_numpy(np.int32)
            for k, v in days.items()}  # fmt: skip
    years = {f"{k}_year": v.dt.year.fillna(-1).to_numpy(np.int16) for k, v in
             (("start", start), ("end", end))}  # fmt: skip
    return days | years | {"length": days["end"] - days["start"]}


def _states(
    frame: pd.DataFrame, places: pd.DataFrame | None, measures: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Return what stands against each reading, its bits in one number, and how much it says."""
    kinds, reasons = frame["base"].map(_kinds).astype("object"), frame["reasons"].astype("str")
    rated = frame["measure_id"].astype("str").str.contains("_rated_")
    is_share = frame["unit"] == "share"
    against = {
        "level": frame["rank"] < 0,
        "place": frame["place_id"] != frame["locality_id"],
        "boundary": _is_outside(frame, places),
        "population": reasons.str.contains("population") | (frame["base"].isin(VAGUE) & is_share),
        "base": is_share & (kinds.str.len() == 0),
        "scheme": reasons.str.contains("scheme") | (rated & (frame["scheme_id"] == "")),
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
        "conflict": reasons.str.contains("conflict").to_numpy(bool),
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


def pick(side: SimpleNamespace, at: np.ndarray) -> SimpleNamespace:
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
        "period": (a.kind != b.kind) | ~alike_long(a.length, b.length),
        "period_gap": ~is_near(a, b, limits),
    }
    return sum(BIT[name] * is_so for name, is_so in found.items()) | a.doubts | b.doubts, days


def is_near(a: SimpleNamespace, b: SimpleNamespace, limits: dict) -> np.ndarray:
    """Return whether two periods lie within the limits: days by days, what is longer by years."""
    is_day = (a.length == 0) & (b.length == 0) & (limits["as_of_days"] >= 0)
    far, most = np.zeros(is_day.shape, dtype=bool), limits["as_of_days"]
    if is_day.any():
        far |= is_day & ((abs(a.start - b.start) > most) | (abs(a.end - b.end) > most))
    if not is_day.all():
        years = abs(a.start_year - b.start_year), abs(a.end_year - b.end_year)
        far |= ~is_day & ((years[0] > limits["flow_years"]) | (years[1] > limits["flow_years"]))
    return ~far


def is_same(a: SimpleNamespace, b: SimpleNamespace) -> np.ndarray:
    return a.span == b.span


def alike_long(a: np.ndarray, b: np.ndarray) -> np.ndarray:
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


def limits_of(rule: dict, max_year_gap: int | None) -> dict:
    """Return the limits of time of a measure, those of the caller before those of the table."""
    limits = LIMITS | {name: float(rule[name]) for name in LIMITS if rule[name]}
    if max_year_gap is None or max_year_gap < 0:
        return limits
    return limits | {"as_of_days": 366 * max_year_gap or -1, "flow_years": max_year_gap}


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
