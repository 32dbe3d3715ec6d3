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
    "ấp": "cell", "làng": "cell", "khóm": "cell", "buôn": "cell", "khu phố": "cell",
    "tổ dân phố": "cell", "khu dân cư": "cell", "chi bộ": "cell", "sở": "agency",
    "công ty": "agency", "trường": "agency", "bệnh viện": "agency", "khối": "agency",
    "nhà máy": "agency", "đồn": "agency", "trạm": "agency", "tổng công ty": "agency",
}  # fmt: skip
_RANK = {"province": 0, "district": 1, "agency": 2, "commune": 2, "cell": 3}
_UPPER = "A-ZÀ-ÖØ-ÝĂĐÐĨŨƠƯ" + "".join(chr(code) for code in range(0x1EA0, 0x1EFA, 2))
_WORD = rf"[{_UPPER}](?![{_UPPER}])[\w'’]*"  # not an abbreviation such as HTTNV
_NAME = (
    rf"(?!Đảng(?!\w)|Ðảng(?!\w))(?:{_WORD}|\d{{1,2}}(?![\d%./,]| (?:đảng|chi|đồng|người|hộ|tổ"
    rf"|đ/c|năm|tháng|ngày|thôn|lần)))(?: {_WORD}){{0,3}}"
)
_WORDS = "|".join(sorted(_LEVELS, key=len, reverse=True))
_LEVEL_WORD = over_folded(rf"(?<!cơ )((?:đảng bộ |đảng ủy |chi bộ )*)({_WORDS})\.? ")
_NAMED = re.compile(_NAME)
_FOLDED_LEVELS = {fold(word): level for word, level in _LEVELS.items()}
_OPENERS = opening(" ".join(word.split()[0] for word in (*_FOLDED_LEVELS, "đảng", "chi")))
_SERIES = re.compile(rf"(?<!\w)(?:xã|phường) ({_NAME}(?:(?:, | và ){_NAME})+)")
_NAMELESS = over_folded(
    r"(?<!\w)(?:một (?:đảng ủy|đảng bộ|chi bộ|xã|bản|thôn|ấp)(?: (?:xã|phường|thôn|bản"
    r"|ấp))?(?=[ ,])"
    r"(?! (?:nào|cơ sở|trực thuộc|độc lập|riêng|đảng))|có (?:bản|thôn|ấp|chi bộ)(?= \d+ đảng viên))"
)
_OWN = over_folded(
    r"(?<!\w)(?:(?:toàn|cả|tính chung|chung) (?:toàn )?(?:huyện|thị xã|tỉnh|thành phố|xã|phường"
    r"|đảng bộ|quận)"
    r"|trên địa bàn (?:huyện|tỉnh|xã|thị xã)|đảng bộ huyện|huyện ủy|thị ủy|tỉnh ủy|thành ủy"
    r"|đảng bộ tỉnh)(?!\w)"
)
_OWN_OPENERS = opening(fold("toàn cả tính chung trên đảng huyện thị tỉnh thành"))


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
        self.current: Place | None = None
        self.here: list[Place] = []
        self._next = self._start = 0

    def paragraph(self) -> None:
        """Back to the text's own place."""
        self.current, self.here = None, []

    def sentence(self, start: int, end: int) -> None:
        """Move to the next sentence; call in order of the text."""
        if self.here:
            first = self.here[0]
            subject = first.level != "cell" or first.start - self._start < 10
            self.current = first if subject and not first.name.startswith("một ") else self.current
        self._start = start
        while self._next < len(self.mentions) and self.mentions[self._next].start < start:
            self._next += 1
        stop = self._next
        while stop < len(self.mentions) and self.mentions[stop].start < end:
            stop += 1
        named = (self._narrower(place) for place in self.mentions[self._next : stop])
        self.here = [place for place in named if place]

    def at(self, position: int) -> Place:
        """The place that a number at this position is about."""
        before = [place for place in self.here if place.start < position]
        return (before[-1] if before else self.current) or self.own

    def _narrower(self, place: Place) -> Place | None:
        """The place itself if it lies below the text's own; the own place if it is that one."""
        same = place.level == self.own.level and fold(place.name).endswith(self._own_name)
        if same or place.level == "own":
            return self.own._replace(start=place.start)
        rank, own = _RANK.get(place.level, 9), _RANK.get(self.own.level, -1)
        beside = place.level == self.own.level and (place.counted or place.level == "agency")
        return place if rank > own or beside else None


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
    found = []
    for match in matches(_LEVEL_WORD, _OPENERS, folded):
        name = _NAMED.match(text, match.end())
        if name:
            level = "cell" if "chi bộ" in match[1] else _FOLDED_LEVELS[match[2]]
            found.append(Place(f"{match[2]} {name[0]}", level, match.start()))
    for match in matches(_NAMELESS, opening("một có"), folded):
        words = match[0].split()
        commune = words[-1] in ("xã", "phường") or words[1:] == ["đảng", "ủy"]
        found.append(Place(match[0].strip(), "commune" if commune else "cell", match.start()))
    found.extend(_bare_names(text, found))
    found.extend(Place("", "own", match.start()) for match in matches(_OWN, _OWN_OPENERS, folded))
    return found


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
