"""What the articles state: from hand-checked facts to readings of a measure, in plain columns.

A reading is one number about one place, period, status and rating scheme: printed, turned from a
count into a share of its base, derived by a formula of `measures.csv`, or implied by one. Two
articles that say the same of the same day are one reading; if they exclude one another it is what
either allows, with the reason "conflict". Pure: table in, table out.
"""

import ast
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import compress

import pandas as pd

from helpers import bounds
from helpers.bounds import Bounded, BoundsInvalid
from helpers.rules import (
    KINDS,
    RATED,
    FactsInvalid,
    Formula,
    bounds_problem,
    check_facts,
    checker,
    day,
    in_force,
    refuse,
    rules_of,
    text,
    tiers_of,
)

__all__ = ["FACT", "KINDS", "RATED", "FactsInvalid", "Reading", "check_facts", "checker", "take"]

SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
SIGNS |= {ast.Div: operator.truediv}
ORIGINS = ("printed", "derived", "implied")
HALF_YEAR = 183  # days between two figures of one ratio
SHORTEST_FLOW = 28  # days; what happened on one day has no rate per year
FACT = [*("fact_id", "document_id", "locality_id", "place_id", "level", "measure_id", "value")]
FACT += [*("value_low", "low_open", "value_high", "high_open", "bound", "unit", "number_text")]
FACT += [*("base_measure_id", "scheme_id", "population_stated", "period_start", "period_end")]
FACT += ["period_kind", "status"]


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

    def but(self, **changes) -> "Reading":
        """Return a reading like this one, with other values."""
        one = object.__new__(Reading)
        vars(one).update(vars(self) | changes)
        return one


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
    rules, force, tiers = rules_of(measures), in_force(schemes), tiers_of(schemes)
    rows = [*_filled(facts, rules)]
    refuse((row["fact_id"], bounds_problem(row, rules[row["measure_id"]]["limit"])) for row in rows)
    by_source, found = defaultdict(list), []
    for row in rows:
        source = tuple(row[name] for name in ("document_id", "place_id", "level", "status"))
        by_source[source].append(_reading(row, rules, force, rounding))
    for said in map(_merged, by_source.values()):
        printed = [_as_share(one, said, rules) for one in said]
        printed += _derive(printed, rules, tiers, "derivation")
        found += printed + _derive(printed, rules, tiers, "implied")
    # Rounded only here, so that equal shares are equal however they were computed.
    found = _merged(one.but(amount=bounds.rounded(one.amount)) for one in found)
    stated = {(_about(one), one.base) for one in found if one.origin != "implied"}
    is_left = [one.origin != "implied" or (_about(one), one.base) not in stated for one in found]
    return _table([*compress(found, is_left)])


def _table(readings: list[Reading]) -> pd.DataFrame:
    """Return readings as rows; an empty table has columns that can be asked as text."""
    names = [field.name for kind in (Reading, Bounded) for field in fields(kind)]
    rows = [
        vars(one) | vars(one.amount)
        for one in sorted(readings, key=lambda one: (_about(one), one.base))
    ]
    frame = pd.DataFrame(rows, columns=names).drop(columns="amount")
    frame = frame.rename(columns={"facts": "fact_ids"})
    for name in ("reasons", "documents", "fact_ids"):
        frame[name] = frame[name].astype("object").map("|".join)
    return frame if len(frame) else frame.astype("object")


def _filled(facts: pd.DataFrame, rules: dict) -> Iterator[dict]:
    """Yield every fact of a known measure as a full row, whatever columns were given."""
    rows = facts.reindex(columns=FACT).astype("object").to_dict("records")
    for at, said in enumerate({name: text(cell) for name, cell in row.items()} for row in rows):
        if said["measure_id"] not in rules:
            continue
        place = said["locality_id"] or said["place_id"] or said["document_id"]
        units = rules[said["measure_id"]]["units"].split("|")
        is_whole = said["value"].removesuffix(".0").isdigit()
        start, end = day(said["period_start"], False), day(said["period_end"], True)
        start, end = start or end, end or start
        usual = {"fact_id": f"row {at + 1}", "locality_id": place, "place_id": place}
        usual |= {"document_id": place, "status": "actual", "level": "district"}
        usual |= {"bound": "exact" if said["value"] else "range"}
        usual |= {"unit": units[0] if is_whole else units[-1]}
        usual |= {"period_kind": "as_of" if start == end else "flow"}
        said |= {name: value for name, value in usual.items() if not said[name]}
        if said["unit"] in ("persons", "count") and len(units) == 1:
            said["unit"] = units[0]
        yield said | {"period_start": start, "period_end": end}


def _reading(fact: dict, rules: dict, force: dict, rounding: str) -> Reading:
    rule, scheme, end = rules[fact["measure_id"]], fact["scheme_id"], fact["period_end"]
    if not scheme and rule["population"] == "discipline":  # every rule that was in force
        scheme = "+".join(name for name, (first, last, is_rule) in sorted(force.items())
                          if is_rule and first <= end and fact["period_start"] <= last)  # fmt: skip
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


# Counts as shares of their base


def _as_share(one: Reading, said: list[Reading], rules: dict) -> Reading:
    """Return the reading with what it is a share of; a count as that share where one is asked."""
    rule, is_share = rules[one.measure_id], one.amount.unit == "share"
    asked = RATED.fullmatch(one.measure_id) or rule["direction"] != "none" or one.base
    if not is_share and not (asked and "share" in rule["units"].split("|")):
        return one
    base, whole = _base(one, said, rule["base"])
    step = 1 / whole.low if whole and whole.low > 0 else one.step if is_share else 0.01
    one = one.but(base=base, step=step)
    is_none = one.amount.high == 0 and (whole is None or whole.high > 0)
    if is_share or is_none:  # none is none of any base
        return one.but(amount=replace(one.amount, unit="share"))
    if whole and whole.high > 0:
        return _computed(one, lambda: bounds.share(one.amount, whole))
    # The fact stays in the provenance of a share that nobody can know.
    return one.but(amount=bounds.unknown("share", 0, 1, one.amount.facts))


def _base(one: Reading, said: list[Reading], inherent: str) -> tuple[str, Bounded | None]:
    """Return all that a figure is a share of, joined, and how many that are, None if not counted.

    That is what the text names, else what the measure means, else those assessed in that period;
    and every kind of which there are as many.
    """
    population = one.measure_id.split("_")[0]
    assessed, named = f"{population}_assessed", one.base or inherent
    by_time = sorted(said, key=lambda base: -_days_apart(base, one))
    counted = {base.measure_id: base.amount for base in by_time
               if _may_be_base(base, one, base.measure_id == assessed != named)}  # fmt: skip
    name = named or (assessed if assessed in counted else "")
    whole, kinds = counted.get(name), {*KINDS.get(population, ()), assessed}
    alike = {kind for kind in kinds & {*counted} if whole and ends(counted[kind]) == ends(whole)}
    return "|".join(sorted({name, *(alike if name in kinds else ())})), whole


def _may_be_base(base: Reading, one: Reading, is_strict: bool) -> bool:
    """Return whether a count is of about that year; strictly, of that period or a day in it."""
    if base is one or base.amount.unit == "share":
        return False
    if not is_strict:
        return base.period_end[:4] == one.period_end[:4] or _days_apart(base, one) <= HALF_YEAR
    if base.period_start == base.period_end:
        return one.period_start <= base.period_end <= one.period_end
    return base.period_end == one.period_end and (
        one.period_start in (base.period_start, one.period_end)
    )


def _computed(like: Reading, compute: Callable[[], Bounded]) -> Reading:
    """Return a reading like another with a computed amount; what cannot be is a conflict."""
    try:
        return like.but(amount=compute())
    except BoundsInvalid:
        amount = bounds.unknown("share", 0, 1, like.amount.facts)
        return like.but(amount=amount, reasons=_union(like.reasons, ("conflict",)))


# What formulas make of what one article says of one place


def _derive(said: list[Reading], rules: dict, tiers: dict, column: str) -> list[Reading]:
    by_measure, found = defaultdict(list), []
    for one in said:
        by_measure[one.measure_id].append(one)
    for first in said:
        for measure_id, formula in rules[column].get(first.measure_id, ()):
            if column == "implied" and _is_told(first, by_measure[measure_id]):
                continue
            chosen = {name: _beside(first, by_measure[name]) for name in formula.names}
            if all(chosen.values()) and _may_be(measure_id, formula, first, tiers):
                found.append(_apply(measure_id, formula, chosen, rules[measure_id]))
    return found


def _is_told(first: Reading, said: list[Reading]) -> bool:
    """Return whether nothing is left to imply, or it would be by figures that contradict."""
    clear = [one for one in said if one.amount.bound in ("exact", "derived")]
    clear = [one for one in clear if one.origin != "implied" and _subject(one) == _subject(first)]
    return bool(clear) or "conflict" in first.reasons


def _subject(one: Reading) -> tuple:
    """Return what the figures of one rating have in common."""
    return one.scheme_id, one.period_start, one.period_end, one.period_kind, one.base


def _may_be(measure_id: str, formula: Formula, first: Reading, tiers: dict) -> bool:
    """Return whether a measure is a tier of the scheme, and a rate one of a long enough period."""
    rated = RATED.fullmatch(measure_id)
    if rated and first.scheme_id and tiers:
        return rated[2] in tiers.get((first.scheme_id, rated[1]), ())
    is_short = measure_id.endswith("_year") and _days(first) < SHORTEST_FLOW
    return not is_short and formula.level in ("", first.level)


def _beside(first: Reading, candidates: list[Reading]) -> Reading | None:
    """Return the candidate nearest to the first operand, itself if it is one.

    Ratings go together only within one scheme, period and base, others within half a year.
    """
    if first in candidates:
        return first
    near = [one for one in candidates if _days_apart(one, first) <= HALF_YEAR]
    if first.scheme_id:
        near = [one for one in near if not one.scheme_id or _subject(one) == _subject(first)]
    return min(near, key=lambda one: _days_apart(one, first), default=None)


def _apply(measure_id: str, formula: Formula, chosen: dict, rule: dict) -> Reading:
    """Return the reading of a formula such as "members / base_organisations".

    All less some is what is left only where all were rated; else it is the most that can be left.
    """
    first, parts = next(iter(chosen.values())), chosen.values()
    is_rating = bool(first.scheme_id and RATED.fullmatch(measure_id))
    sign = "<=" if formula.is_rest and "_assessed" not in first.base else formula.sign
    values = {name: one.amount for name, one in chosen.items()}
    values["years"] = round((_days(first) + 1) / 365.25, 2)
    unit, size = rule["units"].split("|")[-1], first.amount.low
    told = {"measure_id": measure_id, "base": first.base if is_rating else rule["base"]}
    told |= {"reasons": _union(*(one.reasons for one in parts))}
    one = _computed(
        first.but(**told, origin="implied" if sign else "derived"),
        lambda: bounds.within(_value(formula.node, values), unit, sign),
    )
    step = first.step * one.amount.low / size if size > 0 else 0.0
    return one.but(step=max(part.step for part in parts) if is_rating else step)


def _value(node: ast.expr, values: Mapping):
    """Return the value of a formula of names, numbers, brackets and the four signs."""
    if isinstance(node, ast.BinOp):
        return SIGNS[type(node.op)](_value(node.left, values), _value(node.right, values))
    return values[node.id] if isinstance(node, ast.Name) else node.value


def _days(one: Reading) -> int:
    """Return the days from the first to the last of a period, 0 where it is not known."""
    return _between(one.period_start, one.period_end) if one.period_end else 0


def _days_apart(a: Reading, b: Reading) -> int:
    if a.period_end == b.period_end:
        return 0
    return _between(a.period_end, b.period_end) if a.period_end and b.period_end else HALF_YEAR + 1


def _between(day: str, other: str) -> int:
    return abs((date.fromisoformat(day) - date.fromisoformat(other)).days)


# One reading of several


def _merged(found: Iterable[Reading]) -> list[Reading]:
    """Return one reading for everything that is said of the same number."""
    by_subject = defaultdict(list)
    for one in found:
        by_subject[_about(one), one.reasons].append(one)
    return [_merge(some) for same in by_subject.values() for some in _of_one_base(same)]


def _about(one: Reading) -> tuple:
    """Return what two sources share that speak of one number; plans and rules never do."""
    return (
        *(one.locality_id, one.place_id, one.level, one.measure_id, one.amount.unit),
        *(one.scheme_id, one.period_start, one.period_end, one.period_kind, one.status),
        one.amount.facts if one.status != "actual" else (),
    )


def _of_one_base(same: list[Reading]) -> Iterable[list[Reading]]:
    """Return readings in groups whose bases overlap: what may be of one base is of one number."""
    groups: dict[frozenset, list[Reading]] = {}
    for one in same:
        kinds = frozenset(one.base.split("|")) if one.amount.unit == "share" else frozenset()
        near = [other for other in groups if other & kinds or other == kinds]
        merged = [one for other in near for one in groups.pop(other)]
        groups[kinds.union(*near)] = [*merged, one]
    return groups.values()


def _merge(same: list[Reading]) -> Reading:
    """Return one reading of several about the same number: their intersection, else their hull."""
    first, *others = sorted(same, key=lambda one: (ORIGINS.index(one.origin), one.amount.facts))
    if not others:
        return first
    amounts, reasons = [one.amount for one in (first, *others)], first.reasons
    try:
        amount = bounds.meet(*amounts)
    except BoundsInvalid:
        amount, reasons = bounds.hull(*amounts), _union(reasons, ("conflict",))
    alike = [one for one in amounts if ends(one) == ends(amount)]
    amount = min(alike, key=lambda one: (len(one.formula), one.facts, one.formula), default=amount)
    bases = {base for one in same for base in one.base.split("|")}
    documents = tuple(sorted({name for one in same for name in one.documents}))
    told = {"amount": amount, "reasons": reasons, "documents": documents}
    told |= {"base": "|".join(sorted(bases))}
    return first.but(step=max(one.step for one in same if one.origin == first.origin), **told)


def _union(*reasons: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({reason for some in reasons for reason in some}))


def ends(amount: Bounded) -> tuple[float, float, bool, bool]:
    """Return what makes two amounts the same interval."""
    return amount.low, amount.high, amount.low_open, amount.high_open
