"""Warm kernels answer as fresh ones do, and share nothing."""

import ast
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import papermill
import pytest
from test_grid import write_notebook

from helpers import paths
from party_cells.batch import execution, warm

pytestmark = pytest.mark.skipif(not warm.available(), reason="warm kernels need Linux")
HOSTILE, LEAK = (
    paths.ROOT / "tests" / "notebooks" / f"{name}.ipynb" for name in ("hostile", "leak")
)
NOTEBOOKS = sorted(paths.notebooks().glob("*.ipynb"))


@pytest.fixture(scope="module")
def parent():
    started = warm.Parent()
    yield started.address
    started.close()


def outputs(notebook: Path, address: str | None) -> list[str]:
    """What each cell shows, by a warm kernel or, without an address, by plain papermill."""
    with tempfile.TemporaryDirectory() as folder:
        options = (
            {}
            if address is None
            else {"kernel_manager_class": execution.kernel_manager(folder, address)}
        )
        executed = Path(folder) / "executed.ipynb"
        # Raised also where a cell may raise; the notebook is written all the same.
        with contextlib.suppress(papermill.PapermillExecutionError):
            papermill.execute_notebook(notebook, executed, progress_bar=False, **options)
        cells = nbformat.read(executed, as_version=4).cells
    # The name of a cell's file has the number of its process.
    shown = [json.dumps([c.get("outputs"), c.get("execution_count")]) for c in cells]
    return [re.sub(r"ipykernel_\d+", "ipykernel", text) for text in shown]


@pytest.mark.parametrize("notebook", [HOSTILE, *NOTEBOOKS], ids=lambda path: path.stem)
def test_outputs_are_those_of_plain_papermill(notebook, parent):
    assert outputs(notebook, parent) == outputs(notebook, None)


def test_nothing_leaks_from_one_notebook_to_the_next(parent):
    first, second = (outputs(LEAK, parent) for _ in range(2))
    assert '"text/plain": "[]"' in first[3] and second[3] == first[3]
    assert second[-1] != first[-1], "random numbers repeat: the generators were not seeded again"


def test_kernels_run_side_by_side(parent, tmp_path):
    cell = "import time\ntime.sleep(1)\nmine = {0}\nmine"
    many = [write_notebook(tmp_path / f"{n}.ipynb", cell.format(n)) for n in range(6)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda path: outputs(path, parent), many))
    assert all(f'"text/plain": "{n}"' in cells[-1] for n, cells in enumerate(found))


def request(address: str, folder: Path) -> warm.Kernel:
    connection = folder / "kernel.json"
    command = ["python", *warm.KERNEL_COMMAND, "-f", str(connection)]
    return warm.Kernel(address, cmd=command, cwd=str(folder), env=dict(os.environ))


def ends(pid: int, seconds: float = 10) -> bool:
    """Whether a process is gone before the seconds are over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_a_killed_kernel_is_noticed(parent, tmp_path):
    kernel = request(parent, tmp_path)
    assert kernel.poll() is None
    kernel.kill()
    assert kernel.wait() == kernel.poll() == 0


def test_a_kernel_ends_with_its_client_and_with_its_parent(parent, tmp_path):
    orphan = request(parent, tmp_path)
    orphan._connection.close()
    assert ends(orphan.pid)
    other = warm.Parent()
    kernel = request(other.address, tmp_path)
    other.close()
    assert kernel.wait() is not None and ends(kernel.pid)


def test_kernels_have_the_tables_that_their_parent_has_read(tmp_path):
    cell = "from helpers import codebook\n'facts' in codebook._READ"
    notebook = write_notebook(tmp_path / "a.ipynb", cell)
    own = warm.own(str(paths.data()))
    assert '"True"' in outputs(notebook, own.address)[-1]
    assert '"False"' in outputs(notebook, None)[-1]


def test_without_its_parent_a_notebook_runs_in_an_ordinary_kernel(tmp_path):
    notebook = write_notebook(tmp_path / "a.ipynb", "6 * 7")
    assert '"42"' in outputs(notebook, str(tmp_path / "nobody"))[-1]


def test_the_parent_has_what_notebooks_import_but_no_widgets_and_no_threads():
    program = "import json, sys, threading; from party_cells.batch import warm; warm.warm_up()\n"
    program += "print(json.dumps([threading.active_count(), *sys.modules]))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    threads, *loaded = json.loads(said)
    assert threads == 1 and not {"ipywidgets", "anywidget", "nbconvert"} & {*loaded}
    named = set()
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith(
                ("helpers", "party_cells")
            ):
                named |= {f"{node.module}.{name.name}" for name in node.names}
    assert named - {"party_cells.desk.review"} <= {*loaded}
