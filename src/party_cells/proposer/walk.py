"""A text read line by line: each number with its context, and what it carries over."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from helpers.numbers import Amount, qualified
from party_cells.proposer import context, periods
from party_cells.proposer.choice import NOTHING
from party_cells.proposer.context import Context, Past, Sentence, Told
from party_cells.proposer.lexicon import over_folded
from party_cells.proposer.periods import Clock, Period
from party_cells.proposer.places import Place, Places
from party_cells.proposer.reader import Choice, Reader

_START = attrgetter("start")
_LONGEST, _HEADING, _SOON = 1500, 120, 16  # a sentence is cut, so that work stays linear
_SENTENCE_END = over_folded(  # the mark comes first, so that the search leaps from mark to mark
    r"[.!?…](?<!\btx.)(?<!\btp.)(?<!\bt.)(?<!\bđ.)(?<!\bths.)[.!?…]*[\"”’)]*(?=\s|$)"
)
_BULLETS = tuple("-–+•*")
_ITEM = re.compile(r"[.)]\s")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_STOP = re.compile(r"[;.](?!\d)")
_THEN = over_folded(r"khi ấy|lúc đó|khi đó|bấy giờ|lúc ấy")
_DONE = over_folded(r"(?<!\w)(?:đã|đến nay|hiện nay|hiện có|hiện|vừa qua|năm qua|kết quả)(?!\w)")
_NONE_PASSES = over_folded(  # "không buổi nào dưới 90%" sets a lower bound
    r"(?:không|chưa)\s(?:(?:\w+\s){1,2}nào|để|kéo dài|được)\s(?:\w+\s)?(dưới|thấp hơn|quá|trên)\s$"
)
_AND_MORE = over_folded(r" trở lên(?!\w)")


class Reading(NamedTuple):
    """A number with its context and what was read of it."""

    context: Context
    sentence: Sentence
    choice: Choice
    period: Period
    status: str
    place: Place


class Walk:
    """One text, and the readers of its numbers, dates and places."""

    def __init__(
        self, folded: str, amounts: list[Amount], reader: Reader, clock: Clock, where: Places
    ):
        self._text, self._reader, self._clock, self._where = folded, reader, clock, where
        self._amounts = [a for a in amounts if not _counts_items(folded, a)]
        self._past, self._number = Past(), 0
        self._leads = self._listing = False  # behind a line that ends in ":" or "?"

    def readings(self) -> Iterator[Reading]:
        """The quantities of the text in order."""
        start = 0
        for line in self._text.split("\n"):
            end = start + len(line)
            yield from self._line(start, end) if line.strip() else ()
            start = end + 1

    def _line(self, start: int, end: int) -> Iterator[Reading]:
        bullet = self._text[start : start + 4].strip().startswith(_BULLETS)
        last = self._text[start:end].rstrip()[-1:]
        self._enter(item=bullet and self._listing, announces=last == ":")
        led, self._leads = self._leads, last in (":", "?")
        if self._is_furniture(start, end):
            return
        if not led:
            self._past = self._past._replace(before=frozenset())
        if self._between(start, end) or self._listing:
            for s, e in _sentences(self._text, start, end):
                yield from self._sentence(s, e)
        elif end - start < _HEADING or self._leads:
            self._heading(start, end)

    def _enter(self, *, item: bool, announces: bool) -> None:
        """Begin a line: an item of a list keeps period and place of the list."""
        if not (self._leads or item):
            self._clock.paragraph()
        if not item:
            self._where.paragraph()
            self._listing = announces

    def _heading(self, start: int, end: int) -> None:
        """A line without numbers: what the lines after it are about."""
        seen = self._seen(start, end)
        self._past = self._past._replace(heading=seen, before=seen if self._leads else frozenset())
        if self._leads:
            self._clock.sentence(start, end)

    def _seen(self, start: int, end: int) -> frozenset[str]:
        return frozenset(f.term.id for f in self._reader.lexicon.scan(self._text, start, end))

    def _sentence(self, start: int, end: int) -> Iterator[Reading]:
        self._clock.sentence(start, end)
        self._where.sentence(start, end)
        found = list(self._reader.lexicon.scan(self._text, start, end))
        amounts = [a for a in self._between(start, end) if not self._clock.covers(a.start)]
        amounts = [
            _bounded(self._text, a, start, found) for a in amounts if not _inside(a.start, found)
        ]
        sentence = Sentence(self._text, start, end, amounts, found)
        self._number += 1
        if found or self._past.heading or self._past.before or self._past.told[-1:]:
            for at in range(len(amounts)):
                yield from self._read(sentence, at)
        seen = frozenset(f.term.id for f in found)
        self._past = self._past._replace(before=seen)
        if self._text[start:end].rstrip()[-1:] in (":", "?"):
            self._past = self._past._replace(heading=seen)

    def _read(self, sentence: Sentence, at: int) -> Iterator[Reading]:
        """A number: its measure first, then its period, status and place."""
        seen = context.of(sentence, at, self._number, self._past, self._reader.lexicon)
        chosen = self._reader.measure(seen)
        if chosen.measure == NOTHING:
            return
        event = any(n.term.family in ("tier", "event") for n in seen.left[:2] + seen.right[:2])
        stock = periods.stands(chosen.measure, event)
        period = self._period(sentence, at, stock, plan=False)
        status = self._reader.status(seen, chosen.measure, self._is_ahead(sentence, period))
        if status == "target":
            period = self._period(sentence, at, stock, plan=True)
        told = Told(seen.amount, chosen.measure, status, self._number)
        self._past = self._past._replace(told=(*self._past.told, told)[-9:])
        place = self._where.at(seen.amount.start)
        yield Reading(seen, sentence, chosen, period, status, place)

    def _period(self, sentence: Sentence, at: int, stock: bool | None, *, plan: bool) -> Period:
        amount = sentence.amounts[at]
        following = sentence.amounts[at + 1 : at + 2]
        limit = following[0].start if following else sentence.end
        stop = _STOP.search(self._text, amount.right, limit)
        then = _THEN.search(self._text, max(0, amount.left - _SOON), amount.left)
        period = self._clock.at(
            amount.start, amount.right, stop.start() if stop else limit,
            then=bool(then), stock=stock, plan=plan,
        )  # fmt: skip
        return self._in_series(sentence, amount, period)

    def _in_series(self, sentence: Sentence, amount: Amount, period: Period) -> Period:
        """ "Các năm 2016, 2017 lần lượt là 12, 15": the year of the number at its place."""
        cue = next((f.end for f in sentence.found if f.term.id == "respectively"), sentence.end)
        listed = [one for one in sentence.amounts if one.left >= cue]
        years = _YEAR.findall(self._text, period.start, period.end)
        if amount not in listed or len(years) != len(listed):
            return period
        first, last = periods.of_year(int(years[listed.index(amount)]))
        return period._replace(first=first, last=last)

    def _is_ahead(self, sentence: Sentence, period: Period) -> bool:
        """Whether a period lies ahead, or is a year just begun: "Năm 2021, kết nạp 8"."""
        published, whole = self._clock.published, (period.first, period.last)
        if not published or period.first > published.isoformat():
            return bool(published)
        begun = published.month <= 3 and whole == periods.of_year(published.year)
        done = _DONE.search(self._text, sentence.start, sentence.end)
        named = str(published.year) in self._text[sentence.start : sentence.end]
        return bool(begun and named and not done)

    def _is_furniture(self, start: int, end: int) -> bool:
        """Whether a short line belongs to the page: counters, buttons, readers' comments."""
        line = self._reader.lexicon.lists["line"]
        return end - start <= 300 and bool(line.search(self._text, start, end))

    def _between(self, start: int, end: int) -> list[Amount]:
        ends = (bisect_left(self._amounts, at, key=_START) for at in (start, end))
        return self._amounts[slice(*ends)]


def _counts_items(folded: str, amount: Amount) -> bool:
    """Whether a number only numbers a heading or an item: "2. Kết nạp đảng viên"."""
    opens = not folded[max(0, amount.start - 12) : amount.start].rpartition("\n")[2].strip("( ")
    return opens and amount.form == "digits" and bool(_ITEM.match(folded, amount.end))


def _inside(position: int, found: list[context.Found]) -> bool:
    at = bisect_left(found, position + 1, key=_START) - 1
    return at >= 0 and found[at].end > position


def _bounded(text: str, amount: Amount, start: int, found: list[context.Found]) -> Amount:
    """The amount with the bound that the words around it give: "không buổi nào dưới 90%"."""
    negated = _NONE_PASSES.search(text, max(start, amount.start - 30), amount.start)
    if negated:
        return qualified(amount, "at_least" if negated[1] in ("dưới", "thấp hơn") else "at_most")
    at = bisect_left(found, amount.right + 1, key=_START)
    counted = at < len(found) and found[at].start == amount.right + 1
    more = counted and _AND_MORE.match(text, found[at].end)
    return qualified(amount, "at_least") if more else amount


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
