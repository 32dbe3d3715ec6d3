"""The consistency audit: do the figures of the articles agree with one another?

Tests are arithmetic only, on facts of one place and status. A verdict is ``consistent``;
``impossible`` (no reading of the words makes it true); ``doubtful`` (only under a convention of
rounding, which the finding names); ``conflict`` (two mentions exclude one another); or
``not_testable``, with what is missing. GRIM is the granularity test of Brown and Heathers (2017):
a printed share of a known whole must be a whole number of its units.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise

import pandas as pd

from helpers import bounds, numbers

PARTS = {  # a whole, and complete sets of its parts
    "base_organisations": [
        ("base_committees", "base_cells"),
        (
            "base_organisations_in_communes",
            "base_organisations_in_agencies",
            "base_committees_in_armed_forces",
        ),
    ],
    "members_disciplined": [
        ("members_reprimanded", "members_warned", "members_dismissed", "members_expelled")
    ],
}
PART_OF = {  # one part of a whole: never more than it
    "villages_with_own_cell": ("villages",),
    "border_communes": ("communes",),
    "communes_managing_member_files": ("communes",),
    "cells_with_committee": ("cells_in_villages", "cells_under_base", "cells"),
    "cells_assessed": ("cells_under_base", "cells"),
    "organisations_assessed": ("base_organisations",),
    "members_assessed": ("members",),
    "members_disciplined": ("members",),
}
RATED = {  # what a rating's tiers are parts of, the best base first
    "cells": ("cells_assessed", "cells_under_base", "cells", "base_cells"),
    "organisations": ("organisations_assessed", "base_organisations"),
    "members": ("members_assessed", "members"),
}
RATIOS = {
    "members_share_of_population": ("members", "population", "share"),
    "members_per_cell": ("members", "cells", "count"),
}
LANGUAGES = ("en", "vi")
ENDS = ("value_low", "value_high")
COLUMNS = ["finding_id", "audit_test", "audit_verdict", "document_id", "place_id", "measure_id"]
COLUMNS += ["fact_ids", "expected_en", "expected_vi", "found_en", "found_vi", "note"]


@dataclass(frozen=True)
class Finding:
    """One test on some facts: what was expected, what is printed, and the verdict."""

    audit_test: str
    audit_verdict: str
    facts: tuple[Mapping, ...]
    expected_en: str
    expected_vi: str
    found_en: str = ""
    found_vi: str = ""


def findings(
    facts: pd.DataFrame, schemes: pd.DataFrame, notes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Every finding, one row each, in the order of the facts; the columns are `COLUMNS`.

    ``schemes`` is the table of rating schemes; ``notes`` resolves findings (finding_id, note).
    ``fact_ids`` are separated by blanks. A row that is not ``consistent`` and has no note is open.
    """
    rows = facts.astype("object").where(facts.notna(), None).to_dict("records")
    found = [_no_interval(row) for row in rows if not _is_interval(row)]
    rows = [row for row in rows if _is_interval(row)]
    found += _restated(rows)
    for (_, _, status), group in _groups(rows, "document_id", "place_id", "status").items():
        if status == "actual":
            found += [*_sums(group, schemes), *_inside(group), *_ratios(group), *_shares(group)]
    frame = pd.DataFrame([_row(finding) for finding in found], columns=COLUMNS[:-1])
    known = {} if notes is None else dict(zip(notes["finding_id"], notes["note"], strict=True))
    return frame.assign(note=frame["finding_id"].map(known))


def unresolved(found: pd.DataFrame) -> pd.DataFrame:
    """The findings that are impossible, doubtful or in conflict, and that no note resolves."""
    wrong = found["audit_verdict"].isin(["impossible", "doubtful", "conflict"])
    return found[wrong & found["note"].isna()]


def _row(finding: Finding) -> dict:
    row = asdict(finding)
    involved = row.pop("facts")
    ids = [fact["fact_id"] for fact in involved]
    first = involved[0]
    return {
        "finding_id": f"{finding.audit_test}:{'+'.join(ids)}",
        **{name: first[name] for name in ("document_id", "place_id", "measure_id")},
        "fact_ids": " ".join(ids),
        **row,
    }


def _groups(rows: list[Mapping], *names: str) -> dict[tuple, list[Mapping]]:
    groups: dict[tuple, list[Mapping]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


# --- a figure and its own interval ------------------------------------------------------------


def _is_interval(fact: Mapping) -> bool:
    low, high = (fact[name] for name in ENDS)
    value = fact["value"]
    return (low is None or low <= value) and (high is None or value <= high)


def _no_interval(fact: Mapping) -> Finding:
    """What the words allow must hold the number printed."""
    ends = [
        "–".join(numbers.write(fact[name], fact["unit"], la) for name in ENDS) for la in LANGUAGES
    ]
    printed = [numbers.write(fact["value"], fact["unit"], la) for la in LANGUAGES]
    return Finding("interval", "impossible", (fact,), *ends, *printed)


# --- one figure in two places -----------------------------------------------------------------


def _restated(rows: list[Mapping]) -> Iterator[Finding]:
    """A figure given twice must allow a common value.

    In one article a figure is recorded once, so two rows there are a finding only if they clash.
    """
    same = ("place_id", "measure_id", "unit", "scheme_id", "status", "period_start", "period_end")
    for group in _groups(rows, *same).values():
        for first, other in pairwise(group):
            verdict = "consistent" if _meet(_b(first), _b(other)) else "conflict"
            if verdict == "consistent" and first["document_id"] == other["document_id"]:
                continue
            yield Finding("restated", verdict, (first, other), *_said(first), *_said(other))


# --- parts and wholes ---------------------------------------------------------------------------


def _sums(group: list[Mapping], schemes: pd.DataFrame) -> Iterator[Finding]:
    """Parts that are all printed add up to the whole; some of them do not exceed it."""
    counts = _by_measure(fact for fact in group if fact["unit"] != "share")
    shares = _by_measure(fact for fact in group if fact["unit"] == "share")
    for whole, sets in PARTS.items():
        for parts in sets:
            yield from _sum(counts, (whole,), parts)
    rating = schemes[schemes["population"].isin(RATED)]  # rules on discipline have no tiers
    for scheme in rating.to_dict("records"):
        tiers = [f"{scheme['population']}_{tier}" for tier in scheme["tiers"].split(" > ")]
        rated = [_of_scheme(table, tiers, scheme["scheme_id"]) for table in (counts, shares)]
        yield from _sum(rated[0] | _rest(counts, tiers), RATED[scheme["population"]], tiers)
        if len(rated[1]) == len(tiers):
            yield _to_one([rated[1][tier] for tier in tiers])


def _by_measure(group: Iterator[Mapping]) -> dict[str, Mapping]:
    found: dict[str, Mapping] = {}
    for fact in group:
        found.setdefault(fact["measure_id"], fact)
    return found


def _of_scheme(table: dict, tiers: list[str], scheme_id: str) -> dict:
    return {t: table[t] for t in tiers if t in table and table[t]["scheme_id"] == scheme_id}


def _rest(table: dict, tiers: list[str]) -> dict:
    return {measure: fact for measure, fact in table.items() if measure not in tiers}


def _sum(counts: dict, wholes: tuple[str, ...], parts: list[str]) -> Iterator[Finding]:
    stated = [counts[part] for part in parts if part in counts]
    whole = next((counts[name] for name in wholes if name in counts), None)
    if whole is None or not stated:
        return
    total = sum((_b(fact) for fact in stated[1:]), _b(stated[0]))
    complete = len(stated) == len(parts)
    if not complete and not _dates_agree(whole, stated[0]):
        return
    fits = _meet(total, _b(whole)) if complete else not bounds.above(total, _b(whole))
    if fits:
        verdict = "consistent"
    else:
        verdict = "impossible" if _dates_agree(whole, stated[0]) else "not_testable"
    least = {"en": "", "vi": ""} if complete else {"en": "at least ", "vi": "ít nhất "}
    expected = [
        f"{least[la]}{' + '.join(_words(f, la) for f in stated)} = {bounds.words(total, la)}"
        for la in LANGUAGES
    ]
    yield Finding("parts", verdict, (whole, *stated), *expected, *_said(whole))


def _to_one(tiers: list[Mapping]) -> Finding:
    """The shares of all tiers make one, as far as their printed digits allow."""
    printed = [_b(fact, "printed_digits") for fact in tiers]
    total = sum(printed[1:], printed[0])
    verdict = "consistent" if bounds.holds(total, 1.0) else "impossible"
    said = [bounds.words(total, language) for language in LANGUAGES]
    return Finding("shares_to_one", verdict, tuple(tiers), "100%", "100%", *said)


def _inside(group: list[Mapping]) -> Iterator[Finding]:
    """A part is not more than its whole, a share not more than one."""
    counts = _by_measure(fact for fact in group if fact["unit"] != "share")
    for part, wholes in PART_OF.items():
        whole = next((counts[name] for name in wholes if name in counts), None)
        if part not in counts or whole is None:
            continue
        too_many = bounds.above(_b(counts[part]), _b(whole))
        verdict = "consistent"
        if too_many:
            verdict = "impossible" if _dates_agree(whole, counts[part]) else "not_testable"
        limit = [f"≤ {words}" for words in _said(whole)]
        involved = counts[part], whole
        yield Finding("part_of_whole", verdict, involved, *limit, *_said(counts[part]))
    for fact in group:
        if fact["unit"] == "share" and fact["value"] > 1 and "_target_" not in fact["measure_id"]:
            yield Finding("share_range", "impossible", (fact,), "≤ 100%", "≤ 100%", *_said(fact))


# --- ratios and shares ------------------------------------------------------------------------


def _ratios(group: list[Mapping]) -> Iterator[Finding]:
    """A printed ratio against its two numbers: by the words alone, then by the next round step."""
    facts = _by_measure(iter(group))
    for measure, (part, whole, unit) in RATIOS.items():
        if not {measure, part, whole} <= set(facts):
            continue
        involved = tuple(facts[name] for name in (measure, part, whole))
        strict, by_step = (_ratio(involved, unit, way) for way in (None, "next_step"))
        meets = _meet(strict[0], strict[1]), _meet(by_step[0], by_step[1])
        verdict = "impossible" if not meets[0] else "consistent" if meets[1] else "doubtful"
        says = [bounds.words(by_step[1], language) for language in LANGUAGES]
        en = f"{says[0]}, each figure read to the next step of its last digit"
        vi = f"{says[1]}, mỗi số hiểu đến nấc kế tiếp của chữ số cuối"
        yield Finding("ratio", verdict, involved, en, vi, *_said(involved[0]))


def _ratio(involved: tuple, unit: str, rounding: str | None) -> tuple:
    """The printed ratio, and the one that its two numbers make."""
    stated, part, whole = (_b(fact, rounding) for fact in involved)
    quotient = bounds.rate(part, whole, unit=unit)
    return stated, quotient


def _shares(group: list[Mapping]) -> Iterator[Finding]:
    """GRIM: an exact share against the count of what it is a share of."""
    counts = _by_measure(fact for fact in group if fact["unit"] != "share")
    for share in (fact for fact in group if fact["unit"] == "share"):
        base = counts.get(share["base_measure_id"] or "")
        if missing := _not_testable(share, base):
            involved = (share, base) if base else (share,)
            yield Finding("grim", "not_testable", involved, *missing, *_said(share))
        else:
            yield _grim(share, base, counts.get(share["measure_id"]))


def _not_testable(share: Mapping, base: Mapping | None) -> tuple[str, str] | None:
    """Why the granularity test does not apply, in both languages; None where it does."""
    if share["bound"] != "exact":
        return "a bound, not a number", "là giới hạn, không phải một con số"
    if share["period_kind"] == "mean_of_years":
        return "a mean of years: no one base", "là bình quân nhiều năm: không có một mẫu số"
    if not share["base_measure_id"]:
        return "the base is not stated", "không nêu mẫu số"
    if base is None:
        return "no count of the base", "không có số đếm của mẫu số"
    if not _dates_agree(share, base):
        return "the count of the base is of another date", "số đếm của mẫu số thuộc thời điểm khác"
    if base["bound"] != "exact":
        return "the count of the base is a bound", "số đếm của mẫu số là giới hạn"
    return None


def _grim(share: Mapping, base: Mapping, count: Mapping | None) -> Finding:
    """Whether a whole number of the base, or the count printed beside, gives the printed share."""
    printed, whole = _b(share, "printed_digits"), base["value"]
    nearest = [math.floor(share["value"] * whole), math.ceil(share["value"] * whole)]
    tried = nearest if count is None else [count["value"]]
    # The upper end counts as admissible: presses round a half up and down.
    fits = [k for k in tried if printed.low - 1e-12 <= k / whole <= printed.high + 1e-12]
    verdict = "consistent" if fits else "impossible"
    said = [
        "; ".join(
            f"{numbers.write(k, 'count', la)} / {numbers.write(whole, 'count', la)} = "
            f"{numbers.write(k / whole, 'share', la, digits=2)}"
            for k in dict.fromkeys(fits or tried)
        )
        for la in LANGUAGES
    ]
    involved = (share, base) if count is None else (share, base, count)
    return Finding("grim", verdict, involved, *said, *_said(share))


# --- intervals ------------------------------------------------------------------------------


def _b(fact: Mapping, rounding: str | None = None) -> bounds.Bounded:
    return bounds.from_fact(fact, rounding=rounding or "none", share_limit=None)


def _meet(one: bounds.Bounded, other: bounds.Bounded) -> bool:
    return not (bounds.above(one, other) or bounds.above(other, one))


def _dates_agree(one: Mapping, other: Mapping) -> bool:
    """Two figures are of one time if their periods end on one day."""
    return one["period_end"] == other["period_end"]


def _said(fact: Mapping) -> list[str]:
    """The figure in words, in each language."""
    return [_words(fact, language) for language in LANGUAGES]


def _words(fact: Mapping, language: str) -> str:
    """The figure in words, a share with the digits that it was printed with."""
    if fact["unit"] == "share" and fact["bound"] == "exact":
        decimals = len(str(fact["number_text"]).replace(".", ",").partition(",")[2])
        return numbers.write(fact["value"], "share", language, digits=decimals)
    return bounds.words(_b(fact), language)
