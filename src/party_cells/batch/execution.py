"""One run of the batch, in a worker process: from its cells to its files in place.

papermill executes. Everything is written beside its place and then renamed, the record of the
run last, so that a run that fails or is killed leaves the report before it as it was.
"""

import json
import multiprocessing
import os
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from subprocess import DEVNULL

from helpers import paths
from party_cells.batch import grid

CELL_SECONDS = 600  # a cell that takes longer has failed
OUTPUT_BYTES = 20_000_000  # of one cell; no report could show more


class CellFailed(RuntimeError):
    """A cell ended with an error, ended its process, or showed too much."""


def run_cells(job: dict, executed: Path) -> None:
    """Execute a notebook by papermill; CellFailed says where it failed, also where papermill
    would go on: a cell that ends its kernel, or calls sys.exit.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    asked = []

    def answered(cell, cell_index, execute_reply) -> None:
        if sum(len(str(output)) for output in cell.outputs) > OUTPUT_BYTES:
            raise CellFailed("the output is too large")
        if any(p.get("source") == "ask_exit" for p in execute_reply["content"].get("payload", [])):
            raise CellFailed("the cell ended the kernel")

    hooks = {"on_cell_execute": lambda cell, cell_index: asked.append(cell_index)}
    hooks["on_cell_executed"] = answered
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        # A process of a Dask nanny may have no forked children, only programs of its own.
        is_plain = job["plain"] or multiprocessing.current_process().daemon
        engine = an_ordinary_kernel(folder) if is_plain else a_forked_shell(folder)
        try:
            notebook = papermill.execute_notebook(
                job["path"], executed, job["given"], progress_bar=False, **QUIET, **hooks, **engine
            )
            if notebook.metadata.papermill.get("exception"):
                raise CellFailed("the cell called sys.exit")
        except papermill.PapermillExecutionError as error:
            allow(executed, error)
        except CellFailed as error:
            raise CellFailed(f"In [{len(asked)}]: {error}") from None
        except DeadKernelError:
            raise CellFailed(f"In [{len(asked)}]: the kernel died") from None
        except CellTimeoutError as error:
            late = (
                "the output is too large"
                if "IOPub" in str(error)
                else f"no answer in {CELL_SECONDS} s"
            )
            raise CellFailed(f"In [{len(asked)}]: {late}") from None


QUIET = {"request_save_on_cell_execute": False, "record_timing": False}
QUIET |= {"kernel_name": "python3", "language": "python"}  # also where a notebook names none


def allow(executed: Path, error) -> None:
    """Keep the executed notebook if every error in it stands in a cell tagged raises-exception,
    which papermill counts as failed too; CellFailed for any other.
    """
    import nbformat

    notebook = nbformat.read(executed, as_version=4)
    own = [
        c for c in notebook.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])
    ]
    for cell in own:
        for found in cell.get("outputs", []):
            may = "raises-exception" in cell.metadata.get("tags", [])
            if found.output_type == "error" and not may:
                where = f"In [{cell.execution_count}]"
                raise CellFailed(f"{where}: {found.ename}: {found.evalue}") from None
    if notebook.metadata.papermill.get("exception"):
        raise CellFailed(f"In [{error.exec_count}]: {error.ename}: {error.evalue}") from None
    notebook.cells = own
    nbformat.write(notebook, executed)


def a_forked_shell(folder: str) -> dict:
    """What makes papermill run the cells in a forked shell."""
    from papermill.engines import papermill_engines

    from party_cells.batch import shell

    papermill_engines.register("forked", shell.Forked)
    return {"engine_name": "forked", "folder": folder, "seconds": CELL_SECONDS}


def an_ordinary_kernel(folder: str) -> dict:
    """What makes papermill start a kernel: no ports, no shared folder."""
    from jupyter_client import AsyncKernelManager

    class Manager(AsyncKernelManager):
        def __init__(self, **options) -> None:
            transport = "ipc" if os.name == "posix" else "tcp"
            connection = os.path.join(folder, "kernel.json")
            super().__init__(transport=transport, connection_file=connection, **options)

        async def start_kernel(self, **options) -> None:
            await super().start_kernel(cwd=folder, stdout=DEVNULL, stderr=DEVNULL, **options)

    return {"kernel_manager_class": Manager, "execution_timeout": CELL_SECONDS}


def execute(job: dict) -> dict:
    """Do one run, from its cells to its files in place; the record of it, whatever happens."""
    os.environ[paths.DATA_VARIABLE] = job["data"]
    keys = ("stem", "notebook", "parameters", "fingerprints")
    record = {key: job[key] for key in keys} | {"status": "done", "error": ""}
    record["started"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
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
    out = Path(job["out"])
    executed = beside / "notebooks" / f"{job['stem']}.ipynb"
    executed.parent.mkdir()
    try:
        run_cells(job, executed)
    except CellFailed as error:
        if executed.exists() and job["languages"]:
            (out / "failed").mkdir(exist_ok=True)
            executed.replace(out / "failed" / executed.name)
        if not (job["dated"] and "AssertionError" in str(error)):
            raise
        # Its own words are about other data: it stays as it was until somebody rewrites it.
        record |= {"status": "out of date", "error": str(error)}
        return move(beside, out, record)
    if not job["languages"]:
        return renew(Path(job["path"]), executed, record)
    publish(job, record, executed, beside)
    move(beside, out, record)
    (out / "failed" / executed.name).unlink(missing_ok=True)


def publish(job: dict, record: dict, executed: Path, beside: Path) -> None:
    """The report in each language, written beside."""
    from party_cells.batch import pages

    marks = record["fingerprints"]
    card = {
        "notebook": job["notebook"],
        "parameters": job["parameters"],
        "fingerprints": {
            "data": marks["data"],
            "code": grid.digest(marks["notebook"], marks["helpers"], marks["lock"]),
        },
        "previous": str(Path(job["out"]) / "records" / f"{job['stem']}.json"),
    }
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
    last = beside / "notebooks" / f"{record['stem']}.json"
    last.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    files = [path for path in beside.rglob("*") if path.is_file() and path != last]
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
        ids = {row["document_id"] for row in grid.table(paths.raw() / "documents.csv")}
        about = {"name": about} if isinstance(about, str) else about
        marks = {"documents": sorted(ids), "data": record["fingerprints"]["data"]}
        old.metadata["party_cells"]["collection"] = about | marks
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
    except codebook.TableInvalid as error:
        return str(error)
    try:
        for table in ("facts", "codings"):
            decisions.require_derived(table)
    except decisions.NotDerived as error:
        return str(error)
    except (ValueError, OSError):
        pass  # each notebook that needs the table says what is wrong with it
    return ""


def write_index(states: list[dict], out: Path, languages: tuple[str, ...], data: str) -> None:
    """The page that lists every report, with what became of each run."""
    from party_cells.batch import landing

    os.environ[paths.DATA_VARIABLE] = data
    try:
        landing.index(states, out, languages)
    except ValueError as error:  # a table that no report could be made from either
        print(f"FAILED the index: {str(error).splitlines()[0]}")
