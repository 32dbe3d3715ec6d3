"""The consistency audit: do the figures of the articles agree with one another?

Tests are arithmetic only, on facts of one place and status. A verdict is ``consistent``;
``impossible`` (no reading of the words makes it true); ``doubtful`` (only under a convention of
rounding, which the finding names); ``conflict`` (two mentions exclude one another); or
``not_testable``, with what is missing. GRIM is the granularity test of Brown and Heathers (2017):
a printed share of a known whole must be a whole number of its units.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
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
COLUMNS = ["finding_id", "audit_test", "audit_verdict", "document_id", "place_id", "measure_id"]
COLUMNS += ["fact_ids", "expected_en", "expected_vi", "found_en", "found_vi", "note"]
Words = tuple[str, str]  # in each of LANGUAGES


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
            counts, shares = ({fact["measure_id"]: fact for fact in reversed(group)
                               if (fact["unit"] == "share") == is_share}
                              for is_share in (False, True))  # fmt: skip
            found += [*_sums(counts, shares, schemes), *_inside(counts, group)]
            found += [*_ratios(counts | shares), *_shares(counts, group)]
    known = {} if notes is None else dict(zip(notes["finding_id"], notes["note"], strict=True))
    frame = pd.DataFrame(found, columns=COLUMNS[:-1])
    return frame.assign(note=frame["finding_id"].map(known))


def unresolved(found: pd.DataFrame) -> pd.DataFrame:
    """The findings that are impossible, doubtful or in conflict, and that no note resolves."""
    wrong = found["audit_verdict"].isin(["impossible", "doubtful", "conflict"])
    return found[wrong & found["note"].isna()]


def _finding(test: str, verdict: str, facts: tuple, expected: Words, found: Words) -> dict:
    """One test on some facts: what was expected, what is printed, and the verdict."""
    ids = [fact["fact_id"] for fact in facts]
    row = {"finding_id": f"{test}:{'+'.join(ids)}", "audit_test": test, "audit_verdict": verdict}
    row |= {name: facts[0][name] for name in ("document_id", "place_id", "measure_id")}
    said = zip(COLUMNS[7:11], (*expected, *found), strict=True)
    return row | {"fact_ids": " ".join(ids)} | dict(said)


def _groups(rows: list[Mapping], *names: str) -> dict[tuple, list[Mapping]]:
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return groups


# --- a figure and its own interval ------------------------------------------------------------


def _is_interval(fact: Mapping) -> bool:
    low, high, value = fact["value_low"], fact["value_high"], fact["value"]
    return (low is None or low <= value) and (high is None or value <= high)


def _no_interval(fact: Mapping) -> dict:
    """What the words allow must hold the number printed."""
    low, high, value = (
        [numbers.write(fact[name], fact["unit"], la) for la in LANGUAGES]
        for name in ("value_low", "value_high", "value")
    )
    ends = tuple(map("–".join, zip(low, high, strict=True)))
    return _finding("interval", "impossible", (fact,), ends, value)


# --- one figure in two places -----------------------------------------------------------------


def _restated(rows: list[Mapping]) -> Iterator[dict]:
    """A figure given twice must allow a common value.

    In one article a figure is recorded once, so two rows there are a finding only if they clash.
    """
    same = ("place_id", "measure_id", "unit", "scheme_id", "status", "period_start", "period_end")
    for group in _groups(rows, *same).values():
        for pair in pairwise(group):
            fits = _meet(*map(_b, pair))
            if not fits or pair[0]["document_id"] != pair[1]["document_id"]:
                verdict = "consistent" if fits else "conflict"
                yield _finding("restated", verdict, pair, *map(_words, pair))


# --- parts and wholes ---------------------------------------------------------------------------


def _sums(counts: dict, shares: dict, schemes: pd.DataFrame) -> Iterator[dict]:
    """Parts that are all printed add up to the whole; some of them do not exceed it."""
    for whole, sets in PARTS.items():
        for parts in sets:
            yield from _sum(counts, (whole,), [counts[part] for part in parts if part in counts],
                            len(parts))  # fmt: skip
    rating = schemes[schemes["population"].isin(RATED)]  # rules on discipline have no tiers
    for scheme in rating.to_dict("records"):
        tiers = [f"{scheme['population']}_{tier}" for tier in scheme["tiers"].split(" > ")]
        rated = [[table[tier] for tier in tiers if tier in table
                  and table[tier]["scheme_id"] == scheme["scheme_id"]]
                 for table in (counts, shares)]  # fmt: skip
        yield from _sum(counts, RATED[scheme["population"]], rated[0], len(tiers))
        if len(rated[1]) == len(tiers):
            yield _to_one(rated[1])


def _sum(counts: dict, wholes: tuple, stated: list[Mapping], every: int) -> Iterator[dict]:
    whole = next((counts[name] for name in wholes if name in counts), None)
    if whole is None or not stated:
        return
    total, is_complete = _total(stated), len(stated) == every
    same_day = _dates_agree(whole, stated[0])
    if not (is_complete or same_day):
        return
    fits = _meet(total, _b(whole)) if is_complete else not bounds.above(total, _b(whole))
    verdict = "consistent" if fits else "impossible" if same_day else "not_testable"
    least = ("", "") if is_complete else ("at least ", "ít nhất ")
    terms = map(" + ".join, zip(*map(_words, stated), strict=True))
    sums = (bounds.words(total, la) for la in LANGUAGES)
    expected = tuple(f"{at}{sum_of} = {is_}"
                     for at, sum_of, is_ in zip(least, terms, sums, strict=True))  # fmt: skip
    yield _finding("parts", verdict, (whole, *stated), expected, _words(whole))


def _to_one(tiers: list[Mapping]) -> dict:
    """The shares of all tiers make one, as far as their printed digits allow."""
    total = _total(tiers, "printed_digits")
    verdict = "consistent" if bounds.holds(total, 1.0) else "impossible"
    said = tuple(bounds.words(total, language) for language in LANGUAGES)
    return _finding("shares_to_one", verdict, tuple(tiers), ("100%", "100%"), said)


def _total(facts: list[Mapping], rounding: str = "none") -> bounds.Bounded:
    first, *others = (_b(fact, rounding) for fact in facts)
    return sum(others, first)


def _inside(counts: dict, group: list[Mapping]) -> Iterator[dict]:
    """A part is not more than its whole, a share not more than one."""
    for part, wholes in PART_OF.items():
        whole = next((counts[name] for name in wholes if name in counts), None)
        if part not in counts or whole is None:
            continue
        verdict = "consistent"
        if bounds.above(_b(counts[part]), _b(whole)):
            verdict = "impossible" if _dates_agree(whole, counts[part]) else "not_testable"
        limit = tuple(f"≤ {words}" for words in _words(whole))
        involved = counts[part], whole
        yield _finding("part_of_whole", verdict, involved, limit, _words(counts[part]))
    for fact in group:
        if fact["unit"] == "share" and fact["value"] > 1 and "_target_" not in fact["measure_id"]:
            yield _finding("share_range", "impossible", (fact,), ("≤ 100%",) * 2, _words(fact))


# --- ratios and shares ------------------------------------------------------------------------


def _ratios(facts: dict) -> Iterator[dict]:
    """A printed ratio against its two numbers: by the words alone, then by the next round step."""
    for measure, (part, whole, unit) in RATIOS.items():
        if not {measure, part, whole} <= set(facts):
            continue
        involved, meets = tuple(facts[name] for name in (measure, part, whole)), []
        for way in ("none", "next_step"):
            stated, above, below = (_b(fact, way) for fact in involved)
            quotient = bounds.rate(above, below, unit=unit)
            meets.append(_meet(stated, quotient))
        verdict = "impossible" if not meets[0] else "consistent" if meets[1] else "doubtful"
        says = [bounds.words(quotient, language) for language in LANGUAGES]
        en = f"{says[0]}, each figure read to the next step of its last digit"
        vi = f"{says[1]}, mỗi số hiểu đến nấc kế tiếp của chữ số cuối"
        yield _finding("ratio", verdict, involved, (en, vi), _words(involved[0]))


def _shares(counts: dict, group: list[Mapping]) -> Iterator[dict]:
    """GRIM: an exact share against the count of what it is a share of."""
    for share in (fact for fact in group if fact["unit"] == "share"):
        base = counts.get(share["base_measure_id"] or "")
        if missing := _not_testable(share, base):
            involved = (share, base) if base else (share,)
            yield _finding("grim", "not_testable", involved, missing, _words(share))
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


def _grim(share: Mapping, base: Mapping, count: Mapping | None) -> dict:
    """Whether a whole number of the base, or the count printed beside, gives the printed share."""
    printed, whole = _b(share, "printed_digits"), base["value"]
    nearest = [math.floor(share["value"] * whole), math.ceil(share["value"] * whole)]
    tried = nearest if count is None else [count["value"]]
    # The upper end counts as admissible: presses round a half up and down.
    fits = [k for k in tried if printed.low - 1e-12 <= k / whole <= printed.high + 1e-12]
    verdict = "consistent" if fits else "impossible"
    said = tuple(
        "; ".join(
            f"{numbers.write(k, 'count', la)} / {numbers.write(whole, 'count', la)} = "
            f"{numbers.write(k / whole, 'share', la, digits=2)}"
            for k in dict.fromkeys(fits or tried)
        )
        for la in LANGUAGES
    )
    involved = (share, base) if count is None else (share, base, count)
    return _finding("grim", verdict, involved, said, _words(share))


# --- intervals ------------------------------------------------------------------------------


def _b(fact: Mapping, rounding: str = "none") -> bounds.Bounded:
    return bounds.from_fact(fact, rounding=rounding, share_limit=None)


def _meet(one: bounds.Bounded, other: bounds.Bounded) -> bool:
    return not (bounds.above(one, other) or bounds.above(other, one))


def _dates_agree(one: Mapping, other: Mapping) -> bool:
    """Two figures are of one time if their periods end on one day."""
    return one["period_end"] == other["period_end"]


def _words(fact: Mapping) -> Words:
    """The figure in words of each language, a share with the digits that it was printed with."""
    if fact["unit"] == "share" and fact["bound"] == "exact":
        decimals = len(str(fact["number_text"]).replace(".", ",").partition(",")[2])
        return tuple(numbers.write(fact["value"], "share", la, digits=decimals) for la in LANGUAGES)
    return tuple(bounds.words(_b(fact), language) for language in LANGUAGES)
