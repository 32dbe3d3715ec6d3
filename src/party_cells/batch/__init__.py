"""Run the collection: every notebook of the grid in a shell of its own, unless it is up to date.

``party-cells report`` makes the reports, ``list`` shows what there is to run, and ``notebooks``
renews the committed outputs. Everything is checked before anything starts; two batches never write
to one folder; the notebooks see a read-only copy of the data, which is compared with the original
afterwards; and a failed run is one line, while the others go on.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from helpers import paths
from party_cells.batch import grid
from party_cells.batch.grid import MARKS, Run


class Options(NamedTuple):
    """What was asked of a batch of a data folder."""

    data: Path
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

    @property
    def languages(self) -> tuple[str, ...]:
        return grid.LANGUAGES if self.language == "both" else (self.language,)

    @property
    def folder(self) -> Path:
        return (self.out or paths.reports()).resolve()


# What may be asked for


def report(**asked) -> int:
    """Make the reports that are asked for and are not up to date; the exit status."""
    options, begun = Options(paths.data(), **asked), time.monotonic()
    note, seen = options.folder / ".nothing-due", stamp(options)
    if note.exists() and (said := note.read_text("utf-8")).startswith(seen):
        print(said.removeprefix(seen))
        return bundle(options)
    files = grid.snapshot(options.data)
    runs, lines = plan(options, files)
    lines += filter(None, (state_of(run, options.dry_run) for run in runs))
    due = [run for run in runs if run.reason]
    if options.dry_run or not due:
        lines.append(f"{len(due)} of {len(runs)} runs to do")
    print("".join(f"{line}\n" for line in lines), end="")
    if not due:
        with suppress(OSError):  # the next look would only be quicker
            note.write_text(seen + "\n".join(lines), "utf-8")
    if options.dry_run or not due:
        return bundle(options)
    from party_cells.batch import runner  # only now is there something to do

    others, _ = plan(options._replace(only=(), locality=(), set=()), files)
    records = runner.carry_out(due, options, files, [*runs, *others])
    return summary(records, len(runs) - len(due), begun) or bundle(options)


def stamp(options: Options) -> str:
    """A fingerprint of all that a batch depends on, by names, sizes and times: quick to take."""
    own = [paths.SOURCES / name for name in grid.PACKAGES]
    made = [options.folder / name for name in (*grid.LANGUAGES, "notebooks")]
    found = [str(paths.ROOT / "requirements.lock")]
    for folder in (options.data, paths.notebooks(), *own, *made):
        found += [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    files = sorted(path for path in found if "__pycache__" not in path and os.path.exists(path))
    times = [f"{about.st_size} {about.st_ctime_ns}" for about in map(os.stat, files)]
    return grid.digest(repr(options), *files, *times)


def state_of(run: Run, is_told: bool) -> str:
    """What to say of a run before anything is done: of one that did not end well, or of each."""
    if is_told:
        return f"{run.stem}: {run.reason or 'up to date'}"
    if run.reason or run.last["status"] == "done":
        return ""
    return f"{MARKS[run.last['status']]} {run.stem}: {run.last['error']}"


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
    from party_cells.batch import runner

    options, begun = Options(paths.data(), **asked), time.monotonic()
    files = grid.snapshot(options.data)
    names = options.only or [path.stem for path in sorted(paths.notebooks().glob("*.ipynb"))]
    if language:
        return fold([paths.notebooks() / f"{name}.ipynb" for name in names], language)
    once = {}
    for run in plan(options._replace(only=names), files)[0]:
        stem = run.notebook.path.stem
        once[stem] = run._replace(stem=stem, given={}, languages=())
    records = runner.carry_out(list(once.values()), options, files)
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


def plan(options: Options, files: dict[str, str]) -> tuple[list[Run], list[str]]:
    """The runs that are asked for, each with the reason why it is due, if it is; what to say."""
    chosen, lines = [], []
    for notebook in grid.choose(paths.notebooks(), options.only):
        if grid.in_collection(notebook, options.data):
            chosen.append(notebook)
        else:
            name = notebook.path.stem
            lines.append(f"{name} is left out: its words are about another collection")
    settings = dict(setting.partition("=")[::2] for setting in options.set)
    runs = grid.runs_of(chosen, options.data, options.locality, settings, options.languages)
    return grid.judged(runs, options.data, files, options.folder, options.force), lines


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
