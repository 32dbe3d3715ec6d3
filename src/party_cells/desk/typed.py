"""What people type, at the desk and in a sheet: numbers, days, codes and words of an article.

A text that can be read in one way is read; one that can be read in several is asked about, unless
the unit or the printed number leaves one of them. Nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date

from helpers import numbers, report

_ESCAPED = re.compile(r"_x00(?:0[9ADad]|A0|a0)_")
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_GROUPED = (  # what parts thousands, and what the decimals
    (re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?"), ".", ","),
    (re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?"), ",", "."),
    (re.compile(r"[1-9]\d{0,2}(?:[ ’']\d{3})+(?:[.,]\d+)?"), " ’'", ".,"),
)
_PERCENT = re.compile(r"\s*(?:%|phần trăm|per ?cent)$")
_YEARS = re.compile(r"((?:19|20)\d\d)\s*[-–]\s*((?:19|20)\d\d)")
_UNTIL = re.compile(r"\s+(?:–|—|-|to|until|đến|tới)\s+")
_MONTHS = {m.lower()[:3]: at for at, m in enumerate(report.MONTHS, start=1)}
_YES = {"true", "yes", "có", "đúng", "x", "1"}
_NO = {"false", "no", "không", "sai", "0", ""}


class Unread(ValueError):
    """A text that cannot be read, or in more than one way: ``code`` and ``values`` of the words.

    ``code`` is one of the words of the desk in ``vocabulary.csv``.
    """

    def __init__(self, code: str, **values: str):
        self.code, self.values = code, values
        super().__init__(self.told("en"))

    def told(self, language: str) -> str:
        """What to say to the person, in the language of the desk."""
        return report.labels("vocabulary:desk", language)[self.code].format(**self.values)


def clean(typed: object) -> str:
    """Text in composed letters, without what nobody sees; every kind of blank is a space.

    >>> clean("Hoà\\u00a0Lạc_x000D_\\n")
    'Hoà Lạc'
    """
    text = _UNSEEN.sub("", _ESCAPED.sub("\n", unicodedata.normalize("NFC", str(typed))))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return re.sub(r"\n{2,}", "\n", "\n".join(" ".join(line.split()) for line in lines)).strip()


def readings(text: str) -> list[float]:
    """Every number that a text can mean; none if it is no number.

    >>> readings("1.142"), readings("20,5"), readings("1 142"), readings("hai mươi ba")
    ([1142.0, 1.142], [20.5], [1142.0], [23.0])
    """
    sign, text = (-1, text[1:].strip()) if text[:1] in ("-", "−") else (1, text)
    found = []
    for pattern, parts, point in _GROUPED:
        if pattern.fullmatch(text):
            marks = str.maketrans({**dict.fromkeys(parts, None), **dict.fromkeys(point, ".")})
            found.append(float(text.translate(marks)))
    if re.fullmatch(r"\d{1,15}(?:[.,]\d+)?", text):
        found.append(float(text.replace(",", ".")))
    elif re.search(r"[^\W\d_]", text) and (value := numbers.number(text)) == value:
        found.append(value)
    return [sign * value for value in dict.fromkeys(found)]


def number(typed: str, unit: str = "count", printed: str = "") -> str:
    """The number that was typed, as CSV text; shares, typed in per cent, from 0 to 1.

    ``printed`` is the number of the article, which decides between two readings. Counts are
    whole. Raises `Unread`.

    >>> number("1.142"), number("20,5%", "share"), number("1.142", "ratio", printed="1,142.0")
    ('1142', '0.205', '1142')
    """
    text = unicodedata.normalize("NFKC", clean(typed)).lower()
    if not text:
        return ""
    bare = _PERCENT.sub("", text)
    if bare != text and unit != "share":
        raise Unread("no_share", found=clean(typed))
    found = readings(bare)
    if unit == "share":
        found = _shares(found, in_percent=bare != text)
    told = [_plain(value) for value in _whole(found, clean(typed), unit)]
    if not told:
        raise Unread("no_number", found=clean(typed))
    return told[0] if len(told) == 1 else _as_printed(told, unit, printed, clean(typed))


def _shares(found: list[float], in_percent: bool) -> list[float]:
    """Above 1 only per cent is meant; below, "0,65" may be 65 % or 0.65 %."""
    as_percent = [round(value / 100, 12) for value in found]
    return as_percent + ([] if in_percent else [value for value in found if 0 < abs(value) <= 1])


def _whole(found: list[float], typed: str, unit: str) -> list[float]:
    """Of a count the readings that are whole; "1.000" in groups of thousands is a thousand."""
    if unit != "count" or not found:
        return found
    whole = [value for value in found if value.is_integer()]
    if not whole:
        raise Unread("not_whole", found=typed)
    return whole[:1]


def _as_printed(told: list[str], unit: str, printed: str, typed: str) -> str:
    """The one reading that the printed number has too; `Unread` asks if there is none."""
    bare = _PERCENT.sub("", unicodedata.normalize("NFKC", clean(printed)).lower())
    scale = 100 if unit == "share" else 1
    known = {_plain(round(value / scale, 12)) for value in readings(bare)}
    if len(same := [value for value in told if value in known]) == 1:
        return same[0]
    first, second = (_certain(float(value), unit) for value in told[:2])
    raise Unread("ask_number", found=typed, first=first, second=second)


def _certain(value: float, unit: str) -> str:
    """A number as it can be typed and read in one way only."""
    if unit == "share":
        return f"{value * 100:.10g}%"
    return f"{value:.10g}" if value.is_integer() else f"{value:.10g}0"


def _plain(value: float) -> str:
    return f"{value:.15g}"


def shown(value: str, unit: str, language: str) -> str:
    """A stored number as the desk shows it: all its digits, shares in per cent.

    >>> shown("1142", "count", "vi"), shown("0.205", "share", "vi"), shown("", "count", "vi")
    ('1.142', '20,5%', '')
    """
    try:
        exact = round(float(value) * (100 if unit == "share" else 1), 10)
    except ValueError:
        return value
    text = f"{exact:,.10f}".rstrip("0").rstrip(".") + ("%" if unit == "share" else "")
    return text.translate(str.maketrans(",.", ".,")) if language == "vi" else text


# --- days -----------------------------------------------------------------------------------------


def day(typed: str, language: str = "", *, last: bool = False) -> str:
    """The day that was typed, in ISO form; of a month or year its first day, or its ``last``.

    Where the language does not say which comes first, 4/12 and 12/4 are asked about. Raises
    `Unread`.

    >>> day("31/12/2022"), day("31 December 2022"), day("4/12/2019", "vi"), day("2022", last=True)
    ('2022-12-31', '2022-12-31', '2019-12-04', '2022-12-31')
    """
    text = clean(typed)
    if not text:
        return ""
    found = sorted({iso for iso in map(_iso, _days(text, language, last)) if iso})
    if len(found) > 1:
        raise Unread("ask_number", found=text, first=found[0], second=found[1])
    if not found:
        raise Unread("no_day", found=text)
    return found[0]


def _days(text: str, language: str, last: bool) -> Iterable[tuple[int, int, int]]:
    """Year, month and day in every order that the form allows."""
    text = re.sub(r"[T ]\d\d:\d\d(:\d\d)?(\.\d+)?$", "", text)
    text = re.sub(r"\s*(?:ngày|tháng|năm)\s*", "/", text.lower()).strip("/")
    text = re.sub(r"([a-z]{3})[a-z]* (\d\d?),? (\d{4})", r"\2 \1 \3", text)
    if found := re.fullmatch(r"(\d{4})[/.-](\d\d?)[/.-](\d\d?)", text):
        yield tuple(map(int, found.groups()))
    elif found := re.fullmatch(r"(\d\d?)[/.-](\d\d?)[/.-](\d{4})", text):
        first, second, year = map(int, found.groups())
        yield year, second, first
        if language != "vi":
            yield year, first, second
    elif (found := re.fullmatch(r"(\d\d?) ([a-z]{3})[a-z]* (\d{4})", text)) and found[2] in _MONTHS:
        yield int(found[3]), _MONTHS[found[2]], int(found[1])
    elif found := re.fullmatch(r"(?:(\d\d?)[/.-])?(\d{4})|(\d{4})-(\d\d)", text):
        year, month = int(found[2] or found[3]), int(found[1] or found[4] or (12 if last else 1))
        yield year, month, max(_month_days(year, month)) if last else 1


def _month_days(year: int, month: int) -> list[int]:
    return [day for day in range(1, 32) if _iso((year, month, day))] or [0]


def _iso(parts: tuple[int, int, int]) -> str:
    try:
        return date(*parts).isoformat()
    except ValueError:
        return ""


def period(typed: str, language: str) -> tuple[str, str]:
    """The first and the last day of what was typed: a day, a month, a year, or one to another.

    >>> period("2022", "vi"), period("1/1/2020 – 5/3/2023", "vi")
    (('2022-01-01', '2022-12-31'), ('2020-01-01', '2023-03-05'))
    """
    text = clean(typed)
    years = _YEARS.fullmatch(text)
    first, *rest = years.groups() if years else _UNTIL.split(text, maxsplit=1)
    return day(first, language), day(rest[0] if rest else first, language, last=True)


# --- codes and words ------------------------------------------------------------------------------


def code(typed: str, names: Mapping[str, Iterable[str]]) -> str:
    """The code of what was typed: the code itself or one of its names, whatever the letters' case.

    >>> code("Chấp nhận", {"accepted": ("Accept", "Chấp nhận")})
    'accepted'
    """
    text = clean(typed)
    if text in names or not text:
        return text
    alike = {c for c, each in names.items() if text.lower() in {c, *(n.lower() for n in each)}}
    if len(alike) != 1:
        raise Unread("no_code", found=text)
    return alike.pop()


def truth(typed: str) -> str:
    """Yes or no in either language, as true or false."""
    text = clean(typed).lower()
    if text not in _YES | _NO:
        raise Unread("no_code", found=text)
    return str(text in _YES).lower()


def find(text: str, words: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Where words stand in a text, whatever blanks and unseen characters part them.

    >>> find("có 65\\u00a0chi bộ", "65 chi bộ")
    [(3, 12)]
    """
    parts = clean(words).split()
    between = rf"[\s{_UNSEEN.pattern[1:]}+"
    pattern = between.join(re.escape(part) for part in parts)
    within = text[:end]
    return [m.span() for m in re.compile(pattern).finditer(within, start)] if parts else []
