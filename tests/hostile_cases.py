"""What people, the web and broken disks may hand us: inputs, and what must hold for each of them.

A target is a way to draw inputs and a check. The check lets only the errors through that name
what is wrong; everything else, and every broken promise, is a find. `tests/test_hostile.py` tries
a few inputs per target, `make stress` as many as fit into ten minutes.
"""

import csv
import io
import json
import re
import string
import unicodedata
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import hypothesis
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.exceptions import IllegalCharacterError

from helpers import codebook, corpus, evidence, numbers, paths, report
from helpers.corpus import CorpusInvalid
from party_cells import cli, desk, proposer
from party_cells.batch import downloads, grid
from party_cells.desk import spreadsheet, worklist
from party_cells.proposer import lexicon, scoring

HOSTILE = (
    *("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "'=1", "=HYPERLINK(1)"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</style><script>", "]]>"),
    *("javascript:alert(1)", "&lt;b&gt;", "${7*7}", "{0.__class__}", "{{7*7}}", "%s%n", "`id`"),
    *("../../etc/passwd", "/etc/passwd", "..", "a/b.txt", "C:\\a.txt", "x" * 300 + ".txt"),
    *("a\x00b", "\x00.txt", "\ufeff", "\u202egnaud", "\u200b", "\U0001f600", "e\u0323\u0302", "İ"),
    *("ﬁ",),
    *('"', "'", '""', "\n", "\r\n", "\r", ",", ";", "|", "#", "", " ", "\xa0", "\x1b[31m", "\x7f"),
    *("nan", "NaN", "inf", "-inf", "1e999", "-1", "-0", "1.5", "9" * 400, "0x10", "1_000", "١٢٣"),
    *("½",),
    *("true", "TRUE", "yes", "None", "null", "2023-02-30", "2023-13-01", "０００１-01-01"),
    *("9999-12-31",),
    *("2018-2023", "exact", "share", "rejected", "added", "members", "yen-minh", "yen-minh-2019"),
)
ANYTHING = st.sampled_from(HOSTILE) | st.text(max_size=20) | st.integers().map(str)


# Inputs


@cache
def committed(table: str) -> bytes:
    """The bytes of a table of the project."""
    part = "raw" if table == "documents" else "processed"
    return (paths.ROOT / "data" / part / f"{table}.csv").read_bytes()


@st.composite
def broken_table(draw, *tables: str) -> tuple[str, bytes]:
    """A table of the project with hostile cells, or with bytes that are no longer CSV."""
    table = draw(st.sampled_from(tables))
    if draw(st.integers(0, 3)) == 0:
        return table, draw(broken_bytes(committed(table)))
    rows = list(csv.reader(io.StringIO(committed(table).decode(), newline="")))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, min(len(rows) - 1, 8)))
        action = draw(st.sampled_from(["cell", "cell", "cell", "cell", "twice", "short", "long"]))
        if action == "cell":
            rows[at][draw(st.integers(0, len(rows[at]) - 1))] = draw(ANYTHING)
        rows[at:at] = [list(rows[at])] if action == "twice" else []
        rows[at] = rows[at][:-1] or [""] if action == "short" else rows[at]
        rows[at] = [*rows[at], draw(ANYTHING)] if action == "long" else rows[at]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return table, out.getvalue().encode("utf-8", "surrogatepass")


@st.composite
def broken_bytes(draw, whole: bytes) -> bytes:
    """The bytes cut off, or with some of them changed, taken out or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@st.composite
def written_text(draw) -> str:
    """Words of the field, numbers and junk, in an order nobody would write."""
    pieces = draw(st.lists(st.sampled_from(PIECES) | ANYTHING | NUMBERS, max_size=40))
    return draw(st.sampled_from([" ", "", "\n"])).join(pieces) * draw(st.sampled_from([1, 1, 1, 9]))


@cache
def clauses() -> list[list[str]]:
    """The clauses of the annotated articles, as words."""
    texts = [
        path.read_text("utf-8") for path in (Path(__file__).parent / "articles").rglob("*.txt")
    ]
    plain = " ".join(scoring.annotated(text)[0] for text in texts)
    return [clause.split() for clause in re.split(r"(?<=[,;.:()])", plain) if clause.strip()]


@st.composite
def spliced_text(draw) -> str:
    """Pieces of real clauses, one behind the other: sentences that nearly make sense."""
    found = []
    for words in draw(st.lists(st.sampled_from(clauses()), min_size=2, max_size=12)):
        start = draw(st.integers(0, len(words) - 1))
        found += words[start : start + draw(st.integers(1, 8))]
    return " ".join(found)


PIECES = (
    *("Đảng bộ huyện", "chi bộ", "đảng viên", "tổ chức cơ sở đảng", "TCCSĐ", "Uỷ ban kiểm tra"),
    *("trên", "gần", "khoảng", "không quá", "ít nhất", "từ", "đến", "trong tổng số", "trong đó có"),
    *("hoàn thành xuất sắc nhiệm vụ", "trong sạch, vững mạnh", "yếu kém", "kết nạp", "khiển trách"),
    *("năm 2019", "cuối năm", "nhiệm kỳ 2015 - 2020", "ngày 31/12/2018", "hằng tháng", "lần", "%"),
    *("một phần ba", "hai mươi ba", "năm", "quá nửa", "không có chi bộ nào", "58/318", "chỉ tiêu"),
    *(
        ".",
        ",",
        ";",
        ":",
        "(",
        ")",
        "...",
        "-",
        "–",
        "tx.",
        "xã Bình Định",
        "thị xã",
        "Nghị quyết số 04-NQ/TW",
    ),
)
NUMBERS = st.from_regex(r"[0-9.,%/ ]{1,25}", fullmatch=True) | st.integers(0, 10**12).map(str)
PARAMETERS = st.text(string.printable, max_size=60) | st.builds(
    "{}{}{}  # {}".format,
    st.sampled_from(["years", "a: int", "b: int | None", "c: list[int]", "d: str", "e: x[", "(f)"]),
    st.sampled_from([" = ", "=", ": ", " == "]),
    st.sampled_from(["1", "'é'", "[1, 2]", "{[]: 1}", "-1", "f()", "(" * 150, "1e999", "None"])
    | ANYTHING,
    st.sampled_from(["one of: a, b", "one of:", ""]) | ANYTHING,
)


# What must hold


@contextmanager
def instead(path: Path, data: bytes):
    """A file with other bytes for a while."""
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(before)


def refused(command: Callable, *arguments: str) -> bool:
    """Run a verb: it ends with a status and a message, never with a traceback."""
    status = command([*arguments])
    assert status in (0, 1, 2), status
    return status != 0


def decodes(given: tuple[bytes, str | None]) -> None:
    """Bytes are a canonical text, or refused in one line that is short enough to read."""
    data, encoding = given
    try:
        text = corpus.decode(data, encoding)
    except CorpusInvalid as error:
        assert "\n" not in str(error) and len(str(error)) < 2000
        return
    assert unicodedata.is_normalized("NFC", text)
    assert not text.startswith("\ufeff") or data.count(b"\xef\xbb\xbf") > 1 or encoding != "utf-8"
    assert len(evidence.fold(text)) == len(text)


def reads_manifest(given: tuple[str, bytes]) -> None:
    """A manifest lists files of its folder, or is refused; the batch says the same or more."""
    with instead(paths.raw() / "documents.csv", given[1]):
        try:
            found = corpus.read_all()
        except (CorpusInvalid, codebook.TableInvalid):
            return
        finally:
            refused(cli.main, "report", "--dry-run", "--data", str(paths.data()))
        for document in found:
            assert (paths.raw() / document.meta["file"]).parent == paths.raw()
            proposer.propose(document.text, published=document.meta["published_date"])


def loads_codebook(given: tuple[str, bytes]) -> None:
    """A codebook fits its dictionary and is saved as it was read, or is refused by line."""
    table, data = given
    with instead(codebook.table_path(table), data):
        try:
            frame = codebook.load(table)
        except codebook.TableInvalid as error:
            assert len(error.rows)
            return
        again = codebook.to_text(frame, table)
        if table == "terms":
            compiles(frame)
    with instead(codebook.table_path(table), again.encode("utf-8", "surrogatepass")):
        assert codebook.to_text(codebook.load(table), table) == again


def compiles(terms: pd.DataFrame) -> None:
    """Terms are a lexicon, or refused with the rows that are none."""
    try:
        assert lexicon.compiled(terms).groups is not None
    except lexicon.TermsInvalid as error:
        assert len(error.rows)


def derives_tables(given: tuple[str, bytes]) -> None:
    """Decisions give their tables or the command says why not, and every table stays whole."""
    table, data = given
    derived = [codebook.table_path(name) for name in ("facts", "codings")]
    before = [path.read_bytes() for path in derived]
    with instead(codebook.table_path(table), data):
        failed = refused(cli.main, "tables", "--data", str(paths.data()))
        try:
            if not failed:
                again = refused(cli.main, "tables", "--check", "--data", str(paths.data()))
                assert not again or desk.conflicts()
                for name in ("facts", "codings"):
                    codebook.load(name)
        finally:
            for path, data in zip(derived, before, strict=True):
                path.write_bytes(data)


@cache
def exported() -> bytes:
    """The queue of the five articles as a workbook."""
    path = paths.data() / "queue.xlsx"
    worklist.export_queue(path)
    return path.read_bytes()


@st.composite
def edited_sheet(draw) -> list[tuple[int, str, object]]:
    """Cells of the queue that somebody filled in: line, column, value."""
    value = ANYTHING | st.booleans() | st.floats() | st.dates() | st.integers()
    cell = st.tuples(st.integers(2, 12) | st.just(400), st.sampled_from(spreadsheet.COLUMNS), value)
    decided = st.tuples(
        st.integers(2, 12), st.just("decision"), st.sampled_from(worklist.DECISIONS)
    )
    return draw(st.lists(cell | decided, min_size=1, max_size=8))


def imports_sheet(cells: list[tuple[int, str, object]]) -> None:
    """A sheet is saved row by row or refused cell by cell; what is saved holds together."""
    path = paths.data() / "queue.xlsx"
    path.write_bytes(exported())
    book = load_workbook(path)
    for line, column, value in cells:
        cell = book[spreadsheet.QUEUE].cell(line, spreadsheet.COLUMNS.index(column) + 1)
        try:
            cell.value = value
        except (ValueError, IllegalCharacterError):  # openpyxl itself cannot hold it
            cell.value = None
    try:
        book.save(path)
    except (ValueError, TypeError):
        return
    saves_only_what_holds(path)


def imports_bytes(data: bytes) -> None:
    """A file that is no workbook is refused; a damaged one never damages a table."""
    path = paths.data() / "queue.xlsx"
    path.write_bytes(data)
    saves_only_what_holds(path)


def saves_only_what_holds(path: Path) -> None:
    decided = [codebook.table_path(name) for name in ("decisions", "facts", "codings")]
    before = [each.read_bytes() for each in decided]
    try:
        refused(cli.main, "queue-import", str(path), "--by", "fuzz", "--data", str(paths.data()))
        text = codebook.table_path("facts").read_text("utf-8")
        assert codebook.to_text(codebook.load("facts"), "facts") == text
        checked = refused(cli.main, "tables", "--check", "--data", str(paths.data()))
        assert not checked or desk.conflicts()
    finally:
        for each, data in zip(decided, before, strict=True):
            each.write_bytes(data)


def reads_parameters(given: tuple[str, str]) -> None:
    """Parameters are plain values, or refused before anything starts."""
    source, text = given
    cells = [{"metadata": {"tags": ["parameters"]}, "source": source, "cell_type": "code"}]
    path = paths.data() / "hostile.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}}), "utf-8")
    try:
        for parameter in grid.read_notebook(path).parameters:
            value = grid.read_value(parameter, text)
            assert grid.fits(value, parameter.kind)
    except grid.Refused as error:
        assert str(error)


def proposes(text: str) -> None:
    """Every candidate stands in the text, with ends in order, and words that are its own."""
    found = proposer.propose(text, published="2020-01-15", locality="yen-minh")
    assert list(found.columns) == proposer.COLUMNS
    for row in found.itertuples():
        assert 0 <= row.char_start < row.char_end <= len(text)
        assert text[row.char_start : row.char_end] == row.number_text
        assert row.number_text in row.quote
        low, high = (None if pd.isna(x) else x for x in (row.value_low, row.value_high))
        assert low is None or high is None or low <= high
    amounts = numbers.read(evidence.fold(text))
    assert all(a.end <= b.start for a, b in pairwise(amounts))
    for name in ("propose_themes", "find_citations"):
        for row in getattr(proposer, name, lambda text: pd.DataFrame())(text).itertuples():
            assert 0 <= row.char_start < row.char_end <= len(text)


class _Tags(HTMLParser):
    """The tags and attributes of a piece of HTML."""

    def __init__(self, html: str):
        super().__init__()
        self.seen: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))


OF_A_TABLE = set(["div", "table", "caption", "span", "thead", "tbody", "tr", "th", "td", "a", "p"])


def shows(texts: list[str]) -> None:
    """Hostile text is text in a report: no tag, attribute or address of its own, no formula."""
    cited = [report.cited(text, [f"yen-minh-2019.1.{text}"]) for text in texts]
    frame = pd.DataFrame({"quote": texts, "value": cited})
    shown = report.table(frame, "hostile", en=f"In {texts[0]}", vi=f"Ở {texts[0]}")
    bundle = shown._repr_mimebundle_()
    for tag, attributes in _Tags(bundle["text/html"]).seen:
        assert tag in OF_A_TABLE
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert attributes.get("href", "#").startswith("#")
    named = report.anchor(f"yen-minh-2019.1.{texts[0]}")
    assert re.fullmatch(r"[fc]-[\w.~-]+", named, re.ASCII)
    for line in csv.reader(io.StringIO(downloads._csv([texts]).decode("utf-8-sig"), newline="")):
        assert not [cell for cell in line if re.match(r"[=+@\t\r-]", cell)]


def writes_workbook(texts: list[str]) -> None:
    """No cell of a workbook that we write is a formula, and it opens again."""
    row = dict.fromkeys(spreadsheet.COLUMNS, "")
    rows = [row | dict.fromkeys(("evidence", "quote", "note", "reason"), text) for text in texts]
    path = paths.data() / "written.xlsx"
    spreadsheet.write(rows, path, {"decision": ["=1+1", "accepted"]})
    for sheet in load_workbook(path):
        assert not [c for line in sheet.iter_rows() for c in line if c.data_type == "f"]
    assert len(spreadsheet.read(path)) == len(rows)


CODEBOOKS = ("measures", "themes", "terms", "rating_schemes", "vocabulary", "localities")
DECIDED = ("decisions",)
ENCODINGS = st.sampled_from([None, *corpus.ENCODINGS, "utf-16-le", "cp1258", "vni", "", "idna"])
WORDS = "Uỷ viên Ðảng bộ huyện Hoà Bình: 1.142 đảng viên\r\n"
ENCODED = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]).map(WORDS.encode)
TARGETS: dict[str, tuple[st.SearchStrategy, Callable, int]] = {  # inputs, check, how many in a test
    "decoding": (
        st.tuples(st.binary() | ENCODED.flatmap(broken_bytes) | ENCODED, ENCODINGS),
        decodes,
        150,
    ),
    "manifest": (broken_table("documents"), reads_manifest, 12),
    "codebooks": (broken_table(*CODEBOOKS), loads_codebook, 25),
    "decisions": (broken_table(*DECIDED), derives_tables, 8),
    "sheet": (edited_sheet(), imports_sheet, 2),
    "sheet-bytes": (st.deferred(lambda: broken_bytes(exported())), imports_bytes, 3),
    "parameters": (st.tuples(PARAMETERS, ANYTHING | PARAMETERS), reads_parameters, 150),
    "extraction": (written_text(), proposes, 80),
    "sentences": (st.deferred(spliced_text), proposes, 60),
    "reports": (st.lists(ANYTHING, min_size=1, max_size=4), shows, 40),
    "workbook": (st.lists(ANYTHING, min_size=1, max_size=4), writes_workbook, 10),
}


def attack(name: str, examples: int = 0, seed: int = 0) -> int:
    """Try a target with inputs drawn from a seed; how many were tried. Raises at a find."""
    strategy, check, few = TARGETS[name]
    tried = 0

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples or few,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(strategy)
    def one(drawn) -> None:
        nonlocal tried
        tried += 1
        check(drawn)

    one()
    return tried
