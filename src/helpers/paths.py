"""Where things are: the project, and the data folder that is in use.

Everything works on any folder with the same ``raw/`` and ``processed/`` inside: set the
environment variable ``PARTY_CELLS_DATA``, or pass ``--data`` on the command line. What is installed
from a wheel finds the codebooks and notebooks that came with it.
"""

import os
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1]
CHECKOUT = SOURCES.parent
IS_INSTALLED = not (CHECKOUT / "notebooks").is_dir()
ROOT = Path(sys.prefix) / "share" / "party-cells" if IS_INSTALLED else CHECKOUT
DATA_VARIABLE = "PARTY_CELLS_DATA"


def data() -> Path:
    """The data folder in use: ``$PARTY_CELLS_DATA``, or ``data/`` of the project.

    >>> data().name
    'data'
    """
    chosen = os.environ.get(DATA_VARIABLE)
    return Path(os.path.abspath(chosen)) if chosen else ROOT / "data"


def raw() -> Path:
    """The articles, byte for byte, with their manifest."""
    return data() / "raw"


def processed() -> Path:
    """Codebooks, decisions and the tables derived from them."""
    return data() / "processed"


def notebooks() -> Path:
    """The notebooks: those in the data folder in use if it has its own, else the project's."""
    own = data() / "notebooks"
    return own if own.is_dir() else ROOT / "notebooks"


def reports() -> Path:
    """What the batch writes; never committed. Beside where one works if there is no checkout."""
    return Path.cwd() / "reports" if IS_INSTALLED else ROOT / "reports"
