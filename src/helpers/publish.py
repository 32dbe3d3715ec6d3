"""From one executed notebook to the reports that people share, in each language.

One HTML file per report and language: no script, no request, every number linked to the passage
it comes from and every passage back to its uses. Beside it the tables as CSV and as one XLSX
workbook with the sources, and a record by which the index is made and the next run can tell
what has changed.
"""

import base64
import csv
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from itertools import takewhile
from pathlib import Path
from urllib.parse import quote as url_quote

import nbformat
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from helpers import audit, bounds, codebook, report
from helpers.report import LANGUAGES, MIME, ui

_FILLER = re.compile(r"(figure|image|chart|plot|picture|hình|biểu đồ|ảnh|todo|alt)?[\s\d.:]*", re.I)
_LINK = re.compile(r'<a\b([^>]*?)href="#([fcd]-[^"]+)"')
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯà-ãè-éìíò-õùúýẠ-ỹ]")


class ReportInvalid(ValueError):
    """A notebook cannot be made into a report; ``problems`` says what and where."""

    def __init__(self, name: str, problems: list[str]):
        self.problems = problems
        super().__init__("\n  ".join([f"{name} cannot be published:", *problems]))


@dataclass(frozen=True)
class Sources:
    """What links lead to: facts and codings by anchor, documents and places by id."""

    facts: dict[str, dict]
    codings: dict[str, dict]
    documents: dict[str, dict]
    places: dict[str, dict]
    corrections: list[dict]

    @classmethod
    def load(cls) -> "Sources":
        return cls(
            {report.anchor(row["fact_id"]): row for row in _rows("facts")},
            {report.anchor(row["coding_id"]): row for row in _rows("codings")},
            {row["document_id"]: row for row in _rows("documents")},
            {row["place_id"]: row for row in _rows("localities")},
            _rows("corrections"),
        )


def write(
    executed: Path, into: Path, languages: Iterable[str] = LANGUAGES, run: dict | None = None
) -> list[Path]:
    """Write the report of an executed notebook in each language; returns the files.

    ``into/<language>/<stem>.html``, ``.xlsx`` and a ``.csv`` per table, and
    ``into/records/<stem>.json`` for the index and the next run. ``run`` is what the run card
    says, every key optional: ``parameters`` (effective values), ``fingerprints`` (by name: data,
    code, …), ``previous`` (path of the last record; by default the one in ``into``). Raises
    `ReportInvalid` and then writes nothing.
    """
    notebook, run, sources = nbformat.read(executed, as_version=4), run or {}, Sources.load()
    if found := problems(notebook, sources):
        raise ReportInvalid(executed.name, found)
    stem, record_path = executed.stem, into / "records" / f"{executed.stem}.json"
    record = _record(notebook, stem, run, sources)
    before = _read_record(Path(run.get("previous") or record_path))
    texts = {}
    for language in languages:
        card = _card(record, changes(before, record, language), sources, language)
        files = _files(notebook, record, sources, language)
        page = _page(notebook, card, files, sources, language)
        texts |= {into / language / name: content for name, content in files.items()}
        texts[into / language / f"{stem}.html"] = page.encode()
    texts[record_path] = json.dumps(record, ensure_ascii=False, indent=1).encode()
    for path, content in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(texts)


def index(runs: list[dict], into: Path, languages: Iterable[str] = LANGUAGES) -> list[Path]:
    """Write ``into/<language>/index.html`` from the records in ``into`` and the state of the runs.

    Each run has ``stem``, ``notebook`` and ``state`` (done, failed, up_to_date, skipped), and
    ``error`` if it failed; a report without a run of its own is listed as out_of_date.
    ``into/index.html`` leads to the languages. Returns the files.
    """
    sources, runs = Sources.load(), {run["stem"]: run for run in runs}
    records = {path.stem: _read_record(path) for path in (into / "records").glob("*.json")}
    stems = sorted({*records, *runs})
    pages = {}
    for language in languages:
        listed = [_listed(s, records.get(s), runs.get(s, {}), language) for s in stems]
        page = {"title": ui("index", language), "reports": _named(listed)}
        page |= {"facts": [], "codings": []}
        for rows, kind, words in (
            (sources.facts, "facts", _fact_words),
            (sources.codings, "codings", _theme_words),
        ):
            for row in _in_order(rows.values(), sources):
                passage = _cited(row, sources, language)
                page[kind].append(words(row, sources, language) | passage)
        html = _render("collection.html.j2", page, language)
        pages[into / language / "index.html"] = html
    first = next(iter(languages))
    links = [(language, ui("index", language)) for language in languages]
    choice = {"title": ui("index", first), "links": links}
    pages[into / "index.html"] = _render("choose.html.j2", choice, first)
    for path, html in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, "utf-8")
    return list(pages)


def _named(listed: list[dict]) -> list[dict]:
    """The lines with a name for links: the first report of a notebook has the notebook's."""
    seen = set()
    for line in listed:
        line["name"] = line["stem"] if line["notebook"] in seen else line["notebook"]
        seen.add(line["notebook"])
    return listed


# --- What may not be published --------------------------------------------------------------


def problems(notebook: nbformat.NotebookNode, sources: Sources | None = None) -> list[str]:
    """What keeps a notebook from being a report in both languages; empty if nothing does.

    Prose stands in pairs of cells tagged ``en`` and ``vi`` with the same numbers and links;
    every output is a `report.Shown`; every figure has an alt text; every cited id exists.
    """
    return [
        *_metadata_problems(notebook),
        *_prose_problems(notebook),
        *_output_problems(notebook),
        *(_link_problems(notebook, sources) if sources else []),
    ]


def _metadata_problems(notebook: nbformat.NotebookNode) -> list[str]:
    meta = notebook.metadata.get("party_cells", {})
    return [
        f"metadata party_cells.{key}.{language} is missing: the index shows it"
        for key in ("title", "question")
        for language in LANGUAGES
        if not meta.get(key, {}).get(language, "").strip()
    ]


def _prose_problems(notebook: nbformat.NotebookNode) -> list[str]:
    found, waiting = [], None
    for at, cell in enumerate(notebook.cells, 1):
        tags = [tag for tag in LANGUAGES if tag in cell.metadata.get("tags", [])]
        if waiting and (cell.cell_type != "markdown" or tags != ["vi"]):
            found.append(f"cell {waiting[0]}: English prose without a cell tagged vi after it")
            waiting = None
        if cell.cell_type != "markdown":
            continue
        if tags == ["vi"] and waiting:
            found += _pair_problems(*waiting, cell.source)
            waiting = None
        elif tags == ["en"]:
            waiting = (at, cell.source)
        else:
            found.append(f"cell {at}: prose tagged {tags}, expected an en, vi pair in this order")
    return found + ([f"cell {waiting[0]}: English prose without Vietnamese"] if waiting else [])


def _pair_problems(at: int, english: str, vietnamese: str) -> list[str]:
    pairs = {
        "numbers": (_numbers(english), _numbers(vietnamese)),
        "links": tuple(Counter(re.findall(r"\]\(([^)\s]+)", s)) for s in (english, vietnamese)),
    }
    found = [
        f"cells {at} and {at + 1}: {what} differ: en {sorted((en - vi).elements())}, "
        f"vi {sorted((vi - en).elements())}"
        for what, (en, vi) in pairs.items()
        if en != vi
    ]
    pictures = "![" in english + vietnamese
    return found + ([f"cell {at}: a picture in prose; make it a figure"] if pictures else [])


def _numbers(prose: str) -> Counter:
    """The figures of a text, however its language separates thousands, decimals and dates."""
    for at, month in enumerate(report.MONTHS, 1):
        prose = re.sub(rf"\b{month}\b", str(at), prose)
    return Counter(int(digits) for digits in re.findall(r"\d+", prose))


def _output_problems(notebook: nbformat.NotebookNode) -> list[str]:
    found = []
    for at, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get(MIME)
            if shown is None:
                kind = output.get("ename") or output.get("name") or list(output.get("data", {}))
                found.append(
                    f"cell {at}: an output that is not in both languages ({kind}); "
                    "show it with report.table, report.sentence or a figure"
                )
            elif shown["kind"] == "figure":
                found += [f"cell {at}: {text}" for text in _alt_problems(shown)]
    return found


def _alt_problems(shown: dict) -> list[str]:
    alts = [shown[language].get("alt") or "" for language in LANGUAGES]
    captions = [shown[language].get("caption") or "" for language in LANGUAGES]
    found = [
        f"figure {shown['name']!r} has no alt text in {language!r}, only {alt!r}"
        for language, alt, caption in zip(LANGUAGES, alts, captions, strict=True)
        if len(alt.strip()) < 20 or _FILLER.fullmatch(alt) or alt.strip() == caption.strip()
    ]
    same = alts[0] == alts[1] and not found
    return found + ([f"figure {shown['name']!r}: one alt text for both languages"] * same)


def _link_problems(notebook: nbformat.NotebookNode, sources: Sources) -> list[str]:
    found = []
    for at, cell in enumerate(notebook.cells, 1):
        texts = [re.sub(r"\]\(#", '<a href="#', cell.source).replace(")", '"')]
        for shown in _shown(cell):
            texts += [shown[language]["html"] for language in LANGUAGES]
            texts += [f'<a href="#{report.anchor(row_id)}"' for row_id in _operands(shown)]
        known = {**sources.facts, **sources.codings, **_all_derived([cell])}
        cited = {match[2] for text in texts for match in _LINK.finditer(text)}
        found += [f"cell {at}: no fact or coding {name[2:]!r}" for name in sorted(cited - {*known})]
    return found


# --- One language of a notebook -------------------------------------------------------------


class _Prose(IPythonRenderer):
    """Markdown whose raw HTML is text, with numbered headings and links that lead somewhere."""

    def __init__(self):
        super().__init__(escape=True, allow_harmful_protocols=None)
        self.headings = []

    def heading(self, text: str, level: int, **attrs) -> str:
        name = f"s{len(self.headings) + 1}"
        self.headings.append({"level": level, "name": name, "text": _text_of(text)})
        return f'<h{level} id="{name}">{text}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        file, dot_ipynb, _ = url.partition(".ipynb")
        if dot_ipynb and "/" not in file:
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
    """The attribute for screen readers if the words are Vietnamese."""
    return ' lang="vi"' if _VIETNAMESE.search(text) else ""


class _Uses(defaultdict):
    """Where each passage and formula is used: by anchor a list of (name of the use, label)."""

    def __init__(self):
        super().__init__(list)
        self.count = 0

    def mark(self, html: str, label: str) -> str:
        """The HTML with a name on every link to a passage, so that the passage can link back."""

        def named(link: re.Match) -> str:
            self.count += 1
            self[link[2]].append((f"u{self.count}", label))
            return f'<a id="u{self.count}"{link[1]}href="#{link[2]}"'

        return _LINK.sub(named, html)


def _page(notebook, card: dict, files: dict, sources: Sources, language: str) -> str:
    """The HTML of a report in one language."""
    uses, prose = _Uses(), _Prose()
    cells = _in_language(notebook, language, uses, prose)
    headings = [h for h in prose.headings if h["level"] in (2, 3)]
    formulas = _formulas(_all_derived(notebook.cells), uses, sources, language)
    page = {
        "title": notebook.metadata.party_cells["title"][language],
        "stem": card["stem"],
        "headings": headings,
        "formulas": formulas,
        "passages": _passages(uses, sources, language),
        "card": card,
        "files": [
            {"name": name, "href": _data_link(name, content)} for name, content in files.items()
        ],
    }
    metadata = {"language_info": {"name": "python"}}
    one = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    return _render("", page, language, one)


def _in_language(notebook, language: str, uses: _Uses, prose: _Prose) -> list:
    """The cells of one language: prose and outputs as HTML, tables and figures numbered."""
    cells, counts, heading = [], Counter(), ""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown" and language in tags:
            html = MarkdownWithMath(renderer=prose).render(cell.source)
            heading = prose.headings[-1]["text"] if prose.headings else ""
            cells.append(nbformat.v4.new_markdown_cell(uses.mark(html, heading)))
        elif cell.cell_type == "code" and "remove-cell" not in tags:
            outputs = []
            for shown in _shown(cell):
                html = _numbered(shown, counts, heading, language, uses)
                outputs.append(nbformat.v4.new_output("display_data", {"text/html": html}))
            cells.append(nbformat.v4.new_code_cell(cell.source, outputs=outputs))
    return cells


def _numbered(shown: dict, counts: Counter, heading: str, language: str, uses: _Uses) -> str:
    html = shown[language]["html"]
    if shown["kind"] == "sentence":
        return uses.mark(html, heading)
    counts[shown["kind"]] += 1
    label = f"{ui(shown['kind'], language)} {counts[shown['kind']]}"
    tag = "<figcaption>" if shown["kind"] == "figure" else "<caption>"
    return uses.mark(html.replace(tag, f"{tag}<b>{escape(label)}.</b> ", 1), label)


def _shown(*cells) -> list[dict]:
    """The display objects of the cells, in order."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    found = [output.get("data", {}).get(MIME) for output in outputs]
    return [shown for shown in found if shown is not None]


def _text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


@cache
def _exporter() -> HTMLExporter:
    folder = str(Path(__file__).parent / "templates")
    where = {"extra_template_basedirs": [folder], "extra_template_paths": [folder]}
    exporter = HTMLExporter(template_name="party-cells", **where)
    exporter.register_filter("highlight_code", Highlight2HTML(pygments_lexer="python"))
    return exporter


def _render(template: str, page: dict, language: str, notebook=None) -> str:
    """The page by our template; without one, the notebook itself by nbconvert."""
    page = page | {"language": language, "ui": lambda code: ui(code, language)}
    if template:
        return _exporter().environment.get_template(f"party-cells/{template}").render(page=page)
    # HTMLExporter's own step would parse the page again, to put in the filler alt texts that
    # are refused here.
    return TemplateExporter.from_notebook_node(_exporter(), notebook, {"page": page})[0]


# --- Evidence -------------------------------------------------------------------------------


def _operands(shown: dict) -> list[str]:
    return [fact_id for line in shown.get("derived", {}).values() for fact_id in line["facts"]]


def _all_derived(cells) -> dict[str, dict]:
    found = {}
    for shown in _shown(*cells):
        found |= shown.get("derived", {})
    return found


def _formulas(derived: dict, uses: _Uses, sources: Sources, language: str) -> list[dict]:
    """The formula of each derived number that is used, with its operands linked."""
    lines = []
    for name in [name for name in uses if name.startswith("d-")]:
        line = derived[name]
        links = []
        for fact_id in line["facts"]:
            fact = sources.facts[report.anchor(fact_id)]
            links.append(report.linked(_number(fact, language), (fact_id,), language))
        formula = line["formula"] or ", ".join(f"{{{at}}}" for at in range(len(links)))
        html = escape(formula).replace("*", "×").replace("/", "÷")
        html = re.sub(r"\{(\d+)\}", lambda m, links=links: links[int(m[1])], html)
        label = f"{ui('formula', language)} {len(lines) + 1}"
        html = uses.mark(f"{html} = {escape(line[language])}", label)
        meant = [_measure(sources.facts[report.anchor(i)], language) for i in line["facts"]]
        lines.append({"name": name, "label": label, "html": html, "meant": meant})
        lines[-1]["uses"] = uses[name]
    return lines


def _passages(uses: _Uses, sources: Sources, language: str) -> list[dict]:
    """The cited passages in the order of the articles, each once, with links back to its uses."""
    groups = defaultdict(list)
    cited = {name: row for name, row in _rows_cited(uses, sources).items()}
    for row in _in_order(cited.values(), sources):
        span = row["quote"] if "fact_id" in row else (row["char_start"], row["char_end"])
        groups[row["document_id"], span].append(row)
    return [_passage(rows, uses, sources, language) for rows in groups.values()]


def _passage(rows: list[dict], uses: _Uses, sources: Sources, language: str) -> dict:
    marks, items = defaultdict(list), []
    for row in rows:
        name = _anchor(row)
        marks[_span(row)].append(name)
        words = _fact_words if "fact_id" in row else _theme_words
        items.append(words(row, sources, language) | {"uses": uses[name]})
    return _source(rows[0], sources, language) | {
        "quote": _marked(_quotation(rows[0]), marks),
        "items": items,
    }


def _quotation(row: dict) -> str:
    """The passage of a fact; the words of a coding with what stands around them."""
    if "fact_id" in row:
        return row["quote"]
    return f"… {_or_empty(row['prefix'])}{row['quote']}{_or_empty(row['suffix'])} …"


def _span(row: dict) -> tuple[int, int]:
    """Where the words taken stand in the quotation.

    The number may occur in its passage more than once; the surroundings tell which one it is.
    """
    if "fact_id" not in row:
        start = len("… " + _or_empty(row["prefix"]))
        return start, start + len(row["quote"])
    quote, number = row["quote"], row["number_text"]
    starts = [match.start() for match in re.finditer(re.escape(number), quote)] or [0]

    def surroundings(start: int) -> int:
        before = zip(reversed(quote[:start]), reversed(_or_empty(row["prefix"])), strict=False)
        after = zip(quote[start + len(number) :], _or_empty(row["suffix"]), strict=False)
        return sum(
            sum(1 for _ in takewhile(lambda p: p[0] == p[1], side)) for side in (before, after)
        )

    start = max(starts, key=surroundings)
    return start, start + len(number)


def _marked(text: str, marks: dict[tuple[int, int], list[str]]) -> str:
    """The text as HTML with the spans marked and named."""
    html, at = "", 0
    for (start, end), names in sorted(marks.items()):
        start = max(start, at)
        words = escape(text[start:end])
        for name in names:
            words = f'<span class="at" id="{name}">{words}</span>'
        html += f"{escape(text[at:start])}<mark>{words}</mark>"
        at = max(at, end)
    return html + escape(text[at:])


def _source(row: dict, sources: Sources, language: str) -> dict:
    """Outlet, date and place of an article; what is inferred is said to be."""
    meta = sources.documents.get(row["document_id"], {})
    place = sources.places.get(meta.get("locality_id"), {})
    known = {key: value for key, value in meta.items() if _or_empty(value) not in ("", "unknown")}
    day = report.date(known["published_date"], language) if "published_date" in known else ""
    if known.get("published_basis") == "inferred":
        day += f" ({ui('date_inferred', language)})"
    outlet = known.get("outlet", "")
    if outlet and known.get("outlet_basis") == "inferred":
        outlet += f" ({ui('outlet_inferred', language)})"
    where = [place.get(f"name_{language}"), place.get(f"province_{language}")]
    return {
        "outlet": outlet or ui("outlet_unknown", language),
        "day": day,
        "where": ", ".join(name for name in where if _or_empty(name)),
        "headline": known.get("title", ""),
        "url": known.get("url", "") if str(known.get("url")).startswith("http") else "",
    }


def _fact_words(row: dict, sources: Sources, language: str) -> dict:
    details = [
        _label("measures", row["measure_id"], language),
        _label("localities", row["place_id"], language),
        _period(row, language),
        _label("vocabulary:status", row["status"], language) if row["status"] != "actual" else "",
        _label("rating_schemes", row["scheme_id"], language),
    ]
    return {
        "name": _anchor(row),
        "words": _number(row, language),
        "details": [text for text in details if text],
        "confirmed": row["confirmed_by_person"] is True,
    }


def _theme_words(row: dict, sources: Sources, language: str) -> dict:
    details = [
        _label("localities", row["place_id"], language),
        _label("vocabulary:stance", row["stance"], language),
        _label("vocabulary:status", row["status"], language),
        _label("vocabulary:level", row["level"], language),
    ]
    return {
        "name": _anchor(row),
        "words": _label("themes", row["theme_id"], language),
        "details": [text for text in details if text],
        "confirmed": row["confirmed_by_person"] is True,
    }


def _number(row: dict, language: str) -> str:
    unit = row["unit"] if row["unit"] in ("per_year", "minutes", "years") else ""
    said = [
        bounds.words(bounds.from_fact(row), language),
        _label("vocabulary:unit", unit, language),
    ]
    return " ".join(filter(None, said))


def _measure(row: dict, language: str) -> str:
    return f"{_number(row, language)}: {_label('measures', row['measure_id'], language)}"


def _period(row: dict, language: str) -> str:
    ends = [_or_empty(row["period_start"]), _or_empty(row["period_end"])]
    if ends[0].endswith("-01-01") and ends[1].endswith("-12-31"):
        ends = [end[:4] for end in ends]
    days = [report.date(day, language) for day in dict.fromkeys(ends) if day]
    kind = row["period_kind"]
    mean = _label("vocabulary:period_kind", kind, language) if kind == "mean_of_years" else ""
    return " ".join(text for text in (mean.lower(), "–".join(days)) if text)


def _label(table: str, code, language: str) -> str:
    return str(report.labels(table, language).get(code, code)) if _or_empty(code) else ""


def _or_empty(value) -> str:
    return value if isinstance(value, str) else ""


def _anchor(row: dict) -> str:
    return report.anchor(row.get("fact_id") or row["coding_id"])


def _rows_cited(names: Iterable[str], sources: Sources) -> dict[str, dict]:
    rows = sources.facts | sources.codings
    return {name: rows[name] for name in names if name in rows}


def _in_order(rows: Iterable[dict], sources: Sources) -> list[dict]:
    """In the fixed order of localities, then as they stand in the articles."""

    def position(row: dict) -> tuple:
        meta = sources.documents.get(row["document_id"], {})
        place = sources.places.get(meta.get("locality_id"), {})
        return place.get("position", 0), row["document_id"], row["char_start"], row["char_end"]

    return sorted(rows, key=position)


def _rows(table: str) -> list[dict]:
    try:
        return codebook.load(table).to_dict("records")
    except FileNotFoundError:
        return []


# --- Run card, record, index ----------------------------------------------------------------


def _record(notebook, stem: str, run: dict, sources: Sources) -> dict:
    """What the index and the next run need to know of this one, without times."""
    meta = notebook.metadata.party_cells
    texts = [shown["en"]["html"] for shown in _shown(*notebook.cells)]
    names = {match[2] for text in texts for match in _LINK.finditer(text)}
    for shown in _shown(*notebook.cells):
        names |= {report.anchor(row_id) for row_id in _operands(shown)}
    cited = _in_order(_rows_cited(names, sources).values(), sources)
    days = [sources.documents.get(row["document_id"], {}).get("published_date") for row in cited]
    return {
        "stem": stem,
        "notebook": run.get("notebook", stem),
        "title": dict(meta["title"]),
        "question": dict(meta["question"]),
        "parameters": {k: v for k, v in run.get("parameters", {}).items() if k != "language"},
        "fingerprints": run.get("fingerprints", {}),
        "published": sorted(day for day in days if _or_empty(day)),
        "rows": {row.get("fact_id") or row["coding_id"]: _said(row, sources) for row in cited},
        "tables": {
            shown["name"]: {lang: _cells_of(shown[lang]) for lang in LANGUAGES}
            for shown in _shown(*notebook.cells)
            if "rows" in shown["en"]
        },
    }


def _said(row: dict, sources: Sources) -> dict:
    words = _fact_words if "fact_id" in row else _theme_words
    said = {language: words(row, sources, language) for language in LANGUAGES}
    texts = {lang: " · ".join([told["words"], *told["details"]]) for lang, told in said.items()}
    return texts | {"confirmed": said["en"]["confirmed"]}


def _cells_of(part: dict) -> dict:
    return {key: part[key] for key in ("caption", "header", "rows")}


def _read_record(path: Path) -> dict | None:
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def changes(before: dict | None, after: dict, language: str) -> list[str] | None:
    """What the last run said otherwise: facts and codings, then cells of tables (verdicts too).

    None if there is no last run.
    """
    if before is None:
        return None
    old = {key: row[language] for key, row in before["rows"].items()}
    new = {key: row[language] for key, row in after["rows"].items()}
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
    """The cells of a table by caption, row and column; rows are told by their first cells."""
    rows, width = table["rows"], 1
    while width < len(table["header"]) and len({*map(tuple, (r[:width] for r in rows))}) < len(
        rows
    ):
        width += 1
    return {
        " · ".join([table["caption"], *row[:width], head]): cell
        for row in rows
        for head, cell in zip(table["header"][width:], row[width:], strict=True)
    }


def _card(record: dict, changed: list[str] | None, sources: Sources, language: str) -> dict:
    """What the run card says, as texts."""
    rows = record["rows"]
    documents = {row["document_id"] for row in _used(record, sources)}
    return {
        "stem": record["stem"],
        "parameters": record["parameters"],
        "fingerprints": record["fingerprints"],
        "used": len(rows),
        "confirmed": sum(row["confirmed"] for row in rows.values()),
        "articles": len(documents),
        "dates": _dates(record, language),
        "findings": _findings(record, language),
        "changes": changed,
        "corrections": [_correction(c) for c in sources.corrections if c["row_id"] in rows],
        "cite": _citation(record, language),
    }


def _correction(row: dict) -> str:
    change = f"{row['column']}: {row['expected_before']} → {row['value_after']}"
    return f"{row['corrected_on']} · {row['row_id']} · {change} ({row['reason']})"


def _used(record: dict, sources: Sources) -> list[dict]:
    names = [report.anchor(row_id) for row_id in record["rows"]]
    return list(_rows_cited(names, sources).values())


def _dates(record: dict, language: str) -> str:
    ends = dict.fromkeys([*record["published"][:1], *record["published"][-1:]])
    return " – ".join(report.date(day, language) for day in ends)


def _citation(record: dict, language: str) -> str:
    marks = ", ".join(f"{name} {str(mark)[:12]}" for name, mark in record["fingerprints"].items())
    parts = [f"“{record['title'][language]}”", ui("collection_name", language)]
    values = ", ".join(f"{name} = {value}" for name, value in record["parameters"].items())
    return ". ".join([*parts, *filter(None, [values, _dates(record, language), marks])]) + "."


def _findings(record: dict, language: str) -> list[str]:
    """What the consistency audit says of the facts used and no note resolves."""
    if not record["rows"]:
        return []
    found = audit.unresolved(
        audit.findings(codebook.load("facts"), codebook.load("rating_schemes"))
    )
    return [
        f"{_label('measures', row.measure_id, language)}, "
        f"{_label('localities', row.place_id, language)}: "
        f"{_label('vocabulary:audit_verdict', row.audit_verdict, language)}; "
        f"{getattr(row, f'expected_{language}')} – {getattr(row, f'found_{language}')}"
        for row in found.itertuples()
        if set(row.fact_ids.split()) & set(record["rows"])
    ]


def _listed(stem: str, record: dict | None, run: dict, language: str) -> dict:
    """One line of the index."""
    line = {"stem": stem, "state": run.get("state", "out_of_date"), "error": run.get("error", "")}
    if record is None:
        return line | {"notebook": run.get("notebook", stem), "title": stem, "href": ""}
    values = record["parameters"].values()
    return line | {
        "notebook": record["notebook"],
        "title": record["title"][language],
        "question": record["question"][language],
        "href": url_quote(f"{stem}.html"),
        "parameters": ", ".join(_label("localities", value, language) for value in values),
        "dates": _dates(record, language),
        "used": len(record["rows"]),
        "confirmed": sum(row["confirmed"] for row in record["rows"].values()),
    }


def _cited(row: dict, sources: Sources, language: str) -> dict:
    """The passage of a row for the index."""
    name = _anchor(row)
    quote = _marked(_quotation(row), {_span(row): [name]})
    return _source(row, sources, language) | {"quote": quote}


# --- Files ----------------------------------------------------------------------------------


def _files(notebook, record: dict, sources: Sources, language: str) -> dict[str, bytes]:
    """The tables as CSV, the sources, and one workbook of them all, by file name."""
    stem = record["stem"]
    tables = [shown for shown in _shown(*notebook.cells) if "rows" in shown["en"]]
    origin = _source_rows(_used(record, sources), sources, language)
    files = {f"{stem}.xlsx": _workbook(tables, origin, language)}
    for shown in tables:
        rows = [shown["data"]["columns"], *shown["data"]["rows"]]
        files[f"{stem}.{shown['name']}.csv"] = _csv(rows)
    return files | {f"{stem}.sources.csv": _csv(origin)}


def _source_rows(rows: list[dict], sources: Sources, language: str) -> list[list]:
    columns = "number measure quote outlet published locality title confirmed_by_person fact_id"
    table = [[report.labels("vocabulary:column", language)[name] for name in columns.split()]]
    for row in _in_order(rows, sources):
        words = (_fact_words if "fact_id" in row else _theme_words)(row, sources, language)
        source = _source(row, sources, language)
        said = [words["words"], " · ".join(words["details"]), row["quote"]]
        said += [source[key] for key in ("outlet", "day", "where", "headline")]
        confirmed = ui("yes" if words["confirmed"] else "no", language)
        table.append([*said, confirmed, row.get("fact_id") or row["coding_id"]])
    return table


def _csv(rows: list[list]) -> bytes:
    """UTF-8 with a mark, which spreadsheets need for Vietnamese; no cell starts a formula."""
    text = io.StringIO()
    safe = [
        [f"'{v}" if isinstance(v, str) and v[:1] in "=+-@\t\r" and v else v for v in row]
        for row in rows
    ]
    csv.writer(text, lineterminator="\n").writerows(safe)
    return text.getvalue().encode("utf-8-sig")


def _workbook(tables: list[dict], origin: list[list], language: str) -> bytes:
    """One sheet per table with its caption and note, and one of the sources."""
    import openpyxl  # here, because it takes a fifth of a second and the index needs none

    book = openpyxl.Workbook()
    book.remove(book.active)
    for at, shown in enumerate(tables, 1):
        part = shown[language]
        rows = [[part["caption"]], part["header"], *_typed_rows(shown, language)]
        note = [[part["note"]]] if part.get("note") else []
        _sheet(book, f"{at} {shown['name']}", rows + note, header=2)
    _sheet(book, ui("source", language), origin, header=1)
    book.properties.creator = ui("collection_name", language)
    file = io.BytesIO()
    book.save(file)
    return _timeless(file.getvalue())


def _sheet(book, title: str, rows: list[list], header: int) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31])
    widths = Counter()
    for r, row in enumerate(rows, 1):
        for c, value in enumerate(row, 1):
            cell = sheet.cell(r, c)
            value, share = value if isinstance(value, tuple) else (value, False)
            if isinstance(value, str):
                cell.value, cell.data_type = ILLEGAL_CHARACTERS_RE.sub("", value), "s"
            else:
                cell.value, cell.number_format = value, "0.0%" if share else "#,##0.##"
            cell.font = Font(bold=r <= header)
            if r >= header:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                widths[c] = min(60, max(widths[c], len(str(value)) + 2))
    for c, width in widths.items():
        sheet.column_dimensions[get_column_letter(c)].width = width
    sheet.freeze_panes = sheet.cell(header + 1, 1)


def _typed_rows(shown: dict, language: str) -> list[list]:
    """The rows in words, with numbers as numbers where there is one and only one."""
    columns, at = shown["data"]["columns"], shown["data"]["shown"]
    rows = []
    for texts, values in zip(shown[language]["rows"], shown["data"]["rows"], strict=True):
        row = []
        for text, start in zip(texts, at, strict=True):
            bounded = columns[start : start + 2] == [columns[start], f"{columns[start]}_low"]
            low, high, unit = values[start + 1 : start + 4] if bounded else (values[start],) * 3
            exact = isinstance(low, int | float) and not isinstance(low, bool) and low == high
            row.append(
                (low, unit == "share" or columns[start].endswith("share")) if exact else text
            )
        rows.append(row)
    return rows


def _timeless(xlsx: bytes) -> bytes:
    """The workbook without the time it was made, so that the same tables give the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            content = re.sub(
                rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", old.read(name)
            )
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            new.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _data_link(name: str, content: bytes) -> str:
    """The file as an address that needs no file: it is saved from the report itself."""
    kind = "text/csv" if name.endswith(".csv") else "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
