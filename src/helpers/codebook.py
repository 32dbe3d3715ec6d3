"""The tables and their dictionary: read, check, save.

``datapackage.json`` (Frictionless Table Schema) is the dictionary. Every table is checked against
it when it is read and before it is written; the codebooks themselves are tables like the others.
"""

import io
import json
import os
import re
import time
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from helpers import paths

CODEBOOKS = ("measures", "themes", "terms", "rating_schemes", "vocabulary")
_EXPECTED = {
    "not_nullable": "a value",
    "multiple_fields_uniqueness": "a key that stands once",
}
_NAMED_IN = {  # the table that names the ids in a column, where it is no list of the vocabulary
    **dict.fromkeys(("locality", "locality_id", "place_id", "row_id", "column_id"), "localities"),
    **dict.fromkeys(("measure_id", "base_measure_id", "proposed_measure_id"), "measures"),
    **{"theme_id": "themes", "scheme_id": "rating_schemes", "reasons": "vocabulary:gate_reason"},
}
_HEADERS = ("vocabulary:column", "localities", "measures", "themes", "rating_schemes")
_HEADERS += ("vocabulary:dimension", "vocabulary:figure_subject")
PROBLEM = ["line", "column", "expected", "found"]
_DTYPES = {
    "string": "str",
    "date": "str",
    "number": "float64",
    "integer": "Int64",
    "boolean": "boolean",
}
_READ: dict[str, tuple] = {}  # each table as last read, with its files as they were then


class TableInvalid(ValueError):
    """A table does not fit its dictionary; ``rows`` names line, column, expected and found."""

    def __init__(self, path: Path, rows: pd.DataFrame):
        self.rows = rows
        shown = [
            f"  line {r.line}, column {r.column}: expected {r.expected}, found {r.found!r}"
            for r in rows.head(10).itertuples()
        ]
        more = [f"  … and {len(rows) - 10} more (see .rows)"] if len(rows) > 10 else []
        head = f"{path.name}: {len(rows)} value(s) do not fit the data dictionary:"
        tail = f"  Correct {path.name}, or its description in datapackage.json."
        super().__init__("\n".join([head, *shown, *more, tail]))


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


def load(table: str) -> pd.DataFrame:
    """One table of the data folder, checked against the dictionary.

    Text, ids and ISO dates are ``str`` (missing: NaN), numbers float, offsets Int64, booleans
    nullable ``boolean``. Raises `TableInvalid` with the bad rows, `FileNotFoundError`
    if the file is not there.

    >>> load("measures").set_index("measure_id").at["members", "direction"]
    'none'
    """
    path = table_path(table)
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: not in {path.parent}; `make tables` derives tables")
    files = _files(table)
    if _READ.get(table, ((),))[0] != files:
        _READ[table] = files if _are_settled(files) else (), validate(_cells(path), table)
    return _READ[table][1].copy(deep=False)  # pandas copies what is changed later


def _files(table: str) -> tuple:
    """The file of a table and those that its keys point to, each as it is now."""
    keys = _schema(table).get("foreignKeys", [])
    named = [table_path(name) for name in (table, *(k["reference"]["resource"] for k in keys))]
    return tuple((p, (s := p.stat()).st_ino, s.st_mtime_ns, s.st_size) for p in named)


def _are_settled(files: tuple) -> bool:
    """Whether the files are old enough that a change would show in their times."""
    return all(changed < time.time_ns() - 100_000_000 for _, _, changed, _ in files)


def _cells(path: Path) -> pd.DataFrame:
    """The cells of a file as text; `TableInvalid` if it holds no table."""
    try:
        return pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        row = (1, "", "a UTF-8 CSV with a header", str(error))
        raise TableInvalid(path, pd.DataFrame([row], columns=PROBLEM)) from None


def validate(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The frame with the dictionary's types, or `TableInvalid`; also checks foreign keys."""
    path, schema = table_path(table), _schema(table)
    texts = frame.reset_index(drop=True)
    for field in schema["fields"]:
        if field["type"] == "boolean" and field["name"] in texts:
            texts[field["name"]] = texts[field["name"]].map(_boolean)
    try:
        typed = _checks(table).validate(texts, lazy=True)
    except pa.errors.SchemaErrors as errors:
        raise TableInvalid(path, _problems(errors.failure_cases)) from None
    rows = [row for key in schema.get("foreignKeys", []) for row in _foreign(typed, key)]
    if rows:
        raise TableInvalid(path, pd.DataFrame(rows, columns=PROBLEM))
    return typed


def _boolean(value: object) -> object:
    return {"true": True, "false": False}.get(str(value).lower(), value)


@cache
def _checks(table: str) -> pa.DataFrameSchema:
    """The pandera schema of a table, built from its Table Schema."""
    schema = _schema(table)
    columns = {field["name"]: _column(field) for field in schema["fields"]}
    return pa.DataFrameSchema(columns, unique=schema.get("primaryKey"), coerce=True)


def _column(field: dict) -> pa.Column:
    rules = field.get("constraints", {})
    pattern, checks = rules.get("pattern"), []
    if field["type"] == "date":
        checks.append(pa.Check(_is_day, element_wise=True, error="a day, like 2019-04-12"))
    if "enum" in rules:
        codes = rules["enum"]
        checks.append(pa.Check.isin(codes, error="one of " + ", ".join(map(str, codes))))
    if pattern:
        checks.append(pa.Check.str_matches(f"^(?:{pattern})$", error=f"like {pattern}"))
    if "minimum" in rules:
        checks.append(pa.Check.ge(rules["minimum"], error=f"at least {rules['minimum']}"))
    return pa.Column(_DTYPES[field["type"]], checks, nullable=not rules.get("required"))


def _is_day(text: str) -> bool:
    """Whether a text is a day of the calendar in ISO form."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _problems(cases: pd.DataFrame) -> pd.DataFrame:
    """Line, column, expected and found of pandera's failure cases."""
    rows = []
    for case in cases.to_dict("records"):
        check, line = str(case["check"]), 1
        if check == "column_in_dataframe":
            rows.append((1, case["failure_case"], "a column of this name", "no such column"))
            continue
        if pd.notna(case["index"]):
            line = int(case["index"]) + 2
        said = _EXPECTED.get(check) or re.sub(r"(coerce_)?dtype\('(\w+)'\)", r"type \2", check)
        column = "the key" if check == "multiple_fields_uniqueness" else case["column"]
        if not str(case["failure_case"]).startswith("TypeError("):  # follows a wrong type
            rows.append((line, column, said, case["failure_case"]))
    return pd.DataFrame(rows, columns=PROBLEM).drop_duplicates(["line", "column"])


def _foreign(frame: pd.DataFrame, key: dict) -> list[tuple]:
    """Values of a foreign key that the table it points to does not have."""
    (column,), reference = key["fields"], key["reference"]
    (target,) = reference["fields"]
    path = table_path(reference["resource"])
    known = set(_cells(path).get(target, ()))
    unknown = frame[column].dropna()[lambda values: ~values.isin(known)]
    return [(at + 2, column, f"a {target} of {path.name}", found) for at, found in unknown.items()]


def columns(table: str) -> list[str]:
    """The columns of a table, in the order of the dictionary."""
    return [field["name"] for field in _schema(table)["fields"]]


def key(table: str) -> list[str]:
    """The columns that name a row of a table."""
    return _schema(table)["primaryKey"]


def save(frame: pd.DataFrame, table: str) -> Path:
    """Check a table and write it: sorted by key, stably formatted, never half a file."""
    path = table_path(table)
    replace(path, to_text(validate(frame, table), table))
    return path


def to_text(frame: pd.DataFrame, table: str) -> str:
    """The CSV text of a table: key order; whole numbers without ".0"; booleans true and false."""
    names = columns(table)
    written = frame[names + [name for name in frame.columns if name not in names]]
    written = written.sort_values(key(table), kind="stable")
    for name, values in written.items():
        if pd.api.types.is_bool_dtype(values):
            written[name] = values.astype("object").map({True: "true", False: "false"})
        elif pd.api.types.is_float_dtype(values):
            written[name] = values.astype("object").map(lambda x: x if pd.isna(x) else f"{x:.15g}")
    lines = CsvLines()
    written.to_csv(lines, index=False, lineterminator="\r\n")
    return lines.getvalue()


def text_of(path: Path) -> str:
    """The text of a table's file, the same from a checkout with the line ends of Windows."""
    text = path.read_bytes().decode("utf-8-sig")
    return text.replace("\r\n", "\n") if text.partition("\n")[0].endswith("\r") else text


def replace(path: Path, text: str) -> None:
    """Write a text file whole: beside it, flushed to disk, then renamed over it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def labels(table: str, language: str) -> dict[str, str]:
    """Names of ids for readers: ``labels("measures", "vi")``, ``labels("vocabulary:level", "en")``.

    For localities the names of places; a vocabulary in the order of its list. Read again only when
    the file has changed. Raises `KeyError` for a table without labels.

    >>> labels("measures", "vi")["members"]
    'Đảng viên'
    """
    path = table_path(table.partition(":")[0])
    return _labels(table, language, (path, path.stat().st_mtime_ns))


@cache
def _labels(table: str, language: str, _file: tuple) -> dict[str, str]:
    name, _, vocabulary = table.partition(":")
    frame = load(name)
    if vocabulary:
        frame = frame[frame["list"] == vocabulary].sort_values("position")
    column = f"name_{language}" if name == "localities" else f"label_{language}"
    key = "code" if vocabulary else _schema(name)["primaryKey"][0]
    return dict(zip(frame[key], frame[column], strict=True))


def translated(code: str, column: str, language: str) -> str:
    """The name of an id by the column it stands in, or of several joined by "|".

    Any other text comes back as it is.

    >>> translated("members", "measure_id", "vi"), translated("tie|overlap", "reasons", "en")
    ('Đảng viên', 'Equal, Intervals overlap')
    """
    known = labels(_NAMED_IN.get(column, f"vocabulary:{column}"), language)
    names = [known.get(one) for one in ([code] if code in known else code.split("|"))]
    return ", ".join(names) if all(isinstance(name, str) for name in names) else code


def header(column: str, language: str) -> str:
    """The name of a column for readers: of the list "column", or that of a place, measure, theme.

    Years head their own columns. Raises `ValueError` for a column without a name.
    """
    if not isinstance(column, str) or re.fullmatch(r"[\d–-]+", column):
        return str(column)
    for table in _HEADERS:
        if isinstance(name := labels(table, language).get(column), str):
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
            rule = _rule(field, schema)
            parts.append(
                f"| `{field['name']}` | {field['type']} | {field['description']} | {rule} |\n"
            )
    return "".join(parts)


def _rule(field: dict, schema: dict) -> str:
    constraints = field.get("constraints", {})
    rules = ["required"] if constraints.get("required") else []
    rules += [", ".join(f"`{code}`" for code in constraints.get("enum", []))]
    rules += [f"`{constraints['pattern']}`".replace("|", "\\|")] if "pattern" in constraints else []
    rules += [
        f"in {key['reference']['resource']}"
        for key in schema.get("foreignKeys", [])
        if key["fields"] == [field["name"]]
    ]
    return "; ".join(rule for rule in rules if rule)
