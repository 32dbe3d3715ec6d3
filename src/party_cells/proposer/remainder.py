"""The numbers that no rule could read: returned where the Party is spoken of.

Such a number takes its meaning from the terms of its own clause, or, where that has none, from the
number before it or from what a question or heading asks for (`topic`); else it has no measure.

A number is kept back only where it is recognised as something else: a name or date (see
`readings.is_name`), a unit or thing of another field behind it ("27 km", "52 hộ"), or another
field's subject in its clause ("hộ nghèo còn 18,7%"). The words are the rows of kind ``field``.
"""

import re
from bisect import bisect_left

from helpers.numbers import Amount
from party_cells.proposer import readings
from party_cells.proposer.lexicon import Found, Lexicon, Term, over_folded
from party_cells.proposer.readings import Reading, Sentence

_CLAUSE_END = re.compile(r"[,;:()]")
_COUNTED_WORDS = over_folded(r"\s(?:người|đồng chí|đ/c|cụ|là|và)(?!\w)|\s?[.,;)]")
_CLAUSE_OR_NUMBER = re.compile(r"[,;:()\d]")
_DUTY = over_folded(r"(?<!\w)mỗi (?:người|đảng viên|đồng chí|(?:\w+ ){0,2}ủy viên)(?!\w)")
_ADMITTING = over_folded(r"kết nạp(?: \w+){0,2} $")  # "kết nạp 25 công nhân"
_MEAN = over_folded(r"(?:bình quân|trung bình)")
_NOTHING_AT = over_folded(r"(?:[,;:(.]\s*|(?<!\w)(?:và|rồi|nhưng|để|song|hiện|nay)\s|^)$")
_WORD = re.compile(r"\w+")
_PEOPLE = over_folded(
    r"^[\s%]*(?:người|đồng chí|đ/c|quần chúng|trường hợp|đơn vị|tổ chức|nơi|ca|cụ|bác|cô|chú|vị)?"
)
_PERSON = over_folded(r"\s(?:người|đồng chí|đ/c)(?!\w)")
_BODY = over_folded(r"\s(?:tổ chức|đơn vị|tập thể|nơi)(?!\w)")
_HOW_MANY = over_folded(r"(?:bao nhiêu|mấy)\s$")
_LONGEST_CLAUSE = 120


def unread(sentence: Sentence, lexicon: Lexicon) -> list[Reading]:
    """Readings without a measure for the numbers of a sentence that have none yet."""
    read = {reading.amount.start for reading in sentence.readings}
    left = [amount for amount in sentence.numbers if amount.start not in read]
    kept = [a for a in left if not _foreign(sentence, a, lexicon)]
    return [Reading(a, rule="unread", unknown=True, target=a.start in sentence.plans) for a in kept]


def opens(text: str, start: int, end: int) -> bool:
    """Whether a line is a question or a heading: it tells what the numbers after it are about."""
    last = text[start:end].rstrip()[-1:]
    return last in ("?", ":") or (end - start < _LONGEST_CLAUSE and last != ".")


def topic(text: str, start: int, end: int, lexicon: Lexicon) -> Reading | None:
    """What a question, a heading or a sentence without numbers is about, as a reading of none."""
    found = list(lexicon.scan(text, start, end))
    if any(f.term.family == "other" for f in found):
        return None
    asked = [f for f in found if _HOW_MANY.search(text, max(start, f.start - 9), f.start)]
    nouns = [noun for f in [*asked, *found] if (noun := readings.subject(text, f))]
    fitting = [*nouns, readings.MEMBERS]
    main = readings.best([f.term for f in found if any(readings.fits(f.term, n) for n in fitting)])
    noun = next((n for n in fitting if not main or readings.fits(main, n)), None)
    groups = tuple(dict.fromkeys(f.term.id for f in found if f.term.family == "group"))
    return Reading(None, noun, main, groups, rule="topic") if nouns or main or groups else None


def latest(sentence: Sentence) -> Reading | None:
    """What a sentence told last, other than of the people: of a list, the whole it parts."""
    told = [r for r in sentence.readings if r.measure and r.noun and r.noun.id != "population"]
    told = told[-9:]
    for at, reading in enumerate(told[:-2]):
        if reading.amount.value == sum(r.amount.value for r in told[at + 1 :]):
            return reading
    return told[-1] if told else None


def explain(sentence: Sentence, reading: Reading, lexicon: Lexicon) -> None:
    """Give an unread number the noun and the aspects of its clause, or of the number before it."""
    ahead, behind = _clause(sentence, reading.amount)
    start, end = reading.amount.left - len(ahead), reading.amount.right + len(behind)
    found = list(lexicon.scan(sentence.text, start, end))
    terms = [f.term for f in found]
    before, share = _before(sentence, reading), reading.amount.unit == "share"
    nouns = [t for t in terms if t.kind == "noun" and t.family in ("", "weak")]
    nouns += [n for n in (before and before.noun, sentence.topic, readings.MEMBERS) if n]
    behind_it = next((f for f in found if f.start == reading.amount.right + 1), None)
    if reading.amount.form == "whole" and behind_it and behind_it.term.id == "villages":
        reading.noun, reading.rule, reading.unknown = behind_it.term, "whole", False
        return
    said = [t for t in terms if t.kind == "aspect" and any(readings.fits(t, n) for n in nouns)]
    if any(t.family == "other" for t in said):
        return
    headed = before is None or before not in sentence.readings
    if not said and headed and ":" in sentence.text[sentence.start : start]:
        colon = sentence.text.rindex(":", sentence.start, start)
        head = [f.term for f in lexicon.scan(sentence.text, sentence.start, colon)]
        said = [t for t in head if t.family in ("tier", "event", "general")]
        nouns = [t for t in head if t.kind == "noun" and t.family == ""] + nouns
    if said:
        _from_clause(reading, said, nouns, before)
    elif _adds_up(sentence, reading):
        reading.noun, reading.rule, reading.unknown = readings.ORGANISATIONS, "sum", False
    elif (
        before
        and (share or _bare(behind, lexicon))
        and not (before.noun.population == "members" and _BODY.match(behind))
        and not any(_counted_else(f, reading, before) for f in found)
    ):
        person = before.noun.population in ("cells", "organisations") and _PERSON.match(behind)
        if person:  # "chi bộ ..., năm ngoái có 5 người": the members of the cell
            before = Reading(None, readings.MEMBERS)
        planned = any(t.id in ("plan", "resolutions") for t in terms)
        if share:
            planned = planned or before.target or reading.amount.value > 1
        else:
            planned = planned or any(t.id == "assigned" for t in terms)
        _from_before(reading, before, planned, told=any(t.id == "inherit" for t in terms))


def _before(sentence: Sentence, reading: Reading) -> Reading | None:
    """The nearest earlier number of the sentence that has a measure, else what it is about."""
    start = reading.amount.start
    read = [r for r in sentence.readings if r.measure and r.amount.start < start]
    here = [r for r in read if r.amount.form != "whole"]
    found = [r for r in here if r.noun and r.noun.id != "population"]
    if reading.amount.unit == "share" and sentence.before and not found:
        told = [b.readings for b in (sentence.before.before, sentence.before) if b]
        found = [r for rs in told for r in rs if r.measure and r.amount.unit == "share"]
    if reading.amount.unit != "share" and found and found[-1].rule == "completion":
        found = [r for r in found if r.amount.unit != "share"] or found  # "đạt 77% chỉ tiêu"
    return found[-1] if found else sentence.about


def _from_clause(
    reading: Reading, said: list[Term], nouns: list[Term], before: Reading | None
) -> None:
    main = readings.best(said)
    groups = tuple(dict.fromkeys(t.id for t in said if t.family == "group"))
    aspect = main or Term("aspect", "", "group", "members")
    reading.noun = next((n for n in nouns if readings.fits(aspect, n)), readings.MEMBERS)
    reading.main, reading.extra, reading.rule, reading.unknown = main, groups, "clause", False
    if groups and not main and before and before.main and before.main.id == "admitted":
        reading.main = before.main


def _bare(behind: str, lexicon: Lexicon) -> bool:
    """Whether nothing else is counted by the number that these words follow."""
    words = _WORD.findall(_PEOPLE.sub("", behind))
    return not words or bool(lexicon.lists["joint"].fullmatch(words[0]))


def _counted_else(found: Found, reading: Reading, before: Reading) -> bool:
    """Whether a noun of the clause is what the number counts, or speaks of something else."""
    term, ahead = found.term, found.start < reading.amount.start
    passing = ("resolutions", "communes", "villages", "times") if ahead else ("resolutions",)
    if reading.amount.unit == "share" and before.noun.population == "members" and ahead:
        passing += ("cells", "cells_in_villages", "cells_in_agencies")  # whose members are meant
    return term.kind == "noun" and term.family in ("", "weak") and term.id not in passing


def _adds_up(sentence: Sentence, reading: Reading) -> bool:
    """ "Còn 21, trong đó 9 đảng bộ và 12 chi bộ cơ sở": the number is that of both kinds."""
    later = [r for r in sentence.readings if r.amount.start > reading.amount.start and r.noun]
    kinds = {r.noun.id: r.amount.value for r in later[:4] if not r.main and not r.extra}
    both = kinds.get("base_committees"), kinds.get("base_cells", kinds.get("cells"))
    return None not in both and sum(both) == reading.amount.value


def _from_before(reading: Reading, before: Reading, planned: bool, *, told: bool) -> None:
    """An ellipsis: the plan of what was counted, a share of that plan, or the next of a series."""
    share = reading.amount.unit == "share"
    parted = before.amount is None or before.amount.form == "part"
    alike = parted or share == (before.amount.unit == "share")
    if not planned and not (told and share) and not alike:
        return
    reading.take(before, "carried")
    if reading.amount.form == "whole":  # of "11/12", only the part is what was asked for
        tier = before.main and before.main.family == "tier"
        reading.main = Term("aspect", "assessed", "general") if tier else None
        reading.noun = readings.CELLS if before.noun.id == "committees" else before.noun
    if planned and share:
        reading.extra = ("target_completion",)
    reading.target = reading.target or (planned and not share)


def _foreign(sentence: Sentence, amount: Amount, lexicon: Lexicon) -> bool:
    """Whether a number belongs to another field than the Party's organisation."""
    text = sentence.text
    ahead, behind = _clause(sentence, amount)
    if amount.form == "part":  # "17/19 tiêu chí": what both count follows the whole
        amount = next((n for n in sentence.numbers if n.start > amount.start), amount)
    if lexicon.lists["after"].match(text, amount.right):
        duty = _DUTY.search(ahead) and text.startswith("hộ", amount.right + 1)
        return not (
            duty
            or _ADMITTING.search(ahead)
            or (_MEAN.search(ahead) and text.startswith("tuổi", amount.right + 1))
        )
    if lexicon.lists["before"].search(ahead):
        return True
    if amount.form in ("words", "zero") and not _counts(sentence, amount):
        return True
    subject = lexicon.lists["subject"].search(f"{ahead} # {behind}")
    return bool(subject) and not any(
        event.term.kind in ("noun", "aspect") and event.term.family not in ("other", "weak")
        for event in lexicon.scan(text, amount.left - len(ahead), amount.right + len(behind))
    )


def _counts(sentence: Sentence, amount: Amount) -> bool:
    """Whether a number word counts: before a noun of the Party or people, or alone at an end.

    "Không" counts at the head of its clause only: not in "31 nơi chưa có chi bộ".
    """
    text, start = sentence.text, amount.start
    if amount.form == "zero" and not _NOTHING_AT.search(
        text[max(sentence.start, start - 8) : start]
    ):
        return False
    if _COUNTED_WORDS.match(text, amount.right) or text.endswith("gấp ", 0, start):
        return True
    at = bisect_left(sentence.events, amount.right, key=lambda event: event.start)
    near = amount.right + (8 if amount.form == "zero" else 1)
    return any(
        isinstance(event, Found) and event.term.kind == "noun" and event.start <= near
        for event in sentence.events[at : at + 1]
    )


def _clause(sentence: Sentence, amount: Amount) -> tuple[str, str]:
    """The words around a number: from the last comma or the like, to the next one or number."""
    text = sentence.text
    ahead = text[max(sentence.start, amount.left - _LONGEST_CLAUSE) : amount.left]
    behind = text[amount.right : min(sentence.end, amount.right + _LONGEST_CLAUSE)]
    return _CLAUSE_END.split(ahead)[-1], _CLAUSE_OR_NUMBER.split(behind, maxsplit=1)[0]
