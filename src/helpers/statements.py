"""What the articles state: from hand-checked facts to readings of a measure, with bounds.

A reading is one number about one place, period, status and rating scheme: printed, turned from a
count into a share of its base, or derived by the formula in the column `derivation` of
`measures.csv`. Two articles that say the same of the same day are one reading; if they exclude one
another the reading is what either allows, with the reason "conflict". Pure: table in, table out.
"""

import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property, partial
from itertools import product

import pandas as pd

from helpers import bounds
from helpers.bounds import Bounded, BoundsInvalid

KINDS = {  # what "assessed" may be another word for
    "cells": ("cells_under_base", "base_cells"),
    "organisations": ("base_organisations",),
    "members": ("members",),
}
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
HALF_YEAR = 183
RATED = re.compile(r"(cells|organisations|members)_(rated_\w+?)(_or_better|_or_worse)?")


class FactsInvalid(ValueError):
    """Facts that contradict themselves or their codebooks; `rows` has them with what is wrong."""

    def __init__(self, problems: list[tuple[str, str]]):
        self.rows = pd.DataFrame(problems, columns=["fact_id", "problem"])
        told = "\n".join(f"  {fact_id}: {problem}" for fact_id, problem in problems)
        super().__init__(f"facts.csv has {len(problems)} rows to correct at the desk:\n{told}")


@dataclass(frozen=True, eq=False)
class Circumstances:
    """All of a reading but its amount: what decides whether it may be compared."""

    measure_id: str
    scheme_id: str
    base: str
    level: str
    is_own: bool
    status: str
    reasons: tuple[str, ...]
    first_year: str
    last_year: str


_alike = cache(Circumstances)  # one object for all that are alike: quick to look up


@dataclass(frozen=True)
class Reading:
    """What is known of one measure at one place and time; `reasons` forbid comparing it."""

    locality_id: str
    place_id: str
    level: str
    measure_id: str
    amount: Bounded
    scheme_id: str = ""
    period_start: str = ""
    period_end: str = ""
    status: str = "actual"
    reasons: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    base: str = ""

    @cached_property
    def circumstances(self) -> Circumstances:
        """What is the same for many readings."""
        return _alike(
            *(self.measure_id, self.scheme_id, self.base, self.level),
            *(self.place_id == self.locality_id, self.status, self.reasons),
            *(self.period_start[:4], self.period_end[:4]),
        )

    @property
    def about(self) -> tuple:
        """What two sources must share to speak of the same number; plans and rules never do."""
        return (
            *(self.locality_id, self.place_id, self.level, self.measure_id, self.amount.unit),
            *(self.scheme_id, self.period_start, self.period_end, self.status, self.reasons),
            self.base if self.scheme_id else "",
            self.amount.facts if self.status != "actual" else (),
        )


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
    limits = _limits(measures)
    tiers = {(row.scheme_id, row.population): row.tiers for row in schemes.itertuples()}
    published = documents.set_index("document_id")["published_date"].map(text).to_dict()
    about = documents.set_index("document_id")["locality_id"].map(text).to_dict()

    def problems(fact: Mapping) -> list[tuple[str, str]]:
        found = [
            ("value", _bounds_problem(fact, limits.get(fact["measure_id"]))),
            ("scheme_id", _scheme_problem(fact, tiers)),
            ("locality_id", _locality_problem(fact, about.get(fact["document_id"], ""))),
            ("period_start", _period_problem(fact, published.get(fact["document_id"], ""))),
        ]
        return [(column, problem) for column, problem in found if problem]

    return problems


def _bounds_problem(fact: Mapping, limit: float | None) -> str:
    try:
        amount = bounds.from_fact(fact, share_limit=limit)
    except BoundsInvalid as error:
        return str(error)
    numbers = [
        float(fact[name]) for name in ("value", "value_low", "value_high") if text(fact[name])
    ]
    if not all(map(math.isfinite, numbers)):
        return "infinite; an end that nobody printed stays empty"
    if fact["unit"] == "share" and limit is not None and max(numbers) > limit:
        return f"a share of {max(numbers):g}; {fact['measure_id']} is at most {limit:g}"
    if min(numbers) < bounds.least(fact["measure_id"]):
        return f"negative: {min(numbers):g}"
    if not amount.low <= float(fact["value"]) <= amount.high:
        return f"the printed {numbers[0]:g} is outside {amount.low:g} to {amount.high:g}"
    return ""


def _scheme_problem(fact: Mapping, tiers: dict) -> str:
    rated, scheme = RATED.fullmatch(fact["measure_id"]), text(fact["scheme_id"])
    if rated is None or rated[2].endswith("_cap"):
        return f"scheme {scheme!r} on a measure that is no rating" if scheme and not rated else ""
    known = tiers.get((scheme, rated[1]))
    if known is None:
        return f"no scheme {scheme!r} for {rated[1]} in rating_schemes.csv"
    if rated[2].removesuffix("_exemplary") not in known.split(" > "):
        return f"tier {rated[2]} is not one of {known} (scheme {scheme}, {rated[1]})"
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


def take(
    facts: pd.DataFrame,
    measures: pd.DataFrame,
    schemes: pd.DataFrame | None = None,
    *,
    rounding: str = "none",
) -> pd.DataFrame:
    """Return one row per `Reading` (its fields are the columns), printed and derived, by key.

    Ratings and measures with a direction become shares of their base; where the base is not in
    the article the share is unknown, never the count. With `schemes` (rating_schemes.csv) a label
    whose scheme was not in force when the period ended gets the reason "scheme".
    """
    rules = rules_of(measures)
    limits, in_force = _limits(measures), _in_force(schemes)
    by_document = defaultdict(list)
    for fact in facts.to_dict("records"):
        amount = bounds.from_fact(
            fact, rounding=rounding, share_limit=limits.get(fact["measure_id"], 1.0)
        )
        by_document[fact["document_id"], fact["place_id"], fact["status"]].append(
            _reading(fact, amount, in_force)
        )
    found = []
    for rows in by_document.values():
        said = _merged(rows)
        shares = [share for one in said for share in _as_share(one, said, rules)]
        printed = [_with_doubt(one) for one in shares]
        found += printed + _derive(printed, rules)
    # Rounded only here, so that equal shares are equal however they were computed.
    return as_table(_merged([replace(one, amount=_tidy(one.amount)) for one in found]))


def as_table(rows: Iterable[Reading]) -> pd.DataFrame:
    """Return readings as a frame with the fields of `Reading` as columns."""
    names = list(Reading.__dataclass_fields__)
    return pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)


def _reading(fact: dict, amount: Bounded, in_force: dict) -> Reading:
    scheme, end = text(fact["scheme_id"]), text(fact["period_end"])
    first, last = in_force.get(scheme, ("", "9999"))
    doubts = {
        "population": str(fact.get("population_stated", True)).lower() == "false",
        "scheme": bool(scheme) and not first <= end <= last,
    }
    return Reading(
        *(fact[name] for name in ("locality_id", "place_id", "level", "measure_id")),
        amount,
        scheme,
        text(fact["period_start"]),
        end,
        fact["status"],
        tuple(reason for reason, doubt in doubts.items() if doubt),
        (fact["document_id"],),
        text(fact.get("base_measure_id")),
    )


def _as_share(one: Reading, said: list[Reading], rules: dict) -> list[Reading]:
    """Return the reading with its count as a share of its base, where its measure asks for one."""
    rule = rules[one.measure_id]
    asked = RATED.fullmatch(one.measure_id) or rule["direction"] != "none"
    if not asked or one.amount.unit == "share" or "share" not in rule["units"].split("|"):
        return [one]
    if one.amount.high == 0:  # none is none of any base
        return [replace(one, amount=replace(one.amount, unit="share"))]
    bases = _bases_of(one, said)
    if not bases:  # the fact stays in the provenance of a share that nobody can know
        unknown = replace(bounds.unknown("share", 0, 1), facts=one.amount.facts, formula="{0} / ?")
        return [replace(one, amount=unknown)]
    return [
        _computed(
            replace(one, reasons=_union(one.reasons, base.reasons), base=base.measure_id),
            partial(bounds.share, one.amount, base.amount),
            one.measure_id,
        )
        for base in bases
    ]


def _bases_of(one: Reading, said: list[Reading]) -> list[Reading]:
    """Return what a count may be a part of: the base the text names, else those assessed that year.

    Where as many were assessed as there are cells of one kind, that kind is the base.
    """
    year = [base for base in said if base.period_end[:4] == one.period_end[:4]]
    if one.base:
        return [base for base in year if base.measure_id == one.base]
    population = one.measure_id.split("_")[0]
    assessed = [base for base in year if base.measure_id == f"{population}_assessed"]
    sizes = {ends(base.amount) for base in assessed}
    kinds = KINDS.get(population, ())
    alike = [base for base in year if base.measure_id in kinds and ends(base.amount) in sizes]
    return alike or assessed


def _with_doubt(one: Reading) -> Reading:
    """Return a rating of cells with the reason "population" unless its base says which cells."""
    if not one.measure_id.startswith("cells_rated_") or one.base in KINDS["cells"]:
        return one
    return replace(one, reasons=_union(one.reasons, ("population",)))


def _union(*reasons: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({reason for some in reasons for reason in some}))


def _derive(printed: list[Reading], rules: dict) -> list[Reading]:
    """Return the readings that formulas make of what one article says of one place."""
    by_measure = defaultdict(list)
    for one in printed:
        by_measure[one.measure_id].append(one)
    derived = []
    for measure_id, rule in rules.items():
        tokens = rule["derivation"].split()
        names = [_operand(token) for token in tokens if _operand(token) in rules]
        for first in by_measure[names[0]] if names else []:
            operands = [_beside(first, by_measure[name]) for name in names]
            for chosen in product(*operands):
                unit = rule["units"].split("|")[-1]
                by_name = dict(zip(names, chosen, strict=True))
                derived.append(_apply(tokens, by_name, first, measure_id, unit))
    return derived


def _beside(first: Reading, candidates: list[Reading]) -> list[Reading]:
    """Return the candidates at most half a year from the first operand, itself if it is one.

    Ratings go together only within one scheme, period and base.
    """
    if first in candidates:
        return [first]
    return [
        one
        for one in candidates
        if _days_apart(one, first) <= HALF_YEAR
        and (
            not (one.scheme_id and first.scheme_id)
            or (one.scheme_id, one.period_start, one.period_end, one.base)
            == (first.scheme_id, first.period_start, first.period_end, first.base)
        )
    ]


def _days_apart(a: Reading, b: Reading) -> int:
    if a.period_end == b.period_end:
        return 0
    if not (a.period_end and b.period_end):
        return HALF_YEAR + 1
    return abs((date.fromisoformat(a.period_end) - date.fromisoformat(b.period_end)).days)


def _apply(tokens: list[str], chosen: dict, first: Reading, measure_id: str, unit: str) -> Reading:
    """Return the reading of a formula such as "members / base_organisations"."""
    reasons = _union(*(one.reasons for one in chosen.values()))

    def compute() -> Bounded:
        result = _value(tokens[0], chosen, first)
        for sign, token in zip(tokens[1::2], tokens[2::2], strict=True):
            other = _value(token, chosen, first)
            result = SIGNS[sign](result, other)
        result = replace(result, unit=unit)
        return bounds.clip(_tidy(result), 0, 1) if unit == "share" else result

    return _computed(replace(first, reasons=reasons), compute, measure_id)


@cache
def _operand(token: str) -> str:
    """Return the measure in a token: `members`, `from(members)` or `upto(members)`."""
    return re.sub(r"^(?:from|upto)\((\w+)\)$", r"\1", token)


def _value(token: str, chosen: dict, first: Reading) -> Bounded:
    """Return a token's number: `from(x)` is x or more, `upto(x)` above zero and no more than x."""
    if token == "years":
        days = date.fromisoformat(first.period_end) - date.fromisoformat(first.period_start)
        return bounds.exact(round((days.days + 1) / 365.25, 2), "ratio")
    name = _operand(token)
    if name not in chosen:
        return bounds.exact(float(token), first.amount.unit if token == "1" else "ratio")
    amount = chosen[name].amount
    if token.startswith("from("):
        return replace(amount, high=float("inf"), high_open=True, bound="at_least")
    if token.startswith("upto("):
        return replace(amount, low=0.0, low_open=True, bound="at_most")
    return amount


def _computed(like: Reading, compute: Callable, measure_id: str) -> Reading:
    """Return a reading like another with a computed amount; what cannot be is a conflict."""
    try:
        return replace(like, measure_id=measure_id, amount=compute())
    except BoundsInvalid:
        amount = replace(bounds.unknown("share", 0, 1), facts=like.amount.facts, formula="{0} / ?")
        reasons = _union(like.reasons, ("conflict",))
        return replace(like, measure_id=measure_id, amount=amount, reasons=reasons)


def _tidy(amount: Bounded) -> Bounded:
    """Return the amount without the last bits of floating point."""
    low, high = round(amount.low, 12) + 0.0, round(amount.high, 12) + 0.0
    return replace(amount, low=low, high=high, value=low if low == high else amount.value)


def _merged(found: list[Reading]) -> list[Reading]:
    """Return one reading for everything that is said of the same number, by key."""
    by_subject = defaultdict(list)
    for one in found:
        by_subject[one.about].append(one)
    return [_merge(same) for _, same in sorted(by_subject.items())]


def _merge(same: list[Reading]) -> Reading:
    """Return one reading of several about the same number: their intersection, else their hull."""
    first, *others = same
    if not others:
        return first
    amounts = [one.amount for one in same]
    reasons = first.reasons
    if len({ends(b) for b in amounts}) == 1:
        amount = min(amounts, key=lambda b: (len(b.formula), b.facts))
    else:
        try:
            amount = bounds.meet(*sorted(amounts, key=lambda b: b.facts))
        except BoundsInvalid:
            amount = bounds.hull(*sorted(amounts, key=lambda b: b.facts))
            reasons = _union(reasons, ("conflict",))
    documents = tuple(sorted({name for one in same for name in one.documents}))
    return replace(first, amount=amount, reasons=reasons, documents=documents)


def ends(amount: Bounded) -> tuple[float, float, bool, bool]:
    """Return what makes two amounts the same interval."""
    return amount.low, amount.high, amount.low_open, amount.high_open


def _limits(measures: pd.DataFrame) -> dict[str, float | None]:
    """Return the largest share each measure can take, None where there is no limit."""
    limits = measures.get("share_limit", pd.Series(1.0, index=measures.index))
    pairs = zip(measures["measure_id"], limits, strict=True)
    return {name: float(limit) if text(limit) else None for name, limit in pairs}


def rules_of(measures: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return direction, units, family and derivation of each measure, empty where not given."""
    names = ("direction", "units", "family", "derivation")
    columns = [measures.get(name, pd.Series("", measures.index)).map(text) for name in names]
    rows = zip(measures["measure_id"], *columns, strict=True)
    return {measure_id: dict(zip(names, row, strict=True)) for measure_id, *row in rows}


def _in_force(schemes: pd.DataFrame | None) -> dict[str, tuple[str, str]]:
    if schemes is None:
        return {}
    return {
        row.scheme_id: (text(row.in_force_from), text(row.in_force_to) or "9999")
        for row in schemes.itertuples()
    }


def text(cell) -> str:
    """Return a table's cell as text, empty where it is missing."""
    return "" if str(cell) in ("None", "nan", "<NA>", "NaT") else str(cell)
