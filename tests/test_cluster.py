"""A Dask scheduler and two workers, each a process of its own on this machine; one is killed."""

import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from test_grid import write_notebook

from helpers import corpus, paths
from party_cells import batch, cli, trials
from party_cells.batch import grid, proposals
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
    yield address, running[1:]
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
    trials.write_collection(tmp_path / "data", localities=10, years=2)
    monkeypatch.setenv(paths.DATA_VARIABLE, str(tmp_path / "data"))
    jobs = proposals.parts(tmp_path / "data", tmp_path, articles=1)
    killed = processes.pop()
    with batch.cluster(address) as executor:
        records = []
        for record in batch.run_all(jobs, lambda: nullcontext(executor), slowly):
            records.append(record)
            if len(records) == 4:
                killed.kill()
    assert sorted(r["stem"] for r in records) == sorted(job["stem"] for job in jobs)
    assert {r["status"] for r in records} == {"done"}
    out = tmp_path / "out"
    command = ["propose", "--data", str(tmp_path / "data"), "--out", str(out)]
    assert cli.main([*command, "--scheduler", address]) == 0
    assert grid.table(out / "candidates.csv") == worklist.candidates(corpus.read_all())


def test_a_batch_on_a_cluster_ends_although_a_worker_is_killed(workers, tmp_path, monkeypatch):
    address, _ = workers
    trials.write_collection(tmp_path / "data", localities=3, years=1)
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path / "notebooks")
    mark = f"mark = Path({str(tmp_path / 'mark')!r})"
    kill = "if not mark.exists():\n    mark.touch()\n    os.kill(os.getppid(), 9)"
    imports = "import os\nfrom pathlib import Path\nfrom helpers import report"
    told = 'report.sentence("Of {at}.", "Về {at}.", language, at=locality)'
    cells = [imports, f"{mark}\n{kill}", told]
    place = 'language: str = "en"\nlocality: str = "loc-0001"'
    words = {"en": "Which?", "vi": "Nơi nào?"}
    about = {"title": words, "question": words, "one_run_per": "locality"}
    write_notebook(tmp_path / "notebooks" / "10-each.ipynb", *cells, parameters=place, **about)
    command = ["report", "--plain", "--data", str(tmp_path / "data"), "--language", "en"]
    out = tmp_path / "reports"
    assert cli.main([*command, "--out", str(out), "--scheduler", address]) == 0
    pages = [page.read_text("utf-8") for page in sorted((out / "en").glob("10-each--*.html"))]
    assert [f"loc-000{n + 1}" in page for n, page in enumerate(pages)] == [True] * 3
