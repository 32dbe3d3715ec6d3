"""The rules of measures and schemes, and what is refused for breaking them.

Direction, base, limits of time and formulas of a measure are columns of `measures.csv`; tiers and
days in force are in `rating_schemes.csv`.
"""

import ast
import calendar
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from helpers import bounds
from helpers.bounds import BoundsInvalid

RATED = re.compile(r"(cells|organisations|members)_(rated_\w+?)(_or_better|_or_worse)?")
KINDS = {  # what "assessed" may be another word for
    "cells": ("cells_under_base", "base_cells"),
    "organisations": ("base_organisations",),
    "members": ("members",),
}
LIMITS = ("as_of_days", "flow_years", "drift_after_days", "drift_per_year")


@dataclass(frozen=True)
class Formula:
    """What one measure says of another: "commune: >= a + b" is a lower bound, of communes only.

    `names` are the measures in it, `is_rest` tells whether it is all less some: 1 - a - b.
    """

    level: str
    sign: str
    node: ast.expr
    names: tuple[str, ...]
    is_rest: bool


def rules_of(measures: pd.DataFrame) -> dict:
    """Return the rules of each measure, by id; what a table does not have is empty.

    Keys of a rule: direction, units, family, base, population, indicator (the measure itself where
    it is no other's complement), `LIMITS` of time, limit (the largest share, None for none). And
    under "derivation" and "implied", by their first operand, each (measure, `Formula`).
    """
    rules, formulas = {}, {"derivation": {}, "implied": {}}
    names = ("direction", "units", "family", "base", "population", "indicator", *LIMITS)
    for row in measures.to_dict("records"):
        measure_id, limit = row["measure_id"], text(row.get("share_limit", 1.0))
        usual = {"direction": "none", "indicator": measure_id}
        rule = {name: text(row.get(name)) or usual.get(name, "") for name in names}
        rules[measure_id] = rule | {"limit": float(limit) if limit else None}
        for column, found in formulas.items():
            for said in filter(str.strip, text(row.get(column)).split(";")):
                formula = _formula(said.strip())
                found.setdefault(formula.names[0], []).append((measure_id, formula))
    return rules | formulas


def _formula(said: str) -> Formula:
    level, sign, formula = re.match(r"(?:(\w+):)?\s*(>=|<=|)\s*(.*)", said).groups()
    names = [name for name in re.findall(r"[a-z_]\w*", formula) if name != "years"]
    node = ast.parse(formula, mode="eval").body
    return Formula(level or "", sign, node, tuple(dict.fromkeys(names)), formula.startswith("1 -"))


def tiers_of(schemes: pd.DataFrame | None) -> dict[tuple[str, str], list[str]]:
    """Return the tiers of each scheme and population, best first."""
    rows = () if schemes is None else schemes.itertuples()
    return {(row.scheme_id, row.population): text(row.tiers).split(" > ") for row in rows}


def in_force(schemes: pd.DataFrame | None) -> dict[str, tuple[str, str, bool]]:
    """Return of each scheme its first and last day, and whether it is a rule of discipline."""
    return {
        row.scheme_id: (
            text(row.in_force_from),
            text(row.in_force_to) or "9999",
            row.population == "discipline",
        )
        for row in (() if schemes is None else schemes.itertuples())
    }


def text(cell) -> str:
    """Return a table's cell as text, empty where it is missing."""
    return "" if str(cell) in ("None", "nan", "<NA>", "NaT") else str(cell)


# Days and periods


def day(said: str, is_end: bool) -> str:
    """Return a day of a year, month or day in ISO form, "" if it is none.

    >>> day("2022", True), day("2022-02", True), day("soon", False)
    ('2022-12-31', '2022-02-28', '')
    """
    found = re.match(r"(\d{4})(?:\.0)?(?:-(\d\d)(?:-(\d\d))?)?$", said[:10])
    try:
        year, month, number = (int(part) if part else 0 for part in found.groups())
        month = month or (12 if is_end else 1)
        number = number or (calendar.monthrange(year, month)[1] if is_end else 1)
        return date(year, month, number).isoformat()
    except (AttributeError, ValueError, IndexError):
        return ""


def periods(readings: pd.DataFrame) -> list[str]:
    """Return what each reading speaks of: a year, several years, or months of a part of one.

    >>> periods(pd.DataFrame({"period_start": ["2022-01-01"], "period_end": ["2022-06-30"]}))
    ['2022-01–2022-06']
    """
    rows = list(zip(readings["period_start"], readings["period_end"], strict=True))
    known = {row: _span(*row) for row in set(rows)}
    return [known[row] for row in rows]


def _span(start: str, end: str) -> str:
    whole = start.endswith("-01-01") and end.endswith("-12-31")
    first, last = (day[: 4 if whole or start == end else 7] for day in (start, end))
    return last if first in ("", last) else f"{first}–{last}"


# What is refused


class FactsInvalid(ValueError):
    """Facts that contradict themselves or their codebooks; `rows` has them with what is wrong."""

    def __init__(self, problems: list[tuple[str, str]], table: str = "facts"):
        self.rows = pd.DataFrame(problems, columns=["fact_id", "problem"])
        told = "\n".join(f"  {fact_id}: {problem}" for fact_id, problem in problems)
        super().__init__(f"{table}.csv has {len(problems)} rows to correct at the desk:\n{told}")


def check_facts(
    facts: pd.DataFrame, measures: pd.DataFrame, schemes: pd.DataFrame, documents: pd.DataFrame
) -> pd.DataFrame:
    """Return the facts unchanged, or raise FactsInvalid with every bad row and why it is bad.

    Refused: bounds that hold no number or not the one printed, a number that is infinite or below
    the least of its measure, a share over the measure's `share_limit`, a tier or population that
    its scheme does not know, a locality that the article is not about, an actual value whose
    period begins after the article was published.
    """
    problems = checker(measures, schemes, documents)
    rows = facts.to_dict("records")
    refuse((fact["fact_id"], problem) for fact in rows for _, problem in problems(fact))
    return facts


def refuse(found: Iterable[tuple[str, str]]) -> None:
    """Raise FactsInvalid with the ids of facts and their problems, where there are any."""
    if problems := [(fact_id, problem) for fact_id, problem in found if problem]:
        raise FactsInvalid(problems)


def checker(
    measures: pd.DataFrame, schemes: pd.DataFrame, documents: pd.DataFrame
) -> Callable[[Mapping], list[tuple[str, str]]]:
    """Return what finds out why a fact is refused by `check_facts`: columns with what is wrong."""
    rules, tiers = rules_of(measures), tiers_of(schemes)
    known = documents.set_index("document_id")[["published_date", "locality_id"]]
    known = {name: tuple(map(text, row)) for name, *row in known.itertuples()}

    def problems(fact: Mapping) -> list[tuple[str, str]]:
        published, about = known.get(fact["document_id"], ("", ""))
        found = [
            ("value", bounds_problem(fact, rules.get(fact["measure_id"], {}).get("limit"))),
            ("scheme_id", _scheme_problem(fact, tiers)),
            ("locality_id", _locality_problem(fact, about)),
            ("period_start", _period_problem(fact, published)),
        ]
        return [(column, problem) for column, problem in found if problem]

    return problems


def bounds_problem(fact: Mapping, limit: float | None) -> str:
    try:
        amount = bounds.from_fact(fact, share_limit=limit)
        numbers = [float(fact[k]) for k in ("value", "value_low", "value_high") if text(fact[k])]
    except (BoundsInvalid, ValueError) as error:
        return str(error)
    if not numbers or not all(map(math.isfinite, numbers)):
        return "infinite or empty; an end that nobody printed stays empty"
    if fact["unit"] == "share" and limit is not None and max(numbers) > limit:
        return f"a share of {max(numbers):g}; {fact['measure_id']} is at most {limit:g}"
    if min(numbers) < bounds.least(fact["measure_id"]):
        return f"negative: {min(numbers):g}"
    if text(fact["value"]) and not amount.low <= float(fact["value"]) <= amount.high:
        return f"the printed {numbers[0]:g} is outside {amount.low:g} to {amount.high:g}"
    return ""


def _scheme_problem(fact: Mapping, tiers: dict) -> str:
    rated, scheme = RATED.fullmatch(fact["measure_id"]), text(fact["scheme_id"])
    if rated is None or rated[2].endswith("_cap"):
        known = not scheme or (scheme, "discipline") in tiers
        return "" if known else f"scheme {scheme!r} on a measure that is no rating"
    known = tiers.get((scheme, rated[1]))
    if known is None:
        return f"no scheme {scheme!r} for {rated[1]} in rating_schemes.csv"
    if rated[2].removesuffix("_exemplary") not in known:
        return f"tier {rated[2]} is not one of {' > '.join(known)} (scheme {scheme}, {rated[1]})"
    return ""


def _locality_problem(fact: Mapping, about: str) -> str:
    if about and text(fact["locality_id"]) != about:
        return f"of {fact['locality_id']}, but the article is about {about}"
    return ""


def _period_problem(fact: Mapping, published: str) -> str:
    start = text(fact["period_start"])
    if fact["status"] == "actual" and published and start[: len(published)] > published:
        return f"actual, but its period begins {start}, after publication on {published}"
    return ""
