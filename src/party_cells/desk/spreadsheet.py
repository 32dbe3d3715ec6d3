"""The queue as a spreadsheet, and back: drop-downs to decide with, text that stays text.

Each row carries its number; a hidden sheet keeps what was exported under that number, so that an
import knows which rows were changed and what their checker saw. What comes back is bounded before
it is read: the bytes when unpacked, the rows, the columns.
"""

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from party_cells.desk import typed

Row = dict[str, str]
QUEUE, LISTS, EXPORTED = "queue", "lists", "as_exported"
TO_READ = ("no", "state", "document_id", "number_text", "evidence")
TO_DECIDE = (
    *("decision", "reason", "measure_id", "value", "value_low", "low_open", "value_high"),
    *("high_open", "bound", "unit", "value_basis", "place_id", "level", "period_start"),
    *("period_end", "period_kind", "status", "scheme_id", "population_stated"),
    *("base_measure_id", "base_text", "locality_id", "quote", "note", "confirmed_by_person"),
)
TO_FIND = ("char_start", "char_end", "rule", "proposed_measure_id")
COLUMNS = (*TO_READ, *TO_DECIDE, *TO_FIND)
LARGEST, MOST_ROWS, MOST_COLUMNS = 64 << 20, 50_000, 100  # bytes when unpacked; of a sheet
NUMBERS = ("no", "value", "value_low", "value_high", "char_start", "char_end")
WIDTHS = {"evidence": 70, "number_text": 12, "measure_id": 30, "reason": 24, "quote": 40}
GREY = PatternFill("solid", fgColor="EEEEEE")


@dataclass(frozen=True)
class Edited:
    """A row of the sheet as it came back: its line, its cells as text, and what was exported.

    ``formulas`` names the cells that hold a formula; ``exported`` is None for a new row.
    """

    line: int
    cells: Row
    exported: Row | None
    formulas: tuple[str, ...] = ()

    @property
    def written(self) -> Row:
        """What somebody wrote into the row: the cells to decide that are not as exported."""
        before = {name: typed.clean(text) for name, text in (self.exported or {}).items()}
        own = self.cells if self.exported is None else {n: self.cells[n] for n in TO_DECIDE}
        return {name: text for name, text in own.items() if text != before.get(name, "")}


def write(rows: list[Row], path: Path, choices: dict[str, list[str]]) -> Path:
    """The rows as a workbook with a frozen header and a drop-down for each column of choices.

    A row may bring the ``url`` of its article, which its document_id then links to.
    """
    book = Workbook()
    sheet, exported = book.active, book.create_sheet(EXPORTED)
    sheet.title, exported.sheet_state = QUEUE, "hidden"
    sheet.append(COLUMNS)
    for number, row in enumerate(rows, start=1):
        _write_row(sheet, {**row, "no": str(number)}, number + 1)
        _put(exported.cell(number, 1), str(number))
        _put(exported.cell(number, 2), json.dumps(row, ensure_ascii=False))
    _lay_out(sheet)
    lists = book.create_sheet(LISTS)
    offered = {name: codes for name, codes in choices.items() if name in TO_DECIDE}
    for at, (name, codes) in enumerate(offered.items(), start=1):
        for line, text in enumerate([name, *codes], start=1):
            _put(lists.cell(line, at), text)
        source = f"={LISTS}!${get_column_letter(at)}$2:${get_column_letter(at)}${len(codes) + 1}"
        _offer(sheet, name, source, last=max(len(rows) + 200, 1000))
    beside = path.with_name(f".{path.name}.part")
    try:
        book.save(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def _write_row(sheet: Worksheet, row: Row, line: int) -> None:
    for at, name in enumerate(COLUMNS, start=1):
        cell, text = sheet.cell(line, at), str(row.get(name, ""))
        if text and name in NUMBERS:
            cell.value = float(text) if "." in text else int(float(text))
        elif text:
            _put(cell, text)
        if name not in TO_DECIDE:
            cell.fill = GREY
        if name == "document_id" and row.get("url", "").startswith("http"):
            cell.hyperlink = row["url"]


def _put(cell: Cell, text: str) -> None:
    """Write text that stays text, whatever it begins with."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(("=", "+", "-", "@"))


def _lay_out(sheet: Worksheet) -> None:
    sheet.freeze_panes = sheet.cell(2, len(TO_READ) + 1)
    sheet.auto_filter.ref = sheet.dimensions
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for at, name in enumerate(COLUMNS, start=1):
        sheet.cell(1, at).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(at)].width = WIDTHS.get(name, 14)
    for (cell,) in sheet.iter_rows(min_row=2, min_col=5, max_col=5):
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _offer(sheet: Worksheet, name: str, source: str, last: int) -> None:
    """A drop-down for a column, from its list on the sheet of lists."""
    offered = DataValidation(type="list", formula1=source, allow_blank=True)
    offered.errorStyle = "warning"  # "Accept" is understood as well
    sheet.add_data_validation(offered)
    column = get_column_letter(COLUMNS.index(name) + 1)
    offered.add(f"{column}2:{column}{last}")


def read(path: Path) -> list[Edited]:
    """Every row of a workbook that is not empty; ValueError if it is not an exported queue."""
    try:
        with ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > LARGEST:
                raise ValueError(f"more than {LARGEST >> 20} MB when unpacked")
        return _rows(load_workbook(path, read_only=True))
    except OSError:
        raise
    except Exception as error:  # a damaged file makes openpyxl fail in any way
        said = f"{path.name}: not a queue that can be read ({error}); export the queue anew"
        raise ValueError(said) from None


def _rows(book: Workbook) -> list[Edited]:
    if missing := {QUEUE, EXPORTED} - set(book.sheetnames):
        raise ValueError(f"the sheet {' and '.join(sorted(missing))} is missing")
    exported = dict(_exported(*line[:2]) for line in _lines(book[EXPORTED]))
    lines = _lines(book[QUEUE])
    names = [str(cell.value) for cell in next(lines, ())]
    if missing := set(COLUMNS) - set(names):
        raise ValueError(f"the columns {', '.join(sorted(missing))} are missing")
    found = []
    for at, line in enumerate(lines, start=2):
        cells = {n: cell for n, cell in zip(names, line, strict=False) if n in COLUMNS}
        row = dict.fromkeys(COLUMNS, "") | {name: _text(cell) for name, cell in cells.items()}
        formulas = tuple(name for name, cell in cells.items() if cell.data_type == "f")
        if any(row.values()):
            found.append(Edited(at, row, exported.get(row.pop("no")), formulas))
    return found


def _lines(sheet: Worksheet) -> Iterator[tuple[Cell, ...]]:
    """The lines of a sheet, as long as it is no larger than a queue can be."""
    where = f"in the sheet {sheet.title}; delete what stands there"
    if (sheet.max_column or 0) > MOST_COLUMNS:
        raise ValueError(f"something right of column {MOST_COLUMNS} {where}")
    for at, line in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS)):
        if at >= MOST_ROWS:
            raise ValueError(f"something below row {MOST_ROWS} {where}")
        yield line


def _exported(number: Cell, kept: Cell) -> tuple[str, Row]:
    """The number of a row and what was exported under it."""
    try:
        row = json.loads(str(kept.value))
        seen = row.get("seen") or {}
        texts = [row[name] for name in (*TO_DECIDE, *TO_FIND)] + [*seen.values()]
    except (AttributeError, KeyError, ValueError):
        texts = [None]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"the hidden sheet {EXPORTED} is damaged")
    return str(number.value), row


def _text(cell: Cell) -> str:
    """A cell as text: numbers without a needless point, ISO dates, true and false."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()[:10]
    return typed.clean(value)
