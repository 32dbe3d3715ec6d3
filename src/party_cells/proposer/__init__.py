"""Rules that propose candidates: what each number of a text counts, when, where and how firmly.

The measure of a number is composed of what `readings` found: population + aspect, if the codebook
of measures has such an id ("cells" + "rated_good"). The wordings are rows of `terms.csv`, so that
a measure is added without code: a row in `measures.csv` and one with its wording in `terms.csv`.
A person decides on every candidate.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from operator import attrgetter

import pandas as pd

from helpers import codebook, numbers
from helpers.evidence import fold, selectors
from helpers.numbers import Amount
from party_cells.proposer import (
    periods,
    places,
    readings,
    remainder,
    second,
    spelling,
    turns,
)
from party_cells.proposer.lexicon import Found, Lexicon, Term, compiled, over_folded
from party_cells.proposer.readings import Reading, Sentence
from party_cells.proposer.themes import find_citations, propose_themes  # noqa: F401 - part of the contract

COLUMNS = [
    "char_start", "char_end", "number_text", "quote", "prefix", "suffix", "value", "value_low",
    "low_open", "value_high", "high_open", "bound", "unit", "measure_id", "base_measure_id",
    "base_text", "scheme_id", "place", "level", "period_start", "period_end", "period_kind",
    "status", "rule", "is_sure", "other_measure_id",
]  # fmt: skip
_START = attrgetter("start")
_LONGEST = 1500  # a sentence is cut here, so that work stays linear in any text
_SENTENCE_END = over_folded(  # the mark comes first, so that the search leaps from mark to mark
    r"[.!?…](?<!\btx.)(?<!\btp.)(?<!\bt.)(?<!\bđ.)(?<!\bths.)[.!?…]*[\"”’)]*(?=\s|$)"
)
_BULLETS = tuple("-–+•*")
_ITEM = re.compile(r"[.)]\s")
_PER = over_folded(r"\s*(?:/|một|mỗi|trong một|trong)\s*(?:1\s)?(năm|tháng|qúy|tuần)(?!\w)")
_EACH = over_folded(r"(?:mỗi|hằng|hàng|một|1)\s(năm|tháng|qúy|tuần)(?!\w)")
_TIMES = {"năm": 1.0, "tháng": 12.0, "qúy": 4.0, "tuần": 52.0}
_BADGE_YEARS = over_folded(r"[^\d,;:]{0,30}?(\d{2}) năm")
_YEARS_AHEAD = over_folded(
    r"(\d{2}) năm(?: tuổi đảng)?(?: cho| tặng| là| có|:)?\s(?:(?!và )\w+\s)?$"
)
_UNDER_BASE = over_folded(r"trực thuộc (?:các )?(?:đảng bộ|đảng ủy|tổ chức|tccsđ)")
_EXEMPLARY = over_folded(r"^tiêu biểu|\d (?:\w+ ){0,3}tiêu biểu")
_CLAUSE_END = re.compile(r"[,;)]|\(\w")
_THEN = over_folded(r"khi ấy|lúc đó|khi đó")
_YEARLY = over_folded(r"(?:mỗi|hằng|hàng) năm[^,;.]*$|/năm")
_RULED = over_folded(r"yêu cầu|(?<!số )phải|quy định|bảo đảm|đảm bảo")
_BINDING = over_folded(
    r"(?<!\w)(?:(?<!số )phải|theo quy định|bắt buộc|điều lệ|khống chế|không được)(?!\w)"
)
_BY_STATUTE = over_folded(r"theo điều lệ[^.;\d]*$")
_DUTY = over_folded(  # "mỗi huyện ủy viên được giao kèm cặp ít nhất 2 bản"
    r"mỗi (?:người|đồng chí|cán bộ|(?:\w+ ){1,2}viên) [^,.;\d]{0,30}"
    r"(?:phụ trách|theo dõi|kèm|kèm cặp|đứng điểm|cắm)(?: ít nhất)?\W*$"
)
_AT_PRESENT = over_folded(
    r"[(;,.]\s?(?:hiện|hiện nay|hiện tại)(?: tỷ lệ \w+| mới| là| đạt| có)*\s$"
)
_ASSESSING = over_folded(
    r"(?:trong(?: tổng)?(?: số)?|với|(?:đánh giá|xếp loại|phân loại|bình xét)[^,;.\d]{0,20})\s$"
)
_PLANS_ASKED = over_folded(
    r"(?:mục tiêu|chỉ tiêu|phấn đấu|phương hướng)[^.:?]{0,60} (?:gì|nào|sao|bao nhiêu|mấy)(?!\w)"
)
_PLAN_HEADING = over_folded(
    r"(?:[\divx]{1,4}[.)]\s|[-–•*]\s)?(?:một số |các )?(?:phương hướng|mục tiêu|chỉ tiêu|nhiệm vụ)"
    r" (?:trọng tâm|chủ yếu|cụ thể|phấn đấu|năm|6 tháng|sáu tháng|quý|thời gian|nhiệm kỳ|cuối|đến)"
)
_PLANS = over_folded(r"mục tiêu|chỉ tiêu|phấn đấu|nhiệm vụ|phương hướng|kế hoạch")


def _committed() -> tuple[Lexicon, dict[str, str], dict[str, places.Place]]:
    """The committed terms, the measures with their units, and the known places."""
    files = [codebook.table_path(name) for name in ("terms", "measures", "localities")]
    return _read_once(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=2)
def _read_once(files: tuple) -> tuple[Lexicon, dict[str, str], dict[str, places.Place]]:
    """The same, read again only when a file or the data folder has changed."""
    measures = codebook.load("measures").set_index("measure_id")["units"].to_dict()
    known = places.known_places(codebook.load("localities"))
    return _compiled(codebook.load("terms")), measures, known


def _compiled(terms: pd.DataFrame) -> Lexicon:
    lexicon = compiled(terms, ("noun", "aspect", "cue"))
    return lexicon._replace(
        turns=turns.compiled(terms, "turn"), status_turns=turns.compiled(terms, "status")
    )


def propose(
    text: str,
    *,
    published: str | date | None = None,
    locality: str | None = None,
    terms: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Candidates for facts in a canonical text, one row per number, in order of the text.

    ``published`` (ISO day) gives "năm nay" a year; ``locality`` is an id of `localities.csv` or a
    name such as "huyện Yên Minh" and the default place; ``terms`` replaces the committed terms.
    Columns as in `COLUMNS`: shares 0-1, ``value_low`` and ``value_high`` missing where the words
    set no bound, ``measure_id`` empty where no measure fits. ``is_sure`` is true where rules and
    second reader agree; where they do not, ``measure_id`` is the likelier reading and
    ``other_measure_id`` the other, which may be none. Any text gives a frame.

    >>> rows = propose("Đảng bộ huyện có 43 tổ chức cơ sở Đảng với trên 3.550 đảng viên.")
    >>> rows[["value", "bound", "measure_id"]].values.tolist()
    [[43.0, 'exact', 'base_organisations'], [3550.0, 'at_least', 'members']]
    """
    rows = candidates(text, published=published, locality=locality, terms=terms)
    return pd.DataFrame(rows, columns=COLUMNS)


def candidates(
    text: str,
    *,
    published: str | date | None = None,
    locality: str | None = None,
    terms: pd.DataFrame | None = None,
    judge: second.Judge | str | None = "",
) -> list[dict]:
    """The rows of `propose` without their frame, for whoever reads many short articles.

    Without a ``judge``, what the rules read, with the ``features`` that one would look at.
    """
    spelled = spelling.spell(text)
    folded = fold(spelled.text)
    amounts = [
        a
        for a in numbers.read(folded)
        if "\n" not in folded[a.start : a.end] and not _counts_items(folded, a)
    ]
    if not amounts:
        return []
    lexicon, measures, known = _committed()
    day = date.fromisoformat(published) if isinstance(published, str) and published else None
    clock = periods.Clock(folded, day or (published if isinstance(published, date) else None))
    where = places.Places(spelled.text, folded, locality, known)
    lexicon = lexicon if terms is None else _compiled(terms)
    walk = _Walk(spelled.text, folded, amounts, lexicon, measures, clock, where)
    for start, end in _lines(folded):
        walk.line(start, end)
    judge = second.load() if judge == "" else judge
    rows = [_as_written(row, text, spelled) for row in walk.rows]
    return [_judged(row, judge) for row in rows] if judge else rows


def _judged(row: dict, judge: second.Judge) -> dict:
    """A row with the verdict of the second reader, the likelier reading first."""
    likely, measure = judge.probability(row.pop("features")), row["measure_id"]
    other = "" if likely >= second.TRUST else measure
    return row | {
        "measure_id": measure if likely >= second.TRUST else "",
        "other_measure_id": other,
        "is_sure": likely >= judge.sure,
    }


def _as_written(row: dict, text: str, spelled: spelling.Spelled) -> dict:
    """A row with its spans and words as they stand in the text."""
    start, end = spelled.written(row["char_start"], row["char_end"])
    left, right = spelled.written(*row["quote"])
    return row | {
        "char_start": start,
        "char_end": end,
        "number_text": text[start:end],
        "quote": text[left:right],
        **selectors(text, start, end),
    }


@dataclass
class _Walk:
    """A text read line by line, and what a heading, a question or a list leaves for the next."""

    text: str
    folded: str
    amounts: list[Amount]
    lexicon: Lexicon
    measures: dict[str, str]
    clock: periods.Clock
    where: places.Places
    rows: list[dict] = field(default_factory=list)
    named: bool = False  # the Party, in the line before
    about: Reading | None = None  # what the question or heading before asks for
    leads: bool = False  # behind a question or the head of a list, whose period also holds
    listing: bool = False  # in a list under a heading such as "Mục tiêu nhiệm kỳ 2020 - 2025:"
    lists_plans: bool = False
    under_plan: bool = False  # under a heading such as "Nhiệm vụ 6 tháng cuối năm"
    plan_asked: bool = False  # by a question such as "Mục tiêu năm 2014 là gì?"

    def line(self, start: int, end: int) -> None:
        """Read a line: a paragraph, a heading, a question or an item of a list."""
        bullet = self.folded[start : start + 4].strip().startswith(_BULLETS)
        item = bullet and self.listing
        if not (self.leads or item):
            self.clock.paragraph()
        last = self.folded[start:end].rstrip()[-1:]
        if not item:
            self.where.paragraph()
            self.listing = last == ":"
        self.leads = last in (":", "?")
        if _furniture(self.folded, start, end, self.lexicon):
            return
        counted = bool(self._amounts(start, end))
        told, self.named = (
            self.named,
            bool(self.lexicon.lists["party"].search(self.folded, start, end)),
        )
        self._heading(start, end, bullet, counted)
        if counted or self.listing:
            self._paragraph(start, end, bullet, told or self.named)

    def _heading(self, start: int, end: int, bullet: bool, counted: bool) -> None:
        """What a line without numbers asks for, and whether it plans."""
        opens = remainder.opens(self.folded, start, end)
        if opens and not counted:
            self.about = remainder.topic(self.folded, start, end, self.lexicon)
            if self.leads:
                self.clock.sentence(start, end)
        if opens and not bullet:
            self.under_plan = bool(_PLAN_HEADING.match(self.folded, start, end))
        if self.folded.endswith("?", start, end):
            self.plan_asked = bool(_PLANS_ASKED.search(self.folded, start, end))

    def _paragraph(self, start: int, end: int, bullet: bool, of_party: bool) -> None:
        before, about = None, self.about
        asks = self.folded.endswith("?", start, end)
        for s, e in _sentences(self.folded, start, end):
            self.clock.sentence(s, e)
            self.where.sentence(s, e)
            amounts = [a for a in self._amounts(s, e) if not self.clock.covers(a.start)]
            if self.listing and not bullet:
                self.lists_plans = bool(_PLANS.search(self.folded, s, e))
            if not amounts:
                about = remainder.topic(self.folded, s, e, self.lexicon) or about
                continue
            known = of_party or about is not None
            sentence = readings.read(self.folded, s, e, amounts, self.lexicon, before, about, known)
            planned = self._planned(sentence, bullet, asks)
            for reading in sentence.readings:
                reading.target = reading.target or planned
            _complete(sentence, self.measures, self.lexicon, known)
            _turn(sentence, self.measures)
            for at in range(len(sentence.readings)):
                row = _row(self.text, sentence, at, self.clock, self.where, self.measures)
                self.rows.append(row)
            before, about = sentence, remainder.latest(sentence) or about
        self.about = about if self.leads else self.about

    def _planned(self, sentence: Sentence, bullet: bool, asks: bool) -> bool:
        """Whether a list, a question or a heading tells that a sentence speaks of plans."""
        answers = self.plan_asked and not asks
        self.plan_asked = self.plan_asked and asks  # the first sentence of the answer alone
        listed = self.listing and bullet and self.lists_plans
        return answers or listed or (self.under_plan and not readings.done(sentence))

    def _amounts(self, start: int, end: int) -> list[Amount]:
        ends = (bisect_left(self.amounts, at, key=_START) for at in (start, end))
        return self.amounts[slice(*ends)]


def _counts_items(folded: str, amount: Amount) -> bool:
    """Whether a number only numbers a heading or an item: "2. Kết nạp đảng viên"."""
    opens = not folded[max(0, amount.start - 12) : amount.start].rpartition("\n")[2].strip("( ")
    return opens and amount.form == "digits" and bool(_ITEM.match(folded, amount.end))


def _lines(folded: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(folded):
        end = folded.find("\n", start)
        end = len(folded) if end < 0 else end
        if end > start:
            yield start, end
        start = end + 1


def _furniture(folded: str, start: int, end: int, lexicon: Lexicon) -> bool:
    """Whether a short line belongs to the page: counters, buttons, readers' comments."""
    return end - start <= 300 and bool(lexicon.lists["line"].search(folded, start, end))


def _sentences(folded: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of a line; none is longer than `_LONGEST`."""
    while start < end:
        limit = min(end, start + _LONGEST)
        stop = _SENTENCE_END.search(folded, start, limit)
        close = stop.end() if stop else limit
        if not stop and limit < end:
            close = max(folded.rfind(" ", start, limit), start) + 1
            close = close if close > start + 1 else limit
        yield start, close
        start = close


def _complete(
    sentence: Sentence, measures: dict[str, str], lexicon: Lexicon, of_party: bool
) -> None:
    """Give the readings of a sentence their measures; add the numbers that no rule read."""
    every = range(len(sentence.readings))
    measured = [at for at in every if _measure(sentence, at, measures)]
    sentence.readings = found = [sentence.readings[at] for at in measured]
    if not of_party:
        return
    unread = remainder.unread(sentence, lexicon)
    sentence.readings = sorted([*found, *unread], key=lambda reading: reading.amount.start)
    for reading in [r for r in sentence.readings if r in unread or _lost(r)]:
        remainder.explain(sentence, reading, lexicon)
        _name(sentence, sentence.readings.index(reading), measures)


def _turn(sentence: Sentence, measures: dict[str, str]) -> None:
    """Let the words around each number turn its measure (`turns`)."""
    for reading in sentence.readings:
        span = sentence.text, sentence.start, sentence.end
        measure = turns.turned(reading.measure, reading.amount, *span, sentence.lexicon.turns)
        measure = turns.fitting(measure, reading.amount, measures)
        if measure and measure != reading.measure:
            reading.rule = "turned"
        reading.measure = measure


def _lost(reading: Reading) -> bool:
    """A share of a number that was itself not read yet."""
    shared = reading.amount.unit == "share" and reading.rule == "label"
    return (reading.rule == "inherited" or shared) and not reading.measure


def _measure(sentence: Sentence, at: int, measures: dict[str, str]) -> bool:
    """Compose the measure of a reading; False for what turns out to be nothing of the Party."""
    reading = sentence.readings[at]
    noun = reading.noun
    if reading.amount.form == "every" or (noun and noun.id in ("times", "minutes")):
        return _of_meetings(sentence, reading)
    if noun and noun.id == "sessions" and _of_meetings(sentence, reading):
        return True  # "mỗi năm 4 kỳ sinh hoạt chuyên đề"
    if noun and not reading.main and noun.id in ("cells", "members", "base_organisations"):
        _rated_base(sentence, at)
    _name(sentence, at, measures)
    return True


def _name(sentence: Sentence, at: int, measures: dict[str, str]) -> None:
    """Compose the measure of a reading that has its noun and aspects."""
    reading = sentence.readings[at]
    _exemplary(sentence, at)
    reading.measure = "" if reading.unknown else _composed(reading, measures)
    if reading.measure == "members_share_of_population" and not _of_members(sentence, reading):
        reading.measure = ""
    _class_of_badge(sentence, at, measures)
    completion = f"{reading.measure}_target_completion"
    of_plan = reading.amount.unit == "share" and reading.rule != "clause"
    if of_plan and completion in measures:
        reading.measure = completion
    if measures.get(reading.measure) == "share" and reading.amount.unit != "share":
        reading.measure = ""
    best = reading.measure.replace("rated_good", "rated_excellent")  # as a share of the good
    capped = f"{best}_cap"
    if reading.amount.unit == "share" and reading.amount.bound == "at_most" and capped in measures:
        reading.measure, reading.ceiling = capped, True


def _of_members(sentence: Sentence, reading: Reading) -> bool:
    """Whether it is the members that are set against the population, not believers or a people."""
    end = reading.amount.right + 60
    return fold("đảng viên") in sentence.text[sentence.start : min(end, sentence.end)]


def _exemplary(sentence: Sentence, at: int) -> None:
    """ "47 trong sạch, vững mạnh, trong đó 9 tiêu biểu": the best of those just told."""
    reading, told = sentence.readings[at], sentence.readings[max(0, at - 3) : at]
    strong = next((r for r in reversed(told) if r.main and r.main.id == "rated_tsvm"), None)
    around = sentence.text[reading.amount.left - 9 : reading.amount.right + 25]
    if strong and _EXEMPLARY.search(around):
        reading.take(strong, strong.rule)
        reading.main = strong.main._replace(id="rated_tsvm_exemplary")


def _class_of_badge(sentence: Sentence, at: int, measures: dict[str, str]) -> None:
    """ "2 huy hiệu 50 năm", "50 năm 4, 40 năm 8": badges by the years they stand for."""
    reading, text = sentence.readings[at], sentence.text
    told = "badges" in sentence.said or reading.measure == "badges_awarded"
    if not (told or any(r.measure.startswith("badges") for r in sentence.readings[:at])):
        return
    after = _BADGE_YEARS.match(text, reading.amount.right, reading.amount.right + 40)
    ahead = _YEARS_AHEAD.search(
        text[max(sentence.start, reading.amount.left - 40) : reading.amount.left]
    )
    years = ahead or after
    classed = f"badges_awarded_{years[1]}y" if years else ""
    reading.measure = classed if classed in measures else reading.measure


def _composed(reading: Reading, measures: dict[str, str]) -> str:
    """The id made of population, main aspect and groups; empty if the codebook has none."""
    noun, main = reading.noun, reading.main
    if main and main.measure and not reading.extra:
        return main.measure if main.measure in measures else ""
    if not noun:
        return ""
    if not main and not reading.extra:
        share_of_all = reading.amount.unit == "share" and noun.id in ("cells", "members")
        return "" if share_of_all or noun.measure not in measures else noun.measure
    parts = [main.id] if main else []
    of_organisations = noun.population in ("cells", "organisations")
    wider = ("organisations", "base_organisations") if of_organisations else ()
    for prefix in (noun.id, noun.population, *wider):
        name = "_".join([prefix, *parts, *reading.extra])
        if name in measures:
            return name
    if main and main.id == "admitted" and reading.rule == "before" and reading.extra == ("young",):
        return "members_admitted"  # "kết nạp 8 đoàn viên": no part of others
    adjective = main and main.family == "event" and reading.rule == "after"
    return f"{noun.id}_{main.id}" if adjective and f"{noun.id}_{main.id}" in measures else ""


def _rated_base(sentence: Sentence, at: int) -> None:
    """ "Trong tổng số 449 chi bộ, 90 hoàn thành xuất sắc": the first number was rated."""
    reading = sentence.readings[at]
    start = max(sentence.start, reading.amount.left - 40)
    before = sentence.text[start : reading.amount.left]
    following = [r for r in sentence.readings[at + 1 : at + 3] if not r.denominator][:1]
    rated = following and following[0].main and following[0].main.family == "tier"
    if rated and (_ASSESSING.search(before) or _parts_add_up(sentence, at)):
        reading.main = Term("aspect", "assessed", "general")


def _parts_add_up(sentence: Sentence, at: int) -> bool:
    """Whether the tiers that follow a number add up to it: then all of it was rated."""
    whole = sentence.readings[at]
    rest = sentence.readings[at + 1 : at + 8]
    tiers = [r for r in rest if r.main and r.main.family == "tier" and r.amount.unit == "count"]
    alike = [r.amount.value for r in tiers if r.noun.population == whole.noun.population]
    sums = [sum(alike[:count]) for count in range(2, len(alike) + 1)]
    return whole.amount.value in sums


def _of_meetings(sentence: Sentence, reading: Reading) -> bool:
    """How often or how long: meetings, thematic meetings, superiors who attend."""
    amount, text = reading.amount, sentence.text
    terms = [e for e in sentence.events if not isinstance(e, Amount)]
    ids = {e.term.id for e in terms}
    kinds = ("attend", "attended", "assigned", "thematic", "meeting", "held")
    near = [e.term.id for e in terms if e.term.id in kinds and e.start < amount.start]
    if reading.noun and reading.noun.id == "minutes":
        reading.measure = "meeting_duration"
        if text.startswith("tiếng", amount.right + 1):
            reading.amount = numbers.scaled(amount, 60.0, "count")
        told = " buổi " in text[sentence.start : amount.start]
        return told or bool(ids & {"meeting", "held", "attended"})
    if amount.form != "every":
        noun_end = text.find("lần", amount.right, amount.right + 12) + 3
        per = _PER.match(text, noun_end) if noun_end > 2 else None
        per = per or [*_EACH.finditer(text, sentence.start, amount.left)][-1:]
        if not per:
            return False
        factor = _TIMES[(per if isinstance(per, re.Match) else per[0])[1]]
        reading.amount = numbers.scaled(amount, factor, "per_year")
    last = next((name for name in reversed(near) if name not in ("meeting", "held")), "")
    segment = re.split(r"[,;]", text[sentence.start : amount.start])[-1]
    segment += text[amount.right : min(sentence.end, amount.right + 16)]
    last = "thematic" if "chuyên đề" in segment else last if last != "thematic" else ""
    named = {"thematic": "thematic_meeting_frequency", "": "meeting_frequency" if near else ""}
    reading.measure = named.get(last, "officer_attendance_frequency")
    return bool(reading.measure)


def _base_measure(reading: Reading, measures: dict[str, str]) -> str:
    """What a share is taken of, where the measure tells."""
    population = reading.noun.population if reading.noun else ""
    if reading.amount.unit != "share" or not reading.measure or "target" in reading.measure:
        return ""
    if "_rated_" in reading.measure:
        return f"{population}_assessed"
    if "_admitted_" in reading.measure:
        return "members_admitted"
    return population if population in measures else ""


def _scheme(sentence: Sentence, measure: str, end: str) -> str:
    """The rating scheme that the tiers of the sentence name, else the one in force that year."""
    if "_rated_" not in measure or not end:
        return ""
    tiers = [reading.main.id for reading in sentence.readings if reading.main]
    if any(word in tier for tier in tiers for word in ("tsvm", "weak", "violating")):
        return "to-2017"
    year = int(end[:4])
    starts = ((2025, "from-2025"), (2023, "2023-2025"), (2018, "2018-2023"))
    return next((name for first, name in starts if year >= first), "to-2017")


def _status(sentence: Sentence, at: int, start: str, end: str, published: date | None) -> str:
    """Actual, target or rule."""
    reading = sentence.readings[at]
    left = reading.amount.left
    just_before = sentence.text[max(sentence.start, left - 40) : left]
    if _is_norm(sentence, reading, just_before):
        return "rule"
    if _AT_PRESENT.search(just_before):
        return "actual"
    near = _plan_before(sentence, reading.amount)
    if near and "completion" not in reading.rule:
        gap = sentence.text[near.end : left].replace(fold("kết nạp"), "")
        if readings.light(sentence, gap) and not _CLAUSE_END.search(gap):
            return "target"
    if reading.target:
        return "target"
    return "target" if published and _ahead(sentence, start, end, published) else "actual"


def _is_norm(sentence: Sentence, reading: Reading, just_before: str) -> bool:
    """Whether a number is a ceiling, a duty, or how often or how long to meet."""
    bound, measure = reading.amount.bound, reading.measure
    if reading.ceiling or measure.endswith("_frequency") or measure == "cells_per_officer":
        return True
    if measure == "meeting_duration" and bound not in ("exact", "approx"):
        return True
    if measure == "attendance_rate" and bound == "at_least":
        before = sentence.text[sentence.start : reading.amount.start]
        return bool(_RULED.search(before) or _BINDING.search(just_before))
    limit = bound in ("at_least", "at_most") and not reading.target
    return bool(
        (limit and _BINDING.search(just_before))
        or _BY_STATUTE.search(just_before)
        or _DUTY.search(just_before)
    )


def _ahead(sentence: Sentence, start: str, end: str, published: date) -> bool:
    """Whether a period lies ahead, or is a year just begun: "Năm 2021, kết nạp 8" in January."""
    year = str(published.year)
    named = year in sentence.text[sentence.start : sentence.end] and published.month <= 3
    begun = named and (start, end) == periods.of_year(published.year)
    return start > published.isoformat() or (begun and not readings.done(sentence))


def _plan_before(sentence: Sentence, amount: Amount) -> Found | None:
    """The nearest "chỉ tiêu" or the like before a number, among the words just before it."""
    if "plan" not in sentence.said:
        return None
    at = bisect_left(sentence.events, amount.start, key=lambda event: event.start)
    near = sentence.events[max(0, at - 12) : at]
    return next((e for e in reversed(near) if isinstance(e, Found) and e.term.id == "plan"), None)


def _row(
    text: str, sentence: Sentence, at: int, clock: periods.Clock, where: places.Places,
    measures: dict[str, str],
) -> dict:  # fmt: skip
    """One candidate as a row."""
    reading = sentence.readings[at]
    amount, place = reading.amount, where.at(reading.amount.start)
    of_base = _UNDER_BASE.search(sentence.text, amount.right, amount.right + 40)
    small = place.level in ("commune", "agency") and not of_base
    if small and reading.measure == "cells_under_base":
        reading.measure = "cells"
    limit = _limit(sentence, at)
    stock = periods.stands(reading.measure, bool(reading.main))
    then = reading.rule.startswith("earlier") or bool(
        _THEN.search(sentence.text, max(0, amount.left - 16), amount.left)
    )
    when = clock.at(amount.start, amount.right, limit, then=then, stock=stock, plan=reading.target)
    start, end = when.first, when.last
    if reading.rule.startswith("respectively"):
        start, end = _in_series(sentence, at, when) or (start, end)
    start, end = _of_rating(reading.measure, start, end, clock.published)
    status = _status(sentence, at, start, end, clock.published)
    span = sentence.text, sentence.start, sentence.end
    status = turns.turned(status, amount, *span, sentence.lexicon.status_turns)
    if reading.sign < 0:
        amount = numbers.negative(amount)
    return {
        "char_start": amount.start,
        "char_end": amount.end,
        "number_text": "",
        "quote": _quote(text, sentence, amount),
        "prefix": "",
        "suffix": "",
        "value": amount.value,
        "value_low": None if amount.low == -math.inf else amount.low,
        "low_open": amount.low_open,
        "value_high": None if amount.high == math.inf else amount.high,
        "high_open": amount.high_open,
        "bound": amount.bound,
        "unit": _unit(sentence, amount, reading.measure, measures),
        "measure_id": reading.measure,
        "base_measure_id": _base_measure(reading, measures),
        "base_text": reading.base_text,
        "scheme_id": _scheme(sentence, reading.measure, end),
        "place": place.name,
        "level": place.level,
        "period_start": start,
        "period_end": end,
        "period_kind": "frequency" if reading.measure.endswith("_frequency") else when.kind,
        "status": status,
        "rule": f"{reading.rule or 'noun'}:{reading.main.id if reading.main else ''}".rstrip(":"),
        "features": second.features(sentence, at),
    }


def _of_rating(measure: str, start: str, end: str, published: date | None) -> tuple[str, str]:
    """The year of a rating: it closes a whole one, so within a year it is that of the last."""
    if not published or not re.search("_rated_|_assessed|four_good", measure):
        return start, end
    this_year, within = str(published.year), not end.endswith("-12-31") and published.month < 11
    same = start[:4] == end[:4] == this_year
    return periods.of_year(published.year - 1) if within and same else (start, end)


def _in_series(sentence: Sentence, at: int, when: periods.Period) -> tuple[str, str] | None:
    """ "Các năm 2017, 2018, 2019 kết nạp lần lượt …": the year of the number at its place."""
    years = re.findall(r"(?:19|20)\d{2}", sentence.text[when.start : when.end])
    listed = [r for r in sentence.readings if r.rule.startswith("respectively")]
    if len(years) != len(listed):
        return None
    return periods.of_year(int(years[listed.index(sentence.readings[at])]))


def _limit(sentence: Sentence, at: int) -> int:
    """How far after a number its period may stand: to the next number or boundary."""
    amount = sentence.readings[at].amount
    for event in sentence.events[
        bisect_left(sentence.events, amount.right, key=lambda e: e.start) :
    ]:
        if isinstance(event, Amount) or (event.term.kind == "mark" and event.term.id in ";."):
            return event.start
    return sentence.end


def _unit(sentence: Sentence, amount: Amount, measure: str, measures: dict[str, str]) -> str:
    """The unit of a number; a yearly one where the text says so and the measure has it."""
    units = measures.get(measure, "count").split("|")
    if amount.unit != "count":
        return amount.unit
    around = sentence.text[max(sentence.start, amount.left - 40) : amount.right + 16]
    if "per_year" in units and _YEARLY.search(around):
        return "per_year"
    return "count" if "count" in units else units[0]


def _quote(text: str, sentence: Sentence, amount: Amount) -> tuple[int, int]:
    """The span of a number's sentence, cut to what stands near it if it is long."""
    start, end = max(sentence.start, amount.left - 160), min(sentence.end, amount.right + 160)
    words = text[start : max(end, amount.right)]  # a very long one may end in a number
    return start + len(words) - len(words.lstrip()), start + len(words.rstrip())
