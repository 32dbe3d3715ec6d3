"""The first minute and every later one: a fresh clone, imports, a rerun with nothing to do, and the
first notebook; ``python -m benchmarks.first``.

A fresh clone is built and run by ``make report`` in a folder of its own; files that the machine's
package cache has are taken from there.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers import paths

ROUNDS = 5
NOTEBOOK = "10-read-the-corpus.ipynb"
HELPERS = "import helpers; [getattr(helpers, room) for room in dir(helpers)]"


def seconds(command: list[str], **options) -> float:
    """The wall time of a command that has to end well."""
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return time.monotonic() - begun


def imports() -> dict[str, float]:
    """All rooms of ``helpers`` beside ``import pandas``, each in a process of its own, in turn."""
    codes = {"nothing": "pass", "pandas": "import pandas", "helpers": HELPERS}
    found = {name: [] for name in codes}
    for _ in range(ROUNDS):
        for name, code in codes.items():
            found[name].append(seconds([sys.executable, "-c", code]))
    figures = {name: statistics.median(times) for name, times in found.items()}
    return figures | {"times_pandas": figures["helpers"] / figures["pandas"]}


def nothing_to_do(out: Path) -> float:
    """`party-cells report` where every report is up to date: the median of five."""
    command = [str(Path(sys.executable).parent / "party-cells"), "report", "--out", str(out)]
    for _ in range(2):  # makes them, and looks once
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return statistics.median(seconds(command) for _ in range(ROUNDS))


def first_notebook() -> float:
    """All cells of the first notebook, from when its kernel is up: the median of five."""
    import nbformat
    from nbclient import NotebookClient

    spent = []
    for _ in range(ROUNDS):
        notebook = nbformat.read(paths.notebooks() / NOTEBOOK, as_version=4)
        client = NotebookClient(notebook, kernel_name="python3")
        client.reset_execution_trackers()
        with client.setup_kernel():
            begun = time.monotonic()
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
            spent.append(time.monotonic() - begun)
    return statistics.median(spent)


def fresh_clone(folder: Path) -> float:
    """`make report` in a fresh clone, from nothing to the last report."""
    subprocess.run(["git", "clone", "-q", str(paths.ROOT), str(folder)], check=True)
    return seconds(["make", "report"], cwd=folder)


def main() -> dict:
    """Measure all four; the figures."""
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "imports": imports(),
            "first_notebook": first_notebook(),
            "nothing_to_do": nothing_to_do(Path(folder) / "reports"),
            "fresh_clone": fresh_clone(Path(folder) / "clone"),
        }
    for name, found in figures.items():
        print(name, found)
    return figures


if __name__ == "__main__":
    main()
