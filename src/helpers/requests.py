"""Which missing figures would decide most, and the letters that ask for them.

A request is one row of a yearbook: a whole distribution over tiers, or one figure with its base,
for one locality, scheme and period in which another locality states it cleanly. Its words are
those of the vocabulary list "request".
"""

from collections.abc import Sequence

import pandas as pd

from helpers import bounds, codebook, gate, indicators, likeness
from helpers.rules import rules_of, text
from helpers.statements import KINDS

GROUP = ["asked", "scheme_id", "period_start", "period_end", "base"]


def missing_facts(
    readings: pd.DataFrame, measures: pd.DataFrame, localities: Sequence[str], limit: int = 20
) -> pd.DataFrame:
    """Return the figures nobody printed, ranked by the comparisons of quality they would decide.

    Columns rank, locality_id, asked (family or measure), scheme_id, period_start, period_end,
    base, decides_alone, decided_so_far (in the order of the rank: the greedy choice, ties in the
    order of `localities`; at most `limit` rows). Counted is a pair of localities x indicator, as
    decided by an exact answer that is not equal to the other side's.
    """
    known = _known(readings, measures)
    asks = {(place, group): None for place in localities for group in known}
    alone, rows, so_far = {ask: _gain(*ask, known) for ask in asks}, [], 0
    gains = {ask: gain for ask, gain in alone.items() if gain}
    while gains and len(rows) < limit:
        place, group = best = max(gains, key=gains.get)
        so_far += gains.pop(best)
        rows.append((len(rows) + 1, place, *group, alone[best], so_far))
        known[group] = {name: said | {place} for name, said in known[group].items()}
        same = [ask for ask in gains if ask[1] == group]
        gains |= {ask: _gain(*ask, known) for ask in same}
    names = ["rank", "locality_id", *GROUP, "decides_alone", "decided_so_far"]
    return pd.DataFrame(rows, columns=names)


def _known(readings: pd.DataFrame, measures: pd.DataFrame) -> dict[tuple, dict[str, set]]:
    """Return who states which indicator of quality cleanly, by what could be asked of others."""
    rules = rules_of(measures)
    said = indicators.own(readings)
    has_direction = [rules[name]["direction"] != "none" for name in said["measure_id"]]
    said = said[pd.Series(has_direction, said.index, dtype=bool)]
    is_share = said["unit"].eq("share")
    said = said[said["reasons"].eq("") & ~(is_share & said["base"].isin({"", *likeness.VAGUE}))]
    said = said[said["origin"].ne("implied") & ~(said["low"].le(0) & said["high"].ge(1))]
    told = said.assign(
        asked=[rules[name]["family"] or name for name in said["measure_id"]],
        indicator=[rules[name]["indicator"] for name in said["measure_id"]],
    )
    known: dict[tuple, dict[str, set]] = {}
    for *group, name, place in told[[*GROUP, "indicator", "locality_id"]].itertuples(index=False):
        known.setdefault(tuple(group), {}).setdefault(name, set()).add(place)
    return known


def _gain(place: str, group: tuple, known: dict) -> int:
    """Return how many pairs x indicators an answer would decide among the figures known."""
    return sum(len(said) for said in known[group].values() if place not in said)


def smallest_missing(
    readings: pd.DataFrame, measures: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """Return for each pair without a decided quality indicator the fewest figures to ask for.

    Columns row_id, column_id, asked, scheme_id, period, ask_row, ask_column (whether that side
    has to be asked), facts_needed.
    """
    known, pairs, rows = _known(readings, measures), gate.summary(outcomes), []
    states = {group: set.intersection(*said.values()) for group, said in known.items()}
    for pair in pairs[pairs["quality_decided"] == 0].itertuples():
        sides = {group: [place not in said for place in (pair.row_id, pair.column_id)]
                 for group, said in states.items()}  # fmt: skip
        best = min(sides, key=lambda group: sum(sides[group]), default=None)
        if best:
            told = (*best[:2], best[3][:4], *sides[best], sum(sides[best]))
            rows.append((pair.row_id, pair.column_id, *told))
    names = ["row_id", "column_id", "asked", "scheme_id", "period"]
    return pd.DataFrame(rows, columns=[*names, "ask_row", "ask_column", "facts_needed"])


def requests(
    missing: pd.DataFrame, places: pd.DataFrame, measures: pd.DataFrame, schemes: pd.DataFrame
) -> pd.DataFrame:
    """Return the request list in both languages.

    Columns rank, locality_id, asked_en, asked_vi, successor_en, successor_vi (of the territory;
    who keeps the files is another question), request_en, request_vi, verified, decides_alone,
    decided_so_far.
    """
    known, rows = places.set_index("place_id"), []
    for one in missing.itertuples():
        place = known.loc[one.locality_id]
        row = {"rank": one.rank, "locality_id": one.locality_id}
        for language in ("en", "vi"):
            name = place[f"name_{language}"]
            row[f"asked_{language}"] = name_of(one.asked, measures, language)
            row[f"successor_{language}"] = text(place[f"successor_{language}"]) or text(name)
            what = _what(one, measures, schemes, language)
            period = span(one.period_start, one.period_end, language)
            row[f"request_{language}"] = words("ask", language, name=name, period=period, what=what)
        row["verified"] = bool(place["successor_verified"]) or not text(place["successor_en"])
        rows.append(
            row | {"decides_alone": one.decides_alone, "decided_so_far": one.decided_so_far}
        )
    both = [f"{name}_{lang}" for name in ("asked", "successor", "request") for lang in ("en", "vi")]
    names = ["rank", "locality_id", *both, "verified", "decides_alone", "decided_so_far"]
    return pd.DataFrame(rows, columns=names)


def questions(readings: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return what printed figures of quality leave open, as questions in both languages.

    Columns locality_id, measure_id, amount, gate_reason, question_en, question_vi; one row per
    figure and doubt (which cells, of what base, under which rule, which of two sources).
    """
    labels, rows = measures.set_index("measure_id"), []
    said = indicators.own(readings).query("origin == 'printed'")
    said = said[said["measure_id"].map(labels["direction"]) != "none"]
    is_baseless = said["unit"].eq("share") & said["base"].isin({"", *likeness.VAGUE})
    doubts = said["reasons"].str.split("|") + is_baseless.map({True: ["base"], False: []})
    for one, amount, found in zip(said.itertuples(), bounds.column(said), doubts, strict=True):
        for reason in filter(None, found):
            row = {"locality_id": one.locality_id, "measure_id": one.measure_id}
            row |= {"amount": amount, "gate_reason": reason}
            for language in ("en", "vi"):
                what = labels.loc[one.measure_id, f"label_{language}"]
                period = span(one.period_start, one.period_end, language)
                row[f"question_{language}"] = words(reason, language, what=what, period=period)
                if reason == "scheme" and "tsvm" in one.measure_id:
                    row[f"question_{language}"] += words("award", language)
            rows.append(row)
    names = ["locality_id", "measure_id", "amount", "gate_reason", "question_en", "question_vi"]
    return pd.DataFrame(rows, columns=names)


def words(code: str, language: str, **values: str) -> str:
    """Return a phrase of the vocabulary list "request" with its values put in."""
    return codebook.labels("vocabulary:request", language)[code].format(**values)


def name_of(asked: str, measures: pd.DataFrame, language: str) -> str:
    """Return what is asked: a measure by its name, or a rating tier by tier."""
    labels = measures.set_index("measure_id")[f"label_{language}"]
    return labels[asked] if asked in labels.index else words(asked, language)


def span(start: str, end: str, language: str) -> str:
    """Return a period for a letter: "the year 2022", "the years 2016–2018"."""
    said = gate.periods(pd.DataFrame({"period_start": [start], "period_end": [end]}))[0]
    return words("years" if "–" in said else "year", language, period=said)


def _what(one, measures: pd.DataFrame, schemes: pd.DataFrame, language: str) -> str:
    """Return what a request asks for, in the words of the codebooks."""
    labels = measures.set_index("measure_id")[f"label_{language}"]
    if one.asked in labels.index:
        return words("one", language, label=labels[one.asked])
    population = one.asked.removesuffix("_rated")
    scheme = schemes.set_index(["scheme_id", "population"]).loc[(one.scheme_id, population)]
    tiers = "; ".join(labels[f"{population}_{tier}"] for tier in scheme["tiers"].split(" > "))
    kinds = [kind for kind in one.base.split("|") if not kind.endswith("_assessed")]
    base = labels[kinds[0] if kinds else KINDS[population][0]]
    return words("tiers", language, base=base, scheme=scheme[f"label_{language}"], tiers=tiers)
