"""Proposals beside what else could be used: quality on annotated articles, speed, growth.

The libraries are in the extra ``bench``; one that is not installed is left out with a line.
Those that read language (quantulum3, underthesea) are what the speed of the rules is held against.
"""

import importlib.util
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from helpers import codebook, corpus, numbers
from helpers.evidence import fold
from party_cells import proposer
from party_cells.proposer import scoring

ARTICLES = Path(__file__).parents[1] / "tests" / "articles"
PARTS = {"devset": "devset/*.txt", "tuned on": "*.txt", "held out": "holdout/*.txt",
         "never tuned on": "unseen/*.txt"}  # fmt: skip
COLUMNS = ["char_start", "value", "bound", "measure_id", "status", "place", "level",
           "period_start", "period_end", "rule"]  # fmt: skip
Found = Iterator[tuple[int, float]]
_PLAIN = re.compile(
    r"\b(?:(trên|hơn|gần|khoảng|ít nhất|không quá|dưới) )?(\d+(?:[.,]\d+)*)(\s?%)?"
    r"(?= ?%| (?:chi bộ|đảng viên|đảng bộ|TCCSĐ|tổ chức|đồng chí|người|lần)|[,;.)])"
)


def plain_regex(text: str) -> Found:
    """The regular expression that first comes to mind: a number before a noun or a sign."""
    for match in _PLAIN.finditer(text):
        yield (
            match.start(2),
            numbers.number(match[2], percent=bool(match[3])) / (100 if match[3] else 1),
        )


def quantulum3(text: str) -> Found:
    from quantulum3 import parser

    for quantity in parser.parse(text):
        yield quantity.span[0], quantity.value / (100 if "percent" in quantity.unit.name else 1)


def vietnam_number(text: str) -> Found:
    """Its reader of one number, given the numbers a regular expression finds: it has no other."""
    from vietnam_number import w2n

    for amount in re.finditer(
        r"\d+(?:[.,]\d+)*|\b(?:một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười)(?: (?:mươi|trăm|nghìn"
        r"|một|hai|ba|bốn|lăm|sáu|bảy|tám|chín))*",
        text,
    ):
        try:
            yield amount.start(), float(w2n(amount[0]))
        except (ValueError, KeyError, TypeError):
            continue


def underthesea(text: str) -> Found:
    """Words tagged as numerals; their value is read by our own reader."""
    from underthesea import pos_tag

    at = 0
    for word, tag in pos_tag(text):
        start = text.find(word, at)
        at = start + len(word) if start >= 0 else at
        if tag == "M" and start >= 0:
            yield start, numbers.number(fold(word))


BASELINES: dict[str, Callable[[str], Found]] = {
    "plain regex": plain_regex,
    "quantulum3": quantulum3,
    "regex + vietnam-number": vietnam_number,
    "underthesea": underthesea,
}


def candidates(name: str, text: str, head: dict[str, str]) -> pd.DataFrame:
    """What a method finds in a text, in the columns that scoring asks for."""
    if name == "rules":
        return proposer.propose(text, published=head["published"], locality=head["locality"])
    rows = [
        {"char_start": start, "value": value, "rule": name}
        for start, value in BASELINES[name](text)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.fillna(
        {"bound": "exact", "measure_id": "", "status": "", "place": "", "level": ""}
    )


def part(name: str, pattern: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gold and candidates of the articles of a part, each article at offsets of its own."""
    golds, found = [], []
    for number, path in enumerate(sorted(ARTICLES.glob(pattern))):
        text, head, gold = scoring.annotated(path.read_text("utf-8"))
        proposed = candidates(name, text, head)
        for frame in (gold, proposed):
            frame["char_start"] += number * 1_000_000
        proposed["is_sure"] = proposed.get("is_sure", False)
        golds.append(gold)
        found.append(proposed)
    return pd.concat(golds, ignore_index=True), pd.concat(found, ignore_index=True)


def quality() -> pd.DataFrame:
    """Recall, precision of spans and the rest, per part and method."""
    known = set(codebook.load("measures")["measure_id"])
    rows = []
    for label, pattern in PARTS.items():
        for name in ("rules", *installed()):
            gold, found = part(name, pattern)
            shares = scoring.scores(gold, found, known).set_index("question")["share"]
            spans = found["char_start"].isin(gold["char_start"]).mean() if len(found) else 0.0
            rows.append({"articles": label, "method": name, "spans": spans, **shares.to_dict()})
    return pd.DataFrame(rows).drop(columns=["precision", "noise"])


@cache
def installed() -> list[str]:
    """The baselines whose package is there."""
    names = {name: name.split()[-1].replace("-", "_") for name in BASELINES}
    names.pop("plain regex")
    there = [name for name, package in names.items() if importlib.util.find_spec(package)]
    for name in set(names) - set(there):
        print(f"{name}: not installed (extra bench), left out")
    return ["plain regex", *sorted(there)]


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return max(time.process_time() - start, 1e-6)


def speed() -> pd.DataFrame:
    """MB of text a processor second, on the collection's own articles."""
    text = "\n".join(document.text for document in corpus.read_all())
    rows = []
    for name in ("rules", *installed()):
        big = text * {"rules": 5, "plain regex": 30, "regex + vietnam-number": 10}.get(name, 1)
        work = (
            (lambda t=big: proposer.propose(t))
            if name == "rules"
            else (lambda n=name, t=big: list(BASELINES[n](t)))
        )
        work() if name in ("quantulum3", "underthesea") else None  # load models first
        rows.append({"method": name, "MB/s": len(big.encode()) / 1e6 / seconds(work)})
    for name, work in (("themes", proposer.propose_themes), ("citations", proposer.find_citations)):
        taken = seconds(lambda w=work: w(text * 5))
        rows.append({"method": name, "MB/s": len(text.encode()) * 5 / 1e6 / taken})
    return pd.DataFrame(rows)


def growth() -> pd.DataFrame:
    """Seconds for texts of 0.1, 0.2 and 0.4 megabytes: in lines, in one line, of bare digits."""
    text = "\n".join(document.text for document in corpus.read_all())
    rows = []
    shapes = {"lines": text, "one line": text.replace("\n", " "), "digits": "1 2 3 4 5 6 7 8 9 0 "}
    for shape, source in shapes.items():
        for size in (0.1, 0.2, 0.4):
            big = source * int(size * 1_000_000 / len(source.encode()) + 1)
            rows.append(
                {"text": shape, "MB": size, "seconds": seconds(lambda b=big: proposer.propose(b))}
            )
    return pd.DataFrame(rows)


def main() -> dict[str, list[dict]]:
    """Print each table; the figures."""
    figures = {}
    for table in (quality, speed, growth):
        found = table().round(3)
        print(found.to_string(index=False), end="\n\n", flush=True)
        figures[table.__name__] = found.astype(object).where(found.notna(), None).to_dict("records")
    return figures
