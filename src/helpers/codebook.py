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
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd

from helpers import paths

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # an article may be one line
CODEBOOKS = ("measures", "themes", "terms", "rating_schemes", "vocabulary")
# Kinds of decisions in the log: the table that is derived from them, and their columns.
_PASSAGE = "theme_id stance status level place_id speaker char_start char_end quote"
_SIGNED = "decided_by decided_on confirmed_by_person note"
KINDS = {
    "checks": "facts document_id char_start char_end rule proposed_measure_id decision reason "
    "fact_id locality_id place_id level measure_id value value_low low_open value_high high_open "
    "bound unit value_basis base_measure_id base_text scheme_id population_stated period_start "
    f"period_end period_kind status number_text quote prefix suffix {_SIGNED}",
    "codings_coder_1": f"codings document_id {_PASSAGE} coder note",
    "codings_coder_2": f"codings document_id {_PASSAGE} coder note",
    "adjudications": f"codings document_id {_PASSAGE} prefix suffix kept follows reason {_SIGNED}",
}
CHOICES = ["accepted", "corrected", "added", "rejected"]
_NAMED_IN = {  # the table that names the ids in a column, where it is no list of the vocabulary
    **dict.fromkeys(("locality", "locality_id", "place_id", "row_id", "column_id"), "localities"),
    **dict.fromkeys(("measure_id", "base_measure_id", "proposed_measure_id"), "measures"),
    **{"theme_id": "themes", "scheme_id": "rating_schemes", "reasons": "vocabulary:gate_reason"},
}
_HEADERS = ("vocabulary:column", "localities", "measures", "themes", "rating_schemes")
_HEADERS += ("vocabulary:dimension", "vocabulary:figure_subject")
PROBLEM = ["line", "column", "expected", "found"]
_EXPECTED = {"not_nullable": "a value", "multiple_fields_uniqueness": "a key that stands once"}
_DTYPES = {"number": "float64", "integer": "Int64", "boolean": "boolean"}
_MARKER = re.compile(r"(<{7}|={7}|>{7}|\|{7})( |$)")


class TableInvalid(ValueError):
    """A table does not fit its dictionary; ``rows`` names line, column, expected and found."""

    def __init__(self, path: Path, rows: pd.DataFrame, said: str = ""):
        self.rows = rows
        shown = [
            f"  line {r.line}, column {r.column}: expected {r.expected}, found {r.found!r}"
            for r in rows.head(10).itertuples()
        ]
        more = [f"  … and {len(rows) - 10} more (see .rows)"] if len(rows) > 10 else []
        head = f"{path.name}: {len(rows)} value(s) do not fit the data dictionary:"
        tail = f"  Correct {path.name}, or its description in datapackage.json."
        super().__init__(said or "\n".join([head, *shown, *more, tail]))


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

    A kind has its columns of the log, and the closed lists of the table that is derived from it.
    """
    if table not in KINDS:
        return _schema(table)["fields"]
    derived, *names = KINDS[table].split()
    known = {f["name"]: f for name in ("decisions", derived) for f in _schema(name)["fields"]}
    known["decision"] = known["decision"] | {"constraints": {"enum": CHOICES}}
    return [known.get(n, {"name": n, "type": "string"}) for n in names]


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
    keys = _schema(table).get("foreignKeys", [])
    known = {k["reference"]["resource"] for k in keys}
    contents = tuple((path := table_path(name), _content(path)) for name in (table, *sorted(known)))
    return _checked(table, contents).copy(deep=False)  # pandas copies what is changed later


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@lru_cache(maxsize=32)
def _checked(table: str, contents: tuple[tuple[Path, bytes | None], ...]) -> pd.DataFrame:
    """A table as its own content and that of the tables it points to make it."""
    path, data = contents[0]
    names, records = (columns(table), []) if data is None else parse(path, data)
    cells = pd.DataFrame([row for _, row in records], columns=names, dtype="str")
    return validate(cells.replace("", None), table, [line for line, _ in records])


def parse(path: Path, data: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header of a CSV file, and its rows with the lines where they begin; empty ones left out.

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
    found = list(records_of(path, lines))
    names = found[0][1] if found else []
    if not names or len({*names}) < len(names):
        raise refused(path, 1, "no header of different names", "restore the file")
    if ragged := next((line for line, row in found if len(row) != len(names)), 0):
        said = "half a row, or cells too many"
        raise refused(path, ragged, said, "restore the file, or delete this line")
    return names, found[1:]


def records_of(path: Path, lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows of CSV text that are not empty, each with the line where it begins."""
    reader, begins = csv.reader(lines, strict=True), 1
    try:
        for row in reader:
            if any(row):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise refused(path, begins, str(error), "restore the file, or delete this line") from None


def refused(path: Path, line: int, said: str, remedy: str) -> TableInvalid:
    """What is wrong with the file of a table, in one line: where, what, and what to do."""
    rows = pd.DataFrame([(line, "", remedy, said)], columns=PROBLEM)
    return TableInvalid(path, rows, f"{path.name} line {line}: {said}; {remedy}")


def text_of(path: Path, data: bytes | None = None) -> str:
    """The text of a table's file, the same from a checkout with the line ends of Windows."""
    data = path.read_bytes() if data is None else data
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise refused(path, line, "not UTF-8", "save it as CSV in UTF-8") from None
    return text.replace("\r\n", "\n") if text.partition("\n")[0].endswith("\r") else text


# --- checking -----------------------------------------------------------------------------------


def validate(frame: pd.DataFrame, table: str, lines: list[int] | None = None) -> pd.DataFrame:
    """The frame with the dictionary's types, or `TableInvalid`; also checks foreign keys.

    ``lines`` says where the rows stand in their file, if it is not one line each.
    """
    import pandera.pandas as pa  # half a second, when the first table is checked

    path, schema = table_path(table), _schema(table)
    texts = frame.reset_index(drop=True)
    for field in schema["fields"]:
        if field["type"] == "boolean" and field["name"] in texts:
            texts[field["name"]] = texts[field["name"]].map(_boolean)
    try:
        typed = _checks(table).validate(texts, lazy=True)
        found = [row for key in schema.get("foreignKeys", []) for row in _foreign(typed, key)]
    except pa.errors.SchemaErrors as errors:
        found = _problems(errors.failure_cases)
    if found:
        at = [*(lines or range(2, len(texts) + 2)), 1]  # without a row: the header
        rows = [(at[where], *rest) for where, *rest in found]
        raise TableInvalid(path, pd.DataFrame(rows, columns=PROBLEM))
    return typed


def _boolean(value: object) -> object:
    return {"true": True, "false": False}.get(str(value).lower(), value)


@cache
def _checks(table: str) -> "pa.DataFrameSchema":  # noqa: F821
    """The pandera schema of a table, built from its Table Schema."""
    import pandera.pandas as pa

    schema = _schema(table)
    columns = {field["name"]: _column(field) for field in schema["fields"]}
    return pa.DataFrameSchema(columns, unique=schema.get("primaryKey"), coerce=True)


def _column(field: dict) -> "pa.Column":  # noqa: F821
    import pandera.pandas as pa

    rules = field.get("constraints", {})
    checks = []
    if field["type"] == "date":
        checks.append(pa.Check(is_day, element_wise=True, error="a day, like 2019-04-12"))
    if codes := rules.get("enum"):
        checks.append(pa.Check.isin(codes, error="one of " + ", ".join(map(str, codes))))
    if pattern := rules.get("pattern"):
        checks.append(pa.Check.str_matches(rf"\A(?:{pattern})\Z", error=f"like {pattern}"))
    if "minimum" in rules:
        checks.append(pa.Check.ge(rules["minimum"], error=f"at least {rules['minimum']}"))
    return pa.Column(_DTYPES.get(field["type"], "str"), checks, nullable=not rules.get("required"))


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar in ISO form."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _problems(cases: pd.DataFrame) -> list[tuple]:
    """Row (-1 for none), column, expected and found of pandera's failure cases, once a cell."""
    rows = {}
    for case in cases.to_dict("records"):
        check, column, found = str(case["check"]), case["column"], case["failure_case"]
        at = int(case["index"]) if pd.notna(case["index"]) else -1
        said = _EXPECTED.get(check) or re.sub(r"(coerce_)?dtype\('(\w+)'\)", r"type \2", check)
        if check == "column_in_dataframe":
            column, said, found = found, "a column of this name", "no such column"
        elif check == "multiple_fields_uniqueness":
            column = "the key"
        if not str(found).startswith("TypeError("):  # follows a wrong type
            rows.setdefault((at, column), (at, column, said, found))
    return list(rows.values())


def _foreign(frame: pd.DataFrame, key: dict) -> list[tuple]:
    """Values of a foreign key that the table it points to does not have."""
    (column,), (target,) = key["fields"], key["reference"]["fields"]
    path = table_path(key["reference"]["resource"])
    names, records = parse(path, path.read_bytes()) if path.exists() else ([target], [])
    known = {row[names.index(target)] for _, row in records} if target in names else set()
    unknown = frame[column].dropna()[lambda values: ~values.isin(known)]
    return [(at, column, f"a {target} of {path.name}", found) for at, found in unknown.items()]


# --- writing ------------------------------------------------------------------------------------


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


def rows(frame: pd.DataFrame, table: str) -> list[dict[str, str]]:
    """The rows of a table as CSV text, in key order.

    >>> rows(load("measures").head(1), "measures")[0]["units"]
    'share'
    """
    return list(csv.DictReader(io.StringIO(to_text(frame, table), newline="")))


def replace(path: Path, text: str) -> None:
    """Write a text file whole: beside it, flushed to disk, then renamed over it.

    Its mode stays, and a link stays a link to the file that is written.
    """
    path = path.resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
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
    return _labels(table, language, (path, _content(path)))


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
