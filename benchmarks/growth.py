"""How time and memory grow with the collection: 5, 50, 500 and 5,000 invented articles.

Each step runs in a process of its own, so its peak memory is its own; the time leaves out start
and imports. A comparison is a whole batch of one notebook, start and imports included. The
exponents are the slopes of log processor time and log peak memory over log articles (for the gate:
over pairs of localities and measures judged), fitted to the sizes from 50 on; 1 is linear. Reading
and proposing are streamed part by part, which is what is measured at 50,000 articles.

    python -m benchmarks.growth --sizes 5 50 500 --large 0
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks import batch
from benchmarks.invented import write_collection
from helpers import codebook, corpus, paths, statements
from party_cells import desk
from party_cells.desk import worklist

SIZES = (5, 50, 500, 5000)
LARGE = 50_000
PART = 200
START = {"published_date": "2020-01-15", "locality_id": "loc-0001"}
COMPARISONS = (
    *("60-compare-size-and-structure", "65-compare-ratings", "70-compare-practices"),
    *("80-what-can-be-compared", "83-sensitivity-and-requests"),
)
WORDS_ONLY = "70-compare-practices"  # a comparison that declares no facts
PROFILE = "50-profile-a-locality"  # of which a correction makes one run, that of its locality
CONTROL = "40-code-themes"  # does not declare the facts, so no correction of one makes it run


# Steps: each takes nothing and returns how many things it did, articles unless it says otherwise.


def read() -> int:
    """Every article read, verified and made canonical, one at a time."""
    rows = corpus.documents().to_dict("records")
    return sum(len(corpus.read_listed(row).text) > 0 for row in rows)


def propose() -> int:
    """Candidates for every article, a part at a time."""
    rows, count = corpus.documents().to_dict("records"), 0
    for start in range(0, len(rows), PART):
        listed = rows[start : start + PART]
        worklist.candidates([corpus.read_listed(row) for row in listed])
        count += len(listed)
    return count


def load() -> int:
    """The checked tables, validated."""
    facts, _, _ = (codebook.load(name) for name in ("facts", "decisions", "codings"))
    return facts["document_id"].nunique()


def gate() -> int:
    """All pairs of localities compared in all their years: an outcome for each pair and measure."""
    from helpers import gate as gates

    facts, measures = codebook.load("facts"), codebook.load("measures")
    taken = statements.take(facts, measures, codebook.load("rating_schemes"))
    return len(gates.outcomes(taken, measures, sorted(facts["locality_id"].unique())))


def derive() -> int:
    """facts.csv and codings.csv derived from the decisions, as `make tables` does."""
    desk.derive()
    return len(codebook.load("documents"))


STEPS = {step.__name__: step for step in (read, propose, load, derive, gate)}
LINEAR_IN_PAIRS = ("gate",)
SMALLEST_FITTED = 50  # below it a step is mostly its start


# Measuring


def measure(step: str, data: Path) -> dict:
    """One step in a process of its own: things done, seconds, peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.growth", "--step", step]
    environment = os.environ | {paths.DATA_VARIABLE: str(data)}
    said = subprocess.run(
        command, env=environment, cwd=paths.ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(said.stdout.splitlines()[-1])


def one_step(step: str) -> None:
    """What `measure` runs, after one small piece of each kind of work has filled the caches."""
    worklist.candidates([corpus.Document("a", "Huyện có 12 chi bộ.", START)])
    for table in ("facts", "decisions", "codings", "documents"):
        codebook.validate(pd.DataFrame(columns=codebook.columns(table), dtype="str"), table)
    begun = time.perf_counter(), time.process_time()
    count = STEPS[step]()
    seconds, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's memory
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
    print(json.dumps({"count": count, "seconds": seconds, "cpu": cpu, "peak": peak}))


def exponent(points: list[tuple[float, float]]) -> float:
    """The slope of the least-squares line through the logarithms.

    >>> round(exponent([(10, 3), (100, 30), (1000, 300)]), 6)
    1.0
    """
    xs, ys = ([math.log(value) for value in axis] for axis in zip(*points, strict=True))
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    over = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return over / sum((x - mean_x) ** 2 for x in xs)


def collection(folder: Path, articles: int) -> Path:
    """An invented collection: ten years of articles, from five localities at least."""
    years = 1 if articles < 50 else 10
    write_collection(folder, localities=articles // years, years=years)
    return folder


def grow(sizes: list[int], steps: list[str], root: Path) -> None:
    """Every step at every size, and its exponent."""
    found: dict[str, list[dict]] = {step: [] for step in steps}
    print(f"{'articles':>8}  {'step':8} {'count':>9} {'wall s':>8} {'cpu s':>8} {'peak MB':>8}")
    for size in sizes:
        data = collection(root / str(size), size)
        for step in steps:
            one = measure(step, data) | {"articles": size}
            found[step].append(one)
            row = f"{one['count']:9} {one['seconds']:8.2f} {one['cpu']:8.2f} {one['peak']:8.0f}"
            print(f"{size:8}  {step:8} {row}", flush=True)
    for step, points in found.items():
        fit(step, points, "count" if step in LINEAR_IN_PAIRS else "articles")


def fit(what: str, points: list[dict], over: str = "articles") -> None:
    """Print the exponents of processor time and of peak memory."""
    points = [point for point in points if point["articles"] >= SMALLEST_FITTED]
    if len(points) > 1:
        time, memory = (exponent([(p[over], p[of]) for p in points]) for of in ("cpu", "peak"))
        print(f"exponent of {what} in {over}: time {time:.2f}, memory {memory:.2f}")


# Notebooks, and what one correction costs


def compare(sizes: list[int], root: Path) -> None:
    """Each comparison alone at every size: time and memory of its batch, and its longest page."""
    found: dict[str, list[dict]] = {name: [] for name in COMPARISONS}
    for size in sizes:
        data = collection(root / f"notebooks-{size}", size)
        for name in COMPARISONS:
            out = root / f"out-{size}-{name}"
            one = batch.ours(data, [name], out)
            pages = [page.stat().st_size for page in out.rglob(f"{name}.html")]
            found[name].append({"articles": size, "cpu": one["cpu"], "peak": one["memory"]})
            row = f"{one['wall']:8.1f} {one['cpu']:8.1f} {one['memory']:8.0f}"
            print(f"{size:8}  {name:30} {row} {max(pages) / 1e6:8.1f} MB", flush=True)
    for name, points in found.items():
        fit(name, points)


def rerun(articles: int, root: Path) -> None:
    """All of them again after one correction of a fact: what runs, and how long."""
    data, out = collection(root / f"rerun-{articles}", articles), root / f"reports-{articles}"
    names = [*COMPARISONS, PROFILE, CONTROL]
    os.environ[paths.DATA_VARIABLE] = str(data)
    fact = codebook.load("facts").iloc[0]
    first = batch.ours(data, names, out)
    begun = time.perf_counter()
    desk.correct(
        "facts", fact["fact_id"], "note", "corrected", "measured here", "bench", "2024-03-01"
    )
    corrected = time.perf_counter() - begun
    again = batch.ours(data, names, out)
    ran = sorted(record["stem"] for record in again["records"] if record["status"] == "done")
    print(
        f"{articles:8}  all {first['cpu']:.1f} s, a correction {corrected:.2f} s, after it "
        f"{len(ran)} of {first['runs']} runs, {again['cpu']:.1f} s, {again['memory']:.0f} MB",
        flush=True,
    )
    due = {*COMPARISONS, f"{PROFILE}--{fact['locality_id']}"} - {WORDS_ONLY}
    assert ran == sorted(due), f"not what declares the fact: {ran}"


def main(argv: list[str] | None = None) -> None:
    """Print every figure; the sizes are those of `SIZES` unless the command line says others."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--sizes", type=int, nargs="+", default=list(SIZES))
    add("--large", type=int, default=LARGE, help="articles to read and propose in; 0 for none")
    add("--notebooks", type=int, nargs="*", default=list(SIZES), help="sizes to compare at")
    add("--rerun", type=int, nargs="*", default=[5, 50, 500], help="sizes to correct a fact at")
    add("--step", choices=STEPS, help=argparse.SUPPRESS)
    asked = parser.parse_args(argv or [])
    if asked.step:
        return one_step(asked.step)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        grow(asked.sizes, list(STEPS), root)
        if asked.large:
            grow([asked.sizes[-1], asked.large], ["read", "propose"], root / "large")
        if asked.notebooks:
            compare(asked.notebooks, root)
        for size in asked.rerun:
            rerun(size, root)


if __name__ == "__main__":
    main(sys.argv[1:])
