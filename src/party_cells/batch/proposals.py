"""Candidates of a whole collection, a part at a time, on this machine or on many.

``party-cells propose`` writes ``candidates.csv``, with the columns of a decision and
nothing decided. A part is a few hundred articles; its file is named by the fingerprint of all it
depends on, so a stopped run goes on where it was and a new article costs one part. Nobody ever
holds the whole collection: memory is that of one part for each worker, and of the manifest.
"""

import csv
import json
import os
import sys
import time
from pathlib import Path

from helpers import codebook, corpus, paths
from party_cells import batch
from party_cells.batch import downloads, grid, runner, workers
from party_cells.batch.grid import Refused
from party_cells.desk import worklist

ARTICLES = 200  # in one part


def parts(data: Path, into: Path, articles: int = ARTICLES) -> list[dict]:
    """What is to propose, as jobs of plain values: every listed article is in one of them.

    Raises `corpus.CorpusInvalid` or `codebook.TableInvalid` for a manifest that does not hold.
    """
    rows = corpus.documents().fillna("").to_dict("records")
    files = grid.contents(data, "processed")
    names = ("terms", "measures", "localities")
    rules = grid.digest(str(data), *(files.get(f"processed/{name}.csv", "") for name in names))
    common = grid.digest(grid.our_own(files)["helpers"], rules)
    jobs = []
    for start in range(0, len(rows), articles):
        listed = rows[start : start + articles]
        name = grid.digest(common, json.dumps(listed, ensure_ascii=False))
        job = {"stem": f"articles from {listed[0]['document_id']}", "rows": listed}
        jobs.append(job | {"data": str(data), "into": str(into / f"{name}.csv")})
    return jobs


def propose_part(job: dict) -> dict:
    """Propose in the articles of one part and write its file; the record of it, as of a run."""
    os.environ[paths.DATA_VARIABLE] = job["data"]
    done = {"stem": job["stem"], "status": "done", "error": ""}
    try:
        found = worklist.candidates([corpus.read_listed(row) for row in job["rows"]])
        text = codebook.CsvLines()
        writer = csv.DictWriter(text, worklist.columns())
        writer.writerows({name: downloads.inert(cell) for name, cell in r.items()} for r in found)
        codebook.replace(Path(job["into"]), text.getvalue())
    except (ValueError, OSError) as error:  # one line, and the other parts go on
        done |= {"status": "failed", "error": str(error).splitlines()[0]}
    return done


def propose_all(out: Path, some, articles: int = ARTICLES, require=lambda: None) -> list:
    """Write ``candidates.csv`` for the data folder in use; the records of the parts it took.

    ``some()`` is a context that gives a `concurrent.futures.Executor`. If a part failed the
    file stays as it was; the next call takes up what is missing.
    """
    with runner.working_folder(out):
        folder = out / "parts"
        folder.mkdir(exist_ok=True)
        jobs = parts(paths.data(), folder, articles)
        missing = [job for job in jobs if not Path(job["into"]).exists()]
        records = list(workers.run_all(missing, some, propose_part, require))
        if all(record["status"] == "done" for record in records):
            _join([Path(job["into"]) for job in jobs], out / "candidates.csv")
    return records


def _join(files: list[Path], whole: Path) -> None:
    """All parts in the order of the manifest, beside and then renamed; older parts go."""
    beside = whole.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as joined:
        joined.write(",".join(worklist.columns()) + "\n")
        for file in files:
            joined.write(file.read_bytes().decode("utf-8"))
    beside.replace(whole)
    for file in set(files[0].parent.glob("*") if files else ()) - set(files):
        file.unlink()


def propose(out: Path | None = None, jobs: int | None = None, scheduler: str | None = None) -> int:
    """Propose in the data folder in use: 0 all is well, 1 a part failed; else `grid.Refused`."""
    out, begun = (out or paths.reports() / "candidates").resolve(), time.monotonic()
    try:
        with workers.some_workers(jobs, scheduler) as (some, require):
            records = propose_all(out, some, require=require)
    except (ValueError, OSError) as error:
        raise Refused(str(error)) from None
    failed = [record for record in records if record["status"] == "failed"]
    for record in failed:
        print(f"FAILED {record['stem']}: {record['error']}", file=sys.stderr)
    said = batch.clock(time.monotonic() - begun)
    print(f"{len(records) - len(failed)} parts proposed, {len(failed)} failed, in {said}: {out}")
    return 1 if failed else 0
