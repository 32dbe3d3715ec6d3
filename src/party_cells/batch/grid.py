"""What there is to run, and what of it is due: notebooks, parameters, fingerprints.

A run is one notebook with one set of parameters. It is up to date when nothing that it depends
on has changed since it last came to an end: its cells, its parameters, the tables that it
declares as inputs, our own code and the lock file; never outputs, and never a time of day.
Only the standard library is imported, so that a batch with nothing to do ends at once.
"""

import ast
import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from helpers import paths

LANGUAGES = ("en", "vi")
PACKAGES = ("helpers", "party_cells")
LABELS = ("measures", "rating_schemes", "themes", "vocabulary")  # words in every report
MARKS = {"done": "done", "failed": "FAILED", "out of date": "OUT OF DATE"}
ONE_OF = re.compile(r"\bone of: *(.+)$")


class Refused(ValueError):
    """What was asked for cannot be run; nothing has been started."""


class Parameter(NamedTuple):
    """One line of a notebook's parameters cell."""

    name: str
    kind: str
    default: object
    help: str
    choices: tuple[str, ...]


class Notebook(NamedTuple):
    """What the batch has to know about a notebook, read without executing it."""

    path: Path
    source: str
    parameters: tuple[Parameter, ...]
    about: dict


class Run(NamedTuple):
    """One execution: a notebook, what it is given, and the fingerprints of all it depends on."""

    notebook: Notebook
    stem: str
    given: dict
    parameters: dict
    languages: tuple[str, ...]
    fingerprints: dict
    last: dict  # what is remembered of the last time
    reason: str  # why it is due; empty where it is up to date


# Notebooks and their parameters


def read_notebook(path: Path) -> Notebook:
    """The notebook at a path; Refused unless it is one. Where it has a parameters cell, what is
    set in it to plain values can be set otherwise; the rest of it stays as it is.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        cells = [(c["metadata"].get("tags", []), "".join(c["source"])) for c in content["cells"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path.name} is not a notebook: {error}") from None
    tagged = [source for tags, source in cells if "parameters" in tags]
    about = content["metadata"].get("party_cells", {})
    parameters = tuple(read_parameters(tagged[0] if tagged else ""))
    return Notebook(path, json.dumps([cells, about], sort_keys=True), parameters, about)


def read_parameters(source: str) -> Iterator[Parameter]:
    """Name, type, default, help and choices of each plain value set in a parameters cell.

    >>> next(read_parameters('language: str = "en"  # of the tables; one of: en, vi'))
    Parameter(name='language', kind='str', default='en', help='of the tables; one of: en, vi', \
choices=('en', 'vi'))
    """
    lines = source.splitlines()
    for node in statements(source):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        is_typed = isinstance(node, ast.AnnAssign)
        target = node.target if is_typed else node.targets[0]
        default = literal(node.value, otherwise=...)
        if default is ... or not isinstance(target, ast.Name):
            continue
        kind = ast.unparse(node.annotation) if is_typed else type(default).__name__
        rest = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
        comment = rest.partition("#")[2].strip()
        choices = ONE_OF.search(comment)
        among = tuple(re.split(r",\s*", choices[1].rstrip(". "))) if choices else ()
        yield Parameter(target.id, kind, default, comment, among)


def statements(source: str) -> list[ast.stmt]:
    """The statements of a cell, without IPython's own lines; none where it is not Python."""
    try:
        return ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.MULTILINE)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def literal(source: ast.expr | str, otherwise: object) -> object:
    """The value of an expression that is a plain text, number or list of such, or something else.

    >>> literal("[1, 2]", None), literal("print()", None)
    ([1, 2], None)
    """
    try:
        return ast.literal_eval(source)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return otherwise


def fits(value: object, kind: str) -> bool:
    """Whether a value has the type that an annotation names.

    >>> fits(2, "int | None"), fits(None, "int | None"), fits("2", "int"), fits([1], "list[int]")
    (True, True, False, True)
    """
    kind = re.sub(r"^(?:typing\.)?Optional\[(.+)\]$", r"\1 | None", kind)
    if "|" in kind:
        return any(fits(value, part.strip()) for part in kind.split("|"))
    if items := re.fullmatch(r"(list|tuple)\[(\w+)(?:, \.\.\.)?\]", kind):
        return type(value).__name__ == items[1] and all(fits(v, items[2]) for v in value)
    names = {"float": ("float", "int"), "None": ("NoneType",)}.get(kind, (kind,))
    return type(value).__name__ in names


def read_value(parameter: Parameter, text: str, known: Iterable[str] = ()) -> object:
    """A value from the command line, of the parameter's type and among its choices.

    >>> read_value(Parameter("years", "int | None", 1, "", ()), "2")
    2
    """
    value = literal(text, otherwise=text)
    value = value if fits(value, parameter.kind) else text
    if not fits(value, parameter.kind):
        raise Refused(f"{parameter.name} = {text!r} is not of the type {parameter.kind}")
    return one_of(parameter.name, value, known or parameter.choices)


def one_of(name: str, value: object, known: Iterable[str]) -> object:
    """The value, if it is known or anything may be; Refused otherwise."""
    if known and str(value) not in known:
        raise Refused(f"{name} = {value!r} is not known; one of: {', '.join(known)}")
    return value


# The grid


def table(path: Path, *needed: str) -> list[dict]:
    """The rows of a CSV file as text; Refused unless it can be read and has the columns needed."""
    csv.field_size_limit(2**31 - 1)  # an article may be one line
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="")
            rows, names = [row for row in reader if any(row.values())], reader.fieldnames or ()
    except FileNotFoundError:
        raise Refused(f"{path.parents[1]} is not a collection: {path.name} is missing") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{path.name} is not a CSV table in UTF-8: {error}") from None
    if missing := [name for name in needed if name not in names]:
        raise Refused(f"{path.name} has no column {missing[0]!r}")
    return rows


def localities_of(data: Path) -> list[str]:
    """The localities that have a document, in the fixed order of the collection."""
    documents = table(data / "raw" / "documents.csv", "locality_id", "document_id", "file")
    found = {row["locality_id"] for row in documents} - {""}
    if odd := [name for name in sorted(found) if not re.fullmatch(r"\w[\w-]*", name)]:
        raise Refused(f"documents.csv names a locality {odd[0]!r}: letters, digits and - only")
    rows = table(data / "processed" / "localities.csv", "place_id", "position")
    order = {r["place_id"]: int(r["position"]) for r in rows if r["position"].isdecimal()}
    return sorted(found, key=lambda name: (order.get(name, float("inf")), name))


def in_collection(notebook: Notebook, data: Path) -> bool:
    """Whether the data have the documents that the notebook's own words are about, if any."""
    named = notebook.about.get("collection", {}).get("documents")
    here = {row["document_id"] for row in table(data / "raw" / "documents.csv", "document_id")}
    return not named or here == set(named)


def choose(folder: Path, only: Iterable[str]) -> list[Notebook]:
    """The notebooks that were named; without names, all that have a number."""
    known = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    names = [name.removesuffix(".ipynb") for name in only]
    if unknown := [name for name in names if name not in known]:
        raise Refused(f"no notebook {unknown[0]!r}; one of: {', '.join(known)}")
    return [read_notebook(known[name]) for name in names or known if names or name[0].isdigit()]


def runs_of(
    notebooks: list[Notebook],
    data: Path,
    chosen: Iterable[str] = (),
    settings: dict[str, str] | None = None,
    languages: tuple[str, ...] = LANGUAGES,
) -> list[Run]:
    """Each notebook with each set of its parameters, in order; Refused if one does not fit."""
    here, settings = localities_of(data), settings or {}
    known = sorted({p.name for notebook in notebooks for p in notebook.parameters})
    if unknown := [name for name in settings if name not in known]:
        raise Refused(f"no parameter {unknown[0]!r}; one of: {', '.join(known)}")
    places = [one_of("locality", name, here) for name in chosen or here]
    runs = []
    for notebook in notebooks:
        defaults = {p.name: p.default for p in notebook.parameters}
        given = given_to(notebook, settings, here, languages)
        each = notebook.about.get("one_run_per") == "locality"
        for own in [{"locality": place} for place in places] if each else [{}]:
            stem = "--".join([notebook.path.stem, *own.values()])
            runs.append(
                Run(notebook, stem, given | own, defaults | given | own, languages, {}, {}, "")
            )
    return runs


def given_to(notebook: Notebook, settings: dict, here: list[str], languages: tuple) -> dict:
    """What a notebook is given of the settings, and a language that was asked for."""
    given = {}
    for p in notebook.parameters:
        if p.name in settings:
            given[p.name] = read_value(p, settings[p.name], here if p.name == "locality" else ())
        elif p.name == "language" and p.default not in languages:
            given[p.name] = languages[0]
    return given


# What is up to date


def digest(*parts: bytes | str) -> str:
    """A fingerprint of some contents, short enough to read.

    >>> digest("a", b"b") == digest("a", "b") != digest("ab")
    True
    """
    total = hashlib.sha256()
    for part in parts:
        part = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(part) + part)
    return total.hexdigest()[:16]


def not_ours(folder: str, names: Iterable[str]) -> set[str]:
    """What editors, systems and Python leave in a folder: hidden, locks, lists of pictures."""
    left = (".", "~$", "__pycache__", "Thumbs.db", "desktop.ini")
    return {name for name in names if name.startswith(left)}


def contents(root: Path, *folders: str) -> dict[str, str]:
    """The fingerprint of each file in some folders, by its path below their root."""
    found = [path for name in folders for path in (root / name).rglob("*") if path.is_file()]
    names = {path: path.relative_to(root) for path in sorted(found)}
    ours = [path for path, name in names.items() if not not_ours("", name.parts)]
    return {str(names[path]): digest(path.read_bytes()) for path in ours}


def snapshot(data: Path) -> dict[str, str]:
    """The fingerprint of every file of a collection."""
    return contents(data, "raw", "processed")


def our_own(files: dict[str, str]) -> dict[str, str]:
    """The fingerprints of what every run depends on: our code, the lock file, the codebooks."""
    lock = paths.ROOT / "requirements.lock"
    labels = [files.get(f"processed/{name}.csv", "") for name in LABELS]
    return {
        "helpers": digest(*contents(paths.SOURCES, *PACKAGES).values()),
        "lock": digest(lock.read_bytes()) if lock.exists() else "",
        "codebooks": digest(*labels, files.get("processed/datapackage.json", "")),
    }


def by_locality(name: str, data: Path, files: dict[str, str]) -> dict[str, str]:
    """The fingerprint of each locality's rows of a table, and of those of no locality at "";
    for ``documents`` of their texts too.
    """
    documents = table(data / "raw" / "documents.csv")
    home = {row["document_id"]: row["locality_id"] for row in documents}
    rows = documents if name == "documents" else table(data / "processed" / f"{name}.csv")
    parts: dict[str, list] = {}
    for row in rows:
        where = row.get("locality_id") or home.get(row.get("document_id"), "")
        text = files.get(f"raw/{row['file']}", "") if name == "documents" else ""
        parts.setdefault(where, []).append(str(row) + text)
    return {where: digest(*found) for where, found in parts.items()}


def judged(
    runs: list[Run], data: Path, files: dict[str, str], out: Path, force: bool = False
) -> list[Run]:
    """The runs with the fingerprints of all that they depend on, what is remembered of the last
    time, and the reason why each is due; ``files`` is a snapshot of the data.
    """
    common, found = our_own(files), []
    split = cache(lambda name: by_locality(name, data, files))
    for run in runs:
        inputs = inputs_of(run, files, split)
        own = {
            "notebook": digest(run.notebook.source),
            "parameters": digest(json.dumps(run.parameters, sort_keys=True)),
            "languages": digest(*run.languages),
            "data": digest(*inputs.values()),
        }
        run = run._replace(fingerprints=own | common | inputs, last=last_record(out, run.stem))
        found.append(run._replace(reason="forced" if force else due(run, out)))
    return found


def inputs_of(run: Run, files: dict[str, str], split: Callable[[str], dict]) -> dict[str, str]:
    """The fingerprint of each table that a run declares; one that declares none may read all."""
    about = run.notebook.about
    if (named := about.get("inputs")) is None:
        return {"collection": digest(*files.values())}
    if about.get("one_locality"):
        rows, place = {name: split(name) for name in named}, run.parameters["locality"]
        return {name: digest(rows[name].get(place, ""), rows[name].get("", "")) for name in named}
    texts = digest(*(mark for name, mark in files.items() if name.startswith("raw/")))
    return {n: texts if n == "documents" else files.get(f"processed/{n}.csv", "") for n in named}


def last_record(out: Path, stem: str) -> dict:
    """What is remembered of the last run that came to an end; empty if there is nothing."""
    try:
        return json.loads((out / "notebooks" / f"{stem}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def due(run: Run, out: Path) -> str:
    """Why a run is due, in words; empty where its report is up to date."""
    if not run.last:
        return "never finished"
    before, now = run.last["fingerprints"], run.fingerprints
    names = sorted({*before, *now} - {"data"})  # which is the inputs together
    if changed := [name for name in names if before.get(name) != now.get(name)]:
        return "changed: " + ", ".join(changed)
    pages = [out / language / f"{run.stem}.html" for language in run.languages]
    missing = run.last["status"] == "done" and not all(page.exists() for page in pages)
    return "its report is missing" if missing else ""
