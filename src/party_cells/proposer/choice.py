"""Which measure a number has: each one that the words around it could tell is scored, one chosen.

What speaks for a measure are features: where its noun and its aspects stand, what stands there
that it does not explain, whether the number before had it, … The score is the sum of their
weights (`weights.csv`, learned by `learning`). ``BLANK`` is the reading of a quantity that has no
measure, ``NOTHING`` that of a number that is none.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import islice, repeat

from party_cells.proposer.context import Context
from party_cells.proposer.lexicon import Hint
from party_cells.proposer.measures import Measures, Way

BLANK, NOTHING = "", "nothing"
Scored = dict[str, list[str]]  # the options, each with the names of its features
_RECENT, _SHARES_ONLY = 5, ("target_completion", "admission_rate")


def told(context: Context, measures: Measures) -> set[str]:
    """The measures that the terms around a number tell, or the numbers before it."""
    past, share = context.past, context.unit == "s"
    seen = context.best.keys() | past.before | past.heading
    recent = [told.measure for told in past.told[-_RECENT:] if told.measure]
    implied = {aspect for m in recent[-2:] for way in _first(measures, m) for aspect in way.aspects}
    implied |= {"assessed"} if context.part == "w" else set()
    pairs = measures.told_by(seen, frozenset(seen | implied))
    found = {m for m, way in pairs if share or not any(one in _SHARES_ONLY for one in way.aspects)}
    return found.union(recent, _wholes(recent, measures) if context.part == "w" else ())


def fitting(found: set[str], context: Context, measures: Measures) -> list[str]:
    """The readings that a number could have: the measures that suit it, blank and nothing."""
    suiting = (m for m in found if m in measures.ways and measures.suit(m, context.amount))
    return [*sorted(suiting), BLANK, NOTHING]


def _first(measures: Measures, measure: str) -> list[Way]:
    return measures.ways.get(measure, [])[:1]


def _wholes(recent: list[str], measures: Measures) -> Iterator[str]:
    """The measures of all that the numbers before are a part of."""
    nouns = frozenset().union(*(way.nouns for m in recent for way in _first(measures, m)))
    return (m for m, way in measures.told_by(nouns, frozenset()) if way.nouns <= nouns)


def scored(told: Scored, weights: dict[str, float]) -> dict[str, float]:
    """The score of each option: the sum of the weights of its features."""
    return {one: sum(map(weights.get, set(names), repeat(0.0))) for one, names in told.items()}


def ranked(scores: dict[str, float]) -> list[tuple[str, float]]:
    """The options from the likeliest on, each with its probability."""
    top = max(scores.values())
    likely = {one: math.exp(score - top) for one, score in scores.items()}
    whole = sum(likely.values())
    return sorted(((o, each / whole) for o, each in likely.items()), key=lambda pair: -pair[1])


def applying(context: Context, hints: Iterable[Hint]) -> list[Hint]:
    """The hints whose words stand around a number, each with what it says there."""
    found = ((hint, hint.words.search(context.window)) for hint in hints)
    return [hint._replace(says=words.expand(hint.says)) for hint, words in found if words]


def features(context: Context, measure: str, measures: Measures, hints: list[Hint]) -> list[str]:
    """What speaks for or against a measure of a number, by name."""
    hinted = list(_hinted(measure, hints))
    if measure in (BLANK, NOTHING):
        return [f"{measure or 'blank'} {name}" for name in _of_none(context)] + hinted
    way = max(measures.ways[measure], key=lambda way: _support(context, way))
    return [
        f"m {measure}", f"m {measure} {context.unit}", *hinted, *_of_terms(context, way, measures),
        *_left_over(context, way), *_of_the_last(context, measure, way, measures),
    ]  # fmt: skip


def _support(context: Context, way: Way) -> int:
    """How much of a way to tell a measure is really said."""
    said, before = context.best, context.past.before
    aspects = sum(10 * (name in said) + 3 * (name in before) for name in way.aspects)
    return aspects + len(way.nouns & said.keys())


def _hinted(measure: str, hints: list[Hint]) -> Iterator[str]:
    for hint in hints:
        if hint.says == measure:
            yield "hinted"
        elif measure != NOTHING and hint.instead_of.fullmatch(measure):
            yield "hinted away"


def _of_none(context: Context) -> Iterator[str]:
    """What tells that a number has no measure, or is no quantity."""
    amount, unit, ahead, behind = context.amount, context.unit, context.ahead, context.behind
    before = "none" if not context.last else "measure" if context.last.measure else "blank"
    yield from ("", f"{unit} {amount.form}", f"bound {amount.bound}", f"noun {context.noun}")
    yield f"digits {min(len(str(int(abs(amount.value)))), 5)} {unit}"
    yield from (f"< {ahead[0]}", f"< {ahead[1]} {ahead[0]}")
    yield from (f"> {behind[0]}", f"> {behind[0]} {behind[1]}", f"follows {context.follows} {unit}")
    yield from (f"ahead {word}" for word in ahead)
    yield from (f"behind {word}" for word in behind)
    for near in context.left[:3] + context.right[:3]:
        yield from (f"{near.place[:3]} {near.term.id}", f"{near.side} {near.term.id}")
    yield from (f"list {name}" for name in context.lists)
    yield from (f"terms {bool(context.best)}", f"cue {context.cue} {unit}")
    yield f"unexplained {context.unexplained} {context.follows}"
    yield from (f"after {before} {context.link}", f"after {before} {context.unexplained}")
    yield f"part {context.part} {before}"


def _nearest(context: Context, way: Way, side: str) -> str:
    """Where the nearest noun of a way stands on one side."""
    found = [context.best[n][side] for n in way.nouns if side in context.best.get(n, ())]
    if not found:
        return "-"
    near = min(found, key=lambda near: (near.between, near.letters))
    return f"{near.place}{near.term.family[:1]}"


def _nouns(context: Context, way: Way) -> tuple[str, str]:
    """Where the nearest nouns of a way stand: right (or before, or in the heading) and left."""
    right, left, past = _nearest(context, way, "R"), _nearest(context, way, "L"), context.past
    if right == left == "-" and way.nouns & (past.before | past.heading):
        right = "before" if way.nouns & past.before else "heading"
    return right, left


def _of_terms(context: Context, way: Way, measures: Measures) -> Iterator[str]:
    """Where the noun and the aspects of a measure stand, and beside which cues."""
    (right, left), kind, unit = _nouns(context, way), way.kind, context.unit
    yield from (f"nouns {right} {left}", f"noun {right} {kind}", f"noun {left} {kind}")
    yield from (f"kind {kind} {unit}", f"kind {kind} {context.part}", f"noun {right} {unit}")
    yield from (f"kind {kind} follows {context.follows}", f"kind {kind} cue {context.cue} {unit}")
    yield f"kind {kind} unexplained {context.unexplained}"
    if context.noun:
        yield f"next noun {context.noun in way.nouns} {context.follows} {kind}"
    for aspect in way.worded:
        place = _place_of(context, aspect, measures)
        yield from (f"aspect {place} {measures.family(aspect)}", f"aspect {place} {unit}")
        yield from (f"aspect {place} noun {right}", f"aspect {place} noun {left}")
        yield f"aspect {aspect} {place[:3]}"
    said = ".".join(way.aspects)
    yield from (f"{said} > {context.behind[0]}", f"{said} < {context.ahead[0]}")
    for near in context.cues:
        yield f"cue {near.side} {near.term.id} {kind[1:]}"
        yield f"cue {near.side} {near.term.id} {kind} {unit}"


def _place_of(context: Context, aspect: str, measures: Measures) -> str:
    """Where an aspect is said: at these places of the sentence, or where before it."""
    near, past, last = context.best.get(aspect), context.past, context.last
    if near:
        return "".join(near[side].place for side in "RL" if side in near)
    if aspect in past.before or aspect in past.heading:
        return "before" if aspect in past.before else "heading"
    told = last and any(aspect in way.aspects for way in _first(measures, last.measure))
    return "told" if told else "-"


def _left_over(context: Context, way: Way) -> Iterator[str]:
    """The terms near a number that a reading leaves unexplained."""
    for aspects, nouns in context.sides:
        ours = [near for near in aspects if near.term.id not in way.aspects]
        for near in [*islice(ours, 2), *nouns]:
            if near.term.id not in way.nouns:
                yield f"not {near.place} {near.term.kind} {near.term.family} {way.kind}"


def _of_the_last(context: Context, measure: str, way: Way, measures: Measures) -> Iterator[str]:
    """What the numbers before tell: the same again, a part of it, another of the kind."""
    last = context.last
    if not last:
        yield "first"
        return
    same = "same" if last.measure == measure else "other"
    units, sign = f"{last.amount.unit} {context.unit}", context.link[0]
    yield from (f"{same} {context.link} {units}", f"{same} {sign}", f"{same} part {context.part}")
    yield from (
        f"{same} {sign} unexplained {context.unexplained}",
        f"{same} cue {context.cue} {units}",
    )
    yield f"{same} follows {context.follows} {context.unit}"
    if same == "other":
        yield from _beside(context, way, _first(measures, last.measure), units)
    told = context.past.told
    yield f"{same} {len(told) > 1 and told[-2].measure == measure} {units}"
    values = [one.amount.value for one in told if one.measure == measure]
    yield from (f"told {bool(values)}", f"same value {context.amount.value in values}")


def _beside(context: Context, way: Way, last: list[Way], units: str) -> Iterator[str]:
    """How a reading differs from that of the number before."""
    if not last:
        yield f"beside blank {context.link}"
        return
    nouns, aspects = last[0].nouns == way.nouns, last[0].aspects == way.aspects
    sign, one, other = context.link[0], set(last[0].aspects), set(way.aspects)
    yield f"beside noun {nouns} {sign} {context.part}"
    yield f"beside {nouns} {aspects} {units} {context.part}"
    yield f"beside aspect {aspects} {sign} {len(one)} {way.kind}"
    if one and other and not aspects:
        yield f"beside within {one <= other} {other <= one} {sign}"
