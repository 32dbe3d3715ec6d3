"""Decisions on disk: merged row by row under a lock, replaced whole, never half written.

Rows are dictionaries of CSV text. A table is read once and kept by its place, size and time, so
that one decision among ten thousand costs one write of the file and nothing else.
"""

import csv
import io
from bisect import bisect_left, insort
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
from filelock import FileLock

from helpers import codebook, paths
from helpers.decisions import Row, Unit, grouped

BY_WHOM = ("decided_by", "decided_on")


class DecisionConflict(ValueError):
    """Two hands decided differently on one thing; ``pairs`` holds (standing, given) rows."""

    def __init__(self, table: str, pairs: list[tuple[Row, Row]]):
        self.pairs = pairs
        shown = [f"  {_said(standing)} — {_said(given)}" for standing, given in pairs[:10]]
        head = f"{table}.csv: {len(pairs)} decision(s) differ from one saved meanwhile:"
        tail = "  Both are kept and stand on top of the queue; decide again to settle them."
        super().__init__("\n".join([head, *shown, tail]))


class ReadOnlyData(PermissionError):
    """The data folder is a copy for reading, such as a batch gives its notebooks."""


def _said(row: Row) -> str:
    what = next((row[name] for name in ("decision", "follows") if row.get(name)), "coded")
    where = f"{row['document_id']} {row['char_start']}"
    values = " ".join(row.get(c, "") for c in ("measure_id", "theme_id", "value") if row.get(c))
    return f"{where}: {row.get('decided_by') or row.get('coder')}: {what} {values}".rstrip()


@cache
def _lock(folder: Path) -> FileLock:
    return FileLock(folder / ".lock", poll_interval=0.005)


def is_read_only() -> bool:
    """Whether nobody may write into the data folder in use (its mode says so, also to root)."""
    return not paths.processed().stat().st_mode & 0o222


@contextmanager
def locked() -> Iterator[None]:
    """Hold the one lock of the data folder in use; `ReadOnlyData` if nothing may be saved there."""
    folder = paths.processed()
    if is_read_only():
        raise ReadOnlyData(
            f"{folder.parent.name}/{folder.name} is a read-only copy, so nothing was saved; open "
            "the notebook in JupyterLab on the data folder itself to decide"
        )
    with _lock(folder):
        for left_by_a_kill in folder.glob(".*.csv.*"):
            left_by_a_kill.unlink(missing_ok=True)
        yield


@dataclass
class _Stored:
    """A table as it stands in its file: (sort key, line of text), in key order."""

    stamp: tuple
    header: list[str]
    lines: list[tuple[tuple, str]]


_read_before: dict[Path, _Stored] = {}


def rows(table: str) -> list[Row]:
    """All rows of a table as text, in file order; none if the file is not there."""
    stored = _read(table)
    cells = csv.reader(line + "\n" for _, line in stored.lines)
    return [dict(zip(stored.header, row, strict=True)) for row in cells]


def as_text(found: list[dict], table: str) -> list[Row]:
    """Rows as `codebook.save` would write them, or `codebook.TableInvalid`."""
    if not found:
        return []
    names = codebook.columns(table)
    frame = pd.DataFrame([{name: _cell(row.get(name)) for name in names} for row in found])
    typed = codebook.validate(frame.astype("str").replace("", None), table)
    text = codebook.to_text(typed, table)
    return list(csv.DictReader(io.StringIO(text, newline="")))


@dataclass
class Merged:
    """What a merge did: the rows that stood, the rows that stand now, and (standing, given)."""

    old: list[Row]
    new: list[Row]
    conflicts: list[tuple[Row, Row]]


def merge(table: str, before: list[Row], after: list[Row], unit: Unit) -> Merged:
    """Put ``after`` in the place of ``before``, without losing what was saved meanwhile.

    ``unit`` names what a row decides on. A standing row of the same unit that is not among
    ``before`` was saved by somebody else: if it says the same it stays alone; otherwise it is a
    conflict and both stay on record (in a coder's own pass, which holds one hand, only the
    standing row). ``after`` comes from `as_text`; call it within `locked`.
    """
    stored, done = _editable(table), Merged([], [], [])
    removed, given = grouped(before, unit), grouped(after, unit)
    for key in {**removed, **given}:
        one = (removed.get(key) or given[key])[0]
        standing = [row for row in _neighbours(stored, table, one) if unit(row) == key]
        unseen = [row for row in standing if row not in removed.get(key, [])]
        fresh = [r for r in given.get(key, []) if not any(_same(r, other) for other in unseen)]
        done.conflicts += [(other, row) for other in unseen for row in fresh]
        if "decided_by" in stored.header or not unseen:
            unseen = unseen + [_own_name(row, unseen) for row in fresh]
        _swap(stored, table, standing, unseen)
        done.old, done.new = done.old + standing, done.new + unseen
    _write(stored, table)
    return done


def near(table: str, row: Row) -> list[Row]:
    """The rows that share the first two columns of the key with ``row``."""
    return _neighbours(_read(table), table, row)


def replace_rows(table: str, old: list[Row], new: list[Row]) -> None:
    """Take rows out of a derived table and put others in. Call it within `locked`."""
    stored = _editable(table)
    _swap(stored, table, old, new)
    _write(stored, table)


def _same(one: Row, other: Row) -> bool:
    return all(one[name] == other.get(name) for name in one if name not in BY_WHOM)


def _own_name(row: Row, others: list[Row]) -> Row:
    """The row under a name of its own: the same login in two windows is two hands."""
    name, taken = row.get("decided_by", ""), {r.get("decided_by") for r in others}
    count = 2
    while row.get("decided_by") in taken and name:
        row, count = {**row, "decided_by": f"{name} ({count})"}, count + 1
    return row


def _neighbours(stored: _Stored, table: str, row: Row) -> list[Row]:
    start = _sort_key(table, row)[:2]
    at = bisect_left(stored.lines, (start,))
    found = []
    while at < len(stored.lines) and stored.lines[at][0][:2] == start:
        cells = next(csv.reader(io.StringIO(stored.lines[at][1], newline="")))
        found.append(dict(zip(stored.header, cells, strict=True)))
        at += 1
    return found


def _swap(stored: _Stored, table: str, old: list[Row], new: list[Row]) -> None:
    for row in old:
        at = bisect_left(stored.lines, (key := _sort_key(table, row),))
        if at < len(stored.lines) and stored.lines[at][0] == key:
            del stored.lines[at]
    for row in new:
        insort(stored.lines, (_sort_key(table, row), _line(stored.header, row)))


def _line(header: list[str], row: Row) -> str:
    out = codebook.CsvLines()
    csv.writer(out).writerow([row.get(name, "") for name in header])
    return out.getvalue().removesuffix("\n")


@cache
def _key_fields(table: str) -> list[tuple[str, bool]]:
    schema = codebook.dictionary()[table]["schema"]
    types = {field["name"]: field["type"] for field in schema["fields"]}
    return [(name, types[name] == "integer") for name in codebook.key(table)]


def _sort_key(table: str, row: Row) -> tuple:
    """Numbers by size, missing last: the order of `codebook.save`."""
    cells = [(row.get(name, ""), is_number) for name, is_number in _key_fields(table)]
    return tuple((1, "") if c == "" else (0, int(c) if n else c) for c, n in cells)


def _read(table: str) -> _Stored:
    path = codebook.table_path(table)
    if not path.exists():
        return _Stored((), codebook.columns(table), [])
    before, stamp = _read_before.get(path), _stamp(path)
    if before and before.stamp == stamp:
        return before
    try:
        _read_before[path] = _Stored(stamp, *_parsed(path, table, before))
    except (csv.Error, KeyError, ValueError):
        codebook.load(table)  # names what does not fit
        raise
    return _read_before[path]


def _parsed(
    path: Path, table: str, before: _Stored | None
) -> tuple[list[str], list[tuple[tuple, str]]]:
    """The header of a file, and its lines under their sort keys; what was read stays read."""
    first, *records = _records(codebook.text_of(path).removesuffix("\n"))
    (header,) = csv.reader([first])
    if missing := set(codebook.columns(table)) - set(header):
        raise ValueError(f"{path.name}: the columns {', '.join(sorted(missing))} are missing")
    known = {line: key for key, line in before.lines} if before and before.header == header else {}
    lines = []
    for record in records:
        if (key := known.get(record)) is None:
            (cells,) = csv.reader(io.StringIO(record, newline=""))
            key = _sort_key(table, dict(zip(header, cells, strict=True)))
        lines.append((key, record))
    return header, sorted(lines)


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


def _editable(table: str) -> _Stored:
    """A copy: what is kept in memory must never be ahead of the file."""
    stored = _read(table)
    return _Stored(stored.stamp, stored.header, stored.lines.copy())


def _write(stored: _Stored, table: str) -> None:
    path = codebook.table_path(table)
    text = "\n".join([",".join(stored.header), *(line for _, line in stored.lines)])
    codebook.replace(path, text + "\n")
    stored.stamp = _stamp(path)
    _read_before[path] = stored


def _stamp(path: Path) -> tuple:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _cell(value: object) -> str:
    """A value as text: missing is empty, whole numbers have no point."""
    if value is None or value is pd.NA or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
