"""Which measure a number has: each one that the words around it could tell is scored, one chosen.

What speaks for a measure are features: where its noun and its aspects stand, what stands there
that it does not explain, whether the number before had it, … The score is the sum of their
weights (`weights.csv`, learned by `learning`). ``BLANK`` is the reading of a quantity that has no
measure, ``NOTHING`` that of a number that is none.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat

from party_cells.proposer.context import Context, Near
from party_cells.proposer.lexicon import Hint
from party_cells.proposer.measures import Measures, Way

BLANK, NOTHING = "", "nothing"
Part = tuple  # features that go together: a function that tells their names, and what it needs
Seen = dict[str, list[Part]]  # the options of a number, each with its parts, all names differing
_RECENT, _SHARES_ONLY = 5, ("target_completion", "admission_rate")
_CHANGES, _TOLD_BY_CHANGE = ("change_up", "change_down"), {"change", "target_completion"}


def names(part: Part) -> Iterable[str]:
    """The names of the features of a part."""
    tell, *of = part
    return tell(*of)


def score(weights: dict[str, float], part: Part) -> float:
    """The sum of the weights of the features of a part."""
    return sum(map(weights.get, names(part), repeat(0.0)))


def scored(seen: Seen, score: Callable[[Part], float]) -> dict[str, float]:
    """The score of each option; rounded, so that which of two equal ones is first never varies."""
    return {option: round(sum(map(score, parts)), 6) for option, parts in seen.items()}


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
    if context.cue in _CHANGES:  # "tăng 120 đảng viên" says nothing of how many there are
        suiting = (
            m for m in suiting if _TOLD_BY_CHANGE & {a for w in measures.ways[m] for a in w.aspects}
        )
    return [*sorted(suiting), BLANK, NOTHING]


def _first(measures: Measures, measure: str) -> list[Way]:
    return measures.ways.get(measure, [])[:1]


def _wholes(recent: list[str], measures: Measures) -> Iterator[str]:
    """The measures of all that the numbers before are a part of."""
    nouns = frozenset().union(*(way.nouns for m in recent for way in _first(measures, m)))
    return (m for m, way in measures.told_by(nouns, frozenset()) if way.nouns <= nouns)


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


def features(
    context: Context, options: Iterable[str], measures: Measures, hints: list[Hint]
) -> Seen:
    """What speaks for or against each measure that a number could have."""
    seen = {}
    for measure in options:
        none = measure in (BLANK, NOTHING)
        told = _of_none(context, measure) if none else _of_measure(context, measure, measures)
        seen[measure] = [*told, *_hinted(measure, hints)]
    return seen


def _of_measure(context: Context, measure: str, measures: Measures) -> Iterator[Part]:
    """Where the noun and the aspects of a measure stand, and what stands there besides."""
    ways, unit = measures.ways[measure], context.unit
    way = max(ways, key=lambda way: _support(context, way)) if ways[1:] else ways[0]
    (right, left), kind = _nouns(context, way), way.kind
    yield _named, measure, unit
    yield _beside_words, way.aspects, context.behind[0], context.ahead[0]
    yield _of_kind, kind, unit, context.part, context.follows, context.cue, context.unexplained
    yield _of_nouns, right, left, kind, unit
    if context.noun:
        yield _next_noun, context.noun in way.nouns, context.follows, kind
    said = [(a, measures.family(a), _place_of(context, a, measures)) for a in way.worded]
    yield _of_aspects, right, left, unit, *said
    yield _of_cues, kind, unit, *[f"{near.side} {near.term.id}" for near in context.cues]
    yield _left_over, kind, *_unexplained(context, way)
    yield from _of_the_last(context, measure, way, measures) if context.last else [(_first_one,)]


def _support(context: Context, way: Way) -> int:
    """How much of a way to tell a measure is really said."""
    said, before = context.best, context.past.before
    aspects = sum(10 * (name in said) + 3 * (name in before) for name in way.aspects)
    return aspects + len(way.nouns & said.keys())


def _hinted(measure: str, hints: list[Hint]) -> Iterator[Part]:
    if any(hint.says == measure for hint in hints):
        yield (_hint, "hinted")
    others = (hint for hint in hints if measure != NOTHING and hint.says != measure)
    if any(hint.instead_of.fullmatch(measure) for hint in others):
        yield (_hint, "hinted away")


def _hint(name: str) -> Iterator[str]:
    yield name


def _of_none(context: Context, measure: str) -> Iterator[Part]:
    """What tells that a number has no measure, or is no quantity."""
    amount, name, unit, follows = context.amount, measure or "blank", context.unit, context.follows
    before = "none" if not context.last else "measure" if context.last.measure else "blank"
    near = [(one.place[:3], one.side, one.term.id) for one in _closest(context)]
    digits = min(len(str(int(abs(amount.value)))), 5)
    yield _none_by_form, name, unit, amount.form, amount.bound, context.noun, digits
    yield _none_by_words, name, unit, follows, tuple(context.ahead), tuple(context.behind)
    yield _none_by_terms, name, *near
    yield _none_by_lists, name, *context.lists
    yield _none_by_cue, name, bool(context.best), context.cue, unit, context.unexplained, follows
    yield _none_by_last, name, before, context.link, context.unexplained, context.part


def _closest(context: Context) -> list[Near]:
    return context.left[:3] + context.right[:3]


def _none_by_form(none: str, unit: str, form: str, bound: str, noun: str, digits: int):
    yield from (f"{none} ", f"{none} {unit} {form}", f"{none} bound {bound}")
    yield from (f"{none} noun {noun}", f"{none} digits {digits} {unit}")


def _none_by_words(none: str, unit: str, follows: str, ahead: tuple, behind: tuple):
    yield from (f"{none} < {ahead[0]}", f"{none} < {ahead[1]} {ahead[0]}")
    yield from (f"{none} > {behind[0]}", f"{none} > {behind[0]} {behind[1]}")
    yield f"{none} follows {follows} {unit}"
    yield from {f"{none} ahead {word}" for word in ahead}
    yield from {f"{none} behind {word}" for word in behind}


def _none_by_terms(none: str, *near: tuple[str, str, str]) -> set[str]:
    at = {f"{none} {place} {term}" for place, _, term in near}
    return at | {f"{none} {side} {term}" for _, side, term in near}


def _none_by_lists(none: str, *lists: str):
    yield from (f"{none} list {name}" for name in lists)


def _none_by_cue(none: str, terms: bool, cue: str, unit: str, unexplained: str, follows: str):
    yield from (f"{none} terms {terms}", f"{none} cue {cue} {unit}")
    yield f"{none} unexplained {unexplained} {follows}"


def _none_by_last(none: str, before: str, link: str, unexplained: str, part: str):
    yield from (f"{none} after {before} {link}", f"{none} after {before} {unexplained}")
    yield f"{none} part {part} {before}"


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


def _named(measure: str, unit: str):
    yield from (f"m {measure}", f"m {measure} {unit}")


def _beside_words(aspects: tuple[str, ...], behind: str, ahead: str):
    said = ".".join(aspects)
    yield from (f"{said} > {behind}", f"{said} < {ahead}")


def _of_kind(kind: str, unit: str, part: str, follows: str, cue: str, unexplained: str):
    yield from (f"kind {kind} {name}" for name in {unit, part})
    yield from (f"kind {kind} follows {follows}", f"kind {kind} cue {cue} {unit}")
    yield f"kind {kind} unexplained {unexplained}"


def _of_nouns(right: str, left: str, kind: str, unit: str):
    yield from (f"nouns {right} {left}", f"noun {right} {unit}")
    yield from (f"noun {side} {kind}" for side in {right, left})


def _next_noun(own: bool, follows: str, kind: str):
    yield f"next noun {own} {follows} {kind}"


def _of_aspects(right: str, left: str, unit: str, *said: tuple[str, str, str]) -> set[str]:
    """Where each aspect of a measure stands, told once where several stand alike."""
    found = {f"aspect {aspect} {place[:3]}" for aspect, _, place in said}
    for _, family, place in said:
        found |= {f"aspect {place} {family}", f"aspect {place} {unit}"}
        found |= {f"aspect {place} noun {right}", f"aspect {place} noun {left}"}
    return found


def _of_cues(kind: str, unit: str, *cues: str) -> set[str]:
    return {f"cue {cue} {beside}" for cue in cues for beside in (kind[1:], f"{kind} {unit}")}


def _left_over(kind: str, *places: str) -> set[str]:
    return {f"not {place} {kind}" for place in places}


def _first_one():
    yield "first"


def _place_of(context: Context, aspect: str, measures: Measures) -> str:
    """Where an aspect is said: at these places of the sentence, or where before it."""
    near, past, last = context.best.get(aspect), context.past, context.last
    if near:
        return "".join(near[side].place for side in "RL" if side in near)
    if aspect in past.before or aspect in past.heading:
        return "before" if aspect in past.before else "heading"
    told = last and any(aspect in way.aspects for way in _first(measures, last.measure))
    return "told" if told else "-"


def _unexplained(context: Context, way: Way) -> Iterator[str]:
    """The terms near a number that a reading leaves unexplained."""
    for aspects, nouns in context.sides:
        ours = [near for near in aspects if near.term.id not in way.aspects]
        for near in [*islice(ours, 2), *nouns]:
            if near.term.id not in way.nouns:
                yield f"{near.place} {near.term.kind} {near.term.family}"


def _of_the_last(context: Context, measure: str, way: Way, measures: Measures) -> Iterator[Part]:
    """What the numbers before tell: the same again, a part of it, another of the kind."""
    last, told, unit = context.last, context.past.told, context.unit
    same, units = "same" if last.measure == measure else "other", f"{last.amount.unit} {unit}"
    follows = f"{context.follows} {unit}"
    yield (
        _goes_on,
        same,
        context.link,
        units,
        context.part,
        context.unexplained,
        context.cue,
        follows,
    )
    values = [one.amount.value for one in told if one.measure == measure]
    before = len(told) > 1 and told[-2].measure == measure
    yield _told_before, same, before, units, bool(values), context.amount.value in values
    if same == "other":
        other = _first(measures, last.measure)
        nouns, aspects = (other[0].nouns == way.nouns, other[0].aspects) if other else (None, ())
        yield _beside, nouns, aspects, way.aspects, way.kind, context.link, units, context.part


def _goes_on(same: str, link: str, units: str, part: str, unexplained: str, cue: str, follows: str):
    yield from (f"{same} {link} {units}", f"{same} {link[0]}", f"{same} part {part}")
    yield from (f"{same} {link[0]} unexplained {unexplained}", f"{same} cue {cue} {units}")
    yield f"{same} follows {follows}"


def _told_before(same: str, before: bool, units: str, told: bool, same_value: bool):
    yield from (f"{same} {before} {units}", f"told {told}", f"same value {same_value}")


def _beside(
    nouns: bool | None, last: tuple, aspects: tuple, kind: str, link: str, units: str, part: str
):
    """How a reading differs from that of the number before."""
    if nouns is None:
        yield f"beside blank {link}"
        return
    sign, one, other, equal = link[0], set(last), set(aspects), last == aspects
    yield from (f"beside noun {nouns} {sign} {part}", f"beside {nouns} {equal} {units} {part}")
    yield f"beside aspect {equal} {sign} {len(one)} {kind}"
    if one and other and not equal:
        yield f"beside within {one <= other} {other <= one} {sign}"
