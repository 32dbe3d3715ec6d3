"""The queue: urgent rows first, decided once for all, by spreadsheet as well."""

import unicodedata
from datetime import datetime

import pytest
from desk_cases import decision, desk_folder  # noqa: F401
from openpyxl import load_workbook

from helpers import codebook, corpus, decisions
from party_cells import cli, desk
from party_cells.desk import spreadsheet, storage, worklist

pytestmark = pytest.mark.usefixtures("desk_folder")
DAY = "2026-11-21"


@pytest.fixture
def articles(desk_folder) -> dict[str, str]:  # noqa: F811
    return desk.texts()


@pytest.fixture
def proposed(articles, monkeypatch) -> list[dict]:
    """Two candidates of the rules, one of them with the wrong measure."""
    rows = [
        decision(articles, "65 TCCSĐ trực thuộc", "base_organisations"),
        decision(articles, "1.142 đảng viên", "cells", document_id="muong-lay-2019"),
    ]
    undecided = {"decision": "", "decided_by": "", "decided_on": "", "confirmed_by_person": ""}
    empty = dict.fromkeys(codebook.columns("checks"), "")
    texts = [empty | storage.as_text([row])[0] | undecided for row in rows]
    monkeypatch.setattr(worklist, "candidates", lambda articles: [dict(row) for row in texts])
    return texts


def states() -> dict[str, str]:
    return {row["number_text"]: row["state"] for row in worklist.queue()}


# --- what comes first -------------------------------------------------------------------------


@pytest.mark.parametrize("measure", ["base_organisations", "cells"])
def test_a_decision_takes_its_candidate_out_of_the_open_whatever_is_proposed(
    articles, proposed, measure
):
    assert states() == {"1.142": "open", "65": "open"}
    desk.decide([decision(articles, "65 TCCSĐ trực thuộc", measure)])
    assert [*states().items()] == [("1.142", "open"), ("65", "decided")]


def test_a_decision_survives_an_edited_source(articles, proposed):
    desk.decide([decision(articles, "65 TCCSĐ trực thuộc", "base_organisations")])
    documents = corpus.read_all()
    edited = [
        corpus.Document(d.document_id, d.text.replace("hiện có 65", "nay có 65"), d.meta)
        for d in documents
    ]
    row = next(row for row in worklist.queue(edited) if row["decision"])
    assert row["state"] == "decided" and row["at_start"] == int(row["char_start"]) - 1


def test_what_is_lost_or_contested_comes_first(articles, proposed):
    cells = decision(articles, "65 TCCSĐ trực thuộc", "base_organisations")
    members = decision(articles, "1.142 đảng viên", "cells", document_id="muong-lay-2019")
    lost = {"number_text": "1.143", "value_basis": "misprint", "quote": "1.143 đảng viên"}
    before = {name: text.replace("1.142", "1.143") for name, text in articles.items()}
    desk.decide([cells, members | lost], articles=before)
    with pytest.raises(storage.DecisionConflict):
        desk.decide([cells | {"decision": "rejected", "decided_by": "minh"}])
    found = [row["state"] for row in worklist.queue()]
    assert found == ["conflict", "conflict", "gone", "open"]


# --- to a spreadsheet and back ------------------------------------------------------------------


@pytest.fixture
def book(tmp_path, proposed):
    """The exported queue, and a function that writes cells into it: {(line, column): value}."""
    path = tmp_path / "queue.xlsx"
    worklist.export_queue(path)

    def edit(cells: dict) -> None:
        workbook = load_workbook(path)
        for (line, column), value in cells.items():
            at = spreadsheet.COLUMNS.index(column) + 1
            workbook["queue"].cell(line, at).value = value
        workbook.save(path)

    return path, edit


MEMBERS, CELLS = 2, 3  # lines of the sheet: Mường Lay comes before Yên Minh


def test_the_sheet_offers_lists_evidence_and_a_frozen_header(book):
    workbook = load_workbook(book[0])
    sheet = workbook["queue"]
    assert sheet.freeze_panes == "F2" and workbook["as_exported"].sheet_state == "hidden"
    offered = {str(v.sqref) for v in sheet.data_validations.dataValidation}
    assert len(offered) == len({*worklist.choices()} & {*spreadsheet.TO_DECIDE})
    evidence = sheet.cell(CELLS, spreadsheet.COLUMNS.index("evidence") + 1).value
    assert "Đảng bộ huyện Yên Minh hiện có [65] TCCSĐ" in evidence


def test_decisions_in_a_sheet_become_checks_and_facts(book):
    path, edit = book
    edit({(line, "decision"): "accepted" for line in (CELLS, MEMBERS)})
    edit({(MEMBERS, "measure_id"): "members"})
    saved, refused = worklist.import_queue(path, "lan", DAY)
    assert (saved, len(refused)) == (2, 0)
    checks = decisions.standing("checks").set_index("number_text")
    assert checks["decision"].to_dict() == {"1.142": "corrected", "65": "accepted"}
    assert not checks["confirmed_by_person"].any() and (checks["decided_by"] == "lan").all()
    assert set(codebook.load("facts")["measure_id"]) == {"members", "base_organisations"}


def test_importing_twice_changes_nothing(book):
    path, edit = book
    edit({(CELLS, "decision"): "rejected", (CELLS, "reason"): "prose"})
    worklist.import_queue(path, "lan", DAY)
    before = codebook.table_path("decisions").read_text("utf-8")
    worklist.import_queue(path, "lan", "2026-12-24")
    assert codebook.table_path("decisions").read_text("utf-8") == before


def test_each_refusal_is_named_by_row_and_column_and_the_rest_is_saved(book):
    path, edit = book
    edit({(line, "decision"): "accepted" for line in (CELLS, MEMBERS)})
    edit({(MEMBERS, "level"): "galaxy", (MEMBERS, "period_end"): "31/31/2019"})
    saved, refused = worklist.import_queue(path, "lan", DAY)
    assert saved == 1
    named = refused[["row", "column", "found"]].values.tolist()
    assert named == [[MEMBERS, "level", "galaxy"], [MEMBERS, "period_end", "31/31/2019"]]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({(CELLS, "note"): "a note and no decision"}, "decision"),
        ({(CELLS, "decision"): "accepted", (CELLS, "measure_id"): "galaxies"}, "measure_id"),
        ({(CELLS, "decision"): "accepted", (CELLS, "value_low"): "-inf"}, "value_low"),
        ({(CELLS, "decision"): "accepted", (CELLS, "value_low"): "-5"}, "value"),
        ({(CELLS, "decision"): "accepted", (CELLS, "period_start"): "2031-01-01"}, "period_start"),
        ({(CELLS, "decision"): "accepted", (CELLS, "locality_id"): "kien-xuong"}, "locality_id"),
        ({(CELLS, "decision"): "accepted", (CELLS, "place_id"): None}, "place_id"),
        ({(CELLS, "decision"): "accepted", (CELLS, "value"): "=60+5"}, "value"),
        ({(CELLS, "decision"): "accepted", (CELLS, "value"): "sixty"}, "value"),
        ({(9, "document_id"): "yen-minh-2019", (9, "number_text"): "999"}, "number_text"),
    ],
)
def test_what_cannot_be_a_decision_is_refused(book, cells, column):
    path, edit = book
    edit(cells)
    saved, refused = worklist.import_queue(path, "lan", DAY)
    assert saved == 0 and column in set(refused["column"])


def test_a_missed_number_is_added_by_its_words(book, articles):
    path, edit = book
    number = decision(articles, "373 chi bộ trực thuộc", "cells_under_base")
    written = {
        k: v for k, v in number.items() if k in (*spreadsheet.TO_DECIDE, *spreadsheet.TO_READ)
    }
    truths = {True: "true", False: "false"}
    edit({(9, k): truths.get(v, v) if isinstance(v, bool) else v for k, v in written.items()})
    assert worklist.import_queue(path, "lan", DAY)[0] == 1
    added = decisions.standing("checks").iloc[0]
    assert added["decision"] == "added" and added["char_start"] == number["char_start"]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_text_that_looks_like_a_formula_stays_text(book, tmp_path, proposed, begin):
    hostile = begin + 'HYPERLINK("http://example.org","65")'
    row = proposed[0] | {"state": "open", "quote": hostile, "evidence": hostile}
    path = spreadsheet.write([row], tmp_path / "hostile.xlsx", worklist.choices())
    cell = load_workbook(path)["queue"].cell(2, spreadsheet.COLUMNS.index("quote") + 1)
    assert (cell.value, cell.data_type, cell.quotePrefix) == (hostile, "s", True)
    assert spreadsheet.read(path)[0].written == {}


def test_a_decision_that_changed_since_the_export_is_a_conflict(book, articles):
    path, edit = book
    edit({(CELLS, "decision"): "rejected"})
    desk.decide([decision(articles, "65 TCCSĐ trực thuộc", "base_organisations")])
    with pytest.raises(storage.DecisionConflict):
        worklist.import_queue(path, "minh", DAY)


def test_export_and_import_from_the_command_line(tmp_path, proposed, capsys):
    path = tmp_path / "queue.xlsx"
    assert cli.main(["queue-export", str(path), "--state", "open"]) == 0
    assert "2 rows" in capsys.readouterr().out
    workbook = load_workbook(path)
    at = spreadsheet.COLUMNS.index("decision") + 1
    workbook["queue"].cell(CELLS, at).value = "perhaps"
    workbook.save(path)
    assert cli.main(["queue-import", str(path), "--by", "lan"]) == 1
    assert "row 3, column decision" in capsys.readouterr().err


# --- what comes back is bounded before it is read ----------------------------------------------


@pytest.mark.parametrize(("cell", "text"), [("XFD1048576", "x"), ("A1048576", " "), ("GR2", "x")])
def test_a_sheet_larger_than_a_queue_is_refused_in_one_line(book, cell, text):
    workbook = load_workbook(book[0])
    workbook["queue"][cell] = text
    workbook.save(book[0])
    with pytest.raises(ValueError, match="delete what stands there") as refused:
        spreadsheet.read(book[0])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kept", [None, "{", "[]", '{"seen": 1}', 5])
def test_a_damaged_hidden_sheet_is_refused_in_one_line(book, kept):
    workbook = load_workbook(book[0])
    workbook["as_exported"].cell(1, 2).value = kept
    workbook.save(book[0])
    with pytest.raises(ValueError, match="as_exported is damaged.*export the queue anew"):
        spreadsheet.read(book[0])


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("value", "1.142", "1142"),
        ("decision", "Accept", "accepted"),
        ("note", "one_x000D_\ntwo", "one\ntwo"),
        ("period_end", datetime(2019, 12, 4), "2019-12-04"),
        ("quote", unicodedata.normalize("NFD", "65\u00a0TCCSĐ trực thuộc_x000D_\n"), "65 TCCSĐ"),
    ],
)
def test_cells_are_read_as_people_and_excel_write_them(book, column, cell, expected):
    path, edit = book
    line = CELLS if column in ("quote", "decision") else MEMBERS
    edit({(line, "decision"): "accepted", (line, column): cell})
    edit({(MEMBERS, "measure_id"): "members"})
    assert worklist.import_queue(path, "lan", DAY)[0] == 1
    (row,) = storage.rows("checks")
    assert row[column].startswith(expected)
