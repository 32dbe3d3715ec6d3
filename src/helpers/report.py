"""What a notebook shows: findings, tables, grids and figures, in Vietnamese and in English.

A notebook runs once; what it shows holds both languages and a link from every number to the
passage it comes from, so that the report of either language is made from one run. `use` says once
which of them the notebook itself shows. Everything that comes from data is escaped here.
"""

import calendar
import hashlib
import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from string import Formatter

import numpy as np
import pandas as pd

from helpers import bounds, codebook, corpus, evidence, numbers
from helpers.bounds import Bounded
from helpers.codebook import labels, translated

MIME = "application/vnd.party-cells+json"
LANGUAGES = ("en", "vi")
VIETNAMESE_COLUMNS = (
    *("quote", "passage", "number_text", "base_text", "prefix", "suffix", "before", "after"),
    *("title", "label_vi", "outlet", "author", "speaker", "issuer"),
)
_PARTS = ("value", "low", "high", "unit", "bound", "facts")  # of a bounded number, as columns
MOST_ROWS, MOST_COLUMNS = 40, 12  # what a reader takes in; the rest is counted, the files have it
MOST_NAMES = 6  # in a sentence; more are counted
GLYPHS = {  # filled: it is there; hollow: in part, or no longer; ring: meant to be
    **{"number": "●", "bound": "◐", "part": "○", "stated": "●", "denied": "✕"},
    **{"practice": "●", "done": "●", "planned": "○", "urged": "◎", "rule": "◎"},
    **{"limitation": "▲", "present": "▲", "diagnosed_earlier": "△", "overcome": "△"},
}
MONTHS = tuple(calendar.month_name)[1:]
INK, SOFT, LINE, ACCENT, PAPER = "#000000", "#4a5158", "#c9ced4", "#0b4a8f", "#fefefe"
COLOURS = {  # of a drawing, as the page has them in its scheme
    **{INK: "currentColor", SOFT: f"var(--soft, {SOFT})", LINE: f"var(--line, {LINE})"},
    **{ACCENT: f"var(--link, {ACCENT})", PAPER: "var(--paper, #fefefe)"},
}
_NIGHT = (  # of a drawing that stands by itself; in a page it has the colours of the page
    "<style>@media (prefers-color-scheme: dark) {svg:root {color: #e8eaed; --soft: #b6bcc4; "
    "--line: #454c55; --link: #9cc4ff; --paper: #14171a}}</style>"
)
_shows = {"language": "en"}  # what `use` has set for this process


class NotShowable(ValueError):
    """Something cannot be shown in both languages, or not safely."""


@dataclass(frozen=True)
class Words:
    """A text in both languages with the facts and codings it rests on; see `cited`.

    With a ``glyph`` it is drawn as one such mark for each of them, and read aloud in its words.
    """

    en: str
    vi: str
    ids: tuple[str, ...] = ()
    glyph: str = ""

    def __str__(self) -> str:
        return self.en

    def __getitem__(self, language: str) -> str:
        return getattr(self, language)


@dataclass(frozen=True)
class Shown:
    """A display object in both languages; the last expression of a cell.

    ``parts[language]`` has ``html`` (with links to the evidence), ``text``, for tables and figures
    ``caption``, ``header`` and ``rows`` as strings, for figures ``alt`` and ``svg``, for a finding
    ``title`` (text) and ``lead`` (HTML). ``data`` has the neutral ``columns`` and ``rows`` for the
    files; ``derived`` the formulas.
    """

    kind: str
    name: str
    parts: dict[str, dict]
    data: dict = field(default_factory=dict)
    derived: dict[str, dict] = field(default_factory=dict)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        part, holds = self.parts[_shows["language"]], {"kind": self.kind, "name": self.name}
        for lang, said in self.parts.items():
            holds[lang] = {key: value for key, value in said.items() if key != "svg"}
        holds |= {"data": self.data, "derived": self.derived}
        bundle = {"text/plain": part["text"], MIME: holds}
        if self.kind == "figure":
            return bundle | {"image/svg+xml": part["svg"]}
        return bundle | {"text/html": _with_sentences(part["html"], self.derived)}

    def __str__(self) -> str:
        return self.parts[_shows["language"]]["text"]


def use(language: str) -> None:
    """Show in this language, "en" or "vi", from here on; reports hold both whatever it is.

    Raises `NotShowable` for any other.
    """
    if language not in LANGUAGES:
        raise NotShowable(
            f"language {language!r}: expected en or vi; set the parameter `language` to one of them"
        )
    _shows["language"] = language


# --- What a cell ends with ---------------------------------------------------------------------


def sentence(en: str, vi: str, of: pd.DataFrame | None = None, **values) -> Shown:
    """A computed sentence: ``{name}`` in both texts is the value, formatted and linked.

    ``{n:pair|pairs}`` writes a count with its word, ``{n:no pair is|pair is|pairs are}`` with words
    of its own for none. Values as in the cells of `table`; a list is joined as in a sentence, and
    ``{names:none|, among them }`` has the words for an empty one, and those before any other. Where
    ``of``, the rows that are spoken of, has none, it says so instead. Raises `NotShowable` when the
    texts name other values.

    >>> use("vi")
    >>> str(sentence(en="{n:member|members}.", vi="{n:đảng viên}.", n=1142))
    '1.142 đảng viên.'
    >>> use("en")
    """
    parts = _computed({"en": en, "vi": vi}, values, of)
    for part in parts.values():
        part["html"] = f'<p class="computed">{part["html"]}</p>'
    return Shown("sentence", "", parts, derived=_derived(values.values()))


def finding(en: str, vi: str, of: pd.DataFrame | None = None, **values) -> Shown:
    """What was found: the first line is the title of the report, the rest stands under it.

    It is shown at the top of the page, wherever the cell stands. As `sentence` else.
    """
    parts = _computed({"en": en, "vi": vi}, values, of)
    for part in parts.values():
        title, _, lead = part["html"].partition("\n")
        part["title"], part["lead"] = part["text"].partition("\n")[0], " ".join(lead.split())
        part["html"] = f'<p class="finding"><b>{title}</b></p><p class="lead">{part["lead"]}</p>'
    return Shown("finding", "", parts, derived=_derived(values.values()))


def first_passage(rows: pd.DataFrame) -> Shown:
    """The words around the first of these facts or codings, as they stand in the article."""
    if rows.empty:
        return sentence("{n}", "{n}", n=nothing_yet())
    row = rows.iloc[0]
    text = corpus.read(row["document_id"]).text
    before, words, after = evidence.in_context(text, row["char_start"], row["char_end"])
    words = cited(words, [row["fact_id"] if "fact_id" in row else row["coding_id"]])
    said = {"place": label("localities", row["place_id"]), "before": before, "after": after}
    return sentence(*["{place}: {before}{words}{after}"] * 2, words=words, **said)


def table(
    frame: pd.DataFrame, name: str, en: str, vi: str, note_en: str = "", note_vi: str = ""
) -> Shown:
    """A table with its caption; ``name`` is the stable name of its files.

    Of a large table the first `MOST_ROWS` rows and `MOST_COLUMNS` columns are shown and the rest is
    counted; the files have all of it. Of an empty one it is said that there is nothing yet.

    Cells: Bounded, `cited`, text, numbers (shares 0 to 1 in columns named ``…_share``), booleans,
    ISO dates; a missing cell is a dot, read aloud as "not stated". Ids, also several joined by "|",
    are translated by column name, headers as `codebook.header` has them.
    """
    frame, parts = _plain(frame), {}
    for lang, caption, note in (("en", en, note_en), ("vi", vi, note_vi)):
        parts[lang] = _worded(frame, caption, lang, note)
    _need_both(f"table {name!r}", parts, "caption", "note")
    return Shown("table", name, parts, _data(frame), _derived(_cells(frame.head(MOST_ROWS))))


def grid(
    marks: pd.DataFrame,
    name: str,
    en: str,
    vi: str,
    rows: str,
    columns: Sequence[str],
    all_rows: Sequence[str] | None = None,
) -> Shown:
    """A row per id in the column ``rows`` of `marks`, a column per locality, and what marks mean.

    ``marks`` has plain columns: that of ``rows``, ``locality_id``, ``mark`` (a code of `GLYPHS` and
    of the list "mark") and ``ids``, the passages, joined by "|"; each passage is drawn as one mark.
    Of too many localities each has a row. Without ``all_rows`` the rows are those that have marks.
    """
    order = list(labels("vocabulary:mark", "en"))
    told = [_mark(code, ids) for code, ids in zip(marks["mark"], marks["ids"], strict=True)]
    downs = list(marks[rows].unique() if all_rows is None else all_rows)
    marks = marks.assign(told=told).sort_values(
        "mark", kind="stable", key=lambda codes: codes.map(order.index)
    )
    frame = _crossed(marks, rows, "locality_id").reindex(index=downs, columns=list(columns))
    frame = frame.T if len(columns) > MOST_COLUMNS else frame
    used = [_mark(code) for code in order if code in {*marks["mark"]}]
    notes = both(lambda lang: "; ".join(f"{mark.glyph} {mark[lang]}" for mark in used))
    return table(frame.rename_axis(columns=None), name, en, vi, notes.en, notes.vi)


def _mark(code: str, ids: str = "") -> Words:
    ids = tuple(filter(None, ids.split("|")))
    return replace(label("vocabulary:mark", code), ids=ids, glyph=GLYPHS[code])


def _crossed(rows: pd.DataFrame, down: str, across: str) -> pd.DataFrame:
    """What is told of each pair of ids, as lists; named by what stands down and across."""
    return rows.groupby([down, across], sort=False)["told"].agg(list).unstack()


def triangle(counts: pd.DataFrame, name: str, en: str, vi: str, places: Sequence[str]) -> Shown:
    """For each pair of localities how many comparisons have which answer, in words.

    ``counts`` has row_id, column_id, answer (of the list "answer") and n. Of many localities each
    pair has a row.
    """
    told = []
    for row in counts.to_dict("records"):
        words = label("vocabulary:answer", row["answer"])
        pair = sorted((row["row_id"], row["column_id"]), key=places.index)
        told.append([*pair, Words(f"{row['n']} {words.en}", f"{row['n']} {words.vi}")])
    told = pd.DataFrame(told, columns=["row_id", "column_id", "told"])
    if len(places) > MOST_COLUMNS:
        pairs = told.groupby(["row_id", "column_id"], sort=False)["told"].agg(list)
        return table(pairs.rename("answer").reset_index(), name, en, vi)
    frame = _crossed(told, "column_id", "row_id").reindex(index=places[1:], columns=places[:-1])
    below = np.tril(np.ones(frame.shape, bool))
    return table(frame.where(below, "").rename_axis("locality_id"), name, en, vi)


def figure(
    frame: pd.DataFrame,
    name: str,
    draw: Callable,
    en: str,
    vi: str,
    alt: tuple[str, str],
) -> Shown:
    """A chart in both languages, with the table of its numbers under it.

    ``draw`` gives for a language the matplotlib figure, which seaborn may have drawn on; ``frame``
    holds the plotted values, with cells as in `table`; ``alt`` says them in words. What is drawn
    in `INK` and the other colours of this module follows the page, by day and by night.
    """
    frame, parts = _plain(frame), {}
    for lang, caption, words in zip(LANGUAGES, (en, vi), alt, strict=True):
        drawn = _svg(draw(lang), f"{name}-{lang}", words)
        part, told = _worded(frame, caption, lang), escape(caption)
        html = (
            f"<figure>{drawn}<figcaption>{told}</figcaption><details>"
            f"<summary>{escape(ui('numbers_of_figure', lang))}</summary>{part['html']}"
            "</details></figure>"
        )
        parts[lang] = part | {"html": html, "text": words, "svg": drawn, "alt": words}
    _need_both(f"figure {name!r}", parts, "caption", "alt")
    return Shown("figure", name, parts, _data(frame), _derived(_cells(frame)))


def _svg(figure, name: str, alt: str) -> str:
    """The drawing as small SVG: words stay words, colours follow the page, ids are its own."""
    from matplotlib import rc_context  # half a second, for who draws

    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "svg.id": None}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = re.sub(
        r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|</?a\b[^>]*>",
        "",
        file.getvalue(),
        flags=re.DOTALL,
    )
    own = "g" + hashlib.sha256(name.encode()).hexdigest()[:5]
    text = re.sub(r'<g id="\w+">', "<g>", text)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{own}-", text)
    text = re.sub(r"(font: [\w. ]*?[\d.]+px) [^;\"]*", r"\1 system-ui, sans-serif", text)
    for colour, css in COLOURS.items():
        text = text.replace(colour, css)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><").strip()
    named = f'<svg fill="currentColor" role="img" aria-label="{escape(alt)}" '
    return text.replace("<svg ", named, 1).replace("</svg>", f"{_NIGHT}</svg>")


# --- Words and links ---------------------------------------------------------------------------


def label(table: str, code: str) -> Words:
    """The name of an id in both languages, for a sentence: ``label("localities", "yen-minh")``.

    Raises `NotShowable` for an id without a label.
    """
    found = both(lambda language: labels(table, language).get(code))
    if not (isinstance(found.en, str) and isinstance(found.vi, str)):
        raise NotShowable(f"{table}: {code!r} has no label in both languages; add a row or a label")
    return found


def both(words: Callable[[str], str]) -> Words:
    """What a function of a language says in each of them.

    >>> both(lambda language: date("2023-03-05", language)).vi
    '5/3/2023'
    """
    return Words(*map(words, LANGUAGES))


def years() -> dict[str, str]:
    """The years of the articles on each locality: "2019", or "2015–2023" of several."""
    found = codebook.load("documents").dropna(subset="published_date")
    ends = found["published_date"].str[:4].groupby(found["locality_id"]).agg(["min", "max"])
    return {place: "–".join(dict.fromkeys(pair)) for place, *pair in ends.itertuples()}


def named(table: str, codes: Iterable[str]) -> list[Words]:
    """The names of several ids, to be listed in a sentence; what is no place in quotation marks."""
    found = [label(table, code) for code in codes]
    return found if table == "localities" else [Words(f"“{w.en}”", f"“{w.vi}”") for w in found]


def cited(text: str | tuple[str, str] | Words, ids: Iterable[str] = ()) -> Words:
    """A text, or an (English, Vietnamese) pair, that links to the facts and codings it rests on.

    >>> cited(("stated", "có nêu"), ["kien-xuong-2023.1024.criticism"]).vi
    'có nêu'
    """
    pair = (text.en, text.vi) if isinstance(text, Words) else text
    return Words(*((pair, pair) if isinstance(pair, str) else pair), tuple(ids))


def printed(fact: dict) -> Words:
    """A row of facts as a sentence names it, “Members” 1,142, linked to its passage."""
    name, value = label("measures", fact["measure_id"]), bounds.from_fact(fact)
    said = both(lambda lang: f"“{name[lang]}” {bounds.words(value, lang)}")
    return cited(said, (fact["fact_id"],))


def nothing_yet() -> Words:
    """What is said where there is no row to speak of: no article, nothing decided, or not said."""
    n = len(codebook.load("documents"))
    code = "not_said" if _rows_by_id() else "nothing_decided" if n else "no_article"
    return both(lambda lang: ui(code, lang).format(numbers.write(n, "count", lang)))


def nothing_drawn() -> Shown:
    """What stands in the place of a chart whose numbers no article gives."""
    return sentence(*(ui("nothing_drawn", lang) for lang in LANGUAGES))


def ui(code: str, language: str) -> str:
    """A word of the report's frame, from the vocabulary list "ui"."""
    words = labels("vocabulary:ui", language)
    if code not in words:
        raise NotShowable(f"vocabulary.csv has no word {code!r} in its list 'ui'; add the row")
    return words[code]


def date(iso: str, language: str) -> str:
    """An ISO date as a reader writes it; years and months alone too.

    >>> date("2023-03-05", "en"), date("2023-03-05", "vi"), date("2016", "vi")
    ('5 March 2023', '5/3/2023', '2016')
    """
    year, *rest = iso.split("-")
    parts = [int(part) for part in reversed(rest)]
    if not all(1 <= month <= 12 for month in parts[-1:]):
        return iso
    named = parts if language == "vi" else [*parts[:-1], *(MONTHS[m - 1] for m in parts[-1:])]
    return ("/" if language == "vi" else " ").join([*map(str, named), year])


def anchor(row_id: str) -> str:
    """The name of the place in a report where a fact or a coding is shown.

    >>> anchor("kien-xuong-2023.512.members"), anchor("a b.1.criticism")
    ('f-kien-xuong-2023.512.members', 'c-a~20~b.1.criticism')
    """
    kind = "c" if row_id.rpartition(".")[2] in labels("themes", "en") else "f"
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9._-]", lambda m: f"~{ord(m[0]):x}~", row_id)


def linked(words: str, ids: tuple[str, ...], language: str, target: str = "") -> str:
    """The words as HTML, linked to one passage, to a formula (``target``), or to several."""
    text = escape(words)
    if target or len(ids) == 1:
        return f'<a class="n" href="#{target or anchor(ids[0])}">{text}</a>'
    links = _numbered(ids, ui("passage", language), "n")
    return text + (f' <span class="sources">{links}</span>' if ids else "")


def _numbered(ids: tuple[str, ...], name: str, kind: str, glyph: str = "") -> str:
    """A link to each passage, by its number or as a glyph, named for the ear."""
    return "".join(
        f'<a class="{kind}" href="#{anchor(row_id)}" aria-label="{escape(name)} {at}">'
        f"{glyph or at}</a>"
        for at, row_id in enumerate(ids, 1)
    )


def _marked(value: Words, language: str) -> tuple[str, str]:
    """A mark as text, "done (2)", and as HTML: one linked glyph per passage, named for the ear."""
    words, n = value[language], len(value.ids)
    if not n:
        said = f'<span class="mark" role="img" aria-label="{escape(words)}">{value.glyph}</span>'
        return words, said
    return f"{words} ({n})" if n > 1 else words, _numbered(value.ids, words, "n mark", value.glyph)


# --- Computed text -----------------------------------------------------------------------------


def _computed(templates: dict[str, str], values: dict, of: pd.DataFrame | None) -> dict[str, dict]:
    """The texts with their values as HTML and as text; that there is nothing yet, if so."""
    fields = {lang: list(Formatter().parse(text)) for lang, text in templates.items()}
    asked = {lang: {name for _, name, _, _ in found if name} for lang, found in fields.items()}
    if not asked["en"] == asked["vi"] == set(values):
        raise NotShowable(f"the texts name {asked}, the values are {sorted(values)}")
    if of is not None and of.empty:
        said = nothing_yet()
        return {lang: {"html": escape(said[lang]), "text": said[lang]} for lang in LANGUAGES}
    parts = {}
    for lang, found in fields.items():
        text = html = ""
        for literal, name, spec, _ in found:
            said = _said(values[name], name, spec, lang) if name else ("", "")
            text, html = text + literal + said[0], html + escape(literal) + said[1]
        parts[lang] = {"html": html, "text": text}
    return parts


def _said(value, name: str, spec: str, language: str) -> tuple[str, str]:
    """A value in a sentence, as text and as HTML; ``spec`` as `sentence` has it."""
    if isinstance(value, list | tuple):
        none, _, before = spec.partition("|")
        if not value:
            return none, escape(none)
        told = [written(item, name, language) for item in value[:MOST_NAMES]]
        if more := len(value) - len(told):
            told.append((ui("more_of_them", language).format(more),) * 2)
        text, html = (_listed(said, language) for said in zip(*told, strict=True))
        return before + text, escape(before) + html
    text, html = written(value, name, language)
    if not spec:
        return text, html
    words, count = spec.split("|"), value.value if isinstance(value, Bounded) else value
    if len(words) == 3 and not count:
        return words[0], escape(words[0])
    word = words[-2:][0] if count == 1 else words[-1]
    return f"{text} {word}", f"{html} {escape(word)}"


def _listed(texts: Sequence[str], language: str) -> str:
    """Several texts as a sentence lists them: "a, b and c"."""
    *first, last = texts
    return f"{', '.join(first)} {ui('and', language)} {last}" if first else last


def _need_both(what: str, parts: dict, *names: str) -> None:
    for name in names:
        given = {bool(parts[lang][name].strip()) for lang in LANGUAGES}
        if given != {True} and not (name == "note" and given == {False}):
            raise NotShowable(f"{what}: {name} must be given in English and in Vietnamese")


# --- Tables ------------------------------------------------------------------------------------


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its named index, if it has one, as first columns."""
    return frame.reset_index() if any(frame.index.names) else frame


def _cells(frame: pd.DataFrame) -> list:
    return [value for name in frame.columns for value in frame[name]]


def _worded(frame: pd.DataFrame, caption: str, language: str, note: str = "") -> dict:
    """A table's header and all its rows as text, and as HTML the rows that are shown."""
    when, columns = years(), list(frame)
    heads = [
        codebook.header(name, language) + (f" ({when[name]})" if name in when else "")
        for name in columns
    ]
    cells = [
        [written(value, name, language) for name, value in zip(columns, row, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]
    for code, most, n in (("cut", MOST_ROWS, len(frame)), ("narrowed", MOST_COLUMNS, len(heads))):
        caption += f" ({ui(code, language).format(most, n)})" if caption and n > most else ""
    note = note if cells else f"{ui('no_rows', language)} {note}".strip()
    texts = pd.DataFrame([[text for text, _ in row] for row in cells], columns=heads)
    lines = texts.iloc[:MOST_ROWS, :MOST_COLUMNS].to_string(index=False) if cells else ""
    return {
        "html": _table_html(frame.iloc[:MOST_ROWS, :MOST_COLUMNS], heads, cells, caption, note),
        "text": "\n".join(filter(None, [caption, lines, note])),
        "caption": caption,
        "note": note,
        "header": heads,
        "rows": texts.to_numpy().tolist(),
    }


def _table_html(shown: pd.DataFrame, heads: list, cells: list, caption: str, note: str) -> str:
    """The shown cells as a table that scrolls in its own box, with numbers at the right."""
    foot = f'<p class="note">{escape(note)}</p>' if note else ""
    if shown.empty:
        return f'<p class="caption">{escape(caption)}</p>{foot}'
    sides = [' class="num"' if _is_numeric(values) else "" for _, values in shown.items()]
    head = "".join(
        f'<th scope="col"{s}>{escape(h)}</th>' for h, s in zip(heads, sides, strict=False)
    )
    body = "".join(f"<tr>{_row(row, shown.columns, sides)}</tr>\n" for row in cells[:MOST_ROWS])
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption><span>{escape(caption)}</span></caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>{foot}"
    )


def _row(cells: Sequence[tuple[str, str]], columns: Iterable, sides: list[str]) -> str:
    parts = []
    for at, ((_, html), column, side) in enumerate(zip(cells, columns, sides, strict=False)):
        tag, scope = ("th", ' scope="row"') if at == 0 else ("td", "")
        spoken = ' lang="vi"' if column in VIETNAMESE_COLUMNS else ""
        parts.append(f"<{tag}{scope}{spoken}{side}>{html}</{tag}>")
    return "".join(parts)


def _is_numeric(values: pd.Series) -> bool:
    return all(isinstance(one, Bounded) or pd.api.types.is_number(one) for one in values)


def written(value, column: str, language: str) -> tuple[str, str]:
    """A value as a table writes it in a column of that name, as text and as HTML."""
    if isinstance(value, Words):
        if value.glyph:
            return _marked(value, language)
        return value[language], linked(value[language], value.ids, language)
    if isinstance(value, Bounded):
        return _bounded(value, language)
    if isinstance(value, list | tuple):
        parts = [written(item, column, language) for item in value]
        by = " " if any(getattr(item, "glyph", "") for item in value) else "<br>"
        return "; ".join(text for text, _ in parts), by.join(html for _, html in parts)
    if pd.isna(value):
        text = ui("not_stated", language)
        return text, f'<span class="missing" role="img" aria-label="{escape(text)}">·</span>'
    text = _text(value, column, language)
    return text, escape(text)


def _bounded(value: Bounded, language: str) -> tuple[str, str]:
    text = bounds.words(value, language)
    if not value.facts:
        return text, f'<span class="{escape(value.bound)}">{escape(text)}</span>'
    return text, linked(text, value.facts[:1], language, _derivation(value))


def _text(value, column: str, language: str) -> str:
    """A value that is neither bounded nor missing: a name, a date, a number, yes or no."""
    if pd.api.types.is_bool(value):
        return ui("yes" if value else "no", language)
    if isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return date(value, language)
        return translated(value, column, language)
    if re.search(r"(^|_)(year|id|start|end)$", str(column)) or not pd.api.types.is_number(value):
        return str(value)
    unit = "share" if re.search(r"(^|_)share$", str(column)) else "count"
    return numbers.write(float(value), unit, language)


# --- What numbers come from --------------------------------------------------------------------


def _with_sentences(html: str, derived: dict[str, dict]) -> str:
    """A table for the notebook itself: each number tells its sentence, and below they are listed.

    A notebook shows no passages to link to, so the links go and the words come.
    """
    rows = {anchor(row_id): row for row_id, row in _rows_by_id().items()}
    quotes = {}

    def told(link: re.Match) -> str:
        of = derived.get(link[1], {}).get("facts", [])
        found = [rows[name] for name in (map(anchor, of) if of else [link[1]]) if name in rows]
        quotes.update({(row["document_id"], row["quote"]): None for row in found})
        quote = escape(" … ".join(dict.fromkeys(row["quote"] for row in found)))
        return f'<span title="{quote}">{link[2]}</span>'

    html = re.sub(r'<a\b[^>]*?href="#([^"]*)"[^>]*>(.*?)</a>', told, html)
    lines = "".join(f"<li>{escape(quote)} ({escape(name)})</li>" for name, quote in quotes)
    title = escape(ui("sentences", _shows["language"]))
    return html + (f"<details><summary>{title}</summary><ol>{lines}</ol></details>" * bool(lines))


def _rows_by_id() -> dict[str, dict]:
    """Facts and codings of the data folder in use, as far as there are any."""
    found = {}
    for name, key in (("facts", "fact_id"), ("codings", "coding_id")):
        if codebook.table_path(name).exists():
            table = codebook.load(name)
            found |= dict(zip(table[key], table.to_dict("records"), strict=True))
    return found


def _derivation(value: Bounded) -> str:
    """The name of the formula of a derived number; "" for a number as printed."""
    if len(value.facts) == 1 and value.formula in ("", "{0}"):
        return ""
    told = repr((value.formula, value.facts, value.low, value.high, value.unit))
    return "d-" + hashlib.sha256(told.encode()).hexdigest()[:10]


def _derived(values: Iterable) -> dict[str, dict]:
    """By name the formula, the facts and the result in words of every derived number."""
    found = {}
    for value in values:
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, Bounded) and item.facts and (name := _derivation(item)):
                words = {lang: bounds.words(item, lang) for lang in LANGUAGES}
                found[name] = {"formula": item.formula, "facts": list(item.facts), **words}
    return found


def _data(frame: pd.DataFrame) -> dict:
    """Neutral columns and rows; a bounded number takes six columns.

    ``shown`` tells at which of them each column of the shown table begins.
    """
    columns, series, shown = [], [], []
    for name, values in frame.items():
        shown.append(len(columns))
        is_bounded = any(isinstance(value, Bounded) for value in values)
        for part in _PARTS if is_bounded else ("value",):
            columns.append(str(name) if part == "value" else f"{name}_{part}")
            series.append(
                [_neutral(getattr(one, part, None) if is_bounded else one) for one in values]
            )
    return {"columns": columns, "rows": [*map(list, zip(*series, strict=True))], "shown": shown}


def _neutral(value) -> str | int | float | bool | None:
    """A cell as a file holds it; an end without a limit is empty."""
    if isinstance(value, list | tuple):
        by = " " if all(isinstance(one, str) for one in value) else "; "
        return by.join(str(_neutral(one)) for one in value)
    if pd.isna(value) or value in (math.inf, -math.inf):
        return None
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int | float) else str(value)
