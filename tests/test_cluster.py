"""A Dask scheduler and two workers, each a process of its own on this machine; one is killed."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from test_grid import write_notebook

from benchmarks import invented
from helpers import corpus, paths
from party_cells import cli
from party_cells.batch import grid, proposals
from party_cells.batch.workers import run_all, some_workers
from party_cells.desk import worklist

distributed = pytest.importorskip("distributed")
TESTS = str(Path(__file__).parent)


def start(*arguments: str) -> subprocess.Popen:
    """A Dask process that finds what the tests define."""
    environment = os.environ | {"PYTHONPATH": TESTS}
    command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


@pytest.fixture
def workers(tmp_path):
    """The address of a scheduler on loopback, and its two workers."""
    file = str(tmp_path / "scheduler.json")
    here = ["--host", "127.0.0.1", "--no-dashboard"]
    running = [start("scheduler", *here, "--port", "0", "--scheduler-file", file)]
    mine = ["--nthreads", "1", "--no-nanny", "--scheduler-file", file]
    running += [start("worker", *here, *mine) for _ in range(2)]
    deadline = time.monotonic() + 60
    while not Path(file).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    address = json.loads(Path(file).read_text())["address"]
    with distributed.Client(address) as client:
        client.wait_for_workers(2, timeout=60)
    yield address, running
    for process in running:
        process.kill()
        process.wait()


def slowly(job: dict) -> dict:
    """Propose, and take long enough to be killed at it."""
    time.sleep(0.2)
    return proposals.propose_part(job)


def test_a_cluster_proposes_what_one_process_proposes_though_a_worker_is_killed(
    workers, tmp_path, monkeypatch
):
    address, processes = workers
    invented.write_collection(tmp_path / "data", localities=10, years=2)
    monkeypatch.setenv(paths.DATA_VARIABLE, str(tmp_path / "data"))
    jobs = proposals.parts(tmp_path / "data", tmp_path, articles=1)
    killed = processes[1]
    with some_workers(None, address) as (workers, require):
        records = []
        for record in run_all(jobs, workers, slowly, require):
            records.append(record)
            if len(records) == 4:
                killed.kill()
    assert sorted(r["stem"] for r in records) == sorted(job["stem"] for job in jobs)
    assert {r["status"] for r in records} == {"done"}
    out = tmp_path / "out"
    command = ["propose", "--data", str(tmp_path / "data"), "--out", str(out)]
    assert cli.main([*command, "--scheduler", address]) == 0
    assert grid.table(out / "candidates.csv") == worklist.candidates(corpus.read_all())


@pytest.fixture
def grid_of_six(tmp_path, monkeypatch) -> list[str]:
    """The command for a batch of six slow runs, and the folder of its reports."""
    invented.write_collection(tmp_path / "data", localities=6, years=1)
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path / "notebooks")
    place = 'language: str = "en"\nlocality: str = "loc-0001"'
    words = {"en": "Which?", "vi": "Nơi nào?"}
    about = {"title": words, "question": words, "one_run_per": "locality"}
    notebook = tmp_path / "notebooks" / "10-each.ipynb"
    imports = "import time\nfrom helpers import report\ntime.sleep(1)\nreport.use(language)"
    told = 'report.sentence("Of {at}.", "Về {at}.", at=locality)'
    write_notebook(notebook, imports, told, parameters=place, **about)
    return ["report", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "reports")]


def kill_when(file: Path, processes: list[subprocess.Popen]) -> threading.Thread:
    """Kill some processes as soon as the first run is told of."""

    def watch() -> None:
        while not file.exists():
            time.sleep(0.05)
        for process in processes:
            process.kill()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_a_batch_on_a_cluster_ends_although_a_worker_is_killed(workers, grid_of_six, tmp_path):
    address, processes = workers
    killing = kill_when(tmp_path / "reports" / "log.jsonl", processes[1:2])
    assert cli.main([*grid_of_six, "--scheduler", address]) == 0
    killing.join()
    assert cli.main([*grid_of_six, "--out", str(tmp_path / "local")]) == 0
    for page in sorted((tmp_path / "local" / "en").glob("10-each--*.html")):
        assert page.read_bytes() == (tmp_path / "reports" / "en" / page.name).read_bytes()


@pytest.mark.parametrize("who", ["scheduler", "workers"])
def test_a_cluster_that_is_lost_is_one_line_and_the_same_command_goes_on(
    workers, grid_of_six, tmp_path, capfd, who
):
    address, (scheduler, *others) = workers
    killed = [scheduler] if who == "scheduler" else others
    killing = kill_when(tmp_path / "reports" / "log.jsonl", killed)
    assert cli.main([*grid_of_six, "--scheduler", address]) == 130
    killing.join()
    said = capfd.readouterr()
    last = said.out.strip().splitlines()[-1]
    assert "of 6 runs are done, and whole. The same command goes on" in last
    assert address in last and not said.err.strip()
    assert logging.getLogger("anything").isEnabledFor(logging.CRITICAL)
    assert cli.main(grid_of_six) == 0
    done = int(re.search(r"(\d+) of 6", last)[1])
    assert f"{6 - done} done, {done} up to date" in capfd.readouterr().out
