"""Both readers of a number, by the weights that `learning` found."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache, partial
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from party_cells.proposer import choice, second, status
from party_cells.proposer.choice import BLANK, NOTHING, Seen
from party_cells.proposer.context import Context
from party_cells.proposer.lexicon import Lexicon
from party_cells.proposer.measures import Measures

SHIPPED = Path(__file__).with_name("weights.csv")
ByPart = dict[str, dict[str, float]]  # what each word tells of a part of a reading
_NO_MEASURE, _NO_QUANTITY = 0.8, 0.95  # from how likely no quantity on there is none
_TRIED, _HEARD = 6, 0.4  # readings that the second reader looks at; how much it counts
_PARTS = 100_000  # scores of parts that are kept: numbers have most of them in common
_READY = 0.6  # how much likelier than a measure a blank must be


class Weights(NamedTuple):
    """What each reader has learned, and from which probability on a reading is sure."""

    choice: dict[str, float]
    words: ByPart
    status: ByPart
    sure: float = 1.0


def weights(path: Path) -> Weights:
    """The weights in a file that `learning` made."""
    found: dict[str, ByPart] = {
        name: defaultdict(dict) for name in ("choice", "words", "status", "sure")
    }
    table = pd.read_csv(path, na_filter=False)
    for one in table[table["reader"].isin(found)].itertuples():
        found[one.reader][one.of][one.feature] = one.weight
    sure = found["sure"][""]["probability"]
    return Weights(found["choice"][""], found["words"], found["status"], sure)


class Words(NamedTuple):
    """What tells of the options of a number: names of features of all, and parts of each."""

    names: set[str]
    parts: dict[str, list[str]]

    def scored(self, learned: ByPart) -> dict[str, float]:
        """The score of each option: what the names tell of its parts."""
        wanted = {part for parts in self.parts.values() for part in parts if part in learned}
        told = {part: sum(map(learned[part].get, self.names, repeat(0.0))) for part in wanted}
        return {
            option: round(sum(told.get(part, 0.0) for part in parts), 6)
            for option, parts in self.parts.items()
        }


def together(first: dict[str, float], words: dict[str, float]) -> dict[str, float]:
    """The scores of both readers as one."""
    ready = {BLANK: -_READY}
    return {one: first[one] + _HEARD * words[one] + ready.get(one, 0.0) for one in words}


class Choice(NamedTuple):
    """The measure of a number, the next likely or the other reader's, and whether it is sure."""

    measure: str
    other: str = ""
    is_sure: bool = False


class Reader:
    """Reads numbers by terms, codebook and weights."""

    def __init__(self, lexicon: Lexicon, measures: Measures, learned: Weights):
        self.lexicon, self.measures, self.learned = lexicon, measures, learned
        self._turns = [
            (hint, {hint.says, *filter(hint.instead_of.fullmatch, measures.units)})
            for hint in lexicon.hints
            if hint.kind == "turn"
        ]
        self._score = lru_cache(maxsize=_PARTS)(partial(choice.score, learned.choice))
        self._statuses = [hint for hint in lexicon.hints if hint.kind == "status"]

    def measure(self, seen: Context) -> Choice:
        """The measure of a number: sure where both readers choose it and there is hardly doubt."""
        first = choice.scored(self.by_terms(seen), self._score)
        best = sorted(first, key=first.get, reverse=True)[:_TRIED]
        words = self.by_words(seen, best).scored(self.learned.words)
        ours = choice.ranked(together(first, words))
        doubt = dict(ours).get(NOTHING, 0.0)
        if doubt >= _NO_MEASURE:
            return Choice(NOTHING if doubt >= _NO_QUANTITY else BLANK)
        (measure, likely), *rest = [pair for pair in ours if pair[0] != NOTHING]
        other = max((one for one in words if one != NOTHING), key=words.get, default=measure)
        if other == measure and likely >= self.learned.sure:
            return Choice(measure, "", True)
        return Choice(measure, other if other != measure else rest[0][0] if rest else "")

    def status(self, seen: Context, measure: str, ahead: bool) -> str:
        """The status of a number: actual, target or rule."""
        return choice.ranked(self.by_status(seen, measure, ahead).scored(self.learned.status))[0][0]

    def by_terms(self, seen: Context) -> Seen:
        """The measures that a number could have, with what the first reader sees of each."""
        told = choice.told(seen, self.measures)
        hints = choice.applying(seen, [hint for hint, of in self._turns if not of.isdisjoint(told)])
        options = choice.fitting(told | {hint.says for hint in hints}, seen, self.measures)
        return choice.features(seen, options, self.measures, hints)

    def by_words(self, seen: Context, options: Iterable[str]) -> Words:
        """What the second reader sees of these measures."""
        return Words(set(second.names(seen)), {o: second.parts(o, self.measures) for o in options})

    def by_status(self, seen: Context, measure: str, ahead: bool) -> Words:
        """What tells of each status."""
        hints = choice.applying(seen, self._statuses)
        names = status.names(seen, measure, ahead=ahead, hints=hints)
        return Words(set(names), {one: [one] for one in status.STATUSES})
