"""Tidy tables for the notebooks: one measure, what is stated, rating tiers, ceilings, silence.

Pure: table in, table out. `table` has plain columns; `shown` adds the amount as words that lead to
their facts, which is what a report prints.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from helpers import bounds, gate, likeness, statements
from helpers.rules import text
from helpers.statements import KINDS, RATED

TIERS = (
    *("tsvm", "tsvm_exemplary", "excellent", "good_or_better", "good", "completed_or_better"),
    *("completed", "completed_or_worse", "not_completed", "weak", "violating_or_not_completed"),
)
FIGURES = ("organisations", "cells", "members", "ratings", "discipline", "meetings", "context")
TABLE = ["measure_id", "locality_id", "place_id", "level", "low", "high", "unit", "period"]
TABLE += ["period_start", "period_end", "period_kind", "scheme_id", "base", "status", "origin"]
TABLE += ["reasons", "fact_ids"]


def table(
    source: pd.DataFrame,
    measure_ids: str | Sequence[str],
    localities: Sequence[str] | None = None,
    *,
    measures: pd.DataFrame | None = None,
    schemes: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return every reading of a measure (or several, in their order), printed or derived.

    `source` are readings, or facts where the codebook `measures` is given. Plain columns `TABLE`:
    low and high are what the words allow, `period` is in words, `reasons` what forbids comparing;
    the index is the position of the reading in the readings.

    >>> from helpers import codebook
    >>> facts, measures = codebook.load("facts"), codebook.load("measures")
    >>> table(facts, "members_per_base_organisation", measures=measures)["low"].round(1).tolist()
    [82.6, 32.6, 45.8]
    """
    if measures is not None and "fact_ids" not in source:
        source = statements.take(source, measures, schemes)
    names = [measure_ids] if isinstance(measure_ids, str) else list(measure_ids)
    order = {name: at for at, name in enumerate(names)}
    found = source.assign(period=gate.periods(source)).reset_index(drop=True)
    found = found[found["measure_id"].isin(order)]
    places = list(localities) if localities is not None else sorted({*found["locality_id"]})
    found = found[found["locality_id"].isin(places)]
    ranked = found.assign(
        a=found["measure_id"].map(order), b=found["locality_id"].map(places.index)
    )
    extra = [name for name in source.columns if name not in TABLE]
    return ranked.sort_values(["a", "b", "period_end"], kind="stable")[[*TABLE, *extra]]


def shown(found: pd.DataFrame) -> pd.DataFrame:
    """Return a `table` for a report: measure, locality, place, amount, period, scheme, doubts."""
    names = ["measure_id", "locality_id", "place_id", "amount", "period", "scheme_id", "status"]
    lists = [reasons.split("|") if reasons else [] for reasons in found["reasons"]]
    told = found.assign(amount=bounds.column(found), gate_reason=lists)
    return told[[*names, "gate_reason"]].reset_index(drop=True)


def amounts(readings: pd.DataFrame, at: Sequence[int]) -> list:
    """Return the amounts of some readings by position, None for -1: row_reading of outcomes."""
    unique = sorted({*at} - {-1})
    known = dict(zip(unique, bounds.column(readings.iloc[unique]), strict=True))
    return [known.get(one) for one in at]


def own(readings: pd.DataFrame) -> pd.DataFrame:
    """Return what is said of the localities themselves, not of places in them, as it is."""
    is_own = readings["place_id"].eq(readings["locality_id"])
    return readings[is_own & readings["status"].eq("actual")]


def rated(measures: pd.DataFrame) -> list[str]:
    """Return the ids of all rating measures, by population, best tier first.

    >>> from helpers import codebook
    >>> rated(codebook.load("measures"))[:3]
    ['cells_rated_tsvm', 'cells_rated_tsvm_exemplary', 'cells_rated_excellent']
    """
    known = set(measures["measure_id"])
    names = [f"{population}_rated_{tier}" for population in KINDS for tier in TIERS]
    return [name for name in names if name in known]


def coverage(
    readings: pd.DataFrame, measure_ids: Sequence[str], localities: Sequence[str]
) -> pd.DataFrame:
    """Return one row per measure, one column per locality: its newest number, None if not stated.

    Only what is said of the locality itself enters, never what is said of a commune in it.
    """
    said = own(readings).sort_values("period_end", kind="stable")
    said = said[said["measure_id"].isin(measure_ids) & (said["origin"] != "implied")]
    newest = said.drop_duplicates(["locality_id", "measure_id"], keep="last")
    keys = zip(newest["locality_id"], newest["measure_id"], strict=True)
    cells = dict(zip(keys, bounds.column(newest), strict=True))
    columns = {place: [cells.get((place, name)) for name in measure_ids] for place in localities}
    return pd.DataFrame({"measure_id": list(measure_ids), **columns}, dtype="object")


def years(readings: pd.DataFrame) -> pd.DataFrame:
    """Return how many readings each locality states of each measure in each year.

    Columns locality_id, measure_id and one per year of the end of the period; what is implied is
    not counted. Empty where nothing is said of two years.
    """
    said = own(readings)
    said = said[(said["origin"] != "implied") & (said["period_end"] != "")]
    found = pd.crosstab(
        [said["locality_id"], said["measure_id"]], said["period_end"].str[:4]
    ).rename_axis(None, axis=1)
    return found.reset_index() if found.shape[1] > 1 else found.reset_index().head(0)


def tally(table: pd.DataFrame, localities: Sequence[str]) -> pd.DataFrame:
    """Return a table without its column per locality: how many have an entry, the most first.

    >>> table = pd.DataFrame({"measure_id": ["members"], "a": [7], "b": [None], "c": [0]})
    >>> tally(table, ["a", "b", "c"]).values.tolist()
    [['members', 1, 2]]
    """
    said = (table[list(localities)].notna() & (table[list(localities)] != 0)).sum(axis=1)
    counted = table.drop(columns=list(localities))
    counted = counted.assign(localities=said, not_stated=len(localities) - said)
    return counted.sort_values("localities", ascending=False, kind="stable")


def by_measure(found: pd.DataFrame) -> pd.DataFrame:
    """Return a row per measure of `table`: how many readings and localities, of which years."""
    names = {"n": ("measure_id", "size"), "localities": ("locality_id", "nunique")}
    years = {"first": ("period", "min"), "last": ("period", "max")}
    counted = found.groupby("measure_id", sort=False).agg(**names, **years).reset_index()
    spans = zip(counted.pop("first").str[:4], counted.pop("last").str[-4:], strict=True)
    return counted.assign(period=["–".join(dict.fromkeys(span)) for span in spans])


def tiers(readings: pd.DataFrame, schemes: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each tier, best first, of every locality with a rating of its own.

    Columns locality_id, population, scheme_id, period_start, period_end, base, measure_id, amount,
    low, high, reading; a tier that is not stated has the whole range from 0 to 1, less what the
    other tiers leave no room for, and reading -1.
    """
    said = own(readings.assign(reading=range(len(readings))))
    said = said[said["origin"] != "implied"].assign(amount=lambda rows: bounds.column(rows))
    key, found = ["locality_id", "period_start", "period_end", "base"], []
    for scheme in schemes[schemes["population"].isin(KINDS)].itertuples():
        names = [f"{scheme.population}_{tier}" for tier in scheme.tiers.split(" > ")]
        rated = said[(said["scheme_id"] == scheme.scheme_id) & said["measure_id"].isin(names)]
        for (place, start, end, base), rows in rated.groupby(key, sort=False):
            room = max(0.0, 1 - rows["low"].sum())
            room = round(room, 12)
            rest = (bounds.unknown("share", 0, room), 0.0, room, -1)
            cells = rows.set_index("measure_id")[["amount", "low", "high", "reading"]]
            cells = {name: values for name, *values in cells.itertuples()}
            about = (place, scheme.population, scheme.scheme_id, start, end, base)
            found += [(*about, name, *cells.get(name, rest)) for name in names]
    names = ["locality_id", "population", "scheme_id", *key[1:], "measure_id"]
    return pd.DataFrame(found, columns=[*names, "amount", "low", "high", "reading"])


def distributions(table: pd.DataFrame) -> pd.DataFrame:
    """Return the complete distributions among `tiers`: every tier an exact share, all of them one.

    Columns locality_id, population, scheme_id, period_start, period_end, base, shares (best
    first), readings.
    """
    key = ["locality_id", "population", "scheme_id", "period_start", "period_end", "base"]
    rows = []
    for about, said in table.groupby(key, sort=False):
        if said["low"].eq(said["high"]).all() and abs(said["low"].sum() - 1) < 1e-6:
            printed = said["reading"].where(said["reading"] >= 0, said["reading"].max())
            rows.append((*about, tuple(said["low"]), tuple(printed)))
    return pd.DataFrame(rows, columns=[*key, "shares", "readings"])


def effect_sizes(
    table: pd.DataFrame,
    readings: pd.DataFrame,
    measures: pd.DataFrame,
    places: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return dominance and Cliff's delta of each two complete distributions that may meet.

    `table` is `tiers` of the readings. Two may meet where the gate has nothing against comparing
    any of their tiers. Columns row_id, column_id, population, scheme_id, period_end, dominates,
    is_dominated, cliffs_delta (of the row against the column).
    """
    whole, rows = distributions(table), []
    for about, same in whole.groupby(["population", "scheme_id", "period_start", "period_end"]):
        pairs = [
            (one, other)
            for one, other in combinations(same.itertuples(), 2)
            if one.locality_id != other.locality_id
        ]
        firsts, seconds = ([at for pair in pairs for at in pair[side].readings] for side in (0, 1))
        unlike = likeness.unlike(readings, measures, firsts, seconds, places)
        for at, (one, other) in enumerate(pairs):
            size = len(one.shares)
            if any(unlike[at * size : (at + 1) * size]):
                continue
            order = dominates(one.shares, other.shares), dominates(other.shares, one.shares)
            delta = cliffs_delta(one.shares, other.shares)
            rows.append((one.locality_id, other.locality_id, *about[:2], about[3], *order, delta))
    names = ["row_id", "column_id", "population", "scheme_id", "period_end", "dominates"]
    return pd.DataFrame(rows, columns=[*names, "is_dominated", "cliffs_delta"])


def identified_sets(
    readings: pd.DataFrame, measure_id: str, localities: Sequence[str], unit: str = "share"
) -> pd.DataFrame:
    """Return for every locality what its newest reading leaves possible; all, if it has none.

    Columns locality_id, amount, low, high, stated, period, scheme_id, reasons. A reading that only
    speaks of a part of the locality leaves everything possible.
    """
    said = table(own(readings), measure_id, localities)
    newest = said.drop_duplicates("locality_id", keep="last")
    newest = newest.assign(amount=bounds.column(newest)).set_index("locality_id")
    free = bounds.unknown(unit, 0, 1) if unit == "share" else bounds.unknown(unit)
    names, rows = ["amount", "period", "scheme_id", "reasons"], []
    for place in localities:
        is_stated = place in newest.index
        facts = list(newest.loc[place, names]) if is_stated else [free, "", "", "missing"]
        rows.append((place, *facts, is_stated, facts[0].low, facts[0].high))
    return pd.DataFrame(rows, columns=["locality_id", *names, "stated", "low", "high"])


def ceiling_bases(facts: pd.DataFrame, schemes: pd.DataFrame) -> pd.DataFrame:
    """Return the excellent as a share of the three bases that a ceiling may be taken of.

    Columns locality_id, population, base (all, good_or_better, good), part, whole, amount (share),
    ceiling_share, ceiling_verified; none where the scheme sets no ceiling. Which base the rule
    means is not confirmed where `ceiling_verified` is false: nothing here says that a ceiling was
    kept or broken.
    """
    ceilings = schemes.dropna(subset="ceiling_share").set_index(["scheme_id", "population"])
    rows = []
    excellent = facts[facts["measure_id"].str.fullmatch(r"\w+_rated_excellent")]
    for fact in excellent[excellent["unit"] != "share"].to_dict("records"):
        population = fact["measure_id"].split("_")[0]
        if (fact["scheme_id"], population) not in ceilings.index:
            continue
        beside = facts[
            (facts["document_id"] == fact["document_id"]) & (facts["place_id"] == fact["place_id"])
        ]
        said = {one["measure_id"]: bounds.from_fact(one) for one in beside.to_dict("records")}
        part, good = said[fact["measure_id"]], said.get(f"{population}_rated_good")
        whole = said.get(text(fact["base_measure_id"]) or f"{population}_assessed")
        rule = ceilings.loc[(fact["scheme_id"], population)]
        bases = {"all": whole, "good_or_better": good and part + good, "good": good}
        known = (rule["ceiling_share"], rule["ceiling_verified"])
        for base, total in bases.items():
            if total:
                amount = bounds.rate(part, total, 1, "share")
                rows.append((fact["locality_id"], population, base, part, total, amount, *known))
    names = ["locality_id", "population", "base", "part", "whole", "amount"]
    return pd.DataFrame(rows, columns=[*names, "ceiling_share", "ceiling_verified"])


def dominates(a: Sequence[float], b: Sequence[float]) -> bool:
    """Return whether distribution a is at least as good as b at every tier and better at one.

    First-order dominance; both are shares by tier, best first, of one scheme.

    >>> dominates([0.2, 0.7, 0.1], [0.2, 0.6, 0.2]), dominates([0.3, 0.5, 0.2], [0.2, 0.7, 0.1])
    (True, False)
    """
    reached = [(sum(a[:k]), sum(b[:k])) for k in range(1, len(a))]
    gaps = [round(x - y, 12) for x, y in reached]
    return min(gaps) >= 0 and max(gaps) > 0


def cliffs_delta(a: Sequence[float], b: Sequence[float]) -> float:
    """Return how much likelier one of a is in a better tier than one of b, from -1 to 1.

    Cliff (1993), Psychological Bulletin 114. Only for two full distributions of one scheme.

    >>> cliffs_delta([1, 0], [0, 1]), cliffs_delta([0.5, 0.5], [0.5, 0.5])
    (1, 0.0)
    """
    if len(a) != len(b) or any(abs(sum(side) - 1) > 1e-6 for side in (a, b)):
        raise ValueError(f"expected two full distributions over the same tiers, found {a} and {b}")
    better = sum(p * q for i, p in enumerate(a) for q in b[i + 1 :])
    worse = sum(p * q for i, p in enumerate(b) for q in a[i + 1 :])
    return better - worse


def evidence_map(
    facts: pd.DataFrame,
    codings: pd.DataFrame,
    measures: pd.DataFrame,
    themes: pd.DataFrame,
    localities: Sequence[str],
) -> pd.DataFrame:
    """Return what kind of evidence each locality's article holds on each subject.

    Columns locality_id, group (figures, dimensions), subject, evidence (number, bound, part,
    practice, limitation, silence), n, ids. `part`: a number only said of a commune, village or
    other place inside the locality. Not stated in a newspaper is not absent in life.
    """
    population = measures.set_index("measure_id")["population"]
    theme = themes.set_index("theme_id")
    found = defaultdict(list)
    for row in facts.to_dict("records"):
        rated = RATED.fullmatch(row["measure_id"])
        subject = "ratings" if rated else population[row["measure_id"]]
        found[row["locality_id"], "figures", subject, _evidence(row)].append(row["fact_id"])
    locality_of = dict(zip(facts["document_id"], facts["locality_id"], strict=True))
    for row in codings[codings["stance"] == "stated"].to_dict("records"):
        place = row.get("locality_id") or locality_of.get(row["document_id"])
        dimension, kind = theme.loc[row["theme_id"], ["dimension", "kind"]]
        found[place, "dimensions", dimension, kind].append(row["coding_id"])
    subjects = [("figures", name) for name in FIGURES]
    subjects += [("dimensions", name) for name in dict.fromkeys(themes["dimension"])]
    rows = []
    for place in localities:
        for group, subject in subjects:
            kinds = ("number", "bound", "part", "practice", "limitation")
            said = {kind: found.get((place, group, subject, kind), []) for kind in kinds}
            said = {kind: ids for kind, ids in said.items() if ids} or {"silence": []}
            rows += [
                (place, group, subject, kind, len(ids), "|".join(ids)) for kind, ids in said.items()
            ]
    names = ["locality_id", "group", "subject", "evidence", "n", "ids"]
    return pd.DataFrame(rows, columns=names)


def _evidence(fact: dict) -> str:
    if fact["place_id"] != fact["locality_id"]:
        return "part"
    return "number" if fact["bound"] == "exact" else "bound"
