"""What a notebook shows: findings, tables, grids and figures, in Vietnamese and in English.

A notebook runs once; what it shows holds both languages and a link from every number to the
passage it comes from, so that the report of either language is made from one run. `use` says once
which of them the notebook itself shows. Everything that comes from data is escaped here.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from html import escape
from string import Formatter
from xml.etree import ElementTree

import pandas as pd

from helpers import bounds, codebook, corpus, evidence, numbers
from helpers.bounds import Bounded

MIME = "application/vnd.party-cells+json"
LANGUAGES = ("en", "vi")
VIETNAMESE_COLUMNS = (
    *("quote", "passage", "number_text", "base_text", "prefix", "suffix", "before", "after"),
    *("title", "label_vi", "outlet", "author", "speaker", "issuer"),
)
_OTHER_TABLES = {
    **dict.fromkeys(("locality", "locality_id", "place_id", "row_id", "column_id"), "localities"),
    **dict.fromkeys(("measure_id", "base_measure_id", "proposed_measure_id"), "measures"),
    **{"theme_id": "themes", "scheme_id": "rating_schemes", "reasons": "vocabulary:gate_reason"},
}
_HEADERS = (
    *("vocabulary:column", "localities", "measures", "themes", "rating_schemes"),
    *("vocabulary:dimension", "vocabulary:figure_subject"),
)
_PARTS = ("value", "low", "high", "unit", "bound", "facts")  # of a bounded number, as columns
MOST_ROWS, MOST_COLUMNS = 40, 12  # what a reader takes in; the rest is counted, the files have it
MOST_NAMES = 6  # in a sentence; more are counted
GLYPHS = {  # filled: it is there; hollow: in part, or no longer; ring: meant to be
    **{"number": "●", "bound": "◐", "part": "○", "stated": "●", "denied": "✕"},
    **{"practice": "●", "done": "●", "planned": "○", "urged": "◎", "rule": "◎"},
    **{"limitation": "▲", "present": "▲", "diagnosed_earlier": "△", "overcome": "△"},
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_SVG_DRAWS = {
    *("svg", "g", "defs", "use", "a", "title", "desc", "style", "text", "tspan"),
    *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
    *("clipPath", "linearGradient", "stop", "pattern", "marker", "mask"),
}
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
        if self.kind == "figure":
            drawn = {"image/svg+xml": part["svg"]}
        else:
            drawn = {"text/html": _with_sentences(part["html"], self.derived)}
        return {"text/plain": part["text"], MIME: holds, **drawn}

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
    of its own for none. Values as in the cells of `table`; a list is joined as in a sentence. Where
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
    are translated by column name, headers by the list "column" (then places, measures, themes). A
    column ``…_ids`` links the column it is named after to these rows and is not shown itself.
    """
    frame = _plain(frame)
    parts = {}
    for lang, caption, note in (("en", en, note_en), ("vi", vi, note_vi)):
        parts[lang] = _worded(frame, caption, lang, note)
    _need_both(f"table {name!r}", parts, "caption", "note")
    derived = _derived(cell for cell in _cells(frame.head(MOST_ROWS)))
    return Shown("table", name, parts, _data(frame), derived)


def grid(
    marks: pd.DataFrame,
    name: str,
    en: str,
    vi: str,
    rows: str,
    columns: str = "locality_id",
    all_rows: Sequence[str] | None = None,
    all_columns: Sequence[str] | None = None,
    counts: pd.DataFrame | None = None,
) -> Shown:
    """A field per row and column with a mark for every passage, and below it what the marks mean.

    ``marks`` has one row per field and kind of mark: ``rows`` and ``columns`` (names of columns of
    ids), ``mark`` (a code of `GLYPHS` and of the list "mark") and ``ids`` joined by "|". All rows
    and columns named are there even if empty; where columns are too many, rows and columns change
    places. ``counts``, indexed by row, are further columns at the right.
    """
    downs = list(dict.fromkeys(marks[rows])) if all_rows is None else list(all_rows)
    acrosses = list(dict.fromkeys(marks[columns])) if all_columns is None else list(all_columns)
    if len(acrosses) > MOST_COLUMNS > len(downs) and counts is None:
        rows, columns, downs, acrosses = columns, rows, acrosses, downs
    order = list(labels("vocabulary:mark", "en"))
    marks = marks.sort_values("mark", key=lambda codes: codes.map(order.index), kind="stable")
    fields = {}
    for row in marks.to_dict("records"):
        fields.setdefault((row[rows], row[columns]), []).append(_mark(row["mark"], row["ids"]))
    told = {column: [fields.get((row, column)) for row in downs] for column in acrosses}
    frame = pd.DataFrame({rows: downs, **told}, dtype="object")
    if counts is not None:
        frame = frame.join(counts.reindex(downs).reset_index(drop=True))
    used = [code for code in order if code in set(marks["mark"])]
    notes = [
        " ".join(f"{GLYPHS[code]} {labels('vocabulary:mark', lang)[code]};" for code in used)
        for lang in LANGUAGES
    ]
    return table(frame, name, en, vi, *(note.rstrip(";") for note in notes))


def figure(
    frame: pd.DataFrame,
    name: str,
    svg: dict[str, str],
    alt: dict[str, str],
    caption: dict[str, str],
) -> Shown:
    """A figure drawn as SVG in both languages, with the table of its numbers under it.

    ``frame`` holds the plotted values, with cells as in `table`; ``alt`` says them in words. Links
    in the drawing go to ``#`` + `anchor`. Raises `NotShowable` for a drawing that could load or run
    anything.
    """
    frame = _plain(frame)
    parts = {}
    for lang in LANGUAGES:
        drawn = clean_svg(svg[lang], f"{name}-{lang}", alt[lang])
        part = _worded(frame, caption[lang], lang)
        html = (
            f'<figure><div class="scroll" tabindex="0" role="group" '
            f'aria-label="{escape(ui("figure", lang))}: {escape(caption[lang])}">{drawn}</div>'
            f"<figcaption>{escape(caption[lang])}</figcaption>"
            f"<details><summary>{escape(ui('numbers_of_figure', lang))}</summary>{part['html']}"
            "</details></figure>"
        )
        parts[lang] = {"html": html, "text": alt[lang], "svg": drawn, "alt": alt[lang]}
        parts[lang] |= {key: part[key] for key in ("caption", "header", "rows")}
    _need_both(f"figure {name!r}", parts, "caption", "alt")
    return Shown("figure", name, parts, _data(frame), _derived(_cells(frame)))


# --- Words and links ---------------------------------------------------------------------------


def label(table: str, code: str) -> Words:
    """The name of an id in both languages, for a sentence: ``label("localities", "yen-minh")``.

    Raises `NotShowable` for an id without a label.
    """
    found = [labels(table, language).get(code) for language in LANGUAGES]
    if not all(isinstance(text, str) for text in found):
        raise NotShowable(f"{table}: {code!r} has no label in both languages; add a row or a label")
    return Words(*found)


def named(table: str, codes: Iterable[str]) -> list[Words]:
    """The names of several ids, to be listed in a sentence."""
    return [label(table, code) for code in codes]


def cited(text: str | tuple[str, str] | Words, ids: Iterable[str] = ()) -> Words:
    """A text, or an (English, Vietnamese) pair, that links to the facts and codings it rests on.

    >>> cited(("stated", "có nêu"), ["kien-xuong-2023.1024.criticism"]).vi
    'có nêu'
    """
    pair = (text, text) if isinstance(text, str) else text
    en, vi = (pair.en, pair.vi) if isinstance(pair, Words) else pair
    return Words(en, vi, tuple(ids))


def nothing_yet() -> Words:
    """What is said where there is no row to speak of: no article yet, or nothing decided yet."""
    n = len(codebook.load("documents"))
    code = "nothing_decided" if n else "no_article"
    return Words(*(ui(code, lang).format(numbers.write(n, "count", lang)) for lang in LANGUAGES))


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
    numbers = [int(part) for part in reversed(rest)]
    if numbers and not 1 <= numbers[-1] <= 12:
        return iso
    if language == "vi":
        return "/".join([*map(str, numbers), year])
    month = [MONTHS[numbers[-1] - 1]] if numbers else []
    return " ".join([*map(str, numbers[:-1]), *month, year])


def anchor(row_id: str) -> str:
    """The name of the place in a report where a fact or a coding is shown.

    >>> anchor("kien-xuong-2023.512.members"), anchor("a b.1.criticism")
    ('f-kien-xuong-2023.512.members', 'c-a~20~b.1.criticism')
    """
    kind = "c" if row_id.rpartition(".")[2] in labels("themes", "en") else "f"
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9._-]", lambda m: f"~{ord(m[0]):x}~", row_id)


def target(value: Bounded | None) -> str:
    """The name of the place where an amount is shown: its passage or its formula; "" for neither.

    >>> target(bounds.exact(3, "count"))
    ''
    """
    if value is None or not value.facts:
        return ""
    return _derivation(value) or anchor(value.facts[0])


def linked(words: str, ids: tuple[str, ...], language: str, target: str = "") -> str:
    """The words as HTML, linked to one passage, to a formula (``target``), or to several."""
    text = escape(words)
    if target or len(ids) == 1:
        return f'<a class="n" href="#{target or anchor(ids[0])}">{text}</a>'
    name = escape(ui("passage", language))
    numbered = "".join(
        f'<a class="n" href="#{anchor(row_id)}" aria-label="{name} {at}">{at}</a>'
        for at, row_id in enumerate(ids, 1)
    )
    return text + (f' <span class="sources">{numbered}</span>' if ids else "")


def _marked(value: Words, language: str) -> tuple[str, str]:
    """A mark as text, "done (2)", and as HTML: one linked glyph per passage, named for the ear."""
    words, n = getattr(value, language), len(value.ids)
    if not n:
        said = f'<span class="mark" role="img" aria-label="{escape(words)}">{value.glyph}</span>'
        return words, said
    drawn = [
        f'<a class="n mark" href="#{anchor(row_id)}" aria-label="{escape(words)} {at}">'
        f"{value.glyph}</a>"
        for at, row_id in enumerate(value.ids, 1)
    ]
    return f"{words} ({n})" if n > 1 else words, "".join(drawn)


def _mark(code: str, ids: str) -> Words:
    words = label("vocabulary:mark", code)
    return Words(words.en, words.vi, tuple(filter(None, ids.split("|"))), GLYPHS[code])


def labels(table_name: str, language: str) -> dict[str, str]:
    """`codebook.labels`, read again only when the file has changed."""
    path = codebook.table_path(table_name.partition(":")[0])
    return _labels(table_name, language, (path, path.stat().st_mtime_ns))


@cache
def _labels(table_name: str, language: str, file: tuple) -> dict[str, str]:
    return codebook.labels(table_name, language)


def translated(code: str, column: str, language: str) -> str:
    """The name of an id by the column it stands in, or of several; any other text as it is."""
    known = labels(_OTHER_TABLES.get(column, f"vocabulary:{column}"), language)
    names = [known.get(one) for one in ([code] if code in known else code.split("|"))]
    return ", ".join(names) if all(isinstance(name, str) for name in names) else code


# --- Drawings ----------------------------------------------------------------------------------


def clean_svg(svg: str, name: str, alt: str) -> str:
    """The drawing alone: no prologue, short ids of its own, a name for screen readers.

    Raises `NotShowable` for elements that do not draw, event handlers and links that leave.
    """
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", svg))
    for parent in list(root.iter()):
        for child in [c for c in parent if c.tag.endswith("metadata")]:
            parent.remove(child)
    ids, own = {}, hashlib.sha256(name.encode()).hexdigest()[:5]
    for element in root.iter():
        _check_svg(element, name)
        if old := element.attrib.pop("id", ""):
            element.attrib["id"] = ids[old] = f"g{own}-{len(ids)}"
    root.attrib |= {"role": "group", "aria-label": alt}
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _LINK[1:-5])
    text = re.sub(r">\s+<", "><", ElementTree.tostring(root, encoding="unicode"))
    return re.sub(r'(url\(#|href="#)([^")]+)', lambda m: m[1] + ids.get(m[2], m[2]), text)


def _check_svg(element: ElementTree.Element, name: str) -> None:
    tag = element.tag.removeprefix(f"{{{_SVG}}}")
    link = element.get("href", element.get(_LINK, "#"))
    styles = " ".join([*element.attrib.values(), (element.text or "") if tag == "style" else ""])
    outside = re.search(r"@import|url\(\s*['\"]?(?!#)", styles)
    handlers = [key for key in element.attrib if key.lower().startswith("on")]
    if tag not in _SVG_DRAWS or handlers or not link.startswith("#") or outside:
        raise NotShowable(f"figure {name!r}: <{tag}> {link} {handlers} is not allowed in a drawing")


# --- Computed text -----------------------------------------------------------------------------


def _computed(templates: dict[str, str], values: dict, of: pd.DataFrame | None) -> dict[str, dict]:
    """The texts with their values as HTML and as text; that there is nothing yet, if so."""
    fields = {lang: list(Formatter().parse(text)) for lang, text in templates.items()}
    asked = {lang: {name for _, name, _, _ in found if name} for lang, found in fields.items()}
    if not asked["en"] == asked["vi"] == set(values):
        raise NotShowable(f"the texts name {asked}, the values are {sorted(values)}")
    if of is not None and of.empty:
        said = nothing_yet()
        texts = {lang: getattr(said, lang) for lang in LANGUAGES}
        return {lang: {"html": escape(text), "text": text} for lang, text in texts.items()}
    parts = {}
    for lang, found in fields.items():
        text = html = ""
        for literal, name, spec, _ in found:
            said = _said(values[name], name, spec, lang) if name else ("", "")
            text, html = text + literal + said[0], html + escape(literal) + said[1]
        parts[lang] = {"html": html, "text": text}
    return parts


def _said(value, name: str, spec: str, language: str) -> tuple[str, str]:
    """A value in a sentence, as text and as HTML; ``spec`` are the words for none, one, many."""
    if isinstance(value, list | tuple):
        told = [_cell(item, name, language) for item in value[:MOST_NAMES]]
        if more := len(value) - len(told):
            told.append((ui("more_of_them", language).format(more),) * 2)
        return tuple(_listed(said, language) for said in zip(*told, strict=True)) or ("", "")
    text, html = _cell(value, name, language)
    if not spec:
        return text, html
    *none, one, many = [spec.split("|")[0], *spec.split("|")][-3:]
    count = value.value if isinstance(value, Bounded) else value
    if len(spec.split("|")) == 3 and not count:
        return none[0], escape(none[0])
    word = one if count == 1 else many
    return f"{text} {word}", f"{html} {escape(word)}"


def _listed(texts: Sequence[str], language: str) -> str:
    """Several texts as a sentence lists them: "a, b and c"."""
    *first, last = texts
    return f"{', '.join(first)} {ui('and', language)} {last}" if first else last


def _need_both(what: str, parts: dict, *names: str) -> None:
    for name in names:
        texts = [parts[lang][name].strip() for lang in LANGUAGES]
        if bool(texts[0]) != bool(texts[1]) or (name in ("caption", "alt") and not texts[0]):
            raise NotShowable(f"{what}: {name} must be given in English and in Vietnamese")


# --- Tables ------------------------------------------------------------------------------------


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its named index as first columns, and texts linked by their ``…_ids``."""
    frame = frame.reset_index() if any(frame.index.names) else frame
    links = [name for name in frame.columns if f"{name}_ids" in frame.columns]
    for name in links:
        pairs = zip(frame[name], frame[f"{name}_ids"], strict=True)
        told = [_with_ids(value, name, ids) for value, ids in pairs]
        frame = frame.assign(**{name: pd.Series(told, frame.index, dtype="object")})
    return frame.drop(columns=[f"{name}_ids" for name in links])


def _with_ids(value, column: str, ids) -> Words | None:
    if _is_missing(value):
        return None
    texts = [_text(value, column, lang) for lang in LANGUAGES]
    return Words(*texts, tuple(filter(None, str(ids or "").split("|"))))


def _cells(frame: pd.DataFrame) -> list:
    return [value for name in frame.columns for value in frame[name]]


def _worded(frame: pd.DataFrame, caption: str, language: str, note: str = "") -> dict:
    """A table's header and all its rows as text, and as HTML the rows that are shown."""
    cells, heads = _told(frame, language), [_header(name, language) for name in frame.columns]
    shown = frame.iloc[:MOST_ROWS, :MOST_COLUMNS]
    told = [row[:MOST_COLUMNS] for row in cells[:MOST_ROWS]]
    for code, most, whole in zip(("cut", "narrowed"), shown.shape, frame.shape, strict=True):
        more = ui(code, language).format(most, whole)
        caption += f" ({more})" if caption and whole > most else ""
    if frame.empty:
        note = f"{ui('no_rows', language)} {note}".strip()
    texts = [[text for text, _ in row] for row in cells]
    lines = [row[:MOST_COLUMNS] for row in texts[:MOST_ROWS]]
    lines = pd.DataFrame(lines, columns=heads[:MOST_COLUMNS]).to_string(index=False)
    return {
        "html": _table_html(shown, heads, told, caption, note),
        "text": "\n".join([caption, "" if frame.empty else lines, note]).strip(),
        "caption": caption,
        "note": note,
        "header": heads,
        "rows": texts,
    }


def _told(frame: pd.DataFrame, language: str) -> list[tuple]:
    """Every cell as text and as HTML, row by row; each value is worded once in a column."""
    columns = []
    for name, values in frame.items():
        word = partial(_cell, column=name, language=language)
        once = cache(lambda _, value, word=word: word(value))
        columns.append([
            word(value) if isinstance(value, list | tuple) else once(type(value), value)
            for value in values
        ])  # fmt: skip
    return list(zip(*columns, strict=True))


def _table_html(
    shown: pd.DataFrame, heads: list[str], told: list[tuple], caption: str, note: str
) -> str:
    """The shown cells as a table that scrolls in its own box, with numbers at the right."""
    foot = f'<p class="note">{escape(note)}</p>' if note else ""
    if shown.empty:
        return f'<p class="caption">{escape(caption)}</p>{foot}'
    sides = [' class="num"' if _is_numeric(values) else "" for _, values in shown.items()]
    head = "".join(
        f'<th scope="col"{side}>{escape(text)}</th>'
        for text, side in zip(heads, sides, strict=False)
    )
    body = "".join(f"<tr>{_row(row, shown.columns, sides)}</tr>\n" for row in told)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption><span>{escape(caption)}</span></caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>{foot}"
    )


def _row(cells: Sequence[tuple[str, str]], columns: Iterable, sides: list[str]) -> str:
    parts = []
    for at, ((_, html), column, side) in enumerate(zip(cells, columns, sides, strict=True)):
        tag, scope = ("th", ' scope="row"') if at == 0 else ("td", "")
        spoken = ' lang="vi"' if column in VIETNAMESE_COLUMNS else ""
        parts.append(f"<{tag}{scope}{spoken}{side}>{html}</{tag}>")
    return "".join(parts)


def _is_numeric(values: pd.Series) -> bool:
    """Whether a column holds numbers, some of which may be missing."""
    present = [one for one in values if isinstance(one, Words | str) or not _is_missing(one)]
    numbers = (isinstance(one, Bounded) or pd.api.types.is_number(one) for one in present)
    return bool(present) and all(numbers)


def _is_missing(value) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _header(name, language: str) -> str:
    if not isinstance(name, str) or re.fullmatch(r"[\d–-]+", name):
        return str(name)
    for table_name in _HEADERS:
        text = labels(table_name, language).get(name)
        if isinstance(text, str):
            return text
    raise NotShowable(
        f"column {name!r} has no header in {language!r}: add a row `column,{name},…` to "
        "vocabulary.csv, or name the column after a place, a measure or a theme"
    )


def _cell(value, column: str, language: str) -> tuple[str, str]:
    """The value as text and as HTML."""
    if isinstance(value, Words):
        text = getattr(value, language)
        marked = bool(value.glyph)
        return _marked(value, language) if marked else (text, linked(text, value.ids, language))
    if isinstance(value, Bounded):
        return _bounded(value, language)
    if hasattr(value, "verdict"):
        return _verdict(value, language)
    if isinstance(value, list | tuple):
        parts = [_cell(item, column, language) for item in value]
        by = " " if any(getattr(item, "glyph", "") for item in value) else "<br>"
        return "; ".join(text for text, _ in parts), by.join(html for _, html in parts)
    if _is_missing(value):
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
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):  # numpy's too
        return ui("yes" if value else "no", language)
    if isinstance(value, str):
        is_day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
        return date(value, language) if is_day else translated(value, column, language)
    if re.search(r"(^|_)(year|id|start|end)$", str(column)) or not pd.api.types.is_number(value):
        return str(value)
    unit = "share" if re.search(r"(^|_)share$", str(column)) else "count"
    return numbers.write(float(value), unit, language)


def _verdict(value, language: str) -> tuple[str, str]:
    """The gate's verdict and, if it is that nothing may be compared, its reasons."""
    text = translated(value.verdict, "verdict", language)
    reasons = [translated(reason, "gate_reason", language) for reason in value.reasons]
    why = f": {', '.join(reasons)}" if reasons else ""
    css = escape(str(value.verdict).replace(" ", "-").replace("_", "-"))
    return text + why, f'<span class="verdict {css}">{escape(text + why)}</span>'


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
        if any(isinstance(value, Bounded) for value in values):
            for part in _PARTS:
                columns.append(str(name) if part == "value" else f"{name}_{part}")
                series.append([_part(value, part) for value in values])
        else:
            columns.append(str(name))
            series.append([_neutral(value) for value in values])
    rows = [list(row) for row in zip(*series, strict=True)]
    return {"columns": columns, "rows": rows, "shown": shown}


def _part(value, part: str) -> str | float | None:
    """One of the columns of a bounded number; an end without a limit is empty."""
    if not isinstance(value, Bounded):
        return None
    found = getattr(value, part)
    if part == "facts":
        return " ".join(found)
    return None if found in (math.inf, -math.inf) else found


def _neutral(value) -> str | int | float | bool | None:
    """A cell as a file holds it."""
    if isinstance(value, Words):
        return value.en
    if hasattr(value, "verdict"):
        return ": ".join([str(value.verdict), ", ".join(value.reasons)]).removesuffix(": ")
    if isinstance(value, list | tuple):
        return "; ".join(str(_neutral(item)) for item in value)
    if _is_missing(value):
        return None
    if hasattr(value, "item"):
        return value.item()
    return value if isinstance(value, int | float) else str(value)
