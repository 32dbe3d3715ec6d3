"""Where a statement holds: the places named in a text, and the text's own place."""

import re
from typing import NamedTuple

import pandas as pd

from helpers.evidence import fold
from helpers.extract.lexicon import over_folded
from helpers.quantities import matches, opening

_LEVELS = {
    "tỉnh": "province", "huyện": "district", "thị xã": "district", "tx": "district",
    "thành phố": "district", "tp": "district", "quận": "district", "xã": "commune",
    "phường": "commune", "thị trấn": "commune", "đặc khu": "commune", "thôn": "cell", "bản": "cell",
    "ấp": "cell", "làng": "cell", "khóm": "cell", "buôn": "cell", "xóm": "cell", "phum": "cell",
    "khu phố": "cell", "tổ dân phố": "cell", "khu dân cư": "cell", "chi bộ": "cell",
    "sở": "agency", "công ty": "agency", "trường": "agency", "bệnh viện": "agency",
    "khối": "agency", "nhà máy": "agency", "đồn": "agency", "trạm": "agency",
    "tổng công ty": "agency",
}  # fmt: skip
_RANK = {"province": 0, "district": 1, "agency": 2, "commune": 2, "cell": 3}
_COMMITTEES = {"tỉnh ủy": "tỉnh", "thành ủy": "thành phố", "huyện ủy": "huyện", "thị ủy": "thị xã",
               "quận ủy": "quận"}  # fmt: skip
_UPPER = "A-ZÀ-ÖØ-ÝĂĐÐĨŨƠƯ" + "".join(chr(code) for code in range(0x1EA0, 0x1EFA, 2))
_WORD = rf"[{_UPPER}](?![{_UPPER}])[\w'’]*"  # not an abbreviation such as HTTNV
_NAME = (
    rf"(?!Đảng(?!\w)|Ðảng(?!\w))(?:{_WORD}|\d{{1,2}}(?![\d%./,]| (?:đảng|chi|đồng|người|hộ|tổ"
    rf"|đ/c|năm|tháng|ngày|thôn|lần)))(?: {_WORD}){{0,3}}"
)
_WORDS = "|".join(sorted([*_LEVELS, *_COMMITTEES], key=len, reverse=True))
_LEVEL_WORD = over_folded(
    rf"(?:(?P<cell>chi bộ (?:tổ|khu)(?! (?:phố|dân)))"
    rf"|(?<!cơ )(?P<body>(?:đảng bộ |đảng ủy |chi bộ )*)(?P<word>{_WORDS})(?:(?<=t[xp])\.)?)(?!\w)"
)
_NAMED = re.compile(rf" ({_NAME})")
_FIRM = re.compile(rf" ((?:[{_UPPER}]{{2,5}} ){{0,2}}{_NAME})")
_FOLDED_LEVELS = {fold(word): level for word, level in _LEVELS.items()}
_FOLDED_COMMITTEES = {fold(body): fold(word) for body, word in _COMMITTEES.items()}
_OPENERS = opening(" ".join(word.split()[0] for word in (*fold(_WORDS).split("|"), "đảng", "chi")))
_SERIES = re.compile(rf"(?<!\w)(?:xã|phường) ({_NAME}(?:(?:, | và ){_NAME})+)")
_NAMELESS = over_folded(
    r"(?<!\w)(?:một (?:đảng ủy|đảng bộ|chi bộ|xã|bản|thôn|ấp)(?: (?:xã|phường|thôn|bản"
    r"|ấp))?(?=[ ,])"
    r"(?! (?:nào|cơ sở|trực thuộc|độc lập|riêng|đảng))|có (?:bản|thôn|ấp|chi bộ)(?= \d+ đảng viên))"
)
_WHOLE = over_folded(r"(?<!\w)(?:toàn|cả|chung|trên địa bàn) $")
_WHOLE_PARTY = over_folded(r"(?:toàn|cả|tính chung|chung) (?:toàn )?đảng bộ(?!\w)")
_SEVERAL = over_folded(r"(?:(?<!\w)(?:các|những|nhiều|mỗi|từng|một|số)|\d) $")


class Place(NamedTuple):
    """A place named at ``start``, with its level (province, district, commune, cell, agency)."""

    name: str
    level: str
    start: int = -1
    counted: bool = False  # stands right before a number


class Places:
    """The place each position of a text speaks of: the text's own, or a smaller one just named."""

    def __init__(self, text: str, folded: str, locality: str | None, known: pd.DataFrame | None):
        self.mentions = sorted(_mentions(text, folded), key=lambda p: p.start)
        self.own = own_place(locality, known) or _most_named(self.mentions)
        self._own_name = fold(self.own.name.split(" ", 1)[-1])
        self._own_full = fold(self.own.name)
        self._last: dict[str, Place] = {}
        self.current: Place | None = None
        self.here: list[Place] = []
        self._text = text
        self._next = self._start = 0

    def paragraph(self) -> None:
        """Back to the text's own place."""
        self.current, self.here = None, []

    def sentence(self, start: int, end: int) -> None:
        """Move to the next sentence; call in order of the text."""
        if self.here:
            first = self.here[0]
            subject = first.level != "cell" or self._opens(first.start)
            self.current = first if subject and not first.name.startswith("một ") else self.current
        self._start = start
        while self._next < len(self.mentions) and self.mentions[self._next].start < start:
            self._next += 1
        stop = self._next
        while stop < len(self.mentions) and self.mentions[stop].start < end:
            stop += 1
        self.here = []
        for place in self.mentions[self._next : stop]:
            if found := self._narrower(place):
                self.here.append(found)
                self._last[found.level] = found

    def _opens(self, position: int) -> bool:
        """Whether a place stands at the head of its sentence, or right after its first comma."""
        before = self._text[self._start : position]
        return len(before) < 10 or (len(before) < 60 and before.endswith(", "))

    def at(self, position: int) -> Place:
        """The place that a number at this position is about."""
        before = [place for place in self.here if place.start < position]
        return (before[-1] if before else self.current) or self.own

    def _narrower(self, place: Place) -> Place | None:
        """The place itself if it lies below the text's own; the own place if it is that one."""
        if not place.name:
            return self._told(place)
        alike = fold(place.name).endswith(self._own_name) or fold(place.name) in self._own_full
        if alike and place.level == self.own.level:
            return self.own._replace(start=place.start)
        rank, own = _RANK.get(place.level, 9), _RANK.get(self.own.level, -1)
        beside = place.level == self.own.level and (place.counted or place.level == "agency")
        return place if rank > own or beside else None

    def _told(self, place: Place) -> Place:
        """The place that "cả phường" or "Huyện ủy" stands for: of its level, the last one named."""
        last = self._last.get(place.level) if place.level != self.own.level else None
        return (last or self.own)._replace(start=place.start)


def own_place(locality: str | None, known: pd.DataFrame | None) -> Place | None:
    """The place an id of `localities.csv` or a name such as "huyện Yên Minh" stands for."""
    if not locality:
        return None
    if known is not None:
        rows = zip(known["place_id"], known["name_vi"], known["level"], strict=True)
        for place_id, name, level in rows:
            if place_id == locality:
                return Place(name, level)
    word = over_folded(rf"(?:(?:đảng bộ|đảng ủy) )?({_WORDS})(?!\w)").match(fold(locality))
    return Place(locality, _FOLDED_LEVELS[word[1]] if word else "unknown")


def _mentions(text: str, folded: str) -> list[Place]:
    found, reached = [], 0
    for match in matches(_LEVEL_WORD, _OPENERS, folded):
        if match.start() < reached:
            continue  # part of a name: "xã Bản Liền"
        word = _FOLDED_COMMITTEES.get(match["word"], match["word"])
        level = "cell" if match["cell"] or "chi bộ" in match["body"] else _FOLDED_LEVELS[word]
        name = (_FIRM if level == "agency" else _NAMED).match(text, match.end())
        if name:
            called = f"{match['cell'] or word} {name[1]}"
            found.append(Place(called, level, match.start()))
            reached = name.end()
        elif _stands_for_one(folded, match, level):
            found.append(Place("", level, match.start()))
    for match in matches(_NAMELESS, opening("một có"), folded):
        words = match[0].split()
        commune = words[-1] in ("xã", "phường") or words[1:] == ["đảng", "ủy"]
        found.append(Place(match[0].strip(), "commune" if commune else "cell", match.start()))
    found.extend(_bare_names(text, found))
    whole = matches(_WHOLE_PARTY, opening("toàn cả tính chung"), folded)
    return found + [Place("", "own", match.start()) for match in whole]


def _stands_for_one(folded: str, match: re.Match, level: str) -> bool:
    """Whether a word for a level without a name is a place told before: "cả phường", "Huyện ủy"."""
    before = folded[max(0, match.start() - 14) : match.start()]
    if _WHOLE.search(before):
        return True
    of_committee = match["word"] in _FOLDED_COMMITTEES or (match["body"] and level != "cell")
    return bool(of_committee) and not _SEVERAL.search(before)


def _bare_names(text: str, named: list[Place]) -> list[Place]:
    """Places called by their bare name before a number, once named: "ba xã A, B", "B có 14"."""
    communes = {
        p.name.split(" ", 1)[1] for p in named[:500] if p.level == "commune" and " " in p.name
    }
    for match in _SERIES.finditer(text):
        communes |= {name.strip() for name in re.split(r",| và ", match[1])}
    communes = {name for name in communes if name and not name[0].isdigit()}
    if not communes or len(communes) > 200:
        return []
    names = "|".join(sorted(map(re.escape, communes), key=len, reverse=True))
    bare = re.compile(rf"(?<!\w)({names})(?= (?:có |còn |chỉ |với )?\d)")
    return [Place(f"xã {m[1]}", "commune", m.start(), True) for m in bare.finditer(text)]


def _most_named(mentions: list[Place]) -> Place:
    """The place a text is about if nobody says so: the largest that it names more than once."""
    counts: dict[tuple[str, str], int] = {}
    for place in mentions[:2000]:
        if place.level in ("district", "commune", "province") and place.name:
            key = (place.name, place.level)
            counts[key] = counts.get(key, 0) + 1
    best = max(counts, key=lambda k: counts[k] + (k[1] == "district") * 0.5, default=None)
    return Place(*best) if best else Place("", "unknown")
