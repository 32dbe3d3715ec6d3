"""How good the proposals are: found, noise, and what is right about those found, with intervals.

Gold comes from articles annotated in place, ``⟦number|measure;key=value⟧`` (see `annotated`), or
from any frame with the columns of `GOLD`. Shares come with Wilson intervals (E. B. Wilson 1927).
"""

import math
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers import bounds, corpus, report
from helpers.evidence import fold
from party_cells import proposer
from party_cells.proposer.reader import Reader

GOLD = ["char_start", "number_text", "value", "bound", "unit", "measure_id", "status", "level",
        "place", "period_start", "period_end", "repeat"]  # fmt: skip
_KINDS = {  # the features of the first reader, by what their names begin with
    "hints": ("hinted",), "terms_left_over": ("not ",), "cues": ("cue ", "kind "),
    "number_before": ("same ", "other ", "beside ", "told ", "first"),
}  # fmt: skip
_MARK = re.compile(r"⟦([^|⟦⟧]+)\|([^⟦⟧]*)⟧")
_LEVELS = {"tỉnh": "province", "huyện": "district", "thị xã": "district", "thành phố": "district"}
_LEVELS |= {"xã": "commune", "phường": "commune", "thị trấn": "commune", "đảng bộ": "agency"}


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson interval of a share; (0, 1) for an empty denominator.

    >>> [round(end, 3) for end in wilson(3, 7)]
    [0.158, 0.75]
    """
    if not n:
        return 0.0, 1.0
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def annotated(source: str) -> tuple[str, dict[str, str], pd.DataFrame]:
    """Text, head and gold of an article whose facts are marked in place.

    The head gives ``published`` and ``locality``. A mark holds the number, its measure (``-`` for
    none in the codebook) and what is not plain: v value, b bound, u unit, s status, p period
    (a year, a day, two days, ``now``, ``none``; it holds until the next p), at place, l level, part
    the measure of the whole of a ratio, rep a second mention.

    >>> text, head, gold = annotated("locality: xã A\\n---\\nCó ⟦12|cells;p=2020⟧ chi bộ.")
    >>> text, int(gold.at[0, "char_start"]), gold.at[0, "period_end"]
    ('Có 12 chi bộ.', 3, '2020-12-31')
    """
    top, body = source.split("---\n", 1)
    head = dict(line.split(": ", 1) for line in top.strip().splitlines())
    text, at, rows, period = "", 0, [], "now"
    for mark in _MARK.finditer(body):
        text += body[at : mark.start()]
        measure, *rest = mark[2].split(";")
        keys = dict(item.split("=", 1) if "=" in item else (item, "1") for item in rest)
        period = keys.get("p", period)
        after = body[mark.end() : mark.end() + 12]
        rows += _gold(mark[1], measure, keys, head, period, len(text), after)
        text += mark[1]
        at = mark.end()
    return text + body[at:], head, pd.DataFrame(rows, columns=GOLD)


def _gold(
    written: str, measure: str, keys: dict[str, str], head: dict[str, str], period: str, start: int,
    after: str,
) -> list[dict]:  # fmt: skip
    share = re.match(r"\s?%", after) is not None
    days = {"now": [head.get("published", "")] * 2, "none": ["", ""]}.get(period) or [
        day if len(day) > 4 else f"{day}-{end}"
        for day, end in zip((period.split("/") * 2)[:2], ("01-01", "12-31"), strict=True)
    ]
    place = keys.get("at", head["locality"])
    own = next((lv for word, lv in _LEVELS.items() if fold(head["locality"]).startswith(word)), "")
    row = {
        "bound": keys.get("b", "exact"), "unit": keys.get("u", "share" if share else "count"),
        "measure_id": measure.strip("-"), "status": keys.get("s", "actual"),
        "level": keys.get("l", own), "place": place, "period_start": days[0],
        "period_end": days[1], "repeat": "rep" in keys,
    }  # fmt: skip
    numbers = written.split("/") if "part" in keys else [written]
    rows = []
    for at, number in enumerate(numbers):
        value = float(keys["v"]) if "v" in keys else _plain(number, share)
        one = row | {"char_start": start, "number_text": number, "value": value}
        if at:
            one |= {"measure_id": keys["part"], "repeat": "rep2" in keys}
        rows.append(one)
        start += len(number) + 1
    return rows


def _plain(number: str, share: bool) -> float:
    if not share and re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number):
        return float(re.sub(r"[.,]", "", number))
    return float(number.replace(",", ".")) / (100 if share else 1)


def matched(gold: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Gold facts with their candidate (columns ``_c``) where one begins at the same place.

    Adds what is right about each: ``found``, ``value_right``, ``measure_right``, ``status_right``,
    ``place_right``, ``period_right`` (same first and last year). A second mention that was not
    proposed is left out; of two facts that one number gives, the proposed one counts.
    """
    both = gold.merge(candidates, on="char_start", how="left", suffixes=("", "_c"))
    both["same"] = both["measure_id"] == both["measure_id_c"]
    both = both.sort_values(["char_start", "same"], ascending=[True, False], kind="stable")
    both = both.drop_duplicates("char_start").reset_index(drop=True)
    both["found"] = both["rule"].notna()
    both = both[both["found"] | ~both["repeat"].astype(bool)].copy()
    near = (both["value"] - both["value_c"]).abs() <= 1e-4 * both["value"].abs().clip(lower=1e-9)
    loose = (both["bound"] == "approx") & (both["bound_c"] == "at_most")
    both["value_right"] = near & ((both["bound"] == both["bound_c"]) | loose)
    for name in ("measure_id", "status"):
        both[f"{name.removesuffix('_id')}_right"] = both[name] == both[f"{name}_c"]
    both["place_right"] = [
        level == level_c and (_bare(place) in _bare(place_c) or _bare(place_c) in _bare(place))
        for level, level_c, place, place_c in zip(
            both["level"], both["level_c"], both["place"], both["place_c"].fillna("?"), strict=True
        )
    ]
    years = [both[name].fillna("").str[:4] for name in ("period_start", "period_start_c")]
    ends = [both[name].fillna("").str[:4] for name in ("period_end", "period_end_c")]
    both["period_right"] = (years[0] == years[1]) & (ends[0] == ends[1])
    return both


def _bare(place: str) -> str:
    return re.sub(r"^(?:chi bộ|ấp|thôn|bản|xã|huyện|thị xã|tỉnh|buôn) ", "", fold(str(place)))


def scores(gold: pd.DataFrame, candidates: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """One row per question: hits, n, share and its Wilson interval.

    ``known`` are the ids of the codebook: the measure is judged where gold has one of them,
    ``left_blank`` where it has none. ``noise`` counts candidates without a measure that are no
    fact, per fact; ``sure`` those found that are sure, ``sure_right`` how many of these are right.
    """
    both = matched(gold, candidates)
    found = both[both["found"]]
    is_fact = candidates["char_start"].isin(gold["char_start"])
    named, has = candidates["measure_id"] != "", found["measure_id"].isin(known)
    right = found["measure_right"] | (~has & (found["measure_id_c"] == ""))
    dated, sure = found["period_end"] != "", found["is_sure"].eq(True)
    counts = {
        "recall": (both["found"], None),
        "precision": (is_fact[named], None),
        "noise": ((~is_fact & ~named), len(both)),
        "value": (found["value_right"], None),
        "measure": (right[has], None),
        "left_blank": (right[~has], None),
        "status": (found["status_right"], None),
        "place": (found["place_right"], None),
        "period": (found["period_right"][dated], None),
        "sure": (sure, None),
        "sure_right": (right[sure] & found["value_right"][sure], None),
    }
    rows = [(name, int(hit.sum()), n or len(hit)) for name, (hit, n) in counts.items()]
    table = pd.DataFrame(rows, columns=["question", "hits", "n"])
    table["share"] = table["hits"] / table["n"].where(table["n"] > 0)
    # more noise than facts is a rate, not a share: it has no such interval
    ends = [wilson(k, n) if k <= n else (math.nan,) * 2 for _, k, n in rows]
    return table.assign(low=[low for low, _ in ends], high=[high for _, high in ends])


def judged(articles: Iterable[Path], **how) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gold and proposals of annotated articles, in the order of their names; ``how`` as for
    `candidates`, such as one of `readers`.

    Each article has offsets of its own: the n-th begins at n million.
    """
    golds, found = [], []
    for number, path in enumerate(sorted(articles)):
        text, head, gold = annotated(path.read_text("utf-8"))
        keys = {"published": head["published"], "locality": head["locality"]}
        rows = pd.DataFrame(proposer.candidates(text, **keys, **how))
        rows = rows.reindex(columns=proposer.COLUMNS).fillna({"is_sure": False})
        golds.append(gold.assign(char_start=gold["char_start"] + number * 1_000_000))
        found.append(rows.assign(char_start=rows["char_start"] + number * 1_000_000))
    return pd.concat(golds, ignore_index=True), joined(found)


def readers() -> dict[str, Reader]:
    """The reader in use, and the same without what each kind of feature tells it."""
    reader = proposer.committed()
    found = {"both_readers": reader, "without_words": _with(reader, words={})}
    for name, begin in _KINDS.items():
        kept = {f: w for f, w in reader.learned.choice.items() if not f.startswith(begin)}
        found[f"without_{name}"] = _with(reader, choice=kept)
    return found


def _with(reader: Reader, **weights) -> Reader:
    return Reader(reader.lexicon, reader.measures, reader.learned._replace(**weights))


def side_by_side(judged: dict[str, tuple[pd.DataFrame, pd.DataFrame]], known: set[str]) -> dict:
    """Per part the scores; of the questions in their order, as columns for a report."""
    parts = {part: scores(*pair, known) for part, pair in judged.items()}
    questions = next(iter(parts.values()))["question"]
    columns = {part: [_share(value) for value in frame["share"]] for part, frame in parts.items()}
    return {"question": [report.label("vocabulary:quality", code) for code in questions], **columns}


def with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """A table of `scores` with named questions and shares as bounded numbers, for a report."""
    named = [report.label("vocabulary:quality", code) for code in table["question"]]
    shares = {name: [_share(v) for v in table[name]] for name in ("share", "low", "high")}
    return table.assign(question=named, **shares)


def _share(value: float) -> bounds.Bounded | None:
    value = round(value, 3)
    return None if math.isnan(value) else bounds.Bounded(value, value, False, False, "share", value)


def propose(document: corpus.Document) -> pd.DataFrame:
    """The proposals for an article of the collection, with what its manifest tells."""
    published, locality = (document.meta.get(n) for n in ("published_date", "locality_id"))
    day = published if isinstance(published, str) else None
    return proposer.propose(document.text, published=day, locality=locality)


def joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several tables with the same columns, empty ones left out."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def mistakes(gold: pd.DataFrame, candidates: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """The quantities missed, or found with another measure than gold has."""
    both = matched(gold, candidates)
    wrong = both["found"] & ~both["measure_right"] & both["measure_id"].isin(known)
    rows = both[~both["found"].astype(bool) | wrong]
    return pd.DataFrame(
        {
            "number_text": rows["number_text"],
            "measure_id": rows["measure_id"].replace("", None),
            "proposed_measure_id": rows["measure_id_c"].replace("", None),
            "quote": rows["quote"],
        }
    )
