"""One batch: the runs that are due are done in a folder of their own, and told of as they end."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from party_cells.batch import execution, grid, workers
from party_cells.batch.grid import MARKS, Refused, Run


def carry_out(
    due: list[Run], options, files: dict[str, str], listed: list[Run] | None = None
) -> list[dict]:
    """Do the runs that are due and tell of each; write the index of all that are ``listed``. Their
    records; none is kept if the data changed.
    """
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


def job_of(run: Run, work: Path, data: Path, edition: str, options) -> dict:
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
