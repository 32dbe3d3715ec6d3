"""What articles say of practices and limitations, arranged for reading; nothing is scored.

A theme is *stated*, *denied* or *not stated*, within one level and one status: what a commune has
done is not what a conference calls for in a district. Not stated is silence, not absence.
"""

import pandas as pd

from helpers import bounds, codebook, report

STATUSES = {
    "practice": ("done", "planned", "urged", "rule"),
    "limitation": ("done", "overcome", "urged"),
}


def printed(facts: pd.DataFrame) -> pd.DataFrame:
    """The facts for readers, in the order of the text: place, measure, number, period, status.

    ``value`` is a `bounds.Bounded` by the words alone, linked to its fact.
    """
    ordered = facts.sort_values(["document_id", "char_start"])
    return pd.DataFrame(
        {
            "place_id": ordered["place_id"],
            "level": ordered["level"],
            "measure_id": ordered["measure_id"],
            "value": [bounds.from_fact(row) for row in ordered.to_dict("records")],
            "period": [_period(row) for row in ordered.to_dict("records")],
            "period_kind": ordered["period_kind"],
            "status": ordered["status"],
        }
    ).reset_index(drop=True)


def _period(row: dict) -> str:
    """A day, a year, or two years: as much as the row says."""
    start, end = row["period_start"], row["period_end"]
    if start == end:
        return end
    whole_years = start.endswith("-01-01") and end.endswith("-12-31")
    first, last = (start[:4], end[:4]) if whole_years else (start[:7], end[:7])
    return first if first == last else f"{first} – {last}"


def by_dimension(codings: pd.DataFrame, themes: pd.DataFrame, kind: str) -> pd.DataFrame:
    """One row per dimension, one column per status; cells list the themes, linked to passages.

    ``kind`` is practice or limitation. A denied theme says so. Dimensions without an entry stay
    in the table, with every cell missing; a status other than done that nowhere occurs has no
    column.
    """
    own = themes[themes["kind"] == kind]
    chosen = codings[codings["theme_id"].isin(own["theme_id"])]
    chosen = chosen.drop(columns=["dimension", "kind"], errors="ignore").merge(
        own[["theme_id", "dimension"]], on="theme_id"
    )
    known = set(own["dimension"])
    order = [name for name in codebook.labels("vocabulary:dimension", "en") if name in known]
    table = pd.DataFrame({"dimension": order})
    for status in STATUSES[kind]:
        found = chosen[chosen["status"] == status]
        if status == "done" or not found.empty:
            cells = {name: _entries(rows) for name, rows in found.groupby("dimension")}
            column = f"{kind}_{status}"
            table[column] = table["dimension"].map(lambda name, cells=cells: cells.get(name))
    return table


def _entries(rows: pd.DataFrame) -> list[report.Words]:
    """Each theme once, with the level it is said of unless that is the district's."""
    return [
        _entry(theme_id, level, stance, group["coding_id"])
        for (theme_id, level, stance), group in rows.groupby(["theme_id", "level", "stance"])
    ]


def _entry(theme_id: str, level: str, stance: str, ids: pd.Series) -> report.Words:
    words = report.label("themes", theme_id)
    marks = [] if level == "district" else [report.label("vocabulary:level", level)]
    marks += [] if stance == "stated" else [report.label("vocabulary:stance", stance)]
    texts = {
        language: getattr(words, language)
        + (f" ({', '.join(getattr(mark, language) for mark in marks)})" if marks else "")
        for language in report.LANGUAGES
    }
    return report.cited((texts["en"], texts["vi"]), ids)


def side_by_side(
    codings: pd.DataFrame,
    themes: pd.DataFrame,
    localities: list[str],
    *,
    kind: str,
    level: str,
    status: str,
) -> pd.DataFrame:
    """One row per theme, one column per locality: stated, denied, or missing for not stated.

    Only passages of one ``kind``, ``level`` and ``status``, so that like stands beside like; a
    theme that no locality states or denies there has no row. Needs ``locality_id`` in codings.
    """
    own = themes[themes["kind"] == kind]
    chosen = codings[
        codings["theme_id"].isin(own["theme_id"])
        & codings["level"].eq(level)
        & codings["status"].eq(status)
    ]
    cells = {
        key: [
            report.cited(report.label("vocabulary:stance", stance), same["coding_id"])
            for stance, same in group.groupby("stance", sort=False)
        ]
        for key, group in chosen.groupby(["theme_id", "locality_id"])
    }
    order = list(codebook.labels("vocabulary:dimension", "en"))
    said = own[own["theme_id"].isin(chosen["theme_id"])]
    said = said.sort_values("dimension", key=lambda names: names.map(order.index), kind="stable")
    table = said[["dimension", "theme_id"]].reset_index(drop=True)
    said_by = {
        place: [cells.get((theme_id, place)) for theme_id in table["theme_id"]]
        for place in localities
    }
    return pd.concat([table, pd.DataFrame(said_by, table.index, dtype="object")], axis=1)


def counts(codings: pd.DataFrame, themes: pd.DataFrame) -> pd.DataFrame:
    """Passages by locality, dimension, kind, level and status: ``n`` and the ids, for figures.

    Columns ``locality_id, dimension, kind, level, status, stance, n, ids`` (ids joined by ``|``).
    """
    joined = codings.drop(columns=["dimension", "kind"], errors="ignore").merge(
        themes[["theme_id", "dimension", "kind"]], on="theme_id"
    )
    keys = ["locality_id", "dimension", "kind", "level", "status", "stance"]
    grouped = joined.groupby(keys)["coding_id"]
    return grouped.agg(n="size", ids="|".join).reset_index()
