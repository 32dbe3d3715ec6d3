"""How fast the batch is, beside what else people use: ``python -m benchmarks.batch``.

Every way makes an executed notebook and an HTML page of each run, in a folder of its own, on the
collection and on one notebook for each locality of an invented collection. Ours writes both
languages, CSV and XLSX as well; the others one stock page. Each way is a process of its own:
wall time, processor time of all its children, and the peak of their memory (PSS, sampled). The
other ways are timed on fewer localities; their time per run does not depend on the number.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import psutil

from benchmarks.synthetic import write_collection
from helpers import paths
from party_cells.batch import grid

PROFILE = "50-profile-a-locality"
DODO = """
from pathlib import Path
RUNS = {runs!r}
def task_report():
    for notebook, given, executed in RUNS:
        parameters = " ".join(f"-p {{name}} {{value}}" for name, value in given.items())
        yield {{
            "name": Path(executed).stem,
            "actions": [
                f"papermill {{notebook}} {{executed}} {{parameters}}",
                f"jupyter nbconvert --to html {{executed}}",
            ],
            "file_dep": [notebook],
            "targets": [executed],
        }}
"""


def planned(data: Path, names: list[str], count: int | None, out: Path) -> list[tuple]:
    """Notebook, given parameters and place of the executed notebook, for each run."""
    found = grid.choose(paths.notebooks(), names)
    found = [notebook for notebook in found if grid.in_collection(notebook, data)]
    places = grid.localities_of(data)[:count]
    runs = grid.runs_of(found, data, places, {}, ("en",))
    return [(str(r.notebook.path), r.given, str(out / f"{r.stem}.ipynb")) for r in runs]


# The ways; each is called in a process of its own.


def shell_loop(runs: list[tuple]) -> None:
    """(a) The papermill and nbconvert commands, one after the other."""
    for notebook, given, executed in runs:
        pairs = [word for pair in given.items() for word in ("-p", *map(str, pair))]
        subprocess.run(["papermill", notebook, executed, *pairs], check=True, capture_output=True)
        convert = ["jupyter", "nbconvert", "--to", "html", executed]
        subprocess.run(convert, check=True, capture_output=True)


def one_by_api(run: tuple) -> None:
    """One run by papermill's API and an exporter that is made once in a process."""
    import papermill
    from nbconvert import HTMLExporter

    one_by_api.exporter = getattr(one_by_api, "exporter", None) or HTMLExporter()
    notebook, given, executed = run
    done = papermill.execute_notebook(notebook, executed, given, progress_bar=False)
    page, _ = one_by_api.exporter.from_notebook_node(done)
    Path(executed).with_suffix(".html").write_text(page, "utf-8")


def by_api(runs: list[tuple]) -> None:
    """(b) papermill's API in as many processes as there are cores."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one_by_api, runs))


def by_nbconvert(runs: list[tuple]) -> None:
    """(c) ``jupyter nbconvert --execute``, one command for all; parameters put in before."""
    import papermill

    for notebook, given, executed in runs:
        papermill.execute_notebook(notebook, executed, given, prepare_only=True)
    command = ["jupyter", "nbconvert", "--to", "html", "--execute"]
    subprocess.run([*command, *(run[2] for run in runs)], check=True, capture_output=True)


def by_doit(runs: list[tuple]) -> None:
    """(d) doit around the two commands, as many at a time as there are cores."""
    folder = Path(runs[0][2]).parent
    (folder / "dodo.py").write_text(DODO.format(runs=runs), "utf-8")
    command = [sys.executable, "-m", "doit", "-n", str(os.cpu_count()), "-f", "dodo.py"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def two_plain(runs: list[tuple]) -> None:
    """Two papermill commands at once: the measure for memory."""
    commands = []
    for notebook, given, executed in runs[:2]:
        pairs = [word for pair in given.items() for word in ("-p", *map(str, pair))]
        command = ["papermill", notebook, executed, *pairs]
        commands.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
    for command in commands:
        command.wait()


def cells_alone(run: tuple) -> None:
    """The cells of one run in a shell of this process, outputs made and thrown away."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    shell.reset(new_session=False)
    notebook, given, _ = run
    for cell in json.loads(Path(notebook).read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            with capture_output():
                shell.run_cell("".join(cell["source"])).raise_error()
            if "parameters" in cell["metadata"].get("tags", []):
                shell.user_ns.update(given)


def bound(runs: list[tuple]) -> None:
    """The bound: the same cells in warm processes over all cores, nothing else."""
    from party_cells.batch import warmed  # noqa: F401  imports what notebooks import

    with ProcessPoolExecutor(os.cpu_count()) as pool:
        begun = time.monotonic()
        list(pool.map(cells_alone, runs))
    print(json.dumps(time.monotonic() - begun))


WAYS = {
    "a": (shell_loop, "shell loop over papermill and nbconvert"),
    "b": (by_api, "papermill API in processes, one exporter"),
    "c": (by_nbconvert, "jupyter nbconvert --execute"),
    "d": (by_doit, "doit around papermill and nbconvert"),
    "memory": (two_plain, "two plain papermill runs (memory)"),
    "bound": (bound, "bound: the cells in warm processes"),
}
if not find_spec("doit"):
    del WAYS["d"]
    print("doit is not installed, and left out: pip install '.[bench]'", file=sys.stderr)


# Measuring


def memory_of(process: psutil.Process) -> int:
    """The memory of a process and its descendants in bytes, shared pages divided (PSS)."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            with open(f"/proc/{each.pid}/smaps_rollup") as lines:
                total += sum(int(x.split()[1]) for x in lines if x.startswith("Pss:")) * 1024
        except OSError:
            continue
    return total


def measure(command: list[str], data: Path) -> dict:
    """Wall and processor seconds, peak memory in MB and output of a command."""
    here = f"{paths.ROOT / 'src'}{os.pathsep}{paths.ROOT}"
    environment = os.environ | {paths.DATA_VARIABLE: str(data), "PYTHONPATH": here}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    begun, peak, over = time.monotonic(), 0, threading.Event()
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.1):
            try:
                peak = max(peak, memory_of(psutil.Process(running.pid)))
            except psutil.Error:
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    said = running.stdout.read()
    _, status, used = os.wait4(running.pid, 0)
    wall = time.monotonic() - begun
    over.set()
    watcher.join()
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{' '.join(command)} failed: {said}")
    return {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": peak / 2**20,
        "said": said,
    }


def others(way: str, data: Path, names: list[str], count: int | None) -> dict:
    """Measure one of the other ways on some runs; the result with the number of runs."""
    with tempfile.TemporaryDirectory() as folder:
        runs = planned(data, names, count, Path(folder))
        command = [sys.executable, "-m", "benchmarks.batch", "--way", way, json.dumps(runs)]
        result = measure(command, data) | {"runs": len(runs)}
    if way == "bound":
        result["wall"] = json.loads(result["said"])
    return result


def ours(data: Path, names: list[str], out: Path, *more: str) -> dict:
    """Measure our batch; the result with the number of runs that it did."""
    only = ["--only", *names] if names else []
    command = [sys.executable, "-m", "party_cells", "report", *only, "--data", str(data)]
    log = out / "log.jsonl"
    before = len(log.read_text("utf-8").splitlines()) if log.exists() else 0
    result = measure([*command, "--out", str(out), *more], data)
    records = [json.loads(line) for line in log.read_text("utf-8").splitlines()[before:]]
    return result | {"runs": len(records), "records": records}


def correct_one_fact(data: Path) -> None:
    """Change the note of one fact, as a correction would."""
    file = data / "processed" / "facts.csv"
    rows = file.read_text("utf-8").splitlines(keepends=True)
    rows[1] = rows[1].rstrip("\n") + " corrected\n"
    file.write_text("".join(rows), "utf-8")


def one_round(data: Path, names: list[str], count: int, slow: int) -> Iterable[tuple[str, dict]]:
    """Each way once, by its name."""
    for way in WAYS:
        few = {"memory": 2, "bound": count}.get(way, slow)
        yield way, others(way, data, names, few)
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder) / "data"
        for part in ("raw", "processed"):
            shutil.copytree(data / part, mine / part)
        out = Path(folder) / "reports"
        yield "cold", ours(mine, names, out)
        yield "nothing", ours(mine, names, out)
        correct_one_fact(mine)
        yield "one fact", ours(mine, names, out)


LABELS = {way: label for way, (_, label) in WAYS.items()} | {
    "cold": "(e) ours, cold",
    "one fact": "(e) ours, after one correction",
    "nothing": "(e) ours, nothing to do",
}


def compare(title: str, rounds: list[dict]) -> None:
    """Print medians, and ratios to ours for the same number of runs."""

    def middle(way: str, what: str) -> float:
        return statistics.median(found[way][what] for found in rounds)

    runs = rounds[0]["cold"]["runs"]
    print(f"\n{title}: {runs} runs, median of {len(rounds)}")
    print(f"{'':46}{'runs':>5}{'wall s':>9}{'cpu s':>9}{'MB':>7}{'times ours':>12}{'(cpu)':>8}")
    each = {what: middle("cold", what) / runs for what in ("wall", "cpu")}
    for way, label in LABELS.items():
        n = rounds[0][way]["runs"]
        wall, cpu, memory = (middle(way, what) for what in ("wall", "cpu", "memory"))
        ratio = f"{wall / n / each['wall']:12.2f}{cpu / n / each['cpu']:8.2f}" if n else ""
        print(f"{label:46}{n:5}{wall:9.2f}{cpu:9.2f}{memory:7.0f}{ratio}")


def growth(sizes: Iterable[int], folder: Path) -> None:
    """Print the wall time of our batch by the number of localities, and the exponent."""
    walls = {}
    for count in sizes:
        write_collection(folder / str(count), count, 1, {}, 0)
        walls[count] = ours(folder / str(count), [PROFILE], folder / f"{count}-reports")["wall"]
    logs = [[math.log(value) for value in values] for values in (walls, walls.values())]
    exponent = statistics.linear_regression(*logs).slope
    said = ", ".join(f"{count}: {wall:.1f} s" for count, wall in walls.items())
    print(f"\nOurs, cold, by localities: {said}; exponent {exponent:.2f}")


def main(argv: Iterable[str] = ()) -> None:
    """Measure, or be one of the ways that are measured."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--localities", type=int, default=100)
    asked.add_argument("--slow", type=int, default=10, help="localities for the other ways")
    asked.add_argument("--repeat", type=int, default=5)
    asked.add_argument("--way", nargs=2, help=argparse.SUPPRESS)
    options = asked.parse_args([*argv])
    if options.way:
        from benchmarks import batch  # by this name other processes find its functions

        return batch.WAYS[options.way[0]][0](json.loads(options.way[1]))

    def repeat(*what) -> list[dict]:
        return [dict(one_round(*what)) for _ in range(options.repeat)]

    compare("The collection", repeat(paths.data(), [], None, None))
    with tempfile.TemporaryDirectory() as folder:
        count = options.localities
        growth((count // 4, count // 2, count), Path(folder))
        data = Path(folder) / str(count)
        compare(f"A grid of {count}", repeat(data, [PROFILE], count, options.slow))


if __name__ == "__main__":
    main(sys.argv[1:])
