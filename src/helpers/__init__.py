"""From newspaper text to comparisons that can be defended: what a notebook imports.

The stages, from the first to the last; imports point only towards the first.

- ``paths``, ``numbers``, ``evidence``, ``codebook``, ``corpus``: places, numbers as the press
  writes them, anchors in a text, the tables and their dictionary, the articles
- ``bounds``, ``statements``, ``indicators``, ``gate``, ``requests``: numbers with bounds, what is
  said of a place, derived figures, what may be compared, what would change it
- ``decisions``: what the decisions give; ``agreement``: how far two coders agree
- ``practices``: what articles say of practices and weaknesses
- ``report``, ``figures``: findings, tables, grids and charts in two languages, linked to their
  evidence
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOMS = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))


def __dir__() -> list[str]:
    return ROOMS


def __getattr__(name: str) -> ModuleType:
    """A room, imported when it is first asked for."""
    if name not in ROOMS:
        raise AttributeError(f"helpers has no room {name!r}; it has {', '.join(ROOMS)}")
    return import_module(f"helpers.{name}")
