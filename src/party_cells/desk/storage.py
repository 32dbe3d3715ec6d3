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
from functools import cache
from pathlib import Path

import pandas as pd
from filelock import FileLock

from helpers import codebook, decisions, paths
from helpers.decisions import HANDS, Log, Row, Unit

OURS = re.compile(r"\.\w+\.csv\.\d+")  # what a kill left of a table that was written beside
_LOGS: dict[Path, Log] = {}  # each reads on from where it stands, and anew if the file is another

__all__ = ["Row", "Unit"]


class DecisionConflict(ValueError):
    """Two hands decided differently on one thing; ``pairs`` holds (standing, given) rows."""

    def __init__(self, pairs: list[tuple[Row, Row]]):
        self.pairs = pairs
        shown = [f"  {_said(standing)} — {_said(given)}" for standing, given in pairs[:10]]
        head = f"{len(pairs)} decision(s) differ from one saved meanwhile:"
        tail = "  Both are kept and stand on top of the queue; decide again to settle them."
        super().__init__("\n".join([head, *shown, tail]))


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
    """The log of the data folder in use, as it is now."""
    path = codebook.table_path("decisions")
    if is_torn(path) and not is_read_only():
        with locked():
            mend()
    _LOGS[path] = _LOGS.get(path) or Log(path)
    return _LOGS[path].update()


def is_torn(path: Path) -> bool:
    """Whether the last byte of a log is not the end of a line."""
    with open(path, "rb") if path.exists() else io.BytesIO() as file:
        end = file.seek(0, os.SEEK_END)
        return end > 0 and (file.seek(end - 1), file.read(1))[1] != b"\n"


def mend() -> int:
    """Take away half a line at the end of the log, which nobody was told was saved; its bytes.

    Call it within `locked`: then no other process is about to write the other half.
    """
    path = codebook.table_path("decisions")
    data = path.read_bytes() if path.exists() else b""
    if (end := decisions.whole(data)) < len(data):
        os.truncate(path, end)
    return len(data) - end


def append(lines: list[Row]) -> None:
    """Write lines at the end of the log, all or none, and wait for the disk. Within `locked`."""
    path = codebook.table_path("decisions")
    if not path.exists() or not path.stat().st_size:
        codebook.replace(path, _text([codebook.columns("decisions")]))
    names = log().names
    text = _text([[line.get(name, "") for name in names] for line in lines])
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


def _text(cells: list[list[str]]) -> str:
    out = codebook.CsvLines()
    csv.writer(out).writerows(cells)
    return out.getvalue()


def as_text(found: list[dict], table: str = "decisions") -> list[Row]:
    """Rows as the log or a table has them, in the order given, or `codebook.TableInvalid`.

    The kinds of decisions (checks and the like) have the columns of the log; what names and signs
    a line is not asked for.
    """
    if not found:
        return []
    table = "decisions" if table in HANDS else table
    given = [_SIGNED | row | {"line_id": f"{at:012x}"} for at, row in enumerate(found)]
    names = codebook.columns(table)
    frame = pd.DataFrame([{n: _cell(row.get(n)) for n in names} for row in given], dtype="str")
    return codebook.rows(codebook.validate(frame.replace("", None), table), table)


_SIGNED = {"action": "decide", "hand": "checker", "decision": "open", "decided_by": "nobody"}


def _cell(value: object) -> str:
    """A value as text: missing is empty, whole numbers have no point."""
    if value is None or value is pd.NA or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def rows(table: str) -> list[Row]:
    """All rows of a table, or the decisions of a kind that stand, as text."""
    if table == "corrections":
        return decisions.corrections(log())
    if table not in HANDS:
        path = codebook.table_path(table)
        names, found = codebook.parse(path, path.read_bytes()) if path.exists() else ([], [])
        return [dict(zip(names, cells, strict=True)) for _, cells in found]
    return [of_kind(row) for row in log().of(HANDS[table])]


def of_kind(line: Row) -> Row:
    """A line of the log as `rows` gives it: its hand, and the columns of its kind."""
    kind = next(kind for kind, hand in HANDS.items() if hand == line["hand"])
    said = {
        "coder": line["hand"].replace("_", " "),
        "kept": str(line["decision"] == "kept").lower(),
    }
    return {name: (said | line)[name] for name in ("hand", *codebook.columns(kind))}


def line_of(row: Row) -> Row | None:
    """The line that a row of `rows` was, the newest that stands if there are several."""
    if "line_id" in row:
        return log().lines.get(row["line_id"])
    found = log().places.get(decisions.place(row), [])
    same = [line for line in found if of_kind(line).items() <= row.items()]
    return [None, *same, *(line for line in same if log().stands(line))][-1]


# --- derived tables -----------------------------------------------------------------------------


def splice(table: str, old: list[Row], new: list[Row]) -> None:
    """Take rows out of a derived table and put others in, where they belong. Within `locked`."""
    path = codebook.table_path(table)
    header, *records = _records(codebook.text_of(path).removesuffix("\n"))
    (names,) = csv.reader([header])
    fields = {f["name"]: f["type"] for f in codebook.dictionary()[table]["schema"]["fields"]}
    keys = [(name, fields[name] == "integer") for name in codebook.key(table)]

    def key(row: Row) -> tuple:
        return tuple(int(row[name]) if is_number else row[name] for name, is_number in keys)

    def of(record: str) -> tuple:
        (cells,) = csv.reader(io.StringIO(record, newline=""))
        return key(dict(zip(names, cells, strict=True)))

    for row in old:
        at = bisect_left(records, key(row), key=of)
        if at < len(records) and of(records[at]) == key(row):
            del records[at]
    for row in new:
        line = _text([[row.get(name, "") for name in names]]).removesuffix("\n")
        records.insert(bisect_left(records, key(row), key=of), line)
    codebook.replace(path, "\n".join([header, *records]) + "\n")


def _records(text: str) -> Iterator[str]:
    """The lines of a CSV text; one that ends inside a quoted cell goes on in the next."""
    parts, quoted = [], False
    for line in text.split("\n"):
        parts.append(line)
        quoted ^= line.count('"') % 2 == 1
        if not quoted:
            yield "\n".join(parts)
            parts = []
    if parts:
        yield "\n".join(parts)
