"""One spelling of a text for every reader of it, with the way back to the text as it was written.

Blanks of every kind, invisible characters, entities, tags, addresses, dashes, full-width letters,
signs of comparison, fractions, footnote marks, sentences and cells glued together: each has one
form here, so that no rule behind has to know of them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from html import unescape
from itertools import pairwise
from typing import NamedTuple

from helpers.numbers import number

_CHARACTERS = dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", "")
_CHARACTERS |= dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63÷", "-")
_CHARACTERS |= dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹†‡", "")  # marks of footnotes
_CHARACTERS |= {"⁄": "/", "∕": "/", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n", "\x0b": "\n"}
_CHARACTERS |= {
    "<": " dưới ",
    ">": " trên ",
    "≤": " không quá ",
    "≦": " không quá ",
    "⩽": " không quá ",
}
_CHARACTERS |= {"≥": " ít nhất ", "≧": " ít nhất ", "⩾": " ít nhất ", "\x0c": "\n"}
_CHARACTERS |= (
    dict.fromkeys("~∼≈≃≅±", " khoảng ") | dict.fromkeys("‘’′`´ʼ", "'") | {"∙": "·", "•": "•"}
)
_CLASS = "".join(re.escape(c) for c in _CHARACTERS if c not in "<>")
_SPECIAL = (
    rf"[{_CLASS}\u00bc-\u00be\u2150-\u217f\u2460-\u2473\ufb00-\ufb06\uff01-\uff5e\uffe0-\uffe6]"
    r"|[<>](?=\s?\d)|\w[\u0300-\u036f]+"
)
_LETTER = "a-zà-ỹăđĩũơư"
_CAPITAL = "A-ZÀ-ÝĂĐÐĨŨƠƯ\u1ea0-\u1ef8"
_COUNTED = r"(?:chi|đảng|tổ|đồng|cơ|đ/c|tccs\w*|thôn|bản|xã|ấp|người|cán|quần|đơn)(?!\w)"
# In this order: what comes later may count on what came before.
_PASSES: tuple[tuple[str, Callable[[re.Match], str]], ...] = (
    (r"&(?:#\d+|#x[\da-fA-F]+|[A-Za-z]+\d?);", lambda m: unescape(m[0])),
    (r"</?(?:br|p|div|tr|li)\b[^<>\n]{0,300}>", lambda m: "\n"),
    (r"</?[A-Za-z][^<>\n]{0,300}>", lambda m: ""),
    (
        r"(?:https?://|www\.)[^\s()<>]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{1,64}",
        lambda m: "",
    ),
    (_SPECIAL, lambda m: _one_form(m[0], m.string[: m.start()][-1:])),
    (r"< ?= ?(?=\d)", lambda m: "không quá "),
    (r"> ?= ?(?=\d)", lambda m: "ít nhất "),
    (r"\r\n?", lambda m: "\n"),
    (r"(?<=\w) ?\[\d{1,3}\]|(?<=\w)\(\d{1,2}\)(?=[\s.,;])|(?<=\d)\*+(?=\s)", lambda m: ""),
    (r"[^\S\n]*\t[^\S\n]*(?=\d)", lambda m: ": "),
    (r"[^\S\n]*\t[^\S\n]*", lambda m: "; "),
    (r"[^\S\n]{2,}|[^\S\n ]", lambda m: " "),
    (r"(?<=\d) \([^()\d]{3,40}\)", lambda m: "" if _is_repeated(m) else m[0]),
    (r"(?<=\d)['·](?=\d{3}(?!\d))", lambda m: "."),
    (r"(?<=\d) (?=\.\d{3}(?!\d))", lambda m: ""),
    (rf"(?<=\d)\+(?= ?{_COUNTED}| ?%)|(?<=%)\+", lambda m: " trở lên"),
    (
        rf"(?<=[{_LETTER}\d%)][{_LETTER}\d%)])[.!?;](?=[{_CAPITAL}][{_LETTER}])"
        rf"|(?<=[{_LETTER}]{{3}})[.;](?=\d)",
        lambda m: m[0] + " ",
    ),
    (rf"(?<=[{_LETTER}]{{2}})(?=\d[\d.,]*\d?[ %])|(?<=\d)(?={_COUNTED})", lambda m: " "),
)
_COMPILED = tuple((re.compile(pattern), form) for pattern, form in _PASSES)


class Spelled(NamedTuple):
    """A text in one spelling; its character ``i`` stood at ``starts[i]:ends[i]`` as written."""

    text: str
    starts: list[int] | range
    ends: list[int] | range

    def written(self, start: int, end: int) -> tuple[int, int]:
        """The span as written of a span (not empty) of this text."""
        return self.starts[start], self.ends[end - 1]


def spell(text: str) -> Spelled:
    """The text in one spelling.

    >>> found = spell("Huyện có 1.\\u200b142&nbsp;đảng viên, ≥90％.")
    >>> found.text, found.written(9, 14)
    ('Huyện có 1.142 đảng viên, ít nhất 90%.', (9, 15))
    """
    spelled = Spelled(text, range(len(text)), range(1, len(text) + 1))
    for pattern, form in _COMPILED:
        found = ((*m.span(), form(m)) for m in pattern.finditer(spelled.text))
        spelled = _replaced(spelled, found)
    return _replaced(spelled, _cells(spelled.text))


def _one_form(found: str, before: str) -> str:
    """A special character, or a letter with its marks, in its one form."""
    if found in _CHARACTERS:
        return _CHARACTERS[found]
    if len(found) > 1:
        return unicodedata.normalize("NFC", found)
    if before.isdigit() and "\u00bc" <= found <= "\u215f" and unicodedata.numeric(found, 0):
        return f"{unicodedata.numeric(found):.3g}".replace("0.", ",")  # "1½"
    return unicodedata.normalize("NFKC", found).replace("⁄", " phần ")  # "⅔"


def _is_repeated(words: re.Match) -> bool:
    """Whether brackets hold the number before them once more: "15 (mười lăm)"."""
    figure = re.search(r"[\d.,]+$", words.string[max(0, words.start() - 20) : words.start()])
    return number(figure[0]) == number(words[0].strip(" ()"))


def _replaced(old: Spelled, found: Iterator[tuple[int, int, str]]) -> Spelled:
    """The spelling with some spans replaced; what is put in stands where they stood."""
    parts, starts, ends, reached = [], [], [], 0
    for start, end, new in found:
        if old.text[start:end] == new:
            continue
        first = old.starts[start] if start < len(old.text) else old.ends[-1]
        last = old.ends[end - 1] if end > start else first
        parts += [old.text[reached:start], new]
        starts += [*old.starts[reached:start], *[first] * len(new)]
        ends += [*old.ends[reached:start], *[last] * len(new)]
        reached = end
    if not parts:
        return old
    starts += old.starts[reached:]
    ends += old.ends[reached:]
    return Spelled("".join([*parts, old.text[reached:]]), starts, ends)


_NUMBER_CELL = re.compile(r"\s*(?:\d[\d.,/ ]*%?|-)\s*")
_YEAR_CELL = re.compile(r"\s*(?:19|20)\d{2}\s*")
_HEAD_OF_YEARS = re.compile(r"^\s*năm\s*$", re.IGNORECASE | re.MULTILINE)


def _cells(text: str) -> Iterator[tuple[int, int, str]]:
    """The heads of a table that was flattened to a line for each cell, put before its numbers.

    The lines "Đơn vị", "Chi bộ", "Đảng viên", "Xã A", "12", "340" become "Xã A; Chi bộ: 12; …".
    """
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
    by_year = bool(_HEAD_OF_YEARS.search(text))
    years = [by_year and bool(_YEAR_CELL.fullmatch(text, *line)) for line in lines]
    numeric = [
        bool(_NUMBER_CELL.fullmatch(text, *line)) and not year
        for line, year in zip(lines, years, strict=True)
    ]
    heads: list[str] = []
    for at, (before, line) in enumerate(pairwise(lines), start=1):
        if years[at]:
            yield line[0], line[0], "năm "
        if not (numeric[at] or numeric[at - 1]):
            heads = []  # two lines of words: the table is over
        run = _run(numeric, at) if numeric[at] and not numeric[at - 1] else 0
        if run > 1 or (run and years[at - 1]):
            heads = _heads(text, lines, at, run) or heads
        if numeric[at] and heads:
            column = next((back for back in range(1, len(heads) + 1) if not numeric[at - back]), 0)
            if column:
                yield before[1], line[0], f"; {heads[column - 1]}: "
                label = text[slice(*lines[at - column])] + heads[column - 1]
                if "%" in label and text[line[1] - 1] != "%":
                    yield line[1], line[1], "%"


def _run(numeric: list[bool], at: int) -> int:
    stop = next((i for i in range(at, len(numeric)) if not numeric[i]), len(numeric))
    return stop - at


def _heads(text: str, lines: list[tuple[int, int]], at: int, run: int) -> list[str]:
    """The ``run`` lines before the first label of a table, if they can be heads of its columns."""
    if at < run + 1:
        return []
    heads = [text[slice(*line)].strip() for line in lines[at - 1 - run : at - 1]]
    plain = all(len(head) < 40 and head[-1:] not in (".", ":", ";") for head in heads)
    return heads if plain and not any(map(_NUMBER_CELL.fullmatch, heads)) else []
