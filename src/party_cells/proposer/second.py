"""The second reader: it reads the measure of a number for itself, by the bare words around it."""

from collections.abc import Iterator
from itertools import pairwise

from party_cells.proposer.context import Context
from party_cells.proposer.measures import Measures

_WORDS = 6


def names(context: Context) -> Iterator[str]:
    """The words around a number, and its form."""
    for side, words in (("<", context.ahead[:_WORDS]), (">", context.behind[:_WORDS])):
        yield f"{side}1 {words[0]}"
        yield from (f"{side} {word}" for word in words)
        yield from (f"{side} {one} {other}" for one, other in pairwise(words[:3]))
    yield f"{context.unit} {context.amount.form}"


def parts(measure: str, measures: Measures) -> list[str]:
    """What the words can tell of a measure: itself, its aspects, its nouns."""
    if measure not in measures.ways:
        return [measure or "blank"]
    way = measures.ways[measure][0]
    return [measure, *way.aspects, f"of {min(way.nouns, default='')}"]
