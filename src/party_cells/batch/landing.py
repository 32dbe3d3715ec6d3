"""The landing page: the localities side by side, what was found, and every report; the register.

Made from the tables of the data folder in use and from the records of the reports, for any
collection: `index` writes the pages of every language and marks the reports that are about
another state of the data; `bundle` puts all into one file to send.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterable
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote as url_quote

import pandas as pd

from helpers import codebook, numbers, practices
from helpers.report import LANGUAGES, labels, ui
from party_cells.batch import cards, pages, passages
from party_cells.batch.passages import Sources

BESIDE, ROWS = 12, 40  # localities that stand side by side; that have a row each
_PAGE = 500_000  # characters of passages on a page of the register
_SIZES = (("base_organisations",), ("cells_under_base", "cells"), ("members",))
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
        folder = into / language
        register, where = _register(sources, language)
        made |= {folder / name: html.encode() for name, html in register.items()}
        listed = [_listed(s, records.get(s), by_stem.get(s, {}), language) for s in stems]
        headlines[language] = headline(sources, language)
        page = {"title": ui("collection_name", language), "headline": headlines[language]}
        page |= _poster(sources, where, language) | {"groups": _groups(listed)}
        page |= {"file": "index.html", "wide": True, "rows": ROWS}
        made[folder / "index.html"] = pages.render("landing", page, language).encode()
        made |= _marked(folder, listed, language)
    first = next(iter(languages))
    page = {"title": ui("collection_name", first), "headlines": headlines}
    made[into / "index.html"] = pages.render("choose", page, first).encode()
    return pages.save(made)


def bundle(out: Path) -> Path:
    """Put the pages and files of a reports folder into one file to send; returns its path.

    What was executed, the records and the log stay out. The same reports give the same bytes.
    """
    target = out / "party-cells-reports.zip"
    inside = [
        out / "index.html",
        *(p for lang in LANGUAGES for p in sorted((out / lang).glob("*"))),
    ]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for path in inside:
            entry = zipfile.ZipInfo(f"reports/{path.relative_to(out).as_posix()}")
            file.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


# --- Side by side -----------------------------------------------------------------------------


def headline(sources: Sources, language: str) -> str:
    """What the articles together tell, in one computed sentence: diagnosis against remedy."""
    home = {name: row["locality_id"] for name, row in sources.documents.items()}
    told = [row | {"locality_id": home[row["document_id"]]} for row in sources.codings.values()]
    themes = codebook.load("themes")
    found = practices.answers(pd.DataFrame(told), themes) if told else pd.DataFrame()
    left = found[found["remedy_ids"] == ""]["theme_id"] if told else []
    if not len(left):
        counts = len(sources.documents), len(sources.facts), len(told)
        return ui("headline_counts", language).format(*_written(counts, language))
    most, times = left.mode()[0], int(left.value_counts().max())
    said = _written((len(found), len(left), times, len({*home.values()})), language)
    return ui("headline", language).format(*said, labels("themes", language)[most])


def _written(counts: Iterable[int], language: str) -> list[str]:
    return [numbers.write(n, "count", language) for n in counts]


def _poster(sources: Sources, where: dict[str, str], language: str) -> dict:
    """The localities in the order of the years of their articles, and how many more there are."""
    documents = sorted(sources.documents.values(), key=lambda row: str(row["published_date"]))
    by_place = {}
    for row in documents:
        by_place.setdefault(row["locality_id"], []).append(row)
    shown = [*by_place] if len(by_place) <= BESIDE else [*by_place][:ROWS]
    places = [_place(name, by_place[name], sources, where, language) for name in shown]
    return {"places": places, "more": len(by_place) - len(shown), "beside": len(shown) <= BESIDE}


def _place(name: str, articles: list[dict], sources: Sources, where: dict, language: str) -> dict:
    """One locality as its articles describe it, in words with links to the register."""
    ids = {row["document_id"] for row in articles}
    facts = [
        row
        for row in sources.facts.values()
        if row["document_id"] in ids and row["place_id"] == name and row["status"] == "actual"
    ]
    kinds = labels("vocabulary:article_kind", language)
    sources_ = [passages.source(row["document_id"], sources, language) for row in articles]
    sizes = {codes[0]: _newest(facts, codes) for codes in _SIZES}
    rated = [row for row in facts if "_rated_" in row["measure_id"]]
    return {
        "name": labels("localities", language).get(name, name),
        "year": ", ".join(dict.fromkeys(str(row["published_date"])[:4] for row in articles)),
        "outlet": "; ".join(dict.fromkeys(told["outlet"] for told in sources_)),
        "kind": ", ".join(dict.fromkeys(kinds.get(row["kind"], "") for row in articles)),
        "sizes": {
            labels("measures", language)[code]: _linked(rows, where, language)
            for code, rows in sizes.items()
        },
        "ratings": _ratings(rated, where, language),
        "marks": _marks(ids, sources, language),
        "silent": _silent(sizes, rated, ids, sources, language),
    }


def _newest(facts: list[dict], measures: tuple[str, ...]) -> list[dict]:
    """The newest figure of the first of these measures that has any."""
    for measure in measures:
        if found := [row for row in facts if row["measure_id"] == measure]:
            return [max(found, key=lambda row: str(row["period_end"]))]
    return []


def _linked(rows: list[dict], where: dict, language: str) -> list[tuple[str, str]]:
    """The numbers in words, each with the address of its sentence."""
    names = [passages.anchor(row) for row in rows]
    told = [passages.number(row, language) for row in rows]
    return [(words, f"{where[name]}#{name}") for words, name in zip(told, names, strict=True)]


def _ratings(rated: list[dict], where: dict, language: str) -> dict:
    """What the articles claim of ratings, of cells where they do, and by which scheme."""
    populations = {row["measure_id"].partition("_")[0] for row in rated}
    first = next((p for p in ("cells", "organisations", "members") if p in populations), "")
    rows = [row for row in rated if row["measure_id"].startswith(f"{first}_")][:4]
    measures, schemes = labels("measures", language), labels("rating_schemes", language)
    claims = zip(_linked(rows, where, language), rows, strict=True)
    return {
        "claims": [(*link, measures[row["measure_id"]]) for link, row in claims],
        "schemes": list(dict.fromkeys(schemes.get(row["scheme_id"], "") for row in rows)),
    }


def _marks(ids: set[str], sources: Sources, language: str) -> dict[str, list]:
    """For limitations and practices how many themes the articles tell of, by status."""
    kinds, themes = labels("vocabulary:theme_kind", language), codebook.load("themes")
    kind_of = dict(zip(themes["theme_id"], themes["kind"], strict=True))
    told = {
        (kind_of[row["theme_id"]], row["status"], row["theme_id"])
        for row in sources.codings.values()
        if row["document_id"] in ids and row["stance"] == "stated"
    }
    counts = Counter((kind, status) for kind, status, _ in told)
    named = labels("vocabulary:status", language)
    return {
        kinds[kind]: [
            (status, counts[kind, status], named[status])
            for status in named
            if counts[kind, status]
        ]
        for kind in ("limitation", "practice")
    }


def _silent(sizes: dict, rated: list, ids: set, sources: Sources, language: str) -> list[str]:
    """What these articles cannot tell: sizes, ratings, and fields of party life they leave out."""
    themes = codebook.load("themes")
    field_of = dict(zip(themes["theme_id"], themes["dimension"], strict=True))
    told = {field_of[r["theme_id"]] for r in sources.codings.values() if r["document_id"] in ids}
    measures, fields = labels("measures", language), labels("vocabulary:dimension", language)
    missing = [measures[code] for code, rows in sizes.items() if not rows]
    missing += [] if rated else [ui("ratings", language)]
    return missing + [fields[field] for field in fields if field not in told]


# --- Register and reports ---------------------------------------------------------------------


def _register(sources: Sources, language: str) -> tuple[dict[str, str], dict[str, str]]:
    """The pages of the register by file name, and on which of them each row stands."""
    groups, where, size = [[]], {}, 0
    by_article = {}
    for row in sources.cited(sources.rows):
        by_article.setdefault(row["document_id"], []).append(row)
    for name, rows in by_article.items():
        told = passages.article(name, rows, sources, language, {})
        size += sum(len(part["quote"]) + 300 * len(part["items"]) for part in told["passages"])
        if size > _PAGE and groups[-1]:
            groups, size = [*groups, []], 0
        groups[-1].append(told)
        file = _register_file(len(groups))
        where |= {passages.anchor(row): file for row in rows}
    files = [_register_file(at) for at in range(1, len(groups) + 1)]
    page = {"title": ui("register", language), "pages": files}
    made = {
        file: pages.render("register", page | {"articles": told, "file": file}, language)
        for file, told in zip(files, groups, strict=True)
    }
    return made, where


def _register_file(at: int) -> str:
    return f"register-{at}.html" if at > 1 else "register.html"


def _listed(stem: str, record: dict | None, run: dict, language: str) -> dict:
    """One report of the landing page: its title, its answer in one line, and its state."""
    line = {"stem": stem, "state": run.get("state", "out_of_date"), "error": run.get("error", "")}
    if record is None:
        return line | {"title": stem, "answer": "", "href": "", "about": []}
    answer = record.get("finding", {}).get(language) or record["question"].get(language, "")
    line |= {"title": record["title"][language], "answer": answer}
    return line | {"href": url_quote(f"{stem}.html"), "about": cards.about(record, language)}


def _groups(listed: list[dict]) -> dict[str, list[dict]]:
    """The reports in three groups: the answer, last notebook first; the places; how we know."""
    groups = {"answer": [], "places": [], "know": []}
    for line in listed:
        number = int(re.match(r"\d*", line["stem"])[0] or 99)
        is_place = line["about"] and "--" in line["stem"]
        is_answer = number >= 60 and not 80 < number < 90
        groups["places" if is_place else "answer" if is_answer else "know"].append(line)
    return groups | {"answer": groups["answer"][::-1]}


def _marked(folder: Path, listed: list[dict], language: str) -> dict[Path, bytes]:
    """The pages whose banner has to appear or to go, or whose links to other reports now lead
    elsewhere: to the report where there is one, else to its place on the landing page.
    """
    made = {}
    for line in (line for line in listed if line["href"]):
        path = folder / f"{line['stem']}.html"
        said = ui("stale", language) if line["state"] in ("failed", "out_of_date") else ""
        banner = f'<p class="stale" role="note">{escape(said)}</p>' if said else ""
        old = path.read_text("utf-8") if path.exists() else ""
        new = _STATE.sub(lambda _, b=banner: f"<!--state-->{b}<!--/state-->", old, count=1)
        new = _TO.sub(lambda link, path=path: f'<a class="to" href="{_target(link[1], path)}"', new)
        made |= {path: new.encode()} if new != old else {}
    return made


def _target(name: str, page: Path) -> str:
    """Where a link to a notebook leads from a page: to the report of the same place, if any."""
    place = page.stem.partition("--")[2]
    for stem in (f"{unescape(name)}--{place}", unescape(name)):
        if (page.parent / f"{stem}.html").exists():
            return url_quote(f"{stem}.html")
    return f"index.html#{name}"
