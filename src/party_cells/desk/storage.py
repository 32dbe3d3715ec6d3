"""Decisions on disk: lines appended to the log under a lock, each on the disk before it is said.

Rows are dictionaries of CSV text. `rows` gives what stands under the names of its kinds: checks,
codings_coder_1, codings_coder_2 and adjudications, and corrections; and those of any other table.
"""

import csv
import io
import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd
from filelock import FileLock

from helpers import codebook, decisions, paths
from helpers.decisions import HANDS, Log, Row, Unit

OURS = re.compile(r"\.\w+\.csv\.\d+")  # what a kill left of a table that was written beside

__all__ = ["Row", "Unit"]


class DecisionConflict(ValueError):
    """Two hands decided differently on one thing; ``pairs`` holds (standing, given) rows."""

    def __init__(self, pairs: list[tuple[Row, Row]]):
        self.pairs = pairs
        shown = [f"{_said(standing)} — {_said(given)}" for standing, given in pairs]
        head = f"{len(pairs)} decision(s) differ from one saved meanwhile:"
        tail = "Both are kept and stand on top of the queue; decide again to settle them."
        super().__init__(codebook.told(head, shown, tail))


class ReadOnlyData(PermissionError):
    """The data folder is a copy for reading, such as a batch gives its notebooks."""


def _said(row: Row) -> str:
    where = f"{row['document_id']} {row['char_start']}"
    values = [row[name] for name in ("follows", "measure_id", "theme_id", "value") if row[name]]
    return " ".join([f"{where}: {row['decided_by']}: {row['decision']}", *values])


@cache
def _lock(folder: Path, _process: int) -> FileLock:
    """The lock object of a process; it may be held twice, but not by a child that was forked."""
    return FileLock(folder / ".lock", poll_interval=0.005)


def is_read_only() -> bool:
    """Whether nobody may write into the data folder in use (its mode says so, also to root)."""
    folder = paths.processed()
    return folder.exists() and not folder.stat().st_mode & 0o222


@contextmanager
def locked() -> Iterator[None]:
    """Hold the one lock of the data folder in use; `ReadOnlyData` if nothing may be saved there."""
    folder = paths.processed()
    if is_read_only():
        raise ReadOnlyData(
            f"{folder.parent.name}/{folder.name} is a read-only copy, so nothing was saved; open "
            "the notebook in JupyterLab on the data folder itself to decide"
        )
    with _lock(folder, os.getpid()):
        for left_by_a_kill in folder.iterdir():
            if OURS.fullmatch(left_by_a_kill.name):
                left_by_a_kill.unlink(missing_ok=True)
        yield


# --- the log ------------------------------------------------------------------------------------


def log() -> Log:
    """The log of the data folder in use, as it is now.

    Half a line at its end, which a kill left and nobody was told was saved, is taken away; within
    `locked`, so that no other process is about to write the other half.
    """
    path = codebook.table_path("decisions")
    if not is_read_only() and _half_a_line(path):
        with locked():
            if half := _half_a_line(path):
                os.truncate(path, path.stat().st_size - half)
    return _log(path).update()


@lru_cache(maxsize=1)
def _log(path: Path) -> Log:
    """The log that this process goes on reading: whole again where the file is another one."""
    return Log(path)


def _half_a_line(path: Path) -> int:
    data = path.read_bytes() if path.exists() else b""
    return len(data) - decisions.whole(data)


def append(lines: list[Row]) -> None:
    """Write lines at the end of the log, all or none, and wait for the disk. Within `locked`."""
    path = codebook.table_path("decisions")
    if not path.exists() or not path.stat().st_size:
        codebook.replace(path, codebook.csv_text([codebook.columns("decisions")]))
    names = log().names
    text = codebook.csv_text([[line.get(name, "") for name in names] for line in lines])
    with open(path, "ab", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        try:
            left = memoryview(text.encode())
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise


def as_text(found: list[dict]) -> list[Row]:
    """Rows as the log has them, in the order given, or `codebook.TableInvalid`.

    What names and signs a line is not asked for.
    """
    fields = codebook.fields("decisions")
    given = (_SIGNED | filled(row) | {"line_id": f"{at:012x}"} for at, row in enumerate(found))
    made = [{f["name"]: _cell(f, row.get(f["name"])) for f in fields} for row in given]
    names, numbered = codebook.columns("decisions"), dict(enumerate(made, 2))
    if wrong := codebook.misfits(names, numbered, "decisions"):
        raise codebook.TableInvalid(codebook.table_path("decisions"), wrong)
    return made


def filled(row: dict) -> dict:
    """The cells of a row that say something."""
    return {name: cell for name, cell in row.items() if cell not in ("", None)}


_SIGNED = {"action": "decide", "hand": "checker", "decision": "open", "decided_by": "nobody"}


def _cell(field: dict, value: object) -> str:
    """A value as the text of its column: missing is empty, whole numbers have no point."""
    if value is None or value is pd.NA or value != value:
        return ""
    text = str(value)
    if field["type"] == "boolean":
        return text.lower()
    is_number = field["type"] in ("number", "integer") and not codebook.misfit(field, text)
    return f"{float(text):.15g}" if is_number or isinstance(value, float) else text


def rows(table: str) -> list[Row]:
    """All rows of a table, or the decisions of a kind that stand, as text."""
    if table == "corrections":
        return decisions.corrections(log())
    return log().of(HANDS[table]) if table in HANDS else codebook.rows_of(table)


# --- derived tables -----------------------------------------------------------------------------


def splice(table: str, old: list[Row], new: list[Row]) -> None:
    """Take rows out of a derived table and put others in, where they belong. Within `locked`."""
    path = codebook.table_path(table)
    header, *records = _records(codebook.text_of(path, path.read_bytes()))
    (names,) = csv.reader([header])
    fields = {f["name"]: f["type"] for f in codebook.fields(table)}
    keys = [(name, fields[name] == "integer") for name in codebook.key(table)]

    def key(row: Row) -> tuple:
        return tuple(int(row[name]) if is_number else row[name] for name, is_number in keys)

    def of(record: str) -> tuple:
        (cells,) = csv.reader(io.StringIO(record, newline=""))
        return key(dict(zip(names, cells, strict=True)))

    for place, row in ({key(r): None for r in old} | {key(r): r for r in new}).items():
        at = bisect_left(records, place, key=of)
        is_there = at < len(records) and of(records[at]) == place
        line = [row.get(name, "") for name in names] if row else []
        records[at : at + is_there] = [codebook.csv_text([line])] if row else []
    codebook.replace(path, header + "".join(records))


def _records(text: str) -> Iterator[str]:
    """The lines of a CSV text; one that ends inside a quoted cell goes on in the next."""
    record = ""
    for line in text.removesuffix("\n").split("\n"):
        record += f"{line}\n"
        if record.count('"') % 2 == 0:
            yield record
            record = ""
