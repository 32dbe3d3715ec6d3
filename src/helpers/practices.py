"""What the words of articles allow to be counted: reporting, never a score of quality.

Every table takes codings with the column `locality_id` and the codebook of themes, and counts what
an article prints. Not stated in a newspaper is not absent in life; what is said of a place below
the locality stands apart, and what is called for is not what is done.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.likeness import BELOW, RANK

DEGREES = ("done", "planned", "rule", "urged")  # of a practice, from deed to call


def stated(codings: pd.DataFrame, themes: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the stated codings of a kind (practice, limitation), with dimension and `is_below`.

    `is_below` tells whether something below the locality is spoken of: a place in it, its cells.
    """
    known = themes.loc[themes["kind"] == kind, ["theme_id", "dimension"]]
    said = codings[codings["stance"] == "stated"].drop(
        columns=["dimension", "kind"], errors="ignore"
    )
    said = said.merge(known, on="theme_id")
    is_small = said["level"].map(RANK).fillna(BELOW) >= BELOW
    return said.assign(is_below=is_small | (said["place_id"] != said["locality_id"]))


def answers(codings: pd.DataFrame, themes: pd.DataFrame) -> pd.DataFrame:
    """Return every limitation that an article names, and what it prints that would answer it.

    Which practices answer a limitation is the column `answered_by` of the themes. Columns
    locality_id, dimension, theme_id (the limitation), status, coding_ids; how many passages on
    answering practices there are: done, planned, rule, urged (called for: a remedy too) of the
    locality itself and `below` of places in it, with `remedy_ids`; and `same_dimension`, passages
    on other practices of the dimension, which answer nothing yet.
    """
    named, done = (stated(codings, themes, kind) for kind in ("limitation", "practice"))
    remedies = themes.set_index("theme_id")["answered_by"].fillna("").str.split("|").to_dict()
    rows = []
    for about, said in named.groupby(["locality_id", "dimension", "theme_id"]):
        own = done[done["locality_id"] == about[0]]
        found = own[own["theme_id"].isin(remedies[about[2]])]
        counts = found.loc[~found["is_below"], "status"].value_counts()
        near = own["dimension"].eq(about[1]) & ~own["theme_id"].isin(remedies[about[2]])
        status = "|".join(dict.fromkeys(said["status"]))
        told = [int(counts.get(degree, 0)) for degree in DEGREES]
        told += [int(found["is_below"].sum()), "|".join(found["coding_id"]), int(near.sum())]
        rows.append((*about, status, "|".join(said["coding_id"]), *told))
    names = ["locality_id", "dimension", "theme_id", "status", "coding_ids", *DEGREES, "below"]
    return pd.DataFrame(rows, columns=[*names, "remedy_ids", "same_dimension"])


def implementation(codings: pd.DataFrame, themes: pd.DataFrame) -> pd.DataFrame:
    """Return how many passages on practices are done, planned, a rule, or called for.

    Columns locality_id, is_below, done, planned, rule, urged.
    """
    said = stated(codings, themes, "practice")
    found = pd.crosstab([said["locality_id"], said["is_below"]], said["status"])
    return found.reindex(columns=DEGREES, fill_value=0).rename_axis(None, axis=1).reset_index()


def breadth(codings: pd.DataFrame, themes: pd.DataFrame, localities: Sequence[str]) -> pd.DataFrame:
    """Return in how many dimensions each article describes a limitation of its locality.

    Columns locality_id, n, of (dimensions of the codebook), dimensions (joined), themes. None
    described is not none there.
    """
    said = stated(codings, themes, "limitation")
    own = said[~said["is_below"]].groupby("locality_id")
    found = own.agg(
        n=("dimension", "nunique"),
        dimensions=("dimension", lambda names: "|".join(dict.fromkeys(names))),
        themes=("theme_id", "nunique"),
    )
    found = found.reindex(localities).fillna({"n": 0, "themes": 0, "dimensions": ""})
    found = found.astype({"n": int, "themes": int}).assign(of=themes["dimension"].nunique())
    return found.rename_axis("locality_id").reset_index()


def verifiability(codings: pd.DataFrame, themes: pd.DataFrame) -> pd.DataFrame:
    """Return how many practices could be checked by a stranger, by how much is said of them.

    One point each for a named actor, a date or frequency, a place or count. Columns locality_id,
    status, 0, 1, 2, 3; empty where the codings have no such column or it is not coded.
    """
    said = stated(codings, themes, "practice")
    said = said[pd.to_numeric(said.get("verifiability", pd.Series(index=said.index))).notna()]
    points = pd.to_numeric(said.get("verifiability", pd.Series(dtype=float))).astype(int)
    found = pd.crosstab([said["locality_id"], said["status"]], points)
    return found.reindex(columns=range(4), fill_value=0).rename_axis(None, axis=1).reset_index()


def voice(codings: pd.DataFrame, words: Mapping[str, int]) -> pd.DataFrame:
    """Return who speaks in each article, and in how many passages per 1,000 words.

    `words` counts the words of each document. Columns document_id, locality_id, speaker, n,
    per_1000_words.
    """
    key = ["document_id", "locality_id", "speaker"]
    found = codings.groupby(key).size().rename("n").reset_index()
    return found.assign(per_1000_words=1000 * found["n"] / found["document_id"].map(words))


def fields(
    codings: pd.DataFrame, themes: pd.DataFrame, by: str = "dimension", below: bool | None = None
) -> pd.DataFrame:
    """Return one row per `by` (dimension, theme_id), locality and mark, for a grid of the passages.

    `mark` is the status, of a limitation that holds "present"; `below` asks only for what is said
    of places below the locality, or only of itself. Columns `by`, locality_id, mark, n, ids (joined
    by "|"); what most articles speak of comes first.
    """
    weak, done = (stated(codings, themes, kind) for kind in ("limitation", "practice"))
    weak = weak.assign(mark=weak["status"].replace("done", "present"))
    said = pd.concat([weak, done.assign(mark=done["status"])])
    said = said if below is None else said[said["is_below"] == below]
    grouped = said.groupby([by, "locality_id", "mark"], sort=False)["coding_id"]
    table = grouped.agg(n="size", ids="|".join).reset_index()
    articles = (
        table.groupby(by)["locality_id"].nunique().sort_values(ascending=False, kind="stable")
    )
    return table.sort_values(
        by, key=lambda names: names.map([*articles.index].index), kind="stable"
    )
