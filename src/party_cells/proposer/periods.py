"""When a statement holds: the dates, years, terms and "năm nay" of a text as ISO days.

`times.csv` holds the forms in which the press writes a time; a small function for each kind gives
its days, and `Clock` chooses among them. All works on the folded text (`evidence.fold`), where
"quý" and "quí", "hoà" and "hòa" may both occur.
"""

import csv
import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from helpers import numbers
from party_cells.proposer.lexicon import over_folded

_Y = r"(?:19|20)\d{2}"
_NUMBERS = ["một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười"]
_FIGURES = {word: at for at, word in enumerate(_NUMBERS, start=1)}
_FIGURES |= {"bốn": 4, "giêng": 1, "mười một": 11, "mười hai": 12, "chạp": 12}
_FIGURES |= {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_MACROS = {
    "{year}": _Y,
    "{word}": f"(?:{'|'.join(sorted(list(_FIGURES)[:-4], key=len, reverse=True))})",
    "{back}": "(?:qua|vừa qua|gần đây|trở lại đây)",
    "{months}": "ba|bốn|sáu|bảy|tám|chín|mười|mười một",
    "{counts}": "hai|ba|bốn|năm|mười",
    "{things}": "(?:đảng|chi|tổ|thôn|bản|ấp|xã|đồng|cơ|khu)",
}
_UNTIL = over_folded(r"(?:đến|tới|hết|cuối|tính)(?: hết| ngày| cuối| năm| thời điểm)* ?")
_UNTIL_BEFORE = re.compile(_UNTIL.pattern + "$")
_AGAINST = over_folded(
    r"(?:so (?:với )?|hơn |nhiều hơn |bằng |như (?<!nếu như ))"
    r"(?:(?:của|với|mức|ngày|tháng|đầu|cuối|năm|cùng kỳ|nhiệm kỳ|giai đoạn|thời điểm) )*$"
)
_DOCUMENT = re.compile(
    r"[-/][a-zđ]\w*,? (?:ngày )?$|(?:nghị quyết|chỉ thị|kết luận)\D{0,20}\d+ (?:ngày )?$"
)
_AHEAD = over_folded(
    r"phấn đấu|(?<!% )(?<!vượt )(?<!đạt )mục tiêu|(?<!\w)sẽ(?!\w)|biểu quyết"
    r"|xác định|đặt (?:ra |chỉ tiêu|mục tiêu)|thông qua|ráng|đăng ký|phương hướng"
)
_FOUNDED = over_folded(r"(?:thành lập|ra đời|vận hành|hoạt động|sáp nhập|sắp xếp)[^.,;\d]{0,20}$")
_TERM = over_folded(r"(?:nhiệm kỳ|khóa)[^.;\d]{0,12}$")
_TO = over_folded(r" ?(?:đến|tới|-|–)?(?: hết| ngày| cuối| năm)* ?")
_YEARLY = ("bình quân", "hằng năm", "hàng năm", "mỗi năm")
_FLOWS = re.compile(
    r"admitted|rated|assessed|awarded|removed|left_party|expelled|warned|reprimanded|dismissed"
    r"|four_good|disciplin|inspected|transferred|made_official|violation|held|issued|merged|attendance|_cap$"
)


class Period(NamedTuple):
    """A stretch of days written at ``start:end``; ``against`` marks what only serves to compare
    ("so với năm 2019"). ``relative`` tells what the days are still to be counted from: the
    ``year`` spoken of (``offset`` years on), the ``term``, what was named before (``same``), or
    the ``founding``; an ``event`` is a single day on which something took place."""

    start: int
    end: int
    first: str = ""
    last: str = ""
    kind: str = "flow"  # flow, as_of, mean_of_years
    against: bool = False
    relative: str = ""
    offset: int = 0
    event: bool = False

    @property
    def years(self) -> int:
        """How far apart its first and last year are; an open end lies far off."""
        return int(self.last[:4] or 9999) - int(self.first[:4] or 0)


def of_year(year: int) -> tuple[str, str]:
    """First and last day of a year."""
    return f"{year}-01-01", f"{year}-12-31"


def stands(measure: str, event: bool) -> bool | None:
    """Whether a measure tells what stands on a day, such as members or cells with a committee,
    and not what happened or was judged over a time; None if neither measure nor event tells it.

    >>> stands("cells_with_committee", False), stands("members_admitted", True)
    (True, False)
    """
    if not measure:
        return False if event else None
    return not _FLOWS.search(measure)


def find(folded: str, published: date | None = None) -> list[Period]:
    """The periods a folded text names, in order; a relative one as on the day of publication.

    >>> [(p.first, p.last, p.kind) for p in find("cuối năm 2019; 6 tháng đầu năm 2025")]
    [('2019-12-31', '2019-12-31', 'as_of'), ('2025-01-01', '2025-06-30', 'flow')]
    """
    found = []
    for name, match, days in _matches(folded, published):
        before = folded[max(0, match.start() - 40) : match.start()]
        if _DOCUMENT.search(before):
            continue
        period = Period(*match.span(), *days)
        until = _UNTIL.match(match[0]) or _UNTIL_BEFORE.search(before)
        quarterly = period.last.endswith(("-12-31", "-06-30", "-09-30", "-03-31"))
        found.append(
            period._replace(
                against=bool(_AGAINST.search(before)),
                event=name == "day" and not until and not quarterly,
                offset=-1 if before.endswith("cùng kỳ ") else period.offset,
            )
        )
    return found


def _matches(folded: str, published: date | None) -> Iterator[tuple[str, re.Match, tuple]]:
    reached = 0
    for start, word in numbers.words(folded):
        for name, pattern in _forms().get(word, ()) if start >= reached else ():
            match = pattern.match(folded, start)
            days = match and _days(name, match, published)
            if days:
                reached = match.end()
                yield name, match, days
                break


@cache
def _forms() -> dict[str, list[tuple[str, re.Pattern]]]:
    """The forms of `times.csv` by the words that open them ("0": any number)."""
    found: dict[str, list[tuple[str, re.Pattern]]] = {}
    with Path(__file__).with_name("times.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            opens, form = row["opens"], row["form"]
            for name, words in _MACROS.items():
                opens = opens.replace(name, words.replace("|", " "))
                form = form.replace(name, words)
            pattern = over_folded(rf"(?<![\w/.,])(?:{form})")
            for word in dict.fromkeys(over_folded(opens).pattern.split()):
                found.setdefault(word, []).append((row["name"], pattern))
    return found


def _days(name: str, match: re.Match, today: date | None) -> tuple | None:
    """First and last day, kind, and what they are relative to; None for no day there is."""
    said = {key: words for key, words in match.groupdict().items() if words}
    years = [int(year) for year in re.findall(_Y, match[0])]
    if not (today or years or "year" in said):
        return ("", "", "flow", False, "year", -1) if name == "last" else None
    try:
        return _KINDS[name](said, years, today)
    except ValueError:  # a thirteenth month
        return None


def _figure(words: str) -> int:
    return _FIGURES.get(words) or int(words)


def _year(said: dict, today: date | None) -> int:
    written = said.get("year", "nay")
    if written == "nay" and not today:
        raise ValueError("no day tells which year is this one")
    return today.year if written == "nay" else int(written) + 2000 * (len(written) == 2)


def _to_count(said: dict) -> tuple:
    """The last fields of what is counted from the year spoken of, if no year is named."""
    return () if "year" in said or "this" in said else (False, "year")


def _day(said: dict, years: list[int], today: date | None) -> tuple:
    day, month = _figure(said["day"]), _figure(said["month"])
    year = _year(said, today)
    if "year" not in said and today.month <= 3:
        year -= (month, day) > (today.month, today.day)
    found = date(year, month, day).isoformat()
    return found, found, "as_of", *_to_count(said)


def _months(year: int, first: int, last: int) -> tuple[str, str]:
    """First and last day of some months of a year."""
    return f"{date(year, first, 1)}", f"{date(year, last, monthrange(year, last)[1])}"


def _latest(said: dict, today: date | None, first: int, last: int, told: int) -> tuple:
    """Some months of a year; early in it those of the last one, if ``told`` is still to come."""
    year = _year(said, today)
    past = "year" not in said and today.month <= 3 and today.month < told
    return *_months(year - past, first, last), "flow"


def _month(said: dict, years: list[int], today: date | None) -> tuple:
    month = _figure(said["month"])
    if not 1 <= month <= 12:
        raise ValueError(f"no month {month}")
    return *_latest(said, today, month, month, month), *_to_count(said)


def _quarter(said: dict, years: list[int], today: date | None) -> tuple:
    last = 3 * _figure(said["quarter"])
    return *_latest(said, today, last - 2, last, last - 2), *_to_count(said)


def _before(said: dict, years: list[int], today: date) -> tuple:
    """The quarter or the month before: "quý trước", "tháng trước"."""
    months = 1 if said["unit"] == "tháng" else 3
    first = today.year * 12 + (today.month - 1) // months * months - months
    return *_months(first // 12, first % 12 + 1, first % 12 + months), "flow"


def _several(said: dict, years: list[int], today: date | None) -> tuple:
    """ "6 tháng đầu năm", "chín tháng qua", "nửa cuối năm"."""
    count = _figure(said.get("months", "6"))
    ends = (13 - count, 12) if said.get("half") == "cuối" else (1, count)
    return _latest(said, today, *ends, ends[1])


def _edge(said: dict, years: list[int], today: date | None) -> tuple:
    year = _year(said, today) - ("year" not in said and today.month <= 3)
    day = of_year(year)[said["edge"] != "đầu"]
    return day, day, "as_of", *_to_count(said)


def _of_years(said: dict, years: list[int], today: date | None) -> tuple:
    first, last = f"{min(years)}-01-01", f"{max(years)}-12-31"
    if "edge" in said:
        return first, first if said["edge"] == "đầu" else last, "as_of"
    return first, last, "mean_of_years" if "more" in said else "flow"


def _span(said: dict, years: list[int], today: date) -> tuple:
    """The years that are over: "ba năm gần đây"."""
    recent = today.year - (today.month <= 3) + (today.month > 9 and "then" not in said)
    return f"{recent - _figure(said['count'])}-01-01", f"{today}", "flow"


def _ago(said: dict, years: list[int], today: date) -> tuple:
    return *of_year(today.year - _figure(said["count"])), "as_of"


def _year_off(off: Callable[[date], int], *relative) -> Callable:
    """A year so many years off that of publication."""
    return lambda said, years, today: (
        *of_year(today.year + off(today)),
        "flow",
        *((False, *relative) if relative else ()),
    )


def _told(relative: str) -> Callable:
    """What is told by something named elsewhere."""
    return lambda said, years, today: (f"{today}", f"{today}", "flow", False, relative)


def _since(said: dict, years: list[int], today: date | None) -> tuple:
    return f"{min(years or [today and today.year])}-01-01", f"{today or ''}", "flow"


def _now(said: dict, years: list[int], today: date) -> tuple:
    return f"{today}", f"{today}", "flow" if "occasion" in said else "as_of"


def _next(said: dict, years: list[int], today: date) -> tuple:
    return *of_year(today.year + (not ("new" in said and today.month <= 3))), "flow"


_KINDS = {
    "day": _day, "month": _month, "quarter": _quarter, "months": _several, "before": _before,
    "edge": _edge, "years": _of_years, "span": _span, "ago": _ago,
    "since": _since, "since_year": _since, "now": _now, "next": _next,
    "this": _year_off(lambda today: 0),
    "last_year": _year_off(lambda today: -1),
    "last": _year_off(lambda today: -(today.month <= 3) - 1, "year", -1),
    "whole": _year_off(lambda today: -(today.month <= 3), "year"),
    "same": _told("same"), "founding": _told("founding"), "term": _told("term"),
}  # fmt: skip


def _main_year(named: list[Period], published: date | None) -> int | None:
    """The year a text names most often; at the turn of a year the one it looks back on."""
    this_year = published.year if published else 9999
    told = [p for p in named if p.last not in ("", str(published)) and not p.against]
    years = [int(p.last[:4]) for p in told if p.kind != "mean_of_years"]
    counts = {y: years.count(y) for y in set(years[:500]) if y <= this_year}
    if published and published.month <= 3 and this_year - 1 in counts:
        return this_year - 1
    best = max(counts, key=lambda y: (counts[y], y), default=None)
    return best if best and (counts[best] > 1 or not published) else None


class _Resolver:
    """Relative periods counted from what is named before them in their paragraph."""

    def __init__(self, folded: str, published: date | None, named: list[Period]):
        self.text, self.published, self.today = folded, published, str(published)
        self.main = _main_year([p for p in named if not p.relative], published)
        self.term: Period | None = None
        self.founding = next((p for p in named if self.founds(p)), None)
        self.spoken: Period | None = None
        self.latest: Period | None = None
        self.named: list[Period] = []
        reached = 0
        for told in named:
            line = folded.rfind("\n", reached, told.start)
            if line > 0 and folded[line - 1] not in "?:":
                self.spoken = self.latest = None
            reached = told.start
            period = self._resolved(told)
            self.term = told if self._is_term(told) else self.term
            if period:
                self._take(period)

    def _is_term(self, p: Period) -> bool:
        named = 4 <= p.years <= 5 and not (p.against or p.relative)
        return named and bool(_TERM.search(self.text[max(0, p.start - 24) : p.start]))

    def founds(self, period: Period) -> bool:
        """Whether a day is the one on which something was founded or merged."""
        before = self.text[max(0, period.start - 40) : period.start]
        return period.kind == "as_of" and bool(_FOUNDED.search(before))

    def _resolved(self, told: Period) -> Period | None:
        if told.relative == "term":
            return self._of_term(told)
        if told.relative == "year":
            return self._moved(told)
        if told.relative:
            before = self.latest if told.relative == "same" else self.founding
            return before and told._replace(first=before.first, last=before.last)
        return told

    def _take(self, period: Period) -> None:
        """Keep a period, as the end of the one before it: "từ ngày 1/7 đến hết năm 2025"."""
        if self.named and self._joins(self.named[-1], period):
            first = self.named.pop()
            period = first._replace(end=period.end, last=period.last, kind="flow", event=False)
        self.named.append(period)
        if period.first == self.today:
            return
        self.latest = period
        back = self.spoken and period.last < self.spoken.first
        if not (back or period.against or period.offset < 0 or period.years):
            self.spoken = period

    def _joins(self, first: Period, last: Period) -> bool:
        opens = self.text[max(0, first.start - 3) : first.start + 3]
        between = self.text[first.end : last.start]
        to = _TO.fullmatch(between) and (between.strip() or _UNTIL.match(self.text, last.start))
        return bool("từ" in opens and to) and first.first <= last.last

    def _moved(self, period: Period) -> Period:
        """A period of the year spoken of, or so many years off it."""
        spoken = self.spoken
        known = spoken and spoken.last and (not self.published or spoken.last[:4] <= self.today)
        year = int(spoken.last[:4]) if known else None
        if not year:
            return period
        first, last = (f"{year + period.offset}{day[4:]}" for day in (period.first, period.last))
        if not period.first:
            first, last = of_year(year + period.offset)
        return period._replace(first=first, last=last.replace("-02-29", "-02-28"))

    def _of_term(self, period: Period) -> Period | None:
        """A term that is not told by its years: the one named last, or the one of that time."""
        words, today = self.text[period.start : period.end], self.published
        start, yearly = period.start, words.endswith(_YEARLY)
        if yearly and not self.term and "đại hội" not in self.text[max(0, start - 60) : start]:
            return None
        ahead = bool(_AHEAD.search(self.text, max(0, start - 250), period.end + 30))
        named, congress = self.term, (today.year - (today.month < 8)) // 5 * 5
        first = int(named.first[:4]) if named else congress
        just_named = named and named.end > start - 250
        if words.endswith(("qua", "rồi", "gần đây", "trở lại đây")):
            first = today.year // 5 * 5 - 5
        elif words.endswith("trước"):
            first -= 5
        elif words.endswith(("tới", "mới")):
            first += 5 * (first < today.year)
        elif ahead:
            first += 5 * (first + 5 <= today.year)
        elif first >= today.year and today.month <= 10 and not (yearly and just_named):
            first -= 5  # what is told of a term before its congress is the one that ends
        return self._part_of_term(period, words, first, ahead)

    def _part_of_term(self, period: Period, words: str, first: int, ahead: bool) -> Period:
        begins, ends = f"{first}-01-01", f"{first + 5}-12-31"
        if words.startswith("đầu"):
            return period._replace(first=begins, last=begins, kind="as_of")
        if words.startswith(("cuối", "hết")):
            return period._replace(first=begins, last=ends, kind="as_of")
        runs = words.startswith("từ ") or (not ahead and first < self.published.year < first + 5)
        last = self.today if runs else ends
        return period._replace(first=begins, last=last, offset=-words.endswith("trước"))


# Only a noun stands between a number and its year.
_BEHIND = over_folded(r"\s(?:(?!(?:và|nhưng|mà|thì|song|còn)\s)\w+\s){0,4}\(?")
_IN_BRACKETS = re.compile(r"\s?(?:\(|: )\D{0,12}$")  # "hơn năm 2024 (57 đồng chí)"
_ONWARD = re.compile(r"[^,;.:()]*|: ")
_TELLS = over_folded(r"(?<!\w)(?:là|có|đạt|được|chỉ|mới)(?!\w)|[(:,]")

_CHANGE = re.compile(r"(?:tăng|giảm|thêm|bớt|hụt)[^,;.\d]{0,12}$")


class Clock:
    """The period each place of a text speaks of, carried from sentence to sentence.

    A paragraph starts from the text's own time, a sentence may name another, and a look back
    ("năm trước", an earlier year) does not outlive its sentence. What happened and what stands
    on a day are carried apart.
    """

    def __init__(self, folded: str, published: date | None):
        self.published, self._today, self._text = published, str(published), folded
        resolver = _Resolver(folded, published, find(folded, published))
        self._main, self._named, self._founds = resolver.main, resolver.named, resolver.founds
        told = [p for p in self._named if p.last not in ("", self._today) and not p.against]
        self._lead = next((p for p in told if p.first[:4] == p.last[:4] and not p.event), None)
        self._happened: Period | None = None
        self._standing: Period | None = None
        self._here: list[Period] = []
        self._next = 0

    def paragraph(self) -> None:
        """Forget what the paragraph before spoke of."""
        self._happened, self._standing, self._here = None, None, []

    def sentence(self, start: int, end: int) -> None:
        """Move to the next sentence; call in order of the text."""
        self._carry([p for p in self._here if not p.against and not p.event])
        first = self._next
        while first < len(self._named) and self._named[first].start < start:
            first += 1
        self._next = first
        while self._next < len(self._named) and self._named[self._next].start < end:
            self._next += 1
        self._here = self._named[first : self._next]

    def _carry(self, told: list[Period]) -> None:
        """Keep the latest time of a sentence, for what happened and for what stands."""
        closing = [p for p in told if p.kind == "as_of" and self._until(p)]
        now = [p for p in told if p.kind == "as_of" and p.last == self._today]
        flows = [p for p in told if p.kind != "as_of" or (p in closing and p not in now)]
        flows = [p for p in flows if p.offset >= 0]
        past = [p for p in flows if p.last[:4] <= self._today[:4]]
        latest = max(past or flows, key=lambda p: p.last, default=None)
        if latest and not (self._happened and latest.last < self._happened.first):
            self._happened = self._fitted(latest, stock=False)
        points = [p for p in (*closing, *now) if p.last <= self._today]
        self._standing = max(points, key=lambda p: p.last, default=self._standing)

    def _until(self, period: Period) -> bool:
        """Whether a day closes a time: "tính đến", "hết", "cuối"."""
        before = self._text[max(0, period.start - 20) : period.start]
        return bool(_UNTIL.match(self._text, period.start) or _UNTIL_BEFORE.search(before))

    def covers(self, position: int) -> bool:
        """Whether a position is part of a period named in the current sentence."""
        return any(p.start <= position < p.end for p in self._here)

    def at(
        self, position: int, end: int, limit: int, *, then: bool, stock: bool | None,
        plan: bool = False,
    ) -> Period:  # fmt: skip
        """The period of a number: named right behind it in its clause (to ``limit``), before it
        in its sentence, or carried. What stands at a time (``stock``) takes no term of several
        years and no year carried from another sentence, unless it is a ``plan``."""
        named = self._behind(end, limit) or self._before(position, then, stock)
        if named and not (stock and named.years > 1 and named.kind != "as_of" and not plan):
            return self._fitted(named, stock, plan)
        ahead = plan and self._happened and self._happened.last > self._today
        carried = self._standing if stock and not ahead else self._happened
        if carried and not named:
            return self._fitted(carried, stock, plan)
        return self._default(stock)

    def _behind(self, end: int, limit: int) -> Period | None:
        """The time right behind a number: "kết nạp 12 đảng viên năm 2019"."""
        after = [p for p in self._here if end <= p.start < limit]
        after = [p for p in after if not p.against or p.start - end < 3][:1]
        gap = self._text[end : after[0].start] if after else ""
        aside = gap.endswith("(") and self._of_next(after[0], limit)  # "(khi ấy là 4.733)"
        return after[0] if after and not aside and _BEHIND.fullmatch(gap) else None

    def _before(self, position: int, then: bool, stock: bool | None) -> Period | None:
        """The last time before a number; one that is compared with only for what is compared."""
        before = [
            p
            for p in self._here
            if p.start < position
            and not (stock and p.event and self._founds(p))
            and not (p.offset < 0 and _CHANGE.search(self._text, max(0, position - 24), position))
            and not self._is_aside(p, position)
            and (
                not p.against
                or (then and _TELLS.search(self._text, p.end, position))
                or _IN_BRACKETS.fullmatch(self._text[p.end : position])
            )
        ]
        yearly = [p for p in before if self._text.startswith(_YEARLY, p.start)]
        if yearly and yearly[-1] is before[-1]:  # of the term it is a mean of
            before.sort(key=lambda p: (p.years > 1, p.start))
        else:
            before = [p for p in before if p not in yearly]
        return before[-1] if before else None

    def _is_aside(self, period: Period, position: int) -> bool:
        """Whether a time stands with other words in brackets that are closed before a number."""
        before = self._text[max(0, period.start - 80) : period.start]
        behind = self._text[period.end : position]
        alone = before.endswith("(") and behind.startswith(")")
        return before.rfind("(") > before.rfind(")") and ")" in behind and not alone

    def _of_next(self, period: Period, limit: int) -> bool:
        """Whether only words stand between a time and the next number: "(năm 2019: 36)"."""
        onward = _ONWARD.fullmatch(self._text, period.end, limit)
        return bool(onward) and (onward[0] != ": " or self._text[period.start - 1] == "(")

    def _fitted(self, period: Period, stock: bool | None, plan: bool = False) -> Period:
        """A closing day as the day itself for what stands, else as the end of a year or term."""
        if plan and period.relative == "term" and period.last == self._today:
            return period._replace(last=of_year(int(period.first[:4]) + 5)[1])
        if stock:
            closing = period.kind == "as_of"
            return period._replace(first=period.last) if closing else period
        if period.years or not self._until(period):
            return period
        wider = [p for p in (self._happened, *self._here) if p and p.start < period.start]
        wider = [p for p in wider if p.years > 1 and p.first <= period.last]
        first = wider[-1].first if wider else min(period.first, f"{period.last[:4]}-01-01")
        return period._replace(first=first, kind="flow")

    def _default(self, stock: bool | None) -> Period:
        """The period of what no words near it date."""
        today = self.published
        if not today:
            return Period(0, 0, *(of_year(self._main) if self._main else ()))
        if stock is not False:
            return Period(0, 0, self._today, self._today, "as_of")
        before, lead = today.year - 1, self._lead
        turn = today.month <= 3 and self._main == before
        if turn or (today.month <= 2 and self._main != today.year):
            return Period(0, 0, *of_year(before))
        if lead and today.year - (today.month <= 6) <= int(lead.last[:4]) <= today.year:
            return lead
        return Period(0, 0, f"{today.year}-01-01", self._today)
