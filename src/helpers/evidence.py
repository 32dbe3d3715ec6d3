"""Anchors: where a passage stands in a text, and whether it still stands there.

Offsets count code points of the canonical text from zero, end exclusive. A stored anchor carries
the two selectors of the W3C Web Annotation Data Model: TextPosition (``char_start:char_end``) and
TextQuote (the exact words with up to ``WIDTH`` code points before and after them).
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

WIDTH = 32
State = Literal["exact", "moved", "changed", "ambiguous", "gone"]

_SPELLINGS = [("ð", "đ"), *((blank, " ") for blank in "\u00a0\u2007\u2009\u202f\t")] + [
    (second + toned, tone_first + plain)
    for second, plain, toned_letters, tones_first in (
        ("o", "a", "àáảãạ", "òóỏõọ"),
        ("o", "e", "èéẻẽẹ", "òóỏõọ"),
        ("u", "y", "ỳýỷỹỵ", "ùúủũụ"),
    )
    for toned, tone_first in zip(toned_letters, tones_first, strict=True)
]


def fold(text: str) -> str:
    """The text in one spelling for matching, with the same length, so offsets carry over.

    Lower case; Ð (U+00D0) as Đ; both tone placements (uỷ and ủy, hoà and hòa) as one; every
    kind of blank but the newline as a space. Fold the words you look for as well.

    >>> fold("Uỷ viên Ðảng bộ Hoà Bình") == fold("Ủy viên Đảng bộ Hòa Bình")
    True
    """
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals have a lower case of two code points
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    for written, one_spelling in _SPELLINGS:
        lowered = lowered.replace(written, one_spelling)
    return lowered


def selectors(text: str, start: int, end: int) -> dict[str, str]:
    """The words just before and after a span, as the columns ``prefix`` and ``suffix``.

    >>> selectors("có 65 TCCSĐ trực thuộc", 3, 5)
    {'prefix': 'có ', 'suffix': ' TCCSĐ trực thuộc'}
    """
    return {"prefix": text[max(0, start - WIDTH) : start], "suffix": text[end : end + WIDTH]}


@dataclass(frozen=True)
class Located:
    """Where an anchor was found; ``start`` and ``end`` are -1 unless it is exact or moved."""

    state: State
    start: int = -1
    end: int = -1


def locate(
    text: str, exact: str, start: int, prefix: str = "", suffix: str = "", quote: str = ""
) -> Located:
    """Where a stored anchor stands in the text as it is now.

    *exact*: in its place with its surroundings. *moved*: found once elsewhere, by its
    surroundings or by its passage ``quote``. *ambiguous*: found more than once. *changed*: the
    words are there, what surrounds them is not. *gone*: the words are not in the text. Only the
    first two give offsets. Nothing is matched loosely.

    >>> locate("Nay huyện có 65 TCCSĐ.", "65", 10, prefix="có ", suffix=" TCCSĐ").state
    'moved'
    >>> locate("Nay huyện có 66 TCCSĐ.", "65", 10, prefix="có ", suffix=" TCCSĐ").state
    'gone'
    """
    end = start + len(exact)
    whole = prefix + exact + suffix
    if start >= len(prefix) and text[start - len(prefix) : end + len(suffix)] == whole:
        return Located("exact", start, end)
    found = [at + len(prefix) for at in _occurrences(text, whole)]
    if not found and quote:
        found = [at + i for at in _occurrences(text, quote) for i in _occurrences(quote, exact)]
    if len(found) == 1:
        state: State = "exact" if found[0] == start else "moved"
        return Located(state, found[0], found[0] + len(exact))
    if found:
        return Located("ambiguous")
    return Located("changed" if exact in text else "gone")


def _occurrences(text: str, words: str) -> list[int]:
    return [m.start() for m in re.finditer(re.escape(words), text)] if words else []


def own_words(text: str, quote: str, start: int, end: int) -> str:
    """The words of the text that a quote means and that hold a span; "" if there are none.

    A quote that went through a form or a spreadsheet may be written otherwise: NFD, other blanks
    and line ends, soft hyphens and letters of no width, and "_x000D_".

    >>> own_words("Nay huyện có\u00a065 TCCSĐ.", "huyện  có 65_x000D_ TCCSĐ", 13, 15)
    'huyện có\\xa065 TCCSĐ'
    """
    holds = quote and text.find(quote, max(0, end - len(quote)), start + len(quote)) >= 0
    if holds and quote == quote.strip():
        return quote
    from_, to = max(0, end - 2 * len(quote) - WIDTH), start + 2 * len(quote) + WIDTH
    wanted, _ = _bare(unicodedata.normalize("NFC", re.sub("_x000[dD]_", "", quote)).strip())
    bare, at = _bare(text[from_:to])
    for found in re.finditer(f"(?={re.escape(wanted)})", bare) if wanted else ():
        first, last = from_ + at[found.start()], from_ + at[found.start() + len(wanted) - 1]
        if first <= start and end <= last + 1:
            return text[first : last + 1]
    return quote if holds else ""


def _bare(text: str) -> tuple[str, list[int]]:
    """The text with one blank for many and without what is not seen, and where each letter was."""
    seen = [(at, " " if char.isspace() else char) for at, char in enumerate(text)]
    kept = [(at, c) for at, c in seen if c == " " or unicodedata.category(c) not in ("Cf", "Cc")]
    pairs = zip([("", ""), *kept], kept, strict=False)
    kept = [new for old, new in pairs if not old[1] == new[1] == " "]
    return "".join(char for _, char in kept), [at for at, _ in kept]


def paragraph(text: str, start: int, end: int) -> tuple[int, int]:
    """The offsets of the paragraph (the lines between newlines) that holds a span.

    >>> paragraph("một\\nhai ba\\nbốn", 8, 10)
    (4, 10)
    """
    left = text.rfind("\n", 0, start) + 1
    right = text.find("\n", end)
    return left, len(text) if right < 0 else right


def in_context(text: str, start: int, end: int, width: int = 80) -> tuple[str, str, str]:
    """The words before, the words of, and the words after a span, within its paragraph.

    At most ``width`` code points on either side, cut at a blank and marked with "…".

    >>> in_context("Đảng bộ hiện có 65 TCCSĐ trực thuộc.", 16, 18, width=8)
    ('… có ', '65', ' TCCSĐ …')
    """
    left, right = paragraph(text, start, end)
    before, after = text[max(left, start - width) : start], text[end : min(right, end + width)]
    if start - width > left:
        before = "… " + before.partition(" ")[2]
    if end + width < right:
        after = after.rpartition(" ")[0] + " …"
    return before, text[start:end], after
