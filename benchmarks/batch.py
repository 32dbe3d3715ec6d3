"""How fast the batch is, beside what else people use: ``python -m benchmarks.batch``.

Every way makes an executed notebook and an HTML page of each run, in a folder of its own, on the
collection and on one notebook for each locality of an invented collection. Ours writes both
languages, CSV and XLSX as well; the others one stock page. Each way is a process of its own:
wall time, processor time of all its children, and the peak of their memory (PSS, sampled).

Ours does everything in each of five rounds. The time of the other ways is that of their runs, one
after the other, so they do a part in each round: of the collection another fifth, so that after
five rounds every run was done once; of the grid the same few localities, whose median counts.
"""

import ctypes
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import psutil

from benchmarks.synthetic import write_collection
from helpers import paths
from party_cells.batch import grid

PROFILE = "50-profile-a-locality"
BE_SUBREAPER = 36  # of Linux's prctl
ROUNDS, LOCALITIES, FEW = 5, 100, 4
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


def planned(data: Path, names: list[str], out: Path) -> list[tuple]:
    """Notebook, given parameters and place of the executed notebook, for each run."""
    found = [n for n in grid.choose(paths.notebooks(), names) if grid.in_collection(n, data)]
    runs = grid.runs_of(found, data, languages=("en",))
    return [(str(r.notebook.path), r.given, str(out / f"{r.stem}.ipynb")) for r in runs]


# The ways; each is called in a process of its own.


def command_of(run: tuple) -> list[str]:
    notebook, given, executed = run
    pairs = [word for pair in given.items() for word in ("-p", *map(str, pair))]
    return ["papermill", notebook, executed, *pairs]


def shell_loop(runs: list[tuple]) -> None:
    """The papermill and nbconvert commands, one after the other."""
    for run in runs:
        for command in (command_of(run), ["jupyter", "nbconvert", "--to", "html", run[2]]):
            subprocess.run(command, check=True, capture_output=True)


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
    """papermill's API in as many processes as there are cores."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one_by_api, runs))


def by_nbconvert(runs: list[tuple]) -> None:
    """``jupyter nbconvert --execute``, one command for all; parameters put in before."""
    import papermill

    for notebook, given, executed in runs:
        papermill.execute_notebook(notebook, executed, given, prepare_only=True)
    command = ["jupyter", "nbconvert", "--to", "html", "--execute"]
    subprocess.run([*command, *(run[2] for run in runs)], check=True, capture_output=True)


def by_doit(runs: list[tuple]) -> None:
    """doit around the two commands, as many at a time as there are cores."""
    folder = Path(runs[0][2]).parent
    (folder / "dodo.py").write_text(DODO.format(runs=runs), "utf-8")
    command = [sys.executable, "-m", "doit", "-n", str(os.cpu_count()), "-f", "dodo.py"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def two_plain(runs: list[tuple]) -> None:
    """Two papermill commands at once: the measure for memory."""
    commands = [subprocess.Popen(command_of(r), stderr=subprocess.DEVNULL) for r in runs[:2]]
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
    "loop": (shell_loop, "shell loop over papermill and nbconvert"),
    "api": (by_api, "papermill API in processes, one exporter"),
    "nbconvert": (by_nbconvert, "jupyter nbconvert --execute"),
    "doit": (by_doit, "doit around papermill and nbconvert"),
    "plain": (two_plain, "two plain papermill runs (memory)"),
    "bound": (bound, "bound: the cells in warm processes"),
}
if not find_spec("doit"):
    del WAYS["doit"]
LABELS = {way: label for way, (_, label) in WAYS.items()} | {
    "cold": "ours, cold",
    "correction": "ours, after one correction",
}


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


def measure(command: list[str], data: Path, good: tuple = (0,)) -> dict:
    """Wall and processor seconds, peak memory in MB and output of a command and all it starts."""
    here = f"{paths.ROOT / 'src'}{os.pathsep}{paths.ROOT}"
    environment = os.environ | {paths.DATA_VARIABLE: str(data), "PYTHONPATH": here}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ctypes.CDLL(None).prctl(BE_SUBREAPER, 1)  # what outlives its parent is ours to wait for
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
    running.returncode, wall = os.waitstatus_to_exitcode(status), time.monotonic() - begun
    over.set()
    watcher.join()
    if running.returncode not in good:
        raise RuntimeError(f"{' '.join(command)} failed: {said}")
    cpu = used.ru_utime + used.ru_stime + left_behind()
    return {"wall": wall, "cpu": cpu, "memory": peak / 2**20, "said": said}


def left_behind(seconds: float = 20) -> float:
    """Processor seconds of what a command has left behind, when that has ended too."""
    cpu, deadline = 0.0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            pid, _, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        cpu += used.ru_utime + used.ru_stime if pid else 0
        time.sleep(0 if pid else 0.05)
    return cpu


def others(way: str, data: Path, names: list[str], part: slice) -> dict:
    """Measure one of the other ways on a part of the runs; the result with their number."""
    with tempfile.TemporaryDirectory() as folder:
        runs = planned(data, names, Path(folder))[part]
        command = [sys.executable, "-m", "benchmarks.batch", way, json.dumps(runs)]
        result = measure(command, data) | {"runs": len(runs)}
    if way == "bound":
        result["wall"] = json.loads(result["said"])
    return result


def ours(data: Path, names: list[str], out: Path, *more: str) -> dict:
    """Measure our batch; the result with the records of the runs that it did."""
    only = [word for name in names for word in ("--only", name)]
    command = [sys.executable, "-m", "party_cells", "report", *only, "--data", str(data)]
    log = out / "log.jsonl"
    before = len(log.read_text("utf-8").splitlines()) if log.exists() else 0
    result = measure([*command, "--out", str(out), *more], data, good=(0, 1))
    records = [json.loads(line) for line in log.read_text("utf-8").splitlines()[before:]]
    return result | {"runs": len(records), "records": records}


def correct_one_fact(data: Path) -> None:
    """Correct the note of one fact, as a desk would."""
    fact = grid.table(data / "processed" / "facts.csv")[0]["fact_id"]
    command = [sys.executable, "-m", "party_cells", "correct", "--data", str(data)]
    why = ["--reason", "measured here", "--by", "bench"]
    measure([*command, *why, "facts", fact, "note", "corrected"], data)


def in_rounds(data: Path, names: list[str], part_of_round) -> dict[str, list[dict]]:
    """Every way in every round, and once what a correction costs."""
    found = {way: [] for way in LABELS}
    for at in range(ROUNDS):
        for way in WAYS:
            found[way].append(others(way, data, names, part_of_round(at)))
        with tempfile.TemporaryDirectory() as folder:
            mine, out = Path(folder) / "data", Path(folder) / "reports"
            for part in ("raw", "processed"):
                shutil.copytree(data / part, mine / part)
            found["cold"].append(ours(mine, names, out))
            if at == 0:
                correct_one_fact(mine)
                found["correction"].append(ours(mine, names, out))
    return found


def compare(title: str, found: dict[str, list[dict]], in_parts: bool) -> dict:
    """Seconds a run of each way, as times ours; printed and returned. ``in_parts`` says that the
    rounds of the other ways are parts of one whole.
    """

    def a_run(way: str, what: str) -> float:
        if in_parts and way in WAYS:
            return sum(r[what] for r in found[way]) / sum(r["runs"] for r in found[way])
        return statistics.median(r[what] / max(r["runs"], 1) for r in found[way])

    mine = {what: a_run("cold", what) for what in ("wall", "cpu")}
    print(f"\n{title}: {found['cold'][0]['runs']} runs, {ROUNDS} rounds")
    print(f"{'':44}{'wall s/run':>11}{'cpu s/run':>11}{'MB':>7}{'times ours':>12}{'(cpu)':>8}")
    figures = {"runs": found["cold"][0]["runs"], "corrected_runs": found["correction"][0]["runs"]}
    failed = [r["stem"] for one in found["cold"] for r in one["records"] if r["status"] != "done"]
    print(*(f"failed: {stem}" for stem in failed), sep="\n")
    for way, label in LABELS.items():
        wall, cpu = a_run(way, "wall"), a_run(way, "cpu")
        memory = statistics.median(r["memory"] for r in found[way])
        figures[way] = {"wall": wall, "cpu": cpu, "memory": memory, "times": wall / mine["wall"]}
        ratios = f"{wall / mine['wall']:12.2f}{cpu / mine['cpu']:8.2f}"
        print(f"{label:44}{wall:11.2f}{cpu:11.2f}{memory:7.0f}{ratios}", flush=True)
    return figures


def main() -> dict:
    """Measure both; the figures."""
    collection = in_rounds(paths.data(), [], lambda at: slice(at, None, ROUNDS))
    figures = {"collection": compare("The collection", collection, in_parts=True)}
    with tempfile.TemporaryDirectory() as folder:
        write_collection(Path(folder), LOCALITIES, 1, {}, 0)
        profiles = in_rounds(Path(folder), [PROFILE], lambda at: slice(FEW))
    figures["grid"] = compare(f"A grid of {LOCALITIES}", profiles, in_parts=False)
    return figures


if __name__ == "__main__":
    from benchmarks import batch  # by this name other processes find its functions

    batch.WAYS[sys.argv[1]][0](json.loads(sys.argv[2])) if sys.argv[1:] else main()
