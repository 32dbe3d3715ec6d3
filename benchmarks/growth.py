"""How time and memory grow with the collection: 5, 50, 500 and 5,000 invented articles.

Each step runs in a process of its own, so its peak memory is its own; the time leaves out start
and imports. A comparison is a whole batch of one notebook, start and imports included. The
exponents are the slopes of log processor time and log peak memory over log articles (for the gate:
over pairs of localities and measures judged), from 500 to 5,000; 1 is linear. Reading and
proposing are streamed part by part.

    python -m benchmarks.growth 5 50 500
"""

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
from party_cells.batch import grid, landing
from party_cells.desk import worklist

SIZES = (5, 50, 500, 5000)
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


def index() -> int:
    """The landing page and the register, in both languages."""
    with tempfile.TemporaryDirectory() as folder:
        for language in grid.LANGUAGES:
            (Path(folder) / language).mkdir()
        landing.index([], Path(folder))
        index.page = max(p.stat().st_size for p in Path(folder).rglob("*.html")) / 1e6
    return len(codebook.load("documents"))


STEPS = {step.__name__: step for step in (read, propose, load, derive, gate, index)}
LINEAR_IN_PAIRS = ("gate",)
SMALLEST_FITTED = 500  # below it a step is mostly its start


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
    wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent's memory
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
    page = getattr(STEPS[step], "page", 0)
    said = {"count": count, "wall": wall, "cpu": cpu, "memory": peak, "page": page}
    print(json.dumps(said))


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


def grow(sizes: list[int], root: Path) -> dict[str, list[dict]]:
    """Every step at every size."""
    found: dict[str, list[dict]] = {step: [] for step in STEPS}
    print(f"{'articles':>8}  {'step':30} {'wall s':>8} {'cpu s':>8} {'MB':>8} {'count':>9}")
    for size in sizes:
        data = collection(root / str(size), size)
        for step in STEPS:
            told(found[step], step, size, measure(step, data))
    return found


def told(found: list[dict], what: str, size: int, one: dict) -> None:
    """Keep and print what was measured."""
    found.append(one | {"articles": size})
    row = f"{one['wall']:8.1f} {one['cpu']:8.1f} {one['memory']:8.0f} {one['count']:9}"
    print(f"{size:8}  {what:30} {row} {one.get('page', 0):8.2f} MB the longest page", flush=True)


def exponents(what: str, points: list[dict]) -> dict[str, float]:
    """The exponents of processor time and of peak memory."""
    over = "count" if what in LINEAR_IN_PAIRS else "articles"
    points = [point for point in points if point["articles"] >= SMALLEST_FITTED]
    if len(points) < 2:
        return {}
    found = {of: exponent([(p[over], p[of]) for p in points]) for of in ("cpu", "memory")}
    print(f"exponent of {what} in {over}: time {found['cpu']:.2f}, memory {found['memory']:.2f}")
    return found


# Notebooks, and what one correction costs


def compare(sizes: list[int], root: Path) -> dict[str, list[dict]]:
    """Each comparison alone at every size: time and memory of its batch, and its longest page."""
    found: dict[str, list[dict]] = {name: [] for name in COMPARISONS}
    for size in sizes:
        data = collection(root / f"notebooks-{size}", size)
        for name in COMPARISONS:
            out = root / f"out-{size}-{name}"
            one = batch.ours(data, [name], out)
            (record,) = one.pop("records")
            pages = [page.stat().st_size / 1e6 for page in out.rglob(f"{name}.html")]
            about = {"page": max(pages, default=0), "count": 1, "status": record["status"]}
            told(found[name], name, size, {k: one[k] for k in ("wall", "cpu", "memory")} | about)
    return found


def rerun(articles: int, root: Path) -> dict:
    """All of them again after one correction of a fact: what runs, and how long."""
    data, out = collection(root / f"rerun-{articles}", articles), root / f"reports-{articles}"
    names = [*COMPARISONS, PROFILE, CONTROL]
    fact = pd.read_csv(data / "processed" / "facts.csv", dtype="str").iloc[0]
    first = batch.ours(data, names, out)
    batch.correct_one_fact(data)
    again = batch.ours(data, names, out)
    ran = sorted(record["stem"] for record in again["records"] if record["status"] == "done")
    due = {*COMPARISONS, f"{PROFILE}--{fact['locality_id']}"} - {WORDS_ONLY}
    figures = {
        "is_exact": ran == sorted(due),
        "articles": articles,
        "runs": first["runs"],
        "again": len(ran),
    }
    figures |= {"all_wall": first["wall"], "again_wall": again["wall"]}
    print(f"after one correction {figures}", flush=True)
    return figures


def main(sizes: list[int] = SIZES) -> dict:
    """Measure every size; the figures."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        steps = grow(sizes, root) | compare(sizes, root)
        fitted = {what: exponents(what, points) for what, points in steps.items()}
        return {"steps": steps, "exponents": fitted, "rerun": rerun(sizes[1], root)}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        one_step(sys.argv[2])
    else:
        main([*map(int, sys.argv[1:])] or SIZES)
