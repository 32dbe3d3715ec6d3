"""The tables and their dictionary: read, check, save.

``datapackage.json`` (Frictionless Table Schema) is the dictionary. Every table is checked against
it when it is read and before it is written; the codebooks themselves are tables like the others.
"""

import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd

from helpers import paths

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # an article may be one line
CODEBOOKS = ("measures", "themes", "terms", "rating_schemes", "vocabulary")
KINDS = {"checks": "facts", "codings_coder_1": "codings", "codings_coder_2": "codings"}
KINDS |= {"adjudications": "codings"}  # kinds of decisions, and the table derived from each
_NAMED_IN = {  # the table that names the ids in a column, where it is no list of the vocabulary
    **dict.fromkeys(("locality", "locality_id", "place_id", "row_id", "column_id"), "localities"),
    **dict.fromkeys(("measure_id", "base_measure_id", "proposed_measure_id"), "measures"),
    **{"theme_id": "themes", "scheme_id": "rating_schemes", "reasons": "vocabulary:gate_reason"},
}
_HEADERS = ("vocabulary:column", "localities", "measures", "themes", "rating_schemes")
_HEADERS += ("vocabulary:dimension", "vocabulary:figure_subject")
PROBLEM = ["line", "column", "expected", "found"]
_DTYPES = {"number": "float64", "integer": "Int64", "boolean": "boolean"}
_FORMS = {  # how a cell of a type is written, and what is said of one that is not
    "number": (re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII), "a number, like 20.5"),
    "integer": (re.compile(r"[-+]?\d+", re.ASCII), "a whole number"),
    "boolean": (re.compile("true|false", re.IGNORECASE), "true or false"),
}
_MARKER = re.compile(r"(<{7}|={7}|>{7}|\|{7})( |$)")
Row = dict[str, str]


def told(head: str, problems: list[str], tail: str) -> str:
    """What is wrong with some rows, the first ten of them line by line."""
    more = [f"… and {len(problems) - 10} more (see .rows)"] if len(problems) > 10 else []
    return "\n  ".join([head, *problems[:10], *more, tail])


class TableInvalid(ValueError):
    """A table does not fit its dictionary; ``rows`` names line, column, expected and found."""

    def __init__(self, path: Path, problems: list[tuple], said: str = ""):
        self.rows = pd.DataFrame(problems, columns=PROBLEM)
        shown = [
            f"line {line}, column {column}: expected {expected}, found {found!r}"
            for line, column, expected, found in problems
        ]
        head = f"{path.name}: {len(problems)} value(s) do not fit the data dictionary:"
        tail = f"Correct {path.name}, or its description in datapackage.json."
        super().__init__(said or told(head, shown, tail))


class CsvLines(io.StringIO):
    """Rows of `csv.writer` or pandas as text with plain line ends.

    The writer must end its rows with CR LF, as it does by default: only then is a cell with a
    carriage return quoted (before Python 3.13), and read back as one cell.
    """

    def write(self, row: str) -> int:
        return super().write(row.removesuffix("\r\n") + "\n")


def table_path(table: str) -> Path:
    """The CSV file of a table in the data folder in use.

    A collection without codebooks of its own uses the project's.
    """
    if table == "documents":
        return paths.raw() / "documents.csv"
    path = paths.processed() / f"{table}.csv"
    if table in CODEBOOKS and not path.exists():
        return paths.ROOT / "data" / "processed" / path.name
    return path


@cache
def dictionary() -> dict[str, dict]:
    """The resources of the data dictionary by table name.

    >>> dictionary()["measures"]["schema"]["primaryKey"]
    ['measure_id']
    """
    found = {}
    for folder in ("raw", "processed"):
        package = paths.ROOT / "data" / folder / "datapackage.json"
        for resource in json.loads(package.read_text("utf-8"))["resources"]:
            found[resource["name"]] = resource
    return found


def _schema(table: str) -> dict:
    if table not in dictionary():
        known = ", ".join(sorted(dictionary()))
        raise KeyError(f"no table {table!r} in the data dictionary; known tables: {known}")
    return dictionary()[table]["schema"]


def fields(table: str) -> list[dict]:
    """The fields of a table in the order of the dictionary, or of a kind of decision (`KINDS`).

    A kind has the columns of the log, and the closed lists of the table that is derived from it.
    """
    if table not in KINDS:
        return _schema(table)["fields"]
    closed = {field["name"]: field for field in _schema(KINDS[table])["fields"]}
    return [closed.get(field["name"], field) for field in _schema("decisions")["fields"]]


def columns(table: str) -> list[str]:
    """The columns of a table, or of a kind of decision, in the order of the dictionary."""
    return [field["name"] for field in fields(table)]


def key(table: str) -> list[str]:
    """The columns that name a row of a table."""
    return _schema(table)["primaryKey"]


# --- reading ------------------------------------------------------------------------------------


def load(table: str) -> pd.DataFrame:
    """One table of the data folder, checked against the dictionary; no rows if it is not there.

    Text, ids and ISO dates are ``str`` (missing: NaN), numbers float, offsets Int64, booleans
    nullable ``boolean``. Raises `TableInvalid` with the bad rows.

    >>> load("measures").set_index("measure_id").at["members", "direction"]
    'none'
    """
    path = table_path(table)
    names, rows = parse(path, path.read_bytes()) if path.exists() else (columns(table), {})
    _refuse_misfits(names, rows, table)
    return _typed(pd.DataFrame([*rows.values()], columns=names, dtype="str"), table)


def rows_of(table: str) -> list[Row]:
    """The rows of a table as they stand in its file, unchecked; none where there is no file."""
    path = table_path(table)
    return [*parse(path, path.read_bytes())[1].values()] if path.exists() else []


def parse(path: Path, data: bytes) -> tuple[list[str], dict[int, Row]]:
    """The header of a CSV file, and its rows by the line where they begin; empty ones left out.

    Raises `TableInvalid`, in one line with what to do, for what is not UTF-8 or not parted by
    commas, an unresolved merge, and a row that is cut off or has cells too many.
    """
    lines = list(io.StringIO(text_of(path, data), newline="\n"))
    if marked := next((n for n, line in enumerate(lines, 1) if _MARKER.match(line)), 0):
        said = f"an unresolved merge ({lines[marked - 1][:7]})"
        raise refused(path, marked, said, "keep the lines of both sides, delete the markers")
    if lines and "," not in lines[0] and (other := set(";\t|") & set(lines[0])):
        said = f"columns parted by {other.pop()!r}, expected ','"
        raise refused(path, 1, said, "save it as CSV with commas, in UTF-8")
    reader, begins, names, found = csv.reader(lines, strict=True), 1, [], {}
    restore = "restore the file, or delete this line"
    try:
        for cells in filter(any, reader):
            begins = reader.line_num - sum(cell.count("\n") for cell in cells)
            if names and len(cells) != len(names):
                raise refused(path, begins, "half a row, or cells too many", restore)
            found |= {begins: dict(zip(names, cells, strict=True))} if names else {}
            names = names or cells
    except csv.Error as error:
        raise refused(path, begins, str(error), restore) from None
    if not names or len({*names}) < len(names):
        raise refused(path, 1, "no header of different names", "restore the file")
    return names, found


def refused(path: Path, line: int, said: str, remedy: str) -> TableInvalid:
    """What is wrong with the file of a table, in one line: where, what, and what to do."""
    problem = (line, "", remedy, said)
    return TableInvalid(path, [problem], f"{path.name} line {line}: {said}; {remedy}")


def text_of(path: Path, data: bytes) -> str:
    """The text of a table's file, the same where an editor gave it the line ends of Windows."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refused(path, line, "not UTF-8", "save it as CSV in UTF-8") from None
    return text.replace("\r\n", "\n") if text.partition("\n")[0].endswith("\r") else text


# --- checking -----------------------------------------------------------------------------------


def validate(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The frame with the dictionary's types, or `TableInvalid`; also checks foreign keys."""
    cells = _as_text(frame.reset_index(drop=True))
    _refuse_misfits([*cells], dict(enumerate(cells.to_dict("records"), 2)), table)
    return _typed(cells, table)


def _refuse_misfits(names: list[str], rows: Mapping[int, Row], table: str) -> None:
    if found := misfits(names, rows, table):
        raise TableInvalid(table_path(table), found)


def misfits(names: Iterable[str], rows: Mapping[int, Row], table: str) -> list[tuple]:
    """Line, column, expected and found of each cell that does not fit the dictionary.

    ``rows`` are rows of text by the line where they stand, ``names`` their columns.
    """
    schema, found, seen = _schema(table), [], set()
    known = {key["fields"][0]: _targets(key["reference"]) for key in schema.get("foreignKeys", [])}
    for field in schema["fields"]:
        name = field["name"]
        if name not in names:
            return [(1, name, "a column of this name", "no such column")]
        wrong = {cell: misfit(field, cell, *known.get(name, ())) for cell in
                 {row[name] for row in rows.values()}}  # fmt: skip
        if any(wrong.values()):
            cells = ((line, row[name]) for line, row in rows.items())
            found += [(line, name, wrong[cell], cell) for line, cell in cells if wrong[cell]]
    for line, row in rows.items():
        named = tuple(row[name] for name in schema["primaryKey"])
        if named in seen:
            found.append((line, "the key", "a key that stands once", ", ".join(named)))
        seen.add(named)
    return found


def misfit(field: dict, cell: str, known: set[str] | None = None, target: str = "") -> str:
    """What is expected of a cell of text that does not fit its column; empty if it fits."""
    rules, (form, said) = field.get("constraints", {}), _FORMS.get(field["type"], (None, ""))
    if not cell:
        return "a value" if rules.get("required") else ""
    if form and not form.fullmatch(cell):
        return said
    if field["type"] == "date" and not is_day(cell):
        return "a day, like 2019-04-12"
    if cell not in (codes := [*map(str, rules.get("enum", [cell]))]):
        return "one of " + ", ".join(codes)
    if not re.fullmatch(pattern := rules.get("pattern", "(?s:.*)"), cell):
        return f"like {pattern}"
    if "minimum" in rules and float(cell) < rules["minimum"]:
        return f"at least {rules['minimum']}"
    return target if target and cell not in known else ""


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar in ISO form."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _targets(reference: dict) -> tuple[set[str], str]:
    """The ids that a foreign key may point to, and what they are."""
    (column,), table = reference["fields"], reference["resource"]
    ids = {row.get(column, "") for row in rows_of(table)}
    return ids, f"a {column} of {table_path(table).name}"


def _typed(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    """Cells of text that fit the dictionary, with its types."""
    kinds = {f["name"]: _DTYPES[f["type"]] for f in fields(table) if f["type"] in _DTYPES}
    typed = cells.replace("", None)
    for name in (name for name, kind in kinds.items() if kind == "boolean"):
        typed[name] = typed[name].str.lower().map({"true": True, "false": False})
    return typed.astype(kinds)


# --- writing ------------------------------------------------------------------------------------


def save(frame: pd.DataFrame, table: str) -> Path:
    """Check a table and write it: sorted by key, stably formatted, never half a file."""
    path = table_path(table)
    replace(path, to_text(validate(frame, table), table))
    return path


def to_text(frame: pd.DataFrame, table: str) -> str:
    """The CSV text of a table: key order; whole numbers without ".0"; booleans true and false."""
    names = columns(table)
    names += [name for name in frame.columns if name not in names]
    return csv_text([names, *([row[name] for name in names] for row in rows(frame, table))])


def csv_text(lines: Iterable[Iterable[str]]) -> str:
    """Lines of cells as CSV, each ended by a line feed."""
    out = CsvLines()
    csv.writer(out).writerows(lines)
    return out.getvalue()


def rows(frame: pd.DataFrame, table: str) -> list[Row]:
    """The rows of a table as CSV text, in key order.

    >>> rows(load("measures").head(1), "measures")[0]["units"]
    'share'
    """
    return _as_text(frame.sort_values(key(table), kind="stable")).to_dict("records")


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """A table as its cells are written."""
    written = frame.astype("object")
    for name, values in frame.items():
        if pd.api.types.is_bool_dtype(values):
            written[name] = written[name].map({True: "true", False: "false"})
        elif pd.api.types.is_float_dtype(values):
            written[name] = values.map("{:.15g}".format, na_action="ignore")
    return written.astype("str").fillna("")


def replace(path: Path, content: str | bytes) -> None:
    """Write a file whole: beside it, flushed to disk, then renamed over it.

    Its mode stays, and a link stays a link to the file that is written.
    """
    path = path.resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        with open(beside, "xb") as file:  # never through a link
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


# --- names for readers --------------------------------------------------------------------------


def labels(table: str, language: str) -> dict[str, str]:
    """Names of ids for readers: ``labels("measures", "vi")``, ``labels("vocabulary:level", "en")``.

    For localities the names of places; a vocabulary in the order of its list. Read again only when
    the file has changed. Raises `KeyError` for a table without labels.

    >>> labels("measures", "vi")["members"]
    'Đảng viên'
    """
    path = table_path(table.partition(":")[0])
    return _labels(table, language, path, path.read_bytes() if path.exists() else b"label\n")


@lru_cache(maxsize=64)
def _labels(table: str, language: str, path: Path, data: bytes) -> dict[str, str]:
    """What a file says, asked for a thousand times by a report: nothing else is looked at."""
    name, _, vocabulary = table.partition(":")
    rows = [row for row in parse(path, data)[1].values() if row.get("list", "") == vocabulary]
    if vocabulary:
        rows.sort(key=lambda row: float(row["position"] or "inf"))
    column = f"name_{language}" if name == "localities" else f"label_{language}"
    named = "code" if vocabulary else key(name)[0]
    return {row[named]: row[column] for row in rows}


def translated(code: str, column: str, language: str) -> str:
    """The name of an id by the column it stands in, or of several joined by "|".

    Any other text comes back as it is.

    >>> translated("members", "measure_id", "vi"), translated("tie|overlap", "reasons", "en")
    ('Đảng viên', 'Equal, Intervals overlap')
    """
    known = labels(_NAMED_IN.get(column, f"vocabulary:{column}"), language)
    names = [known.get(one) for one in ([code] if code in known else code.split("|"))]
    return ", ".join(names) if all(names) else code


def header(column: str, language: str) -> str:
    """The name of a column for readers: of the list "column", or that of a place, measure, theme.

    Years head their own columns. Raises `ValueError` for a column without a name.
    """
    if not isinstance(column, str) or re.fullmatch(r"[\d–-]+", column):
        return str(column)
    for table in _HEADERS:
        if name := labels(table, language).get(column):
            return name
    raise ValueError(
        f"column {column!r} has no header in {language!r}: add a row `column,{column},…` to "
        "vocabulary.csv, or name the column after a place, a measure or a theme"
    )


def describe() -> str:
    """The data dictionary as Markdown, the text of ``data/README.md``."""
    parts = ["# Data dictionary\n\nPrinted by `make dictionary` from the two `datapackage.json`.\n"]
    for name, resource in dictionary().items():
        schema = resource["schema"]
        parts.append(f"\n## {name}\n\n{resource['description']}\n")
        parts.append(f"\nKey: {', '.join(f'`{k}`' for k in schema.get('primaryKey', []))}\n")
        parts.append("\n| column | type | meaning | codes or rule |\n|---|---|---|---|\n")
        for field in schema["fields"]:
            rule, kind = _rule(field, schema), field["type"]
            parts.append(f"| `{field['name']}` | {kind} | {field['description']} | {rule} |\n")
    return "".join(parts)


def _rule(field: dict, schema: dict) -> str:
    """What a cell of a column must be, in words."""
    constraints = field.get("constraints", {})
    rules = ["required"] if constraints.get("required") else []
    rules += [", ".join(f"`{code}`" for code in constraints.get("enum", []))]
    rules += [f"`{constraints['pattern']}`".replace("|", "\\|")] if "pattern" in constraints else []
    keys = schema.get("foreignKeys", [])
    rules += [f"in {k['reference']['resource']}" for k in keys if k["fields"] == [field["name"]]]
    return "; ".join(rule for rule in rules if rule)
