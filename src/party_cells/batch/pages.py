"""From one executed notebook to the reports that people share, in each language.

One HTML file per report and language: no script, no request, every number linked to the passage
it comes from and every passage back to its uses. Beside it the tables as files, and a record by
which the index is made and the next run can tell what has changed.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote as url_quote

import nbformat
import pandas as pd
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from helpers import report
from helpers.report import LANGUAGES, MIME, labels, ui
from party_cells import audit
from party_cells.batch import downloads, passages
from party_cells.batch.passages import LINK, LINKED, Sources, Uses

_FILLER = re.compile(r"(figure|image|chart|plot|picture|hình|biểu đồ|ảnh|todo|alt)?[\s\d.:]*", re.I)
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯà-ãè-éìíò-õùúýẠ-ỹ]")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class ReportInvalid(ValueError):
    """A notebook cannot be made into a report; ``problems`` says what and where."""

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
    ``into/records/<stem>.json`` for the index and the next run. ``run`` is what the run card
    says, every key optional: ``notebook`` (its name), ``parameters`` (effective values),
    ``fingerprints`` (by name: data, code, …), ``previous`` (path of the last record; by default
    the one in ``into``). Whoever writes many reports from the same data loads ``sources`` once.
    Raises `ReportInvalid`, and then writes nothing.
    """
    notebook, run = _read(executed), run or {}
    sources = sources or Sources.load()
    if unfit := problems(notebook, sources):
        raise ReportInvalid(executed.name, unfit)
    stem, last = executed.stem, into / "records" / f"{executed.stem}.json"
    record = _record(notebook, stem, run, sources)
    before, pages = _read_record(Path(run.get("previous") or last)), {}
    found = (
        _open_findings(record, sources) if record["rows"] else pd.DataFrame(columns=audit.COLUMNS)
    )
    rows = sources.cited(map(report.anchor, record["rows"]))
    tables = [shown for shown in _shown(notebook.cells) if shown["kind"] != "sentence"]
    for language in languages:
        files = downloads.files(stem, tables, rows, sources, language)
        card = _card(record, changes(before, record, language), found, sources, language)
        page = _page(notebook, stem, card, files, sources, language)
        pages |= {into / language / name: content for name, content in files.items()}
        pages[into / language / f"{stem}.html"] = page.encode()
    pages[last] = json.dumps(record, ensure_ascii=False, indent=1).encode()
    return _save(pages)


def index(runs: list[dict], into: Path, languages: Iterable[str] = LANGUAGES) -> list[Path]:
    """Write ``into/<language>/index.html`` from the records in ``into`` and the state of the runs.

    Each run has ``stem``, ``notebook`` and ``state`` (done, failed, out_of_date, up_to_date), and
    ``error`` if it failed; a report without a run of its own is listed as out_of_date.
    ``into/index.html`` leads to the languages. Returns the files.
    """
    sources, runs, pages = Sources.load(), {run["stem"]: run for run in runs}, {}
    records = {path.stem: _read_record(path) for path in (into / "records").glob("*.json")}
    stems = sorted({*records, *runs})
    for language in languages:
        listed = [_listed(s, records.get(s), runs.get(s, {}), language) for s in stems]
        page = {"title": ui("index", language), "reports": _named(listed)}
        for kind, rows in (("facts", sources.facts), ("codings", sources.codings)):
            page[kind] = [
                passages.words(row, language) | passages.passage([row], sources, language)
                for row in sources.cited(rows)
            ]
        html = _render("collection.html.j2", page, language)
        pages[into / language / "index.html"] = html.encode()
    first = next(iter(languages))
    links = [(language, ui("index", language)) for language in languages]
    choice = _render("choose.html.j2", {"title": ui("index", first), "links": links}, first)
    return _save(pages | {into / "index.html": choice.encode()})


def _read(executed: Path) -> nbformat.NotebookNode:
    """The notebook; what a synthetic one shows has no passages, so its links are taken out."""
    notebook = nbformat.read(executed, as_version=4)
    if notebook.metadata.get("party_cells", {}).get("synthetic"):
        for shown in _shown(notebook.cells):
            shown["derived"] = {}
            for language in LANGUAGES:
                shown[language]["html"] = LINKED.sub(r"\1", shown[language]["html"])
    return notebook


def _save(pages: dict[Path, bytes]) -> list[Path]:
    for path, content in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(pages)


# --- What may not be published --------------------------------------------------------------


def problems(notebook: nbformat.NotebookNode, sources: Sources | None = None) -> list[str]:
    """What keeps a notebook from being a report in both languages; empty if nothing does.

    Prose stands in pairs of cells tagged ``en`` and ``vi`` with the same numbers and links;
    every output is a `report.Shown`; every figure has an alt text; every cited id exists (with
    ``sources``).
    """
    found = _metadata_problems(notebook) + _prose_problems(notebook.cells)
    for at, cell in enumerate(notebook.cells, 1):
        here = [text for output in cell.get("outputs", []) for text in _output_problems(output)]
        here += _link_problems(cell, sources) if sources else []
        if cell.cell_type == "code" and cell.source and cell.execution_count is None:
            here.append("not run; execute the notebook first")
        found += [f"cell {at}: {text}" for text in here]
    names = Counter((s["kind"], s["name"]) for s in _shown(notebook.cells) if s["name"])
    twice = [f"{n} {kind}s are named {name!r}" for (kind, name), n in names.items() if n > 1]
    return found + twice


def _metadata_problems(notebook: nbformat.NotebookNode) -> list[str]:
    meta = notebook.metadata.get("party_cells", {})
    return [
        f"metadata party_cells.{key}.{language} is missing: the index shows it"
        for key in ("title", "question")
        for language in LANGUAGES
        if not meta.get(key, {}).get(language, "").strip()
    ]


def _prose_problems(cells: list) -> list[str]:
    found, english = [], None
    for at, cell in enumerate([*cells, {"cell_type": "end"}], 1):
        tags = [t for t in LANGUAGES if t in cell.get("metadata", {}).get("tags", [])]
        prose = cell["cell_type"] == "markdown"
        if english is not None and not (prose and tags == ["vi"]):
            found.append(f"cell {at - 1}: English prose without a cell tagged vi right after it")
        elif english is not None:
            found += _pair_problems(at - 1, english, cell.source)
        elif prose and tags != ["en"]:
            found.append(f"cell {at}: prose tagged {tags}; expected a pair, first en, then vi")
        english = cell.source if prose and tags == ["en"] else None
    return found


def _pair_problems(at: int, english: str, vietnamese: str) -> list[str]:
    pairs = {
        "numbers": (_numbers(english), _numbers(vietnamese)),
        "links": [Counter(re.findall(r"\]\(([^)\s]+)", s)) for s in (english, vietnamese)],
    }
    found = [
        f"cells {at} and {at + 1}: {what} differ, only in English {sorted((en - vi).elements())}, "
        f"only in Vietnamese {sorted((vi - en).elements())}"
        for what, (en, vi) in pairs.items()
        if en != vi
    ]
    pictures = "![" in english + vietnamese
    return found + ([f"cell {at}: a picture in prose; show it as a figure"] if pictures else [])


def _numbers(prose: str) -> Counter:
    """The figures of a text, however its language separates thousands, decimals and dates."""
    prose = re.sub(r"\]\([^)]*\)", "]", prose)
    for at, month in enumerate(report.MONTHS, 1):
        prose = re.sub(rf"\b{month}(?= \d| and|,|\.|$)", str(at), prose)
    return Counter(int(digits) for digits in re.findall(r"\d+", prose))


def _output_problems(output: dict) -> list[str]:
    shown = output.get("data", {}).get(MIME)
    if shown is None:
        kind = output.get("ename") or output.get("name") or sorted(output.get("data", {}))
        what = f"an output that is not in both languages ({kind})"
        return [f"{what}; show it with report.table, report.sentence or a figure"]
    found = []
    if shown["kind"] in ("table", "figure") and not _FILE_NAME.fullmatch(shown["name"]):
        found = [f"{shown['name']!r} names files; expected small letters, digits, _ and -"]
    return found + (_alt_problems(shown) if shown["kind"] == "figure" else [])


def _alt_problems(shown: dict) -> list[str]:
    alts = {language: (shown[language].get("alt") or "").strip() for language in LANGUAGES}
    found = [
        f"figure {shown['name']!r} has no alt text in {language!r}, only {alt!r}"
        for language, alt in alts.items()
        if len(alt) < 20 or _FILLER.fullmatch(alt) or alt == shown[language]["caption"]
    ]
    same = len({*alts.values()}) == 1 and not found
    return found + ([f"figure {shown['name']!r}: one alt text for both languages"] if same else [])


def _link_problems(cell, sources: Sources) -> list[str]:
    cited = sorted(_linked_in(cell) - {*_derived([cell])})
    return [f"no fact or coding {name[2:]!r}" for name in cited if name not in sources.rows]


def _linked_in(cell) -> set[str]:
    """The anchors that a cell links to, those of operands among them."""
    names = set(re.findall(r"\]\(#([fcd]-[^)\s]+)\)", cell.source))
    for shown in _shown([cell]):
        for language in LANGUAGES:
            names |= {link[2] for link in LINK.finditer(shown[language]["html"])}
        for line in shown["derived"].values():
            names |= {report.anchor(fact_id) for fact_id in line["facts"]}
    return names


def _shown(cells: Iterable) -> list[dict]:
    """The display objects of the cells, in order."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]


def _derived(cells: Iterable) -> dict[str, dict]:
    return {name: line for shown in _shown(cells) for name, line in shown["derived"].items()}


# --- One language of a notebook -------------------------------------------------------------


class _Prose(IPythonRenderer):
    """Markdown whose raw HTML is text, with numbered headings and links that lead somewhere."""

    def __init__(self):
        super().__init__(escape=True, allow_harmful_protocols=None)
        self.headings = []

    def heading(self, text: str, level: int, **attrs) -> str:
        name = f"s{len(self.headings) + 1}"
        words = unescape(re.sub(r"<[^>]*>", "", text))
        self.headings.append({"level": level, "name": name, "text": words})
        return f'<h{level} id="{name}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        file, is_notebook, _ = url.partition(".ipynb")
        if is_notebook and "/" not in file:
            return f'<a href="index.html#{escape(file)}">{text}</a>'
        if url.startswith(("#", "https://", "http://")):
            return super().link(text, url, title)
        return text  # a file of the project, which does not travel with the report

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text

    def emphasis(self, text: str) -> str:
        return f"<em{_spoken(text)}>{text}</em>"

    def block_quote(self, text: str) -> str:
        return f"<blockquote{_spoken(text)}>{text}</blockquote>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{escape(code)}</code></pre>\n"


def _spoken(text: str) -> str:
    """The attribute by which a screen reader reads the words as Vietnamese, if they are."""
    return ' lang="vi"' if _VIETNAMESE.search(text) else ""


def _page(notebook, stem: str, card: dict, files: dict, sources: Sources, language: str) -> str:
    """The HTML of a report in one language."""
    uses, prose = Uses(), _Prose()
    cells = _in_language(notebook, sources, language, uses, prose)
    lines = passages.formulas(_derived(notebook.cells), uses, sources, language)
    page = {
        "title": " – ".join([notebook.metadata.party_cells["title"][language], *card["about"]]),
        "about": card["about"],
        "stem": stem,
        "headings": [heading for heading in prose.headings if heading["level"] in (2, 3)],
        "formulas": lines,
        "passages": passages.passages(uses, sources, language),
        "card": card,
        "files": {name: _data_link(name, content) for name, content in files.items()},
    }
    return _render("", page, language, nbformat.v4.new_notebook(cells=cells))


def _in_language(notebook, sources: Sources, language: str, uses: Uses, prose: _Prose) -> list:
    """The cells of one language: prose and outputs as HTML, tables and figures numbered.

    Code that shows nothing is folded together with the code after it.
    """
    cells, counts, heading, derived = [], Counter(), "", _derived(notebook.cells)
    markdown = MarkdownWithMath(renderer=prose)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown" and language in tags:
            html = markdown.render(cell.source)
            heading = prose.headings[-1]["text"] if prose.headings else ""
            cells.append(nbformat.v4.new_markdown_cell(uses.mark(html, heading)))
        elif cell.cell_type == "code" and "remove-cell" not in tags:
            parts = [_numbered(shown, counts, language) for shown in _shown([cell])]
            told = [(passages.with_bases(h, derived, sources, language), t) for h, t in parts]
            html = [uses.mark(html, label or heading) for html, label in told]
            outputs = [nbformat.v4.new_output("display_data", {"text/html": h}) for h in html]
            silent = cells and cells[-1].cell_type == "code" and not cells[-1].outputs
            code = f"{cells.pop().source}\n\n{cell.source}" if silent else cell.source
            cells.append(nbformat.v4.new_code_cell(code, outputs=outputs))
    return cells


def _numbered(shown: dict, counts: Counter, language: str) -> tuple[str, str]:
    """The HTML and its label, "Table 2", which stands before the caption."""
    html, kind = shown[language]["html"], shown["kind"]
    if kind in ("sentence", "finding"):
        return html, ""
    counts[kind] += 1
    label = f"{ui(kind, language)} {counts[kind]}"
    tag = "<figcaption>" if kind == "figure" else "<caption><span>"
    return html.replace(tag, f"{tag}<b>{escape(label)}.</b> ", 1), label


def _data_link(name: str, content: bytes) -> str:
    """An address that holds the file itself, so that it can be saved from a report sent alone."""
    kind = "text/csv" if name.endswith(".csv") else "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@cache
def _exporter() -> HTMLExporter:
    folder = str(Path(__file__).parent / "templates")
    where = {"extra_template_basedirs": [folder], "extra_template_paths": [folder]}
    exporter = HTMLExporter(template_name="party-cells", **where)
    exporter.register_filter("highlight_code", Highlight2HTML(pygments_lexer="python"))
    return exporter


def _render(template: str, page: dict, language: str, notebook=None) -> str:
    """The page by one of our templates, or the notebook by nbconvert with ours."""
    page = page | {"language": language, "ui": lambda code: ui(code, language)}
    if template:
        return _exporter().environment.get_template(f"party-cells/{template}").render(page=page)
    # HTMLExporter's own step would parse the page again, to put in the filler alt texts that
    # are refused here.
    return TemplateExporter.from_notebook_node(_exporter(), notebook, {"page": page})[0]


# --- Run card, record, index ----------------------------------------------------------------


def _record(notebook, stem: str, run: dict, sources: Sources) -> dict:
    """What the index and the next run need to know of this one; no times."""
    meta = notebook.metadata.party_cells
    cited = sources.cited(name for cell in notebook.cells for name in _linked_in(cell))
    days = {sources.documents[row["document_id"]]["published_date"] for row in cited}
    tables = [shown for shown in _shown(notebook.cells) if shown["kind"] == "table"]
    return {
        "stem": stem,
        "notebook": _name(run, stem),
        "title": dict(meta["title"]),
        "question": dict(meta["question"]),
        "synthetic": bool(meta.get("synthetic")),
        "parameters": {k: v for k, v in run.get("parameters", {}).items() if k != "language"},
        "fingerprints": run.get("fingerprints", {}),
        "articles": len({row["document_id"] for row in cited}),
        "published": sorted(day for day in days if isinstance(day, str)),
        "rows": {passages.row_id(row): _said(row) for row in cited},
        "tables": {
            shown["name"]: {
                lang: {key: shown[lang][key] for key in ("caption", "header", "rows")}
                for lang in LANGUAGES
            }
            for shown in tables
        },
    }


def _said(row: dict) -> dict:
    said = {language: passages.words(row, language) for language in LANGUAGES}
    texts = {lang: " · ".join([told["words"], *told["details"]]) for lang, told in said.items()}
    return texts | {"confirmed": said["en"]["confirmed"]}


def _read_record(path: Path) -> dict | None:
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def changes(before: dict | None, after: dict, language: str) -> list[str] | None:
    """What the last run said otherwise: facts and codings, then cells of tables (verdicts too).

    None if there is no last run.
    """
    if before is None:
        return None
    old, new = ({k: row[language] for k, row in r["rows"].items()} for r in (before, after))
    lines = _differences(old, new, language)
    for name, table in after["tables"].items():
        if name in before["tables"]:
            tables = (before["tables"][name][language], table[language])
            lines += _differences(*map(_by_place, tables), language)
    return lines


def _differences(old: dict, new: dict, language: str) -> list[str]:
    nothing = ui("none", language)
    return [
        f"{key}: {old.get(key, nothing)} → {new.get(key, nothing)}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]


def _by_place(table: dict) -> dict[str, str]:
    """The cells of a table by caption, row and column; rows are told apart by their first cells."""
    rows, width = table["rows"], 1
    while width < len(table["header"]) and len({tuple(row[:width]) for row in rows}) < len(rows):
        width += 1
    return {
        " · ".join([table["caption"], *row[:width], head]): cell
        for row in rows
        for head, cell in zip(table["header"][width:], row[width:], strict=True)
    }


def _card(
    record: dict, changed: list[str] | None, found: pd.DataFrame, sources: Sources, language: str
) -> dict:
    """What the run card says, as texts; ``found`` are the open findings of the audit."""
    rows = record["rows"]
    articles = {row_id.split(".")[0] for row_id in rows}
    corrected = [
        row
        for row in sources.corrections
        if row["row_id"] in rows
        or (_is_withdrawal(row) and row["row_id"].split(".")[0] in articles)
    ]
    return {
        "synthetic": record["synthetic"],
        "about": _about(record, language),
        "parameters": _parameters(record, language),
        "fingerprints": _fingerprints(record, language),
        "used": len(rows),
        "confirmed": sum(row["confirmed"] for row in rows.values()),
        "articles": record["articles"],
        "dates": _dates(record, language),
        "findings": _findings(found, language),
        "changes": changed,
        "corrections": [_correction(row, language) for row in corrected],
        "cite": _citation(record, language),
    }


def _parameters(record: dict, language: str) -> dict[str, str]:
    """The parameters in the words that readers know, where there are any."""
    names = labels("vocabulary:parameter", language)
    return {names.get(n, n): _value(v, language) for n, v in record["parameters"].items()}


def _value(value, language: str) -> str:
    lists = ("vocabulary:level", "vocabulary:status", "vocabulary:column")
    for table in ("localities", "measures", *lists):
        if isinstance(value, str) and value in (known := labels(table, language)):
            return known[value]
    return ui("none", language) if value in (None, "", "none") else str(value)


def _about(record: dict, language: str) -> list[str]:
    """The places that a report with parameters is about; they stand in its title."""
    places = labels("localities", language)
    values = map(str, record["parameters"].values())
    return [places[value] for value in values if value in places]


def _fingerprints(record: dict, language: str) -> dict[str, str]:
    """Of the data and of the code that the report was made from, by a name for readers."""
    marks = record["fingerprints"]
    return {ui(name, language): str(marks[name])[:12] for name in ("data", "code") if name in marks}


def _dates(record: dict, language: str) -> str:
    ends = dict.fromkeys([*record["published"][:1], *record["published"][-1:]])
    return " – ".join(report.date(day, language) for day in ends)


def _is_withdrawal(correction: dict) -> bool:
    return correction["column"] in ("fact_id", "coding_id") and not correction["value_after"]


def _correction(row: dict, language: str) -> str:
    before, after = (
        row[name] or ui("none", language) for name in ("expected_before", "value_after")
    )
    change = f"{row['column']}: {before} → {after}"
    change = ui("withdrawn", language) if _is_withdrawal(row) else change
    return f"{row['corrected_on']} · {row['row_id']} · {change} ({row['reason']})"


def _open_findings(record: dict, sources: Sources) -> pd.DataFrame:
    """What the consistency audit says of the facts used, as far as no note resolves it."""
    used, found = {*record["rows"]}, sources.findings
    return found[found["fact_ids"].map(lambda ids: not used.isdisjoint(ids.split())).astype(bool)]


def _findings(found: pd.DataFrame, language: str) -> list[str]:
    tables = {"place_id": "localities", "measure_id": "measures"}
    tables |= {"audit_verdict": "vocabulary:audit_verdict"}
    named = {column: labels(table, language) for column, table in tables.items()}
    said = found.assign(**{c: [names.get(x, x) for x in found[c]] for c, names in named.items()})
    return [
        f"{row.place_id}, {row.measure_id}: {row.audit_verdict} "
        f"({getattr(row, f'expected_{language}')}; {getattr(row, f'found_{language}')})"
        for row in said.itertuples()
    ]


def _citation(record: dict, language: str) -> str:
    values = ", ".join(f"{k}: {v}" for k, v in _parameters(record, language).items())
    marks = ", ".join(f"{name} {m}" for name, m in _fingerprints(record, language).items())
    parts = [f"“{record['title'][language]}”", ui("collection_name", language), values]
    return ". ".join(filter(None, [*parts, _dates(record, language), marks])) + "."


def _listed(stem: str, record: dict | None, run: dict, language: str) -> dict:
    """One line of the index."""
    line = {"stem": stem, "state": run.get("state", "out_of_date"), "error": run.get("error", "")}
    if record is None:
        return line | {"notebook": _name(run, stem), "title": stem, "href": ""}
    return line | {
        "notebook": record["notebook"],
        "title": record["title"][language],
        "question": record["question"][language],
        "href": url_quote(f"{stem}.html"),
        "about": _about(record, language),
        "parameters": "; ".join(f"{k}: {v}" for k, v in _parameters(record, language).items()),
        "dates": _dates(record, language),
        "used": len(record["rows"]),
        "confirmed": sum(row["confirmed"] for row in record["rows"].values()),
    }


def _name(run: dict, stem: str) -> str:
    return Path(run.get("notebook", stem)).stem


def _named(listed: list[dict]) -> list[dict]:
    """The lines with a name for links: the first report of a notebook has the notebook's."""
    seen = set()
    for line in listed:
        line["name"] = line["stem"] if line["notebook"] in seen else line["notebook"]
        seen.add(line["notebook"])
    return listed
