"""What the articles state: from hand-checked facts to readings of a measure, in plain columns.

A reading is one number about one place, period, status and rating scheme: printed, turned from a
count into a share of its base, derived by a formula of `measures.csv`, or implied by one. Two
articles that say the same of the same day are one reading; if they exclude one another it is what
either allows, with the reason "conflict". Pure: table in, table out.
"""

import ast
import calendar
import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import pandas as pd

from helpers import bounds
from helpers.bounds import Bounded, BoundsInvalid

KINDS = {  # what "assessed" may be another word for
    "cells": ("cells_under_base", "base_cells"),
    "organisations": ("base_organisations",),
    "members": ("members",),
}
SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
SIGNS |= {ast.Div: operator.truediv}
HALF_YEAR = 183  # days between two figures of one ratio
SHORTEST_FLOW = 28  # days; what happened on one day has no rate per year
LIMITS = ("as_of_days", "flow_years", "drift_after_days", "drift_per_year")  # of measures.csv
RATED = re.compile(r"(cells|organisations|members)_(rated_\w+?)(_or_better|_or_worse)?")
GIVEN = {"status": "actual", "level": "district"}  # where a table of facts has no such column
FACT = [*("fact_id", "document_id", "locality_id", "place_id", "level", "measure_id", "value")]
FACT += [*("value_low", "low_open", "value_high", "high_open", "bound", "unit", "number_text")]
FACT += [*("base_measure_id", "scheme_id", "population_stated", "period_start", "period_end")]
FACT += ["period_kind", "status"]


class FactsInvalid(ValueError):
    """Facts that contradict themselves or their codebooks; `rows` has them with what is wrong."""

    def __init__(self, problems: list[tuple[str, str]]):
        self.rows = pd.DataFrame(problems, columns=["fact_id", "problem"])
        told = "\n".join(f"  {fact_id}: {problem}" for fact_id, problem in problems)
        super().__init__(f"facts.csv has {len(problems)} rows to correct at the desk:\n{told}")


@dataclass(frozen=True)
class Reading:
    """What is known of one measure at one place and time; `reasons` forbid comparing it.

    `base` holds every measure of which the share may be taken ("" if that is not known), `step`
    is what one unit rated otherwise would change, `origin` is printed, derived or implied.
    """

    locality_id: str
    place_id: str
    level: str
    measure_id: str
    amount: Bounded
    scheme_id: str = ""
    period_start: str = ""
    period_end: str = ""
    period_kind: str = ""
    status: str = "actual"
    base: str = ""
    step: float = 1.0
    origin: str = "printed"
    reasons: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    @property
    def about(self) -> tuple:
        """What two sources must share to speak of the same number; plans and rules never do."""
        return (
            *(self.locality_id, self.place_id, self.level, self.measure_id, self.amount.unit),
            *(self.scheme_id, self.period_start, self.period_end, self.period_kind, self.status),
            self.base if self.amount.unit == "share" else "",
            self.amount.facts if self.status != "actual" else (),
        )


# What is refused


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
    found = [
        (fact["fact_id"], problem)
        for fact in facts.to_dict("records")
        for _, problem in problems(fact)
    ]
    if found:
        raise FactsInvalid(found)
    return facts


def checker(
    measures: pd.DataFrame, schemes: pd.DataFrame, documents: pd.DataFrame
) -> Callable[[Mapping], list[tuple[str, str]]]:
    """Return what finds out why a fact is refused by `check_facts`: columns with what is wrong."""
    rules, tiers = rules_of(measures), _tiers(schemes)
    known = documents.set_index("document_id")[["published_date", "locality_id"]]
    known = {name: tuple(map(text, row)) for name, *row in known.itertuples()}

    def problems(fact: Mapping) -> list[tuple[str, str]]:
        published, about = known.get(fact["document_id"], ("", ""))
        found = [
            ("value", _bounds_problem(fact, rules.get(fact["measure_id"], {}).get("limit"))),
            ("scheme_id", _scheme_problem(fact, tiers)),
            ("locality_id", _locality_problem(fact, about)),
            ("period_start", _period_problem(fact, published)),
        ]
        return [(column, problem) for column, problem in found if problem]

    return problems


def _bounds_problem(fact: Mapping, limit: float | None) -> str:
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


# From facts to readings


def take(
    facts: pd.DataFrame,
    measures: pd.DataFrame,
    schemes: pd.DataFrame | None = None,
    *,
    rounding: str = "printed_digits",
) -> pd.DataFrame:
    """Return one row per reading, printed, derived or implied, sorted by what it is about.

    Columns: those of `Reading`, with the amount as low, high, low_open, high_open, unit, value,
    bound, fact_ids and formula; reasons, base, documents and fact_ids are joined by "|".
    `rounding` is that of `bounds.from_fact`. Ratings and measures with a direction become shares
    of their base, unknown where the article does not count it. With `schemes`
    (rating_schemes.csv) a label that was not in force when the period ended gets the reason
    "scheme". Columns of facts.csv that are absent or empty are taken for the ordinary case.
    """
    rules, force, tiers = rules_of(measures), _in_force(schemes), _tiers(schemes)
    by_source, problems = defaultdict(list), []
    for fact in _filled(facts, rules):
        problem = _bounds_problem(fact, rules[fact["measure_id"]]["limit"])
        if problem:
            problems.append((fact["fact_id"], problem))
            continue
        source = fact["document_id"], fact["place_id"], fact["level"], fact["status"]
        by_source[source].append(_reading(fact, rules, force, rounding))
    if problems:
        raise FactsInvalid(problems)
    stated, implied = [], []
    for rows in by_source.values():
        said = _merged(rows)
        printed = [_as_share(one, said, rules) for one in said]
        found = [*_derive(printed, rules, tiers, "derivation")]
        derived = [one for one in found if one.origin == "derived"]
        stated += printed + derived
        implied += [one for one in found if one.origin == "implied"]
        implied += _derive(printed + derived, rules, tiers, "implied")
    # Rounded only here, so that equal shares are equal however they were computed.
    stated, implied = (_merged(map(_tidy, rows)) for rows in (stated, implied))
    known = {one.about for one in stated}
    return _table(stated + [one for one in implied if one.about not in known])


def _table(rows: Iterable[Reading]) -> pd.DataFrame:
    amount = ["low", "high", "low_open", "high_open", "unit", "value", "bound", "facts", "formula"]
    names = [name for name in Reading.__dataclass_fields__ if name != "amount"]
    found = [
        [getattr(row, name) for name in names] + [getattr(row.amount, name) for name in amount]
        for row in sorted(rows, key=lambda one: one.about)
    ]
    frame = pd.DataFrame(found, columns=[*names, *amount]).rename(columns={"facts": "fact_ids"})
    joined = {name: frame[name].map("|".join) for name in ("reasons", "documents", "fact_ids")}
    return frame.assign(**joined)


def _filled(facts: pd.DataFrame, rules: dict) -> Iterator[dict]:
    """Yield every fact of a known measure as a full row, whatever columns were given."""
    for at, row in enumerate(facts.to_dict("records")):
        said = {name: text(row.get(name)) for name in FACT} | {"low_open": row.get("low_open")}
        said |= {"high_open": row.get("high_open")}
        if said["measure_id"] not in rules:
            continue
        place = said["locality_id"] or said["place_id"] or said["document_id"]
        units = rules[said["measure_id"]]["units"].split("|")
        usual = GIVEN | {"fact_id": f"row {at + 1}", "locality_id": place, "place_id": place}
        usual |= {"document_id": place, "bound": "exact" if said["value"] else "range"}
        usual |= {"unit": units[0] if said["value"].removesuffix(".0").isdigit() else units[-1]}
        said |= {name: value for name, value in usual.items() if not said[name]}
        said["unit"] = units[0] if said["unit"] in ("persons", "count") and len(units) == 1 else (
            said["unit"])  # fmt: skip
        yield said | _period(said)


def _period(fact: dict) -> dict:
    """Return the period as two days and a kind, empty where it is not known."""
    start, end = _day(fact["period_start"], False), _day(fact["period_end"], True)
    kind = fact["period_kind"] or ("as_of" if start == end or not (start and end) else "flow")
    return {"period_start": start or end, "period_end": end or start, "period_kind": kind}


def _day(said: str, is_end: bool) -> str:
    """Return a day of a year, month or day in ISO form, "" if it is none.

    >>> _day("2022", True), _day("2022-02", True), _day("soon", False)
    ('2022-12-31', '2022-02-28', '')
    """
    found = re.match(r"(\d{4})(?:\.0)?(?:-(\d\d)(?:-(\d\d))?)?$", said[:10])
    try:
        year, month, day = (int(part) if part else 0 for part in found.groups())
        month = month or (12 if is_end else 1)
        day = day or (calendar.monthrange(year, month)[1] if is_end else 1)
        return date(year, month, day).isoformat()
    except (AttributeError, ValueError, IndexError):
        return ""


def _reading(fact: dict, rules: dict, force: dict, rounding: str) -> Reading:
    rule, scheme, end = rules[fact["measure_id"]], fact["scheme_id"], fact["period_end"]
    if not scheme and rule["population"] == "discipline":
        scheme = _discipline(force, fact["period_start"], end)
    first, last = force.get(scheme, ("", "9999"))[:2]
    doubts = {
        "population": fact["population_stated"].lower() == "false",
        "scheme": bool(scheme) and not first <= end <= last,
    }
    return Reading(
        *(fact[name] for name in ("locality_id", "place_id", "level", "measure_id")),
        bounds.from_fact(fact, rounding=rounding, share_limit=rule["limit"]),
        scheme,
        *(fact[name] for name in ("period_start", "period_end", "period_kind", "status")),
        base=fact["base_measure_id"],
        step=bounds.step(fact),
        reasons=tuple(reason for reason, doubt in doubts.items() if doubt),
        documents=(fact["document_id"],),
    )


def _discipline(force: dict, start: str, end: str) -> str:
    """Return every rule of discipline that was in force within a period."""
    return "+".join(
        scheme
        for scheme, (first, last, is_discipline) in sorted(force.items())
        if is_discipline and first <= end and start <= last
    )


# Counts as shares of their base


def _as_share(one: Reading, said: list[Reading], rules: dict) -> Reading:
    """Return the reading with what it is a share of; a count as that share where one is asked."""
    rule, is_share = rules[one.measure_id], one.amount.unit == "share"
    asked = RATED.fullmatch(one.measure_id) or rule["direction"] != "none" or one.base
    if not is_share and not (asked and "share" in rule["units"].split("|")):
        return one
    base, whole = _base(one, said, rule["base"])
    step = 1 / whole.low if whole and whole.low > 0 else one.step if is_share else 0.0
    one = replace(one, base=base, step=step)
    if is_share:
        return one
    if one.amount.high == 0:  # none is none of any base
        return replace(one, amount=replace(one.amount, unit="share"), step=step or 0.01)
    if not whole:  # the fact stays in the provenance of a share that nobody can know
        unknown = replace(bounds.unknown("share", 0, 1), facts=one.amount.facts, formula="{0} / ?")
        return replace(one, amount=unknown)
    return _computed(one, lambda: bounds.share(one.amount, whole))


def _base(one: Reading, said: list[Reading], inherent: str) -> tuple[str, Bounded | None]:
    """Return all that a figure is a share of, joined, and how many that are, None if not counted.

    That is what the text names, else what the measure means, else those assessed in that period;
    and every kind of which there are as many.
    """
    population = one.measure_id.split("_")[0]
    assessed, named = f"{population}_assessed", one.base or inherent
    by_time = sorted(said, key=lambda base: -_days_apart(base, one))
    counted = {b.measure_id: b.amount for b in by_time if _may_be_base(b, one, bool(named))}
    name = named or (assessed if assessed in counted else "")
    whole, kinds = counted.get(name), {*KINDS.get(population, ()), assessed}
    alike = {kind for kind in kinds & {*counted} if whole and ends(counted[kind]) == ends(whole)}
    return "|".join(sorted({name, *(alike if name in kinds else ())})), whole


def _may_be_base(base: Reading, one: Reading, is_named: bool) -> bool:
    """Return whether a count is of the same period; of one that the text names, nearly so."""
    if base is one or base.amount.unit == "share":
        return False
    same = base.period_end[:4] == one.period_end[:4] and (
        base.period_start in (base.period_end, one.period_start)
    )
    return same or (is_named and _days_apart(base, one) <= HALF_YEAR)


def _computed(like: Reading, compute: Callable[[], Bounded]) -> Reading:
    """Return a reading like another with a computed amount; what cannot be is a conflict."""
    try:
        return replace(like, amount=compute())
    except BoundsInvalid:
        amount = replace(bounds.unknown("share", 0, 1), facts=like.amount.facts, formula="{0} / ?")
        return replace(like, amount=amount, reasons=_union(like.reasons, ("conflict",)))


# What formulas make of what one article says of one place


def _derive(said: list[Reading], rules: dict, tiers: dict, column: str) -> Iterator[Reading]:
    by_measure = defaultdict(list)
    for one in said:
        by_measure[one.measure_id].append(one)
    for measure_id, rule in rules.items():
        for sign, formula, names in rule[column]:
            for first in by_measure[names[0]] if all(name in by_measure for name in names) else ():
                chosen = {name: _beside(first, by_measure[name]) for name in names}
                is_tier = not first.scheme_id or _is_tier(measure_id, first.scheme_id, tiers)
                is_rate = "years" in formula
                if (
                    all(chosen.values())
                    and is_tier
                    and not (is_rate and _days(first) < SHORTEST_FLOW)
                ):
                    yield _apply(sign, formula, chosen, replace(first, measure_id=measure_id), rule)


def _is_tier(measure_id: str, scheme: str, tiers: dict) -> bool:
    rated = RATED.fullmatch(measure_id)
    return not rated or not tiers or rated[2] in tiers.get((scheme, rated[1]), ())


def _beside(first: Reading, candidates: list[Reading]) -> Reading | None:
    """Return the candidate nearest to the first operand, itself if it is one.

    Ratings go together only within one scheme, period and base, others within half a year.
    """
    if first in candidates:
        return first
    near = [
        one
        for one in candidates
        if _days_apart(one, first) <= HALF_YEAR
        and (
            not (one.scheme_id and first.scheme_id)
            or (one.scheme_id, one.period_start, one.period_end, one.base)
            == (first.scheme_id, first.period_start, first.period_end, first.base)
        )
    ]
    return min(near, key=lambda one: _days_apart(one, first), default=None)


def _apply(sign: str, formula: str, chosen: dict, first: Reading, rule: dict) -> Reading:
    """Return the reading of a formula such as "members / base_organisations".

    All less some is what is left only where all were rated; else it is the most that can be left.
    """
    unit, parts = rule["units"].split("|")[-1], list(chosen.values())
    is_rating = bool(first.scheme_id and RATED.fullmatch(first.measure_id))
    if formula.startswith("1 -") and "_assessed" not in first.base:
        sign = "<="
    years = {"years": round((_days(first) + 1) / 365.25, 2)}
    scale = max(one.step for one in parts) if is_rating else first.step

    def compute() -> Bounded:
        value = _value(ast.parse(formula, mode="eval").body, years | {
            name: one.amount for name, one in chosen.items()})  # fmt: skip
        value = replace(value, unit=unit)
        return _bound(bounds.clip(_tidied(value), 0, 1) if unit == "share" else value, sign)

    like = replace(first, reasons=_union(*(one.reasons for one in parts)),
                   base=first.base if is_rating else rule["base"], step=scale,
                   origin="implied" if sign else "derived")  # fmt: skip
    one = _computed(like, compute)
    size = first.amount.low if math.isfinite(first.amount.low) else 0
    ratio = one.amount.low / size if size and not is_rating else 1.0
    return replace(one, step=scale * ratio if ratio > 0 else 0.0)


def _value(node: ast.expr, values: Mapping):
    """Return the value of a formula of names, numbers, brackets and the four signs."""
    if isinstance(node, ast.BinOp):
        return SIGNS[type(node.op)](_value(node.left, values), _value(node.right, values))
    return values[node.id] if isinstance(node, ast.Name) else node.value


def _bound(amount: Bounded, sign: str) -> Bounded:
    """Return the amount, or all from it up (>=), or all from nought to it (<=)."""
    if sign == ">=":
        top = 1.0 if amount.unit == "share" else math.inf
        return replace(amount, high=top, high_open=False, value=None)
    return replace(amount, low=0.0, low_open=False, value=None) if sign else amount


def _days(one: Reading) -> int:
    """Return the days from the first to the last of a period, 0 where it is not known."""
    if not (one.period_start and one.period_end):
        return 0
    return (date.fromisoformat(one.period_end) - date.fromisoformat(one.period_start)).days


def _days_apart(a: Reading, b: Reading) -> int:
    if a.period_end == b.period_end:
        return 0
    if not (a.period_end and b.period_end):
        return HALF_YEAR + 1
    return abs((date.fromisoformat(a.period_end) - date.fromisoformat(b.period_end)).days)


# One reading of several


def _merged(found: Iterable[Reading]) -> list[Reading]:
    """Return one reading for everything that is said of the same number."""
    by_subject = defaultdict(list)
    for one in found:
        by_subject[one.about, one.reasons].append(one)
    return [_merge(same) for same in by_subject.values()]


def _merge(same: list[Reading]) -> Reading:
    """Return one reading of several about the same number: their intersection, else their hull."""
    first, *others = sorted(same, key=lambda one: one.amount.facts)
    if not others:
        return first
    amounts, reasons = [one.amount for one in (first, *others)], first.reasons
    if len({ends(b) for b in amounts}) == 1:
        amount = min(amounts, key=lambda b: (len(b.formula), b.facts))
    else:
        try:
            amount = bounds.meet(*amounts)
        except BoundsInvalid:
            amount, reasons = bounds.hull(*amounts), _union(reasons, ("conflict",))
    steps = [one.step for one in same if one.step]
    documents = tuple(sorted({name for one in same for name in one.documents}))
    told = {"amount": amount, "reasons": reasons, "documents": documents}
    return replace(first, step=max(steps, default=0.0), **told)


def _union(*reasons: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({reason for some in reasons for reason in some}))


def _tidy(one: Reading) -> Reading:
    return replace(one, amount=_tidied(one.amount))


def _tidied(amount: Bounded) -> Bounded:
    """Return the amount without the last bits of floating point."""
    low, high = round(amount.low, 12) + 0.0, round(amount.high, 12) + 0.0
    return replace(amount, low=low, high=high, value=low if low == high else amount.value)


def ends(amount: Bounded) -> tuple[float, float, bool, bool]:
    """Return what makes two amounts the same interval."""
    return amount.low, amount.high, amount.low_open, amount.high_open


# The codebooks


def rules_of(measures: pd.DataFrame) -> dict[str, dict]:
    """Return the rules of each measure, by id; what a table does not have is empty.

    Keys direction, units, family, base, population, indicator (the measure itself where it is no
    other's complement), the limits of time, limit (the largest share, None for none), derivation
    and implied: lists of (sign, formula, the measures in it).
    """
    return {row["measure_id"]: _rule(row) for row in measures.to_dict("records")}


def _rule(row: dict) -> dict:
    names = ("direction", "units", "family", "base", "population", "indicator", *LIMITS)
    rule = {name: text(row.get(name)) for name in names}
    rule |= {name: _formulas(text(row.get(name))) for name in ("derivation", "implied")}
    limit = text(row.get("share_limit", 1.0))
    rule["indicator"] = rule["indicator"] or row["measure_id"]
    rule["direction"] = rule["direction"] or "none"
    return rule | {"limit": float(limit) if limit else None}


@cache
def _formulas(said: str) -> list[tuple[str, str, list[str]]]:
    """Return the formulas of a cell: "a + b; >= c" has two, the second a lower bound."""
    found = []
    for one in filter(None, map(str.strip, said.split(";"))):
        sign, formula = re.match(r"(>=|<=|)\s*(.*)", one).groups()
        names = [name for name in re.findall(r"[a-z_]\w*", formula) if name != "years"]
        found.append((sign, formula, list(dict.fromkeys(names))))
    return found


def _tiers(schemes: pd.DataFrame | None) -> dict[tuple[str, str], list[str]]:
    rows = () if schemes is None else schemes.itertuples()
    return {(row.scheme_id, row.population): text(row.tiers).split(" > ") for row in rows}


def _in_force(schemes: pd.DataFrame | None) -> dict[str, tuple[str, str, bool]]:
    """Return of each scheme its first and last day, and whether it is a rule of discipline."""
    return {
        row.scheme_id: (
            text(row.in_force_from), text(row.in_force_to) or "9999", row.population == "discipline"
        )
        for row in (() if schemes is None else schemes.itertuples())
    }  # fmt: skip


def text(cell) -> str:
    """Return a table's cell as text, empty where it is missing."""
    return "" if str(cell) in ("None", "nan", "<NA>", "NaT") else str(cell)
