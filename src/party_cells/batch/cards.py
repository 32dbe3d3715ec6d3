"""What a report rests on: the record by which the next run tells what changed, and its card.

The record is made once of an executed notebook, without times, and kept beside the pages; the card
says in the language of a page what the record, the log and the audit tell of the rows used.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from helpers import report
from helpers.report import LANGUAGES, MIME, labels, translated, ui
from party_cells.batch import passages
from party_cells.batch.passages import Sources

_VALUES = ("localities", "vocabulary:population", "measures", "vocabulary:level")
_VALUES += ("vocabulary:status", "vocabulary:column")


def record(notebook, stem: str, run: dict, anchors: Iterable[str], sources: Sources) -> dict:
    """What the landing page and the next run need to know of a notebook; ``run`` as in
    `pages.write`, ``anchors`` of the rows that it cites.
    """
    says = own(notebook)
    cited, ours = sources.cited(anchors), shown(notebook.cells)
    days = {sources.documents[row["document_id"]]["published_date"] for row in cited}
    found = next((one for one in ours if one["kind"] == "finding"), {})
    return {
        "stem": stem,
        "notebook": Path(run.get("notebook", stem)).stem,
        "question": says.get("question", {}),
        "finding": {lang: found[lang].get("title", "") for lang in LANGUAGES if found},
        "synthetic": bool(says.get("synthetic")),
        "parameters": {k: v for k, v in run.get("parameters", {}).items() if k != "language"},
        "fingerprints": run.get("fingerprints", {}),
        "articles": len({row["document_id"] for row in cited}),
        "published": sorted(day for day in days if isinstance(day, str)),
        "rows": {passages.row_id(row): _said(row) for row in cited},
        "tables": {one["name"]: _texts(one) for one in ours if one["kind"] == "table"},
    }


def own(notebook) -> dict:
    """What the notebook says of itself; nothing in an ordinary one."""
    return notebook.metadata.get("party_cells", {})


def shown(cells: Iterable) -> list[dict]:
    """The display objects of the cells that hold both languages, in order."""
    data = (output.get("data", {}) for cell in cells for output in cell.get("outputs", []))
    return [one[MIME] for one in data if MIME in one]


def _said(row: dict) -> dict:
    """A row in words, and whether a person has confirmed it."""
    said = {lang: passages.words(row, lang) for lang in LANGUAGES}
    texts = {lang: [told["words"], " · ".join(told["details"])] for lang, told in said.items()}
    return texts | {"confirmed": said["en"]["confirmed"]}


def _texts(table: dict) -> dict:
    names = ("caption", "header", "rows")
    return {lang: {name: table[lang][name] for name in names} for lang in LANGUAGES}


def changes(before: dict | None, after: dict, language: str) -> list[tuple[str, list[str]]]:
    """What the last run said otherwise, by kind, each a summary and its lines: numbers and codes
    read otherwise, new ones and those that are gone by article, and cells of tables by table.
    """
    if before is None:
        return []
    old, new = before["rows"], after["rows"]
    both = [i for i in sorted({*old} & {*new}) if old[i][language] != new[i][language]]
    groups = {
        "changed_rows": [_otherwise(old[i][language], new[i][language]) for i in both],
        "new_rows": _by_article({*new} - {*old}),
        "gone_rows": _by_article({*old} - {*new}),
        "changed_cells": _changed_cells(before["tables"], after["tables"], language),
    }
    return [(ui(code, language), lines) for code, lines in groups.items() if lines]


def _otherwise(old: list[str], new: list[str]) -> str:
    if old[1] == new[1]:
        return f"{old[1]}: {old[0]} → {new[0]}"
    return f"{' · '.join(old)} → {' · '.join(new)}"


def _by_article(ids: set[str]) -> list[str]:
    counts = Counter(row_id.split(".")[0] for row_id in ids)
    return [f"{name}: {n}" for name, n in sorted(counts.items())]


def _changed_cells(old: dict, new: dict, language: str) -> list[str]:
    """For each table how many cells, by what heads their row and column, are not as they were."""
    counts = {}
    for name in {*old} & {*new}:
        gone = _cells(new[name][language]) - _cells(old[name][language])
        counts[new[name][language]["caption"]] = gone.total()
    return [f"{caption}: {n}" for caption, n in sorted(counts.items()) if n]


def _cells(table: dict) -> Counter:
    return Counter(
        (row[0], head, cell)
        for row in table["rows"]
        for head, cell in zip(table["header"], row, strict=True)
    )


def card(found: dict, before: dict | None, sources: Sources, language: str) -> dict:
    """What the card says, as texts; what there is nothing to say of is empty."""
    rows = found["rows"]
    return {
        "synthetic": found["synthetic"],
        "about": about(found, language),
        "parameters": parameters(found, language),
        "used": len(rows),
        "confirmed": sum(row["confirmed"] for row in rows.values()),
        "articles": found["articles"],
        "dates": dates(found, language),
        "lacks": lacks(found, language),
        "findings": _findings(rows, sources, language),
        "changes": changes(before, found, language),
        "corrections": _corrections(rows, sources, language),
        "cite": _citation(found, language),
    }


def lacks(found: dict, language: str) -> list[str]:
    """What `pages.lacking` found, in words."""
    return [ui(f"lacks_{code}", language).format(much) for code, much in found["lacks"].items()]


def parameters(found: dict, language: str) -> dict[str, str]:
    """The parameters in the words that readers know, where there are any; not what is left open."""
    names, given = labels("vocabulary:parameter", language), found["parameters"]
    said = {n: v for n, v in given.items() if v not in (None, "", -1)}
    return {names.get(n, n): value(v, language) for n, v in said.items()}


def value(given, language: str) -> str:
    """The value of a parameter in words, if it is an id that has a name."""
    if given in (None, "", "none"):
        return ui("none", language)
    known = (labels(table, language).get(str(given)) for table in _VALUES)
    return next(filter(None, known), str(given))


def about(found: dict, language: str) -> list[str]:
    """The places that a report with parameters is about; they stand in its title."""
    places = labels("localities", language)
    return [places[v] for v in map(str, found["parameters"].values()) if v in places]


def dates(found: dict, language: str) -> str:
    """When the articles used were published, the first and the last day."""
    ends = dict.fromkeys([*found["published"][:1], *found["published"][-1:]])
    return " – ".join(report.date(day, language) for day in ends)


def _corrections(rows: dict, sources: Sources, language: str) -> list[str]:
    """The corrections of rows used here, and the withdrawals from articles used here."""
    articles, said = {row_id.split(".")[0] for row_id in rows}, []
    for row in sources.corrections:
        is_withdrawn = row["column"] in ("fact_id", "coding_id") and not row["value_after"]
        if is_withdrawn and row["row_id"].split(".")[0] in articles:
            change = ui("withdrawn", language)
        elif row["row_id"] in rows:
            told = [
                row[name] or ui("none", language) for name in ("expected_before", "value_after")
            ]
            change = f"{row['column']}: {' → '.join(told)}"
        else:
            continue
        said.append(f"{row['corrected_on']} · {row['row_id']} · {change} ({row['reason']})")
    return said


def _findings(rows: dict, sources: Sources, language: str) -> list[str]:
    """What the consistency audit says of the facts used, as far as no note resolves it."""
    said = []
    for found in sources.findings.to_dict("records") if rows else []:
        if {*rows} & {*found["fact_ids"].split()}:
            names = ("place_id", "measure_id", "audit_verdict")
            place, measure, verdict = (translated(found[name], name, language) for name in names)
            values = f"{found[f'expected_{language}']}; {found[f'found_{language}']}"
            said.append(f"{place}, {measure}: {verdict} ({values})")
    return said


def _citation(found: dict, language: str) -> str:
    """How to cite the report, with the marks of the data and of the code it was made from."""
    values = ", ".join(f"{k}: {v}" for k, v in parameters(found, language).items())
    kinds = [kind for kind in ("data", "code") if kind in found["fingerprints"]]
    marks = ", ".join(f"{ui(k, language)} {str(found['fingerprints'][k])[:12]}" for k in kinds)
    parts = [f"“{found['title'][language]}”", ui("collection_name", language), values]
    return ". ".join(filter(None, [*parts, dates(found, language), marks])) + "."
