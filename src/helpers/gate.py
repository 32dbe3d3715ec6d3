"""What may be compared: one answer for any indicator and any two localities.

First *not comparable*, with every reason from a closed list; then *undecided*, where the intervals
overlap or one side is missing; only then *ahead* or *behind*, where the measure has a direction,
*larger* or *smaller* where it has none (those say nothing of quality). A figure that puts
localities on one axis takes its numbers from here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, pairwise, product

import pandas as pd

from helpers import bounds
from helpers.bounds import Bounded
from helpers.statements import Circumstances, Reading, as_table, rules_of, text

REASONS = ("level", "population", "scheme", "period_gap", "status", "place", "conflict")
OPEN = ("overlap", "tie", "missing")  # why a comparable pair stays undecided
DECIDED = ("ahead", "behind", "larger", "smaller")
OPPOSITE = {"ahead": "behind", "behind": "ahead", "larger": "smaller", "smaller": "larger"}


@dataclass(frozen=True)
class Verdict:
    """The gate's answer: a code of the vocabulary list `verdict` and the reasons for it."""

    verdict: str
    reasons: tuple[str, ...] = ()

    @property
    def is_decided(self) -> bool:
        return self.verdict in DECIDED


_verdict = cache(Verdict)  # a large collection has a million answers, and some fifty kinds of them


def verdict(
    a: Reading | None, b: Reading | None, direction: str = "none", *, max_year_gap: int = 1
) -> Verdict:
    """Return what may be said of a against b, two readings of one indicator (None: not stated).

    `direction` is the measure's: higher_better, lower_better or none.

    >>> a, b = (Reading(p, p, "district", "members", bounds.exact(n, "count"), "", day, day)
    ...         for p, n, day in [("x", 1142, "2019-12-04"), ("y", 900, "2019-04-12")])
    >>> verdict(a, b), verdict(a, None).reasons
    (Verdict(verdict='larger', reasons=()), ('missing',))
    """
    if a is None or b is None:
        return _verdict("undecided", ("missing",))
    is_comparable, reasons = _circumstances(a.circumstances, b.circumstances, max_year_gap)
    if reasons:
        return _verdict("not_comparable", reasons)
    if not is_comparable or a.amount.unit != b.amount.unit:  # a count beside a share has no base
        return _verdict("undecided", ("missing",))
    words = ("larger", "smaller") if direction == "none" else ("ahead", "behind")
    if direction == "lower_better":
        words = words[::-1]
    if bounds.above(a.amount, b.amount):
        return _verdict(words[0])
    if bounds.above(b.amount, a.amount):
        return _verdict(words[1])
    if bounds.is_point(a.amount) and bounds.is_point(b.amount):
        return _verdict("undecided", ("tie",))
    missing = _is_unknown(a.amount) or _is_unknown(b.amount)
    return _verdict("undecided", ("missing" if missing else "overlap",))


@cache
def _circumstances(
    a: Circumstances, b: Circumstances, max_year_gap: int
) -> tuple[bool, tuple[str, ...]]:
    """Return whether two readings speak of one thing, and every reason against comparing them.

    Different tiers of one scheme are two things: neither states the other's. The reasons are in
    the order of REASONS. Many readings have the same circumstances, so each two are asked once.
    """
    if a.measure_id != b.measure_id and a.scheme_id == b.scheme_id != "":
        return False, ()
    own = {*a.reasons, *b.reasons}
    found = {
        "level": a.level != b.level or a.level == "unknown",
        "population": "population" in own or _other_population(a, b),
        "scheme": "scheme" in own or a.scheme_id != b.scheme_id,
        "period_gap": years_apart(a, b) > max_year_gap,
        "status": not a.status == b.status == "actual",
        "place": "place" in own or not a.is_own or not b.is_own,
        "conflict": "conflict" in own,
    }
    return True, tuple(reason for reason in REASONS if found[reason])


@cache
def years_apart(a: Circumstances, b: Circumstances) -> float:
    """Return the calendar years between the beginnings or the ends, whichever is more.

    The mean of 2016 to 2018 is two years from 2018. Infinite where a period is not known.
    """
    years = [(a.first_year, b.first_year), (a.last_year, b.last_year)]
    if not all(year for pair in years for year in pair):
        return float("inf")
    return max(abs(int(x) - int(y)) for x, y in years)


def matrix(
    readings: pd.DataFrame,
    measures: pd.DataFrame,
    localities: Sequence[str],
    *,
    max_year_gap: int = 1,
    crosswalk: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the verdict on every pair of localities and every measure stated for one of them.

    Columns row_id, column_id, measure_id, row_period, column_period, verdict, quality (whether
    the measure has a direction), row_amount, column_amount, sorted by pair and measure. A pair
    has one row per comparable pair of periods; where none is comparable one row, that of the
    fewest reasons. Where one side is silent but states a measure of the same `family` (another
    tier scheme, another kind of cell) the row says why that one cannot stand in. With `crosswalk`
    (rows of one scenario of crosswalks.csv) readings are read as the scenario says.
    """
    said = by_locality(readings if crosswalk is None else across(readings, crosswalk))
    rows = []
    for key, *sides, direction in _comparisons(said, measures, possible(said, localities)):
        for a, b, answer in _comparable(list(_judged(*sides, direction, max_year_gap))):
            known = (_period(a), _period(b), answer, direction != "none")
            rows.append((*key, *known, a and a.amount, b and b.amount))
    names = ["row_id", "column_id", "measure_id", "row_period", "column_period", "verdict"]
    frame = pd.DataFrame(rows, columns=[*names, "quality", "row_amount", "column_amount"])
    return frame.astype({"quality": bool})


def outcomes(
    said: dict,
    measures: pd.DataFrame,
    asked: Iterable[tuple[str, str, str]],
    *,
    max_year_gap: int = 1,
) -> pd.DataFrame:
    """Return one verdict on every pair and measure asked: the first that decides it, if any does.

    ``said`` as `by_locality` gives it, ``asked`` as `possible`. What `matrix` says, far sooner:
    columns row_id, column_id, measure_id, quality, verdict, documents (a decided one rests on).
    """
    rows = []
    for key, *sides, direction in _comparisons(said, measures, asked):
        judged, documents = [], ()
        for a, b, answer in _judged(*sides, direction, max_year_gap):
            judged.append((a, b, answer))
            if answer.is_decided:
                judged, documents = [(a, b, answer)], a.documents + b.documents
                break
        rows.append((*key, direction != "none", _comparable(judged)[0][2], documents))
    names = ["row_id", "column_id", "measure_id", "quality", "verdict", "documents"]
    return pd.DataFrame(rows, columns=names).astype({"quality": bool})


def possible(said: dict, localities: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield every pair of localities with every measure that one of the two states."""
    for row_id, column_id in combinations(localities, 2):
        for measure_id in sorted(said[row_id].keys() | said[column_id].keys()):
            yield row_id, column_id, measure_id


def _comparisons(said: dict, measures: pd.DataFrame, asked: Iterable[tuple]) -> Iterator[tuple]:
    """Yield what is asked with the readings of both sides and the direction of the measure."""
    rules = rules_of(measures)
    take = cache(lambda place, measure_id: _stand_ins(said[place], measure_id, rules))
    for row_id, column_id, measure_id in asked:
        sides = take(row_id, measure_id), take(column_id, measure_id)
        yield (row_id, column_id, measure_id), *sides, rules[measure_id]["direction"]


def by_locality(readings: pd.DataFrame) -> dict[str, dict[str, list[Reading]]]:
    """Return readings by locality and measure: those of the locality itself, else of its parts."""
    own, parts = (defaultdict(lambda: defaultdict(list)) for _ in range(2))
    names = list(Reading.__dataclass_fields__)
    for values in readings[names].itertuples(index=False, name=None):
        one = Reading(*values)
        side = own if one.place_id == one.locality_id and one.status == "actual" else parts
        side[one.locality_id][one.measure_id].append(one)
    for place, said in parts.items():
        for measure_id, found in said.items():
            own[place].setdefault(measure_id, found)
    return own


def _stand_ins(said: dict, measure_id: str, rules: dict) -> list[Reading]:
    """Return the readings of a measure, else those of its family that may be taken for it."""
    if measure_id in said:
        return said[measure_id]
    family = rules[measure_id]["family"]
    alike = [one for name in sorted(said) if family and rules[name]["family"] == family
             for one in said[name]]  # fmt: skip
    return alike[:1] if not family.endswith("_rated") else [one for one in alike if one.scheme_id]


def _comparable(judged: list[tuple]) -> list[tuple]:
    """Return the comparable pairs of readings with their verdicts, or the one nearest to it."""
    comparable = [one for one in judged if one[2].verdict != "not_comparable"]
    if comparable:
        return comparable
    return [min(judged, key=lambda one: (len(one[2].reasons), -int(one[0].period_end[:4] or 0)))]


def _judged(
    rows: list[Reading], columns: list[Reading], direction: str, max_year_gap: int
) -> Iterator[tuple]:
    """Yield the pairs of readings that lie near each other, or else all, with their verdicts."""
    if not rows or not columns:
        one = max(rows or columns, key=lambda one: one.period_end)
        yield (one if rows else None, one if columns else None, verdict(None, None))
        return
    some_near = False
    for a, b in product(rows, columns):
        if years_apart(a.circumstances, b.circumstances) <= max_year_gap:
            some_near = True
            yield a, b, verdict(a, b, direction, max_year_gap=max_year_gap)
    for a, b in () if some_near else product(rows, columns):
        yield a, b, verdict(a, b, direction, max_year_gap=max_year_gap)


def summary(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair: the quality verdict, and how much of each kind was decided.

    Columns row_id, column_id, verdict (a Verdict: of the quality indicators the one decided if
    all decided ones agree, else undecided, else not comparable; reasons are of all of them),
    quality_n, quality_decided, plain_n, plain_decided.
    """
    verdicts, indicators = defaultdict(dict), defaultdict(dict)
    of_quality = matrix[matrix["quality"]]
    for *pair, one in zip(*(of_quality[k] for k in _PAIR), of_quality["verdict"], strict=True):
        verdicts[tuple(pair)][one] = None
    for key, is_decided in _pair_indicators(matrix).items():
        indicators[key[:2]][key] = is_decided
    rows = [
        (*pair, _overall(verdicts[pair]), *_counts(found).values())
        for pair, found in indicators.items()
    ]
    names = [*_PAIR, "verdict", "quality_n", "quality_decided"]
    return pd.DataFrame(rows, columns=[*names, "plain_n", "plain_decided"])


_PAIR = ["row_id", "column_id"]


def decided(matrix: pd.DataFrame) -> dict[str, int]:
    """Return k of n: pairs of localities x indicators that are decided, quality and plain apart.

    n counts a pair and an indicator once if either side states it; k if any year decides it.
    Keys quality_n, quality_decided, plain_n, plain_decided.
    """
    return _counts(_pair_indicators(matrix))


def _pair_indicators(matrix: pd.DataFrame) -> dict[tuple, bool]:
    """Return by pair, indicator and whether it is of quality if any pair of periods is decided."""
    found = {}
    keys = zip(*(matrix[k] for k in (*_PAIR, "measure_id", "quality")), strict=True)
    for key, verdict in zip(keys, matrix["verdict"], strict=True):
        found[key] = found.get(key, False) or verdict.is_decided
    return found


def _counts(found: dict[tuple, bool]) -> dict[str, int]:
    kinds = {"quality": True, "plain": False}
    by_kind = {kind: [found[key] for key in found if key[-1] == is_it]
               for kind, is_it in kinds.items()}  # fmt: skip
    return {
        f"{kind}_{name}": count(some)
        for kind, some in by_kind.items()
        for name, count in (("n", len), ("decided", sum))
    }


def _overall(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return one verdict of several: decided if all that are decided agree."""
    verdicts = list(verdicts)
    kinds = {answer.verdict for answer in verdicts}
    reasons = {reason for answer in verdicts for reason in answer.reasons}
    ordered = tuple(reason for reason in REASONS + OPEN if reason in reasons)
    clear = kinds & set(DECIDED)
    if len(clear) == 1:
        return Verdict(*clear)
    if not kinds:
        return None
    return Verdict("undecided" if clear or "undecided" in kinds else "not_comparable", ordered)


def identified_sets(
    readings: pd.DataFrame, measure_id: str, localities: Sequence[str], unit: str = "share"
) -> pd.DataFrame:
    """Return for every locality what its latest reading leaves possible; all, if it has none.

    Columns locality_id, amount, stated, period, scheme_id, reasons (codes separated by |). A
    reading that only speaks of a part of the locality leaves everything possible.
    """
    said = by_locality(readings)
    rows = []
    for place in localities:
        own = [one for one in said[place].get(measure_id, []) if one.place_id == place]
        one = max(own, key=lambda one: one.period_end, default=None)
        free = bounds.unknown(unit, 0, 1) if unit == "share" else bounds.unknown(unit)
        facts = (one.amount, True, _period(one), one.scheme_id) if one else (free, False, "", "")
        rows.append((place, *facts, "|".join(one.reasons) if one else "missing"))
    names = ["locality_id", "amount", "stated", "period", "scheme_id", "reasons"]
    return pd.DataFrame(rows, columns=names)


def changes(
    readings: pd.DataFrame, measures: pd.DataFrame, *, max_year_gap: int = 1
) -> pd.DataFrame:
    """Return the verdict of each reading against the one before it at the same locality.

    Change is judged within one locality, measure and scheme only. Columns locality_id,
    measure_id, scheme_id, earlier, later, verdict (of the later one), earlier_amount,
    later_amount.
    """
    rules = rules_of(measures)
    rows = []
    for place, said in sorted(by_locality(readings).items()):
        for measure_id, found in sorted(said.items()):
            by_time = sorted(found, key=lambda one: (one.scheme_id, one.period_end))
            for before, after in pairwise(by_time):
                if before.scheme_id == after.scheme_id:
                    answer = verdict(
                        after, before, rules[measure_id]["direction"], max_year_gap=max_year_gap
                    )
                    known = (after.scheme_id, _period(before), _period(after), answer)
                    rows.append((place, measure_id, *known, before.amount, after.amount))
    names = ["locality_id", "measure_id", "scheme_id", "earlier", "later", "verdict"]
    return pd.DataFrame(rows, columns=[*names, "earlier_amount", "later_amount"])


def across(readings: pd.DataFrame, crosswalk: pd.DataFrame) -> pd.DataFrame:
    """Return the readings with those of one scheme read as another's: a scenario, not data."""
    rules = {(row.from_scheme, row.from_measure): row for row in crosswalk.itertuples()}
    names = list(Reading.__dataclass_fields__)
    result = []
    for values in readings[names].itertuples(index=False, name=None):
        one = Reading(*values)
        rule = rules.get((one.scheme_id, one.measure_id))
        if rule:
            lifted = set(text(rule.lifts).split("|"))
            one = replace(
                one,
                measure_id=rule.to_measure,
                scheme_id=rule.to_scheme,
                reasons=tuple(reason for reason in one.reasons if reason not in lifted),
            )
        result.append(one)
    return as_table(result)


def _period(one: Reading | None) -> str:
    """Return the year, or first and last year, that a reading is about."""
    if one is None:
        return ""
    first, last = one.circumstances.first_year, one.circumstances.last_year
    return last if first in ("", last) else f"{first}–{last}"


def _other_population(a: Circumstances, b: Circumstances) -> bool:
    """Return whether two kinds of cell are counted, or are what the shares are taken of."""
    cells = {"cells_under_base", "base_cells"}
    return {a.base, b.base} == cells or (a.measure_id != b.measure_id and not a.scheme_id)


def _is_unknown(amount: Bounded) -> bool:
    """Return whether anything admissible is still possible."""
    return amount.low <= 0 and amount.high >= (1 if amount.unit == "share" else float("inf"))
