"""The tables of a report as files: one CSV each, and one XLSX workbook with the sources.

The same tables give the same bytes. No cell can start a formula: text from an article stays text.
"""

import csv
import io
import re
import zipfile

from helpers import codebook, report
from helpers.report import ui
from party_cells.batch import passages
from party_cells.batch.passages import Sources

_ORIGIN = ("number", "measure", "quote", "outlet", "published", "locality", "title")
_ORIGIN += ("confirmed_by_person", "fact_id")
_MADE = re.compile(rb"(<dcterms:\w+[^>]*>)[^<]*")


def files(stem: str, shown: list[dict], rows: list[dict], sources: Sources, language: str) -> dict:
    """The files of a report by name, as bytes: workbook, tables, and the rows they rest on.

    The CSV tables are neutral (ids, numbers, bounds, ids of the facts) and the same in both
    languages; workbook and sources are worded in ``language``.
    """
    if not shown and not rows:
        return {}
    origin = _origin(rows, sources, language)
    made = {f"{stem}.xlsx": _workbook(shown, origin, language)}
    for table in shown:
        data = table["data"]
        kind = "figure-" if table["kind"] == "figure" else ""
        made[f"{stem}.{kind}{table['name']}.csv"] = _csv([data["columns"], *data["rows"]])
    return made | {f"{stem}.sources.csv": _csv(origin)}


def _origin(rows: list[dict], sources: Sources, language: str) -> list[list[str]]:
    """A header, then for each fact and coding its words, passage and source."""
    heads = report.labels("vocabulary:column", language)
    table = [[heads[name] for name in _ORIGIN]]
    for row in rows:
        said = passages.words(row, language)
        source = passages.source(row["document_id"], sources, language)
        cells = [said["words"], " · ".join(said["details"]), row["quote"]]
        cells += [source[key] for key in ("outlet", "day", "where", "headline")]
        confirmed = ui("yes" if said["confirmed"] else "no", language)
        table.append([*cells, confirmed, passages.row_id(row)])
    return table


def _csv(rows: list[list]) -> bytes:
    """UTF-8 with the mark that spreadsheets need to read Vietnamese."""
    text = codebook.CsvLines()
    csv.writer(text).writerows([inert(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def inert(value):
    """Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(tuple("=+-@\t\r")) else value


def _workbook(shown: list[dict], origin: list[list], language: str) -> bytes:
    import openpyxl  # here, because it takes a fifth of a second and the index needs none

    book = openpyxl.Workbook()
    book.remove(book.active)
    for at, table in enumerate(shown, 1):
        part = table[language]
        note = [[part["note"]]] if part.get("note") else []
        rows = [[part["caption"]], part["header"], *_typed(table, language), *note]
        _sheet(book, f"{at} {table['name']}", rows, header=2)
    _sheet(book, ui("source", language), origin, header=1)
    book.properties.creator = ui("collection_name", language)
    file = io.BytesIO()
    book.save(file)
    return _timeless(file.getvalue())


def _typed(table: dict, language: str) -> list[list]:
    """The rows in words, but (number, format) where a cell holds exactly one number."""
    columns, starts = table["data"]["columns"], table["data"]["shown"]
    return [
        [_number(columns, values, at) or text for text, at in zip(texts, starts, strict=True)]
        for texts, values in zip(table[language]["rows"], table["data"]["rows"], strict=True)
    ]


def _number(columns: list[str], values: list, at: int) -> tuple[float, str] | None:
    """The number of the column that begins there with its format; None for any other cell."""
    is_bounded = columns[at + 5 : at + 6] == [f"{columns[at]}_facts"]
    low, high, unit = values[at + 1 : at + 4] if is_bounded else (values[at], values[at], "")
    if isinstance(low, bool) or not isinstance(low, int | float) or low != high:
        return None
    return low, "0.0%" if unit == "share" or columns[at].endswith("share") else "#,##0.##"


def _sheet(book, title: str, rows: list[list], header: int) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31])
    bold, wrapped = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    for r, row in enumerate(rows, 1):
        for c, value in enumerate(row, 1):
            cell = sheet.cell(r, c)
            if isinstance(value, tuple):
                cell.value, cell.number_format = value
            else:
                cell.value, cell.data_type = ILLEGAL_CHARACTERS_RE.sub("", str(value)), "s"
            if r <= header:
                cell.font = bold
            else:
                cell.alignment = wrapped
    for column in sheet.iter_cols(min_row=header):
        width = max(len(str(cell.value or "")) for cell in column) + 2
        sheet.column_dimensions[column[0].column_letter].width = min(45, width)
    sheet.freeze_panes = sheet.cell(header + 1, 1)


def _timeless(xlsx: bytes) -> bytes:
    """The workbook without the time it was made."""
    with zipfile.ZipFile(io.BytesIO(xlsx)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    said = rb"\g<1>1980-01-01T00:00:00Z"
    return zipped({name: _MADE.sub(said, content) for name, content in parts.items()})


def zipped(files: dict[str, bytes]) -> bytes:
    """One file that holds these by name, without times."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as made:
        for name, content in files.items():
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return into.getvalue()
