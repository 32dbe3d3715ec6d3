"""Where a statement holds: the places named in a text, and the text's own place."""

import re
from typing import NamedTuple

import pandas as pd

from helpers.evidence import fold
from helpers.numbers import by_opening, matches
from party_cells.proposer.lexicon import over_folded

_LEVELS = {
    "tỉnh": "province", "huyện": "district", "thị xã": "district", "tx": "district",
    "thành phố": "district", "tp": "district", "quận": "district", "xã": "commune",
    "phường": "commune", "thị trấn": "commune", "đặc khu": "commune", "thôn": "cell", "bản": "cell",
    "ấp": "cell", "làng": "cell", "khóm": "cell", "buôn": "cell", "xóm": "cell", "phum": "cell",
    "khu phố": "cell", "tổ dân phố": "cell", "khu dân cư": "cell", "chi bộ": "cell",
    "sở": "agency", "công ty": "agency", "trường": "agency", "bệnh viện": "agency",
    "khối": "agency", "nhà máy": "agency", "đồn": "agency", "trạm": "agency",
    "tổng công ty": "agency", "công an": "agency", "quân sự": "agency", "biên phòng": "agency",
    "bộ đội biên phòng": "agency",
    "hợp tác xã": "agency", "trung tâm": "agency",
    "ban chỉ huy quân sự": "agency", "bộ chỉ huy quân sự": "agency",
}  # fmt: skip
_RANK = {"province": 0, "district": 1, "commune": 2, "agency": 3, "cell": 4}
_COMMITTEES = {"tỉnh ủy": "tỉnh", "thành ủy": "thành phố", "huyện ủy": "huyện", "thị ủy": "thị xã",
               "quận ủy": "quận"}  # fmt: skip
_UPPER = "A-ZÀ-ÖØ-ÝĂĐÐĨŨƠƯ" + "".join(chr(code) for code in range(0x1EA0, 0x1EFA, 2))
_WORD = rf"[{_UPPER}](?![{_UPPER}])[\w'’]*"  # not an abbreviation such as HTTNV
_PROPER = rf"(?!Đảng(?!\w)|Ðảng(?!\w)|Chi (?:cục|bộ|nhánh)){_WORD}(?: {_WORD}){{0,3}}"
_ORDINAL = (
    r"(?:số )?(?:[12]?\d|30)(?![\d%/]|[.,]\d| (?:đảng|chi|đồng|người|hộ|tổ|đ/c|năm|tháng|ngày"
    r"|thôn|lần|cụ))"
)
_NUMBERED = rf"(?:{_PROPER}(?: {_ORDINAL})?|{_ORDINAL}(?: {_WORD}){{0,3}})"  # "thôn 3", "phường 5"
_LAND = "cũ mới vùng ven biển bãi ngang sâu xa cao núi miền biên giới đảo trung tâm thuần nông"
_LAND = rf"(?:{_LAND.replace(' ', '|')})"  # "xã ven biển Hải Lạc"
_FIRM_WORDS = (
    "cổ phần trách nhiệm hữu hạn một thành viên nhà nước may xây dựng đa khoa trung học tiểu mầm "
    "non phổ thông dân tộc nội trú cấp chế biến thủy sản vận tải dịch vụ thương mại sản xuất nông "
    "nghiệp điện lực môi trường đô thị"
)
_FIRM_WORDS = rf"(?:{_FIRM_WORDS.replace(' ', '|')})"  # "Công ty cổ phần Hòn Nghê"
_WORDS = "|".join(sorted([*_LEVELS, *_COMMITTEES], key=len, reverse=True))
_LEVEL_WORD = (
    rf"(?:(?P<cell>chi bộ (?:tổ|khu)(?! (?:phố|dân)))"
    rf"|(?<!cơ )(?P<body>(?:đảng bộ |đảng ủy |chi bộ )*)(?P<word>{_WORDS})(?:(?<=t[xp])\.)?)(?!\w)"
)
_LEVELS_NAMED = by_opening(
    [("đảng chi " + " ".join(word.split()[0] for word in _WORDS.split("|")), _LEVEL_WORD)],
    "{}",
    over_folded,
)
_NAMED = re.compile(rf" (?:{_LAND} ){{0,4}}({_PROPER})")
_SMALL = re.compile(rf" ({_NUMBERED})")
_FIRM = re.compile(
    rf" ((?:[{_UPPER}]{{2,5}} ){{0,2}}(?:{_FIRM_WORDS} ){{0,8}}(?:[{_UPPER}]{{2,5}} ){{0,2}}"
    rf"{_PROPER}(?:(?: {_FIRM_WORDS}){{1,4}} {_PROPER})?"
    rf"(?: {_ORDINAL}| (?:tế|vụ|chính|nước)(?!\w))?)"
)
_FORCE = re.compile(rf"((?: (?:tỉnh|huyện|thị xã|thành phố|quận|xã|phường))?(?: {_PROPER})?)(?!\w)")
_FOLDED_LEVELS = {fold(word): level for word, level in _LEVELS.items()}
_FOLDED_COMMITTEES = {fold(body): fold(word) for body, word in _COMMITTEES.items()}
_FORCES = tuple(
    fold(word) for word in _LEVELS if word.endswith(("công an", "quân sự", "biên phòng"))
)
_OWN_LEVEL = over_folded(rf"(?:(?:đảng bộ|đảng ủy) )?({_WORDS})(?!\w)")
_SERIES = re.compile(rf"(?:xã(?<!\wxã)|phường(?<!\wphường)) ({_PROPER}(?:(?:, | và ){_PROPER})+)")
_TELLS_WHAT_IT_IS = re.compile(r"[Ll]à (?:một )?(?:xã|phường|thị trấn)(?!\w)")
_IS_A = re.compile(
    rf"(?<!\w)({_PROPER})(?= (?:vốn )?là (?:một )?(?:xã|phường|thị trấn)(?!\w))"
    rf"|Là (?:một )?(?:xã|phường|thị trấn)(?!\w)[^,.\n]{{0,50}}, ({_PROPER})"
)
_MERGED = (  # places that were merged, as one; not beside the new one, nor in brackets
    r"(?<!của )(?:ba|hai|bốn|năm|[2-9]) (?:xã|phường|đảng bộ|địa phương)(?: xã)? cũ(?!\w| và|\))"
    r"|khi còn là (?:ba|hai|bốn|năm|[2-9]) (?:xã|phường)(?!\w)"
)
_MERGED = by_opening([("ba hai bốn năm khi 2 3 4 5 6 7 8 9", _MERGED)], "{}", over_folded)
_NOW = over_folded(r"[^,.]{0,12}(?<!\w)(?:hiện|nay|mới|sắp xếp)(?!\w)")
_WHOLE = over_folded(r"(?<!\w)(?:toàn|cả|chung|trên địa bàn) $")
_OFFICE = over_folded(r"(?:bí thư|chủ tịch|chủ nhiệm|trưởng|trưởng ban)(?: \w+){0,3} $")
_SURNAME = over_folded(
    r"(?:nguyễn|trần|lê|phạm|hoàng|huỳnh|phan|vũ|võ|đặng|bùi|đỗ|hồ|ngô|dương|lý|đinh|đào|mai|trịnh"
    r"|lương|hà|tô|cao|đoàn|trương|tạ|chu|lâm|vàng|giàng|sùng|lò|thào|mùa|hạng|vừ|cứ|lầu|quàng|cà"
    r"|tòng|lường|nông|triệu|ma|thạch|danh|sơn|kim|rơ|siu|ksor|y|a)(?: \w+){2,3}|h['’]\w+ \w+"
)
_WITHIN = over_folded(r" ?(?:,|\(|thuộc|của|ở|-)? ?")
_HEAD = over_folded(r"(?:^|[.:;,!?\n“”\"–-] ?|(?<!\w)(?:ở|tại|riêng|như|là|còn|trở lại) )$")
_FIRM_HEAD = over_folded(r"(?:^|[.:;\n“”\"] ?|(?<!\w)(?:ở|tại|riêng|như|là) )$")
_TELLS = over_folded(
    r"(?: (?:em|mình|tôi|này|ấy))?(?: (?:hiện|đã|nay|vẫn|mới|chỉ|cũng))*"
    r"(?= (?:có|họp|còn|kết nạp|lúc|cử|phân công|đặt|phấn đấu)(?!\w)| \d)"
)
_COUNTED = re.compile(r"(?: cũ)?(?: ít hơn,)? (?:có |còn |chỉ |với |góp )?\d")
_ITEM = re.compile(
    rf"(?:[,;:]|như|gồm) (?:còn )?({_PROPER})"
    r"(?= (?:có |chỉ |góp )?\d+(?! (?:tuổi|năm|tháng)|/\d+/))"
)
_LISTS = over_folded(r"(?:đảng bộ|đảng ủy|xã|phường|địa phương|chi bộ) [^.:;\n]{0,80}:?$")
_STOP = re.compile(r"[.!?\n]\s|\n")
_BODIES = tuple(map(fold, ("đảng bộ ", "đảng ủy ")))


class Place(NamedTuple):
    """A place named at ``start:end``: its level is province, district, commune, agency or cell."""

    name: str
    level: str
    start: int = -1
    counted: bool = False  # stands right before a number, or is told as a whole
    end: int = -1


class Places:
    """The place each position of a text speaks of: the text's own, or a smaller one just named."""

    def __init__(
        self, text: str, folded: str, locality: str | None, known: dict[str, Place] | None
    ):
        around = _mentions(locality or "", fold(locality or ""), [])
        self.mentions = sorted(_mentions(text, folded, around), key=lambda p: p.start)
        self.own = own_place(locality, known) or _most_named(self.mentions)
        self._own_name = fold(self.own.name.split(" ", 1)[-1])
        self._own_full = fold(self.own.name)
        self._last = {p.level: p for p in around if p.name and self._rank(p) < self._rank(self.own)}
        self.current: Place | None = None
        self.here: list[Place] = []
        self._text, self._folded = text, folded
        self._next = self._start = 0

    def paragraph(self) -> None:
        """Back to the text's own place."""
        self.current, self.here = None, []

    def sentence(self, start: int, end: int) -> None:
        """Move to the next sentence; call in order of the text."""
        if self.here:
            self._carry()
        if self.current and self.current.name.endswith(" cũ") and _NOW.match(self._folded, start):
            self.current = None  # no longer of the places that were merged
        self._start = start
        while self._next < len(self.mentions) and self.mentions[self._next].start < start:
            self._next += 1
        stop = self._next
        while stop < len(self.mentions) and self.mentions[stop].start < end:
            stop += 1
        self.here = []
        before: Place | None = None
        for place in self.mentions[self._next : stop]:
            found = self._narrower(place)
            if found and not (before and self._qualifies(before, place)):
                self.here.append(found)
            if found and found.name != self.own.name:
                self._last[place.level] = found
            before = place

    def _carry(self) -> None:
        """What the next sentence speaks of: the first place of this one, unless it was one of
        several that are compared, or a cell in passing."""
        first = self.here[0]
        alike = {p.name for p in self.here if p.level == first.level}
        if len(alike) > 1 and self.own.name not in alike:
            self.current = None
        elif first.level != "cell" or self._opens(first.start) or self._speaks(first.start):
            self.current = first

    def _opens(self, position: int) -> bool:
        """Whether a place stands at the head of its sentence, or right after its first comma."""
        before = self._text[self._start : position]
        return len(before) < 16 or (len(before) < 60 and before.endswith(", "))

    def _speaks(self, position: int) -> bool:
        """Whether a place is the office of somebody: "Bí thư Chi bộ thôn Trung cho biết"."""
        return bool(_OFFICE.search(self._folded[max(self._start, position - 40) : position]))

    def _qualifies(self, smaller: Place, larger: Place) -> bool:
        """Whether a place only tells where the one before lies: "thôn Trung, xã Bình Định"."""
        within = self._rank(larger) < self._rank(smaller) and smaller.name
        gap = self._folded[smaller.end : larger.start]
        return bool(within and len(gap) < 12 and _WITHIN.fullmatch(gap))

    def at(self, position: int) -> Place:
        """The place that a number at this position is about."""
        before = [place for place in self.here if place.start < position]
        return (before[-1] if before else self.current) or self.own

    @staticmethod
    def _rank(place: Place) -> int:
        return _RANK.get(place.level, -1)

    def _narrower(self, place: Place) -> Place | None:
        """The place itself if it lies below the text's own, or is told as a whole above it; the
        own place if it is that one."""
        if not place.name:
            return self._told(place)
        name = fold(place.name)
        alike = name.endswith(self._own_name) or self._own_full.endswith(name)
        if alike and place.level == self.own.level:
            return self.own._replace(start=place.start)
        rank, own = self._rank(place), self._rank(self.own)
        beside = place.level == self.own.level and (place.counted or place.level == "agency")
        return place if rank > own or beside or place.counted else None

    def _told(self, place: Place) -> Place | None:
        """The place that "cả phường" or "Huyện ủy" stands for: of its level, the last one named."""
        last = self._last.get(place.level) if place.level != self.own.level else None
        larger = -1 < self._rank(place) < self._rank(self.own)
        if larger and not place.counted:
            last = None
        return (last or self.own)._replace(start=place.start)


def known_places(localities: pd.DataFrame) -> dict[str, Place]:
    """The place of each id of `localities.csv`."""
    columns = (localities[name] for name in ("place_id", "name_vi", "level"))
    return {one: Place(name, level) for one, name, level in zip(*columns, strict=True)}


def own_place(locality: str | None, known: dict[str, Place] | None) -> Place | None:
    """The place an id of `localities.csv` or a name such as "huyện Yên Minh" stands for."""
    if not locality:
        return None
    if known and locality in known:
        return known[locality]
    folded = fold(locality)
    word = _OWN_LEVEL.match(folded)
    party = folded.startswith(_BODIES)
    level = _FOLDED_LEVELS[word[1]] if word else "agency" if party else "unknown"
    return Place(locality.split(",")[0] if level == "cell" else locality, level)


def _mentions(text: str, folded: str, around: list[Place]) -> list[Place]:
    """Every place a text names or stands for; ``around`` are known by their bare names too."""
    found, reached = [], 0
    for match in matches(_LEVELS_NAMED, folded):
        if match.start() < reached:
            continue  # part of a name: "xã Bản Liền"
        word = _FOLDED_COMMITTEES.get(match["word"], match["word"])
        own_level = "cell" if match["cell"] else _FOLDED_LEVELS[word]
        level = "cell" if "chi bộ" in (match["body"] or "") else own_level
        before = folded[max(0, match.start() - 30) : match.start()]
        name = _name(text, match, word, own_level, before)
        if name:
            called = (
                f"{match['cell'] or word}{name[0]}"
                if word in _FORCES
                else (f"{match['cell'] or word} {name[1]}")
            )
            party = "đảng bộ" in (match["body"] or "")
            tells = party and _TELLS.match(folded, name.end())
            whole = bool(tells or _COUNTED.match(text, name.end()))
            found.append(Place(called, level, match.start(), whole, name.end()))
            reached = name.end()
        elif told := _stands_for_one(folded, match, level, before):
            found.append(told)
    for match in matches(_MERGED, folded):
        count, unit = match[0].removeprefix(fold("khi còn là ")).split()[:2]
        unit = unit if unit == fold("phường") else "xã"
        found.append(Place(f"{count} {unit} cũ", "commune", match.start(), True, match.end()))
    found.extend(_bare_names(text, folded, found, around))
    found.extend(_listed(text, folded, sorted(found, key=lambda p: p.start)))
    return found


def _name(text: str, match: re.Match, word: str, own_level: str, before: str) -> re.Match | None:
    """The name behind the word for a level; none where it is a person's, or nobody's."""
    body = match["body"]
    if word in _FORCES:
        return _FORCE.match(text, match.end()) if body else None
    if own_level == "agency":
        return _FIRM.match(text, match.end()) if body or _FIRM_HEAD.search(before) else None
    small = own_level == "cell" or word in ("phường", "quận")
    if word == "chi bộ" and text[match.start()].islower():  # "chi bộ 15, đảng ủy cơ sở 04"
        small = False
    name = (_SMALL if small else _NAMED).match(text, match.end())
    person = name and _OFFICE.search(before) and _SURNAME.fullmatch(fold(name[1]))
    return None if person else name


def _stands_for_one(folded: str, match: re.Match, level: str, before: str) -> Place | None:
    """What a word for a level without a name stands for: "cả phường", "Huyện ủy", "chi bộ có"."""
    if _WHOLE.search(before):
        return Place("", level, match.start(), True)
    tells = _TELLS.match(folded, match.end())
    subject = bool(tells and _HEAD.search(before))
    of_committee = match["word"] in _FOLDED_COMMITTEES or match["body"]
    if level == "cell" or not (of_committee or (subject and level != "agency")):
        return None
    return Place("", level, match.start(), subject or bool(match["body"] and tells))


def _bare_names(text: str, folded: str, named: list[Place], around: list[Place]) -> list[Place]:
    """Places called by their bare name, once named: "ba xã A, B", "B có 14", "Đảng bộ B"."""
    known = {
        p.name.split(" ", 1)[1]: Place(p.name, p.level)
        for p in [*around, *named[:500]]
        if p.level in ("commune", "district") and " " in p.name
    }
    for match in _SERIES.finditer(text):
        listed = re.split(r",| và ", match[1])
        known |= {name.strip(): Place(f"xã {name.strip()}", "commune") for name in listed}
    for match in _IS_A.finditer(text) if _TELLS_WHAT_IT_IS.search(text) else ():
        name = match[1] or match[2]
        known[name] = Place(f"xã {name}", "commune")
    known = {name: place for name, place in known.items() if name[:1].isupper()}
    if not known or len(known) > 200:
        return []
    names = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    taken = {at for place in named for at in range(place.start + 1, place.end)}
    found = []
    bare = re.compile(rf"(?<!\w)({names})(?![\w’']| (?:và )?[{_UPPER}])")
    for match in bare.finditer(text):
        before = folded[max(0, match.start() - 12) : match.start()]
        number = _COUNTED.match(text, match.end())
        heads = _HEAD.search(before) or before.endswith(_BODIES)
        if match.start() not in taken and (number or heads):
            spot = {"start": match.start(), "end": match.end(), "counted": bool(number)}
            found.append(known[match[1]]._replace(**spot))
    return found


def _listed(text: str, folded: str, named: list[Place]) -> list[Place]:
    """Places that go on a list by their bare names: "xã A có 12, B 15, còn C 9"."""
    counted = [p for p in named if p.counted and p.name and p.level in ("commune", "district")]
    starts, found, at = {p.start for p in named}, [], 0
    for match in _ITEM.finditer(text):
        while at < len(counted) and counted[at].end <= match.start():
            at += 1
        last = max([*counted[max(0, at - 1) : at], *found[-1:]], key=lambda p: p.end, default=None)
        gap = text[last.end : match.start()] if last else ""
        goes_on = 0 < len(gap) < 60 and not _STOP.search(gap)
        begins = _LISTS.search(folded, max(0, match.start() - 100), match.start(1) - 1)
        if match.start(1) not in starts and (goes_on or begins):
            level = last.level if goes_on else "commune"
            word = last.name.split(" ", 1)[0] if goes_on else "xã"
            found.append(Place(f"{word} {match[1]}", level, match.start(1), True, match.end()))
    return found


def _most_named(mentions: list[Place]) -> Place:
    """The place a text is about if nobody says so: the largest that it names more than once."""
    counts: dict[tuple[str, str], int] = {}
    for place in mentions[:2000]:
        if place.level in ("district", "commune", "province") and place.name:
            key = (place.name, place.level)
            counts[key] = counts.get(key, 0) + 1
    best = max(counts, key=lambda k: counts[k] + (k[1] == "district") * 0.5, default=None)
    return Place(*best) if best else Place("", "unknown")
