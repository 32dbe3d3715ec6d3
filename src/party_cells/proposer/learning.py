"""Learn the weights of the readers: from the annotated articles, and from what the desk decided.

``python -m party_cells.proposer.learning`` writes the weights that are shipped; with ``--data
FOLDER`` those of a collection, from the articles and its own decisions. The same input gives the
same file, and an input whose hash the file already bears is not learned again.
"""

import argparse
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from helpers import codebook, corpus, decisions, paths
from party_cells import proposer
from party_cells.proposer import choice, reader, scoring, spelling
from party_cells.proposer.choice import Seen
from party_cells.proposer.context import Context
from party_cells.proposer.reader import ByPart, Choice, Reader, Weights, Words, together

ARTICLES = paths.ROOT / "tests" / "articles"
PHRASES = paths.ROOT / "tests" / "proposals.jsonl"
# Whose articles, and how much each weighs: those of the press count most.
WRITERS = {
    "*.txt": 1,
    "devset/*.txt": 1,
    "holdout/*.txt": 1,
    "press-a/*.txt": 3,
    "press-b/*.txt": 3,
}
ENOUGH = 50  # decisions of a collection before it has weights of its own
_SURE, _TRIED = 0.95, np.arange(0.5, 0.995, 0.01)
_STRENGTH, _ROUNDS = 4.0, 60
_SMALLEST = {"choice": 0.08, "words": 0.12, "status": 0.08}  # weights that are kept
_SEEN = {"choice": 3, "words": 5, "status": 4}  # how often, to be learned of


Feature = tuple[str, str]  # what it tells of ("" of the whole reading), and its name


class Example(NamedTuple):
    """A choice made by hand: what a reader sees of the options, and which of them is right."""

    reader: str
    told: Seen | Words
    right: str
    writer: str = ""
    weight: float = 1.0

    @property
    def features(self) -> list[list[Feature]]:
        """The features of each option."""
        if isinstance(self.told, Words):
            names = sorted(self.told.names)
            return [
                [(part, n) for part in each for n in names] for each in self.told.parts.values()
            ]
        return [
            [("", n) for part in each for n in choice.names(part)] for each in self.told.values()
        ]

    @property
    def options(self) -> list[str]:
        """The options, in the order of their features."""
        return list(self.told.parts if isinstance(self.told, Words) else self.told)


class Teacher(Reader):
    """Reads a text as its gold says, and keeps what the readers would have seen.

    ``partly``: the gold tells of some numbers only, and nothing is learned of the others.
    """

    def __init__(self, taught: Reader, text: str, gold: pd.DataFrame, *, partly: bool = False):
        super().__init__(taught.lexicon, taught.measures, Weights({}, {}, {}))
        self.spelled, self.partly = spelling.spell(text), partly
        self.gold = gold.drop_duplicates("char_start").set_index("char_start")
        self.seen: list[Example] = []

    def measure(self, seen: Context) -> Choice:
        right = self._said(seen, "measure_id", choice.NOTHING).removesuffix("_cap")
        first = self.by_terms(seen)
        if right in first and not (self.partly and right == choice.NOTHING):
            words = self.by_words(seen, first)
            self.seen += [Example("choice", first, right), Example("words", words, right)]
        return Choice(right)

    def status(self, seen: Context, measure: str, ahead: bool) -> str:
        right = self._said(seen, "status", "")
        if right and not self.partly:
            self.seen.append(Example("status", self.by_status(seen, measure, ahead), right))
        return right or "actual"

    def _said(self, seen: Context, column: str, otherwise: str) -> str:
        start = self.spelled.written(seen.amount.start, seen.amount.end)[0]
        return self.gold.at[start, column] if start in self.gold.index else otherwise


def taught(
    text: str, published: str | None, locality: str | None, gold: pd.DataFrame, writer: str,
    weight: float, *, partly: bool = False,
) -> list[Example]:  # fmt: skip
    """The choices that the gold of a text makes."""
    teacher = Teacher(proposer.committed(), text, gold, partly=partly)
    proposer.candidates(text, published=published, locality=locality, with_reader=teacher)
    return [one._replace(writer=writer, weight=weight) for one in teacher.seen]


def of_articles() -> list[Example]:
    """The examples of the annotated articles and of the phrases, none of them unseen."""
    found = of_phrases()
    for pattern, weight in WRITERS.items():
        for path in sorted(ARTICLES.glob(pattern)):
            text, head, gold = scoring.annotated(path.read_text("utf-8"))
            found += taught(text, head["published"], head["locality"], gold, pattern, weight)
    return found


def of_phrases() -> list[Example]:
    """The examples of single phrases, of which only some numbers are told."""
    found = []
    for line in PHRASES.read_text("utf-8").splitlines():
        case = json.loads(line)
        text, expected = case["text"], case.get("expect", [])
        known = [e for e in expected if "measure_id" in e and text.count(e.get("number", "")) == 1]
        starts = [text.index(e["number"]) for e in known]
        gold = pd.DataFrame({"char_start": starts, "measure_id": [e["measure_id"] for e in known]})
        day, place = case.get("published"), case.get("locality")
        found += taught(text, day, place, gold.assign(status=""), "phrases", 2, partly=True)
    return found


def of_collection() -> list[Example]:
    """The examples of the collection in use: its checked facts, in articles that have any."""
    facts, found = decisions.facts(), []
    for document in corpus.read_all():
        own = facts[facts["document_id"] == document.document_id]
        day, place = document.meta["published_date"], document.meta["locality_id"]
        if len(own):
            day = day if isinstance(day, str) else None
            found += taught(document.text, day, place, own, "collection", 5)
    return found


def fitted(learned: list[Example], name: str) -> dict[Feature, float]:
    """The weights of a reader: those under which what was chosen is likeliest (a conditional
    logistic regression, its weights kept small)."""
    told = [one for one in learned if one.reader == name]
    options = [features for one in told for features in one.features]
    counts = Counter(feature for features in options for feature in features)
    known = {f: at for at, f in enumerate(sorted(f for f in counts if counts[f] >= _SEEN[name]))}
    rows = [[known[f] for f in features if f in known] for features in options]
    ends = np.cumsum([0, *map(len, rows)])
    table = csr_matrix((np.ones(ends[-1]), np.concatenate(rows), ends), (len(rows), len(known)))
    weights = dict(zip(known, _likeliest(table, told), strict=True))
    return {
        feature: round(float(w), 2) for feature, w in weights.items() if abs(w) >= _SMALLEST[name]
    }


def _likeliest(table: csr_matrix, told: list[Example]) -> np.ndarray:
    sizes = [len(one.options) for one in told]
    starts, group = np.cumsum([0, *sizes])[:-1], np.repeat(np.arange(len(told)), sizes)
    right = starts + [one.options.index(one.right) for one in told]
    weight = np.array([one.weight for one in told])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = table @ weights
        top = np.maximum.reduceat(scores, starts)
        likely = np.exp(scores - top[group])
        whole = np.add.reduceat(likely, starts)
        error = likely / whole[group] * weight[group]
        error[right] -= weight
        unlikely = weight @ (np.log(whole) + top - scores[right])
        return unlikely + _STRENGTH / 2 * weights @ weights, table.T @ error + _STRENGTH * weights

    nothing = np.zeros(table.shape[1])
    return minimize(loss, nothing, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS}).x


def of_terms(weights: dict[Feature, float]) -> dict[str, float]:
    """The weights of the first reader by name."""
    return {name: weight for (_, name), weight in weights.items()}


def of_words(weights: dict[Feature, float]) -> ByPart:
    """Weights by what they tell of, then by name."""
    found: ByPart = {}
    for (part, name), weight in weights.items():
        found.setdefault(part, {})[name] = weight
    return found


def sure_from(learned: list[Example]) -> float:
    """The probability from which readings that both readers choose were right often enough, for
    the writers of the press, judged by weights that had not seen them."""
    likely, right = (np.array(column) for column in zip(*_judged(learned), strict=True))
    good = [at for at in _TRIED if (likely >= at).any() and right[likely >= at].mean() >= _SURE]
    return round(float(good[0] if good else _TRIED[-1]), 2)


def _judged(learned: list[Example]) -> Iterator[tuple[float, bool]]:
    """How likely each reading was that both readers chose, and whether it was right."""
    press = [one.writer.startswith("press") for one in learned]
    others = [one for one, own in zip(learned, press, strict=True) if not own]
    words = of_words(fitted(others, "words"))
    score = partial(choice.score, of_terms(fitted(others, "choice")))
    own = [one for one, own in zip(learned, press, strict=True) if own and one.reader != "status"]
    for one, second in zip(own[::2], own[1::2], strict=True):
        theirs = second.told.scored(words)
        ours, likely = choice.ranked(together(choice.scored(one.told, score), theirs))[0]
        if ours == max(theirs, key=theirs.get) and one.right != choice.NOTHING:
            yield likely, ours == one.right


def content(learned: Iterable[Example]) -> str:
    """The hash of what is learned from."""
    told = hashlib.sha256(f"{_SURE} {_STRENGTH} {_SMALLEST} {_SEEN}".encode())
    for one in learned:
        seen = (
            one.reader,
            one.options,
            [*map(sorted, one.features)],
            one.right,
            one.writer,
            one.weight,
        )
        told.update(json.dumps(seen, ensure_ascii=False).encode())
    return told.hexdigest()


def learn(learned: list[Example], file: Path) -> str:
    """Write the weights learned from examples; what was done, in a line."""
    bears = content(learned)
    if file.is_file() and bears in file.read_text("utf-8"):
        return f"{file.name}: up to date"
    rows = [("from", "", bears, 0.0), ("sure", "", "probability", sure_from(learned))]
    for name in ("choice", "words", "status"):
        rows += [(name, *feature, each) for feature, each in sorted(fitted(learned, name).items())]
    table = pd.DataFrame(rows, columns=["reader", "of", "feature", "weight"])
    table.to_csv(file, index=False, lineterminator="\n")
    return f"{file.name}: {len(rows)} weights from {len(learned)} choices"


def main() -> None:
    """Learn the shipped weights, or with --data those of a collection."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="the data folder of a collection")
    data = parser.parse_args().data
    if not data:
        print(learn(of_articles(), reader.SHIPPED))
        return
    os.environ["PARTY_CELLS_DATA"] = data
    own = of_collection()
    decided = sum(one.reader == "choice" for one in own)
    if decided < ENOUGH:
        print(f"{decided} decisions, {ENOUGH} are needed: the shipped weights are used")
        return
    print(
        learn(of_articles() + own, codebook.table_path("measures").with_name(proposer.OWN_WEIGHTS))
    )


if __name__ == "__main__":
    main()
