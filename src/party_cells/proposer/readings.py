"""What each number of a sentence is about: the noun it counts and what is said of it.

A number is read with the words around it, in this order: the noun right after it ("30 chi bộ"),
what is said after that ("hoàn thành tốt nhiệm vụ"), a label before it ("khiển trách 14"), and what
carries over from the number before (shares in brackets, lists, "trong đó") or from a question, a
heading or a sentence without numbers. Every look goes no
further than the neighbouring numbers, so the work grows with the length of the text.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache

from helpers.evidence import fold
from helpers.numbers import Amount, qualified
from party_cells.proposer.lexicon import Found, Lexicon, Term, over_folded

_MARK = over_folded(  # what begins with a letter tells the search where to stop
    r"[,;:()…]|[-–](?<=\s.)(?=\s)|(?:và(?<=\s..)|cùng(?<=\s.{4})(?! kỳ)|rồi(?<=\s.{3})"
    r"|nhưng(?<=\s.{5})|song(?<=\s.{4})|mà(?<=\s..)(?! còn)"
    r"|với(?<=\s.{3})(?<!đối với)(?<!dụng với)(?<!so với))(?=\s)"
)
_TO_NOUN = over_folded(
    r"\s*(?:trở lên )?(?:(?:là |có |còn |để )?(?:một )?)(?:trong )?(?:tổng )?(?:số |các |toàn bộ "
    r"|những |lượt )*"
)
_TO_NUMBER = over_folded(
    r"(?:.*(?:là|có|:|đạt|còn|gồm|được|=|lên|chỉ|vẹn|tới|đến|với|thêm|nhất|thành|mới|từ|\("
    r"|thì|cũng|vẫn|hiện|đã|chiếm))?\s*"
)
_DATE_BEFORE = over_folded(
    r"(?:ngày|hôm|sáng|chiều|tối|dịp|đến|hết|từ|lễ|mùng|trước|sau|mừng|trưa|vào)\s$"
)
_DONE = over_folded(
    r"(?<!\w)(?:đã|đến nay|hiện nay|hiện có|hiện|vừa qua|năm qua|năm ngoái|kết quả|thực tế"
    r"|cũng trong năm|vẫn (?:có|còn)|hiện mới"
    r"|rồi(?=[.,;!]))(?!\w)"
)
_RULE = over_folded(r"(?<!\w)(?:yêu cầu|quy định|hướng dẫn)(?!\w)")
_LESS = ("in_", "removed", "probationary", "young", "working_away")  # said beside something sharper
_SHARES_ONLY = ("attended", "share_of_population")
_PEOPLE = ("officers", "secretaries", "village_heads")
_OF_WEAK = ("officers", "sessions", "files", "resolutions")  # said of these nouns alone
_MANY = 40  # no village or cell has a higher number for its name
_ANNOUNCES = re.compile(r"[^:;.\d]{0,60}:")
_PLAN_NAMED = over_folded(r"(?:nghị quyết|kế hoạch|chương trình|đề án)\s$")
_OF = over_folded(r"\s*(?:được xếp |đạt )?(?:trong|trên)(?: tổng)?(?: số)?\s*")
_OF_PLAN = over_folded(r"\s*(?:so với |của |so )?")
_LEVEL = over_folded(r"so với (?:mức|con số|số) ")
_TOTAL = over_folded(r" hiện (?:có|nay)")
_ALL = over_folded(r"(?:cả|toàn bộ|tất cả|khắp) $")
_OF_BEFORE = over_folded(r"trong(?: tổng)?(?: số)?\s$")
_HAVING = over_folded(r"(?<!\w)(?:có|còn|với|gồm|là|quản lý|tổng số|thay mặt|đại diện)(?!\w)")
_SHARE_OF_PEOPLE = Term(
    "aspect", "share_of_population", "event", "members", "members_share_of_population"
)
MEMBERS = Term("noun", "members", "", "members", "members")
CELLS = Term("noun", "cells", "", "cells", "cells")
ORGANISATIONS = Term("noun", "base_organisations", "", "organisations", "base_organisations")
_DISCIPLINE = ("disciplined", "reprimanded", "warned", "dismissed", "expelled",
               "violation_population_policy")  # fmt: skip
_DISCIPLINED = Term("aspect", "disciplined", "general", "members|organisations|cells")
_TIERS = tuple(
    Term("aspect", f"rated_{tier}", "tier", "cells|organisations|members")
    for tier in ("excellent", "good", "completed", "not_completed")
)  # as regulations list them since 2018
_CLAUSE = over_folded(r"[,;.…]|(?<!\w)(?:nhưng|song|mà|trong khi|còn(?= năm| cùng| quý))(?!\w)")
_TIME = over_folded(
    r"(?<!\w)(?:năm|đợt|cùng kỳ|quý|tháng|nhiệm kỳ|nay|hiện|giờ|trước|đầu|cuối|khóa)(?!\w)"
)
_PLACE = over_folded(
    r"\W*(?:\w+ ){0,2}(?:thành phố|tp|huyện|thị xã|xã|phường|thị trấn)(?: \w+){1,3}(?: \(| là)?\s"
)
_STOCK = over_folded(
    r"(?<!\w)(?:(?<!vẫn )(?<!chỉ )(?<!cũng )(?<!mới )có|gồm|(?<!so )với|tổng)(?!\w)"
)
_SAME = over_folded(r"(?<!\w)(?:tức|tương ứng|tương đương|cụ thể|nghĩa là|hay)(?!\w)")
_LISTED = over_folded(r"\s*(?:$|[,;.()]|và |với |trong đó|có |thì |còn |nay |sáp nhập |sắp xếp )")
_MERGED_INTO = over_folded(
    r"(?<!\w)(?:được )?(?:sắp xếp|sáp nhập|hợp nhất|gom|dồn|rút|nhập)(?: lại)? (?:thành|còn|xuống)"
)
_UP_OR_DOWN = over_folded(r"(?<!\w)(?:xuống|lên|còn)(?!\w)")
_SUBJECTS = ("cells", "cells_in_villages", "cells_under_base", "members", "base_organisations",
             "villages", "committees")  # fmt: skip
_NONE_PASSES = over_folded(  # "không buổi nào dưới 90%" sets a lower bound
    r"(?:không|chưa)\s(?:(?:\w+\s){1,2}nào|để|kéo dài|được)\s(?:\w+\s)?(dưới|thấp hơn|quá|trên)\s$"
)
_LIMITS = ("dưới", "thấp hơn", "quá", "trên")
_PLACES_LIST = ("villages", "communes", "population")
_DURATION = over_folded(r"\snăm(?! \d{4}(?! và))(?!\w)")  # also "hai năm 2020 và 2021"
_AGAINST_PLAN = over_folded(
    r"(?<!\w)so (?:với )?(?:chỉ tiêu|kế hoạch|nghị quyết)[^,;.\d]{0,30} (?:đạt|bằng|được)\s$"
)
_THESE = over_folded(r" (?:này|đó|ấy|trên|kia|nói trên)(?!\w)")
_NEXT_WORD = re.compile(r"\s*(\w*)")
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Reading:
    """What a number was read to mean; without a number, what the numbers to come are about."""

    amount: Amount | None
    noun: Term | None = None
    main: Term | None = None
    extra: tuple[str, ...] = ()
    rule: str = ""
    base_text: str = ""
    target: bool = False
    ceiling: bool = False
    awaits_whole: bool = False
    denominator: bool = False
    unknown: bool = False  # of the Party, but of no measure
    sign: int = 1
    measure: str = ""

    def take(self, other: "Reading", rule: str) -> None:
        """Count the same as another number does, of which this one is no comparison."""
        self.noun, self.main, self.unknown = other.noun, other.main, other.unknown
        self.extra = tuple(e for e in other.extra if e not in ("target_completion", "change"))
        self.rule = rule


@dataclass(slots=True)
class Sentence:
    """One sentence: its events (terms, marks, amounts) in order, and what it carries over."""

    text: str
    start: int
    end: int
    lexicon: Lexicon
    events: list
    topic: Term | None = None
    head: Reading | None = None  # the number before "trong đó"
    claimed: int = 0  # where the words used by the number before end
    target: bool = False
    before: "Sentence | None" = None
    about: Reading | None = None  # the number, question or heading before it
    listing: bool = False  # behind "lần lượt"
    said: set[str] = field(default_factory=set)  # the ids of its terms
    readings: list[Reading] = field(default_factory=list)
    numbers: list[Amount] = field(default_factory=list)
    plans: set[int] = field(default_factory=set)  # where the numbers of a plan begin

    @property
    def last(self) -> Reading | None:
        return self.readings[-1] if self.readings else None


def read(
    text: str, s: int, e: int, amounts: list[Amount], lexicon: Lexicon,
    before: Sentence | None, about: Reading | None, of_party: bool,
) -> Sentence:  # fmt: skip
    """The readings of one sentence of a folded text, measures not yet composed."""
    found = list(lexicon.scan(text, s, e))
    amounts = amounts if found or of_party else []  # nothing is said of them
    spans = [(f.start, f.end) for f in found]
    numbers = [a for a in amounts if not _inside(a.start, spans)]
    counted = [(f.start, f.end) for f in found if f.term.kind != "cue"]
    numbers = [_bounded(text, a, s) for a in _unnamed(text, numbers, lexicon, counted)]
    topic = before.topic if before else None
    if about and about.noun.family != "weak" and not (before and about.amount):
        topic = about.noun
    if not found:
        return Sentence(text, s, e, lexicon, [], topic, before=before, about=about, numbers=numbers)
    written = [(a.start, a.right) for a in numbers]
    marks = [
        Found(*m.span(), _mark(m[0]))
        for m in _MARK.finditer(text, s, e)
        if not _inside(m.start(), spans) and not _inside(m.start(), written)
    ]
    events = sorted([*found, *numbers, *marks], key=lambda event: event.start)
    sentence = Sentence(text, s, e, lexicon, events, topic, claimed=s)
    sentence.before, sentence.about, sentence.numbers = before, about, numbers
    sentence.said = {f.term.id for f in found}
    planned = before and before.target and before.readings and before.readings[0].target
    sentence.target = bool(planned) and not done(sentence) and not _required(before)
    for at, event in enumerate(events):
        if isinstance(event, Amount):
            sentence.plans |= {event.start} if sentence.target else set()
            reading = _interpret(sentence, at, lexicon, before)
            if reading:
                sentence.readings.append(reading)
                if reading.noun and reading.noun.family != "weak":
                    sentence.topic = reading.noun
        elif event.term.kind == "cue":
            _note(sentence, event)
        elif not sentence.readings and (opened := subject(text, event)):
            sentence.topic = opened
    _distribute(sentence)
    _share_forward(sentence)
    _split_base(sentence)
    return sentence


def done(sentence: Sentence) -> bool:
    """Whether a sentence says that something is done."""
    return bool(_DONE.search(sentence.text, sentence.start, sentence.end))


def _required(sentence: Sentence) -> bool:
    """Whether a sentence tells a rule, which the next ones do not go on with."""
    return bool(_RULE.search(sentence.text, sentence.start, sentence.end))


@cache
def _mark(written: str) -> Term:
    return Term("mark", written)


def subject(text: str, event: Found) -> Term | None:
    """The noun a sentence opens with, which the numbers without one are about."""
    if event.term.kind == "noun" and event.term.id in _SUBJECTS:
        return event.term
    of_party = event.term.id == "unit" and (
        "đảng" in text[event.start : event.end] or text.endswith("về ", 0, event.start)
    )
    return ORGANISATIONS if of_party else None


def _inside(position: int, spans: list[tuple[int, int]]) -> bool:
    at = bisect_left(spans, (position + 1, 0)) - 1
    return at >= 0 and spans[at][1] > position


def _unnamed(
    text: str, amounts: list[Amount], lexicon: Lexicon, spans: list[tuple[int, int]]
) -> list[Amount]:
    """The amounts that are no names; both halves of "sáng 16/7" go together."""
    kept: list[Amount] = []
    for before, amount in zip([None, *amounts], amounts, strict=False):
        if amount.form == "whole" and before and before.form == "part":
            if kept and kept[-1] is before:
                kept.append(amount)
        elif _planned_beside(text, before, amount) or not _is_name(text, amount, lexicon, spans):
            kept.append(amount)
    return kept


def _bounded(text: str, amount: Amount, start: int) -> Amount:
    """The amount with the bound that a negation turns round: "không buổi nào dưới 90%"."""
    before = text[max(start, amount.start - 30) : amount.start]
    negated = before[:-1].endswith(_LIMITS) and _NONE_PASSES.search(before)
    if not negated:
        return amount
    return qualified(amount, "at_least" if negated[1] in ("dưới", "thấp hơn") else "at_most")


def _planned_beside(text: str, before: Amount | None, amount: Amount) -> bool:
    """ "187 người (nghị quyết 170)": much like the number before."""
    near = (
        before
        and amount.start - before.end < 80
        and before.value / 2 < amount.value < before.value * 2
    )
    return bool(near and _PLAN_NAMED.search(text[max(0, amount.left - 20) : amount.left]))


def _is_name(text: str, amount: Amount, lexicon: Lexicon, spans: list[tuple[int, int]]) -> bool:
    """Whether a number is part of a name or a date: "thứ ba", "năm 2020", "19/8"."""
    if amount.form == "every":
        return False
    before = text[max(0, amount.start - 24) : amount.start]
    if amount.unit != "share" and lexicon.lists["strict"].search(before):
        return True
    if amount.unit == "count" and _DURATION.match(text, amount.right):
        return True
    if amount.form in ("part", "whole") and _DATE_BEFORE.search(before):
        return True
    digits = amount.end - amount.start
    year = amount.form == "digits" and digits == 4 and 1930 <= amount.value <= 2100
    at = bisect_left(spans, (amount.right, 0))
    noun_follows = at < len(spans) and spans[at][0] <= amount.right + 1
    if amount.form in ("part", "whole", "range", "zero") or amount.unit == "share" or noun_follows:
        return False
    if amount.value < _MANY and lexicon.lists["place"].search(before):
        return True
    return year or bool(lexicon.lists["soft"].search(before))


def _note(sentence: Sentence, event: Found) -> None:
    """What a cue changes for the numbers after it."""
    before = sentence.before
    if event.term.id == "in_which" and sentence.readings:
        sentence.head = sentence.last
    elif event.term.id == "in_which" and before and event.start - sentence.start < 3:
        sentence.head = next((r for r in before.readings if r.main), before.last)
    elif event.term.id == "respectively":
        sentence.listing = True
    elif event.term.id == "plan" and _ANNOUNCES.match(sentence.text, event.end):
        sentence.target = True
    elif event.term.id in ("target", "actual"):
        sentence.target = event.term.id == "target"


def _right(events: list, at: int) -> list[Found]:
    """The terms after an amount up to the next amount or boundary; brackets are skipped."""
    found, depth, near = [], 0, events[at].right + 7  # "61% trong số này là ..."
    for event in events[at + 1 : at + 40]:
        if isinstance(event, Amount):
            if not depth:
                break
        elif event.term.kind == "mark":
            if event.term.id == "(":
                depth += 1
            elif event.term.id == ")":
                if not depth:
                    break
                depth -= 1
            elif not depth:
                break
        elif not depth:
            if event.term.id in ("in_which", "respectively") and (found or event.start > near):
                break
            found.append(event)
    return found


def _left(sentence: Sentence, at: int, *, far: bool = False) -> list[Found]:
    """The unclaimed terms before an amount, nearest first, to a boundary (``far``: over commas)."""
    found: list[Found] = []
    for event in reversed(sentence.events[max(0, at - 40) : at]):
        if isinstance(event, Amount) or event.start < sentence.claimed:
            break
        if event.term.kind != "mark":
            found.append(event)
        elif not far and not (event.term.id == ":" and not found):
            break
    return found


def _interpret(
    sentence: Sentence, at: int, lexicon: Lexicon, before: Sentence | None
) -> Reading | None:
    """What the amount at an event is about, or None if nothing of the Party."""
    events, amount = sentence.events, sentence.events[at]
    last = sentence.last
    look = at + 1 if amount.form == "part" and at + 1 < len(events) else at
    look = look if isinstance(events[look], Amount) else at
    right = _right(events, look)
    noun = _direct_noun(sentence.text, events[look], right)
    if last and last.awaits_whole:
        last.awaits_whole = False
        return _whole(sentence, amount, last, noun, right)
    whole = at + 1 if look > at else _linked(sentence, at, noun)
    if whole > look:  # "98 đ/c trong 640 đ/c được xếp loại": what follows the whole is said of both
        more = _right(events, whole)
        noun = noun or _direct_noun(sentence.text, events[whole], more)
        right = [*right, *more]
    if noun and noun.term.family == "outside":
        return None
    earlier = _earlier(sentence, amount, noun)
    alone = not (noun or whole)
    left = _left(sentence, at)
    told = amount.form == "every" or (amount.form == "zero" and _aspect(left[:1], "tier", "event"))
    if alone and not told and not _may_lack_noun(sentence.text, amount, right, lexicon):
        return None
    if noun and sentence.text.startswith(" trở lên", noun.end):
        amount = qualified(amount, "at_least")
    reading = Reading(amount, noun.term if noun else None, target=sentence.target)
    reading.awaits_whole = bool(whole)
    if noun and amount.unit == "share" and _is_base(sentence, amount, noun, left):
        reading.base_text = sentence.text[noun.start : noun.end]
        noun, reading.noun, right = None, None, []
    _say(sentence, reading, at, left, right, noun)
    last = sentence.last
    if not reading.main and last and last.noun and _goes_on(sentence, reading, left):
        reading.main, reading.noun = last.main, last.noun
    free = reading.rule == "far before" or not (reading.main or reading.extra)
    if earlier and free and not _change(sentence, reading, left):
        reading.take(earlier, "earlier")
        sentence.claimed = noun.end if noun else amount.right
        return reading
    same = noun and _has(left, "same") and not _TOTAL.match(sentence.text, noun.end)
    if same and not reading.main and before and before.last:
        reading.noun, reading.main, reading.rule = before.last.noun, before.last.main, "same"
    if not _settle(sentence, reading, at, left, noun, before):
        return None
    used = [f for f in right if f.term is reading.main or f.term.family == "group" or f is noun]
    ends = [f.end for f in used] if reading.rule != "before" else []
    sentence.claimed = max(sentence.claimed, *(ends or [amount.end]))
    return reading


def _goes_on(sentence: Sentence, reading: Reading, left: list[Found]) -> bool:
    """ "Kết nạp 88, tăng lên 92": the same at another time, if nothing else is named."""
    if not _has(left[:1], "level_value") or any(map(_strong, left)):
        return False
    clause = _CLAUSE.split(sentence.text[sentence.claimed : reading.amount.left])[-1]
    return not sentence.lexicon.lists["subject"].search(f"{clause} ")


def _earlier(sentence: Sentence, amount: Amount, noun: Found | None) -> Reading | None:
    """The number that this one parallels, at another time: "kết nạp 21; năm 2019 còn 16 người".

    Its clause names a time and has no predicate of its own; what is counted tells which of the
    numbers before it is meant. Or it says the same again: "86,4%, tức 38/44 chi bộ".
    """
    last, text = sentence.last, sentence.text
    if not last or not last.noun:
        return None
    gap = text[max(sentence.claimed, amount.left - 80) : amount.left]
    clause = _CLAUSE.split(gap)[-1]
    if last.amount.unit != amount.unit and _SAME.search(clause):
        beside = not any(last.amount.end < n.start < amount.start for n in sentence.numbers)
        beside = beside and "change" not in last.extra
        told = _parted(sentence)
        return told if beside and _same_kind(noun, told) and light(sentence, clause) else None
    counted = last.amount.unit == "share" != amount.unit and last.main and _same_kind(noun, last)
    if counted and gap.strip() == "(":  # "tỷ lệ trong sạch, vững mạnh là 64,7% (121 chi bộ)"
        return last
    source = _alike(sentence, amount, noun)
    if not source or source.unknown:
        return None
    if last.rule == "earlier" and noun and re.fullmatch(r"\W*(?:\w+ )?\w*\W*", gap):
        return source
    grown = text.endswith(fold("từ "), 0, last.amount.left) and _UP_OR_DOWN.search(clause)
    clause, merged = _MERGED_INTO.subn("", clause)
    timed = (merged or grown or _TIME.search(clause)) and light(sentence, clause)
    if not timed and not (source.main and _PLACE.fullmatch(clause)):
        return None
    stock = (source.main or source.extra) and noun and noun.term.family != "generic"
    return None if stock and _STOCK.search(clause) else source


def _same_kind(noun: Found | None, reading: Reading) -> bool:
    """Whether a noun, which may be none or as wide as "người", names what a number counts."""
    if noun and noun.term.family == "generic":
        kinds = ("members",) if noun.term.population == "members" else ("organisations", "cells")
        return reading.noun.population in kinds
    return not noun or noun.term is reading.noun


def _alike(sentence: Sentence, amount: Amount, noun: Found | None) -> Reading | None:
    """The last number before this one that counts the same in the same unit."""
    found = [r for r in sentence.readings if r.noun and r.amount.unit == amount.unit]
    found = [r for r in found if _same_kind(noun, r)]
    found = [r for r in found if not r.denominator] or found
    plain = [r for r in found if "change" not in r.extra]
    fresh = [r for r in plain if r.rule != "earlier"]
    return (fresh or plain or [None])[-1]


def light(sentence: Sentence, words: str) -> bool:
    """Whether words only tell when, how it compares or that it is."""
    light = sentence.lexicon.lists["light"].fullmatch
    return all(word.isdecimal() or light(word) for word in _WORD.findall(words))


def _has(found: list[Found], *ids: str) -> bool:
    return any(f.term.id in ids for f in found)


def _direct_noun(text: str, amount: Amount, right: list[Found]) -> Found | None:
    """The noun right after a number: "58 chi bộ", "85% số chi bộ", "không có chi bộ"."""
    if right and right[0].term.kind == "noun":
        return right[0] if _TO_NOUN.fullmatch(text, amount.right, right[0].start) else None
    return None


def _is_base(sentence: Sentence, amount: Amount, noun: Found, left: list[Found]) -> bool:
    """Whether a noun is what a share is taken of: "chiếm 35% đảng viên"."""
    if _has(left[:1], "inherit"):
        return True
    number_of = " số " in sentence.text[amount.right : noun.start]
    return number_of and bool(_aspect(left, "tier", "event"))


def _linked(sentence: Sentence, at: int, noun: Found | None) -> int:
    """The event of the whole in "mười hai trong số hai mươi chi bộ", else 0."""
    start = noun.end if noun else sentence.events[at].right
    for ahead in range(at + 1, min(at + 3, len(sentence.events))):
        event = sentence.events[ahead]
        if isinstance(event, Amount):
            return ahead if _OF.fullmatch(sentence.text, start, event.left) else 0
    return 0


def _may_lack_noun(text: str, amount: Amount, right: list[Found], lexicon: Lexicon) -> bool:
    """Whether a number without a noun can still be read: nothing else is counted by it."""
    if amount.form == "zero":
        return bool(_aspect(right, "tier", "event"))
    follows = _NEXT_WORD.match(text, amount.right)
    if right and right[0].start == follows.start(1):
        term = right[0].term
        return term.kind == "cue" or term.family in ("tier", "event", "group", "general")
    return not follows[1] or bool(lexicon.lists["joint"].fullmatch(follows[1]))


def _whole(
    sentence: Sentence, amount: Amount, part: Reading, noun: Found | None, right: list[Found]
) -> Reading:
    """The denominator of a ratio: what was rated, or all of the noun."""
    term = noun.term if noun and noun.term.family != "generic" else part.noun
    if part.main and part.main.id == "admitted":  # "kết nạp 84/80": done and planned
        return Reading(amount, part.noun, part.main, rule="whole", denominator=True, target=True)
    rated = (part.main and part.main.family == "tier") or _has(right, "assessed")
    main = Term("aspect", "assessed", "general") if rated else None
    used = [f.end for f in right if f.term is part.main or f is noun or f.term.id == "assessed"]
    sentence.claimed = max([sentence.claimed, amount.end, *used])
    return Reading(amount, term, main, rule="whole", denominator=True)


def fits(aspect: Term, noun: Term | None) -> bool:
    """Whether an aspect can be said of a noun."""
    allowed = aspect.population.split("|") if aspect.population else []
    return noun is None or not allowed or noun.id in allowed or noun.population in allowed


def _say(
    sentence: Sentence, reading: Reading, at: int, left: list[Found], right: list[Found],
    noun: Found | None,
) -> None:  # fmt: skip
    """Find what is said of the number: main aspect and groups, and the rule that found them."""
    term = noun.term if noun else None
    generic = not term or term.family in ("generic", "masses")
    if reading.amount.unit == "count":
        left = [f for f in left if f.term.id not in _SHARES_ONLY]
        right = [f for f in right if f.term.id not in _SHARES_ONLY]
    after, ahead = _said_of(right, term), _said_of(left, term)
    if term and term.id in _PEOPLE and not (after or ahead):
        after, ahead = _said_of(right, MEMBERS), _said_of(left, MEMBERS)
        after, ahead = _aspect(after, "event", "general"), _aspect(ahead, "event", "general")
        reading.noun = MEMBERS if after or ahead else term
    if ahead and after and any(n.start == after[-1].end + 1 for n in sentence.numbers):
        after.pop()  # "kỷ luật 6 đảng viên bằng hình thức khiển trách 4": of the next number
    main = _best(after)
    rule = "after"
    verb = left and left[0] in ahead[:1] and left[0].term.family == "event"
    gap = sentence.text[left[0].end : reading.amount.left] if verb else ""
    verb = verb and noun and term.population == "members" and light(sentence, gap)
    if verb or not main or (main.family == "general" and _best(ahead)):
        main, rule = _best(ahead) or main, "before" if _best(ahead) else rule
    groups = [f for f in after if f.term.family == "group"]
    if generic and not groups:
        groups = [f for f in ahead if f.term.family == "group"]
    if not main and not groups and noun:
        after = _beyond_comma(sentence, at, term)
        main, rule = _best(after), "after comma"
    if not main and not groups and generic:
        far = _left(sentence, at, far=True)
        ahead = [f for f in far if f.term.kind == "aspect"]
        if reading.amount.value % 1 and reading.amount.unit == "count":  # no number of people
            ahead = [f for f in ahead if f.term.id == "mean_age"] + ahead
        main, rule = _best(ahead[:2] if _has(ahead[:1], "mean_age") else ahead[:1]), "far before"
        groups = [f for f in ahead[:1] if f.term.family == "group"]
    if not main and not groups and _other(sentence, reading, left, right, noun):
        reading.unknown = True
    reading.main, reading.rule = main, rule if main else "group" if groups else ""
    reading.extra = tuple(dict.fromkeys(f.term.id for f in groups))
    if groups and not main:
        reading.main = None if reading.base_text else _event_of_all(sentence, term, left)


def _said_of(found: list[Found], noun: Term | None) -> list[Found]:
    """The aspects that fit a noun; any form of discipline is the same of an organisation."""
    aspects = [f for f in found if f.term.kind == "aspect"]
    if noun and noun.population in ("organisations", "cells"):
        aspects = [
            Found(f.start, f.end, _DISCIPLINED) if f.term.id in _DISCIPLINE else f for f in aspects
        ]
    return [f for f in aspects if fits(f.term, noun)]


def _event_of_all(sentence: Sentence, noun: Term | None, left: list[Found]) -> Term | None:
    """The event of the number that a group is a part of: "kết nạp 204, trong đó nữ 98"."""
    last, before = sentence.last, sentence.before
    parts = not noun or noun.family in ("generic", "masses")
    whole = sentence.head or (last if parts else None)
    alone = not (last and last.extra) and not _has(left, "members")
    if parts and alone and not (whole and whole.main):
        told = [r for r in before.readings if r.main] if before else []
        whole = told[-1] if told else sentence.about
    return whole.main if whole and whole.main and whole.main.id == "admitted" else None


def _best(found: list[Found]) -> Term | None:
    return best([f.term for f in found])


def best(terms: list[Term]) -> Term | None:
    """The first tier or event, else the first general aspect."""
    sharp = [term for term in terms if term.family in ("tier", "event")]
    if len(sharp) > 1:
        sharp.sort(key=lambda term: (term.id != "not_assessed", term.id.startswith(_LESS)))
    return sharp[0] if sharp else next((t for t in terms if t.family == "general"), None)


def _beyond_comma(sentence: Sentence, at: int, noun: Term | None) -> list[Found]:
    """The aspects right behind the comma in "394 đảng viên, được miễn sinh hoạt"."""
    found, comma = [], 0
    for event in sentence.events[at + 1 : at + 10]:
        if isinstance(event, Amount):  # a label of the next number, as in ", khiển trách 14"
            return []
        if comma and event.term.kind == "mark":
            break
        if event.term.kind == "mark":
            if event.term.id != ",":
                break
            comma = event.end
        elif comma and event.term.kind == "aspect" and fits(event.term, noun):
            if not found and event.start - comma > 8:
                break
            found.append(event)
    return found


def _other(
    sentence: Sentence, reading: Reading, left: list[Found], right: list[Found], noun: Found | None
) -> bool:
    """Whether what is said is no measure's business ("tập huấn cho 230 đảng viên")."""
    if not noun:
        return False
    if sentence.text.endswith(("của ", "ở "), 0, reading.amount.left) and sentence.last:
        return False  # "4.352 đảng viên của 58 chi bộ về dự": all of them
    if _aspect(right, "other"):
        return True
    near = _aspect(left[:2], "other")
    gap = sentence.text[near[0].end : reading.amount.left] if near else ""
    return bool(near) and len(gap) < 40 and not _HAVING.search(gap)


def _aspect(found: list[Found], *families: str) -> list[Found]:
    return [f for f in found if f.term.kind == "aspect" and f.term.family in families]


def _settle(
    sentence: Sentence, reading: Reading, at: int, left: list[Found], noun: Found | None,
    before: Sentence | None,
) -> bool:  # fmt: skip
    """Give the reading a noun where it has none of its own; False if it is nothing of the Party."""
    term, last = reading.noun, sentence.last
    if _completes(sentence, reading, at):
        return _completed(sentence, reading, last, left)
    change = _change(sentence, reading, left)
    if change:
        earlier = (before.head or before.last) if before else None
        return _changed(sentence, reading, last or earlier, change, left)
    if term and not noun and term.family:
        return True  # what the number before it counts
    if term and term.family == "weak":
        return _weak(sentence, reading, left, noun)
    if term and term.family in ("generic", "masses"):
        return _generic(sentence, reading, at, left, noun)
    if term:
        return _specific(sentence, reading, left, noun)
    if reading.amount.form == "every":
        return True
    return _bare(sentence, reading, at, left)


def _specific(sentence: Sentence, reading: Reading, left: list[Found], noun: Found | None) -> bool:
    """A number with a noun of its own: "1.142 đảng viên"."""
    amount = reading.amount
    if amount.form == "zero":
        return bool(reading.main)
    last = sentence.last
    again = _these(sentence, reading, noun)
    if again:
        reading.take(again, "again")
        return True
    if not reading.main and last and not reading.extra:
        _coordinate(sentence, reading, left)
        if _counts_alike(last, reading) and _planned(sentence, reading, left):
            reading.main, reading.rule, reading.unknown = last.main, "carried", False
            reading.target = True
    plan = _plan_before(sentence, reading, left)
    if not reading.main and not reading.extra and plan and not any(map(_strong, left)):
        told = [r for r in _earlier_readings(sentence) if _counts_alike(r, reading)]
        told = [r for r in told if r.main and r.main.family == "event"]
        if told and light(sentence, sentence.text[plan.end : amount.left]):
            reading.main, reading.target = told[-1].main, True
    reading.rule = reading.rule or "noun"
    return True


def _plan_before(sentence: Sentence, reading: Reading, left: list[Found]) -> Found | None:
    """The plan that a number is of, also of one in brackets: "vượt chỉ tiêu (250 đảng viên)"."""
    if sentence.text.endswith("(", sentence.start, reading.amount.left):
        at = bisect_left(sentence.events, reading.amount.left - 1, key=lambda event: event.start)
        left = [e for e in sentence.events[max(0, at - 2) : at] if isinstance(e, Found)]
    return next((f for f in left if f.term.id == "plan"), None)


def _these(sentence: Sentence, reading: Reading, noun: Found | None) -> Reading | None:
    """The number just told that this one points back to: "Hai chi bộ này"."""
    if not noun or reading.main or not _THESE.match(sentence.text, noun.end):
        return None
    told = [r for r in _earlier_readings(sentence) if r.noun and _counts_alike(r, reading)]
    return next((r for r in reversed(told) if r.amount.value == reading.amount.value), None)


def _counts_alike(one: Reading, other: Reading) -> bool:
    return bool(one.noun and one.noun.population == other.noun.population)


def _coordinate(sentence: Sentence, reading: Reading, left: list[Found]) -> None:
    """ "Kiểm tra 12 tổ chức đảng và 25 đảng viên": the verb before the first is said of both."""
    last, start = sentence.last, reading.amount.left
    gap = sentence.text[last.amount.right : start]
    if gap.rstrip().endswith((") và", "),", ") cùng")):  # the number before the bracket
        opened = sentence.text.rfind("(", sentence.start, start)
        last = next((r for r in reversed(sentence.readings) if r.amount.end <= opened), last)
        gap = " và "
    if not last.main or last.awaits_whole:
        return
    joined = re.fullmatch(r"[^,;.]{0,40}(?:,| và| cùng)\s*", gap)
    aspect = _said_of([Found(0, 0, last.main)], reading.noun)
    both = last.rule in ("before", "far before", "coordinated") and not _counts_alike(last, reading)
    if joined and both and aspect and not _aspect(left, "tier", "event", "general"):
        reading.main, reading.rule, reading.unknown = aspect[0].term, "coordinated", False


def _generic(sentence: Sentence, reading: Reading, at: int, left: list[Found], noun: Found) -> bool:
    """ "Đồng chí", "người", "đơn vị", "quần chúng": whose number the words around it tell."""
    said = reading.main or reading.extra
    labels = [f.term for f in [*left, *_left(sentence, at, far=True)] if _strong(f)]
    if reading.noun.id == "unit":
        if not reading.main and sentence.last:
            _coordinate(sentence, reading, left)
        known = [
            t for t in [*labels, sentence.topic] if t and t.population in ("organisations", "cells")
        ]
        named = "tổ chức" in sentence.text[noun.start : noun.end]
        alone = sentence.text[noun.end : noun.end + 1] in (":", ",", ";", ".", "")
        if not (reading.main or (named and (known or alone))):
            return False
        reading.noun = known[0] if known else ORGANISATIONS
        return True
    if not said and _has(_left(sentence, at, far=True), "body"):
        reading.unknown = True
    told = _told_before(sentence, reading) if not said else None
    if told:
        reading.take(told, "again")
        return True
    people = next((f.term for f in left if f.term.id == "population"), None)
    if people and (not said or reading.rule == "far before"):
        reading.noun, reading.main, reading.extra, reading.rule = people, None, (), "label"
        return True
    named = left[0] if left and left[0].term.id == "members" and not said else None
    if named and _TO_NUMBER.fullmatch(sentence.text, named.end, reading.amount.left):
        reading.noun, reading.rule = named.term, "label"
        return True
    comrade = sentence.text[noun.start : noun.end] in ("đồng chí", "đ/c")
    of_members = any(t.population == "members" for t in labels)
    last = sentence.last
    after_members = last and last.noun and last.noun.population == "members"
    body = _strong_body(sentence, reading, left)
    if not said and not last and not labels and not body and sentence.about:
        about = sentence.about
        if about.noun and about.noun.population == "members" and (about.main or about.extra):
            reading.take(about, "topic")
            far = _left(sentence, at, far=True)
            reading.target = reading.target or _has(far, "plan", "resolutions")
            return True
    if not (said or comrade or body or (reading.awaits_whole and after_members)):
        return False
    if (not said and after_members and _planned(sentence, reading, left)) or (
        reading.awaits_whole
        and after_members
        and (not said or (reading.main and reading.main.id == "assessed"))
    ):
        reading.main, reading.rule = last.main, "carried"
        reading.target = reading.target or not reading.awaits_whole
    elif (not said and sentence.head) or (not said and not of_members and not comrade and not body):
        reading.unknown = True
    reading.noun = MEMBERS
    return True


def _earlier_readings(sentence: Sentence) -> list[Reading]:
    """The numbers read so far, those of the sentence before first."""
    return [*(sentence.before.readings if sentence.before else []), *sentence.readings]


def _told_before(sentence: Sentence, reading: Reading) -> Reading | None:
    """The number just told that this one repeats: "là 834; trong số 834 đồng chí này"."""
    amount = reading.amount
    told = [r for r in _earlier_readings(sentence) if r.noun and r.noun.population == "members"]
    same = [r for r in told if (r.amount.value, r.amount.unit) == (amount.value, amount.unit)]
    return next((r for r in reversed(same) if amount.value > 1 and not r.extra[1:]), None)


def _strong_body(sentence: Sentence, reading: Reading, left: list[Found]) -> bool:
    """ "Chi bộ đã có 9 người": the people of a cell or a committee are its members."""
    last = sentence.last
    if last and last.noun and sentence.claimed == reading.amount.left - 1:
        return last.noun.population == "cells"  # "một chi bộ 41 người"
    noun = next((f for f in left if f.term.kind == "noun" or f.term.family == "event"), None)
    if not noun or noun.term.kind == "aspect":
        return False
    gap = sentence.text[noun.end : reading.amount.left]
    having = _HAVING.search(gap[-10:]) or light(sentence, gap)
    return bool(having and noun.term.population in ("cells", "organisations"))


def _strong(found: Found) -> bool:
    return found.term.kind == "noun" and found.term.family == "" and bool(found.term.measure)


def _bare(sentence: Sentence, reading: Reading, at: int, left: list[Found]) -> bool:
    """A number with no noun: a labelled one, a share of the number before, or an ellipsis."""
    last, amount = sentence.last, reading.amount
    label = next((f for f in left if _strong(f)), None)
    if not label and len(left) == 1 and left[0].term.id in _PLACES_LIST:
        label = left[0] if light(sentence, sentence.text[left[0].end : amount.left]) else None
    far = reading.rule == "far before"
    if far and reading.main and label and not fits(reading.main, label.term):
        reading.main, reading.extra = None, ()  # said of something else further off
    if reading.main and reading.main.population in _OF_WEAK:
        return False
    if reading.main or reading.extra:
        far = label or next((f for f in _left(sentence, at, far=True) if _strong(f)), None)
        nouns = [far.term if far else None, last.noun if last else None, sentence.topic, MEMBERS]
        nouns = [n for n in nouns if n and n.family != "weak"]
        main = reading.main
        nouns += [CELLS] if main and main.id == "with_committee" else []
        nouns += [ORGANISATIONS] if main and main.family == "tier" else []
        noun = next((n for n in nouns if not main or fits(main, n)), None)
        if main and not noun and not main.measure:
            reading.main = None  # said of what is not spoken of here
        if reading.main or reading.extra:
            group = Term("aspect", "", "group", "members")
            reading.noun = noun or MEMBERS if main else next(n for n in nouns if fits(group, n))
            return True
    if sentence.listing:
        reading.rule = "respectively"
        return True
    if amount.unit == "share" or amount.form == "fraction":
        people = last and last.noun and last.noun.id == "population"
        if people and label and label.term.id == "members":  # "dân số 58.000, đảng viên chiếm 7%"
            reading.noun, reading.main, reading.rule = MEMBERS, _SHARE_OF_PEOPLE, "label"
            return True
        if label and (last is None or not _has(left[:1], "inherit")):
            return False
        return _inherit(sentence, reading)
    if last and last.rule == "completion" and _planned(sentence, reading, left):
        reading.take(last, "carried")
        reading.target = True
        return True
    if label and _TO_NUMBER.fullmatch(sentence.text, label.end, amount.left):
        reading.noun, reading.rule = label.term, "label"
        return True
    return _again(sentence, reading, left)


def _again(sentence: Sentence, reading: Reading, left: list[Found]) -> bool:
    """ "Năm 2018, các con số tương ứng là 11, 39, 5 và 0": the measures of the sentence before."""
    before, count = sentence.before, len(sentence.readings)
    listing = _has(left, "same") or (sentence.last and sentence.last.rule == "same")
    if not (before and listing and count < len(before.readings)):
        return False
    model = before.readings[count]
    if before.head and len(sentence.numbers) == 1:
        model = before.head  # that of all
    reading.take(model, "same")
    return True


def _inherit(sentence: Sentence, reading: Reading) -> bool:
    """A share of the number before it: "31 chi bộ (9,7%)", "43 tổ chức, chiếm 70,5%"."""
    last = sentence.last
    if not last or reading.amount.start - last.amount.end > 120:
        return False
    segment = re.split(r"[,;(]", sentence.text[last.amount.right : reading.amount.start])[-1]
    if not light(sentence, segment):
        return False
    reading.take(_parted(sentence), "inherited")
    return True


def _parted(sentence: Sentence) -> Reading:
    """The number before; of "43/58 tổ chức" the part, not the whole."""
    last = sentence.last
    return sentence.readings[-2] if last.denominator and len(sentence.readings) > 1 else last


def _change(sentence: Sentence, reading: Reading, left: list[Found]) -> int:
    """+1 or -1 where a number is an increase or a decrease, else 0."""
    cue = next((f for f in left if f.term.id in ("change_up", "change_down", "level_value")), None)
    if not cue or cue.term.id == "level_value":
        return 0
    between = [f for f in left if f.start > cue.start and f.term.kind in ("noun", "aspect")]
    if between or reading.amount.left - cue.end > 40:
        return 0
    if _LEVEL.search(sentence.text[cue.end : reading.amount.left]):
        return 0  # "tăng so với mức 164": not by so many
    last, planned = sentence.last, any(f.term.id == "plan" and f.start > cue.start for f in left)
    counted = planned and last and reading.amount.unit == "count"
    if counted and reading.amount.value * 2 > last.amount.value:
        return 0  # "1.538 đảng viên, vượt chỉ tiêu 1.400": as large as what it is set beside
    return 1 if cue.term.id == "change_up" else -1


def _changed(
    sentence: Sentence, reading: Reading, last: Reading | None, sign: int, left: list[Found]
) -> bool:
    source = _base_of_change(sentence, reading) or last
    own = reading.noun if reading.noun and reading.noun.family == "" else None
    own = own or next((f.term for f in left if _strong(f)), None)
    if not own and not source:
        return False
    reading.noun = own or source.noun
    same = sentence.last and source.noun and reading.noun.population == source.noun.population
    if source and (not own or same):
        reading.main = source.main
    reading.extra, reading.sign, reading.rule = ("change",), sign, "change"
    return True


def _base_of_change(sentence: Sentence, reading: Reading) -> Reading | None:
    """The number that a change belongs to: a total before its parts, of what is counted alike."""
    kind = reading.noun.population if reading.noun and reading.noun.family != "weak" else ""
    alike = [r for r in _earlier_readings(sentence) if r.noun and r.amount and not r.denominator]
    alike = [r for r in alike if not kind or r.noun.population == kind] or alike
    if sentence.head in alike:
        return sentence.head
    here = [r for r in alike if r in sentence.readings]
    totals = [r for r in here or alike if r.main and r.main.family == "general"]
    return (totals or here or alike or [None])[-1]


def _completes(sentence: Sentence, reading: Reading, at: int) -> bool:
    """Whether a share is one of a plan: "102% chỉ tiêu", "một nửa kế hoạch"."""
    if reading.amount.unit != "share":
        return False
    if _AGAINST_PLAN.search(sentence.text, sentence.claimed, reading.amount.left):
        return True
    right = _right(sentence.events, at)
    plan = right and right[0].term.id in ("plan", "resolutions")
    gap = sentence.text[reading.amount.right : right[0].start] if plan else "none"
    return bool(_OF_PLAN.fullmatch(gap))


def _completed(
    sentence: Sentence, reading: Reading, last: Reading | None, left: list[Found]
) -> bool:
    if _change(sentence, reading, left) > 0:  # "vượt 4,4% kế hoạch" is 104,4% of it
        amount = reading.amount
        ends = {"low": amount.low + 1, "high": amount.high + 1}
        reading.amount = amount._replace(value=round(amount.value + 1, 6), **ends)
    source = last.noun if last else sentence.topic
    reading.noun, ahead = source or MEMBERS, "before" in reading.rule
    reading.extra, reading.rule = ("target_completion",), "completion"
    reading.main = (reading.main if ahead else None) or (last.main if last else None)
    return bool(last or reading.main)


def _planned(sentence: Sentence, reading: Reading, left: list[Found]) -> bool:
    """Whether a number is the plan's: "chỉ tiêu là mười đồng chí", "đạt 93% kế hoạch (180)"."""
    bracketed = sentence.text[reading.amount.left - 1 : reading.amount.left] == "("
    return _has(left, "plan") or (bracketed and sentence.last.rule == "completion")


def _weak(sentence: Sentence, reading: Reading, left: list[Found], noun: Found) -> bool:
    """Nouns that count for the Party only in some company: villages, communes, sessions, …"""
    term, text, amount = reading.noun, sentence.text, reading.amount
    about = sentence.about
    whole = _OF_BEFORE.search(text[max(0, amount.left - 16) : amount.left])
    asked = about and not about.amount and about.main and fits(about.main, term)
    if not reading.main and asked and not whole:
        reading.main, reading.rule = about.main, "topic"
    if term.id in ("times", "minutes") or (reading.main and amount.form != "zero"):
        return True
    if reading.main:
        return reading.main.id == "without_members"
    if term.id in ("villages", "communes"):
        listed = _LISTED.match(text, noun.end)
        ahead = text[max(sentence.start, amount.left - 60) : amount.left]
        having = whole or _HAVING.search(ahead) or _ALL.search(ahead) or ahead.endswith("từ ")
        last = sentence.last
        of_those = last and last.noun and last.noun.id in _PLACES_LIST
        if listed and (having or of_those) and not reading.awaits_whole:
            return amount.form != "words" or amount.value > 3
        return False
    reading.unknown = reading.unknown or not term.measure
    reading.rule = reading.rule or "noun"
    return amount.form not in ("words", "zero") or amount.value > 3


def _distribute(sentence: Sentence) -> None:
    """ "A, B, C lần lượt là 1, 2, 3": the labels go to the numbers in their order."""
    if "respectively" not in sentence.said:
        return
    found = [e for e in sentence.events if isinstance(e, Found)]
    cue = next(e for e in found if e.term.id == "respectively")
    after = [r for r in sentence.readings if r.amount.start > cue.end and not r.denominator]
    earlier = [r.amount.end for r in sentence.readings if r.amount.start < cue.start]
    start = max(earlier, default=sentence.start)
    labels = [e for e in found if start <= e.start < cue.start]
    mains = [e.term for e in labels if e.term.family in ("tier", "event")]
    nouns = [e.term for e in labels if _strong(e)] or [r.noun for r in after if r.noun]
    told = [r.main for r in sentence.before.readings if r.main] if sentence.before else []
    tiers = list(dict.fromkeys(main for main in told if main.family == "tier"))
    if len(tiers) != len(after) and sentence.text.endswith(fold("mức"), cue.start, cue.end):
        tiers = list(_TIERS)
    if not mains and len(tiers) == len(after) > 2:
        mains, nouns = tiers, nouns[:1] or [sentence.topic]
    several = len(nouns) == len(after) and len(mains) != len(after)
    for at, reading in enumerate(after):
        main = mains[at] if len(mains) == len(after) else mains[0] if len(mains) == 1 else None
        noun = nouns[at] if several else nouns[0] if nouns else sentence.topic
        noun = noun if noun and (not main or fits(main, noun)) else MEMBERS
        reading.main, reading.noun = main or reading.main, noun
        reading.rule, reading.unknown = "respectively", False
    sentence.readings = [r for r in sentence.readings if r.noun]


def _share_forward(sentence: Sentence) -> None:
    """ "80% TCCSĐ và 85% đảng viên hoàn thành tốt": what follows the second is said of both."""
    for one, two in zip(sentence.readings, sentence.readings[1:], strict=False):
        gap = sentence.text[one.amount.right : two.amount.left]
        if not one.main and not one.extra and two.main and two.rule == "after" and one.noun:
            parts = {one.noun.population, two.noun.population if two.noun else ""}
            shares = one.amount.unit == two.amount.unit == "share"
            listed = parts == {"organisations"} or shares
            joint = r"[^,;.(]{3,40}(?: và|,)\s" if listed else r"[^,;.(]{3,40} và\s"
            if re.fullmatch(joint, gap) and fits(two.main, one.noun):
                one.main, one.rule, one.unknown = two.main, "after both", False


def _split_base(sentence: Sentence) -> None:
    """ "35 TCCSĐ (5 đảng bộ, 30 chi bộ)": cells that are part of the base organisations."""
    whole = None
    for at, reading in enumerate(sentence.readings):
        if not reading.noun or reading.main:
            continue
        if reading.noun.id == "base_organisations":
            whole = reading
        elif whole and reading.noun.id in ("cells", "cells_under_base") and at:
            other = sentence.readings[at - 1]
            beside = other.noun and other.noun.id == "base_committees"
            if beside and other.amount.value + reading.amount.value == whole.amount.value:
                reading.noun = Term("noun", "base_cells", "", "organisations", "base_cells")
