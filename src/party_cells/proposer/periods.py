"""When a statement holds: the dates, years, terms and "năm nay" of a text as ISO days.

Works on the folded text (`evidence.fold`), where "quý" and "quí", "hoà" and "hòa" may both occur.
"""

import csv
import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from helpers import numbers
from party_cells.proposer.lexicon import over_folded

_Y = r"(?:19|20)\d{2}"
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_ROMAN |= {"một": 1, "hai": 2, "ba": 3, "tư": 4, "bốn": 4}
_MONTHS = {"ba": 3, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "mười": 10, "mười một": 11, "bốn": 4}
_IN_WORDS = _MONTHS | {
    "giêng": 1,
    "một": 1,
    "hai": 2,
    "tư": 4,
    "năm": 5,
    "mười hai": 12,
    "chạp": 12,
}
_WORDS = f"(?:{'|'.join(sorted(_IN_WORDS, key=len, reverse=True))})"
_COUNTS = {"hai": 2, "ba": 3, "bốn": 4, "năm": 5, "mười": 10}
_MACROS = {
    "{year}": _Y,
    "{word}": _WORDS,
    "{back}": "(?:qua|vừa qua|gần đây|trở lại đây)",
    "{months}": "|".join(_MONTHS),
    "{counts}": "|".join(_COUNTS),
}


def _forms() -> Iterator[tuple[str, str]]:
    """The rows of `times.csv`: the words that open a form ("0": any number), and the form."""
    with Path(__file__).with_name("times.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            opens, form = row["opens"], row["form"]
            for name, words in _MACROS.items():
                opens = opens.replace(name, words.replace("|", " "))
                form = form.replace(name, words)
            yield opens, form


_PERIODS = numbers.by_opening(_forms(), r"(?<![\w/.,])(?:{})", over_folded)
# Only a noun stands between a number and its year.
_BEHIND = over_folded(r"\s(?:(?!(?:và|nhưng|mà|thì|song|còn)\s)\w+\s){0,4}\(?")
_IN_BRACKETS = re.compile(r"\s?(?:\(|: )\D{0,12}$")  # "hơn năm 2024 (57 đồng chí)"
_RISES = over_folded(r"[^,;.\d]{0,24}(?:lên|xuống|còn|nay) ")
_AGAINST = over_folded(
    r"(?:so (?:với )?|hơn |nhiều hơn |bằng |như (?<!nếu như ))"
    r"(?:(?:của|với|mức|ngày|tháng|đầu|cuối|năm|cùng kỳ|nhiệm kỳ|giai đoạn|thời điểm) )*$"
)
_AHEAD = over_folded(
    r"phấn đấu|(?<!% )(?<!vượt )(?<!đạt )mục tiêu|(?<!\w)sẽ(?!\w)|biểu quyết"
    r"|xác định|đặt (?:ra |chỉ tiêu|mục tiêu)|thông qua|ráng|đăng ký|phương hướng"
)
_UNTIL = over_folded(r"(?:đến|tới|hết|cuối|tính)(?: hết| ngày| cuối| năm| thời điểm)* ?")
_UNTIL_BEFORE = re.compile(_UNTIL.pattern + "$")
_FOUNDED = over_folded(r"(?:thành lập|ra đời|vận hành|hoạt động|sáp nhập|sắp xếp)[^.,;\d]{0,20}$")
_TERM = over_folded(r"(?:nhiệm kỳ|khóa)[^.;\d]{0,12}$")
_ONWARD = re.compile(r"[^,;.:()]*|: ")
_TELLS = over_folded(r"(?<!\w)(?:là|có|đạt|được|chỉ|mới)(?!\w)|[(:,]")
_ENDS = re.compile(r"[.,;)]|$")
_CHANGE = re.compile(r"(?:tăng|giảm|thêm|bớt|hụt)[^,;.\d]{0,12}$")
_TO = over_folded(r" ?(?:đến|tới|-|–)?(?: hết| ngày| cuối| năm)* ?")
_SAME_TIME = "cùng kỳ "
_OCCASIONS = ("dịp ", "đợt ")
_YEARLY = ("bình quân", "hằng năm", "hàng năm", "mỗi năm")
_FLOWS = re.compile(
    r"admitted|rated|assessed|awarded|removed|left_party|expelled|warned|reprimanded|dismissed"
    r"|four_good|disciplin|inspected|transferred|made_official|violation|held|issued|merged|attendance|_cap$"
)
_DOCUMENT = re.compile(
    r"[-/][a-zđ]\w*,? (?:ngày )?$|(?:nghị quyết|chỉ thị|kết luận)\D{0,20}\d+ (?:ngày )?$"
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


def find(folded: str, published: date | None = None) -> list[Period]:
    """The periods a folded text names, in order; a relative one as on the day of publication.

    >>> [(p.first, p.last, p.kind) for p in find("cuối năm 2019; 6 tháng đầu năm 2025")]
    [('2019-12-31', '2019-12-31', 'as_of'), ('2025-01-01', '2025-06-30', 'flow')]
    """
    found = []
    for match in numbers.matches(_PERIODS, folded):
        days = _days(match, published) or _told(match, published)
        if days:
            before = folded[max(0, match.start() - 40) : match.start()]
            until = _UNTIL.match(match[0]) or _UNTIL_BEFORE.search(before)
            closes = until or days[1].endswith(("-12-31", "-06-30", "-09-30", "-03-31"))
            event = (
                match.lastgroup in ("year", "month_of", "short_year", "date_year", "date_month")
                and not closes
            )
            if not _DOCUMENT.search(before):
                against = match.lastgroup == "back" or bool(_AGAINST.search(before))
                period = Period(*match.span(), *days[:3], against, *days[3:], event=event)
                back = before.endswith(_SAME_TIME)
                found.append(period._replace(offset=-1) if back else period)
    return found


def of_year(year: int) -> tuple[str, str]:
    """First and last day of a year."""
    return f"{year}-01-01", f"{year}-12-31"


def month(year: int, first: int, last: int | None = None) -> tuple[str, str]:
    """First and last day of a month, or of several months of one year."""
    last = last or first
    return f"{year}-{first:02}-01", f"{year}-{last:02}-{monthrange(year, last)[1]}"


def stands(measure: str, event: bool) -> bool | None:
    """Whether a measure tells what stands on a day, such as members or cells with a committee,
    and not what happened or was judged over a time; None if neither measure nor event tells it.

    >>> stands("cells_with_committee", False), stands("members_admitted", True)
    (True, False)
    """
    if not measure:
        return False if event else None
    return not _FLOWS.search(measure)


def _days(match: re.Match, published: date | None) -> tuple | None:
    """First day, last day and kind of what needs no more than the day of publication."""
    today = published.isoformat() if published else ""
    this_year = published.year if published else None
    form = match.lastgroup

    def year(written: str) -> int | None:
        return int(written) if written.isdigit() else this_year

    if form == "year":
        return _one_day(match["year"], match["month"], match["day"])
    if form == "short_year":
        return _one_day(f"20{match[form]}", match["short_month"], match["short_day"])
    if form == "date_year":
        return _one_day(match[form], *map(_figure, (match["date_month"], match["date_day"])))
    if form in ("word_year", "brief_year"):
        name = match["word_month" if form == "word_year" else "brief_month"]
        return _in_month(match[form].rjust(4, "0").replace("00", "20", 1), _figure(name))
    if form == "quarter_year" and year(match[form]):
        number = _ROMAN[match["quarter"]]
        return *month(year(match[form]), number * 3 - 2, number * 3), "flow"
    if form in ("half_year", "half_of_year") and match[form].isdigit():
        return _some_months(match, published)
    if form == "month_year":
        return _in_month(match[form], match["in_month"])
    if form == "until":
        last = re.search(_Y, match[form])
        end = f"{last[0]}-12-31" if last else today
        return f"{match['since']}-01-01", end, "flow"
    if form == "since_term":
        return f"{match[form]}-01-01", today, "flow"
    if form in ("ago", "back_from"):
        then = (this_year or 0) - (_COUNTS.get(match[form]) or int(match[form]))
        return (*of_year(then), "as_of") if published else None
    if form == "edge_to":
        ends = f"{match['edge_from']}-01-01", f"{match[form]}-12-31"
        return (ends[0], ends[0], "as_of") if match["edge"] == "đầu" else (*ends, "as_of")
    if form == "to":
        return f"{match['from']}-01-01", f"{match[form]}-12-31", "flow"
    if form in ("until_year", "point_year") and year(match[form]):
        day = of_year(year(match[form]))[match["point"] != "đầu"]
        return day, day, "as_of"
    if form == "more":
        years = [match["one"], *re.findall(_Y, match[form])]
        kind = "mean_of_years" if len(years) > 1 else "flow"
        return f"{min(years)}-01-01", f"{max(years)}-12-31", kind
    if form in ("bare", "back"):
        return *of_year(int(match[form])), "flow"
    return None


def _figure(written: str) -> str:
    """A number of a day or a month in digits."""
    return str(_IN_WORDS.get(written, written))


def _in_month(year: str, number: str) -> tuple | None:
    return (*month(int(year), int(number)), "flow") if 1 <= int(number) <= 12 else None


def _one_day(*written: str) -> tuple | None:
    try:
        day = date(*map(int, written)).isoformat()
    except ValueError:
        return None
    return day, day, "as_of"


def _told(match: re.Match, published: date | None) -> tuple | None:
    """First day, last day and kind of what is told from the day of publication, then what it is
    relative to and how many years off."""
    form = match.lastgroup
    if not published:
        return ("", "", "flow", "year", -1) if form == "last" else None
    today, this_year = published.isoformat(), published.year
    recent = this_year - (published.month <= 3)
    if form == "now":
        occasion = match[form].startswith(_OCCASIONS)
        return today, today, "flow" if occasion else "as_of"
    if form == "since_year":
        return f"{this_year}-01-01", today, "flow"
    if form == "next":
        begun = "mới" in match[form] and published.month <= 3
        return *of_year(this_year + (not begun)), "flow"
    if form == "this":
        return *of_year(this_year), "flow"
    if form == "past":
        return *of_year(this_year - (published.month <= 4)), "flow"
    if form == "last_year":
        return *of_year(this_year - 1), "flow"
    if form in ("span", "since_then"):
        years = _COUNTS.get(match["span"]) or int(match["span"])
        whole = published.month > 9 and form == "span"
        return f"{recent + whole - years}-01-01", today, "flow"
    if form in ("months", "half", "half_year", "half_of", "half_of_year"):
        return _some_months(match, published)
    if form == "quarter":
        number = _ROMAN[match[form]]
        return *_latest(published, number * 3 - 2, number * 3), "flow", "year", 0
    if form == "before_this":
        months = 1 if match[form] == "tháng" else 3
        last = published.year * 12 + (published.month - 1) // months * months - 1
        return *month(last // 12, last % 12 + 2 - months, last % 12 + 1), "flow"
    if form in ("this_month", "said"):
        number = int(match["this_month"])
        days = _latest(published, number, number) if 0 < number < 13 else None
        return days and (*days, "flow", "" if form == "said" else "year", 0)
    if form in ("month_of", "date_month"):
        words = match["day_of" if form == "month_of" else "date_day"], match[form]
        day, number = (int(_figure(word)) for word in words)
        ahead = (number, day) > (published.month, published.day) and published.month <= 3
        found = _one_day(str(this_year - ahead), str(number), str(day))
        return found and (*found, "year", 0)
    if form == "edge_of":
        day = of_year(recent)[match[form] != "đầu"]
        return day, day, "as_of", "year", 0
    if form in ("last", "whole"):
        back = form == "last"
        return *of_year(recent - back), "flow", "year", -back
    if form in ("same", "founding", "term", "term_start"):
        return today, today, "flow", form.removesuffix("_start"), 0
    return None


def _latest(published: date, first: int, last: int) -> tuple[str, str]:
    """Some months of this year; at its beginning those of the last one that are not yet over."""
    days = month(published.year, first, last)
    ahead = published.month <= 3 and days[0] > published.isoformat()
    return month(published.year - 1, first, last) if ahead else days


def _some_months(match: re.Match, published: date | None) -> tuple | None:
    """The days of "6 tháng đầu năm", "chín tháng qua", "nửa cuối năm"."""
    said = match.groupdict()
    words = said.get("months") or "6"
    number = _MONTHS.get(words) or int(re.sub(r"\D", "", words) or 0)
    if not 0 < number <= 12:
        return None
    late = "cuối" in (said.get("half"), said.get("half_of"))
    ends = (13 - number, 12) if late else (1, number)
    year = said.get("half_year") or said.get("half_of_year") or ""
    if year.isdigit():
        return *month(int(year), *ends), "flow"
    past = not year and published.month <= 3 and published.month < ends[1]
    return *month(published.year - past, *ends), "flow"


def _years(period: Period) -> int:
    """How far apart its first and last year are; an open end lies far off."""
    return int(period.last[:4] or 9999) - int(period.first[:4] or 0)


class Clock:
    """The period each place of a text speaks of, carried from sentence to sentence.

    The year named most often is the text's own; a paragraph starts from it, a sentence may name
    another, and a look back ("năm trước", an earlier year) does not outlive its sentence. What
    happened and what stands on a day are carried apart.
    """

    def __init__(self, folded: str, published: date | None):
        self.published, self._today, self._text = published, str(published), folded
        named = find(folded, published)
        self._terms = [
            p
            for p in named
            if 4 <= _years(p) <= 5
            and not (p.against or p.relative)
            and _TERM.search(folded[max(0, p.start - 24) : p.start])
        ]
        self.main = self._main_year([p for p in named if not p.relative])
        self.named = self._resolved(named)
        told = [p for p in self.named if p.last not in ("", str(published)) and not p.against]
        self.lead = next((p for p in told if p.first[:4] == p.last[:4] and not p.event), None)
        self.current: Period | None = None
        self._standing: Period | None = None
        self.here: list[Period] = []
        self._next = self._start = self._end = self._paragraph = 0

    def _main_year(self, named: list[Period]) -> int | None:
        this_year = self.published.year if self.published else 9999
        told = [p for p in named if p.last not in ("", self._today) and not p.against]
        years = [int(p.last[:4]) for p in told if p.kind != "mean_of_years"]
        counts = {y: years.count(y) for y in set(years[:500]) if y <= this_year}
        if self.published and self.published.month <= 3 and this_year - 1 in counts:
            return this_year - 1  # at the turn of a year the press looks back on it
        best = max(counts, key=lambda y: (counts[y], y), default=None)
        return best if best and (counts[best] > 1 or not self.published) else None

    def _resolved(self, named: list[Period]) -> list[Period]:
        """Relative periods counted from what is named before them in their paragraph."""
        found: list[Period] = []
        spoken: Period | None = None
        latest: Period | None = None
        founding = next((p for p in named if self._founds(p)), None)
        reached = term = 0
        for told in named:
            line = self._text.rfind("\n", reached, told.start)
            if line > 0 and self._text[line - 1] not in "?:":
                spoken = latest = None
            reached = told.start
            while term < len(self._terms) and self._terms[term].start < told.start:
                term += 1
            before = {"same": latest, "founding": founding}.get(told.relative)
            if told.relative == "term":
                period = self._of_term(told, self._terms[term - 1] if term else None)
            elif told.relative == "year":
                period = self._moved(told, spoken)
            elif told.relative:
                period = before and told._replace(first=before.first, last=before.last)
            else:
                period = told
            if not period:
                continue
            if found and self._joins(found[-1], period):
                first = found.pop()
                period = first._replace(end=period.end, last=period.last, kind="flow", event=False)
            found.append(period)
            if period.first == self._today:
                continue
            latest = period
            back = spoken and period.last < spoken.first
            if not (back or period.against or period.offset < 0 or _years(period)):
                spoken = period
        return found

    def _founds(self, period: Period) -> bool:
        """Whether a day is the one on which something was founded or merged."""
        before = self._text[max(0, period.start - 40) : period.start]
        return period.kind == "as_of" and bool(_FOUNDED.search(before))

    def _joins(self, first: Period, last: Period) -> bool:
        """Whether two periods are the ends of one: "từ ngày 1/7 đến hết năm 2025"."""
        opens = self._text[max(0, first.start - 3) : first.start + 3]
        between = self._text[first.end : last.start]
        to = _TO.fullmatch(between) and (between.strip() or _UNTIL.match(self._text, last.start))
        return bool("từ" in opens and to) and first.first <= last.last

    def _moved(self, period: Period, spoken: Period | None) -> Period:
        """A period of the year spoken of, or so many years off it."""
        known = spoken and spoken.last and (not self.published or spoken.last[:4] <= self._today)
        year = int(spoken.last[:4]) if known else None
        if not year and (period.offset or period.last[4:] == "-12-31" > period.first[4:]):
            year = self.main
        if not year:
            return period
        first, last = (f"{year + period.offset}{day[4:]}" for day in (period.first, period.last))
        if not period.first:
            first, last = of_year(year + period.offset)
        return period._replace(first=first, last=last.replace("-02-29", "-02-28"))

    def _of_term(self, period: Period, named: Period | None) -> Period | None:
        """A term that is not told by its years: the one named last, or the one of that time."""
        words, start = self._text[period.start : period.end], period.start
        yearly = words.endswith(_YEARLY)
        if yearly and not self._terms and "đại hội" not in self._text[max(0, start - 60) : start]:
            return None
        this_year, month_now = self.published.year, self.published.month
        line = max(self._text.rfind(end, max(0, start - 250), start) for end in ("\n", ". "))
        line -= 250 * self._text.startswith(("\n-", "\n+", "\n–"), line)
        ahead = bool(_AHEAD.search(self._text, max(line, start - 250, 0), period.end + 30))
        first = int(named.first[:4]) if named else (this_year - (month_now < 8)) // 5 * 5
        if words.endswith(("qua", "rồi", "gần đây", "trở lại đây")):
            first = this_year // 5 * 5 - 5
        elif words.endswith("trước"):
            first -= 5
        elif words.endswith(("tới", "mới")):
            first += 5 * (first < this_year)
        elif ahead:
            first += 5 * (first + 5 <= this_year)
        elif first >= this_year and month_now <= 10 and not (yearly and named.end > line):
            first -= 5  # what is told of a term before its congress is the one that ends
        days = f"{first}-01-01", f"{first + 5}-12-31"
        if words.startswith("từ "):
            return period._replace(first=days[0], last=self._today)
        if words.startswith("đầu"):
            return period._replace(first=days[0], last=days[0], kind="as_of")
        if words.startswith(("cuối", "hết")):
            return period._replace(first=days[0], last=days[1], kind="as_of")
        open_end = not ahead and first < this_year < first + 5
        last = self._today if open_end else days[1]
        return period._replace(first=days[0], last=last, offset=-words.endswith("trước"))

    def paragraph(self) -> None:
        """Forget what the paragraph before spoke of."""
        self.current, self._standing, self.here = None, None, []
        self._paragraph = self._next

    def sentence(self, start: int, end: int) -> None:
        """Move to the next sentence; call in order of the text."""
        told = [p for p in self.here if not p.against and not p.event]
        if told and not self.here[0].against:
            self._carry(told)
        self._start, self._end = start, end
        while self._next < len(self.named) and self.named[self._next].start < start:
            self._next += 1
        stop = self._next
        while stop < len(self.named) and self.named[stop].start < end:
            stop += 1
        self.here = self.named[self._next : stop]

    def _carry(self, told: list[Period]) -> None:
        """Keep the latest time of a sentence, for what happened and for what stands."""
        flows = [p for p in told if p.offset >= 0 and (p.kind != "as_of" or self._until(p))]
        flows = [p for p in flows if p.kind != "as_of" or p.last != self._today]
        past = [p for p in flows if p.last[:4] <= self._today[:4]]
        latest = max(past or flows, key=lambda p: p.last, default=None)
        if latest and not (self.current and latest.last < self.current.first):
            self.current = self._fitted(latest, stock=False)
        points = [p for p in told if p.kind == "as_of" and p.last <= self._today]
        points = [p for p in points if p.last == self._today or self._until(p)]
        self._standing = max(points, key=lambda p: p.last, default=self._standing)

    def _until(self, period: Period) -> bool:
        """Whether a day closes a time: "tính đến", "hết", "cuối"."""
        before = self._text[max(0, period.start - 20) : period.start]
        return bool(_UNTIL.match(self._text, period.start) or _UNTIL_BEFORE.search(before))

    def covers(self, position: int) -> bool:
        """Whether a position is part of a period named in the current sentence."""
        return any(p.start <= position < p.end for p in self.here)

    def at(
        self, position: int, end: int, limit: int, *, then: bool, stock: bool | None,
        plan: bool = False,
    ) -> Period:  # fmt: skip
        """The period of a number: named right behind it, before it in its sentence, elsewhere in
        its clause (to ``limit``), or carried. What stands at a time (``stock``) takes no term of
        several years and no year carried from another sentence, unless it is a ``plan``."""
        named = self._named(position, end, limit, then, stock)
        if named and not (stock and _years(named) > 1 and named.kind != "as_of" and not plan):
            return self._fitted(named, stock, plan)
        ahead = plan and self.current and self.current.last > self._today
        carried = self._standing if stock and not ahead else self.current
        if carried and not named:
            return self._fitted(carried, stock, plan)
        return self._default(position, stock)

    def _named(self, position: int, end: int, limit: int, then: bool, stock: bool) -> Period | None:
        """The period that the sentence itself gives a number."""
        text = self._text
        change = _CHANGE.search(text, max(self._start, position - 24), position)
        before = [
            p
            for p in self.here
            if p.start < position
            and (
                not p.against
                or (then and _TELLS.search(text, p.end, position))
                or _IN_BRACKETS.fullmatch(text[p.end : position])
            )
            and not (stock and p.event and self._founds(p))
            and not (change and p.offset < 0)
        ]
        if before and text.startswith(_YEARLY, before[-1].start):
            before.sort(key=lambda p: (_years(p) > 1, p.start))
        else:
            before = [p for p in before if not text.startswith(_YEARLY, p.start)]
        after = [
            p
            for p in self.here
            if position < p.start < limit and (not p.against or p.start - end < 3)
        ]
        gap = text[end : after[0].start] if after else ""
        now = after and after[0].last == self._today and not _ENDS.match(text, after[0].end)
        aside = gap.endswith("(") and self._of_next(after[0], limit)  # "(khi ấy là 4.733)"
        if after and not now and not aside and _BEHIND.fullmatch(gap):
            return after[0]
        rises = text.endswith("từ ", 0, position) and _RISES.match(text, end)
        if rises and not (before and before[-1].last < self._today):
            earlier = [p for p in self._of_paragraph(position) if p.last < self._today]
            if earlier:
                return min(earlier, key=lambda p: p.last)
        if before:
            return before[-1]
        elsewhere = [p for p in after if p.offset >= 0 and "," not in text[end : p.start]]
        if limit < self._end:  # before another number, words behind a time are that number's
            elsewhere = [p for p in elsewhere if not self._of_next(p, limit)]
        return elsewhere[0] if elsewhere else None

    def _of_next(self, period: Period, limit: int) -> bool:
        """Whether only words stand between a time and the next number: "(năm 2019: 36)"."""
        onward = _ONWARD.fullmatch(self._text, period.end, limit)
        return bool(onward) and (onward[0] != ": " or self._text[period.start - 1] == "(")

    def _of_paragraph(self, position: int) -> list[Period]:
        told = self.named[max(self._paragraph, self._next - 20) : self._next + len(self.here)]
        return [p for p in told if p.start < position]

    def _fitted(self, period: Period, stock: bool, plan: bool = False) -> Period:
        """A closing day as the day itself for what stands, else as the end of a year or term."""
        if plan and period.relative == "term" and period.last == self._today:
            return period._replace(last=of_year(int(period.first[:4]) + 5)[1])
        if stock:
            closing = period.kind == "as_of"
            return period._replace(first=period.last) if closing else period
        if _years(period) or not self._until(period):
            return period
        wider = [p for p in (self.current, *self.here) if p and p.start < period.start]
        wider = [p for p in wider if _years(p) > 1 and p.first <= period.last]
        first = wider[-1].first if wider else min(period.first, f"{period.last[:4]}-01-01")
        return period._replace(first=first, kind="flow")

    def _default(self, position: int, stock: bool | None) -> Period:
        """The period of what no words near it date."""
        today = self.published
        if stock is not False and today:
            return Period(0, 0, self._today, self._today, "as_of")
        if today and _AHEAD.search(self._text, self._start, position):
            return Period(0, 0, *of_year(today.year))
        if self.main and not (today and today.year == self.main):
            return Period(0, 0, *of_year(self.main))
        if not today:
            return Period(0, 0)
        back = today.year - (today.month <= 3)
        if self.lead and back <= int(self.lead.last[:4]) <= today.year:
            return self.lead
        if today.month <= 2:
            return Period(0, 0, *of_year(back))
        return Period(0, 0, f"{today.year}-01-01", self._today)
