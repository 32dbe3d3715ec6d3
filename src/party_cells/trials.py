"""Does the gate hold where the truth is known? Invented localities, articles and their errors.

True figures are drawn for every locality and year; articles state some of them as the press does:
years and half-years, one base or another or none, tiers that are empty, members and cells, bounds,
rounded percentages, localities whose boundaries changed. Errors are put in one kind at a time:
*misprint* (a digit), *stale* (last year's figure under this year's date), *rounding* (a count to
the ten, without a word that says so), *contradiction* (a second article with another figure).
"""

from dataclasses import dataclass, field
from itertools import combinations
from random import Random

import pandas as pd

from helpers import gate, statements

ERRORS = ("misprint", "stale", "rounding", "contradiction")
LAST_YEAR = 2023
TIERS = ("excellent", "good", "completed", "not_completed")
OLD = {"cells": ("tsvm", "good", "completed", "weak")}
OLD["members"] = (*TIERS[:3], "violating_or_not_completed")
BASES = {"cells": ("cells_under_base", ""), "members": ("members_assessed", "members", "")}
SILENCE, BOUNDED, HALF_YEARS = 0.3, 0.2, 0.25  # rates of figures, ratings and flows


@dataclass
class Collection:
    """Facts as in facts.csv, places as in localities.csv, and what is true.

    `truth` is the figure of (locality, measure, base, first day, last day); base is "" for counts.
    """

    facts: list[dict] = field(default_factory=list)
    places: list[dict] = field(default_factory=list)
    truth: dict[tuple, float] = field(default_factory=dict)


def collect(
    localities: int = 60, years: int = 10, error: str = "", rate: float = 0.0, seed: int = 0
) -> Collection:
    """Return invented articles, one a year from every locality up to 2023.

    `rate` of them carry the `error`, one of ERRORS ("" for none); the same seed gives the same
    truth and the same articles but for that.
    """
    if error not in ("", *ERRORS):
        raise ValueError(f"unknown error {error!r}: expected one of {list(ERRORS)} or none")
    made, random, errors = Collection(), Random(seed), Random(seed + 1)
    for at in range(1, localities + 1):
        place, before = f"loc-{at:04d}", None
        merged = random.choice(range(LAST_YEAR - years, LAST_YEAR)) if random.random() < 0.1 else 0
        since = f"{merged}-07-01" if merged else ""
        made.places.append(
            {"place_id": place, "level": "district", "valid_from": since, "valid_to": ""}
        )
        for year in range(LAST_YEAR - years + 1, LAST_YEAR + 1):
            figures = _figures(random, before, merged == year)
            made.truth |= _truth(place, year, figures)
            article = Random(random.random())
            kind = error if errors.random() < rate else ""
            printed = before if kind == "stale" and before else figures
            made.facts += _article(article, errors, place, year, printed, kind)
            before = figures
    return made


def _figures(random: Random, before: dict | None, is_merger: bool) -> dict:
    """Return a year's true counts and ratings of a locality, moved from the year before."""
    last = before or {
        "base_organisations": random.randint(28, 80),
        "cells_under_base": random.randint(60, 480),
        "members": random.randint(800, 9000),
        "quality": random.uniform(0.6, 0.97),
    }
    grown = 1.4 if is_merger else 1 + random.gauss(0.01, 0.02)
    names = ("base_organisations", "cells_under_base", "members")
    found = {name: max(10, round(last[name] * grown)) for name in names}
    found["quality"] = min(0.985, max(0.5, last["quality"] + random.gauss(0, 0.03)))
    found["members_assessed"] = round(found["members"] * random.uniform(0.9, 1))
    for population, whole in (("cells", "cells_under_base"), ("members", "members_assessed")):
        for part in ("", "-H1"):
            found[f"{population}_rated{part}"] = _tiers(random, found[whole], found["quality"])
    first = random.randint(0, 60)
    return found | {"members_admitted-H1": first, "members_admitted": first + random.randint(0, 60)}


def _tiers(random: Random, whole: int, quality: float) -> tuple[int, ...]:
    """Return how many are in each tier; some tiers are empty."""
    top = round(whole * min(1, max(0.3, random.gauss(quality, 0.02))))
    last = min(whole - top, random.choice((0, 0, 0, 1, 2, 3, whole // 40)))
    first = round(top * random.choice((0, 0.15, 0.2, 0.25)))
    return first, top - first, whole - top - last, last


def _truth(place: str, year: int, true: dict) -> dict[tuple, float]:
    """Return every true figure that the gate may judge in a year."""
    day = (f"{year}-12-31",) * 2
    names = ("base_organisations", "cells_under_base", "members", "members_assessed")
    found = {(place, name, "", *day): true[name] for name in names}
    found |= {(place, "members_per_base_organisation", "", *day):
              true["members"] / true["base_organisations"]}  # fmt: skip
    for part in ("", "-H1"):
        days = _days(year, part)
        found[place, "members_admitted", "", *days] = true[f"members_admitted{part}"]
        for population, bases in BASES.items():
            for base in filter(None, bases):
                shares = _shares(population, year, true[f"{population}_rated{part}"], true[base])
                found |= {(place, name, base, *days): share for name, share in shares.items()}
    return found


def _shares(population: str, year: int, tiers: tuple, whole: int) -> dict[str, float]:
    names = OLD[population] if year < 2018 else TIERS
    sums = {name: n for name, n in zip(names, tiers, strict=True)}
    sums |= {"good_or_better": sum(tiers[:2]), "completed_or_better": sum(tiers[:3])}
    sums |= {"completed_or_worse": sum(tiers[2:])}
    return {f"{population}_rated_{name}": n / whole for name, n in sums.items()}


def _days(year: int, part: str) -> tuple[str, str]:
    return f"{year}-01-01", f"{year}-06-30" if part else f"{year}-12-31"


def _article(random: Random, errors: Random, place: str, year: int, said: dict, kind: str) -> list:
    """Return the facts of an article, and with a contradiction those of a second one."""
    day = (f"{year}-12-31",) * 2
    rows = [_row(name, said[name], *day) for name in ("base_organisations", "members")]
    rows.append(_row("cells_under_base", said["cells_under_base"], *day))
    part = "-H1" if random.random() < HALF_YEARS else ""
    rows.append(_row("members_admitted", said[f"members_admitted{part}"], *_days(year, part)))
    for population, bases in BASES.items():
        part = "-H1" if random.random() < HALF_YEARS else ""
        rows += _rating(random, population, year, part, said, random.choice(bases))
    rows = [_bounded(random, row) for row in rows if random.random() >= SILENCE]
    told = {"locality_id": place, "place_id": place, "document_id": f"{place}-{year}"}
    rows = [row | told | {"fact_id": f"{place}-{year}.{at}"} for at, row in enumerate(rows)]
    if kind == "misprint" and rows:
        at = errors.randrange(len(rows))
        rows[at] = _misprinted(errors, rows[at])
    if kind == "rounding":
        rows = [_printed(row, round(row["value"], -1)) if _is_large(row) else row for row in rows]
    if kind != "contradiction":
        return rows
    other = {"document_id": f"{place}-{year}-2"}
    return rows + [
        _printed(row, row["value"] * errors.uniform(0.9, 1.1))
        | other
        | {"fact_id": row["fact_id"] + "-2"}
        for row in rows
    ]


def _rating(
    random: Random, population: str, year: int, part: str, said: dict, base: str
) -> list[dict]:
    """Return a rating as counts of all tiers, or as one rounded percentage, of a base or none."""
    tiers, names = said[f"{population}_rated{part}"], OLD[population] if year < 2018 else TIERS
    days, scheme = _days(year, part), "2018-2023" if year < 2023 else "2023-2025"
    more = {"scheme_id": "to-2017" if year < 2018 else scheme, "base_measure_id": base}
    if random.random() < 0.5:
        return [_row(f"{population}_rated_{name}", n, *days) | more
                for name, n in zip(names, tiers, strict=True)]  # fmt: skip
    shares = _shares(population, year, tiers, said[base or BASES[population][0]])
    name = random.choice([one for one in shares if not one.endswith("_or_worse")])
    text = f"{100 * shares[name]:.{random.choice((0, 1, 2))}f}"
    if float(text) in (0, 100) and shares[name] not in (0, 1):
        text = f"{100 * shares[name]:.2f}"
    return [_row(name, float(text) / 100, *days, text.replace(".", ","), "share") | more]


def _row(
    name: str, value: float, start: str, end: str, text: str = "", unit: str = "count"
) -> dict:
    return {"measure_id": name, "value": value, "unit": unit, "number_text": text or str(value),
            "bound": "exact", "value_low": None, "value_high": None, "low_open": False,
            "high_open": False, "level": "district", "status": "actual", "scheme_id": "",
            "base_measure_id": "", "period_start": start, "period_end": end}  # fmt: skip


def _bounded(random: Random, row: dict) -> dict:
    """Return some counts as more than a little less, or about so many."""
    if row["unit"] == "share" or row["value"] < 100 or random.random() >= BOUNDED:
        return row
    ten = row["value"] // 10 * 10
    if random.random() < 0.5:
        return row | {"value": ten, "number_text": str(ten), "bound": "approx"}
    low = ten - 10
    return row | {"value": low, "number_text": str(low), "bound": "at_least", "low_open": True}


def _is_large(row: dict) -> bool:
    return row["unit"] == "count" and row["value"] >= 50


def _misprinted(errors: Random, row: dict) -> dict:
    """Return the figure with one digit some steps off."""
    step = 0.1 if row["unit"] == "share" else 10 ** errors.randrange(len(str(row["value"])))
    return _printed(row, abs(row["value"] + errors.choice((-3, -2, -1, 1, 2, 3)) * step))


def _printed(row: dict, value: float) -> dict:
    """Return the figure with another value, in as many digits as it is printed in."""
    if row["unit"] == "count":
        return row | {"value": round(value), "number_text": str(round(value))}
    text = f"{min(100, 100 * value):.1f}"
    return row | {"value": float(text) / 100, "number_text": text.replace(".", ",")}


def trials(
    measures: pd.DataFrame,
    schemes: pd.DataFrame,
    rate: float,
    localities: int = 60,
    years: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how the gate and a naive ranking fare without errors and with each kind of error.

    One collection per row, the same but for the errors. Columns error, conflicts (readings whose
    sources exclude one another), pairs (pairs x measures), decided, wrong, wrong_share, and of
    quality alone quality_decided, quality_wrong; naive_decided, naive_wrong, naive_wrong_share.
    """
    rows = []
    for error in ("none", *ERRORS):
        made = collect(localities, years, error.removeprefix("none"), rate, seed)
        readings = statements.take(pd.DataFrame(made.facts), measures, schemes)
        names = [place["place_id"] for place in made.places]
        found = gate.outcomes(readings, measures, names, places=pd.DataFrame(made.places))
        judged = judge(found, readings, made.truth, measures)
        clear, quality = judged[judged["decided"]], judged[judged["quality"] & judged["decided"]]
        counts = {"conflicts": int(readings["reasons"].str.contains("conflict").sum())}
        counts |= {"pairs": len(judged), "decided": len(clear), "wrong": int(clear["wrong"].sum())}
        counts |= {"quality_decided": len(quality), "quality_wrong": int(quality["wrong"].sum())}
        counts |= {f"naive_{name}": n for name, n in naive(made).items()}
        for who in ("", "naive_"):
            counts[f"{who}wrong_share"] = counts[f"{who}wrong"] / max(1, counts[f"{who}decided"])
        rows.append({"error": error} | counts)
    return pd.DataFrame(rows)


def judge(
    outcomes: pd.DataFrame, readings: pd.DataFrame, truth: dict, measures: pd.DataFrame
) -> pd.DataFrame:
    """Return for every comparison measure_id, quality, decided and wrong.

    A verdict is wrong unless the true figures of what it speaks of have the same order.
    """
    keys = ["locality_id", "measure_id", "base", "period_start", "period_end"]
    true = [
        next(
            (truth[k] for base in row[2].split("|") if (k := (*row[:2], base, *row[3:])) in truth),
            None,
        )
        for row in readings[keys].itertuples(index=False, name=None)
    ]
    lower = set(measures.loc[measures["direction"] == "lower_better", "measure_id"])
    rows = []
    names = ["measure_id", "quality", "verdict", "row_reading", "column_reading"]
    for measure_id, quality, verdict, row, column in outcomes[names].itertuples(index=False):
        a, b = (true[at] if at >= 0 else None for at in (row, column))
        decided = verdict in gate.DECIDED and a is not None and b is not None
        says_more = (verdict in ("ahead", "larger")) != (quality and measure_id in lower)
        rows.append((measure_id, quality, decided, decided and not (a > b if says_more else a < b)))
    return pd.DataFrame(rows, columns=["measure_id", "quality", "decided", "wrong"])


def naive(made: Collection) -> dict[str, int]:
    """Return how a league table of the printed ratings fares: who printed more is ahead.

    Each year it ranks every two localities that print good or better, or excellent and good and
    how many there are, at face value and whatever the base and the period. The truth is that of
    the whole year and of those rated.
    """
    said: dict[tuple, dict] = {}
    for row in made.facts:
        said.setdefault((row["locality_id"], row["period_end"][:4]), {})[row["measure_id"]] = row
    ranked = wrong = 0
    for population, bases in BASES.items():
        best = f"{population}_rated_good_or_better"
        years: dict[str, list] = {}
        for (place, year), rows in said.items():
            true = made.truth[place, best, bases[0], *_days(int(year), "")]
            years.setdefault(year, []).append((_face_value(rows, population, best), true))
        for one in years.values():
            told = [pair for pair in one if pair[0] is not None]
            gaps = [(a[0] - b[0], a[1] - b[1]) for a, b in combinations(told, 2)]
            ranked += sum(gap != 0 for gap, _ in gaps)
            wrong += sum(gap * true <= 0 for gap, true in gaps if gap)
    return {"decided": ranked, "wrong": wrong}


def _face_value(rows: dict[str, dict], population: str, best: str) -> float | None:
    """Return the share good or better as a hasty reader takes it, None where nothing is said."""
    if best in rows:
        return rows[best]["value"]
    whole = rows.get({"cells": "cells_under_base"}.get(population, population))
    parts = [rows.get(f"{population}_rated_{tier}") for tier in TIERS[:2]]
    if whole is None or None in parts or parts[0]["unit"] == "share":
        return None
    return sum(part["value"] for part in parts) / whole["value"]
