"""Run the collection: every notebook of the grid in a shell of its own, unless it is up to date.

``party-cells report`` makes the reports, ``list`` shows what there is to run, and ``notebooks``
renews the committed outputs. Everything is checked before anything starts; two batches never write
to one folder; the notebooks see a read-only copy of the data, which is compared with the original
afterwards; and a failed run is one line, while the others go on.
"""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers import paths
from party_cells.batch import grid
from party_cells.batch.grid import Refused, Run

MARKS = {"done": "done", "failed": "FAILED", "out of date": "OUT OF DATE"}


@dataclass(frozen=True)
class Options:
    """What was asked of a batch; the data folder is the one in use when it is made."""

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
        return grid.LANGUAGES if self.language == "both" else (self.language,)

    @property
    def folder(self) -> Path:
        return (self.out or paths.reports()).resolve()


# What may be asked for


def report(**asked) -> int:
    """Make the reports that are asked for and are not up to date; the exit status."""
    options, begun = Options(**asked), time.monotonic()
    files = grid.snapshot(options.data)
    runs = plan(options, files)
    due = [run for run in runs if run.reason]
    for run in runs:
        if options.dry_run:
            print(f"{run.stem}: {run.reason or 'up to date'}")
        elif not run.reason and run.last["status"] != "done":
            print(f"{MARKS[run.last['status']]} {run.stem}: {run.last['error']}")
    if options.dry_run or not due:
        print(f"{len(due)} of {len(runs)} runs to do")
        return bundle(options)
    others = plan(replace(options, only=(), locality=(), set=()), files, is_told=False)
    records = carry_out(due, options, files, [*runs, *others])
    return summary(records, len(runs) - len(due), begun) or bundle(options)


def bundle(options: Options) -> int:
    """Put the reports into one file to send, if that was asked for; 0."""
    if options.zip and not options.dry_run:
        from party_cells.batch import landing

        print(f"one file to send: {landing.bundle(options.folder)}")
    return 0


def notebooks(language: str | None = None, **asked) -> int:
    """Execute the committed notebooks again and say whose outputs changed, or only fold in them
    what is in another language; the exit status.
    """
    options, begun = Options(**asked), time.monotonic()
    files = grid.snapshot(options.data)
    names = options.only or [path.stem for path in sorted(paths.notebooks().glob("*.ipynb"))]
    if language:
        return fold([paths.notebooks() / f"{name}.ipynb" for name in names], language)
    once = {}
    for run in plan(replace(options, only=names), files):
        stem = run.notebook.path.stem
        once[stem] = replace(run, stem=stem, given={}, languages=())
    records = carry_out(list(once.values()), options, files)
    for record in sorted(records, key=lambda record: record["stem"]):
        if cells := record.get("changed"):
            print(f"{record['stem']}: {', '.join(cells)} changed")
    return summary(records, 0, begun)


def fold(files: list[Path], language: str) -> int:
    """Fold in each notebook, for JupyterLab, the prose that is not in a language; 0."""
    import nbformat

    from party_cells.batch import execution

    other = {*grid.LANGUAGES} - {language} if language != "both" else set()
    for file in files:
        notebook = nbformat.read(file, as_version=4)
        for cell in notebook.cells:
            cell.metadata.pop("jupyter", None)
            if other & {*cell.metadata.get("tags", [])}:
                cell.metadata["jupyter"] = {"source_hidden": True}
        execution.replace_notebook(file, notebook)
    print(f"{len(files)} notebooks show {language}")
    return 0


def list_(only: tuple[str, ...] = ()) -> int:
    """Print the notebooks with their parameters, defaults and help; 0."""
    for notebook in grid.choose(paths.notebooks(), only):
        title = notebook.about.get("title", {}).get("en", "")
        once = ", one run per locality" if notebook.about.get("one_run_per") else ""
        print(f"{notebook.path.stem}: {title}{once}")
        for p in notebook.parameters:
            print(f"    {p.name}: {p.kind} = {p.default!r}  {p.help}".rstrip())
    return 0


def plan(options: Options, files: dict[str, str], is_told: bool = True) -> list[Run]:
    """The runs that are asked for, each with the reason why it is due, if it is."""
    chosen = []
    for notebook in grid.choose(paths.notebooks(), options.only):
        if grid.in_collection(notebook, options.data):
            chosen.append(notebook)
        elif is_told:
            print(f"{notebook.path.stem} is left out: its words are about another collection")
    settings = dict(setting.partition("=")[::2] for setting in options.set)
    asked = options.locality, settings, options.languages
    runs = grid.runs_of(chosen, options.data, *asked)
    return grid.judged(runs, options.data, files, options.folder, options.force)


def summary(records: list[dict], current: int, begun: float) -> int:
    """Say in one line what happened; the exit status."""
    count = {status: sum(r["status"] == status for r in records) for status in MARKS}
    said = [f"{n} {status}" for status, n in count.items() if n] + [f"{current} up to date"]
    print(f"{', '.join(said)}, in {clock(time.monotonic() - begun)}")
    return 1 if count["failed"] else 0


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds.

    >>> clock(125.2)
    '2:05'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


# One batch


def carry_out(
    due: list[Run], options: Options, files: dict[str, str], listed: list[Run] | None = None
) -> list[dict]:
    """Do the runs that are due and tell of each; write the index of all that are ``listed``. Their
    records; none is kept if the data changed.
    """
    from party_cells.batch import execution, workers  # only now is there something to do

    out, records = options.folder, []
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    with (
        working_folder(out) as work,
        workers.some_workers(options.jobs, options.scheduler) as (some, require),
    ):
        copy = read_only_copy(options.data, work)
        if listed and (said := workers.ask(some, execution.undecided, str(copy))):
            raise Refused(f"refused: {said}")
        jobs = [job_of(run, work, copy, grid.digest(*files.values()), options) for run in due]
        try:
            for record in told(workers.run_all(jobs, some, execution.execute, require), len(jobs)):
                records.append(record)
                with (out / "log.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps(record, ensure_ascii=False) + "\n")
        except (KeyboardInterrupt, workers.Stopped) as stopped:
            done = f"{len(records)} of {len(due)} runs are done, and whole"
            said = str(stopped) or "Interrupted"
            print(f"\n{said}: {done}. The same command goes on with the rest.")
            raise KeyboardInterrupt from None
        if found := changed_files(files, options.data, copy):
            records.append(undone(due, found, copy, out))
        if listed:
            about = states(listed, records), out, options.languages, str(options.data)
            workers.ask(some, execution.write_index, *about)
    return records


def told(records: Iterator[dict], total: int) -> Iterator[dict]:
    """Each record as it comes, told of in a line; on a terminal above a bar."""
    from tqdm import tqdm

    bar = tqdm(records, total=total, file=sys.stdout, disable=None, leave=False)
    for done, record in enumerate(bar, 1):
        line = f"{done}/{total} {MARKS[record['status']]} {record['stem']}"
        line += f": {record['error']}" if record["error"] else f" ({record['seconds']:.1f} s)"
        line += f" – {record['lacks']}" if record.get("lacks") else ""
        bar.write(line, file=sys.stdout)
        sys.stdout.flush()
        yield record


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
    """Delete a folder, read-only or not; of a link the link alone."""
    if folder.is_symlink():
        return folder.unlink()
    for inside, _, _ in os.walk(folder):
        os.chmod(inside, 0o755)
    shutil.rmtree(folder, ignore_errors=True)


def read_only_copy(data: Path, work: Path) -> Path:
    """The collection as the notebooks may see it."""
    try:
        for part in ("raw", "processed"):
            shutil.copytree(data / part, work / "data" / part, ignore=grid.not_ours)
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


def undone(runs: list[Run], changed: list[Path], copy: Path, out: Path) -> dict:
    """Forget the runs of a batch under which its data changed, and say so; the record of it."""
    for run in runs:
        (out / "notebooks" / f"{run.stem}.json").unlink(missing_ok=True)
    named = ", ".join(str(path).replace(str(copy), "(copy) data") for path in changed)
    print(f"FAILED: the data changed while the batch ran, all is to do again: {named}")
    return {"stem": "data", "status": "failed", "error": f"changed: {named}"}


def job_of(run: Run, work: Path, data: Path, edition: str, options: Options) -> dict:
    """All that a worker process needs to know of a run, as plain values."""
    collection = run.notebook.about.get("collection")
    return {
        "stem": run.stem,
        "notebook": run.notebook.path.stem,
        "path": str(run.notebook.path),
        "given": run.given,
        "parameters": run.parameters,
        "languages": run.languages,
        "fingerprints": run.fingerprints,
        "dated": bool(collection) and collection.get("data") != run.fingerprints["data"],
        "work": str(work),
        "data": str(data),
        "edition": edition,
        "out": str(options.folder),
        "plain": options.plain,
    }


def states(runs: list[Run], records: list[dict]) -> list[dict]:
    """What became of each run, for the index."""
    ended, found = {record["stem"]: record for record in records}, {}
    for run in reversed(runs):  # what was asked for comes first, and wins
        last = ended.get(run.stem) or run.last
        current = not run.reason and last.get("status") == "done"
        state = "up_to_date" if current else "out_of_date"
        state = last["status"].replace(" ", "_") if run.stem in ended else state
        about = {"notebook": run.notebook.path.stem, "error": last.get("error", "")}
        found[run.stem] = {"stem": run.stem, "state": state} | about
    return list(found.values())
