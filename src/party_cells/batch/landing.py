"""The landing page: the localities side by side, what was found, and every report; the register.

Made from the tables of the data folder in use and from the records of the reports, for any
collection: `index` writes the pages of every language and marks the reports that are about
another state of the data; `bundle` puts all into one file to send.
"""

import re
from collections.abc import Iterable
from html import escape, unescape
from itertools import groupby
from pathlib import Path
from urllib.parse import quote as url_quote

import pandas as pd

from helpers import codebook, numbers, practices
from helpers.report import LANGUAGES, labels, ui
from party_cells.batch import cards, downloads, pages, passages
from party_cells.batch.passages import Sources

BESIDE, ROWS = 12, 40  # localities that stand side by side; that have a row each
_ON_A_PAGE = 1000  # rows of the register, some 400 kB
_SIZES = (("base_organisations",), ("cells_under_base", "cells"), ("members",))
_RATED = ("cells_rated_", "organisations_rated_", "members_rated_")
_TO = re.compile(r'<a class="to" href="(?:index.html#)?([^"]+?)(?:--[^"]*)?(?:\.html)?"')
_STATE = re.compile(r"<!--state-->.*?<!--/state-->", re.DOTALL)


def index(runs: list[dict], into: Path, languages: Iterable[str] = LANGUAGES) -> list[Path]:
    """Write the landing page and the register of each language; returns the files.

    Each run has ``stem``, ``notebook`` and ``state`` (done, failed, out_of_date, up_to_date), and
    ``error`` if it failed. A report that is none of a run, or whose run failed or is out of date,
    is marked in its own page as one about another state of the data. ``into/index.html`` lets a
    reader choose the language.
    """
    sources, by_stem = Sources.load(), {run["stem"]: run for run in runs}
    records = {p.stem: pages.read_record(p) for p in sorted((into / "records").glob("*.json"))}
    stems, made, headlines = sorted({*records, *by_stem}), {}, {}
    for language in languages:
        register, where = _register(sources, language)
        listed = [_listed(s, records.get(s), by_stem.get(s, {}), language) for s in stems]
        headlines[language] = headline(sources, language)
        page = {"title": ui("collection_name", language), "headline": headlines[language]}
        page |= _poster(sources, where, language) | {"groups": _groups(listed)}
        page |= {"file": "index.html", "wide": True}
        html = register | {"index.html": pages.render("landing", page, language)}
        html |= _marked(into / language, listed, language)
        made |= {into / language / name: text.encode() for name, text in html.items()}
    first = next(iter(languages))
    page = {"title": ui("collection_name", first), "headlines": headlines}
    made[into / "index.html"] = pages.render("choose", page, first).encode()
    return pages.save(made)


def bundle(out: Path) -> Path:
    """Put the pages and files of a reports folder into one file to send; returns its path.

    What was executed, the records and the log stay out. The same reports give the same bytes.
    """
    inside = [
        out / "index.html",
        *(p for name in LANGUAGES for p in sorted((out / name).glob("*"))),
    ]
    files = {f"reports/{path.relative_to(out).as_posix()}": path.read_bytes() for path in inside}
    [target] = pages.save({out / "party-cells-reports.zip": downloads.zipped(files)})
    return target


# --- Side by side -----------------------------------------------------------------------------


def headline(sources: Sources, language: str) -> str:
    """What the articles together tell, in one computed sentence: diagnosis against remedy."""
    told, counts = _coded(sources), [len(sources.documents), len(sources.facts)]
    themes = codebook.load("themes")
    found = practices.answers(told, themes).query("status != 'overcome'") if len(told) else told
    left = found.query("remedy_ids == ''")["theme_id"] if len(found) else found
    if not len(left):
        return ui("headline_counts", language).format(*_written([*counts, len(told)], language))
    most, places = left.mode()[0], told["locality_id"].nunique()
    counts = [len(found), len(left), (left == most).sum(), places]
    return ui("headline", language).format(
        *_written(counts, language), labels("themes", language)[most]
    )


def _coded(sources: Sources) -> pd.DataFrame:
    """The codings with the locality of their article and the kind and field of their theme."""
    home = {name: row["locality_id"] for name, row in sources.documents.items()}
    rows = [row | {"locality_id": home[row["document_id"]]} for row in sources.codings.values()]
    names = [] if rows else ["theme_id", "document_id", "stance", "status"]
    themes = codebook.load("themes")[["theme_id", "kind", "dimension"]]
    return pd.DataFrame(rows or {name: [] for name in names}).merge(themes, on="theme_id")


def _written(counts: Iterable[int], language: str) -> list[str]:
    return [numbers.write(n, "count", language) for n in counts]


def _poster(sources: Sources, where: dict[str, str], language: str) -> dict:
    """The localities in the order of the years of their articles, and how many more there are.

    Each has a name, what its articles are, and lines by field; see `_fields`.
    """
    by_place, codings = {}, _coded(sources)
    for row in sorted(sources.documents.values(), key=lambda row: str(row["published_date"])):
        by_place.setdefault(row["locality_id"], []).append(row)
    most = BESIDE if len(by_place) <= BESIDE else ROWS
    names, places = labels("localities", language), []
    for name, articles in [*by_place.items()][:most]:
        ids = {row["document_id"] for row in articles}
        facts = [
            row
            for row in sources.facts.values()
            if row["document_id"] in ids and row["place_id"] == name and row["status"] == "actual"
        ]
        coded = codings[codings["document_id"].isin(ids)]
        fields = _fields(facts, coded, where, language)
        about = _about(articles, sources, language)
        places.append({"name": names.get(name, name), "about": about, "fields": fields})
    return {"places": places, "more": len(by_place) - len(places), "beside": most == BESIDE}


def _about(articles: list[dict], sources: Sources, language: str) -> str:
    """The years, outlets and kinds of some articles, each said once."""
    kinds = labels("vocabulary:article_kind", language)
    outlets = [passages.source(row["document_id"], sources, language)["outlet"] for row in articles]
    years = [str(row["published_date"])[:4] for row in articles]
    told = (years, outlets, [kinds.get(row["kind"], "") for row in articles])
    return " · ".join(filter(None, (", ".join(dict.fromkeys(texts)) for texts in told)))


def _fields(
    facts: list[dict], coded: pd.DataFrame, where: dict, language: str
) -> dict[str, list[dict]]:
    """What is told of one locality, by field: lines of words with the address of their sentence.

    Its newest sizes, the ratings claimed (of cells where they are) with the scheme, how many
    themes of which status, and what these articles cannot tell.
    """
    measures, schemes = labels("measures", language), labels("rating_schemes", language)

    def line(row: dict, note: str = "") -> dict:
        name = passages.anchor(row)
        words = passages.number(row, language)
        return {"words": words, "href": f"{where[name]}#{name}", "note": note}

    fields = {measures[codes[0]]: [*map(line, _newest(facts, codes))] for codes in _SIZES}
    rated = ([row for row in facts if row["measure_id"].startswith(kind)] for kind in _RATED)
    rated = next(filter(None, rated), [])[:4]
    fields[ui("ratings", language)] = [line(row, measures[row["measure_id"]]) for row in rated]
    named = dict.fromkeys(schemes.get(row["scheme_id"], "") for row in rated)
    silent = [name for name, lines in fields.items() if not lines]
    fields[ui("ratings", language)] += [{"note": name} for name in named if name]
    told = labels("vocabulary:dimension", language)
    silent += [told[name] for name in told if name not in {*coded["dimension"]}]
    note = [{"note": "; ".join(silent)}] if silent else []
    return fields | _marks(coded, language) | {ui("silent", language): note}


def _newest(facts: list[dict], measures: tuple[str, ...]) -> list[dict]:
    """The newest figure of the first of these measures that has any."""
    found = ([row for row in facts if row["measure_id"] == name] for name in measures)
    newest = sorted(next(filter(None, found), []), key=lambda row: str(row["period_end"]))
    return newest[-1:]


def _marks(coded: pd.DataFrame, language: str) -> dict[str, list[dict]]:
    """For limitations and practices how many themes the articles tell of, by status."""
    kinds, statuses = (labels(f"vocabulary:{n}", language) for n in ("theme_kind", "status"))
    told = coded[coded["stance"] == "stated"].drop_duplicates(["theme_id", "status"])
    counts = told.value_counts(["kind", "status"])
    return {
        kinds[kind]: [
            {"mark": status, "count": counts[kind, status], "note": statuses[status]}
            for status in statuses
            if (kind, status) in counts
        ]
        for kind in ("limitation", "practice")
    }


# --- Register and reports ---------------------------------------------------------------------


def _register(sources: Sources, language: str) -> tuple[dict[str, str], dict[str, str]]:
    """The pages of the register by file name, and on which of them each row stands."""
    files, where = {"register.html": []}, {}
    cited = sources.cited(sources.rows)
    for name, found in groupby(cited, key=lambda row: row["document_id"]):
        rows, at = list(found), len(where) // _ON_A_PAGE
        file = f"register-{at + 1}.html" if at else "register.html"
        told = passages.article(name, rows, sources, language, {})
        files.setdefault(file, []).append(told)
        where |= {passages.anchor(row): file for row in rows}
    page = {"title": ui("register", language), "pages": [*files]}
    made = {
        file: pages.render("register", page | {"articles": told, "file": file}, language)
        for file, told in files.items()
    }
    return made, where


def _listed(stem: str, record: dict | None, run: dict, language: str) -> dict:
    """One report of the landing page: its title, its answer in one line, and its state."""
    line = {"stem": stem, "state": run.get("state", "out_of_date"), "error": run.get("error", "")}
    if record is None:
        return line | {"title": stem, "answer": "", "href": "", "is_place": False}
    answer = record.get("finding", {}).get(language) or record["question"].get(language, "")
    line |= {"answer": answer, "href": url_quote(f"{stem}.html"), "is_place": "--" in stem}
    name = ", ".join(cards.about(record, language)) if line["is_place"] else ""
    return line | {"title": name or record["title"][language]}


def _groups(listed: list[dict]) -> dict[str, list[dict]]:
    """The reports in three groups: the answer, last notebook first; the places; how we know."""
    groups = {"answer": [], "places": [], "know": []}
    for line in listed:
        number = int(re.match(r"\d*", line["stem"])[0] or 99)
        is_answer = number >= 60 and not 80 < number < 90
        groups["places" if line["is_place"] else "answer" if is_answer else "know"].append(line)
    return groups | {"answer": groups["answer"][::-1]}


def _marked(folder: Path, listed: list[dict], language: str) -> dict[str, str]:
    """The pages whose banner has to appear or to go, or whose links to other reports now lead
    elsewhere: to the report where there is one, else to its place on the landing page.
    """
    made = {}
    for line in listed:
        path = folder / f"{line['stem']}.html"
        old = path.read_text("utf-8") if path.exists() and line["href"] else ""
        is_stale = line["state"] in ("failed", "out_of_date")
        said = f'<p class="stale" role="note">{escape(ui("stale", language))}</p>' * is_stale
        new = _STATE.sub(lambda _, s=said: f"<!--state-->{s}<!--/state-->", old, count=1)
        new = _TO.sub(lambda link, at=path: f'<a class="to" href="{_target(link[1], at)}"', new)
        made |= {path.name: new} if new != old else {}
    return made


def _target(name: str, page: Path) -> str:
    """Where a link to a notebook leads from a page: to the report of the same place, if any."""
    for stem in (f"{unescape(name)}--{page.stem.partition('--')[2]}", unescape(name)):
        if (page.parent / f"{stem}.html").exists():
            return url_quote(f"{stem}.html")
    return f"index.html#{name}"
