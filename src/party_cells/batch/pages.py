"""From one executed notebook to the reports that people share, in each language.

One HTML file per report and language, what was found first: no script, no request, every number
linked to the passage it comes from and every passage back to its uses. Beside it the tables as
files, and a record by which the landing page is made and the next run can tell what has changed.
Any notebook makes a report; `lacking` says what it lacks of the form that ours keep.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote as url_quote

import jinja2
import nbformat
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from helpers import report
from helpers.report import LANGUAGES, MIME, labels, ui
from party_cells.batch import downloads, outputs, passages
from party_cells.batch.passages import LINK, LINKED, Sources, Uses

_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯà-ãè-éìíò-õùúýẠ-ỹ]")
_HEADING = re.compile(r"<h([1-6])[^>]*>(.*?)</h\1>", re.DOTALL)
_INSIDE = 300_000  # bytes of files that a page holds itself; more than that lies beside it, linked
_SHOWN = 500_000  # characters of plain outputs that a page shows; the rest lies beside it too


class ReportInvalid(ValueError):
    """What a notebook cites does not exist; ``problems`` says what and where."""

    def __init__(self, name: str, found: list[str]):
        self.problems = found
        super().__init__(f"{name} cannot be published: " + "\n  ".join(found))


def write(
    executed: Path,
    into: Path,
    languages: Iterable[str] = LANGUAGES,
    run: dict | None = None,
    sources: Sources | None = None,
) -> list[Path]:
    """Write the report of an executed notebook in each language; returns the files.

    ``into/<language>/<stem>.html``, ``.xlsx`` and a ``.csv`` per table, and
    ``into/records/<stem>.json`` for the landing page and the next run. ``run`` is what the card
    says, every key optional: ``notebook`` (its name), ``parameters`` (effective values),
    ``fingerprints`` (by name: data, code, …), ``previous`` (path of the last record; by default
    the one in ``into``). Whoever writes many reports from the same data loads ``sources`` once.
    Raises `ReportInvalid` where a cited passage does not exist, and then writes nothing.
    """
    notebook, run = _read(executed), run or {}
    sources = sources or Sources.load()
    if gone := dangling(notebook, sources):
        raise ReportInvalid(executed.name, gone)
    stem, last = executed.stem, into / "records" / f"{executed.stem}.json"
    essays = {language: list(_items(notebook, language)) for language in LANGUAGES}
    titles = {
        language: _title(notebook, stem, language, essays[language]) for language in LANGUAGES
    }
    record = _record(notebook, stem, run, sources) | {"title": titles}
    before, made = read_record(Path(run.get("previous") or last)), {}
    rows = sources.cited(map(report.anchor, record["rows"]))
    tables = [one for one in _shown(notebook.cells) if one["kind"] in ("table", "figure")]
    for language in languages:
        writer = Writer(stem, _derived(notebook.cells), sources, language)
        files = downloads.files(stem, tables, rows, sources, language)
        page = _page(titles[language], essays[language], writer)
        page |= {"card": _card(record, before, sources, language), "file": f"{stem}.html"}
        page["about"] = page["card"]["about"]
        page["files"] = _addresses(files)
        html = {f"{stem}.html": render("report", page, language).encode()}
        made |= {into / language / name: c for name, c in (files | writer.beside | html).items()}
    made[last] = json.dumps(record, ensure_ascii=False, indent=1).encode()
    return save(made)


def save(made: dict[Path, bytes]) -> list[Path]:
    """Write the files, with the folders that they need; returns their paths."""
    for path, content in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(made)


def read_record(path: Path) -> dict | None:
    """What was recorded of a report; None where there is no such record."""
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def lacked(record: Path) -> str:
    """What a report that was written lacks, for the line of its run."""
    return "; ".join(lacks(json.loads(record.read_text("utf-8"))["lacks"], "en"))


def _read(executed: Path) -> nbformat.NotebookNode:
    """The notebook; what a synthetic one shows has no passages, so its links are taken out."""
    notebook = nbformat.read(executed, as_version=4)
    if _about(notebook).get("synthetic"):
        for one in _shown(notebook.cells):
            one["derived"] = {}
            for language in LANGUAGES:
                one[language]["html"] = LINKED.sub(r"\1", one[language]["html"])
    return notebook


def _about(notebook) -> dict:
    """What the notebook says of itself; nothing in an ordinary one."""
    return notebook.metadata.get("party_cells", {})


# --- What a notebook lacks, and what it may not do --------------------------------------------


def dangling(notebook, sources: Sources) -> list[str]:
    """What the notebook cites although it does not exist: a number nobody can follow."""
    return [
        f"cell {at}: no fact or coding {name[2:]!r}"
        for at, cell in enumerate(notebook.cells, 1)
        for name in sorted(_linked_in(cell) - {*_derived([cell])})
        if name not in sources.rows
    ]


def lacking(notebook) -> dict[str, int | str]:
    """What an ordinary notebook lacks, by code, and how much of it; empty where nothing is.

    ``language`` (cells of prose), ``outputs`` (in one language), ``alt`` (pictures without
    words), ``evidence`` (no number leads to its sentence), ``taken`` (what could run or load).
    """
    tagged = [_languages(cell) for cell in notebook.cells if cell.cell_type == "markdown"]
    paired = 2 * min(tagged.count([language]) for language in LANGUAGES)
    plain = [one for one in _outputs(notebook.cells) if MIME not in one.get("data", {})]
    prose = {
        name
        for cell in notebook.cells
        if cell.cell_type != "code"
        for name in outputs.taken(_rendered(cell.source, cell.get("attachments")))
    }
    pictures = [one for one in plain if any(m.startswith("image/") for m in one.get("data", {}))]
    evidence = any(map(_linked_in, notebook.cells)) or _about(notebook).get("synthetic")
    found = {"language": len(tagged) - paired, "outputs": len(plain), "alt": len(pictures)}
    found["evidence"] = 0 if evidence or not plain else 1
    found["taken"] = ", ".join(
        sorted({name for one in plain for name in outputs.taken_of(one)} | prose)
    )
    return {code: much for code, much in found.items() if much}


def lacks(found: dict, language: str) -> list[str]:
    """What `lacking` found, in words."""
    return [ui(f"lacks_{code}", language).format(much) for code, much in found.items()]


def _languages(cell) -> list[str]:
    return [tag for tag in LANGUAGES if tag in cell.get("metadata", {}).get("tags", [])]


def _linked_in(cell) -> set[str]:
    """The anchors that a cell links to, those of operands among them."""
    prose = cell.source if cell.cell_type == "markdown" else ""
    names = set(re.findall(r"\]\(#([fcd]-[^)\s]+)\)", prose))
    for one in _shown([cell]):
        for language in LANGUAGES:
            names |= {link[2] for link in LINK.finditer(one[language]["html"])}
        for line in one["derived"].values():
            names |= {report.anchor(fact_id) for fact_id in line["facts"]}
    return names


def _outputs(cells: Iterable) -> list[dict]:
    return [output for cell in cells for output in cell.get("outputs", [])]


def _shown(cells: Iterable) -> list[dict]:
    """The display objects of the cells that hold both languages, in order."""
    return [one["data"][MIME] for one in _outputs(cells) if MIME in one.get("data", {})]


def _derived(cells: Iterable) -> dict[str, dict]:
    return {name: line for one in _shown(cells) for name, line in one["derived"].items()}


# --- One language of a notebook -------------------------------------------------------------


class _Prose(IPythonRenderer):
    """Markdown with links that lead somewhere and pictures that the notebook holds."""

    def __init__(self, attachments: dict):
        super().__init__(escape=False, attachments=attachments)

    def heading(self, text: str, level: int, **attrs) -> str:
        return f"<h{level}>{text}</h{level}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        file, is_notebook, _ = url.partition(".ipynb")
        if is_notebook and "/" not in file:
            return f'<a class="to" href="index.html#{escape(file)}">{text}</a>'  # see landing
        if url.startswith(("#", "https://", "http://", "mailto:")):
            return super().link(text, url, title)
        return text  # a file of the project, which does not travel with the report

    def image(self, text: str, url: str, title: str | None = None) -> str:
        name = url.removeprefix("attachment:")
        forms = self.attachments.get(name, {}) if name != url else {}
        made = (outputs.picture(mime, content, text) for mime, content in forms.items())
        return next(made, f'<img alt="{escape(text)}" src="{escape(url)}">')

    def emphasis(self, text: str) -> str:
        return f"<em{_spoken(text)}>{text}</em>"

    def block_quote(self, text: str) -> str:
        return f"<blockquote{_spoken(text)}>{text}</blockquote>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        return outputs.text(code)


def _rendered(source: str, attachments: dict | None = None) -> str:
    return MarkdownWithMath(renderer=_Prose(attachments or {})).render(source)


def _markdown(source: str, attachments: dict | None = None) -> str:
    return outputs.clean(_rendered(source, attachments))


def _spoken(text: str) -> str:
    """The attribute by which a screen reader reads the words as Vietnamese, if they are."""
    return ' lang="vi"' if _VIETNAMESE.search(text) else ""


def _items(notebook, language: str) -> Iterator[tuple[str, object]]:
    """What a reader of the language is shown, in order: prose, outputs and code, each by kind.

    Prose for other languages is left out, unless there is none for this one.
    """
    tags = [_languages(cell) for cell in notebook.cells if cell.cell_type == "markdown"]
    others = any(not tag or language in tag for tag in tags)
    for cell in notebook.cells:
        hidden = {tag.removeprefix("remove-") for tag in cell.metadata.get("tags", [])}
        if "cell" in hidden or (others and _languages(cell) not in ([], [language])):
            continue
        if cell.cell_type == "code":
            yield from _code_items(cell, hidden, language)
        elif cell.cell_type == "markdown" or "markdown" in cell.metadata.get("format", ""):
            yield "prose", _markdown(cell.source, cell.get("attachments"))
        elif cell.source:
            is_html = "html" in cell.metadata.get("format", "")
            yield "prose", (outputs.clean if is_html else outputs.text)(cell.source)


def _code_items(cell, hidden: set[str], language: str) -> Iterator[tuple[str, object]]:
    for output in [] if "output" in hidden else cell.outputs:
        one = output.get("data", {}).get(MIME)
        yield one["kind"] if one else "output", one or output
    if cell.source.strip() and "input" not in hidden:
        yield "code", cell.source


def _title(notebook, stem: str, language: str, items: list) -> str:
    """The title of a notebook: its own in this language or another, its first heading, its name."""
    titles = _about(notebook).get("title", {})
    prose = "".join(content for kind, content in items if kind == "prose")
    heading = _HEADING.search(prose)
    said = titles.get(language) or next(iter(titles.values()), "") or (heading and heading[2]) or ""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", said)).split()) or stem


def _page(title: str, items: list, writer: "Writer") -> dict:
    """What the template of a report needs: what was found, the essay in blocks, the evidence."""
    found = _first(items, ("finding",)) or _first(items, ("sentence",))
    lead = _first(items, ("table", "figure"), after=found)
    part = found[1][writer.language] if found else {"html": ""}
    heading = part.get("title", "")  # a computed sentence has none
    said = part.get("lead", part["html"])
    return {
        "above": [title] if heading else [],
        "title": heading or title,
        "said": writer.marked(said, heading or title),
        "lead": writer.block(*lead) if lead else "",
        "blocks": list(writer.blocks(i for i in items if i is not found and i is not lead)),
        "headings": writer.headings,
        "formulas": writer.formulas(),
        "articles": passages.articles(writer.uses, writer.sources, writer.language),
    }


def _first(items: list, kinds: tuple[str, ...], after: tuple | None = None) -> tuple | None:
    """The first item of these kinds, where there is one after another item the first after it."""
    begin = next((at for at, item in enumerate(items, 1) if item is after), 0)
    fitting = (item for item in items[begin:] + items[:begin] if item[0] in kinds)
    return next(fitting, None)


class Writer:
    """Writes the blocks of a page in its language: numbered, with a name on every link."""

    def __init__(self, stem: str, derived: dict[str, dict], sources: Sources, language: str):
        self.stem, self.derived, self.sources, self.language = stem, derived, sources, language
        self.uses, self.counts, self.headings, self.titled = Uses(), Counter(), [], False
        self.beside, self.left = {}, _SHOWN

    def blocks(self, items: Iterable[tuple[str, object]]) -> Iterator[str]:
        """Each item as HTML; the code of a stretch of the essay is folded together at its end."""
        code = []
        for kind, content in [*items, ("prose", "")]:
            if kind == "prose" and code:
                yield self.code("\n\n".join(code))
                code = []
            if kind == "code":
                code.append(content)
            elif html := self.block(kind, content):
                yield html

    def block(self, kind: str, content) -> str:
        """One item as HTML."""
        if kind == "prose":
            return self.prose(content)
        if kind == "output":
            return self.output(content)
        html, label = self.numbered(content)
        return f'<div class="shown">{self.marked(html, label or self.here())}</div>'

    def output(self, output: dict) -> str:
        """An output as it came; where it is too large for a page, a link to it beside the page."""
        alt = ui("undescribed", self.language).format(self.here())
        html = re.sub(r"(</?)h[1-3]\b", r"\1h4", outputs.shown(output, _markdown, alt))
        self.left -= len(html)
        if self.left < 0:
            self.left += len(html)
            name = f"{self.stem}.output-{len(self.beside) + 1}.html"
            self.beside[name] = render(
                "output", {"title": name, "html": html}, self.language
            ).encode()
            words = escape(ui("beside", self.language).format(len(html) // 1000))
            html = f'<p><a href="{url_quote(name)}">{words}</a></p>'
        return f'<div class="shown">{html}</div>' if html else ""

    def here(self) -> str:
        """The heading that the essay has come to."""
        return self.headings[-1]["text"] if self.headings else ""

    def prose(self, html: str) -> str:
        """Prose with numbered headings; the title of the notebook stands above the page."""
        html = _HEADING.sub(self.heading, html)
        return f'<div class="prose">{self.marked(html, self.here())}</div>' if html.strip() else ""

    def heading(self, found: re.Match) -> str:
        level = max(2, int(found[1]))
        if found[1] == "1" and not self.titled:
            self.titled = True
            return ""
        name, words = f"s{len(self.headings) + 1}", unescape(re.sub(r"<[^>]*>", "", found[2]))
        self.headings.append({"level": level, "name": name, "text": words})
        return f'<h{level} id="{name}">{found[2]}</h{level}>'

    def numbered(self, one: dict) -> tuple[str, str]:
        """The HTML of a display object and its label, "Table 2", put before its caption."""
        html, kind = one[self.language]["html"], one["kind"]
        if kind not in ("table", "figure"):
            return html, ""
        self.counts[kind] += 1
        label = f"{ui(kind, self.language)} {self.counts[kind]}"
        tag = "<figcaption>" if kind == "figure" else "<caption><span>"
        return html.replace(tag, f"{tag}<b>{escape(label)}.</b> ", 1), label

    def marked(self, html: str, label: str) -> str:
        """The HTML with n beside derived shares, and every link to a passage known as a use."""
        html = passages.with_bases(html, self.derived, self.sources, self.language)
        return self.uses.mark(html, label)

    def formulas(self) -> list[dict]:
        """The formula of every derived number on the page."""
        return passages.formulas(self.derived, self.uses, self.sources, self.language)

    def code(self, source: str) -> str:
        summary = escape(ui("code", self.language))
        html = _highlight()(source)
        return f'<details class="code"><summary>{summary}</summary>{html}</details>'


@cache
def _highlight() -> Highlight2HTML:
    return Highlight2HTML(pygments_lexer="python")


def _addresses(files: dict[str, bytes]) -> dict[str, str]:
    """Small files in the addresses themselves, so that a report sent alone has them; many or large
    ones by their names, since they lie beside the page.
    """
    if sum(map(len, files.values())) > _INSIDE:
        return {name: url_quote(name) for name in files}
    kinds = {
        name: "text/csv" if name.endswith(".csv") else "application/octet-stream" for name in files
    }
    data = {name: base64.b64encode(content).decode() for name, content in files.items()}
    return {name: f"data:{kinds[name]};base64,{data[name]}" for name in files}


@cache
def _templates() -> jinja2.Environment:
    folder = Path(__file__).parent / "templates"
    return jinja2.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True)


def render(name: str, page: dict, language: str) -> str:
    """The page by one of our templates."""
    page = page | {"language": language, "ui": lambda code: ui(code, language)}
    return _templates().get_template(f"{name}.html.j2").render(page=page, ui=page["ui"])


# --- What a report rests on: record and card --------------------------------------------------


def _record(notebook, stem: str, run: dict, sources: Sources) -> dict:
    """What the landing page and the next run need to know of this one; no times."""
    cited = sources.cited(name for cell in notebook.cells for name in _linked_in(cell))
    days = {sources.documents[row["document_id"]]["published_date"] for row in cited}
    shown = _shown(notebook.cells)
    return {
        "stem": stem,
        "notebook": Path(run.get("notebook", stem)).stem,
        "question": _about(notebook).get("question", {}),
        "finding": next((_headlines(one) for one in shown if one["kind"] == "finding"), {}),
        "synthetic": bool(_about(notebook).get("synthetic")),
        "lacks": lacking(notebook),
        "parameters": {k: v for k, v in run.get("parameters", {}).items() if k != "language"},
        "fingerprints": run.get("fingerprints", {}),
        "articles": len({row["document_id"] for row in cited}),
        "published": sorted(day for day in days if isinstance(day, str)),
        "rows": {passages.row_id(row): _said(row) for row in cited},
        "tables": {one["name"]: _worded(one) for one in shown if one["kind"] == "table"},
    }


def _headlines(one: dict) -> dict[str, str]:
    return {language: one[language].get("title", "") for language in LANGUAGES}


def _worded(table: dict) -> dict[str, dict]:
    return {
        lang: {key: table[lang][key] for key in ("caption", "header", "rows")} for lang in LANGUAGES
    }


def _said(row: dict) -> dict:
    said = {language: passages.words(row, language) for language in LANGUAGES}
    texts = {lang: [told["words"], " · ".join(told["details"])] for lang, told in said.items()}
    return texts | {"confirmed": said["en"]["confirmed"]}


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
        "new_rows": _by_article(sorted({*new} - {*old})),
        "gone_rows": _by_article(sorted({*old} - {*new})),
        "changed_cells": list(_changed_cells(before["tables"], after["tables"], language)),
    }
    return [(ui(code, language), lines) for code, lines in groups.items() if lines]


def _otherwise(old: list[str], new: list[str]) -> str:
    if old[1] == new[1]:
        return f"{old[1]}: {old[0]} → {new[0]}"
    return " → ".join(" · ".join(said) for said in (old, new))


def _by_article(ids: list[str]) -> list[str]:
    return [f"{name}: {n}" for name, n in Counter(i.split(".")[0] for i in ids).items()]


def _changed_cells(old: dict, new: dict, language: str) -> Iterator[str]:
    for name, table in new.items():
        before, after = (_cells(t[language]) for t in (old.get(name, table), table))
        if count := sum(before.get(at) != cell for at, cell in after.items()):
            yield f"{table[language]['caption']}: {count}"


def _cells(table: dict) -> dict[tuple, str]:
    """The cells of a table by the first cell of their row, which of these rows, and column."""
    seen, cells = Counter(), {}
    for row in table["rows"]:
        seen[row[0]] += 1
        cells |= {
            (row[0], seen[row[0]], head): cell
            for head, cell in zip(table["header"], row, strict=True)
        }
    return cells


def _card(record: dict, before: dict | None, sources: Sources, language: str) -> dict:
    """What the card says, as texts; what there is nothing to say of is empty."""
    rows = record["rows"]
    return {
        "synthetic": record["synthetic"],
        "about": about(record, language),
        "parameters": parameters(record, language),
        "fingerprints": _fingerprints(record, language),
        "used": len(rows),
        "confirmed": sum(row["confirmed"] for row in rows.values()),
        "articles": record["articles"],
        "dates": dates(record, language),
        "lacks": lacks(record["lacks"], language),
        "findings": _findings(record, sources, language),
        "changes": changes(before, record, language),
        "corrections": [_correction(row, language) for row in _corrections(record, sources)],
        "cite": _citation(record, language),
    }


def parameters(record: dict, language: str) -> dict[str, str]:
    """The parameters in the words that readers know, where there are any."""
    names = labels("vocabulary:parameter", language)
    return {names.get(n, n): _value(v, language) for n, v in record["parameters"].items()}


def _value(value, language: str) -> str:
    lists = ("vocabulary:level", "vocabulary:status", "vocabulary:column")
    for table in ("localities", "measures", *lists):
        if isinstance(value, str) and value in (known := labels(table, language)):
            return known[value]
    return ui("none", language) if value in (None, "", "none") else str(value)


def about(record: dict, language: str) -> list[str]:
    """The places that a report with parameters is about; they stand in its title."""
    places = labels("localities", language)
    values = map(str, record["parameters"].values())
    return [places[value] for value in values if value in places]


def _fingerprints(record: dict, language: str) -> dict[str, str]:
    """Of the data and of the code that the report was made from, by a name for readers."""
    marks = record["fingerprints"]
    return {ui(name, language): str(marks[name])[:12] for name in ("data", "code") if name in marks}


def dates(record: dict, language: str) -> str:
    """When the articles used were published, the first and the last day."""
    ends = dict.fromkeys([*record["published"][:1], *record["published"][-1:]])
    return " – ".join(report.date(day, language) for day in ends)


def _corrections(record: dict, sources: Sources) -> list[dict]:
    """The corrections of rows used here, and the withdrawals from articles used here."""
    articles = {row_id.split(".")[0] for row_id in record["rows"]}
    return [
        row
        for row in sources.corrections
        if row["row_id"] in record["rows"]
        or (_is_withdrawal(row) and row["row_id"].split(".")[0] in articles)
    ]


def _is_withdrawal(correction: dict) -> bool:
    return correction["column"] in ("fact_id", "coding_id") and not correction["value_after"]


def _correction(row: dict, language: str) -> str:
    before, after = (
        row[name] or ui("none", language) for name in ("expected_before", "value_after")
    )
    change = f"{row['column']}: {before} → {after}"
    change = ui("withdrawn", language) if _is_withdrawal(row) else change
    return f"{row['corrected_on']} · {row['row_id']} · {change} ({row['reason']})"


def _findings(record: dict, sources: Sources, language: str) -> list[str]:
    """What the consistency audit says of the facts used, as far as no note resolves it."""
    used = {*record["rows"]}
    tables = {"place_id": "localities", "measure_id": "measures"}
    tables |= {"audit_verdict": "vocabulary:audit_verdict"}
    named = {column: labels(table, language) for column, table in tables.items()}
    return [
        f"{named['place_id'].get(row.place_id, row.place_id)}, "
        f"{named['measure_id'].get(row.measure_id, row.measure_id)}: "
        f"{named['audit_verdict'][row.audit_verdict]} "
        f"({getattr(row, f'expected_{language}')}; {getattr(row, f'found_{language}')})"
        for row in (sources.findings if used else sources.findings.head(0)).itertuples()
        if not used.isdisjoint(row.fact_ids.split())
    ]


def _citation(record: dict, language: str) -> str:
    values = ", ".join(f"{k}: {v}" for k, v in parameters(record, language).items())
    marks = ", ".join(f"{name} {m}" for name, m in _fingerprints(record, language).items())
    parts = [f"“{record['title'][language]}”", ui("collection_name", language), values]
    return ". ".join(filter(None, [*parts, dates(record, language), marks])) + "."
