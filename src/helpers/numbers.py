"""Amounts as the Vietnamese press writes them: read them from text, write them back.

Only the number itself is read here (1.142; 4,974; 20,59%; 58/318; hai mươi ba; 3 nghìn rưỡi; dăm
ba; trên 3.550; từ 185 đến 190; một phần ba), with the interval its qualifier allows. What it
counts is the business of `party_cells.proposer`.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from helpers.evidence import fold

_ONES = {"không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5}
_ONES |= {"nhăm": 5, "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8, "chín": 9}
_SCALES = {"nghìn": 1e3, "ngàn": 1e3, "vạn": 1e4, "triệu": 1e6, "tỷ": 1e9, "tỉ": 1e9}
_TENS = {"trăm": 100.0, "mươi": 10.0, "chục": 10.0}
_SCALE = "(?:nghìn|ngàn|vạn|triệu|tỷ|tỉ)"
# "Năm bảy chi bộ": about so many, as a range.
_ABOUT_PAIRS = {
    "dăm ba": (3, 5), "dăm bảy": (5, 7), "dăm bẩy": (5, 7), "vài ba": (2, 3), "đôi ba": (2, 3),
    "dăm bốn": (4, 5), "năm bảy": (5, 7), "năm bẩy": (5, 7), "mươi mười lăm": (10, 15),
    "mười mười lăm": (10, 15), "năm mười": (5, 10), "một đôi": (1, 2), "một vài": (1, 3),
}  # fmt: skip
_COUNTING = ["một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười"]
_ABOUT_PAIRS |= {" ".join(pair): (at, at + 1) for at, pair in enumerate(pairwise(_COUNTING), 1)}

# The words of a number. "Năm" is five or a year: inside a number only before a scale or after
# "linh", alone only before what is counted ("năm chi bộ") and not in "cuối năm", "trong năm".
_FIVE = r"năm(?=\s(?:trăm|mươi|nghìn|ngàn|vạn))"
_NEXT = (
    rf"(?:mươi|mười|trăm|chục|{_SCALE}|linh(?:\snăm)?|lẻ(?:\snăm)?|mốt|lăm|nhăm|rưỡi|rưởi|{_FIVE})"
)
_DIGIT = r"(?:một|hai|ba|bốn|tư|sáu|bảy|bẩy|tám|chín|không(?=\străm))"
_YEARS = "trong cuối đầu giữa mỗi hàng hằng từng cả các nhiều mấy vài những một hai ba qua sang hết"
_YEARS = f"{_YEARS} số nửa trên của".split()
_COUNTED = (
    r"(?:cụ|hộ|bí|ủy|chi|đảng|tổ|đồng|đ/c|tccs|đơn|cấp|người|trường|thôn|bản|xã|ấp|quần|cán|huy|trăm"
    r"|nghìn|mươi)"
)
_FIVE_ALONE = rf"năm(?=\s{_COUNTED}(?!\w)){''.join(f'(?<!{w} năm)' for w in _YEARS)}"
_ONE = (
    r"một(?!\s(?:số|trong(?! (?:tổng )?số)|cách|loạt|khi|mặt|bên|vài|ít|chút|lúc|thời"
    r"|phần(?!\s(?:hai|ba|tư|bốn|năm|sáu|bảy|tám|chín|mười))))"
)
_FIRST = rf"(?:{_ONE}|hai|ba|bốn|{_FIVE_ALONE}|sáu|bảy|bẩy|tám|chín|mười)"
_HUNDRED = (
    rf"(?<!hàng )(?<!mấy )(?<!vài )(?<!phần )(?<!bao )(?:trăm|{_SCALE}|chục)\s(?:rưỡi|{_DIGIT})"
)
_WORDS = rf"(?:{_HUNDRED}|{_FIRST}(?:\s(?:{_NEXT}|{_DIGIT}))*+)(?!\w)"
_PAIR = rf"(?:{'|'.join(_ABOUT_PAIRS)})(?:\s(?:chục|mươi|trăm|{_SCALE}))?(?=\s{_COUNTED}(?!\w))"
# Four bare digits come before groups of three so that 2492 stays whole.
_DIGITS = (
    r"(?>\d{1,3}(?:[.'\u2019]\d{3})++(?:,\d+)?|\d{1,3}(?:,\d{3})++(?:\.\d+)?"
    r"|\d{1,3}(?:[^\S\n]\d{3})++(?![\d.,/])|\d+(?:[.,]\d+)?)(?!\d)"
)
_TAIL = rf"(?:\s(?:\d{{1,3}}(?![\d.,/%-])(?! (?:năm|tháng|ngày))|{_NEXT}|{_DIGIT})(?!\w))"
_SCALED = rf"{_DIGITS}(?:\s?(?:{_SCALE}|(?<!phần )trăm|chục)(?!\w){_TAIL}*+)?"
# What can stand in the place of a number and is none: dates, clock times, terms, numbers of
# documents, telephone numbers, scores such as 4,5/5.
_NO_AMOUNT = (
    r"\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?(?:19|20)\d{2}(?!\d)|\d{1,2}(?P<mark>[/-])\d{1,2}(?P=mark)\d{2}(?!\d)"
    r"|\d{1,2}\s?[/-]\s?(?:19|20)\d{2}(?!\d|\.\d)"
    r"|(?:19|20)\d{2}\s?[-–/]\s?(?:19|20)\d{2}(?!\d)|\d{1,2}(?:h\d{0,2}|:\d{2}(?::\d{2})?)(?!\w)"
    r"|\d+\s?[-/]\s?(?:\d{4}\s?[-/]\s?)?(?:nq|qđ|qđi|ct|hd|kl|kh|tt|bc|cv|tb|nđ|đa|ctr|cth|hđ|"
    r"ql|qc|ttr|pl|l|ch|tw)(?![a-zà-ỹ])(?:[-/]\w+)*+|0\d{2,3}[.\s]\d{3,4}[.\s]\d{3,4}|\d{9,}"
    r"|\d+,\d/\d+|\d+(?:\.\d+){3,}"
)
_NUMBER_WORDS = " ".join([*_COUNTING, "bẩy"])
_PAIR_WORDS = " ".join({pair.split()[0]: 0 for pair in _ABOUT_PAIRS})
# The words behind a number that may make more of it; before any other word it is what it is.
_GOES_ON = rf"(?:tháng|tuần|quý|qúy|năm|phần|trên|đến|tới|trăm|chục|{_SCALE})"
# The words that open a form ("0": any number in digits), and the form.
_FORMS = [
    ("0", rf"(?P<plain>[1-9](?:\d{{0,2}}\.\d{{3}}|\d{{0,3}}))(?=\s[^\W\d_])(?!\s{_GOES_ON})"),
    ("0", rf"(?P<no>{_NO_AMOUNT})"),
    (
        f"0 {_NUMBER_WORDS}",
        rf"(?P<every>\d+|{_FIRST})\s(?P<span>tháng|tuần|quý|qúy|năm)(?:/|\s(?:một|1|/)\s)lần(?!\w)",
    ),
    ("0", r"(?P<over>[1-9])/(?P<under>[2-9])(?=\s(?:tổng\s)?số\s)"),
    (
        "0",
        rf"(?P<part>{_DIGITS})(?:[^\S\n]?/[^\S\n]?|\strên\s(?:tổng\s(?:số\s)?)?)(?P<whole>{_DIGITS})"
        rf"(?:\s?[-–]\s?(?P<whole_high>{_DIGITS}))?(?!\s?[/-]\s?\d)",
    ),
    (f"0 {_NUMBER_WORDS}", rf"(?P<top>{_FIRST}|\d+)\sphần\s(?P<bottom>\w+)"),
    (
        "một nửa quá già hơn trên",
        r"(?P<half>(?:(?:quá|già|hơn|trên)\s(?=nửa))?(?:một\s)?nửa)(?!\w|\s(?:năm|đầu|cuối|tháng|đêm|ngày))",
    ),
    (
        "0",
        rf"(?P<digits>{_SCALED})"
        rf"(?:\s?[%‰]?(?:[^\S\n]?[-–][^\S\n]?|\sđến\s|\stới\s)(?P<high>{_SCALED}))?",
    ),
    (_PAIR_WORDS, rf"(?P<pair>{_PAIR})"),
    (f"{_NUMBER_WORDS} trăm nghìn ngàn vạn triệu tỷ chục", rf"(?P<words>{_WORDS})"),
    (
        "không chưa",
        r"(?P<none>(?:(?<=:\s)|(?<=thì\s))không(?=(?:\scó|\scòn)?\s?(?:[.;,]|$))"
        r"|(?:không|chưa)(?=\s(?:(?:có|còn|phải|để còn|để có)\s)?"
        r"(?:một\s|(?:thi hành|xử lý)\s(?:kỷ luật\s)?)?"
        r"(?:chi|đảng|tổ|đơn|tccsđ|cấp|đồng|cơ sở|"
        r"trường hợp|tập thể|ai|người|nơi|thôn|bản|xã|ấp|buôn|làng|khóm)(?!\w)"
        r"|\s[^,.;:]{1,40}\s(?:nào|ai)(?!\w)))",
    ),
]
# What the qualifier before a number says of it.
_KINDS = {
    "at_most": "không quá|không vượt quá|tối đa|nhiều nhất|chưa quá|cao nhất",
    "at_least": "không dưới|không ít hơn|ít nhất|tối thiểu|không thấp hơn",
    "over": "trên|hơn|quá|ngoài|già",
    "under": "dưới|chưa đến|chưa đầy|chưa tới|không đến",
    "near": "gần|ngót|ngót nghét|suýt soát|suýt|non|tròm trèm|ngấp nghé|mấp mé",
    "about": "khoảng|xấp xỉ|chừng|khoảng chừng|áng chừng|ước|ước khoảng|ước chừng|độ"
    "|tầm|cỡ|trên dưới|vào khoảng|ước tính|xêm xêm",
}
_BEFORE = {fold(word): kind for kind, words in _KINDS.items() for word in words.split("|")}
_QUALIFIER = re.compile(
    rf"(?<!\w)({'|'.join(sorted(_BEFORE, key=len, reverse=True))})\s$|"
    rf"(?<!\w)(ít nhất|tối thiểu|tối đa|nhiều nhất|không quá|{fold('khoảng')})\s(?:là|có|đạt|từ"
    r"|phải)\s$"
)
# The last words of a qualifier: nearly every number has another word before it, or none.
_QUALIFIES = (*{name.split()[-1] for name in _BEFORE}, "là", "có", "đạt", "từ", "phải")
_WORD = re.compile(r"(\d)\w*|\w+")
_PERCENT = re.compile(r"\s?(?:%|(?P<mille>‰|phần (?:nghìn|ngàn)(?!\w))|phần trăm(?!\w))")
_COMPARED = re.compile(r"(?:nhiều|cao|ít|thấp|đông)\s(?:hơn|quá)\s$")
_TIMES = re.compile(r"(?<!\w)(?:gấp|tăng|giảm|bằng|nhân)(?: (?:lên|tới|đến|được))?\s?$")
_YEARLY = {"tháng": 12.0, "tuần": 52.0, "quý": 4.0, "qúy": 4.0, "năm": 1.0}


class Amount(NamedTuple):
    """A number in a text: ``start:end`` is the number as written, ``left:right`` the same with its
    qualifier and percent sign. ``value`` is the number printed (shares 0-1; of a range the lower
    end), ``low`` and ``high`` what the words allow (infinite where they set no bound)."""

    start: int
    end: int
    value: float
    form: str  # digits, words, zero, fraction, range, part, whole, every
    unit: str = "count"  # count, share, per_year
    bound: str = "exact"
    low: float = math.nan
    high: float = math.nan
    low_open: bool = False
    high_open: bool = False
    left: int = -1
    right: int = -1


def number(written: str, *, percent: bool = False) -> float:
    """The value of a number as written, NaN where it is none.

    A dot or comma before exactly three digits parts thousands, unless a percent sign or a scale
    follows. A last digit behind a scale stands for the next lower unit ("hai nghìn tư").

    >>> [number(w) for w in ("1.142", "4,974", "20,59", "02", "12,5 nghìn", "ba trăm mười hai")]
    [1142.0, 4974.0, 20.59, 2.0, 12500.0, 312.0]
    >>> [number(w) for w in ("1 nghìn 142", "3 nghìn rưỡi", "hai nghìn tư", "một trăm linh hai")]
    [1142.0, 3500.0, 2400.0, 102.0]
    """
    written = written.strip().lower()
    if written.isdecimal():
        return float(written) if len(written) <= 20 else math.nan
    tokens = re.findall(r"\d[\d.,'\u2019\s]*(?<!\s)|[^\W\d]+", written)
    spoken = len(tokens) > 1
    return _spoken([_figure(t, percent or spoken) if t[0].isdigit() else t for t in tokens])


def _figure(figure: str, decimal_likely: bool) -> float:
    """The value of digits with their points, commas and blanks."""
    if len(figure) > 20:
        return math.nan
    groups = re.fullmatch(r"([1-9]\d{0,2})((?:[.,'\u2019\s]\d{3})+)(?:[.,](\d+))?", figure)
    decimal = decimal_likely and figure.count(".") + figure.count(",") == 1
    if groups and not decimal:
        return float(f"{groups[1]}{re.sub(r'[^0-9]', '', groups[2])}.{groups[3] or 0}")
    plain = re.sub(r"\s", "", figure).replace(",", ".")
    return float(plain) if re.fullmatch(r"\d+(?:\.\d+)?", plain) else math.nan


def _spoken(tokens: list[float | str]) -> float:
    """The value of a number said in words, in digits or in both."""
    total, part, last, unit = 0.0, 0.0, None, 1.0
    for token in tokens:
        if token in _SCALES:
            part += last or 0
            said = part or not total
            total = total + (part or 1) * _SCALES[token] if said else total * _SCALES[token]
            part, last, unit = 0.0, None, _SCALES[token]
        elif token in _TENS:
            part, last, unit = part + (last or 1) * _TENS[token], None, _TENS[token]
        elif token in ("mười", "rưỡi", "rưởi"):
            part += 10 if token == "mười" else unit / 2
            unit = 10.0
        elif token in ("linh", "lẻ"):
            unit = 1.0
        elif last is None and (token in _ONES or isinstance(token, float)):
            last = float(_ONES.get(token, token))
        else:
            return math.nan
    shortened = last is not None and last < 10 and unit >= 100
    return round(total + part + (last or 0) * (unit / 10 if shortened else 1), 6)


def read(folded: str) -> list[Amount]:
    """Every amount of a text in lower case (`evidence.fold`), in order; dates, factors ("gấp hai
    lần") and the like are not.

    >>> [(a.value, a.bound, a.low_open) for a in read("trên 3.550 đảng viên, đạt 20%")]
    [(3550.0, 'at_least', True), (0.2, 'exact', False)]
    """
    found = []
    for match in matches(_AMOUNTS, folded):
        for amount in _amounts(match):
            bounded = _bounded(folded, amount)
            if not (math.isnan(amount.value) or _is_factor(folded, bounded)):
                found.append(bounded)
    return found


def by_opening(
    forms: Iterable[tuple[str, str]], frame: str, compiled: Callable = re.compile
) -> dict[str, re.Pattern]:
    """The forms as one pattern for each word that opens some of them, "0" for all numbers.

    So only few forms are tried at a word, and none at most words.
    """
    found: dict[str, list[str]] = {}
    for openers, form in forms:
        for word in dict.fromkeys(compiled(openers).pattern.split()):
            found.setdefault(word, []).append(form)
    return {word: compiled(frame.format("|".join(each))) for word, each in found.items()}


_AMOUNTS = by_opening(_FORMS, r"(?<!\w)(?<!\d[.,:/])(?<!\w[-–])(?:{})")


@lru_cache(maxsize=2)  # a text, and the name of its place
def words(folded: str) -> list[tuple[int, str]]:
    """Every word of a text ("0" for a number in digits) with the place where it begins.

    They are kept for the next reader of the same text.
    """
    found = _WORD.finditer(folded)
    return [(word.start(), "0" if word.lastindex else word[0]) for word in found]


def matches(forms: dict[str, re.Pattern], folded: str) -> Iterator[re.Match]:
    """The matches of forms at the words that open them, not overlapping."""
    reached = 0
    for start, word in words(folded):
        if word in forms and start >= reached:
            match = forms[word].match(folded, start)
            if match:
                reached = match.end()
                yield match


def _amounts(match: re.Match) -> Iterator[Amount]:
    """What a form gives: one amount, both ends of a ratio, or nothing."""
    form = match.lastgroup
    if form in ("plain", "digits", "words"):
        yield _at(match, form, form.replace("plain", "digits"))
    elif form == "high":
        yield from _range(match, "digits", "high")
    elif form == "whole" and not _is_fraction(match):
        yield from (_at(match, "part", "part"), _at(match, "whole", "whole"))
    elif form == "whole_high":
        yield _at(match, "part", "part")
        yield from _range(match, "whole", "whole_high")
    elif form in _SINGLE:
        yield Amount(*match.span(), *_SINGLE[form](match))


def _at(match: re.Match, group: str, kind: str) -> Amount:
    sign = _PERCENT.match(match.string, match.end())
    unit, scale = ("share", 1000 if sign["mille"] else 100) if sign else ("count", 1)
    value = round(number(match[group], percent=bool(sign)) / scale, 8)
    return Amount(*match.span(group), value, kind, unit)


def _range(match: re.Match, first: str, last: str) -> list[Amount]:
    low, high = _at(match, first, "range"), _at(match, last, "range")
    if not low.value < high.value:
        return [low._replace(form="digits"), high._replace(form="digits")]
    return [low._replace(end=high.end, bound="range", low=low.value, high=high.value)]


def _every(match: re.Match) -> tuple:
    return _YEARLY[match["span"]] / max(number(match["every"]), 1), "every", "per_year"


def _fraction(match: re.Match, part: str, whole: str) -> tuple:
    parts = 10.0 if match[whole] == "mười" else number(match[whole])
    value = round(number(match[part]) / parts, 4) if parts and parts > 1 else math.nan
    return value, "fraction", "share"


def _half(match: re.Match) -> tuple:
    more = match["half"].split()[0] in ("quá", "già", "hơn", "trên")
    ends = ("at_least", 0.5, math.inf, True) if more else ()
    return 0.5, "fraction", "share", *ends


def _pair(match: re.Match) -> tuple:
    pair, *scale = re.split(
        r" (?=chục|mươi(?! mười)|trăm|nghìn|ngàn|vạn|triệu|tỷ|tỉ)", match["pair"]
    )
    factor = number(f"một {scale[0]}") if scale else 1.0
    low, high = (end * factor for end in _ABOUT_PAIRS[pair])
    return low, "range", "count", "range", low, high


_SINGLE: dict[str, Callable[[re.Match], tuple]] = {
    "span": _every,
    "under": lambda match: _fraction(match, "over", "under"),
    "whole": lambda match: _fraction(match, "part", "whole"),
    "bottom": lambda match: _fraction(match, "top", "bottom"),
    "half": _half,
    "pair": _pair,
    "none": lambda match: (0.0, "zero"),
}


def _is_fraction(match: re.Match) -> bool:
    """ "Ít nhất 2/3 đảng viên", "3/4 số chi bộ": of small numbers, rounded or of a whole."""
    part, whole, end = number(match["part"]), number(match["whole"]), match.end()
    rounded = _qualifier(match.string[max(0, match.start() - 20) : match.start()])
    return part < whole <= 10 and bool(rounded or match.string.startswith(" số ", end))


def _is_factor(text: str, amount: Amount) -> bool:
    """ "Gấp 2 lần", "giảm gần ba lần": how many times as much, not how many."""
    if not text.startswith(" lần", amount.right):
        return text.endswith("gấp ", 0, amount.left)
    said = _TIMES.search(text[max(0, amount.left - 16) : amount.left])
    often = text.startswith(("/", " mỗi", " một", " trong"), amount.right + 4)
    return bool(said) and not often


def _qualifier(before: str) -> re.Match | None:
    """The qualifier at the end of the words before a number."""
    return _QUALIFIER.search(before) if before[:-1].endswith(_QUALIFIES) else None


def _bounded(text: str, amount: Amount) -> Amount:
    """The amount with the interval that the words before and just after it allow."""
    sign = _PERCENT.match(text, amount.end)
    right = sign.end() if sign else amount.end
    before = text[max(0, amount.start - 20) : amount.start]
    found = _qualifier(before)
    found = None if found and _COMPARED.search(before) else found
    left = amount.start - (len(before) - found.start()) if found else amount.start
    if amount.bound != "exact":
        return amount._replace(left=left, right=right)
    kind = _BEFORE[found[1] or found[2]] if found else "exact"
    if text.startswith((" trở lên", " trở xuống"), right):
        kind = "at_least" if text.startswith(" trở lên", right) else "at_most"
    return qualified(amount, kind, left, right)


# What each kind of qualifier leaves: bound, low end, high end ("value" or none), open ends.
_ALLOWS = {
    "exact": ("exact", "value", "value", False, False),
    "at_least": ("at_least", "value", "", False, False),
    "over": ("at_least", "value", "", True, False),
    "at_most": ("at_most", "", "value", False, False),
    "under": ("at_most", "", "value", False, True),
    "near": ("approx", "", "value", False, True),
    "about": ("approx", "", "", False, False),
}


def qualified(amount: Amount, kind: str, *ends: int) -> Amount:
    """The amount under a qualifier: exact, at_least, over, at_most, under, near or about."""
    if amount.unit == "per_year" and amount.form == "every":  # at least once in two months
        kind = {"over": "at_least", "under": "at_most"}.get(kind, kind)
    bound, low, high, *opened = _ALLOWS[kind]
    low, high = amount.value if low else -math.inf, amount.value if high else math.inf
    return Amount(*amount[:5], bound, low, high, *opened, *(ends or amount[10:]))


def scaled(amount: Amount, factor: float, unit: str) -> Amount:
    """The amount in another unit: twice a month is 24 a year."""
    ends = {"low": amount.low * factor, "high": amount.high * factor}
    return amount._replace(value=amount.value * factor, unit=unit, **ends)


def negative(amount: Amount) -> Amount:
    """The amount as a decrease: "giảm hơn 30" is a change below -30."""
    turned = {"at_least": "at_most", "at_most": "at_least"}
    return amount._replace(
        value=-amount.value,
        low=-amount.high,
        high=-amount.low,
        low_open=amount.high_open,
        high_open=amount.low_open,
        bound=turned.get(amount.bound, amount.bound),
    )


def write(value: float | None, unit: str = "count", language: str = "en", digits: int = 1) -> str:
    """A number as a reader of the language expects it; an empty text for a missing one.

    Shares (0-1) become percentages with ``digits`` decimals, or one digit below that.

    >>> write(1142, "count", "en"), write(1142, "count", "vi")
    ('1,142', '1.142')
    >>> write(0.2004, "share", "en"), write(0.2004, "share", "vi"), write(0.0067, "share", "en")
    ('20.0%', '20,0%', '0.7%')
    >>> write(0.00037, "share", "en"), write(0, "share", "en")
    ('0.04%', '0.0%')
    """
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if unit == "share":
        if value and not round(abs(value) * 100, digits):
            digits = -math.floor(math.log10(abs(value) * 100))
        figure = f"{value * 100:,.{digits}f}%"
    elif float(value).is_integer():
        figure = f"{value:,.0f}"
    else:
        figure = f"{value:,.2f}".rstrip("0").rstrip(".")
    if language == "vi":
        figure = figure.translate(str.maketrans(",.", ".,"))
    return figure
