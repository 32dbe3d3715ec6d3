"""Nothing decided at the desk is lost or silently replaced, and nothing wrong gets in."""

import hashlib

import pytest
from desk_cases import (
    decide_at_once,
    decision,
    desk_folder,  # noqa: F401
    expected_at_once,
    kill_while_saving,
)

from helpers import codebook, decisions
from party_cells import cli, desk
from party_cells.desk import storage

pytestmark = pytest.mark.usefixtures("desk_folder")
WORDS, DAY = "65 TCCSĐ trực thuộc", "2026-12-01"
MEMBERS = {"document_id": "muong-lay-2019"}


@pytest.fixture
def articles(desk_folder) -> dict[str, str]:  # noqa: F811
    return desk.texts()


@pytest.fixture
def cells(articles) -> dict:
    return decision(articles, WORDS, "base_organisations")


def read(name: str) -> bytes:
    path = codebook.table_path(name)
    return path.read_bytes() if path.exists() else b""


def files() -> list[bytes]:
    return [read(name) for name in ("decisions", "facts", "codings")]


def lines() -> list[str]:
    """The lines of the log; a line may go on in the next."""
    return list(storage._records(read("decisions").decode()))


def checks(column: str) -> list:
    return [row[column] for row in storage.rows("checks")]


def facts(column: str) -> list:
    return codebook.load("facts")[column].tolist()


# --- saving ---------------------------------------------------------------------------------


def test_a_decision_is_on_disk_at_once_and_gives_its_fact(cells):
    desk.decide([cells])
    fact = codebook.load("facts").iloc[0]
    assert fact["fact_id"] == f"yen-minh-2019.{cells['char_start']}.base_organisations"
    assert fact["value"] == 65 and fact["decided_by"] == "lan"
    assert desk.tables(check=True) == [] and len(decisions.facts()) == 1


def test_a_rejected_candidate_is_on_record_and_no_fact(cells):
    desk.decide([cells | {"decision": "rejected", "reason": "a page counter"}])
    assert codebook.load("facts").empty and checks("reason") == ["a page counter"]


@pytest.mark.parametrize("note", ["", 'a "quoted", long\nnote', "a\rb", "a\r\nb", "\ra", 'a "\r"'])
def test_the_log_is_only_appended_to_and_the_facts_are_what_the_codebook_saves(
    articles, cells, note
):
    desk.decide([decision(articles, "1.142 đảng viên", "members", **MEMBERS)])
    before = read("decisions")
    desk.decide([cells | {"note": note}])
    assert read("decisions").startswith(before) and note in checks("note")
    assert read("facts").decode() == codebook.to_text(codebook.load("facts"), "facts")
    assert desk.tables(check=True) == []


def test_the_same_decision_twice_changes_nothing_and_says_whose_it_is(cells):
    desk.decide([cells])
    before = files()
    saved = desk.decide([cells | {"decided_by": "minh", "decided_on": DAY}])
    assert files() == before and saved[0]["decided_by"] == "lan"


def test_a_changed_mind_undo_and_back_are_lines_of_the_log(cells):
    first = desk.decide([cells])
    once = read("facts")
    changed = desk.decide([cells | {"decision": "rejected"}], before=first)
    assert facts("value") == []
    desk.undo(changed, "lan", DAY)
    assert read("facts") == once and checks("decision") == ["accepted"]
    desk.decide([], before=storage.rows("checks"))
    assert checks("decision") == [] and facts("value") == []
    desk.decide([cells])
    assert facts("value") == [65] and desk.tables(check=True) == []


def test_undo_is_for_ones_own_lines_that_still_stand(cells):
    saved = desk.decide([cells])
    before = files()
    with pytest.raises(desk.DecisionIncomplete, match="decided by lan"):
        desk.undo(saved, "minh", DAY)
    assert files() == before
    desk.decide([cells | {"level": "commune", "decision": "corrected"}], before=saved)
    with pytest.raises(desk.DecisionIncomplete, match="replaced since"):
        desk.undo(saved, "lan", DAY)


def test_a_corrected_level_keeps_the_name_of_its_fact(cells):
    seen = desk.decide([cells])
    desk.decide([cells | {"decision": "corrected", "level": "commune"}], before=seen)
    assert facts("fact_id") == [seen[0]["fact_id"]]


REFUSED = {  # what was changed, the column that is named, and why
    "a measure that is not in the codebook": ({"measure_id": "no_such_measure"}, "measure_id"),
    "a level that is not in the list": ({"level": "galaxy"}, "level"),
    "a status of codings": ({"status": "overcome"}, "status"),
    "a day of another form": ({"period_end": "12/4/2019"}, "period_end"),
    "no place": ({"place_id": None}, "place_id"),
    "an end below the value": ({"value_high": 64.0}, "value"),
    "a value that is not what is printed": ({"value": 66.0, "value_high": 66.0}, "value"),
    "thousands typed as decimals": ({"value": 1.142}, "value"),
    "half an organisation": (
        {"value": 65.5, "value_low": 65.5, "value_high": 65.5, "value_basis": "misprint"},
        "whole",
    ),
    "a basis that is not in the list": ({"value_basis": "because"}, "value_basis"),
    "an invented quotation": ({"quote": "65 TCCSĐ đều xuất sắc"}, "quote"),
    "a quotation from elsewhere": ({"quote": "Đảng bộ huyện Yên Minh"}, "quote"),
    "a number from elsewhere": ({"number_text": "66"}, "number_text"),
    "a place of another article": ({"place_id": "nam-dong"}, "place_id"),
    "a district's level on a commune": ({"place_id": "duong-thuong"}, "level"),
    "an article that is not there": ({"document_id": "no-2019"}, "document_id"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_hold_is_refused_and_nothing_written(cells, case):
    change, said = REFUSED[case]
    with pytest.raises((codebook.TableInvalid, desk.DecisionIncomplete), match=said):
        desk.decide([cells | change])
    assert files() == [b"", b"", b""]


def test_one_span_and_measure_make_one_fact(cells):
    desk.decide([cells])
    with pytest.raises(desk.DecisionIncomplete, match="a fact there already"):
        desk.decide([cells | {"proposed_measure_id": "cells", "decision": "corrected"}])


def test_what_was_seen_of_one_row_is_not_decided_on_another(articles, cells):
    desk.decide([cells, decision(articles, "1.142 đảng viên", "members", **MEMBERS)])
    other = [row for row in storage.rows("checks") if row["number_text"] == "1.142"]
    before = files()
    with pytest.raises(desk.DecisionIncomplete, match="not the row that was decided on"):
        desk.decide([cells | {"level": "commune"}], before=other)
    with pytest.raises(desk.DecisionIncomplete, match="not in the log"):
        desk.decide([cells | {"level": "commune"}], before=[other[0] | cells])
    assert files() == before


@pytest.mark.parametrize(
    "spelt", ["Yên  Minh\u00a0hiện có 65 TCCSĐ", "Yên Minh hiện_x000D_\nco\u0301 65 TCC\u00adSĐ"]
)
def test_a_quotation_in_another_spelling_is_kept_in_the_words_of_the_article(
    articles, cells, spelt
):
    desk.decide([cells | {"quote": spelt + "\r\n"}])
    (quote,) = facts("quote")
    assert quote in articles["yen-minh-2019"] and quote.startswith("Yên Minh hiện")


def test_a_read_only_copy_refuses_clearly(desk_folder, cells):  # noqa: F811
    desk.decide([cells])
    processed = desk_folder / "processed"
    processed.chmod(0o555)
    try:
        with pytest.raises(storage.ReadOnlyData, match="read-only copy"):
            desk.decide([cells | {"decision": "rejected"}])
    finally:
        processed.chmod(0o755)


# --- more than one hand -----------------------------------------------------------------------


@pytest.mark.parametrize("other", ["minh", "lan"])
def test_two_hands_that_differ_are_both_kept_until_who_saw_both_settles_it(cells, other):
    desk.decide([cells])
    with pytest.raises(storage.DecisionConflict, match=f"lan: accepted .* {other}: rejected"):
        desk.decide([cells | {"decision": "rejected", "decided_by": other}])
    assert checks("decided_by") == ["lan", other]
    assert facts("value") == [] and len(desk.conflicts()) == 1
    desk.decide([cells | {"decided_by": "hoa"}], before=storage.rows("checks"))
    assert checks("decided_by") == ["hoa"] and desk.conflicts() == [] and facts("value") == [65]


def test_eight_at_once_lose_nothing_and_every_conflict_is_named(articles):
    assert decide_at_once(articles, 8, 20) == expected_at_once(8, 20)


def test_kills_leave_whole_lines_and_every_decision_that_was_acknowledged(articles):
    assert len(kill_while_saving(articles, 15)) >= 15
    desk.tables()
    assert desk.tables(check=True) == []
    assert [p.name for p in codebook.table_path("facts").parent.glob(".*.csv.*")] == []


# --- a log that was not only appended to ------------------------------------------------------


def edited(old: str, new: str):
    return lambda text: text.replace(old, new)


BROKEN = {  # what was done to the file, and what is said of it
    "edited by hand": (edited(",65,65,", ",66,66,"), "line 2: edited by hand"),
    "half written": (lambda text: text[:-40], r"line \d+: half a line"),
    "without its last line end": (lambda text: text[:-1], r"line \d+: half a line"),
    "an unresolved merge": (
        lambda text: text.replace("\n", "\n<<<<<<< HEAD\n", 1),
        "line 2: an unresolved merge",
    ),
    "saved with semicolons": (edited(",", ";"), "line 1: columns parted by ';'"),
    "a line twice": (lambda text: text + lines()[-1], r"line \d+: the same as line \d+"),
    "a column gone": (edited("decision,reason", "reason"), "line 2: half a row"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_log_that_was_not_only_appended_to_is_named_in_one_line(articles, cells, case, capsys):
    desk.decide([cells])
    desk.decide([decision(articles, "1.142 đảng viên", "members", **MEMBERS)])
    change, said = BROKEN[case]
    path = codebook.table_path("decisions")
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(codebook.TableInvalid, match=said) as error:
        decisions.facts()
    assert "\n" not in str(error.value) and str(error.value).startswith("decisions.csv line")
    assert cli.main(["tables", "--check"]) == 1
    assert capsys.readouterr().err == f"{error.value}\n"


def test_a_decision_taken_out_of_the_log_is_missed(cells):
    seen = desk.decide([cells])
    desk.decide([cells | {"level": "commune"}], before=seen)
    path, (header, _, second) = codebook.table_path("decisions"), lines()
    path.write_text(header + second, "utf-8")
    with pytest.raises(codebook.TableInvalid, match="line 2: replaces .* a decision was removed"):
        decisions.facts()
    path.write_text(header, "utf-8")
    with pytest.raises(decisions.NotDerived, match="base_organisations: a decision was removed"):
        decisions.facts()


def test_empty_rows_and_a_column_of_ones_own_stay_harmless(articles, cells):
    desk.decide([cells])
    path, (header, line) = codebook.table_path("decisions"), [line[:-1] for line in lines()]
    path.write_text(f'{header},"mine, extra"\n{line},x\n{"," * (header.count(",") + 1)}\n')
    desk.decide([decision(articles, "1.142 đảng viên", "members", **MEMBERS)])
    assert len(storage.rows("checks")) == 2 and desk.tables(check=True) == []


# --- derived means derived ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",65,65,", ",993,993,", "edited by hand: value is '993', decided '65'"),
        (",true,", ",false,", "edited by hand: population_stated is 'false'"),
        ("yen-minh-2019.", "yen-minh-2018.", "a row was removed"),
    ],
)
def test_facts_that_are_not_what_the_decisions_give_are_refused(cells, old, new, said):
    desk.decide([cells])
    path = codebook.table_path("facts")
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(decisions.NotDerived, match=said):
        decisions.require_derived("facts")
    assert desk.tables() == ["facts"] and len(decisions.facts()) == 1


# --- sources that change ------------------------------------------------------------------------


def test_a_fact_follows_its_sentence_and_keeps_its_name(articles, cells):
    saved = desk.decide([cells])[0]
    moved = {**articles, "yen-minh-2019": "Tin mới. " + articles["yen-minh-2019"]}
    fact = decisions.derive(moved)["facts"].iloc[0]
    assert fact["char_start"] == cells["char_start"] + 9 and fact["fact_id"] == saved["fact_id"]
    assert decisions.require_anchored(decisions.derive(moved)["facts"], moved) is not None
    with pytest.raises(decisions.Unanchored, match="moved"):
        decisions.require_anchored(decisions.derive(articles)["facts"], moved)
    desk.decide([saved | {"note": "seen"}], before=[saved], articles=moved)
    assert checks("note") == ["seen"]


def test_tables_say_what_moved_and_what_is_lost(desk_folder, cells, capsys):  # noqa: F811
    desk.decide([cells])
    edit_article(desk_folder, lambda text: "Tin mới. " + text)
    assert cli.main(["tables"]) == 0
    assert "facts that follow their words" in capsys.readouterr().out
    edit_article(desk_folder, lambda text: text.replace("65 TCCSĐ", "66 TCCSĐ"))
    assert cli.main(["tables"]) == 1
    assert "base_organisations: gone" in capsys.readouterr().err


def edit_article(folder, edit) -> None:
    """Change an article and its checksum, as somebody does who replaces a text."""
    path = folder / "raw" / "yen-minh-2019.txt"
    path.chmod(0o644)
    path.write_text(edit(path.read_text("utf-8")), "utf-8")
    manifest = codebook.load("documents")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.loc[manifest["document_id"] == "yen-minh-2019", "sha256"] = digest
    codebook.save(manifest, "documents")


@pytest.mark.parametrize(
    ("edit", "state"),
    [
        (lambda text: text.replace("65 TCCSĐ", "66 TCCSĐ"), "gone"),
        (lambda text: text.replace(" hiện có 65 TCCSĐ", " nay có 65 chi bộ"), "changed"),
        (lambda text: "Tin. " + text + "\n" + text, "ambiguous"),
    ],
)
def test_a_lost_passage_stops_by_name(articles, cells, edit, state):
    desk.decide([cells])
    now = {**articles, "yen-minh-2019": edit(articles["yen-minh-2019"])}
    with pytest.raises(decisions.Unanchored, match=rf"base_organisations: {state}") as error:
        decisions.require_anchored(decisions.derive(now)["facts"], now)
    assert error.value.rows["state"].tolist() == [state]


# --- after publication --------------------------------------------------------------------------


def fact_id() -> str:
    return facts("fact_id")[0]


def correct(column: str, value: str, *more: str) -> int:
    about = [column, value, "--reason", "read again", "--by", "lan", *more]
    return cli.main(["correct", "facts", fact_id(), *about])


def test_a_value_goes_to_and_fro_on_one_day_between_decisions(cells):
    desk.decide([cells])
    for value in ("14", "13", "14", "13"):
        assert correct("value", value, "--basis", "misprint") == 0
        assert facts("value") == facts("value_low") == facts("value_high") == [int(value)]
    (seen,) = storage.rows("checks")
    desk.decide([cells], before=[seen])
    assert facts("value") == [65] and correct("level", "commune") == 0
    assert facts("level") == ["commune"]
    assert cli.main(["withdraw", "facts", fact_id(), "--reason", "x", "--by", "lan"]) == 0
    assert facts("value") == [] and desk.tables(check=True) == []
    changed = [(row["column"], row["value_after"]) for row in decisions.corrections()]
    assert changed[:3] == [("value", "14"), ("value_low", "14"), ("value_high", "14")]
    assert changed[-2:] == [("level", "commune"), ("fact_id", "")]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("value", "1724", "65, as '65' reads"),
        ("value", "many", "is no number"),
        ("quote", "lời bịa", "words of the article"),
        ("place_id", "nam-dong", "a place of yen-minh"),
        ("fact_id", "x", "cannot be corrected"),
        ("decided_by", "hoa", "cannot be corrected"),
        ("confirmed_by_person", "true", "cannot be corrected"),
        ("char_start", "7", "cannot be corrected"),
    ],
)
def test_a_correction_that_does_not_hold_is_refused(cells, column, value, said, capsys):
    desk.decide([cells])
    before = files()
    assert correct(column, value) == 1 and said in capsys.readouterr().err
    assert files() == before


def test_a_row_is_confirmed_by_a_named_person_and_by_nobody_else(cells, capsys):
    desk.decide([cells | {"confirmed_by_person": "false"}])
    for nobody in ([], ["--by", "coder 1"], ["--by", " "]):
        assert cli.main(["confirm", "facts", fact_id(), *nobody]) == 1
    assert "the name of a person" in capsys.readouterr().err
    assert cli.main(["confirm", "facts", fact_id(), "--by", "Hoa"]) == 0
    assert facts("confirmed_by_person") == [True] and facts("decided_by") == ["Hoa"]
    assert correct("note", "read again") == 0 and facts("confirmed_by_person") == [False]
    assert cli.main(["confirm", "facts", "no.such.row", "--by", "Hoa"]) == 1


# --- codings ------------------------------------------------------------------------------------


def passage(articles, words: str, theme: str, **columns) -> dict:
    start = articles["yen-minh-2019"].index(words)
    row = {"document_id": "yen-minh-2019", "theme_id": theme, "stance": "stated"}
    row |= {"status": "done", "level": "district", "place_id": "yen-minh", "quote": words}
    return row | {"char_start": start, "char_end": start + len(words)} | columns


@pytest.fixture
def two_passes(articles):
    """Agreed on admission, apart on training (status), and coder 2 alone on dialogue."""
    first = [("Đảng bộ huyện", "admission", {}), ("hiện có 65", "training", {})]
    second = [*first[:1], ("hiện có 65", "training", {"status": "planned"})]
    second += [("trực thuộc", "dialogue", {})]
    for number, rows in ((1, first), (2, second)):
        desk.code(f"coder_{number}", [passage(articles, w, t, **c) for w, t, c in rows])


def ruling(articles, words: str, theme: str, **columns) -> dict:
    row = passage(articles, words, theme)
    row = {key: row[key] for key in ("document_id", "theme_id", "char_start", "char_end", "quote")}
    said = {"confirmed_by_person": False, "decided_by": "hoa", "decided_on": "2026-11-22"}
    return row | {"kept": True, "reason": "the sentence says so"} | said | columns


def codings() -> dict[str, list]:
    frame = decisions.codings().set_index("theme_id")
    return {theme: [row["status"], row["follows"]] for theme, row in frame.iterrows()}


RULINGS = {  # what the adjudicator says of training, and what stands
    "nothing": ({}, None),
    "as coder 2 says": ({"follows": "coder_2"}, ["planned", "coder_2"]),
    "both are overruled": ({"follows": "both", "status": "urged"}, ["urged", "both"]),
    "dismissed": ({"follows": "coder_1", "kept": False}, None),
}


@pytest.mark.parametrize("case", RULINGS)
def test_what_the_adjudicator_says_stands_and_both_passes_stay(articles, two_passes, case):
    said, expected = RULINGS[case]
    if said:
        desk.adjudicate([ruling(articles, "hiện có 65", "training", **said)])
    wanted = {"admission": ["done", "both"]} | ({"training": expected} if expected else {})
    assert codings() == wanted and desk.tables(check=True) == []
    assert [len(one) for one in decisions.passes()] == [2, 3]


def test_two_adjudicators_who_differ_leave_the_theme_open(articles, two_passes):
    desk.adjudicate([ruling(articles, "hiện có 65", "training", follows="coder_2")])
    with pytest.raises(storage.DecisionConflict, match="hoa: kept coder_2"):
        other = ruling(articles, "hiện có 65", "training", follows="coder_1", decided_by="an")
        desk.adjudicate([other])
    assert "training" not in codings() and len(desk.conflicts()) == 1


def test_a_coder_takes_back_a_passage_and_two_windows_of_one_coder_do_not_differ(
    articles, two_passes
):
    row = storage.rows("codings_coder_2")[2]
    desk.code("coder_2", [], [row])
    assert len(storage.rows("codings_coder_2")) == 2
    with pytest.raises(storage.DecisionConflict):
        desk.code("coder_1", [passage(articles, "hiện có 65", "training", status="urged")])
    assert len(storage.rows("codings_coder_1")) == 2


@pytest.mark.parametrize("change", [{"quote": "lời bịa ra"}, {"place_id": "nam-dong"}])
def test_a_passage_that_does_not_hold_is_refused(articles, change):
    with pytest.raises(desk.DecisionIncomplete, match=next(iter(change))):
        desk.code("coder_1", [passage(articles, "Đảng bộ huyện", "admission", **change)])


def test_a_coding_is_corrected_confirmed_and_withdrawn(two_passes, capsys):
    row_id = decisions.codings()["coding_id"][0]
    signed = ["--reason", "read again", "--by", "lan"]
    assert cli.main(["correct", "codings", row_id, "status", "urged", *signed]) == 0
    assert codings()["admission"] == ["urged", "both"]
    assert cli.main(["correct", "codings", row_id, "theme_id", "training", *signed]) == 1
    assert cli.main(["confirm", "codings", row_id, "--by", "Hoa"]) == 0
    assert decisions.codings()["confirmed_by_person"].tolist() == [True]
    assert cli.main(["withdraw", "codings", row_id, *signed]) == 0
    assert codings() == {} and desk.tables(check=True) == []
    told = [(row["column"], row["value_after"]) for row in decisions.corrections()]
    assert told == [("status", "urged"), ("coding_id", "")]
