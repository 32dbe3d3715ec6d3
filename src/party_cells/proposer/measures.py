"""How each measure is told: the nouns that name its population, and what is said of them.

The id of a measure is composed of its population and what is said of it ("members" +
"admitted" + "female"), both ids of `terms.csv`; or a term names its measure itself. So a measure
is added without code: a row in `measures.csv` and one with its wording in `terms.csv`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from helpers.numbers import Amount
from party_cells.proposer.lexicon import Lexicon, Term

IMPLIED = frozenset({"target_completion", "admission_rate", "change"})  # told by no word alone
FREQUENCIES = frozenset(
    {"meeting_frequency", "thematic_meeting_frequency", "officer_attendance_frequency"}
)
_TIMES = "times|sessions"
_OTHERWISE = (  # what is told of a noun that the measure is not named after
    ("members_admission_rate", "members", ("admitted", "admission_rate")),
    ("officials_disciplined", "officers|secretaries", ("disciplined",)),
    ("meeting_duration", "minutes", ()),
    ("meeting_frequency", _TIMES, ("meeting",)),
    ("thematic_meeting_frequency", _TIMES, ("thematic",)),
    ("officer_attendance_frequency", _TIMES, ("attend",)),
    ("officer_attendance_frequency", _TIMES, ("attended",)),
    ("officer_attendance_frequency", _TIMES, ("assigned",)),
)


class Way(NamedTuple):
    """One way to tell a measure: any of these nouns, with all of these aspects.

    ``worded`` are the aspects that stand in words, ``kind`` how many and which ones do not.
    """

    nouns: frozenset[str]
    aspects: tuple[str, ...]
    worded: tuple[str, ...]
    kind: str


def way(nouns: frozenset[str], aspects: tuple[str, ...]) -> Way:
    """A way to tell a measure by nouns and aspects."""
    worded = tuple(aspect for aspect in aspects if aspect not in IMPLIED)
    implied = [aspect for aspect in aspects if aspect in IMPLIED]
    return Way(nouns, aspects, worded, "+".join([str(len(worded)), *implied]))


class Measures:
    """The measures of a codebook (``units`` by id), each with the ways to tell it."""

    def __init__(self, lexicon: Lexicon, units: dict[str, str]):
        self.units = {measure: frozenset(each.split("|")) for measure, each in units.items()}
        self._nouns: dict[str, set[str]] = defaultdict(set)  # by population, and by own id
        self._aspects = {term.id: term for term in lexicon.terms if term.kind == "aspect"}
        for term in lexicon.terms:
            if term.kind == "noun":
                self._nouns[term.population].add(term.id)
                self._nouns[term.id].add(term.id)
        found = {measure: self._ways(measure, lexicon.terms) for measure in units}
        for measure, population, aspects in _OTHERWISE:
            found.get(measure, []).append(way(self._told_of(population), aspects))
        self.ways: dict[str, list[Way]] = {measure: each for measure, each in found.items() if each}
        self._told_by: dict[str, list[tuple[str, Way]]] = defaultdict(list)
        for measure, each in self.ways.items():
            for one in each:
                for name in one.worded[:1] or one.nouns:
                    self._told_by[name].append((measure, one))

    def family(self, aspect: str) -> str:
        """How sharply an aspect tells: tier, event, group, general, or cue for other words."""
        return self._aspects[aspect].family if aspect in self._aspects else "cue"

    def told_by(self, nouns: Iterable[str], aspects: frozenset[str]) -> Iterator[tuple[str, Way]]:
        """The measures that these nouns alone, or some of these aspects, tell."""
        for name in nouns:
            yield from (pair for pair in self._told_by[name] if not pair[1].worded)
        for name in aspects:
            yield from (
                p for p in self._told_by[name] if p[1].worded and aspects.issuperset(p[1].worded)
            )

    def suit(self, measure: str, amount: Amount) -> bool:
        """Whether a measure can have such a number: a share never counts, nor does 2,5."""
        units = self.units[measure]
        if amount.unit == "share":
            return "share" in units
        if amount.form == "every" or amount.unit == "per_year":
            return measure in FREQUENCIES
        return units != {"share"} and not (amount.value % 1 and units <= {"count", "share"})

    def _told_of(self, population: str) -> frozenset[str]:
        return frozenset().union(*(self._nouns[name] for name in population.split("|")))

    def _ways(self, measure: str, terms: list[Term]) -> list[Way]:
        named = [term for term in terms if term.measure == measure]
        nouns = frozenset(term.id for term in named if term.kind == "noun")
        found = [way(nouns, ())] if nouns else []
        aspects = {term.id: term for term in named if term.kind == "aspect"}
        found += [way(self._told_of(term.population), (one,)) for one, term in aspects.items()]
        return found + self._composed(measure)[:1]

    def _composed(self, measure: str) -> list[Way]:
        names = sorted(self._nouns, key=len, reverse=True)
        fronts = [name for name in names if name and measure.startswith(f"{name}_")]
        parts = [(front, self._split(measure[len(front) + 1 :])) for front in fronts]
        return [way(frozenset(self._nouns[front]), aspects) for front, aspects in parts if aspects]

    def _split(self, rest: str) -> tuple[str, ...]:
        """What is said of a population, in parts: "admitted_female" is admitted and female."""
        known = {*self._aspects, *IMPLIED}
        if rest in known:
            return (rest,)
        for front in sorted(known, key=len, reverse=True):
            tail = self._split(rest[len(front) + 1 :]) if rest.startswith(f"{front}_") else ()
            if tail:
                return (front, *tail)
        return ()
