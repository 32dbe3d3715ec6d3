"""How firmly a number stands: actual, a target, or what a rule demands."""

from collections.abc import Iterator

from party_cells.proposer.context import Context
from party_cells.proposer.lexicon import Hint

STATUSES = ["actual", "target", "rule"]


def names(context: Context, measure: str, *, ahead: bool, hints: list[Hint]) -> list[str]:
    """What tells the status of a number; ``ahead``: its period is."""
    hinted = [f"hinted {hint.says}" for hint in hints]
    told = [*_of_words(context), *_of_measure(context, measure), *_of_the_last(context, measure)]
    return [*told, f"ahead {ahead}", *hinted]


def _of_words(context: Context) -> Iterator[str]:
    ahead, behind = context.ahead, context.behind
    yield from ("", f"< {ahead[0]}", f"> {behind[0]}", f"< {ahead[1]} {ahead[0]}")
    yield from (f"ahead {word}" for word in ahead[:6])
    yield from (f"behind {word}" for word in behind[:4])
    for near in [n for n in context.left + context.right if n.term.kind == "cue"]:
        yield from (f"{near.place[:3]} {near.term.id}", f"{near.side} {near.term.id}")
    yield from (f"before {name}" for name in context.past.before if name in _TELLING)
    yield from (f"heading {name}" for name in context.past.heading if name in _TELLING)


_TELLING = frozenset({"plan", "target", "actual", "rule"})


def _of_measure(context: Context, measure: str) -> Iterator[str]:
    amount = context.amount
    yield from (f"m {measure}", f"bound {amount.bound}", f"m {measure} {amount.bound}")
    yield from (
        f"part {context.part}",
        f"{context.unit} {amount.bound}",
        f"kind {measure.rpartition('_')[2]}",
    )


def _of_the_last(context: Context, measure: str) -> Iterator[str]:
    last = context.last
    if last:
        same = last.measure == measure
        yield from (f"after {last.status} {context.link}", f"after {last.status} {same}")
        yield from (f"after {last.status} part {context.part}", f"after {context.link[0]} {same}")
