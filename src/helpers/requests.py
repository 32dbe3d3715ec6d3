"""What the verdicts hang on, and which missing figures would decide most.

Every setting reruns the whole road from facts to verdicts with one thing changed: the reading of
printed figures, the greatest gap of years, a crosswalk between rating schemes, one article less.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from helpers import gate, statements
from helpers.statements import text

_KEY = ["row_id", "column_id", "measure_id"]
_ASK = {
    "en": "Please give for {name} in {period}: {what}.",
    "vi": "Đề nghị cho biết số liệu của {name}, {period}: {what}.",
}
_TIERS = {
    "en": "how many of the “{base}” were rated in each tier of “{scheme}” ({tiers}), and how many "
    "were assessed",
    "vi": "trong số “{base}”, bao nhiêu được xếp vào từng mức của “{scheme}” ({tiers}) và bao "
    "nhiêu được đánh giá",
}
_ONE = {"en": "“{label}”, with the number it is a share of", "vi": "“{label}”, kèm theo mẫu số"}
_POPULATIONS = {
    "cells": ("ratings of cells, tier by tier", "xếp loại chi bộ theo từng mức"),
    "organisations": (
        "ratings of base organisations, tier by tier",
        "xếp loại tổ chức cơ sở đảng theo từng mức",
    ),
    "members": ("ratings of members, tier by tier", "xếp loại đảng viên theo từng mức"),
}
_ROUNDINGS = {
    "printed_digits": ("to the digits printed", "theo số chữ số đã in"),
    "next_step": ("bounds within one step", "cận trong vòng một bước"),
}
_QUESTIONS = {
    "population": {
        "en": "Which cells does “{0}” in {1} count: base cells, those below base committees, both?",
        "vi": "“{0}” {1} tính loại chi bộ nào: chi bộ cơ sở, chi bộ trực thuộc đảng bộ cơ sở, hay "
        "cả hai?",
    },
    "scheme": {
        "en": "Under which rule was “{0}” in {1} given?",
        "vi": "“{0}” {1} được xếp theo quy định nào?",
    },
    "conflict": {
        "en": "Sources give different figures for “{0}” in {1}: which one holds?",
        "vi": "Các nguồn nêu số khác nhau về “{0}” {1}: số nào đúng?",
    },
    "award": {
        "en": " Is it the tier, or the award of that name?",
        "vi": " Đó là mức xếp loại, hay danh hiệu cùng tên?",
    },
}
_YEAR = {"en": "the year {0}", "vi": "năm {0}"}
_YEARS = {"en": "the years {0}", "vi": "các năm {0}"}


def settings(
    crosswalks: pd.DataFrame, year_gaps: Sequence[int]
) -> Iterator[tuple[str, tuple[str, str], dict]]:
    """Yield (kind, words in English and Vietnamese, arguments), the usual setting first.

    A crosswalk is tried with the usual gap of years and with the greatest of `year_gaps`.
    """
    yield "as_printed", ("as printed", "như đã in"), {}
    for rounding, words in _ROUNDINGS.items():
        yield "rounding", words, {"rounding": rounding}
    for gap in [gap for gap in year_gaps if gap != 1]:
        yield "year_gap", (f"{gap} years", f"{gap} năm"), {"max_year_gap": gap}
    for _, rows in crosswalks.groupby("scenario_id"):
        en, vi = rows[["label_en", "label_vi"]].iloc[0]
        for gap in (1, max(year_gaps)):
            words = (f"{en}; gap {gap}", f"{vi}; cách {gap} năm")
            yield "crosswalk", words, {"crosswalk": rows, "max_year_gap": gap}


def left_out(
    facts: pd.DataFrame,
    measures: pd.DataFrame,
    schemes: pd.DataFrame,
    taken: pd.DataFrame,
    localities: Sequence[str],
    total: dict[str, int],
) -> Iterator[tuple[str, dict[str, int], pd.DataFrame]]:
    """Yield a document, what is decided without it (`total` with it), and what then differs.

    Of more than `MOST_LEFT_OUT` documents as many are tried, evenly spread. Asked again are only
    the localities and measures of the document; nothing else can differ.
    """
    said = gate.by_locality(taken)
    everywhere = gate.sides(said, measures, localities)
    by_place = dict(list(taken.groupby("locality_id")))
    by_document = taken.explode("documents").groupby("documents")
    for document in spread(sorted(by_document.groups), MOST_LEFT_OUT):
        own = by_document.get_group(document)
        places, names = list(own["locality_id"].unique()), set(own["measure_id"])
        rest = pd.concat([by_place[place] for place in places]).drop(index=own.index)
        if (taken.loc[own.index, "documents"].str.len() > 1).any():  # its readings change
            rows = facts[facts["locality_id"].isin(places) & (facts["document_id"] != document)]
            rest = statements.take(rows, measures, schemes)
            names = {name for place in places for name in said[place]}
        left = said | {place: {} for place in places} | gate.by_locality(rest)
        before, after = (
            _against_all(about, names, measures, places, localities, everywhere)
            for about in (said, left)
        )
        counts = gate.decided(before), gate.decided(after)
        found = {name: n - counts[0][name] + counts[1][name] for name, n in total.items()}
        yield document, found, _turned(what_changes(before, after), localities)


MOST_LEFT_OUT = 100  # documents that are left out, one at a time


def spread(names: Sequence[str], most: int) -> list[str]:
    """Return at most so many of the names, evenly spread over their order.

    >>> spread("abcdefgh", 3), spread("ab", 3)
    (['a', 'c', 'f'], ['a', 'b'])
    """
    count = min(most, len(names))
    return [names[at * len(names) // count] for at in range(count)]


def _turned(changes: pd.DataFrame, localities: Sequence[str]) -> pd.DataFrame:
    """Return the changes with every pair in the order of the localities, its verdicts with it."""
    order = {place: at for at, place in enumerate(localities)}
    rows = [
        (a, b, *rest) if order[a] < order[b] else (b, a, name, *map(gate.opposite, verdicts))
        for a, b, *rest in changes.itertuples(index=False, name=None)
        for name, *verdicts in [rest]
    ]
    return pd.DataFrame(rows, columns=changes.columns, dtype="object").sort_values(_KEY)


def _against_all(
    said: dict,
    names: set[str],
    measures: pd.DataFrame,
    places: list[str],
    localities: Sequence[str],
    everywhere: dict[str, gate.Side],
) -> pd.DataFrame:
    """Return the outcomes of some places, of measures by name, against all localities."""
    rows = gate.sides(said, measures, places, names)
    columns = everywhere if len(places) == 1 else gate.sides(said, measures, localities, names)
    return gate.between(rows, columns, measures, places, localities)


def sensitivity(
    facts: pd.DataFrame,
    measures: pd.DataFrame,
    schemes: pd.DataFrame,
    crosswalks: pd.DataFrame,
    localities: Sequence[str],
    year_gaps: Sequence[int] = (0, 1, 2, 4, 7),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each setting decides, and every verdict that differs from the one as printed.

    First table: rerun (its kind), en, vi, quality_n, quality_decided, plain_n, plain_decided,
    changed. Second: rerun, en, vi, row_id, column_id, measure_id, before, after (verdicts; before
    is None where the setting makes a comparison that was not there).
    """
    counts, changes = [], []

    def note(kind: str, words: tuple[str, str], count: dict, differing: pd.DataFrame) -> None:
        named = {"rerun": kind} | dict(zip(("en", "vi"), words, strict=True))
        counts.append(named | count | {"changed": len(differing)})
        changes.append(differing.assign(**named))

    take = cache(lambda rounding: statements.take(facts, measures, schemes, rounding=rounding))
    usual = gate.outcomes(take("none"), measures, localities)
    for kind, words, arguments in settings(crosswalks, year_gaps):
        taken = take(arguments.pop("rounding", "none"))
        is_usual = kind == "as_printed"
        found = usual if is_usual else gate.outcomes(taken, measures, localities, **arguments)
        note(kind, words, gate.decided(found), what_changes(usual, found))
    total = gate.decided(usual)
    for document, *rest in left_out(facts, measures, schemes, take("none"), localities, total):
        note("left_out", (document, document), *rest)
    columns = ["rerun", "en", "vi", "row_id", "column_id", "measure_id", "before", "after"]
    return pd.DataFrame(counts), pd.concat(changes, ignore_index=True)[columns]


def what_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs that are decided in one and not, or otherwise, in the other outcomes."""
    sides = []
    known = {name: sorted({*before[name].cat.categories, *after[name].cat.categories})
             for name in _KEY}  # fmt: skip
    for frame in (before, after):
        told = [one.verdict if one.is_decided else "" for one in frame["verdict"]]
        side = frame[[*_KEY, "verdict"]].assign(told=pd.Series(told, frame.index, dtype="object"))
        sides.append(side.astype({k: pd.CategoricalDtype(v) for k, v in known.items()}))
    both = sides[0].merge(sides[1], on=_KEY, how="outer", suffixes=("_before", "_after"))
    differ = both[both["told_before"].fillna("") != both["told_after"].fillna("")]
    differ = differ.sort_values(_KEY, ignore_index=True)
    found = {name: differ[f"verdict_{name}"].astype("object") for name in ("before", "after")}
    found = {name: values.where(values.notna(), None) for name, values in found.items()}
    return differ[_KEY].astype("object").assign(**found)


def by_coder(
    codings: dict[str, pd.DataFrame],
    themes: pd.DataFrame,
    documents: pd.DataFrame,
    localities: Sequence[str],
) -> pd.DataFrame:
    """Return how many themes each coder, and the adjudication, finds stated in each locality.

    `codings` are tables by the name of their hand. Columns theme_kind (practice, limitation),
    locality_id and one per hand.
    """
    index = pd.MultiIndex.from_product(
        [["practice", "limitation"], localities], names=["theme_kind", "locality_id"]
    )
    place = documents.set_index("document_id")["locality_id"]
    kind = themes.set_index("theme_id")["kind"]
    counts = {}
    for hand, rows in codings.items():
        stated = rows[rows["stance"] == "stated"]
        about = pd.DataFrame(
            {
                "theme_kind": stated["theme_id"].map(kind),
                "locality_id": stated["document_id"].map(place),
                "theme_id": stated["theme_id"],
            }
        )
        found = about.groupby(["theme_kind", "locality_id"])["theme_id"].nunique()
        counts[hand] = found.reindex(index, fill_value=0)
    return pd.DataFrame(counts).reset_index()


def missing_facts(
    taken: pd.DataFrame,
    measures: pd.DataFrame,
    localities: Sequence[str],
    max_year_gap: int = 1,
    limit: int = 20,
) -> pd.DataFrame:
    """Return the figures nobody printed, ranked by the comparisons of quality they would decide.

    A request is one row of a yearbook: a whole distribution over tiers, or one figure with its
    base, for one locality, scheme and period in which at least one other locality states it
    cleanly. Columns rank, locality_id, asked (family or measure), scheme_id, period_start,
    period_end, base, decides_alone, decided_so_far (in the order of the rank: the greedy choice,
    ties in the order of `localities`; at most `limit` rows). Counted is a pair of localities x
    indicator, as decided by an exact answer that is not equal to the other side's.
    """
    clean = _clean(taken, measures)
    known = _known(clean)
    groups, wanted = _wanted(clean, localities)
    alone = {choice: _gain(*choice, keys, known, max_year_gap) for choice, keys in wanted.items()}
    rows, so_far, gains = [], 0, dict(alone)
    while gains and len(rows) < limit:
        best = max(gains, key=gains.get)
        so_far += gains.pop(best)
        told = [groups.loc[best[1], name] for name in _REQUEST]
        rows.append((len(rows) + 1, best[0], *told, alone[best], so_far))
        for measure_id, scheme_id, first, last in wanted[best]:
            known[measure_id, scheme_id][first, last].add(best[0])
        meets = (groups[_ALIKE] == groups.loc[best[1], _ALIKE]).all(axis=1)
        for choice in [choice for choice in gains if meets[choice[1]]]:
            gains[choice] = _gain(*choice, wanted[choice], known, max_year_gap)
    names = ["rank", "locality_id", *_REQUEST, "decides_alone", "decided_so_far"]
    return pd.DataFrame(rows, columns=names)


_REQUEST = ["asked", "scheme_id", "period_start", "period_end", "base"]
_ALIKE = ["asked", "scheme_id"]  # what two answers must share to be compared


def _clean(taken: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return the readings of quality that nothing but the other side's silence keeps from use."""
    rules = statements.rules_of(measures)
    quality = taken["measure_id"].map(lambda name: rules[name]["direction"]) != "none"
    own = (taken["place_id"] == taken["locality_id"]) & (taken["status"] == "actual")
    clean = taken[quality & own & (taken["reasons"].str.len() == 0)]
    asked = [rules[name]["family"] or name for name in clean["measure_id"]]
    return clean.assign(asked=asked).reset_index(drop=True)


def _known(clean: pd.DataFrame) -> dict[tuple, dict[tuple, set]]:
    """Return who states what when: (measure, scheme) to (first year, last year) to localities."""
    known = defaultdict(lambda: defaultdict(set))
    for one in clean.itertuples():
        years = (one.period_start[:4], one.period_end[:4])
        known[one.measure_id, one.scheme_id][years].add(one.locality_id)
    return known


def _wanted(clean: pd.DataFrame, localities: Sequence[str]) -> tuple[pd.DataFrame, dict]:
    """Return the requests that can be made, and what each locality would add by answering one."""
    key = ["asked", "scheme_id", "period_start", "period_end"]
    groups = clean.drop_duplicates(key).reset_index(drop=True)
    stated = {about: sorted(set(rows["measure_id"])) for about, rows in clean.groupby(key)}
    known = _known(clean)
    wanted = {}
    for at, group in enumerate(groups[key].itertuples(index=False, name=None)):
        scheme, years = group[1], (group[2][:4], group[3][:4])
        for place in localities:
            missing = [name for name in stated[group] if place not in known[name, scheme][years]]
            if missing:
                wanted[place, at] = [(name, scheme, *years) for name in missing]
    return groups, {choice: wanted[choice] for choice in product(localities, groups.index)
                    if choice in wanted}  # fmt: skip


def _gain(place: str, _: int, keys: list, known: dict, max_year_gap: int) -> int:
    """Return how many pairs x indicators an answer would decide among the figures known."""
    total = 0
    for measure_id, scheme_id, first, last in keys:
        near = [
            others
            for (start, end), others in known[measure_id, scheme_id].items()
            if abs(int(start) - int(first)) <= max_year_gap
            and abs(int(end) - int(last)) <= max_year_gap
        ]
        total += len(set().union(*near) - {place})
    return total


def smallest_missing(
    taken: pd.DataFrame, measures: pd.DataFrame, matrix: pd.DataFrame, localities: Sequence[str]
) -> pd.DataFrame:
    """Return for each pair without a decided quality indicator the fewest figures to ask for.

    Columns row_id, column_id, asked, scheme_id, period, ask_row, ask_column (whether that side
    has to be asked), facts_needed.
    """
    groups, wanted = _wanted(_clean(taken, measures), localities)
    pairs = gate.summary(matrix)
    needs = {place: np.array([(place, at) in wanted for at in groups.index])
             for place in localities}  # fmt: skip
    rows = []
    told_of = groups[["asked", "scheme_id", "period_end"]].to_numpy()
    for pair in pairs[pairs["quality_decided"] == 0].itertuples() if len(groups) else []:
        need = np.stack([needs[pair.row_id], needs[pair.column_id]]).astype(int)
        best = need.sum(axis=0).argmin()
        asked = map(bool, need[:, best])
        rows.append((pair.row_id, pair.column_id, *told_of[best], *asked, need[:, best].sum()))
    names = ["row_id", "column_id", "asked", "scheme_id", "period"]
    frame = pd.DataFrame(rows, columns=[*names, "ask_row", "ask_column", "facts_needed"])
    return frame.assign(period=frame["period"].str[:4])


def requests(
    missing: pd.DataFrame,
    localities: pd.DataFrame,
    measures: pd.DataFrame,
    schemes: pd.DataFrame,
) -> pd.DataFrame:
    """Return the request list: rank, locality_id, and in both languages asked, addressee, request.

    The addressee is the successor of a district that has ended (localities.csv); where that is
    not confirmed, `verified` is false and the sender has to find out first.
    """
    places = localities.set_index("place_id")
    rows = []
    for one in missing.itertuples():
        place = places.loc[one.locality_id]
        row = {"rank": one.rank, "locality_id": one.locality_id}
        for language in ("en", "vi"):
            row[f"addressee_{language}"] = text(place[f"successor_{language}"]) or text(
                place[f"name_{language}"]
            )
            row[f"request_{language}"] = _ASK[language].format(
                name=place[f"name_{language}"],
                period=_span(one.period_start[:4], one.period_end[:4], language),
                what=_what(one, measures, schemes, language),
            )
        row["asked_en"], row["asked_vi"] = name_of(one.asked, measures)
        row["verified"] = bool(place["successor_verified"]) or not text(place["successor_en"])
        row |= {"decides_alone": one.decides_alone, "decided_so_far": one.decided_so_far}
        rows.append(row)
    words = [
        f"{name}_{lang}" for name in ("asked", "addressee", "request") for lang in ("en", "vi")
    ]
    names = ["rank", "locality_id", *words, "verified", "decides_alone", "decided_so_far"]
    return pd.DataFrame(rows, columns=names)


def name_of(asked: str, measures: pd.DataFrame) -> tuple[str, str]:
    """Return in English and Vietnamese what is asked: a measure, or a rating tier by tier."""
    labels = measures.set_index("measure_id")
    if asked in labels.index:
        return tuple(labels.loc[asked, ["label_en", "label_vi"]])
    return _POPULATIONS[asked.removesuffix("_rated")]


def questions(taken: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return what printed figures of quality leave open, as questions in both languages.

    Columns locality_id, measure_id, amount, gate_reason, question_en, question_vi; one row per
    figure and doubt (which cells, which rule, which of two sources).
    """
    labels = measures.set_index("measure_id")
    own = taken[(taken["place_id"] == taken["locality_id"]) & (taken["status"] == "actual")]
    rows = []
    for one in own[own["reasons"].str.len() > 0].itertuples():
        if labels.loc[one.measure_id, "direction"] == "none":
            continue
        for reason in one.reasons:
            row = {"locality_id": one.locality_id, "measure_id": one.measure_id}
            row |= {"amount": one.amount, "gate_reason": reason}
            for language in ("en", "vi"):
                label = labels.loc[one.measure_id, f"label_{language}"]
                period = _span(one.period_start[:4], one.period_end[:4], language)
                is_name = reason == "scheme" and "tsvm" in one.measure_id
                row[f"question_{language}"] = _QUESTIONS[reason][language].format(label, period) + (
                    _QUESTIONS["award"][language] if is_name else ""
                )
            rows.append(row)
    names = ["locality_id", "measure_id", "amount", "gate_reason", "question_en", "question_vi"]
    return pd.DataFrame(rows, columns=names)


def _span(first: str, last: str, language: str) -> str:
    return (_YEAR if first == last else _YEARS)[language].format(
        last if first == last else f"{first}–{last}"
    )


def _what(one, measures: pd.DataFrame, schemes: pd.DataFrame, language: str) -> str:
    """Return what a request asks for, in the words of the codebooks."""
    labels = measures.set_index("measure_id")[f"label_{language}"]
    if one.asked in labels.index:
        return _ONE[language].format(label=labels[one.asked])
    population = one.asked.removesuffix("_rated")
    scheme = schemes.set_index(["scheme_id", "population"]).loc[(one.scheme_id, population)]
    names = [labels[f"{population}_{tier}"] for tier in scheme["tiers"].split(" > ")]
    is_vague = not one.base or one.base.endswith("_assessed")
    base = labels[statements.KINDS[population][0] if is_vague else one.base]
    return _TIERS[language].format(
        base=base, scheme=scheme[f"label_{language}"], tiers="; ".join(names)
    )
