"""What a process does once, so that every notebook that it forks starts warm.

Four fifths of a short notebook's time are the start of its kernel and its imports. On Linux the
workers of a batch are forked by a server (`multiprocessing`'s forkserver, a fresh program with a
single thread) that has imported this module and thereby all that notebooks import.
"""

import builtins
import gc
import importlib
import io
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from types import SimpleNamespace

from helpers import paths
from party_cells.batch.grid import PACKAGES

# Ours that no notebook imports; and widgets, which look for their kernel when they are imported.
COLD = ("party_cells/__", "party_cells/cli", "party_cells/batch", "party_cells/desk/review")
COLD += ("party_cells/desk/verbs",)
FOUND = sorted(path for name in PACKAGES for path in (paths.SOURCES / name).rglob("*.py"))
FILES = (path.relative_to(paths.SOURCES).as_posix() for path in FOUND)
OURS = [
    path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for path in FILES
    if not path.startswith(COLD)
]
LIBRARIES = ("numpy.random", "matplotlib.figure", "matplotlib.pyplot", "ipykernel.ipkernel")
LIBRARIES += ("IPython.core.completerlib", "IPython.core.pylabtools", "IPython.core.oinspect")
LIBRARIES += ("IPython.extensions.storemagic", "pandas.io.formats.html")
LIBRARIES += ("pandas.io.formats.string", "papermill", "nbclient", "party_cells.batch.shell")


def available() -> bool:
    """Whether notebooks can be forked here."""
    return sys.platform == "linux"


def context():
    """How worker processes are started: forked by a warm server where that is safe."""
    if not available():
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["party_cells.batch.warmed"])
    return found


def warm_up() -> None:
    """Import what notebooks import, as inside a kernel; draw once what is slow once."""
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    sys.modules.setdefault("rfc3987_syntax", None)  # builds a grammar for a second; not used
    # pandas sets display.max_columns at import by asking whether it is inside a kernel.
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True)
    try:
        importlib.import_module("pandas")
    finally:
        del builtins.get_ipython
    for name in (*LIBRARIES, *OURS):
        with suppress(ImportError):  # the notebook that needs it says so
            importlib.import_module(name)
    draw()
    gc.collect()
    gc.freeze()


def draw() -> None:
    """One figure on a plain canvas: pyplot's backend stays for each notebook to choose."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([0, 1], label="Đảng bộ")
    figure.legend()
    for kind in ("svg", "png"):
        figure.savefig(io.BytesIO(), format=kind)


def worker_starts() -> None:
    """A worker leaves Ctrl-C to the batch, and ends when the batch is gone, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def end_with_parent() -> None:
    """End this process, and the group that it leads, when the one that asked for it is gone."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        parent.join()
        end(os.getpid())
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def end(pid: int) -> None:
    """Kill a shell and what its cells have started, and has not left its group."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def as_in_a_kernel(folder: str) -> None:
    """Make this forked child what a freshly started kernel's process would be."""
    import ipykernel_launcher
    import numpy

    ours = {"", os.getcwd(), os.path.dirname(sys.argv[0])}
    sys.path[:] = [entry for entry in sys.path if entry not in ours]
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    numpy.random.seed()
    sys.argv = [ipykernel_launcher.__file__]
