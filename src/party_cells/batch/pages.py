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
from dataclasses import dataclass, field
from functools import cache
from html import escape, unescape
from itertools import groupby
from pathlib import Path
from urllib.parse import quote as url_quote
from urllib.parse import unquote

import jinja2
import nbformat
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from helpers import report
from helpers.report import LANGUAGES, MIME, ui
from party_cells.batch import cards, downloads, outputs, passages
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


@dataclass(frozen=True)
class Item:
    """A piece of an essay in one language, as safe HTML.

    ``kind`` is prose, code, output or that of a display object of ours, which is then ``shown``;
    ``cell`` counts the cells of the notebook from 1.
    """

    kind: str
    cell: int
    html: str
    shown: dict = field(default_factory=dict)


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
    notebook, run, sources = _read(executed), run or {}, sources or Sources.load()
    stem, last = executed.stem, into / "records" / f"{executed.stem}.json"
    essays = {language: list(items(notebook, language)) for language in LANGUAGES}
    tables = [one for one in cards.shown(notebook.cells) if one["kind"] in ("table", "figure")]
    anchors = _cited(executed.name, essays, sources)
    record = cards.record(notebook, stem, run, anchors, sources)
    record["lacks"] = lacking(notebook, bool(anchors))
    record["title"] = {lang: _title(notebook, essays[lang], lang) or stem for lang in LANGUAGES}
    before, made = read_record(Path(run.get("previous") or last)), {}
    rows = sources.cited(map(report.anchor, record["rows"]))
    for language in languages:
        page, card = Page(stem, sources, language), cards.card(record, before, sources, language)
        files = downloads.files(stem, tables, rows, sources, language)
        told = page.told(record["title"][language], essays[language])
        told |= {"card": card, "about": card["about"], "files": _addresses(files)}
        files |= page.beside | {f"{stem}.html": render("report", told, language).encode()}
        made |= {into / language / name: content for name, content in files.items()}
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
    return "; ".join(cards.lacks(json.loads(record.read_text("utf-8")), "en"))


def _addresses(files: dict[str, bytes]) -> dict[str, str]:
    """Small files in the addresses themselves, so that a report sent alone has them; many or large
    ones by their names, since they lie beside the page.
    """
    if sum(map(len, files.values())) > _INSIDE:
        return {name: url_quote(name) for name in files}
    start = "data:application/octet-stream;base64,"
    return {name: start + base64.b64encode(content).decode() for name, content in files.items()}


@cache
def _templates() -> jinja2.Environment:
    folder = Path(__file__).parent / "templates"
    return jinja2.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True)


def render(name: str, page: dict, language: str) -> str:
    """The page by one of our templates."""
    words = {"language": language, "ui": lambda code: ui(code, language)}
    return _templates().get_template(f"{name}.html.j2").render(page=page, **words)


# --- What a notebook holds, and what it lacks --------------------------------------------------


def _read(executed: Path) -> nbformat.NotebookNode:
    """The notebook; what a synthetic one shows has no passages, so its links are taken out."""
    notebook = nbformat.read(executed, as_version=4)
    for one in cards.shown(notebook.cells) if cards.own(notebook).get("synthetic") else []:
        one["derived"] = {}
        for language in LANGUAGES:
            one[language]["html"] = LINKED.sub(r"\2", one[language]["html"])
    return notebook


def items(notebook, language: str) -> Iterator[Item]:
    """What a reader of the language is shown, in order.

    Prose for other languages is left out, unless there is none for this one.
    """
    tagged = [_languages(cell) for cell in notebook.cells if cell.cell_type == "markdown"]
    wanted = [[], [language]] if any(not t or language in t for t in tagged) else tagged
    here = ""
    for at, cell in enumerate(notebook.cells, 1):
        if "remove-cell" in _tags(cell) or _languages(cell) not in [*wanted, []]:
            continue
        if cell.cell_type == "code":
            alt = ui("undescribed", language).format(here)
            yield from _code_items(cell, at, language, alt)
        else:
            html = outputs.clean(_rendered(cell))
            here = (["", here] + [_words(words) for _, words in _HEADING.findall(html)])[-1]
            yield Item("prose", at, html)


def _code_items(cell, at: int, language: str, alt: str) -> Iterator[Item]:
    hidden = _tags(cell)
    for output in [] if "remove-output" in hidden else cell.outputs:
        if one := output.get("data", {}).get(MIME):
            yield Item(one["kind"], at, one[language]["html"], one)
        else:
            yield Item("output", at, outputs.shown(output, _markdown, alt))
    if cell.source.strip() and "remove-input" not in hidden:
        yield Item("code", at, outputs.text(cell.source))


def _tags(cell) -> list[str]:
    return cell.get("metadata", {}).get("tags", [])


def _languages(cell) -> list[str]:
    return [tag for tag in LANGUAGES if tag in _tags(cell)]


def _cited(name: str, essays: dict[str, list[Item]], sources: Sources) -> set[str]:
    """The anchors that the essays link to, those of operands among them; `ReportInvalid` if one
    leads nowhere: a number that nobody can follow.
    """
    found, derived = {}, set()
    for item in (item for essay in essays.values() for item in essay):
        if item.kind not in ("code", "output"):
            found |= {link[2]: item.cell for link in LINK.finditer(item.html)}
        for formula, line in item.shown.get("derived", {}).items():
            derived.add(formula)
            found |= {report.anchor(fact_id): item.cell for fact_id in line["facts"]}
    gone = sorted(
        (at, anchor) for anchor, at in found.items() if anchor not in {*sources.rows, *derived}
    )
    if gone:
        raise ReportInvalid(name, [f"cell {at}: no fact or coding {a[2:]!r}" for at, a in gone])
    return {*found}


def lacking(notebook, is_linked: bool) -> dict[str, int | str]:
    """What an ordinary notebook lacks, by code, and how much of it; empty where nothing is.

    ``language`` (cells of prose), ``outputs`` (in one language), ``alt`` (pictures without
    words), ``math`` (formulas shown as their source), ``evidence`` (no number leads to its
    sentence), ``taken`` (what could run or load).
    """
    cells = notebook.cells
    tagged = [_languages(cell) for cell in cells if cell.cell_type == "markdown"]
    paired = 2 * min(tagged.count([language]) for language in LANGUAGES)
    shown = [output for cell in cells for output in cell.get("outputs", [])]
    plain = [output for output in shown if MIME not in output.get("data", {})]
    pictures = [one for one in plain if any(m.startswith("image/") for m in one.get("data", {}))]
    prose = "\n".join(_rendered(cell) for cell in cells if cell.cell_type != "code")
    taken = {*outputs.taken(prose)}.union(*map(outputs.taken_of, plain))
    found = {"language": len(tagged) - paired, "outputs": len(plain), "alt": len(pictures)}
    found["math"] = prose.count('<code class="math">')
    linked = is_linked or cards.own(notebook).get("synthetic") or not plain
    found |= {"evidence": int(not linked), "taken": ", ".join(sorted(taken))}
    return {code: much for code, much in found.items() if much}


def _title(notebook, essay: list[Item], language: str) -> str:
    """The title of a notebook: its own in this language or another, or its first heading."""
    titles = cards.own(notebook).get("title", {})
    headings = _HEADING.findall("".join(item.html for item in essay if item.kind == "prose"))
    given = [titles.get(language), *titles.values(), *(words for _, words in headings)]
    return next(filter(None, (_words(html or "") for html in given)), "")


def _words(html: str) -> str:
    html = re.sub(r'<img\b[^>]*?\balt="([^"]*)"[^>]*>', r"\1", html)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


# --- Prose -------------------------------------------------------------------------------------


class _Prose(IPythonRenderer):
    """Markdown with links that lead somewhere and pictures that the notebook holds."""

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
        name = unquote(url.removeprefix("attachment:"))
        forms = self.attachments.get(name, {}) if url.startswith("attachment:") else {}
        made = (outputs.picture(mime, content, text) for mime, content in forms.items())
        return next(made, f'<img alt="{escape(text)}" src="{escape(url)}">')

    def emphasis(self, text: str) -> str:
        return f"<em{_spoken(text)}>{text}</em>"

    def block_quote(self, text: str) -> str:
        return f"<blockquote{_spoken(text)}>{text}</blockquote>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        return outputs.text(code)

    def inline_math(self, body: str) -> str:
        return outputs.formula(body)

    def block_math(self, body: str) -> str:
        return f"<p>{outputs.formula(body)}</p>\n"

    def latex_environment(self, name: str, body: str) -> str:
        is_one = name.removesuffix("*") == "equation"
        return self.block_math(body if is_one else f"\\begin{{{name}}}{body}\\end{{{name}}}")


def _spoken(text: str) -> str:
    """The attribute by which a screen reader reads the words as Vietnamese, if they are."""
    return ' lang="vi"' if _VIETNAMESE.search(text) else ""


def _rendered(cell) -> str:
    """A cell of prose as HTML that is not cleaned yet; a raw one by the format it names."""
    form = "markdown" if cell.cell_type == "markdown" else cell.metadata.get("format", "")
    if "html" in form:
        return cell.source
    if "markdown" not in form:
        return outputs.text(cell.source) if cell.source else ""
    return _html(cell.source, cell.get("attachments", {}))


def _html(source: str, attachments: dict) -> str:
    return MarkdownWithMath(renderer=_Prose(escape=False, attachments=attachments)).render(source)


def _markdown(source: str) -> str:
    return outputs.clean(_html(source, {}))


# --- One page ----------------------------------------------------------------------------------


class Page:
    """Writes the items of an essay in its language: numbered, with a name on every link."""

    def __init__(self, stem: str, sources: Sources, language: str):
        self.stem, self.sources, self.language = stem, sources, language
        self.uses, self.counts, self.headings, self.beside = Uses(), Counter(), [], {}
        self.left, self.derived, self.title, self.titled = _SHOWN, {}, "", False
        self.named = Counter(("content", "evidence", "files"))  # names that the page has already

    def told(self, title: str, essay: list[Item]) -> dict:
        """What the template needs: what was found, the essay in blocks, the evidence."""
        self.title = title
        for item in essay:
            self.derived |= item.shown.get("derived", {})
        found = _first(essay, ("finding",)) or _first(essay, ("sentence",))
        after = essay[essay.index(found) + 1 :] if found else []
        lead = _first([*after, *essay], ("table", "figure"))
        part = found.shown[self.language] if found else {"html": ""}
        heading = part.get("title", "")  # a computed sentence has none
        rest = _folded([item for item in essay if item is not found and item is not lead])
        return {
            "file": f"{self.stem}.html",
            "above": [title] if heading else [],
            "title": heading or title,
            "said": self.marked(part.get("lead", part["html"]), heading or title),
            "lead": self.block(lead) if lead else "",
            "blocks": [self.block(item) for item in rest],
            "headings": self.headings,
            "formulas": passages.formulas(self.derived, self.uses, self.sources, self.language),
            "articles": passages.articles(self.uses, self.sources, self.language),
        }

    def block(self, item: Item) -> str:
        """One item as HTML."""
        if item.kind == "code":
            summary = escape(ui("code", self.language))
            return f'<details class="code"><summary>{summary}</summary>{item.html}</details>'
        html, label = item.html, self.headings[-1]["text"] if self.headings else ""
        if item.kind == "output":
            html = self.fitting(re.sub(r"(</?)h[1-3]\b", r"\1h4", html))
        elif item.kind == "prose":
            html = self.marked(_HEADING.sub(self.heading, html), label)
        else:
            html = self.marked(*self.numbered(html, item.kind, label))
        kind = "prose" if item.kind == "prose" else "shown"
        return f'<div class="{kind}">{html}</div>' if html.strip() else ""

    def heading(self, found: re.Match) -> str:
        """A heading with its number; the first title of all stands above the page already."""
        level, words = max(2, int(found[1])), _words(found[2])
        if not self.titled and (found[1] == "1" or words == self.title):
            self.titled = True
            return ""
        name = words.replace(" ", "-")  # as JupyterLab names it, for the notebook's own links
        self.named[name] += 1
        name += f"-{self.named[name]}" * (self.named[name] > 1)
        self.headings.append({"level": level, "name": name, "text": words})
        return f'<h{level} id="{escape(name)}">{found[2]}</h{level}>'

    def fitting(self, html: str) -> str:
        """An output as it came; one that is too large for the page as a link to it beside."""
        if len(html) <= self.left:
            self.left -= len(html)
            return html
        name = f"{self.stem}.output-{len(self.beside) + 1}.html"
        page = render("frame", {"title": name, "html": html}, self.language)
        self.beside[name] = page.encode()
        words = escape(ui("beside", self.language).format(len(html) // 1000))
        return f'<p><a href="{url_quote(name)}">{words}</a></p>'

    def numbered(self, html: str, kind: str, here: str) -> tuple[str, str]:
        """The HTML of a display object and its label, "Table 2", put before its caption."""
        if kind not in ("table", "figure"):
            return html, here
        self.counts[kind] += 1
        label = f"{ui(kind, self.language)} {self.counts[kind]}"
        tag = "<figcaption>" if kind == "figure" else "<caption><span>"
        return html.replace(tag, f"{tag}<b>{escape(label)}.</b> ", 1), label

    def marked(self, html: str, label: str) -> str:
        """The HTML with n beside derived shares, and every link to a passage known as a use."""
        html = passages.with_bases(html, self.derived, self.sources, self.language)
        return self.uses.mark(html, label)


def _first(essay: list[Item], kinds: tuple[str, ...]) -> Item | None:
    return next((item for item in essay if item.kind in kinds), None)


def _folded(essay: list[Item]) -> Iterator[Item]:
    """The items with the code of each stretch between prose folded together at its end."""
    for _, stretch in groupby(essay, key=lambda item: item.kind == "prose"):
        stretch = list(stretch)
        yield from (item for item in stretch if item.kind != "code")
        if code := [item.html for item in stretch if item.kind == "code"]:
            yield Item("code", stretch[-1].cell, "\n".join(code))
