"""Tables of readings for the notebooks: what is stated, rating tiers, ceilings, silence.

Pure: table in, table out; the cells are bounded numbers that keep their facts.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from helpers import bounds
from helpers.statements import KINDS, RATED, text

TIERS = (
    *("tsvm", "tsvm_exemplary", "excellent", "good_or_better", "good", "completed_or_better"),
    *("completed", "completed_or_worse", "not_completed", "weak", "violating_or_not_completed"),
)
FIGURES = ("organisations", "cells", "members", "ratings", "discipline", "meetings", "context")


def wide(
    frame: pd.DataFrame, measure_ids: Sequence[str], localities: Sequence[str], status="actual"
) -> pd.DataFrame:
    """Return one row per locality with the latest reading of each measure; empty if not stated.

    Only what is said of the locality itself enters, never what is said of a commune in it.
    """
    own = frame[(frame["place_id"] == frame["locality_id"]) & (frame["status"] == status)]
    latest = own.sort_values("period_end", kind="stable").groupby(
        ["locality_id", "measure_id"], sort=False
    )
    cells = latest["amount"].last().to_dict()
    columns = {name: [cells.get((place, name)) for place in localities] for name in measure_ids}
    return pd.DataFrame({"locality_id": list(localities), **columns}, dtype="object")


def rated(measures: pd.DataFrame) -> list[str]:
    """Return the ids of all rating measures, by population, best tier first.

    >>> from helpers import codebook
    >>> rated(codebook.load("measures"))[:3]
    ['cells_rated_tsvm', 'cells_rated_tsvm_exemplary', 'cells_rated_excellent']
    """
    known = set(measures["measure_id"])
    names = [f"{population}_rated_{tier}" for population in KINDS for tier in TIERS]
    return [name for name in names if name in known]


def stated(
    frame: pd.DataFrame, measure_ids: Sequence[str], localities: Sequence[str]
) -> pd.DataFrame:
    """Return every reading of these measures in their order, each with its year and its doubts.

    Columns measure_id, locality_id, place_id, amount, period, scheme_id, status, gate_reason (the
    codes of what forbids comparing it; empty where nothing is in doubt).
    """
    order = {name: at for at, name in enumerate(measure_ids)}
    places = {name: at for at, name in enumerate(localities)}
    rows = frame[frame["measure_id"].isin(order) & frame["locality_id"].isin(places)]
    rows = rows.assign(at=rows["measure_id"].map(order), place=rows["locality_id"].map(places))
    rows = rows.sort_values(["at", "place", "period_end"], kind="stable")
    spans = zip(rows["period_start"].str[:4], rows["period_end"].str[:4], strict=True)
    rows = rows.assign(
        period=[last if first == last else f"{first}–{last}" for first, last in spans]
    )
    names = ["measure_id", "locality_id", "place_id", "amount", "period", "scheme_id", "status"]
    return (
        rows[[*names, "reasons"]].rename(columns={"reasons": "gate_reason"}).reset_index(drop=True)
    )


def coverage(
    frame: pd.DataFrame, measure_ids: Sequence[str], localities: Sequence[str]
) -> pd.DataFrame:
    """Return one row per measure, one column per locality: the number, or nothing if not stated."""
    table = wide(frame, measure_ids, localities).set_index("locality_id").T
    return table.rename_axis("measure_id").reset_index().rename_axis(None, axis=1)


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


def by_measure(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row per measure of `stated`: how many readings and localities, of which years."""
    names = {"n": ("amount", "size"), "localities": ("locality_id", "nunique")}
    years = {"first": ("period", "min"), "last": ("period", "max")}
    found = rows.groupby("measure_id", sort=False).agg(**names, **years).reset_index()
    spans = zip(found.pop("first").str[:4], found.pop("last").str[-4:], strict=True)
    return found.assign(period=["–".join(dict.fromkeys(span)) for span in spans])


def tiers(frame: pd.DataFrame, schemes: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each tier, best first, of every locality with a rating of its own.

    Columns locality_id, population, scheme_id, period_end, measure_id, amount; a tier that is not
    stated has the whole range from 0 to 1, less what the other tiers leave no room for.
    """
    own = frame[(frame["place_id"] == frame["locality_id"]) & (frame["status"] == "actual")]
    rows = []
    for scheme in schemes.itertuples():
        names = [f"{scheme.population}_{tier}" for tier in scheme.tiers.split(" > ")]
        rated = own[(own["scheme_id"] == scheme.scheme_id) & own["measure_id"].isin(names)]
        for (place, end), said in rated.groupby(["locality_id", "period_end"]):
            amounts = dict(zip(said["measure_id"], said["amount"], strict=True))
            room = max(0.0, 1 - sum(b.low for b in amounts.values()))
            rest = bounds.unknown("share", 0, round(room, 12))
            rows += [
                (place, scheme.population, scheme.scheme_id, end, name, amounts.get(name, rest))
                for name in names
            ]
    names = ["locality_id", "population", "scheme_id", "period_end", "measure_id", "amount"]
    return pd.DataFrame(rows, columns=names)


def distributions(table: pd.DataFrame) -> pd.DataFrame:
    """Return the complete distributions among `tiers`: every tier an exact share.

    Columns locality_id, population, scheme_id, period_end, shares (best first).
    """
    key = ["locality_id", "population", "scheme_id", "period_end"]
    rows = []
    for about, said in table.groupby(key, sort=False):
        shares = tuple(amount.low for amount in said["amount"])
        if (
            all(bounds.is_point(amount) for amount in said["amount"])
            and abs(sum(shares) - 1) < 1e-6
        ):
            rows.append((*about, shares))
    return pd.DataFrame(rows, columns=[*key, "shares"])


def effect_sizes(table: pd.DataFrame) -> pd.DataFrame:
    """Return dominance and Cliff's delta of each two complete distributions that may meet.

    Two localities, one population, one scheme, one period. Columns row_id, column_id, population,
    scheme_id, period_end, dominates, is_dominated, cliffs_delta (of the row against the column).
    """
    whole = distributions(table)
    rows = []
    for about, same in whole.groupby(["population", "scheme_id", "period_end"]):
        for one, other in combinations(same.itertuples(), 2):
            pair = (one.locality_id, other.locality_id, *about)
            order = dominates(one.shares, other.shares), dominates(other.shares, one.shares)
            rows.append((*pair, *order, cliffs_delta(one.shares, other.shares)))
    names = ["row_id", "column_id", "population", "scheme_id", "period_end", "dominates"]
    return pd.DataFrame(rows, columns=[*names, "is_dominated", "cliffs_delta"])


def ceiling_bases(facts: pd.DataFrame, schemes: pd.DataFrame) -> pd.DataFrame:
    """Return the excellent as a share of the three bases that a ceiling may be taken of.

    Columns locality_id, population, base (all, good_or_better, good), part, whole, amount (share),
    ceiling_share, ceiling_verified. Which base the rule means is not confirmed where
    `ceiling_verified` is false: nothing here says that a ceiling was kept or broken.
    """
    ceilings = schemes.set_index(["scheme_id", "population"])
    rows = []
    excellent = facts[facts["measure_id"].str.fullmatch(r"\w+_rated_excellent")]
    for fact in excellent[excellent["unit"] != "share"].to_dict("records"):
        population = fact["measure_id"].split("_")[0]
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
