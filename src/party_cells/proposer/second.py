"""The second reader: a linear model that judges each reading of a number by the words around it.

Its weights are rows of a table (`weights.csv` beside this file, or `second_reader.csv` among the
processed tables of a collection that has learned from its own decisions), made by
`party_cells.proposer.learning`. To read them takes a sum, so no library is needed here.
"""

import math
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from helpers import codebook
from helpers.numbers import Amount
from party_cells.proposer.lexicon import Found
from party_cells.proposer.readings import Sentence

SHIPPED = Path(__file__).with_name("weights.csv")
_TOKEN = re.compile(r"\w+|[%,;:().…/-]")
_FAR, _WORDS = 120, 8
_CONJOINED = ("tR0", "tL0", "r0:", "l0:")
TRUST = 0.5  # a reading that is less likely gives way to none


class Judge(NamedTuple):
    """The weights of the second reader, and from which probability on a reading is sure."""

    weights: dict[str, float]
    sure: float

    def probability(self, features: list[str]) -> float:
        """How likely a reading with these features is right."""
        score = sum(self.weights.get(name, 0.0) for name in {*features, "always"})
        return 1 / (1 + math.exp(-score))


def load() -> Judge:
    """The second reader of the data folder in use, else the one that is shipped."""
    own = codebook.table_path("measures").with_name("second_reader.csv")
    path = own if own.is_file() else SHIPPED
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, changed: int) -> Judge:
    table = pd.read_csv(path, index_col="feature", na_filter=False)["weight"]
    weights = table[~table.index.str.startswith(("sha256:", "sure"))].astype(float)
    return Judge(weights.to_dict(), float(table["sure"]))


def features(sentence: Sentence, at: int) -> list[str]:
    """What the second reader sees of a reading: the number, its words and terms, the measure."""
    reading = sentence.readings[at]
    seen = _around(sentence, reading.amount)
    measure, rule = reading.measure or "none", reading.rule.split(":")[0]
    aspect = measure.partition("_")[2]
    near = [name for name in seen if name[:3] in _CONJOINED]
    told = [f"{what}&{name}" for what in (measure, rule, aspect) for name in near]
    return [*seen, f"m:{measure}", f"a:{aspect}", f"rule:{rule}", f"{rule}&{measure}", *told]


def _around(sentence: Sentence, amount: Amount) -> list[str]:
    """The form of a number, the words and terms before and behind it, each with its distance."""
    text, start, end = sentence.text, sentence.start, sentence.end
    ahead = _TOKEN.findall(text[max(start, amount.left - _FAR) : amount.left])[: -_WORDS - 1 : -1]
    behind = _TOKEN.findall(text[amount.right : min(end, amount.right + _FAR)])[:_WORDS]
    size = min(5, len(str(int(abs(amount.value)))))
    seen = [f"u:{amount.unit}{amount.unit == 'share' and amount.value > 1}", f"f:{amount.form}"]
    seen += [f"b:{amount.bound}", f"v:{size}"]
    for side, words in (("l", ahead), ("r", behind)):
        seen += [f"{side}{at}:{word}" for at, word in enumerate(words[:4])]
        seen += [f"{side}{side}{at}:{'_'.join(words[at : at + 2])}" for at in range(3)]
        seen += [f"{side}{side}{side}:{'_'.join(words[:3])}"]
        seen += [f"{side.upper()}:{word}" for word in words]
    return seen + _terms(sentence, amount)


def _terms(sentence: Sentence, amount: Amount) -> list[str]:
    found = [e for e in sentence.events if isinstance(e, Found) and e.term.kind != "mark"]
    numbers = sentence.numbers
    first = max((n.right for n in numbers if n.right <= amount.left), default=sentence.start)
    last = min((n.left for n in numbers if n.left > amount.left), default=sentence.end)
    left = [f for f in reversed(found) if first <= f.start < amount.left]
    right = [f for f in found if amount.right <= f.start < last]
    text, seen = sentence.text, []
    for side, terms in (("L", left), ("R", right)):
        for at, one in enumerate(terms[:4]):
            between = text[one.end : amount.left] if side == "L" else text[amount.right : one.start]
            gap = _gap(between)
            seen += [f"t{side}{at}{gap}{one.term.id}", f"T{side}{gap}{one.term.id}"]
    seen += [f"S{'L' if f.start < amount.left else 'R'}:{f.term.id}" for f in found]
    nouns, aspects = (
        [_first(terms, kind) for terms in (right, left)] for kind in ("noun", "aspect")
    )
    return [*seen, f"na:{nouns}{aspects}", *(f"{n}{a}" for n in nouns for a in aspects)]


def _first(terms: list[Found], kind: str) -> str:
    return next((f.term.id for f in terms if f.term.kind == kind), "-")


def _gap(between: str) -> str:
    return "." if set(between) & set(";:.") else "," if set(between) & set(",(") else "_"
