"""The verbs of the command line on the tables: derive, audit, add, to a spreadsheet and back.

Each takes what `party_cells.cli` read, prints what it did, and gives the exit status; what it
refuses it raises as a ValueError.
"""

import getpass
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from helpers import codebook, corpus, decisions, paths
from party_cells import audit, desk
from party_cells.desk import intake, storage, worklist

DESK = "30-check-by-hand.ipynb"


def tables(check: bool = False) -> int:
    changed = desk.tables(check=check)
    print("; ".join(f"{name}.csv derived" for name in changed) or "up to date")
    if moved := desk.moved():
        print(f"facts that follow their words to another place: {', '.join(moved)}")
    if contested := desk.conflicts():
        raise storage.DecisionConflict(contested)
    for table in ("facts", "codings"):
        decisions.require_anchored(codebook.load(table))
    return 0


def audit_() -> int:
    for table in ("facts", "codings"):
        decisions.require_derived(table)
    found = desk.audited()
    for row in found.itertuples():
        said = f"{row.audit_verdict}: {row.audit_test}: {row.fact_ids}: expected {row.expected_en}"
        print(said + (f", printed {row.found_en}" if row.found_en else ""))
    return 1 if len(audit.unresolved(found)) else 0


def queue_export(file: Path, state: tuple[str, ...] = ()) -> int:
    count = worklist.export_queue(file, tuple(state or worklist.STATES))
    print(f"{count} rows in {file.name}; decide in the white columns, then queue-import")
    return 0


def queue_import(file: Path, by: str | None = None) -> int:
    by = by or getpass.getuser()
    saved, refused = worklist.import_queue(file, by, date.today().isoformat())
    for row in refused.itertuples():
        print(
            f"row {row.row}, column {row.column}: expected {row.expected}, found {row.found!r}",
            file=sys.stderr,
        )
    print(f"{saved} decisions saved, {len(set(refused['row']))} rows refused")
    return 1 if len(refused) else 0


def correct(
    table: str,
    row_id: str,
    column: str,
    value: str,
    reason: str,
    by: str | None = None,
    basis: str | None = None,
) -> int:
    by, today = by or getpass.getuser(), date.today().isoformat()
    desk.correct(table, row_id, column, value, reason, by, today, basis or "")
    print(f"{row_id}: {column} corrected; the next report prints it with its reason")
    return 0


def withdraw(table: str, row_id: str, reason: str, by: str | None = None) -> int:
    desk.withdraw(table, row_id, reason, by or getpass.getuser(), date.today().isoformat())
    print(f"{row_id}: withdrawn; the next report of its article says so")
    return 0


def confirm(table: str, row_id: str, by: str | None = None) -> int:
    desk.confirm(table, row_id, by or "", date.today().isoformat())
    print(f"{row_id}: confirmed by {by}")
    return 0


def init(folder: str) -> int:
    made = intake.init(Path(folder))
    print(f"{made}: an empty collection; begin with: party-cells add FILE --data {made}")
    return 0


def add(file: Path, open: bool = False, **given: str | None) -> int:
    document_id = intake.add(file, **{k: v for k, v in given.items() if v is not None})
    found = worklist.candidates([corpus.read(document_id)])
    notebook = paths.notebooks() / DESK
    print(f"{document_id}: added, {len(found)} candidates; decide on them in {notebook.name}")
    if open:
        return desk_()
    where = f" --data {paths.data()}" if os.environ.get(paths.DATA_VARIABLE) else ""
    print(f"  party-cells desk{where}")
    return 0


def desk_() -> int:
    return subprocess.call([sys.executable, "-m", "jupyterlab", str(paths.notebooks() / DESK)])
