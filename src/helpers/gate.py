"""What may be compared: one answer for any indicator and any two localities.

First *not comparable*, with every reason from a closed list; then *undecided*, where the intervals
overlap or one side is missing; only then *ahead* or *behind*, where the measure has a direction,
*larger* or *smaller* where it has none (those say nothing of quality). A figure that puts
localities on one axis takes its numbers from here.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import combinations, pairwise, product
from operator import itemgetter
from types import SimpleNamespace

import numpy as np
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


def opposite(answer: Verdict | None) -> Verdict | None:
    """Return what is said of b against a, where `answer` is said of a against b."""
    return answer and _verdict(OPPOSITE.get(answer.verdict, answer.verdict), answer.reasons)


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
    words = words_of(direction)
    if bounds.above(a.amount, b.amount):
        return _verdict(words[0])
    if bounds.above(b.amount, a.amount):
        return _verdict(words[1])
    if bounds.is_point(a.amount) and bounds.is_point(b.amount):
        return _verdict("undecided", ("tie",))
    missing = _is_unknown(a.amount) or _is_unknown(b.amount)
    return _verdict("undecided", ("missing" if missing else "overlap",))


def words_of(direction: str) -> tuple[str, str]:
    """Return what is said of the larger amount, and of the smaller one."""
    words = ("larger", "smaller") if direction == "none" else ("ahead", "behind")
    return words[::-1] if direction == "lower_better" else words


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


_PAIR = ["row_id", "column_id"]
_COLUMNS = [*_PAIR, "measure_id", "row_period", "column_period", "verdict", "quality"]
_COLUMNS += ["row_amount", "column_amount"]


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
    rules, rows = rules_of(measures), []
    take = cache(lambda place, measure_id: _stand_ins(said[place], measure_id, rules))
    for row_id, column_id in combinations(localities, 2):
        for measure_id in sorted(said[row_id].keys() | said[column_id].keys()):
            direction = rules[measure_id]["direction"]
            sides = take(row_id, measure_id), take(column_id, measure_id)
            for a, b, answer in _comparable(list(_judged(*sides, direction, max_year_gap))):
                known = (_period(a), _period(b), answer, direction != "none")
                amounts = (a and a.amount, b and b.amount)
                rows.append((row_id, column_id, measure_id, *known, *amounts))
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"quality": bool})


def outcomes(
    readings: pd.DataFrame,
    measures: pd.DataFrame,
    localities: Sequence[str],
    *,
    max_year_gap: int = 1,
    crosswalk: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return `matrix` with one row for every pair and measure: the row that says most of it.

    That is the newest that decides it, else the newest comparable one, else that of the fewest
    reasons. Ids and verdicts are categories, so that a million comparisons take little room.
    """
    said = by_locality(readings if crosswalk is None else across(readings, crosswalk))
    found = sides(said, measures, localities)
    return between(found, found, measures, localities, localities, max_year_gap=max_year_gap)


def between(
    rows: dict[str, "Side"],
    columns: dict[str, "Side"],
    measures: pd.DataFrame,
    row_ids: Sequence[str],
    column_ids: Sequence[str],
    *,
    max_year_gap: int = 1,
) -> pd.DataFrame:
    """Return `outcomes` of some localities against others, each pair once; sides as `sides` gives.

    A locality is not held against itself, nor against one that stands before it in the rows.
    """
    before = {place: at for at, place in enumerate(row_ids)}
    is_pair = np.array([[before.get(b, len(before)) > at for b in column_ids]
                        for at in range(len(before))], dtype=bool)  # fmt: skip
    rules, kinds, found = rules_of(measures), {}, []
    for measure_id in sorted(rows):
        two, direction = (rows[measure_id], columns[measure_id]), rules[measure_id]["direction"]
        is_asked = is_pair & (two[0].is_stated[:, None] | two[1].is_stated)
        judged = judge(*two, direction, is_asked, max_year_gap, kinds)
        found.append(_table(judged, *two, measure_id, direction != "none"))
    return _collected(found, list(row_ids), list(column_ids), list(kinds))


def sides(
    said: dict, measures: pd.DataFrame, localities: Sequence[str], names: Iterable[str] = ()
) -> dict[str, "Side"]:
    """Return the readings of each measure named, by default of each stated, for `between`."""
    rules = rules_of(measures)
    names = names or {name for place in localities for name in said[place]}
    return {name: Side.of(said, name, rules, localities) for name in names}


@dataclass(frozen=True)
class Side:
    """The readings of one measure at some localities, their ends as arrays: see `judge`."""

    periods: np.ndarray  # by reading, and at the end, at -1, what stands for none
    amounts: np.ndarray
    is_stated: np.ndarray  # by locality; where it is not, readings may stand in
    newest: np.ndarray  # by locality, the position of its newest reading, -1 without any
    place: np.ndarray  # by reading, as what follows
    low: np.ndarray
    high: np.ndarray
    low_open: np.ndarray
    high_open: np.ndarray
    unit: np.ndarray
    is_unknown: np.ndarray
    groups: dict[tuple[Circumstances, int], np.ndarray]  # no locality twice in a group

    @classmethod
    def of(cls, said: dict, measure_id: str, rules: dict, places: Sequence[str]) -> "Side":
        """Return the readings that `matrix` would look at."""
        readings, place, groups = [], [], defaultdict(list)
        newest = np.full(len(places), -1)
        for at, name in enumerate(places):
            own, times = _stand_ins(said[name], measure_id, rules), Counter()
            for one in own:
                groups[one.circumstances, times[one.circumstances]].append(len(readings))
                times[one.circumstances] += 1
                if newest[at] < 0 or one.period_end > readings[newest[at]].period_end:
                    newest[at] = len(readings)
                readings.append(one)
                place.append(at)
        amounts = [one.amount for one in readings]
        ends = (np.array([getattr(one, name) for one in amounts]) for name in _ENDS)
        return cls(
            _objects([*map(_period, readings), ""]),
            _objects([*amounts, None]),
            np.array([measure_id in said[name] for name in places], dtype=bool),
            newest,
            np.array(place, dtype=int),
            *ends,
            np.array([_is_unknown(one) for one in amounts], dtype=bool),
            {key: np.array(found) for key, found in groups.items()},
        )

    def at(self, positions: np.ndarray) -> SimpleNamespace:
        """Return the amounts of some readings as one whose ends are arrays."""
        names = (*_ENDS, "is_unknown")
        return SimpleNamespace(**{name: getattr(self, name)[positions] for name in names})


def _objects(values: list) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


_ENDS = ("low", "high", "low_open", "high_open", "unit")


def judge(
    rows: Side, columns: Side, direction: str, is_asked: np.ndarray, gap: int, kinds: dict
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for every pair of localities its outcome and the positions of the two readings.

    Outcomes are numbers in `kinds` (Verdict to number, which grows), -1 where nothing is asked.
    Readings in the same circumstances are judged at once, those that say most first, and only for
    the pairs that are still open.
    """
    number = partial(_number, kinds)
    codes = np.where(is_asked, number("undecided", ("missing",)), -1)
    row_at, column_at = (np.array(np.broadcast_to(at, codes.shape))
                         for at in (rows.newest[:, None], columns.newest))  # fmt: skip
    is_silent = is_asked & (row_at >= 0) & (column_at >= 0)
    for meetings in _meetings(rows, columns, gap):
        is_open = is_silent.copy()
        for of_rows, of_columns, is_comparable, reasons in meetings:
            is_left = is_silent if reasons else is_open
            if not is_left.any():
                continue
            row, column = np.nonzero(
                is_left[rows.place[of_rows][:, None], columns.place[of_columns]]
            )
            a_at, b_at = of_rows[row], of_columns[column]
            if reasons:
                new, is_clear = number("not_comparable", reasons), np.zeros(len(row), dtype=bool)
            else:
                amounts = rows.at(a_at), columns.at(b_at)
                new, is_clear = _answers(*amounts, direction, is_comparable, number)
            pairs = rows.place[a_at], columns.place[b_at]
            is_said = is_silent[pairs] | is_clear
            for told, value in ((codes, new), (row_at, a_at), (column_at, b_at)):
                told[pairs] = np.where(is_said, value, told[pairs])
            is_silent[pairs] = False
            is_open[pairs] = ~is_clear
    return codes, row_at, column_at


def _number(kinds: dict, *answer) -> int:
    return kinds.setdefault(_verdict(*answer), len(kinds))


def _meetings(rows: Side, columns: Side, gap: int) -> list[list[tuple]]:
    """Return what meets near in time, then what does not, each with what says most first."""
    found = {True: [], False: []}
    for (a, _), of_rows in rows.groups.items():
        for (b, _), of_columns in columns.groups.items():
            is_comparable, reasons = _circumstances(a, b, gap)
            worth = (-len(reasons), a.last_year, "" if reasons else b.last_year)
            meeting = (worth, (of_rows, of_columns, is_comparable, reasons))
            found[years_apart(a, b) <= gap].append(meeting)
    for some in found.values():
        some.sort(key=itemgetter(0), reverse=True)
    return [[meeting for _, meeting in some] for some in found.values()]


def _answers(
    a: SimpleNamespace, b: SimpleNamespace, direction: str, is_comparable: bool, number: Callable
) -> tuple[np.ndarray, np.ndarray]:
    """Return the outcomes of amounts that may be compared, and which of them are decided."""
    larger, smaller = (number(word) for word in words_of(direction))
    missing, tie, overlap = (number("undecided", (why,)) for why in ("missing", "tie", "overlap"))
    may_meet = (a.unit == b.unit) & is_comparable
    is_above, is_below = may_meet & bounds.above(a, b), may_meet & bounds.above(b, a)
    found = np.where(a.is_unknown | b.is_unknown, missing, overlap)
    found[bounds.is_point(a) & bounds.is_point(b)] = tie
    found[~may_meet] = missing
    found[is_above], found[is_below] = larger, smaller
    return found, is_above | is_below


def _table(
    judged: tuple, rows: Side, columns: Side, measure_id: str, is_quality: bool
) -> pd.DataFrame:
    """Return the outcomes of one measure as a table; ids of localities are still positions."""
    codes, *positions = judged
    row, column = np.nonzero(codes >= 0)
    known = {"row_id": row, "column_id": column, "measure_id": measure_id}
    known |= {"verdict": codes[row, column], "quality": is_quality}
    for name, side, at in zip(("row", "column"), (rows, columns), positions, strict=True):
        known[f"{name}_period"] = side.periods[at[row, column]]
        known[f"{name}_amount"] = side.amounts[at[row, column]]
    return pd.DataFrame(known)


def _collected(found: list[pd.DataFrame], *known: list) -> pd.DataFrame:
    """Return the outcomes of all measures as one table in the order of `matrix`."""
    if not found:
        return pd.DataFrame(columns=_COLUMNS).astype({"quality": bool})
    frame = pd.concat(found, ignore_index=True)
    frame = frame.sort_values(_PAIR, kind="stable", ignore_index=True)
    for name, categories in zip((*_PAIR, "verdict"), known, strict=True):
        frame[name] = pd.Categorical.from_codes(frame[name], categories)
    return frame.astype({"measure_id": "category"})[_COLUMNS]


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
    each, of_quality = _each(matrix), matrix[matrix["quality"]].drop_duplicates([*_PAIR, "verdict"])
    verdicts = defaultdict(set)
    for *pair, one in zip(*(of_quality[k] for k in _PAIR), of_quality["verdict"], strict=True):
        verdicts[tuple(pair)].add(one)
    counted = each.groupby(_PAIR, sort=False, observed=True)[_COUNTS].sum().reset_index()
    pairs = zip(*(counted[k] for k in _PAIR), strict=True)
    told = [_overall(frozenset(verdicts[pair])) for pair in pairs]
    counted.insert(2, "verdict", pd.Series(told, counted.index, dtype="object"))
    return counted


_COUNTS = ["quality_n", "quality_decided", "plain_n", "plain_decided"]


def decided(matrix: pd.DataFrame) -> dict[str, int]:
    """Return k of n: pairs of localities x indicators that are decided, quality and plain apart.

    n counts a pair and an indicator once if either side states it; k if any year decides it.
    Keys quality_n, quality_decided, plain_n, plain_decided.
    """
    return {name: int(count) for name, count in _each(matrix)[_COUNTS].sum().items()}


def _each(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair and indicator, with a column of yes and no for each of `_COUNTS`."""
    is_decided = pd.Series([one.is_decided for one in matrix["verdict"]], matrix.index, dtype=bool)
    key = [*_PAIR, "measure_id"]
    once = is_decided.sort_values(ascending=False, kind="stable").index
    each = matrix.loc[once, [*key, "quality"]].drop_duplicates(key).sort_index()
    is_quality, is_decided = each["quality"].astype(bool), is_decided[each.index]
    kinds = (is_quality, is_quality & is_decided, ~is_quality, ~is_quality & is_decided)
    return each.assign(**dict(zip(_COUNTS, kinds, strict=True)))


@cache
def _overall(verdicts: frozenset[Verdict]) -> Verdict | None:
    """Return one verdict of several: decided if all that are decided agree."""
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
