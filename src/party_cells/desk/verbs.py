"""The verbs of the command line on the tables: derive, audit, add, to a spreadsheet and back."""

import argparse
import errno
import getpass
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from helpers import codebook, corpus, decisions, paths
from party_cells import audit, desk
from party_cells.desk import intake, storage, worklist


def main(argv: list[str]) -> int:
    """``python -m party_cells tables|audit|queue-export|queue-import …``; the exit status."""
    chosen = _parser().parse_args(argv)
    if chosen.data:
        os.environ[paths.DATA_VARIABLE] = str(chosen.data)
    try:
        return _VERBS[chosen.verb](chosen)
    except (ValueError, OSError) as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = f" for {paths.data()}: no file is half written; make room, then do it again"
        print(f"{error}{advice if full else ''}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m party_cells")
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name: str, said: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=said, description=said)
        made.add_argument("--data", type=Path, help="the data folder (else $PARTY_CELLS_DATA)")
        return made

    derive = verb("tables", "derive facts.csv and codings.csv from the decisions")
    derive.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    verb("audit", "check the facts against one another; fail on what nobody has looked into")
    sheet = verb("queue-export", "write the queue as a spreadsheet")
    sheet.add_argument("file", type=Path)
    sheet.add_argument(
        "--state", choices=worklist.STATES, action="append", help="only rows in this state"
    )
    sheet = verb("queue-import", "save what was decided in a spreadsheet")
    sheet.add_argument("file", type=Path)
    sheet.add_argument("--by", default=getpass.getuser(), help="whose decisions they are")
    change = verb("correct", "correct a published row; the reports print what changed")
    change.add_argument("table", choices=("facts", "codings"))
    for name in ("row_id", "column", "value"):
        change.add_argument(name)
    change.add_argument("--reason", required=True)
    change.add_argument("--by", default=getpass.getuser(), help="whose decision it is")
    change = verb("withdraw", "withdraw a published row; the reports of its article say so")
    change.add_argument("table", choices=("facts", "codings"))
    change.add_argument("row_id")
    change.add_argument("--reason", required=True)
    change.add_argument("--by", default=getpass.getuser(), help="whose decision it is")
    article = verb("add", "add an article: its text, its row of the manifest, its candidates")
    article.add_argument("file", type=Path, help="the text as it was saved; it is kept as it is")
    for option, said in intake.OPTIONS.items():
        needed = option in intake.REQUIRED
        article.add_argument(f"--{option.replace('_', '-')}", help=said, required=needed)
    article.add_argument("--open", action="store_true", help="open the queue in JupyterLab")
    return parser


def _tables(chosen: argparse.Namespace) -> int:
    changed = desk.tables(check=chosen.check)
    print("; ".join(f"{name}.csv derived" for name in changed) or "up to date")
    if moved := desk.moved():
        print(f"facts that follow their words to another place: {', '.join(moved)}")
    if contested := desk.conflicts():
        raise storage.DecisionConflict("checks or adjudications", contested)
    for table in ("facts", "codings"):
        decisions.require_anchored(codebook.load(table))
    return 0


def _audit(chosen: argparse.Namespace) -> int:
    found = desk.audited()
    for row in found.itertuples():
        said = f"{row.audit_verdict}: {row.audit_test}: {row.fact_ids}: expected {row.expected_en}"
        print(said + (f", printed {row.found_en}" if row.found_en else ""))
    return 1 if len(audit.unresolved(found)) else 0


def _export(chosen: argparse.Namespace) -> int:
    count = worklist.export_queue(chosen.file, tuple(chosen.state or worklist.STATES))
    print(f"{count} rows in {chosen.file.name}; decide in the white columns, then queue-import")
    return 0


def _import(chosen: argparse.Namespace) -> int:
    saved, refused = worklist.import_queue(chosen.file, chosen.by, date.today().isoformat())
    for row in refused.itertuples():
        print(
            f"row {row.row}, column {row.column}: expected {row.expected}, found {row.found!r}",
            file=sys.stderr,
        )
    print(f"{saved} decisions saved, {len(set(refused['row']))} rows refused")
    return 1 if len(refused) else 0


def _correct(chosen: argparse.Namespace) -> int:
    about = chosen.table, chosen.row_id, chosen.column, chosen.value
    desk.correct(*about, chosen.reason, chosen.by, date.today().isoformat())
    print(f"{chosen.row_id}: {chosen.column} corrected; run make report")
    return 0


def _withdraw(chosen: argparse.Namespace) -> int:
    about = chosen.table, chosen.row_id, f"{chosen.table[:-1]}_id", ""
    desk.correct(*about, chosen.reason, chosen.by, date.today().isoformat())
    print(f"{chosen.row_id}: withdrawn; run make report")
    return 0


def _add(chosen: argparse.Namespace) -> int:
    given = {name: getattr(chosen, name) for name in intake.OPTIONS}
    document_id = intake.add(chosen.file, **{k: v for k, v in given.items() if v is not None})
    found = worklist.candidates([corpus.read(document_id)])
    notebook = paths.notebooks() / "30-check-by-hand.ipynb"
    print(f"{document_id}: added, {len(found)} candidates; decide on them in {notebook.name}")
    if chosen.open:
        return subprocess.call([sys.executable, "-m", "jupyterlab", str(notebook)])
    where = f"PARTY_CELLS_DATA={paths.data()} " if os.environ.get(paths.DATA_VARIABLE) else ""
    print(f"  {where}.venv/bin/jupyter lab notebooks/{notebook.name}")
    return 0


_VERBS = {
    "tables": _tables,
    "audit": _audit,
    "queue-export": _export,
    "queue-import": _import,
    "correct": _correct,
    "withdraw": _withdraw,
    "add": _add,
}
