"""What the workers of a batch have when they are forked: imported once, by the server that forks
them, it imports what notebooks import, as inside a kernel, and draws once what is slow once.
"""

import builtins
import gc
import importlib
import io
import os
import sys
from contextlib import suppress
from types import SimpleNamespace

import helpers

# No widgets: they look for their kernel when they are imported.
OURS = ("party_cells.desk.worklist", "party_cells.proposer.scoring", "party_cells.trials")
OURS += ("party_cells.batch.shell",)
LIBRARIES = ("numpy.random", "matplotlib.figure", "matplotlib.pyplot", "ipykernel.ipkernel")
LIBRARIES += ("IPython.core.completerlib", "IPython.core.pylabtools", "IPython.core.oinspect")
LIBRARIES += ("IPython.extensions.storemagic", "pandas.io.formats.html", "pandas.io.formats.string")


def warm_up() -> None:
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    sys.modules.setdefault("rfc3987_syntax", None)  # builds a grammar for a second; not used
    # pandas sets display.max_columns at import by asking whether it is inside a kernel.
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True)
    try:
        importlib.import_module("pandas")
    finally:
        del builtins.get_ipython
    for name in (*LIBRARIES, *(f"helpers.{room}" for room in dir(helpers)), *OURS):
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


warm_up()
