"""A forked shell shows what an ordinary kernel shows, and shares nothing with the next notebook."""

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
import pytest
from test_grid import write_notebook

from helpers import paths
from party_cells.batch import shell
from party_cells.batch.workers import CellFailed, local_workers

pytestmark = pytest.mark.skipif(not shell.FORK, reason="notebooks are forked on Linux alone")
HOSTILE, LEAK = (
    paths.ROOT / "tests" / "notebooks" / f"{name}.ipynb" for name in ("hostile", "leak")
)
NOTEBOOKS = sorted(paths.notebooks().glob("*.ipynb"))
SMALLER = {"86-many-articles": {"locality_count": 12, "year_count": 3}}  # equal in less time


@pytest.fixture(scope="module")
def workers():
    with local_workers(2) as executor:
        yield executor


def merged(outputs: list[dict] | None) -> list[dict]:
    """The outputs with what a slow machine's kernel sent of one stream in pieces as one."""
    found = []
    for output in outputs or []:
        if found and "text" in output and output.get("name") == found[-1].get("name"):
            found[-1]["text"] += output["text"]
        else:
            found.append(output)
    return found


def outputs(notebook: Path, plain: bool = False) -> list[str]:
    """What each cell shows, in a forked shell or in an ordinary kernel."""
    with tempfile.TemporaryDirectory() as folder:
        executed = Path(folder) / "executed.ipynb"
        job = {"path": str(notebook), "given": SMALLER.get(notebook.stem, {}), "plain": plain}
        # Raised also where a cell may raise; the notebook is written all the same.
        with contextlib.suppress(CellFailed), pytest.MonkeyPatch.context() as patch:
            patch.delenv("PYTEST_CURRENT_TEST", raising=False)  # a kernel hears of it, and is deaf
            shell.run_cells(job, executed)
        cells = nbformat.read(executed, as_version=4).cells
    # The name of a cell's file has the number of its process.
    shown = [json.dumps([merged(c.get("outputs")), c.get("execution_count")]) for c in cells]
    # pytest puts its folder on the path of processes that it starts.
    return [re.sub(r"ipykernel_\d+|\('/[^']*'", "ipykernel", text) for text in shown]


@pytest.mark.parametrize("notebook", [HOSTILE, *NOTEBOOKS], ids=lambda path: path.stem)
def test_outputs_are_those_of_an_ordinary_kernel(notebook, workers):
    assert workers.submit(outputs, notebook).result() == outputs(notebook, plain=True)


WIDGETS = [
    "import ipywidgets\nfrom IPython.display import display",
    "out = ipywidgets.Output()\nslider = ipywidgets.IntSlider(value=3)\ndisplay(out)",
    "with out:\n    print('caught by the widget')\n    display('caught as well')\nprint('not')",
    "out.clear_output()\nslider.value = 5\nslider.value",
]


def test_widgets_catch_what_they_catch_in_a_kernel(workers, tmp_path):
    notebook = write_notebook(tmp_path / "widgets.ipynb", *WIDGETS)
    # The ids of widgets are drawn anew each time.
    found = [workers.submit(outputs, notebook).result(), outputs(notebook, plain=True)]
    forked, plain = ([re.sub(r"[0-9a-f]{32}", "", cell) for cell in cells] for cells in found)
    assert forked == plain and "not" in forked[3] and "caught" not in forked[3]


def test_what_a_forked_process_prints_is_shown(workers, tmp_path):
    cell = "import os\nif not os.fork():\n    print('from a child')\n    os._exit(0)\nos.wait()[1]"
    shown = workers.submit(outputs, write_notebook(tmp_path / "a.ipynb", cell)).result()
    assert "from a child" in shown[-1]


def test_nothing_leaks_from_one_notebook_to_the_next(workers):
    first, second = (workers.submit(outputs, LEAK).result() for _ in range(2))
    assert '"text/plain": "[]"' in first[3] and second[3] == first[3]
    assert second[-1] != first[-1], "random numbers repeat: the generators were not seeded again"


def ended(pid: int, seconds: float = 10) -> bool:
    """Whether a process is gone before the seconds are over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("worker_is_killed", [True, False])
def test_a_shell_and_its_children_end_with_the_worker(tmp_path, worker_is_killed):
    """Also one that holds the interpreter; of children, those that did not leave the group."""
    mark = tmp_path / "mark"
    cell = "import os, subprocess\nfrom pathlib import Path\n"
    cell += f"child = subprocess.Popen(['sleep', '600']).pid\nmark = Path({str(mark)!r})\n"
    cell += "mark.with_suffix('.part').write_text(f'{os.getppid()} {os.getpid()} {child}')\n"
    cell += "mark.with_suffix('.part').rename(mark)\n"
    cell += "while True: pass" if worker_is_killed else ""
    notebook = write_notebook(tmp_path / "a.ipynb", cell)
    with contextlib.suppress(RuntimeError), local_workers(1) as executor:
        running = executor.submit(outputs, notebook)
        while not mark.exists():
            time.sleep(0.05)
        worker, *others = map(int, mark.read_text().split())
        if worker_is_killed:
            os.kill(worker, 9)
        running.result()
    assert all(ended(pid) for pid in others)


def test_notebooks_run_side_by_side(tmp_path):
    many = [write_notebook(tmp_path / f"{n}.ipynb", f"mine = {n}\nmine") for n in range(6)]
    with local_workers(3) as executor, ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda path: executor.submit(outputs, path).result(), many))
    assert all(f'"text/plain": "{n}"' in cells[-1] for n, cells in enumerate(found))


def test_workers_start_with_what_notebooks_import_but_no_widgets_and_no_threads():
    program = "import json, sys, threading; from party_cells.batch import warmed\n"
    program += "print(json.dumps([threading.active_count(), *sys.modules]))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    threads, *loaded = json.loads(said)
    assert threads == 1 and not {"ipywidgets", "anywidget"} & {*loaded}
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
