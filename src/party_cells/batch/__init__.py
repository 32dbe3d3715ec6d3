"""Run the collection: every notebook of the grid in a fresh kernel, unless it is up to date.

``party-cells report`` makes the reports, ``list`` shows what there is to run, and ``notebooks``
renews the committed outputs. Everything is checked before anything starts; two
batches never write to one folder; the notebooks see a read-only copy of the data, which is
compared with the original afterwards; and a failed run is one line, while the others go on.
"""

import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from helpers import paths
from party_cells.batch import execution, grid
from party_cells.batch.execution import execute
from party_cells.batch.grid import Refused, Run

LANGUAGES = ("en", "vi")
ATTEMPTS = 3  # at a run whose worker process was killed
MARKS = {"done": "done", "failed": "FAILED", "out of date": "OUT OF DATE"}


# All runs


def worker_starts() -> None:
    """A worker leaves Ctrl-C to the batch, and ends when the batch is gone, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


@contextmanager
def local_workers(count: int) -> Iterator[Executor]:
    """Worker processes; where it is safe they are forked with the libraries imported."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    sys.modules.setdefault("rfc3987_syntax", None)  # builds a grammar for a second; not used
    import papermill  # noqa: F401

    from party_cells.batch import pages  # noqa: F401

    executor = ProcessPoolExecutor(count, mp_context=context, initializer=worker_starts)
    try:
        yield executor
    except BaseException:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler; Refused, in one line, if it is not there."""
    try:
        from distributed import Client
    except ImportError:
        raise Refused("--scheduler needs Dask: pip install '.[cluster]'") from None
    try:
        client = Client(address, timeout="5s")
    except (OSError, ValueError):
        raise Refused(f"no scheduler answers at {address}; start one: dask scheduler") from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise Refused(f"the scheduler at {address} has no workers; start one: dask worker")
        yield client.get_executor()


def run_all(jobs: list[dict], workers: Callable, do: Callable = execute) -> Iterator[dict]:
    """The record of each run as it ends; a run whose worker was killed is tried again.

    ``workers()`` is a context that gives a fresh `concurrent.futures.Executor`; ``do`` makes a
    job's record and lets no error out.
    """
    left = {job["stem"]: job for job in jobs}
    for _ in range(ATTEMPTS):
        if not left:
            return
        with workers() as executor:
            futures = {executor.submit(do, job): stem for stem, job in left.items()}
            for future in as_completed(futures):
                if not future.exception():  # a run's own failure is in its record
                    del left[futures[future]]
                    yield future.result()
    for job in left.values():
        lost = {"status": "failed", "error": f"its worker was killed {ATTEMPTS} times"}
        yield job | lost | {"seconds": 0.0}


def progress(total: int, stream) -> Callable[[dict], None]:
    """A function that tells of each record: a bar with the time left, or plain lines."""
    begun, done, bar = time.monotonic(), 0, stream.isatty()

    def tell(record: dict) -> None:
        nonlocal done
        done += 1
        line = f"{MARKS[record['status']]} {record['stem']}"
        line += f": {record['error']}" if record["error"] else f" ({record['seconds']:.1f} s)"
        if not bar:
            print(f"{done}/{total} {line}", file=stream, flush=True)
            return
        left = (time.monotonic() - begun) / done * (total - done)
        full = "#" * (30 * done // total)
        said = f"{line}\n" if record["error"] else ""
        said += f"[{full:30}] {done}/{total}, {clock(left)} left" if done < total else ""
        print(f"\r\x1b[K{said}", end="", file=stream, flush=True)

    return tell


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds.

    >>> clock(125.2)
    '2:05'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


# One batch


@contextmanager
def working_folder(out: Path) -> Iterator[Path]:
    """A folder beside the reports that is this batch's alone; Refused where there is none."""
    from filelock import FileLock, Timeout

    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / ".lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise Refused(f"another batch is writing to {out}: wait, or name another --out") from None
    except OSError as error:
        raise Refused(f"cannot write to {out} ({error.strerror}): name another --out") from None
    work = out / ".work"
    try:
        remove(work)  # what a killed batch left
        work.mkdir()
        yield work
    finally:
        remove(work)
        lock.release()


def remove(folder: Path) -> None:
    """Delete a folder, read-only or not."""
    for path in [folder, *folder.rglob("*")] if folder.exists() else []:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)


def read_only_copy(data: Path, work: Path) -> Path:
    """The collection as the notebooks may see it."""
    try:
        for part in ("raw", "processed"):
            shutil.copytree(data / part, work / "data" / part)
    except shutil.Error as failed:  # a list of every file and the same reason
        raise OSError(failed.args[0][0][-1]) from None
    for path in (work / "data").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return work / "data"


def changed_files(before: dict[str, str], *folders: Path) -> list[Path]:
    """The files of a collection, or of its copy, that are no longer what they were."""
    found = []
    for folder in folders:
        after = grid.snapshot(folder)
        names = {n for n in {*before, *after} if before.get(n) != after.get(n)}
        found += [folder / name for name in sorted(names)]
    return found


def job_of(run: Run, work: Path, data: Path, edition: str, out: Path, warm: str) -> dict:
    """All that a worker process needs to know of a run, as plain values."""
    collection = run.notebook.about.get("collection")
    written_for = collection.get("data") if isinstance(collection, dict) else None
    return {
        "stem": run.stem,
        "notebook": run.notebook.path.stem,
        "path": str(run.notebook.path),
        "given": run.given,
        "parameters": run.parameters,
        "languages": run.languages,
        "fingerprints": run.fingerprints,
        "dated": bool(collection) and written_for != run.fingerprints["data"],
        "work": str(work),
        "data": str(data),
        "edition": edition,
        "out": str(out),
        "warm": warm,
    }


def carry_out(runs: list[Run], data: Path, files: dict[str, str], options) -> list[dict]:
    """Do the runs and tell of each; their records, and none is kept if the data changed."""
    out, records = options.folder, []
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    with ExitStack() as stack:
        far = stack.enter_context(cluster(options.scheduler)) if options.scheduler else None
        work = stack.enter_context(working_folder(out))
        copy = read_only_copy(data, work)
        warm = stack.enter_context(warm_parent(options, copy))
        edition = grid.digest(*files.values())
        jobs = [job_of(run, work, copy, edition, out, warm) for run in runs]
        workers = (
            (lambda: nullcontext(far))
            if far
            else partial(local_workers, options.jobs or os.cpu_count() or 1)
        )
        tell = progress(len(jobs), sys.stdout)
        try:
            for record in run_all(jobs, workers):
                records.append(record)
                with (out / "log.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps(record, ensure_ascii=False) + "\n")
                tell(record)
        except KeyboardInterrupt:
            print(f"\nInterrupted: {len(records)} of {len(runs)} runs are done, and whole.")
            print("The same command goes on with the rest.")
            raise
        if found := changed_files(files, data, copy):
            for run in runs:
                (out / "notebooks" / f"{run.stem}.json").unlink(missing_ok=True)
            named = ", ".join(str(path).replace(str(copy), "(copy) data") for path in found)
            records.append({"stem": "data", "status": "failed", "error": f"changed: {named}"})
            print(f"FAILED: the data changed while the batch ran, all is to do again: {named}")
    return records


@contextmanager
def warm_parent(options, data: Path) -> Iterator[str]:
    """Where workers ask for warm kernels, "own" for each worker's own parent; empty where kernels
    are to start as usual.
    """
    from party_cells.batch import warm

    if options.plain or not warm.available():
        yield ""
    elif options.scheduler:
        yield "own"
    else:
        with closing(warm.Parent(str(data))) as parent:
            yield parent.address


def summary(records: list[dict], current: int, seconds: float) -> int:
    """Say in one line what happened; the exit status."""
    count = {status: sum(r["status"] == status for r in records) for status in MARKS}
    said = [f"{n} {status}" for status, n in count.items() if n] + [f"{current} up to date"]
    print(f"{', '.join(said)}, in {clock(seconds)}")
    return 1 if count["failed"] else 0


# What may be asked for


@dataclass(frozen=True)
class Options:
    """What was asked of a batch; a data folder is the one in use when it is made."""

    only: tuple[str, ...] = ()
    locality: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    language: str = "both"
    out: Path | None = None
    dry_run: bool = False
    force: bool = False
    zip: bool = False
    plain: bool = False
    jobs: int | None = None
    scheduler: str | None = None
    data: Path = field(default_factory=paths.data)

    @property
    def languages(self) -> tuple[str, ...]:
        return LANGUAGES if self.language == "both" else (self.language,)

    @property
    def folder(self) -> Path:
        return (self.out or paths.reports()).resolve()


def plan(options, files: dict[str, str], only: list[str], chosen: list[str], settings) -> list[Run]:
    """The runs of some notebooks, each with the reason why it is due, if it is."""
    notebooks = []
    for notebook in grid.choose(paths.notebooks(), only):
        if grid.in_collection(notebook, options.data):
            notebooks.append(notebook)
        elif settings is not None:
            print(f"{notebook.path.stem} is left out: its words are about another collection")
    runs = grid.runs_of(notebooks, options.data, chosen, settings or {}, options.languages)
    return grid.judged(runs, options.data, files, options.folder, options.force)


def report(**asked) -> int:
    """Make the reports that are asked for and are not up to date; the exit status."""
    options = Options(**asked)
    begun, files = time.monotonic(), grid.snapshot(options.data)
    settings = dict(setting.partition("=")[::2] for setting in options.set)
    runs = plan(options, files, options.only, options.locality, settings)
    due = [run for run in runs if run.reason]
    for run in runs:
        if options.dry_run:
            print(f"{run.stem}: {run.reason or 'up to date'}")
        elif not run.reason and run.last["status"] != "done":
            print(f"{MARKS[run.last['status']]} {run.stem}: {run.last['error']}")
    if options.dry_run or not due:
        print(f"{len(due)} of {len(runs)} runs to do")
        return 0
    require_decided(options.data)
    records = carry_out(due, options.data, files, options)
    ended = {record["stem"]: record for record in records}
    others = plan(options, files, [], [], None)
    write_index([*runs, *others], ended, options)
    return summary(records, len(runs) - len(due), time.monotonic() - begun)


def require_decided(data: Path) -> None:
    """Refused unless the derived tables of a collection are what its decisions give."""
    from helpers import decisions

    os.environ[paths.DATA_VARIABLE] = str(data)
    try:
        for table in ("facts", "codings"):
            decisions.require_derived(table)
    except decisions.NotDerived as error:
        raise Refused(f"refused: {error}") from None
    except (ValueError, OSError):
        pass  # each notebook that needs the table says what is wrong with it


def write_index(runs: list[Run], ended: dict[str, dict], options) -> None:
    """The page that lists every report, with what became of each run."""
    from party_cells.batch import pages

    def state(run: Run) -> str:
        if run.stem in ended:
            return ended[run.stem]["status"].replace(" ", "_")
        return "out_of_date" if run.reason or run.last["status"] != "done" else "up_to_date"

    states = {}
    for run in reversed(runs):  # what was asked for comes first, and wins
        error = (ended.get(run.stem) or run.last).get("error", "")
        name = run.notebook.path.stem
        states[run.stem] = {"stem": run.stem, "notebook": name, "state": state(run), "error": error}
    os.environ[paths.DATA_VARIABLE] = str(options.data)
    try:
        pages.index(list(states.values()), options.folder, options.languages)
    except ValueError as error:  # a table that no report could be made from either
        print(f"FAILED the index: {str(error).splitlines()[0]}")


def notebooks(language: str | None = None, **asked) -> int:
    """Execute the committed notebooks again and say whose outputs changed, or only fold in them
    what is in another language; the exit status.
    """
    options = Options(**asked)
    names = options.only or [path.stem for path in sorted(paths.notebooks().glob("*.ipynb"))]
    if language:
        return fold([paths.notebooks() / f"{name}.ipynb" for name in names], language)
    begun, files = time.monotonic(), grid.snapshot(options.data)
    single = {}
    for run in plan(options, files, names, [], {}):
        stem = run.notebook.path.stem
        single[stem] = replace(run, stem=stem, given={}, languages=())
    records = carry_out(list(single.values()), options.data, files, options)
    for record in sorted(records, key=lambda record: record["stem"]):
        if cells := record.get("changed"):
            print(f"{record['stem']}: {', '.join(cells)} changed")
    return summary(records, 0, time.monotonic() - begun)


def fold(files: list[Path], language: str) -> int:
    """Fold in each notebook, for JupyterLab, the prose that is not in a language; 0."""
    import nbformat

    for file in files:
        notebook = nbformat.read(file, as_version=4)
        for cell in notebook.cells:
            other = {*LANGUAGES} - {language} if language in LANGUAGES else set()
            folded = bool(other & {*cell.metadata.get("tags", [])})
            cell.metadata.pop("jupyter", None)
            if folded:
                cell.metadata["jupyter"] = {"source_hidden": True}
        execution.replace_notebook(file, notebook)
    print(f"{len(files)} notebooks show {language}")
    return 0


def list_(only: tuple[str, ...] = ()) -> int:
    """Print the notebooks with their parameters, defaults and help."""
    for notebook in grid.choose(paths.notebooks(), only):
        title = notebook.about.get("title", {}).get("en", "")
        once = ", one run per locality" if notebook.per_locality else ""
        print(f"{notebook.path.stem}: {title}{once}")
        for p in notebook.parameters:
            print(f"    {p.name}: {p.kind} = {p.default!r}  {p.help}".rstrip())
    return 0
