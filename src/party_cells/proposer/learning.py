"""Learn the second reader: from the annotated articles, and from what the desk has decided.

``python -m party_cells.proposer.learning`` writes the weights that are shipped; with ``--data
FOLDER`` those of a collection, from the articles and its own decisions. The same input gives the
same file, and an input whose hash the file already bears is not learned again.
"""

import argparse
import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import codebook, corpus, decisions, paths
from party_cells import proposer
from party_cells.proposer import scoring, second

ARTICLES = paths.ROOT / "tests" / "articles"
# Whose articles, and how much each weighs: the rules were fitted to the first.
WRITERS = {
    "*.txt": 1,
    "devset/*.txt": 1,
    "holdout/*.txt": 1,
    "press-a/*.txt": 5,
    "press-b/*.txt": 5,
}
ENOUGH = 50  # decisions of a collection before it has weights of its own
_SURE, _TRIED = 0.925, np.arange(0.5, 0.995, 0.01)
_STRENGTH, _SMALLEST, _SEEN = 0.05, 0.02, 2


class Example(NamedTuple):
    """A proposal: what the second reader sees of it, whether it is right, whose, its weight."""

    features: list[str]
    is_right: bool
    writer: str
    weight: float


def examples(
    text: str, published: str | None, locality: str, gold: pd.DataFrame, writer: str, weight: float
) -> list[Example]:
    """The proposals for one article as examples; right is what gold says too."""
    measures = gold.groupby("char_start")["measure_id"].agg(set).to_dict()
    rows = proposer.candidates(text, published=published, locality=locality, judge=None)
    return [
        Example(row["features"], row["measure_id"] in measures.get(row["char_start"], {""}),
                writer, weight)
        for row in rows
    ]  # fmt: skip


def of_articles() -> list[Example]:
    """The examples of the annotated articles, none of them unseen."""
    found = []
    for pattern, weight in WRITERS.items():
        for path in sorted(ARTICLES.glob(pattern)):
            text, head, gold = scoring.annotated(path.read_text("utf-8"))
            found += examples(text, head["published"], head["locality"], gold, pattern, weight)
    return found


def of_collection() -> list[Example]:
    """The examples of the collection in use: its checked facts, in articles that have any."""
    facts = decisions.facts()
    found = []
    for document in corpus.read_all():
        own = facts[facts["document_id"] == document.document_id]
        day, place = document.meta["published_date"], document.meta["locality_id"]
        if len(own):
            day = day if isinstance(day, str) else None
            found += examples(document.text, day, place, own, "collection", 5)
    return found


def fitted(learned: list[Example]) -> dict[str, float]:
    """The weights of a logistic regression on the features seen at least twice."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    counts = Counter(name for one in learned for name in set(one.features))
    names = {name: at for at, name in enumerate(sorted(n for n in counts if counts[n] >= _SEEN))}
    rows = [sorted({names[n] for n in one.features if n in names}) for one in learned]
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.concatenate([np.array(row, dtype=int) for row in rows])
    seen = csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(rows), len(names)))
    model = LogisticRegression(C=_STRENGTH, max_iter=300)
    model.fit(seen, [e.is_right for e in learned], sample_weight=[e.weight for e in learned])
    weights = dict(zip(names, model.coef_[0], strict=True)) | {"always": model.intercept_[0]}
    return {name: round(float(w), 3) for name, w in weights.items() if abs(w) >= _SMALLEST}


def sure_from(learned: list[Example]) -> float:
    """The probability from which readings were right often enough, each writer's judged by
    weights that had not seen them."""
    judged: list[tuple[float, bool]] = []
    for writer in [pattern for pattern, weight in WRITERS.items() if weight > 1]:
        judge = second.Judge(fitted([e for e in learned if e.writer != writer]), 1.0)
        own = [e for e in learned if e.writer == writer]
        judged += [(judge.probability(e.features), e.is_right) for e in own]
    likely, right = (np.array(column) for column in zip(*judged, strict=True))
    good = [at for at in _TRIED if (likely >= at).any() and right[likely >= at].mean() >= _SURE]
    return round(float(good[0] if good else _TRIED[-1]), 2)


def content(learned: Iterable[Example]) -> str:
    """The hash of what is learned from."""
    told = f"{_SURE} {_STRENGTH} {_SMALLEST}\n" + "\n".join(
        f"{one.is_right} {one.weight} {' '.join(one.features)}" for one in learned
    )
    return f"sha256:{hashlib.sha256(told.encode()).hexdigest()}"


def learn(learned: list[Example], file: Path) -> str:
    """Write the weights learned from examples; what was done, in a line."""
    bears = content(learned)
    if file.is_file() and bears in file.read_text("utf-8"):
        return f"{file.name}: up to date"
    rows = {bears: 1, "sure": sure_from(learned)} | dict(sorted(fitted(learned).items()))
    table = pd.Series(rows, name="weight").rename_axis("feature")
    table.to_csv(file, lineterminator="\n")
    return f"{file.name}: {len(rows)} weights from {len(learned)} proposals"


def main() -> None:
    """Learn the shipped weights, or with --data those of a collection."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="the data folder of a collection")
    data = parser.parse_args().data
    if not data:
        print(learn(of_articles(), second.SHIPPED))
        return
    os.environ["PARTY_CELLS_DATA"] = data
    own = of_collection()
    if len(own) < ENOUGH:
        print(f"{len(own)} decisions, {ENOUGH} are needed: the shipped weights are used")
        return
    print(
        learn(of_articles() + own, codebook.table_path("measures").with_name("second_reader.csv"))
    )


if __name__ == "__main__":
    main()
