"""When a statement holds: the dates, years, terms and "năm nay" of a text as ISO days.

Works on the folded text (`evidence.fold`), where "quý" and "quí", "hoà" and "hòa" may both occur.
"""

import re
from calendar import monthrange
from datetime import date
from typing import NamedTuple

from helpers import quantities
from helpers.extract.lexicon import over_folded

_Y = r"(?:19|20)\d{2}"
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_MONTHS = {"ba": 3, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "mười": 10, "mười một": 11, "bốn": 4}
_COUNTS = {"hai": 2, "ba": 3, "bốn": 4, "năm": 5, "mười": 10}
_PATTERN = over_folded(
    rf"(?<![\w/.,])(?:(?P<day>\d{{1,2}})[/.-](?P<month>\d{{1,2}})[/.-](?P<year>{_Y})(?!\d)"
    rf"|(?:quý|qúy|quí) (?P<quarter>iv|iii|ii|i|[1-4])(?:\s?/\s?|,? năm )?(?P<quarter_year>{_Y}"
    rf"|nay)?(?!\w)"
    rf"|(?P<months>\d{{1,2}}|mười một|{'|'.join(_MONTHS)}) tháng (?:(?P<half>đầu|cuối) năm|năm"
    rf"|qua|vừa qua)"
    rf"(?: (?P<half_year>{_Y}|nay))?(?!\w)"
    rf"|(?:tháng )?(?P<in_month>\d{{1,2}})(?:\s?/\s?| năm )(?P<month_year>{_Y})(?!\d)"
    rf"|từ (?:đầu |tháng \d+/)?(?:năm )?(?P<since>{_Y}) đến (?P<until>nay|(?:hết "
    rf"|cuối )?(?:năm )?{_Y})"
    rf"|(?P<since_term>từ đầu nhiệm kỳ(?: {_Y}\s?[-–]\s?{_Y})?(?: đến nay)?|từ đầu năm(?: đến nay)?"
    rf"(?! {_Y}))"
    rf"|(?P<term>(?:toàn|cả|trong|suốt|một|sau một|nửa) nhiệm kỳ|nhiệm kỳ (?:qua|này|vừa qua)"
    rf"|(?:cũng )?trong (?:5|năm) năm(?: qua)?)(?! {_Y})(?!\w)"
    rf"|tháng (?P<this_month>\d{{1,2}}) (?:này|năm nay)(?!\w)"
    rf"|(?P<ago>\d|{'|'.join(_COUNTS)}) năm trước(?!\w)"
    rf"|(?P<next>năm tới|sang năm|năm sau)(?: {_Y})?(?!\w)"
    rf"|(?P<edge>đầu|cuối) nhiệm kỳ (?P<edge_from>{_Y})\s?[-–]\s?(?P<edge_to>{_Y})(?!\d)"
    rf"|(?P<from>{_Y})\s?[-–]\s?(?P<to>{_Y})(?!\d)"
    rf"|(?P<point>cuối|hết|đầu|đến|tính đến hết|đến hết) năm (?P<point_year>{_Y}|nay)(?!\d)"
    rf"|(?:các )?năm (?P<one>{_Y})(?P<more>(?:(?:, | và |, năm | và năm | đến năm "
    rf"|, và năm ){_Y})*)(?!\d)"
    r"|(?P<last>năm ngoái|năm trước(?: đó)?|năm cũ|một năm trước|cùng kỳ(?: năm (?:trước"
    r"|ngoái))?)(?!\w)"
    r"|(?P<this>(?:cả |trong )?năm (?:nay|này))(?!\w)|(?P<whole>cả năm|trong năm)(?! \d)(?!\w)"
    r"|(?P<past>(?:trong |một )?năm (?:qua|vừa qua))(?!\w)"
    r"|(?P<now>bây giờ|giờ(?= (?:đã|có|còn|là|được|\d))|hiện nay|hiện tại|đến nay|tới nay|đến thời điểm này"
    r"|(?<!thực )(?<!thể )(?<!phát )(?<!xuất )(?<!biểu )(?<!tái )(?<!đại )hiện"
    r"|(?<!năm )(?<!lâu )(?<!xưa )(?<!từ )(?<!ngày )nay)(?!\w)"
    rf"|(?P<bare>{_Y})(?=[:)]|\s\()|hồi (?P<back>{_Y})(?!\d))"
)
_OPENERS = quantities.opening(
    r"\d\w* quý qúy quí tháng từ đầu cuối hết đến tính các năm một cùng cả trong hiện tới nay "
    "tòan toàn suốt sau nửa nhiệm cũng sang bây giờ hồi "
    + " ".join(_COUNTS)
    + " "
    + " ".join(month.split()[0] for month in _MONTHS)
)
_BEHIND = re.compile(r"\s(?!và )(?:\w+\s){0,4}\(?")  # only a noun between a number and its year
_NOW = ("hiện", "đến nay", "tới nay")
_AGAINST = re.compile(
    r"(?:so (?:với )?|hơn |nhiều hơn |bằng |như )(?:của |với |ngày |tháng |đầu |cùng kỳ )?$"
)

_DOCUMENT = re.compile(
    r"[-/][a-zđ]\w*,? (?:ngày )?$|(?:nghị quyết|chỉ thị|kết luận)\D{0,20}\d+ (?:ngày )?$"
)


class Period(NamedTuple):
    """A stretch of days written at ``start:end``; ``against`` marks what only serves to compare
    ("so với năm 2019"); ``offset`` is set for what depends on the year spoken of ("năm trước")."""

    start: int
    end: int
    first: str = ""
    last: str = ""
    kind: str = "flow"  # flow, as_of, mean_of_years
    against: bool = False
    offset: int | None = None


def find(folded: str, published: date | None = None) -> list[Period]:
    """The periods a folded text names, in order.

    >>> [(p.first, p.last, p.kind) for p in find("cuối năm 2019; 6 tháng đầu năm 2025")]
    [('2019-12-31', '2019-12-31', 'as_of'), ('2025-01-01', '2025-06-30', 'flow')]
    """
    found = []
    for match in quantities.matches(_PATTERN, _OPENERS, folded):
        days = _days(match, published)
        if days:
            before = folded[max(0, match.start() - 16) : match.start()]
            offset = -1 if match["last"] else 0 if match["whole"] else None
            against = bool(match["back"] or _AGAINST.search(before))
            found.append(Period(*match.span(), *days, against=against, offset=offset))
    return found


def of_year(year: int) -> tuple[str, str]:
    """First and last day of a year."""
    return f"{year}-01-01", f"{year}-12-31"


def _term_start(day: date) -> int:
    """The year in which the term running on a day began: committees are elected every five years,
    at congresses held until the summer of 2005, 2010, ..."""
    return (day.year - (day.month < 8)) // 5 * 5


def month(year: int, first: int, last: int | None = None) -> tuple[str, str]:
    """First and last day of a month, or of several months of one year."""
    last = last or first
    return f"{year}-{first:02}-01", f"{year}-{last:02}-{monthrange(year, last)[1]}"


def _days(group: re.Match, published: date | None) -> tuple[str, str, str] | None:
    """First day, last day and kind of a match; None for what is no period after all."""
    today = published.isoformat() if published else ""
    this_year = published.year if published else None

    def year(name: str) -> int | None:
        return int(group[name]) if group[name] and group[name].isdigit() else this_year

    if group["day"]:
        try:
            day = date(int(group["year"]), int(group["month"]), int(group["day"])).isoformat()
        except ValueError:
            return None
        return day, day, "as_of"
    if group["quarter"] and year("quarter_year"):
        number = _ROMAN[group["quarter"]]
        return *month(year("quarter_year"), number * 3 - 2, number * 3), "flow"
    if group["months"]:
        number = _MONTHS.get(group["months"]) or int(re.sub(r"\D", "", group["months"]) or 0)
        if not (0 < number <= 12 and year("half_year")):
            return None
        ends = (13 - number, 12) if group["half"] == "cuối" else (1, number)
        return *month(year("half_year"), *ends), "flow"
    if group["in_month"]:
        number = int(group["in_month"])
        return (*month(year("month_year"), number), "flow") if 1 <= number <= 12 else None
    if group["since"]:
        last = re.search(_Y, group["until"])
        end = f"{last[0]}-12-31" if last else today
        return f"{group['since']}-01-01", end, "flow"
    if group["since_term"]:
        first = re.search(_Y, group["since_term"])
        since = this_year if group["since_term"].startswith("từ đầu năm") else None
        since = _term_start(published) if published and not since else since
        year_start = f"{since}-01-01" if since else ""
        return f"{first[0]}-01-01" if first else year_start, today, "flow"
    if group["term"]:
        return (f"{_term_start(published)}-01-01", today, "flow") if published else None
    if group["this_month"]:
        number = int(group["this_month"])
        return (*month(this_year, number), "flow") if published and 0 < number < 13 else None
    if group["ago"]:
        if not published:
            return None
        year_then = published.year - (_COUNTS.get(group["ago"]) or int(group["ago"]))
        return *of_year(year_then), "as_of"
    if group["next"]:
        return (*of_year(this_year + 1), "flow") if published else None
    if group["edge"]:
        ends = f"{group['edge_from']}-01-01", f"{group['edge_to']}-12-31"
        day = ends[group["edge"] == "cuối"]
        return day, day, "as_of"
    if group["from"]:
        return f"{group['from']}-01-01", f"{group['to']}-12-31", "flow"
    if group["point"] and year("point_year"):
        ends = of_year(year("point_year"))
        day = ends[0] if group["point"] == "đầu" else ends[1]
        return day, day, "as_of"
    if group["one"]:
        years = [group["one"], *re.findall(_Y, group["more"])]
        kind = "mean_of_years" if len(years) > 1 else "flow"
        return f"{min(years)}-01-01", f"{max(years)}-12-31", kind
    if group["bare"] or group["back"]:
        return *of_year(int(group["bare"] or group["back"])), "flow"
    if group["now"]:
        return (today, today, "as_of") if today else None
    if not this_year:
        return None
    if group["past"]:
        return *of_year(this_year - (published.month <= 4)), "flow"
    return *of_year(this_year - bool(group["last"])), "flow"


def _years(period: Period) -> int:
    """How far apart its first and last year are; an open end lies far off."""
    return int(period.last[:4] or 9999) - int(period.first[:4] or 0)


class Clock:
    """The period each place of a text speaks of, carried from sentence to sentence.

    The year named most often is the text's own; a paragraph starts from it, a sentence may name
    another, and a look back ("năm trước", an earlier year) does not outlive its sentence.
    """

    def __init__(self, folded: str, published: date | None):
        named = find(folded, published)
        self.published, self._today, self._text = published, str(published), folded
        self.named = [
            p for p in named if not _DOCUMENT.search(folded[max(0, p.start - 40) : p.start])
        ]
        self.main = self._main_year()
        told = [p for p in self.named if p.last not in ("", str(published)) and not p.against]
        self.spoken_of_now = any(folded.startswith(_NOW, p.start) for p in self.named)
        self.lead = next((p for p in told if p.first[:4] == p.last[:4]), None)
        self.current: Period | None = None
        self.here: list[Period] = []
        self._next = 0

    def _main_year(self) -> int | None:
        this_year = self.published.year if self.published else 9999
        today = str(self.published)
        told = [p for p in self.named if p.last not in ("", today) and not p.against]
        years = [int(p.last[:4]) for p in told if p.offset is None and p.kind != "mean_of_years"]
        counts = {y: years.count(y) for y in set(years[:500]) if y <= this_year}
        if self.published and self.published.month <= 3 and this_year - 1 in counts:
            return this_year - 1  # at the turn of a year the press looks back on it
        best = max(counts, key=lambda y: (counts[y], y), default=None)
        return best if best and (counts[best] > 1 or not self.published) else None

    def paragraph(self) -> None:
        """Forget what the paragraph before spoke of."""
        self.current, self.here = None, []

    def sentence(self, start: int, end: int) -> None:
        """Move to the next sentence; call in order of the text."""
        if self.here and not self.here[0].against:
            first = next((p for p in self.here if not p.against), None)
            back = self.current and first.last < self.current.first
            if first.offset is None and not back:
                self.current = first
        while self._next < len(self.named) and self.named[self._next].start < start:
            self._next += 1
        stop = self._next
        while stop < len(self.named) and self.named[stop].start < end:
            stop += 1
        self.here = self.named[self._next : stop]

    def covers(self, position: int) -> bool:
        """Whether a position is part of a period named in the current sentence."""
        return any(p.start <= position < p.end for p in self.here)

    def at(self, position: int, end: int, limit: int, *, then: bool, stock: bool) -> Period:
        """The period of a number: named right behind it, before it in its sentence, elsewhere in
        its clause (to ``limit``), or carried. What stands at a time (``stock``) takes no term of
        several years and no year carried from another sentence."""
        before = [p for p in self.here if p.start < position and (then or not p.against)]
        after = [
            p
            for p in self.here
            if position < p.start < limit and (not p.against or p.start - end < 3)
        ]
        gap = self._text[end : after[0].start] if after else ""
        close = after and after[0].last != self._today and _BEHIND.fullmatch(gap)
        elsewhere = [p for p in after if p.offset != -1]  # "cùng kỳ" speaks of what follows it
        named = after[:1] if close else before[-1:] or elsewhere[:1]
        if named and not (stock and _years(named[0]) > 1):
            return self._anchored(named[0])
        carried = self.current and not named
        if carried and (
            self.current.kind == "as_of" if stock else self.current.last != self._today
        ):
            return self.current
        return self._default(stock)

    def _anchored(self, period: Period) -> Period:
        """A relative period counted from the year spoken of."""
        year = self.current.last[:4] if self.current and self.current.last else self.main
        if period.offset is not None and year:
            first, last = of_year(int(year) + period.offset)
            return Period(period.start, period.end, first, last)
        return period

    def _default(self, stock: bool) -> Period:
        today = self.published
        if self.main and not (
            today and (today.year == self.main or (stock and self.spoken_of_now))
        ):
            return Period(0, 0, *of_year(self.main))
        if not today:
            return Period(0, 0)
        if stock:
            return Period(0, 0, today.isoformat(), today.isoformat(), "as_of")
        back = today.year - (today.month <= 3)
        recent = self.lead and back <= int(self.lead.last[:4]) <= today.year
        return self.lead if recent else Period(0, 0, f"{today.year}-01-01", today.isoformat())
