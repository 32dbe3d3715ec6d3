"""The terms of `terms.csv` as one compiled pattern, and a text as the terms found in it.

A row holds alternatives parted by ``|``; ``{name}`` stands for the macro of that id. Where several
terms could begin at one place, the one with the longest fixed wording wins, so that "chi bộ cơ sở"
comes before "chi bộ" whatever the order of the rows.

Rows of the kinds ``turn`` and ``status`` are hints: where a number stands in these words
(``pattern``, "#" for the number, "±#" where it is not exact, "#%" for a share), it may be of the
measure (or status) ``id``, or of ``none``, instead of those that ``population`` matches.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from helpers import numbers
from helpers.evidence import fold

GRAMMAR, HINTS = ("noun", "aspect", "cue"), ("turn", "status")
_LISTS = ("ordinal", "furniture", "field")
_OPTIONAL = re.compile(r"\(\?:[^()]*\)[?*]|\(\?<?[=!][^()]*\)|\\[wd]\+|\w\?")
_GROUP = re.compile(r"\(\?:([^()|]*)(?:\|[^()]*)?\)(?![?*])")  # innermost: its first alternative
_NO_PATTERN = (re.error, KeyError, RecursionError)
_FIRST_WORD = re.compile(r"(?:\(\?<[=!][^()]*\))*(\w+)(?![?*+{\w]|\(\?:\w)")
# Words right before a number (that make it a name) or right behind it (that make it another thing).
_FRAMES = {
    "strict": r"(?<!\w)(?:{})\s$",
    "soft": r"(?<!\w)(?:{})\s$",
    "place": r"(?<!\w)(?:{})\s$",
    "before": r"(?<!\w)(?:{})(?: (?:là|có|đạt|còn|:|,))*\s$",
    "after": r"[\s-]?(?:{})(?!\w)",
    "subject": r"(?<!\w)(?:{})(?!\w)",
}


def over_folded(pattern: str) -> re.Pattern:
    """A pattern compiled for folded text: its words folded, its escapes and group names kept.

    >>> bool(over_folded(r"toàn \\w+").search(fold("Toàn huyện")))
    True
    """
    parts = re.split(r"(\\.|\(\?P<\w+>)", pattern)
    return re.compile("".join(p if at % 2 else fold(p) for at, p in enumerate(parts)))


class TermsInvalid(ValueError):
    """A pattern of the terms table cannot be used; ``rows`` are the rows."""

    def __init__(self, message: str, rows: pd.DataFrame):
        self.rows = rows
        super().__init__(message)


class Term(NamedTuple):
    """One row of the terms: what a wording stands for."""

    kind: str
    id: str
    family: str = ""
    population: str = ""
    measure: str = ""


class Found(NamedTuple):
    """A term at ``start:end`` of a text."""

    start: int
    end: int
    term: Term


class Hint(NamedTuple):
    """What a number may be that stands in certain words, and what it is then not."""

    kind: str
    name: str
    says: str
    instead_of: re.Pattern
    words: re.Pattern


class Lexicon(NamedTuple):
    """The compiled terms: ``groups`` finds those of the grammar by their first word, ``lists``
    holds plain word lists (kinds ``ordinal``, ``field`` and ``furniture``) by id."""

    groups: dict[str, tuple[re.Pattern, tuple[Term, ...]]]
    lists: dict[str, re.Pattern]
    hints: tuple[Hint, ...] = ()

    @property
    def terms(self) -> list[Term]:
        """Every term of the grammar, once."""
        return list(dict.fromkeys(term for _, terms in self.groups.values() for term in terms))

    def scan(self, folded: str, start: int, end: int) -> Iterator[Found]:
        """The terms between two offsets, in order, not overlapping."""
        reached, groups, words = start, self.groups, numbers.words(folded)
        for begin, word in words[bisect_left(words, (start,)) : bisect_left(words, (end,))]:
            if word in groups and begin >= reached:
                pattern, terms = groups[word]
                match = pattern.match(folded, begin, end)
                if match:
                    reached = match.end()
                    yield Found(begin, reached, terms[match.lastindex - 1])


def compiled(terms: pd.DataFrame) -> Lexicon:
    """A lexicon of the rows of a table; raises `TermsInvalid` with the rows that fail."""
    rows = terms.fillna("")
    macros = {r.id: r.pattern for r in rows.itertuples() if r.kind == "macro"}
    try:
        return _joined(rows, macros)
    except _NO_PATTERN as error:  # of all rows together; which of them it is, costs more to tell
        faults = [_fault(rows.iloc[[at]], macros) for at in range(len(rows))]
        said = "; ".join(filter(None, faults)) or str(error)
        bad_rows = rows[[bool(fault) for fault in faults]]
        raise TermsInvalid(f"terms that are no pattern: {said}", bad_rows) from None


def _joined(rows: pd.DataFrame, macros: dict[str, str]) -> Lexicon:
    entries, lists = [], {}
    hints = rows[rows["kind"].isin(HINTS)].sort_values(["kind", "family"])
    for row in rows[~rows["kind"].isin(HINTS)].itertuples():
        wordings = alternatives(fold(_expanded(row.pattern, macros)))
        if row.kind in GRAMMAR:
            term = Term(row.kind, row.id, row.family, row.population, row.measure)
            openings = (opening for wording in wordings for opening in _openings(wording))
            entries.extend((_first_word(opening), opening, term) for opening in openings)
        elif row.kind in _LISTS:
            frame = _FRAMES.get(row.id, "(?<!\\w)(?:{})")
            lists[row.id] = re.compile(frame.format("|".join(wordings)))
        else:
            re.compile("|".join(wordings))
    return Lexicon(_by_first_word(entries), lists, tuple(map(_hint, hints.itertuples())))


def _hint(row) -> Hint:
    words = over_folded(rf"(?<!\w)(?:{row.pattern})(?!\w)")
    says, instead_of = row.id.removeprefix("none"), re.compile(row.population)
    return Hint(row.kind, f"{row.kind} {row.family}", says, instead_of, words)


def _fault(row: pd.DataFrame, macros: dict[str, str]) -> str:
    """What is wrong with one row; empty if it is a pattern."""
    try:
        _joined(row, macros)
    except _NO_PATTERN as error:
        return f"{row['kind'].item()} {row['id'].item()}: {error} in {row['pattern'].item()!r}"
    return ""


def _expanded(pattern: str, macros: dict[str, str]) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda m: _expanded(macros[m[1]], macros), pattern)


def alternatives(pattern: str) -> list[str]:
    """A pattern's alternatives, split at the bars outside every bracket.

    >>> alternatives("htxs|(?:đạt|mức) tốt|kém(?=[|,)])")
    ['htxs', '(?:đạt|mức) tốt', 'kém(?=[|,)])']
    """
    parts, depth, start, one_of = [], 0, 0, False
    for at, char in enumerate(pattern):
        if pattern[at - 1 : at] != "\\":
            one_of = char == "[" or (one_of and char != "]")
            depth += 0 if one_of else (char == "(") - (char == ")")
        if char == "|" and not depth and not one_of:
            parts.append(pattern[start:at])
            start = at + 1
    return [*parts, pattern[start:]]


def _by_first_word(
    entries: list[tuple[str, str, Term]],
) -> dict[str, tuple[re.Pattern, tuple[Term, ...]]]:
    """One alternation for each first word, so that only few wordings are tried at each place."""
    groups: dict[str, list[tuple[str, Term]]] = {}
    # Of two equally long wordings a noun comes first, whatever the order of the rows.
    for word, opening, term in sorted(
        entries, key=lambda e: (_fixed(e[1]), e[2].kind == "noun"), reverse=True
    ):
        word = "0" if word[0].isdecimal() else word  # as in `numbers.words`
        groups.setdefault(word, []).append((opening, term))
    return {word: _alternation(members) for word, members in groups.items()}


def _alternation(members: list[tuple[str, Term]]) -> tuple[re.Pattern, tuple[Term, ...]]:
    """The wordings as groups of one pattern; `re.error` if they capture groups of their own."""
    pattern = re.compile("(?:" + "|".join(f"({opening})" for opening, _ in members) + r")(?!\w)")
    if pattern.groups != len(members):
        raise re.error("a wording must group by (?:…)")
    return pattern, tuple(term for _, term in members)


def _first_word(opening: str) -> str:
    """The word that a wording begins with; `re.error` if it has none."""
    word = _FIRST_WORD.match(opening)
    if not word:
        raise re.error(f"{opening!r} must begin with a whole word")
    return word[1]


def _fixed(wording: str) -> int:
    """How many letters a wording has at least, optional groups left out."""
    while (shorter := _GROUP.sub(r"\1", _OPTIONAL.sub("", wording))) != wording:
        wording = shorter
    return len(wording)


def _openings(wording: str) -> list[str]:
    """The wording with a leading group written out, so that each begins with a word.

    >>> _openings("(?:đạt |mức )?tốt")
    ['đạt tốt', 'mức tốt', 'tốt']
    """
    if not wording.startswith("(?:"):
        return [wording]
    end = _closing(wording)
    inside, rest = wording[3:end], wording[end + 1 :]
    sign = rest[:1] if rest[:1] in ("?", "*", "+") else ""
    rest = rest[len(sign) :]
    again = wording[: end + 1] + "*" if sign in ("*", "+") else ""
    heads = [part + again + rest for part in alternatives(inside)]
    heads += [rest] if sign in ("?", "*") else []
    return [opening for head in heads for opening in _openings(head)]


def _closing(wording: str) -> int:
    """Where the group that a wording begins with ends."""
    depth = 0
    for at, char in enumerate(wording):
        depth += (char == "(") - (char == ")")
        if not depth:
            return at
    raise re.error(f"{wording!r} has a group without an end")
