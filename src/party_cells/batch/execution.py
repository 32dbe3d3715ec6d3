"""One run of the batch, in a worker process: from its cells to its files in place.

Everything is written beside its place and then renamed, the record of the run last, so that a run
that fails or is killed leaves the report before it as it was. What is heavy is imported only in
the worker.
"""

import json
import os
import tempfile
import time
from functools import lru_cache
from pathlib import Path

from helpers import paths
from party_cells.batch import grid
from party_cells.batch.workers import CellFailed


def execute(job: dict) -> dict:
    """Do one run, from its cells to its files in place; the record of it, whatever happens."""
    os.environ[paths.DATA_VARIABLE] = job["data"]
    record = {key: job[key] for key in ("stem", "notebook", "parameters", "fingerprints")}
    record["started"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    record |= {"status": "done", "error": ""}
    begun = time.monotonic()  # no clock that somebody may set
    try:
        with tempfile.TemporaryDirectory(dir=job["work"]) as beside:
            finish(job, record, Path(beside))
    except Exception as error:  # whatever it was: one line, and the other runs go on
        kind = "" if isinstance(error, CellFailed) else f"{type(error).__name__}: "
        first = (str(error).strip() or "no message").splitlines()[0]
        record |= {"status": "failed", "error": kind + first}
    return record | {"seconds": time.monotonic() - begun}


def finish(job: dict, record: dict, beside: Path) -> None:
    """Execute and write beside, then move into place; a failed run is kept apart."""
    from party_cells.batch import shell

    out = Path(job["out"])
    executed = beside / "notebooks" / f"{job['stem']}.ipynb"
    failed = out / "failed" / executed.name
    executed.parent.mkdir()
    try:
        shell.run_cells(job, executed)
    except CellFailed as error:
        if job["languages"]:
            failed.parent.mkdir(exist_ok=True)
            executed.replace(failed)
        if not (job["dated"] and "AssertionError" in str(error)):
            raise
        # Its own words are about other data: it stays as it was until somebody rewrites it.
        record |= {"status": "out of date", "error": str(error)}
        return move(beside, out, record)
    if not job["languages"]:
        return renew(Path(job["path"]), executed, record)
    publish(job, record, executed, beside)
    move(beside, out, record)
    failed.unlink(missing_ok=True)


def publish(job: dict, record: dict, executed: Path, beside: Path) -> None:
    """The report in each language, written beside."""
    from party_cells.batch import pages

    marks = record["fingerprints"]
    code = grid.digest(marks["notebook"], marks["helpers"], marks["lock"])
    card = {key: job[key] for key in ("notebook", "parameters")}
    card["fingerprints"] = {"data": marks["data"], "code": code}
    card["previous"] = str(Path(job["out"]) / "records" / f"{job['stem']}.json")
    sources = sources_of(job["data"], job["edition"])
    pages.write(executed, beside, job["languages"], card, sources)
    record["lacks"] = pages.lacked(beside / "records" / f"{job['stem']}.json")


@lru_cache(maxsize=1)
def sources_of(data: str, edition: str) -> object:
    """What the reports cite, loaded once in a worker for each edition of the data."""
    from party_cells.batch.pages import Sources

    return Sources.load()


def move(beside: Path, out: Path, record: dict) -> None:
    """Rename what is beside into place, and the record of the run last."""
    files = [path for path in beside.rglob("*") if path.is_file()]
    last = beside / "notebooks" / f"{record['stem']}.json"
    last.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    for path in [*files, last]:
        place = out / path.relative_to(beside)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)


def renew(committed: Path, executed: Path, record: dict) -> None:
    """Put new outputs into a committed notebook and change nothing else of it, but that words
    about one collection name its documents and the fingerprint of the data they were read on.
    """
    import nbformat

    old, new = (nbformat.read(path, as_version=4) for path in (committed, executed))
    changed = []
    for was, now in zip(old.cells, new.cells, strict=True):
        was.metadata.pop("execution", None)  # times
        if was.cell_type == "code":
            if (was.outputs, was.execution_count) != (now.outputs, now.execution_count):
                changed.append(f"In [{now.execution_count}]")
            was.outputs, was.execution_count = now.outputs, now.execution_count
    old.metadata.get("language_info", {}).pop("version", None)
    if about := old.metadata.get("party_cells", {}).get("collection"):
        documents = grid.table(paths.raw() / "documents.csv")
        about["documents"] = sorted({row["document_id"] for row in documents})
        about["data"] = record["fingerprints"]["data"]
    replace_notebook(committed, old)
    record["changed"] = changed


def replace_notebook(file: Path, notebook: dict) -> None:
    """Write a committed notebook whole or not at all."""
    import nbformat

    beside = file.with_name(f".{file.name}.part")
    beside.write_text(nbformat.writes(notebook) + "\n", "utf-8")
    beside.replace(file)


def undecided(data: str) -> str:
    """Why the derived tables of a collection are not what its decisions give; empty if they are."""
    from helpers import codebook, decisions

    os.environ[paths.DATA_VARIABLE] = data
    try:
        decisions.Log()
    except (ValueError, OSError) as error:
        return str(error) if isinstance(error, codebook.TableInvalid) else ""
    try:
        for table in ("facts", "codings"):
            decisions.require_derived(table)
    except (ValueError, OSError) as error:  # of others each notebook that needs the table tells
        return str(error) if isinstance(error, decisions.NotDerived) else ""
    return ""


def write_index(states: list[dict], out: Path, languages: tuple[str, ...], data: str) -> None:
    """The page that lists every report, with what became of each run."""
    from party_cells.batch import landing

    os.environ[paths.DATA_VARIABLE] = data
    try:
        landing.index(states, out, languages)
    except ValueError as error:  # a table that no report could be made from either
        print(f"FAILED the index: {str(error).splitlines()[0]}")
