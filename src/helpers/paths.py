"""Where things are: the project, and the data folder that is in use.

Everything works on any folder with the same ``raw/`` and ``processed/`` inside: set the
environment variable ``PARTY_CELLS_DATA``, or pass ``--data`` on the command line.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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
    """The notebooks of the project; they are the same for every data folder."""
    return ROOT / "notebooks"


def reports() -> Path:
    """What the batch writes; never committed."""
    return ROOT / "reports"
