"""A reading as a row: the number in the unit of its measure, what it is a share of, its scheme."""

import math
import re
from datetime import date

from helpers import numbers
from helpers.numbers import Amount
from party_cells.proposer import periods
from party_cells.proposer.lexicon import over_folded
from party_cells.proposer.measures import FREQUENCIES, Measures
from party_cells.proposer.walk import Reading

_PER = over_folded(
    r"(?: \w+)?\s*(?:/|một|mỗi|trong một|trong)\s*(?:1\s)?(năm|tháng|qúy|tuần)(?!\w)"
)
_EACH = over_folded(r"(?:mỗi|hằng|hàng|một|1)\s(năm|tháng|qúy|tuần)(?!\w)")
_TIMES = {"năm": 1.0, "tháng": 12.0, "qúy": 4.0, "tuần": 52.0}
_YEARLY = over_folded(r"(?:mỗi|hằng|hàng) năm[^,;.]*$|/năm")
_UNDER_BASE = over_folded(r"trực thuộc (?:các )?(?:đảng bộ|đảng ủy|tổ chức|tccsđ)")
_BASE = over_folded(  # "90% trong tổng số 449 chi bộ được đánh giá"
    r"%? (?:(?:trong|trên|so với|của) )?((?:tổng số (?:\d[\d.]* )?|số )[^,;:.()%\d]*[^,;:.()%\d\s])"
)
_RATED = re.compile("_rated_|_assessed|four_good")
_OLD_TIERS = {
    "rated_tsvm",
    "rated_tsvm_exemplary",
    "rated_weak",
    "rated_violating_or_not_completed",
}
_SCHEMES = ((2025, "from-2025"), (2023, "2023-2025"), (2018, "2018-2023"), (0, "to-2017"))


def row(reading: Reading, measures: Measures, published: date | None) -> dict:
    """The columns of a candidate that do not need the text as it was written."""
    amount, measure = _valued(reading, _fitted(reading, measures), measures)
    start, end = _of_rating(measure, reading.period.first, reading.period.last, published)
    way = measures.ways.get(measure, [None])[0]
    return {
        "value": amount.value,
        "value_low": None if amount.low == -math.inf else amount.low,
        "low_open": amount.low_open,
        "value_high": None if amount.high == math.inf else amount.high,
        "high_open": amount.high_open,
        "bound": amount.bound,
        "unit": _unit(reading, amount, measure, measures),
        "measure_id": measure,
        "base_measure_id": _base_measure(amount, measure, measures),
        "scheme_id": _scheme(reading, measure, end),
        "place": reading.place.name,
        "level": reading.place.level,
        "period_start": start,
        "period_end": end,
        "period_kind": "frequency" if measure in FREQUENCIES else reading.period.kind,
        "status": "rule" if measure.endswith("_cap") else reading.status,
        "rule": "+".join([reading.context.noun or "implied", *way.aspects]) if way else "blank",
        "is_sure": reading.choice.is_sure,
        "other_measure_id": reading.choice.other,
    }


def base(reading: Reading) -> tuple[int, int] | None:
    """The span of the words right behind a share that name what it is a share of."""
    amount, sentence = reading.context.amount, reading.sentence
    words = _BASE.match(sentence.text, amount.right, sentence.end)
    return words.span(1) if words and amount.unit == "share" else None


def _fitted(reading: Reading, measures: Measures) -> str:
    """The measure, as a ceiling where the words set one, and of a base organisation's own cells
    where the number speaks of one such organisation."""
    amount, measure = reading.context.amount, reading.choice.measure
    best = measure.replace("rated_good", "rated_excellent")  # as a share of the good
    if amount.unit == "share" and amount.bound == "at_most" and f"{best}_cap" in measures.units:
        return f"{best}_cap"
    text, behind = reading.sentence.text, amount.right
    small = reading.place.level in ("commune", "agency")
    own = small and not _UNDER_BASE.search(text, behind, behind + 40)
    return "cells" if own and measure == "cells_under_base" else measure


def _valued(reading: Reading, measure: str, measures: Measures) -> tuple[Amount, str]:
    """The number in the sense of its measure: a decrease below zero, so many times a year."""
    amount, seen = reading.context.amount, reading.context
    changes = {near.term.id for near in seen.left[:3] if not near.between}
    if measure.endswith("_change") and "change_down" in changes:
        return numbers.negative(amount), measure
    if measure.endswith("_completion") and seen.cue == "change_up" and amount.value < 1:
        ends = {"low": amount.low + 1, "high": amount.high + 1}  # "vượt 4,4%" is 104,4%
        return amount._replace(value=round(amount.value + 1, 6), **ends), measure
    if measure in FREQUENCIES and amount.form != "every":
        return _per_year(reading, amount, measure)
    hours = measure == "meeting_duration" and seen.behind[0] == "tiếng"
    return (numbers.scaled(amount, 60.0, "count") if hours else amount), measure


def _per_year(reading: Reading, amount: Amount, measure: str) -> tuple[Amount, str]:
    text, sentence = reading.sentence.text, reading.sentence
    every = [*_EACH.finditer(text, sentence.start, amount.left)]
    per = _PER.match(text, amount.right) or (every[-1] if every else None)
    return (numbers.scaled(amount, _TIMES[per[1]], "per_year"), measure) if per else (amount, "")


def _base_measure(amount: Amount, measure: str, measures: Measures) -> str:
    """What a share is taken of, where the measure tells."""
    if amount.unit != "share" or not measure or "target" in measure:
        return ""
    population = measure.split("_")[0]
    if "_rated_" in measure:
        return f"{population}_assessed"
    if "_admitted_" in measure:
        return "members_admitted"
    return population if population in measures.units else ""


def _scheme(reading: Reading, measure: str, end: str) -> str:
    """The rating scheme that the tiers of the sentence name, else the one in force that year."""
    if "_rated_" not in measure or not end:
        return ""
    if not _OLD_TIERS.isdisjoint(found.term.id for found in reading.sentence.found):
        return "to-2017"
    return next(name for first, name in _SCHEMES if int(end[:4]) >= first)


def _of_rating(measure: str, start: str, end: str, published: date | None) -> tuple[str, str]:
    """The year of a rating: it closes a whole one, so within a year it is that of the last."""
    if not published or not _RATED.search(measure):
        return start, end
    this_year, within = str(published.year), not end.endswith("-12-31") and published.month < 11
    same = start[:4] == end[:4] == this_year
    return periods.of_year(published.year - 1) if within and same else (start, end)


def _unit(reading: Reading, amount: Amount, measure: str, measures: Measures) -> str:
    """The unit of a number; a yearly one where the text says so and the measure has it."""
    units = measures.units.get(measure, {"count"})
    if amount.unit != "count":
        return amount.unit
    text = reading.sentence.text
    around = text[max(reading.sentence.start, amount.left - 40) : amount.right + 16]
    if "per_year" in units and _YEARLY.search(around):
        return "per_year"
    return "count" if "count" in units else min(units)
