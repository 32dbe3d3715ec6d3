"""What may be compared: one answer for any indicator and any two localities.

First *not comparable*, with every reason from a closed list; then *undecided*, where the intervals
overlap or one side is missing; only then *ahead* or *behind*, where the measure has a direction,
*larger* or *smaller* where it has none (those say nothing of quality). A figure that puts
localities on one axis takes its numbers from here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise, product

import pandas as pd

from helpers import bounds
from helpers.bounds import Bounded
from helpers.statements import Reading, as_table, rules_of, text

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


def verdict(
    a: Reading | None, b: Reading | None, direction: str = "none", *, max_year_gap: int = 1
) -> Verdict:
    """Return what may be said of a against b, two readings of one indicator (None: not stated).

    `direction` is the measure's: higher_better, lower_better or none. a and b are rows of
    `statements.take` or anything with the attributes of a `Reading`.

    >>> a, b = (Reading(p, p, "district", "members", bounds.exact(n, "count"), "", day, day)
    ...         for p, n, day in [("x", 1142, "2019-12-04"), ("y", 900, "2019-04-12")])
    >>> verdict(a, b), verdict(a, None).reasons
    (Verdict(verdict='larger', reasons=()), ('missing',))
    """
    if a is None or b is None or _other_tier(a, b):
        return Verdict("undecided", ("missing",))
    reasons = reasons_against(a, b, max_year_gap)
    if reasons:
        return Verdict("not_comparable", reasons)
    if a.amount.unit != b.amount.unit:  # a count beside a share: the base is missing
        return Verdict("undecided", ("missing",))
    words = ("larger", "smaller") if direction == "none" else ("ahead", "behind")
    if direction == "lower_better":
        words = words[::-1]
    if bounds.above(a.amount, b.amount):
        return Verdict(words[0])
    if bounds.above(b.amount, a.amount):
        return Verdict(words[1])
    if bounds.is_point(a.amount) and bounds.is_point(b.amount):
        return Verdict("undecided", ("tie",))
    missing = any(_is_unknown(side.amount) for side in (a, b))
    return Verdict("undecided", ("missing" if missing else "overlap",))


def reasons_against(a: Reading, b: Reading, max_year_gap: int = 1) -> tuple[str, ...]:
    """Return every reason why two readings may not be set side by side, in the order of REASONS."""
    own = {*a.reasons, *b.reasons}
    found = {
        "level": a.level != b.level or a.level == "unknown",
        "population": "population" in own or _other_population(a, b),
        "scheme": "scheme" in own or a.scheme_id != b.scheme_id,
        "period_gap": years_apart(a, b) > max_year_gap,
        "status": not a.status == b.status == "actual",
        "place": "place" in own or a.place_id != a.locality_id or b.place_id != b.locality_id,
        "conflict": "conflict" in own,
    }
    return tuple(reason for reason in REASONS if found[reason])


def years_apart(a: Reading, b: Reading) -> float:
    """Return the calendar years between the beginnings or the ends, whichever is more.

    The mean of 2016 to 2018 is two years from 2018. Infinite where a period is not known.
    """
    dates = [(a.period_start, b.period_start), (a.period_end, b.period_end)]
    if not all(day for pair in dates for day in pair):
        return float("inf")
    return max(abs(int(x[:4]) - int(y[:4])) for x, y in dates)


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
    frame = readings if crosswalk is None else across(readings, crosswalk)
    said = _by_locality(frame)
    rules = rules_of(measures)
    rows = []
    for row_id, column_id in combinations(localities, 2):
        for measure_id in sorted(said[row_id].keys() | said[column_id].keys()):
            direction = rules[measure_id]["direction"]
            for a, b, answer in _pairs(
                _stand_ins(said[row_id], measure_id, rules),
                _stand_ins(said[column_id], measure_id, rules),
                direction,
                max_year_gap,
            ):
                known = (_period(a), _period(b), answer, direction != "none")
                amounts = (a and a.amount, b and b.amount)
                rows.append((row_id, column_id, measure_id, *known, *amounts))
    names = ["row_id", "column_id", "measure_id", "row_period", "column_period", "verdict"]
    frame = pd.DataFrame(rows, columns=[*names, "quality", "row_amount", "column_amount"])
    return frame.astype({"quality": bool})


def _by_locality(readings: pd.DataFrame) -> dict[str, dict[str, list[Reading]]]:
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


def _pairs(
    rows: list[Reading], columns: list[Reading], direction: str, max_year_gap: int
) -> list[tuple]:
    """Return the comparable pairs of readings with their verdicts, or the one nearest to it."""
    if not rows or not columns:
        one = max(rows or columns, key=lambda one: one.period_end)
        return [(one if rows else None, one if columns else None, verdict(None, None))]
    pairs = list(product(rows, columns))
    near = [pair for pair in pairs if years_apart(*pair) <= max_year_gap]
    judged = [(a, b, verdict(a, b, direction, max_year_gap=max_year_gap)) for a, b in near or pairs]
    comparable = [one for one in judged if one[2].verdict != "not_comparable"]
    if comparable:
        return comparable
    return [min(judged, key=lambda one: (len(one[2].reasons), -int(one[0].period_end[:4] or 0)))]


def summary(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair: the quality verdict, and how much of each kind was decided.

    Columns row_id, column_id, verdict (a Verdict: of the quality indicators the one decided if
    all decided ones agree, else undecided, else not comparable; reasons are of all of them),
    quality_n, quality_decided, plain_n, plain_decided.
    """
    quality = matrix[matrix["quality"]].groupby(["row_id", "column_id"])["verdict"]
    verdicts = {pair: list(found) for pair, found in quality}
    rows = []
    for pair, found in _pair_indicators(matrix).groupby(["row_id", "column_id"], sort=False):
        rows.append((*pair, _overall(verdicts.get(pair, [])), *_counts(found).values()))
    names = ["row_id", "column_id", "verdict", "quality_n", "quality_decided"]
    return pd.DataFrame(rows, columns=[*names, "plain_n", "plain_decided"])


def decided(matrix: pd.DataFrame) -> dict[str, int]:
    """Return k of n: pairs of localities x indicators that are decided, quality and plain apart.

    n counts a pair and an indicator once if either side states it; k if any year decides it.
    Keys quality_n, quality_decided, plain_n, plain_decided.
    """
    return _counts(_pair_indicators(matrix))


def _pair_indicators(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair x indicator, with whether any pair of periods is decided."""
    key = ["row_id", "column_id", "measure_id", "quality"]
    found = matrix[key].assign(is_decided=[one.is_decided for one in matrix["verdict"]])
    return found.groupby(key, sort=False)["is_decided"].any().reset_index()


def _counts(pairs: pd.DataFrame) -> dict[str, int]:
    quality, is_decided = pairs["quality"].astype(bool), pairs["is_decided"].astype(bool)
    return {
        "quality_n": int(quality.sum()),
        "quality_decided": int((quality & is_decided).sum()),
        "plain_n": int((~quality).sum()),
        "plain_decided": int((~quality & is_decided).sum()),
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
    said = _by_locality(readings)
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
    for place, said in sorted(_by_locality(readings).items()):
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
    first, last = one.period_start[:4], one.period_end[:4]
    return last if first in ("", last) else f"{first}–{last}"


def _other_population(a: Reading, b: Reading) -> bool:
    """Return whether two kinds of cell are counted, or are what the shares are taken of."""
    cells = {"cells_under_base", "base_cells"}
    return {a.base, b.base} == cells or (a.measure_id != b.measure_id and not a.scheme_id)


def _other_tier(a: Reading, b: Reading) -> bool:
    """Return whether the two are different tiers of one scheme: neither states the other's."""
    return a.measure_id != b.measure_id and a.scheme_id == b.scheme_id != ""


def _is_unknown(amount: Bounded) -> bool:
    """Return whether anything admissible is still possible."""
    return amount.low <= 0 and amount.high >= (1 if amount.unit == "share" else float("inf"))
