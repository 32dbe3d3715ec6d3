"""What a notebook shows: tables, figures and computed sentences, in Vietnamese and in English.

A notebook runs once; what it shows holds both languages and a link from every number to the
passage it comes from, so that `publish` can make the report of either language from one run.
Everything that comes from data is escaped here, in one place.
"""

import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from html import escape
from string import Formatter
from xml.etree import ElementTree

import pandas as pd

from helpers import bounds, codebook, numbers
from helpers.bounds import Bounded

MIME = "application/vnd.party-cells+json"
LANGUAGES = ("en", "vi")
VIETNAMESE_COLUMNS = (
    *("quote", "passage", "number_text", "base_text", "prefix", "suffix", "before", "after"),
    *("title", "label_vi", "outlet", "author", "speaker", "issuer"),
)
_OTHER_TABLES = {
    "locality_id": "localities",
    "place_id": "localities",
    "measure_id": "measures",
    "base_measure_id": "measures",
    "proposed_measure_id": "measures",
    "theme_id": "themes",
    "scheme_id": "rating_schemes",
}
_HEADERS = ("vocabulary:column", "localities", "measures", "themes", "rating_schemes")
_PARTS = ("value", "low", "high", "unit", "bound", "facts")  # of a bounded number, as columns
MOST_ROWS, MOST_COLUMNS = 30, 12  # what a reader takes in; the files hold the rest
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


class NotShowable(ValueError):
    """Something cannot be shown in both languages, or not safely."""


@dataclass(frozen=True)
class Words:
    """A text in both languages with the facts and codings it rests on; see `cited`."""

    en: str
    vi: str
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.en


@dataclass(frozen=True)
class Shown:
    """A display object in both languages; the last expression of a cell.

    ``parts[language]`` has ``html`` (with links to the evidence), ``text``, and for tables and
    figures ``caption``, ``header`` and ``rows`` as strings, for figures ``alt`` and ``svg``.
    ``data`` has the neutral ``columns`` and ``rows`` for the files; ``derived`` the formulas.
    """

    kind: str
    name: str
    language: str
    parts: dict[str, dict]
    data: dict = field(default_factory=dict)
    derived: dict[str, dict] = field(default_factory=dict)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        part, holds = self.parts[self.language], {"kind": self.kind, "name": self.name}
        for lang, said in self.parts.items():
            holds[lang] = {key: value for key, value in said.items() if key != "svg"}
        holds |= {"data": self.data, "derived": self.derived}
        if self.kind == "figure":
            drawn = {"image/svg+xml": part["svg"]}
        else:
            drawn = {"text/html": re.sub(r"</?a\b[^>]*>", "", part["html"])}
        return {"text/plain": part["text"], MIME: holds, **drawn}

    def __str__(self) -> str:
        return self.parts[self.language]["text"]


def label(table: str, code: str) -> Words:
    """The name of an id in both languages, for a sentence: ``label("localities", "yen-minh")``.

    Raises `NotShowable` for an id without a label.
    """
    found = [labels(table, language).get(code) for language in LANGUAGES]
    if not all(isinstance(text, str) for text in found):
        raise NotShowable(f"{table}: {code!r} has no label in both languages; add a row or a label")
    return Words(*found)


def cited(text: str | tuple[str, str] | Words, ids: Iterable[str]) -> Words:
    """A text, or an (English, Vietnamese) pair, that links to the facts and codings it rests on.

    >>> cited(("stated", "có nêu"), ["kien-xuong-2023.1024.criticism"]).vi
    'có nêu'
    """
    pair = (text, text) if isinstance(text, str) else text
    en, vi = (pair.en, pair.vi) if isinstance(pair, Words) else pair
    return Words(en, vi, tuple(ids))


def sentence(en: str, vi: str, language: str = "en", **values) -> Shown:
    """A computed sentence: ``{name}`` in both texts is the value, formatted and linked.

    Values as in the cells of `table`. Raises `NotShowable` when the texts name other values.

    >>> str(sentence(en="{n} members.", vi="{n} đảng viên.", language="vi", n=1142))
    '1.142 đảng viên.'
    """
    templates = {"en": en, "vi": vi}
    asked = {
        lang: [name for _, name, _, _ in Formatter().parse(text) if name is not None]
        for lang, text in templates.items()
    }
    if not set(asked["en"]) == set(asked["vi"]) == set(values):
        raise NotShowable(f"sentence: the texts name {asked}, the values are {sorted(values)}")
    parts = {}
    for lang, template in templates.items():
        html, text = "", ""
        for literal, name, _, _ in Formatter().parse(template):
            cell_text, cell_html = _cell(values[name], name, lang) if name else ("", "")
            html, text = html + escape(literal) + cell_html, text + literal + cell_text
        parts[lang] = {"html": f'<p class="computed">{html}</p>', "text": text}
    return Shown("sentence", "", language, parts, derived=_derived(values.values()))


def table(
    frame: pd.DataFrame,
    name: str,
    en: str,
    vi: str,
    language: str = "en",
    note_en: str = "",
    note_vi: str = "",
    missing: str = "not_stated",
    brief: pd.DataFrame | None = None,
) -> Shown:
    """A table with its caption; ``name`` is the stable name of its files.

    Of a long table the first `MOST_ROWS` rows are shown, and where it has more than `MOST_COLUMNS`
    columns ``brief``, if given, instead; the caption says so, and the files have every row.

    Cells: Bounded, `cited`, text, numbers (shares 0 to 1 in columns named ``…_share``), booleans,
    ISO dates; a missing cell reads as ``missing``, a word of the vocabulary list "ui". Ids are
    translated by column name, headers by the list "column" (then places, measures, themes).
    """
    frame = _plain(frame)
    parts = {}
    for lang, caption, note in (("en", en, note_en), ("vi", vi, note_vi)):
        parts[lang] = _worded(frame, caption, lang, missing, note, brief, MOST_ROWS)
    _need_both(f"table {name!r}", parts, "caption", "note")
    linked = [frame.head(MOST_ROWS), *([] if brief is None else [brief])]
    derived = _derived(cell for some in linked for cell in _cells(some))
    return Shown("table", name, language, parts, _data(frame), derived)


def figure(
    frame: pd.DataFrame,
    name: str,
    svg: dict[str, str],
    alt: dict[str, str],
    caption: dict[str, str],
    language: str = "en",
) -> Shown:
    """A figure drawn as SVG in both languages, with the table of its numbers under it.

    ``frame`` holds the plotted values, with cells as in `table`; ``alt`` says them in words. Links
    in the drawing go to ``#`` + `anchor`. Draw for a width of 360 to 640 px, with real text
    (``svg.fonttype: none``). Raises `NotShowable` for a drawing that could load or run anything.
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
    return Shown("figure", name, language, parts, _data(frame), _derived(_cells(frame)))


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


def _need_both(what: str, parts: dict, *names: str) -> None:
    for name in names:
        texts = [parts[lang][name].strip() for lang in LANGUAGES]
        if bool(texts[0]) != bool(texts[1]) or (name in ("caption", "alt") and not texts[0]):
            raise NotShowable(f"{what}: {name} must be given in English and in Vietnamese")


def labels(table_name: str, language: str) -> dict[str, str]:
    """`codebook.labels`, read again only when the file has changed."""
    path = codebook.table_path(table_name.partition(":")[0])
    return _labels(table_name, language, (path, path.stat().st_mtime_ns))


@cache
def _labels(table_name: str, language: str, file: tuple) -> dict[str, str]:
    return codebook.labels(table_name, language)


def translated(code: str, column: str, language: str) -> str:
    """The name of an id by the column it stands in; any other text as it is."""
    text = labels(_OTHER_TABLES.get(column, f"vocabulary:{column}"), language).get(code)
    return text if isinstance(text, str) else code


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its named index, if it has one, as first columns."""
    return frame.reset_index() if any(frame.index.names) else frame


def _cells(frame: pd.DataFrame) -> list:
    return [value for name in frame.columns for value in frame[name]]


def _worded(
    frame: pd.DataFrame,
    caption: str,
    language: str,
    missing: str = "not_stated",
    note: str = "",
    brief: pd.DataFrame | None = None,
    most: int | None = None,
) -> dict:
    """A table's header and all its rows as text, and as HTML the rows that are shown."""
    cells = _told(frame, language, missing)
    is_long = most is not None and len(cells) > most
    if brief is not None and (is_long or len(frame.columns) > MOST_COLUMNS):
        caption = f"{caption} ({ui('brief', language).format(*frame.shape)})"
        shown, told = brief, _told(brief, language, missing)
    else:
        caption += f" ({ui('cut', language).format(most, len(cells))})" if is_long else ""
        shown, told = frame, cells[:most]
    heads = [_header(name, language) for name in shown.columns]
    texts = pd.DataFrame([[text for text, _ in row] for row in told], columns=heads)
    return {
        "html": _table_html(shown, heads, told, caption, note),
        "text": "\n".join([caption, texts.to_string(index=False), note]).strip(),
        "caption": caption,
        "note": note,
        "header": [_header(name, language) for name in frame.columns],
        "rows": [[text for text, _ in row] for row in cells],
    }


def _told(frame: pd.DataFrame, language: str, missing: str) -> list[tuple]:
    """Every cell as text and as HTML, row by row; each value is worded once in a column."""
    columns = []
    for name, values in frame.items():
        word = partial(_cell, column=name, language=language, missing=missing)
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
    sides = [' class="num"' if _is_numeric(values) else "" for _, values in shown.items()]
    head = "".join(
        f'<th scope="col"{side}>{escape(text)}</th>'
        for text, side in zip(heads, sides, strict=True)
    )
    body = "".join(f"<tr>{_row(row, shown.columns, sides)}</tr>\n" for row in told)
    foot = f'<p class="note">{escape(note)}</p>' if note else ""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escape(caption)}"><table>'
        f"<caption><span>{escape(caption)}</span></caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>{foot}"
    )


def _row(cells: list[tuple[str, str]], columns: Iterable, sides: list[str]) -> str:
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


def _cell(value, column: str, language: str, missing: str = "not_stated") -> tuple[str, str]:
    """The value as text and as HTML."""
    if isinstance(value, Words):
        text = getattr(value, language)
        return text, linked(text, value.ids, language)
    if isinstance(value, Bounded):
        text = bounds.words(value, language)
        if not value.facts:
            return text, f'<span class="{escape(value.bound)}">{escape(text)}</span>'
        return text, linked(text, value.facts[:1], language, _derivation(value))
    if hasattr(value, "verdict"):
        return _verdict(value, language)
    if isinstance(value, list | tuple):
        parts = [_cell(item, column, language, missing) for item in value]
        return "; ".join(text for text, _ in parts), "<br>".join(html for _, html in parts)
    if _is_missing(value):
        text = ui(missing, language)
        return text, f'<span class="missing">{escape(text)}</span>'
    text = _text(value, column, language)
    return text, escape(text)


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
