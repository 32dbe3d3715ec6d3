"""What stands around a number: terms with their distance, words, what was told before it."""

import re
from bisect import bisect_left
from collections import Counter
from typing import NamedTuple

from helpers.numbers import Amount
from party_cells.proposer.lexicon import Found, Lexicon, Term

_FAR, _TERMS, _WORDS, _SOON = 120, 16, 10, 14
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\w+|[%,;:().…/-]")
_CLAUSE = re.compile(r"[,;:(]")
_NEXT = re.compile(r" (\w+)")
_LABELS, _NAMING = ("tier", "event"), ("strict", "soft", "place", "before")


class Sentence(NamedTuple):
    """A sentence at ``start:end`` of a folded text: its numbers and terms, in order."""

    text: str
    start: int
    end: int
    amounts: list[Amount]
    found: list[Found]


class Told(NamedTuple):
    """A number that was read: its measure, its status, and which sentence it stands in."""

    amount: Amount
    measure: str
    status: str
    sentence: int


class Past(NamedTuple):
    """What was told before a sentence: numbers, and the terms of the sentence and heading."""

    told: tuple[Told, ...] = ()
    before: frozenset[str] = frozenset()
    heading: frozenset[str] = frozenset()


class Near(NamedTuple):
    """A term near a number: its side (L, R), the numbers between, the gap, and all of it as one
    code: the third noun of the clause to the right is at R0_2."""

    term: Term
    side: str
    between: int
    gap: str
    letters: int
    place: str


class Context(NamedTuple):
    """A number and what stands around it."""

    amount: Amount
    unit: str  # c, s, e: a count, a share, "every …"
    left: list[Near]
    right: list[Near]
    best: dict[str, dict[str, Near]]  # the nearest mention of each term on each side
    past: Past
    link: str  # what stands between the number before and this one
    unexplained: str  # how many words of the clause before it no term explains
    ahead: list[str]  # the words before it, nearest first
    behind: list[str]
    follows: str  # what the word right behind it is
    cue: str  # the cue right before it
    noun: str  # the noun right behind it
    part: str  # p, w: the part or the whole of a ratio
    window: str  # the words around it, "#" for the number
    lists: list[str]  # the word lists that recognise a name or another field's number
    sides: list[tuple[list[Near], list[Near]]]  # of each side the aspects, and the nearest noun
    cues: list[Near]  # the nearest cues, no number between

    @property
    def last(self) -> Told | None:
        """The number read before this one."""
        return self.past.told[-1] if self.past.told else None


def of(sentence: Sentence, at: int, number: int, past: Past, lexicon: Lexicon) -> Context:
    """The context of the ``at``-th number of a sentence, itself the ``number``-th of its text."""
    amount, (first, last) = sentence.amounts[at], _ratio(sentence.amounts, at)
    left, right = _left(sentence, first, amount), _right(sentence, last)
    best = _nearest(left + right) | _respectively(sentence, amount)
    start, link = _link(sentence, amount, past, number)
    ahead, behind = _around(sentence, amount)
    nearest = right[0] if right and not right[0].between else None
    cue = left[0] if left and left[0].term.kind == "cue" else None
    soon = cue and not cue.between and cue.letters <= _SOON
    follows_closely = nearest and nearest.term.kind == "noun" and nearest.gap in ("=", "_")
    return Context(
        amount=amount, unit={"share": "s", "per_year": "e"}.get(amount.unit, "c"), left=left,
        right=right, best=best, past=past, link=link,
        unexplained=_unexplained(sentence, start, amount.left, lexicon),
        ahead=[*_TOKEN.findall(ahead)[: -_WORDS - 1 : -1], "^", "^"],
        behind=[*_TOKEN.findall(behind)[:_WORDS], "$", "$"],
        follows=_follows(sentence, last, nearest, lexicon), cue=cue.term.id if soon else "-",
        noun=nearest.term.id if follows_closely else "",
        part={"part": "p", "whole": "w"}.get(amount.form, ""),
        window=_window(amount, ahead, behind), lists=_named(ahead, behind, amount, lexicon),
        sides=[_of_kinds(right), _of_kinds(left)], cues=_cues(left) + _cues(right),
    )  # fmt: skip


def _of_kinds(near: list[Near]) -> tuple[list[Near], list[Near]]:
    """The aspects of one side, and its nearest noun."""
    nouns = [one for one in near if one.term.kind == "noun"]
    return [one for one in near if one.term.kind == "aspect"], nouns[:1]


def _cues(near: list[Near]) -> list[Near]:
    return [one for one in near if one.term.kind == "cue" and not one.between][:3]


def _ratio(amounts: list[Amount], at: int) -> tuple[int, int]:
    """The first and last number of the ratio that a number belongs to, or itself."""
    forms = [amount.form for amount in amounts[at : at + 2]]
    if forms == ["part", "whole"]:
        return at, at + 1
    whole = at and amounts[at].form == "whole" and amounts[at - 1].form == "part"
    return (at - 1, at) if whole else (at, at)


def _left(sentence: Sentence, first: int, amount: Amount) -> list[Near]:
    """The terms before a number, nearest first."""
    start, ends = sentence.amounts[first].left, [a.left for a in sentence.amounts[:first]]
    stop = bisect_left(sentence.found, amount.left, key=lambda found: found.start)
    near, seen = [], Counter()
    for found in reversed(sentence.found[max(0, stop - _TERMS) : stop]):
        between = first - bisect_left(ends, found.end)
        near.append(_near(found, "L", between, sentence.text[found.end : start], seen))
    return near


def _right(sentence: Sentence, last: int) -> list[Near]:
    """The terms behind a number, nearest first."""
    end, ends = sentence.amounts[last].right, [a.right for a in sentence.amounts[last + 1 :]]
    begin = bisect_left(sentence.found, end, key=lambda found: found.start)
    near, seen = [], Counter()
    for found in sentence.found[begin : begin + _TERMS]:
        between = bisect_left(ends, found.start + 1)
        near.append(_near(found, "R", between, sentence.text[end : found.start], seen))
    return near


def _near(found: Found, side: str, between: int, gap: str, seen: Counter) -> Near:
    key, sign = (found.term.kind, between > 0), _gap(gap)
    place = f"{side}{min(between, 2)}{sign}{min(seen[key], 2)}"
    seen[key] += 1
    return Near(found.term, side, between, sign, len(gap), place)


def _gap(words: str) -> str:
    """What parts two things: a stop, a bracket, a comma, blanks alone (=) or words (_)."""
    signs = set(words)
    if signs & set(";:."):
        return "."
    if signs & set("()"):
        return "("
    return "," if "," in signs else "_" if words.strip() else "="


def _nearest(near: list[Near]) -> dict[str, dict[str, Near]]:
    best: dict[str, dict[str, Near]] = {}
    for one in near:
        best.setdefault(one.term.id, {}).setdefault(one.side, one)
    return best


def _respectively(sentence: Sentence, amount: Amount) -> dict[str, dict[str, Near]]:
    """ "A, B, C lần lượt là 1, 2, 3": the label that belongs to a number by its order."""
    cue = next((f for f in sentence.found if f.term.id == "respectively"), None)
    after = [a for a in sentence.amounts if cue and a.left >= cue.end and a.form != "whole"]
    if amount not in after:
        return {}
    labels = [f.term for f in sentence.found if f.start < cue.start and f.term.family in _LABELS]
    if len(labels) < len(after):
        return {}
    label = labels[len(labels) - len(after) + after.index(amount)]
    return {label.id: {"R": Near(label, "R", 0, "=", 0, "RESPECTIVELY")}}


def _link(sentence: Sentence, amount: Amount, past: Past, number: int) -> tuple[int, str]:
    """Where the words about a number begin, and what lies between it and the number before."""
    last = past.told[-1] if past.told else None
    if not last or last.sentence != number:
        near = last and last.sentence == number - 1
        return sentence.start, "S" if near else "F"
    start = min(last.amount.right, amount.left)
    words = sentence.text[start : amount.left]
    opened, closed = "(" in words, ")" in words
    sign = _gap(words) if opened == closed else "(" if opened else ")"
    return start, f"{sign}{min(len(_WORD.findall(words)) // 2, 3)}"


def _unexplained(sentence: Sentence, start: int, end: int, lexicon: Lexicon) -> str:
    """How many words no term explains, from the last comma or the like on: 0, 1, 2 or 4."""
    start = max(start, end - _FAR)
    start = max([start, *(sign.end() for sign in _CLAUSE.finditer(sentence.text, start, end))])
    light, count = lexicon.lists["light"].fullmatch, 0
    for word in _WORD.finditer(sentence.text, start, end):
        at = bisect_left(sentence.found, word.end(), key=lambda found: found.start) - 1
        explained = at >= 0 and sentence.found[at].end > word.start()
        count += not (explained or word[0].isdecimal() or light(word[0]))
    return "0124"[min((count + 2) // 2 if count > 1 else count, 3)]


def _around(sentence: Sentence, amount: Amount) -> tuple[str, str]:
    text, far = sentence.text, _FAR
    ahead = text[max(sentence.start, amount.left - far) : amount.left]
    return ahead, text[amount.right : min(sentence.end, amount.right + far)]


def _follows(sentence: Sentence, last: int, nearest: Near | None, lexicon: Lexicon) -> str:
    """What the word right behind a number (or ratio) is: a term, a light word, another, none."""
    word = _NEXT.match(sentence.text, sentence.amounts[last].right)
    if not word:
        return "none"
    if nearest and nearest.letters == 1:
        return f"{nearest.term.kind} {nearest.term.family}"
    return "light" if lexicon.lists["light"].fullmatch(word[1]) else "word"


def _window(amount: Amount, ahead: str, behind: str) -> str:
    sign = "±" if amount.bound not in ("exact", "range") else ""
    return f"{ahead}{sign}#{'%' if amount.unit == 'share' else ''}{behind}"


def _named(ahead: str, behind: str, amount: Amount, lexicon: Lexicon) -> list[str]:
    """The lists of words that make a number a name, or one of another field."""
    found = [name for name in _NAMING if lexicon.lists[name].search(ahead[-30:])]
    found += ["after"] if lexicon.lists["after"].match(behind) else []
    digits = amount.form == "digits" and amount.end - amount.start == 4
    return found + (["year"] if digits and 1930 <= amount.value <= 2100 else [])
