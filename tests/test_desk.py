"""Nothing decided at the desk is lost, half written, or silently replaced."""

import hashlib

import pandas as pd
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
WORDS = "65 TCCSĐ trực thuộc"


@pytest.fixture
def articles(desk_folder) -> dict[str, str]:  # noqa: F811
    return desk.texts()


@pytest.fixture
def cells(articles) -> dict:
    return decision(articles, WORDS, "base_organisations")


def text_of(table: str) -> str:
    return codebook.table_path(table).read_bytes().decode("utf-8")


# --- saving ---------------------------------------------------------------------------------


def test_a_decision_is_on_disk_at_once_and_gives_its_fact(cells):
    desk.decide([cells])
    fact = codebook.load("facts").iloc[0]
    assert fact["fact_id"] == f"yen-minh-2019.{cells['char_start']}.base_organisations"
    assert fact["value"] == 65 and fact["decided_by"] == "lan"
    assert desk.tables(check=True) == []


def test_a_rejected_candidate_is_on_record_and_no_fact(cells):
    desk.decide([cells | {"decision": "rejected", "reason": "a page counter"}])
    assert codebook.load("facts").empty
    assert codebook.load("checks").at[0, "reason"] == "a page counter"


def test_a_file_saved_at_the_desk_is_what_the_codebook_would_save(articles, cells):
    members = {"document_id": "muong-lay-2019", "note": 'a "quoted", long\nnote'}
    desk.decide([cells, decision(articles, "1.142 đảng viên", "members", **members)])
    for table in ("checks", "facts"):
        assert text_of(table) == codebook.to_text(codebook.load(table), table)


@pytest.mark.parametrize("note", ["a\rb", "a\r\nb", "\ra", 'a "\r" b'])
def test_a_carriage_return_in_a_note_stays_in_its_cell(articles, cells, note):
    desk.decide([cells | {"note": note}])
    desk.decide([decision(articles, "1.142 đảng viên", "members", document_id="muong-lay-2019")])
    assert codebook.load("checks")["note"].dropna().tolist() == [note]
    assert text_of("checks") == codebook.to_text(codebook.load("checks"), "checks")
    assert desk.tables(check=True) == []


def test_a_diff_shows_the_decision_and_nothing_else(articles, cells):
    desk.decide([cells])
    before = text_of("checks").splitlines()
    desk.decide([decision(articles, "1.142 đảng viên", "members", document_id="muong-lay-2019")])
    after = text_of("checks").splitlines()
    assert [line for line in after if line not in before] == [after[1]]
    assert len(after) == len(before) + 1


def test_the_same_decision_twice_changes_nothing(cells):
    desk.decide([cells])
    before = text_of("checks")
    desk.decide([cells | {"decided_by": "minh", "decided_on": "2026-12-01"}])
    assert text_of("checks") == before


def test_a_changed_mind_replaces_the_row_that_was_seen(cells):
    seen = desk.decide([cells])
    desk.decide([cells | {"value": 64.0, "value_low": 64.0, "value_high": 64.0}], before=seen)
    assert codebook.load("checks")["value"].tolist() == [64]
    assert codebook.load("facts")["value"].tolist() == [64]


def test_undo_brings_back_what_stood_before(cells):
    seen = desk.decide([cells])
    once = text_of("checks"), text_of("facts")
    changed = desk.decide([cells | {"decision": "rejected"}], before=seen)
    desk.decide(seen, before=changed)
    assert (text_of("checks"), text_of("facts")) == once
    desk.decide([], before=seen)
    assert codebook.load("checks").empty and codebook.load("facts").empty


def test_a_corrected_span_keeps_the_name_of_its_fact(cells):
    seen = desk.decide([cells])
    desk.decide([cells | {"decision": "corrected", "level": "commune"}], before=seen)
    assert codebook.load("facts").at[0, "fact_id"] == seen[0]["fact_id"]


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("measure_id", "no_such_measure", codebook.TableInvalid),
        ("level", "galaxy", codebook.TableInvalid),
        ("period_end", "12/4/2019", codebook.TableInvalid),
        ("place_id", None, desk.DecisionIncomplete),
        ("value_high", 64.0, desk.DecisionIncomplete),
    ],
)
def test_a_decision_that_does_not_fit_is_refused_and_nothing_saved(cells, column, value, error):
    with pytest.raises(error, match=column):
        desk.decide([cells | {column: value}])
    assert not codebook.table_path("checks").exists()


def test_one_span_and_measure_make_one_fact(cells):
    desk.decide([cells])
    other = cells | {"proposed_measure_id": "cells", "decision": "corrected"}
    with pytest.raises(desk.DecisionIncomplete, match="a fact there already"):
        desk.decide([other])


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


def test_two_hands_that_differ_are_both_kept_and_named(cells):
    desk.decide([cells])
    with pytest.raises(storage.DecisionConflict, match=r"lan: accepted .* minh: rejected") as error:
        desk.decide([cells | {"decision": "rejected", "decided_by": "minh"}])
    assert [row["decided_by"] for row in error.value.pairs[0]] == ["lan", "minh"]
    assert set(codebook.load("checks")["decided_by"]) == {"lan", "minh"}
    assert codebook.load("facts").empty and len(desk.conflicts()) == 1


def test_one_login_in_two_windows_is_two_hands(cells):
    desk.decide([cells])
    with pytest.raises(storage.DecisionConflict):
        desk.decide([cells | {"decision": "rejected"}])
    assert set(codebook.load("checks")["decided_by"]) == {"lan", "lan (2)"}


def test_who_has_seen_both_settles_a_conflict(cells):
    desk.decide([cells])
    with pytest.raises(storage.DecisionConflict):
        desk.decide([cells | {"decision": "rejected", "decided_by": "minh"}])
    both = storage.near("checks", {k: str(v) for k, v in cells.items()})
    desk.decide([cells | {"decided_by": "hoa"}], before=both)
    assert codebook.load("checks")["decided_by"].tolist() == ["hoa"] and desk.conflicts() == []


def test_eight_at_once_lose_nothing_and_every_conflict_is_named(articles):
    assert decide_at_once(articles, 8, 50) == expected_at_once(8, 50)


def test_fifty_kills_leave_the_old_file_or_the_new(articles):
    assert len(kill_while_saving(articles, 50)) >= 50
    desk.decide([])  # whoever saves next sweeps up
    assert [p.name for p in codebook.table_path("checks").parent.glob(".*.csv.*")] == []


# --- sources that change ------------------------------------------------------------------------


def test_a_fact_follows_its_sentence_and_keeps_its_name(articles, cells):
    saved = desk.decide([cells])[0]
    moved = {**articles, "yen-minh-2019": "Tin mới. " + articles["yen-minh-2019"]}
    fact = desk.derive(moved)["facts"].iloc[0]
    assert fact["char_start"] == cells["char_start"] + 9 and fact["fact_id"] == saved["fact_id"]
    assert decisions.require_anchored(desk.derive(moved)["facts"], moved) is not None
    with pytest.raises(decisions.Unanchored, match="moved"):
        decisions.require_anchored(desk.derive(articles)["facts"], moved)


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
    facts = desk.derive(now)["facts"]
    with pytest.raises(decisions.Unanchored, match=rf"base_organisations: {state}") as error:
        decisions.require_anchored(facts, now)
    assert error.value.rows["state"].tolist() == [state]


# --- corrections ------------------------------------------------------------------------------


def correction(row_id: str, expected: str, after: str) -> dict:
    return {
        "corrected_on": "2026-12-01",
        "table": "facts",
        "row_id": row_id,
        "column": "value",
        "expected_before": expected,
        "value_after": after,
        "reason": "misread",
        "decided_by": "lan",
    }


def test_a_correction_changes_the_fact_and_not_the_decision(cells):
    saved = desk.decide([cells])[0]
    desk.correct("facts", saved["fact_id"], "value", "64", "misread", "lan", "2026-12-01")
    assert codebook.load("facts")["value"].tolist() == [64]
    assert codebook.load("checks")["value"].tolist() == [65]
    assert codebook.load("corrections").at[0, "expected_before"] == "65"
    desk.decide([saved | {"note": "seen"}], before=[saved])
    assert codebook.load("facts")["value"].tolist() == [64]


def test_a_correction_from_the_command_line(cells):
    saved = desk.decide([cells])[0]
    arguments = ["facts", saved["fact_id"], "level", "commune", "--reason", "misread"]
    assert cli.main(["correct", *arguments, "--by", "lan"]) == 0
    assert codebook.load("facts").at[0, "level"] == "commune"
    assert cli.main(["correct", "facts", "no.such.row", *arguments[2:]]) == 1


def test_a_withdrawn_row_is_gone_from_the_facts_and_on_record(articles, cells):
    saved = desk.decide([cells])[0]
    desk.decide([decision(articles, "1.142 đảng viên", "members", document_id="muong-lay-2019")])
    arguments = ["withdraw", "facts", saved["fact_id"], "--reason", "misread"]
    assert cli.main(arguments) == 0
    assert codebook.load("facts")["measure_id"].tolist() == ["members"]
    assert codebook.load("checks").shape[0] == 2 and desk.tables(check=True) == []
    desk.decide([saved | {"note": "seen"}], before=[saved])
    assert codebook.load("facts")["measure_id"].tolist() == ["members"]
    assert cli.main(arguments) == 1  # there is nothing left to withdraw


def test_a_correction_whose_guard_fails_stops_everything(cells):
    saved = desk.decide([cells])[0]
    stale = pd.DataFrame([correction(saved["fact_id"], "63", "64")])
    codebook.save(stale, "corrections")
    with pytest.raises(decisions.CorrectionStale, match="expected '63', found '65'") as error:
        desk.tables()
    assert len(error.value.rows) == 1


# --- codings ------------------------------------------------------------------------------------


def passage(articles, words: str, theme: str, coder: str, **columns) -> dict:
    start = articles["yen-minh-2019"].index(words)
    row = {
        "document_id": "yen-minh-2019",
        "theme_id": theme,
        "stance": "stated",
        "status": "done",
        "level": "district",
        "place_id": "yen-minh",
        "char_start": start,
        "char_end": start + len(words),
        "quote": words,
        "coder": coder,
    }
    return row | columns


@pytest.fixture
def two_passes(articles):
    """Agreed on admission, apart on training (status), and coder 2 alone on dialogue."""
    first = [("Đảng bộ huyện", "admission", {}), ("hiện có 65", "training", {})]
    second = [
        ("Đảng bộ huyện", "admission", {}),
        ("hiện có 65", "training", {"status": "planned"}),
        ("trực thuộc", "dialogue", {}),
    ]
    for number, rows in ((1, first), (2, second)):
        made = [passage(articles, words, t, f"coder {number}", **c) for words, t, c in rows]
        desk.code(f"coder_{number}", made)


def ruling(articles, words: str, theme: str, **columns) -> dict:
    row = passage(articles, words, theme, "", **columns)
    row = {key: row[key] for key in ("document_id", "theme_id", "char_start", "char_end")}
    said = {"confirmed_by_person": False, "decided_by": "hoa", "decided_on": "2026-11-22"}
    return row | {"kept": True, "reason": "the sentence says so"} | said | columns


def test_what_the_coders_agree_on_needs_no_adjudicator(two_passes):
    codings = codebook.load("codings")
    assert codings[["theme_id", "follows"]].values.tolist() == [["admission", "both"]]


def test_an_adjudicated_passage_follows_a_coder_and_keeps_both_on_record(articles, two_passes):
    desk.adjudicate([ruling(articles, "hiện có 65", "training", follows="coder_2")])
    coding = codebook.load("codings").set_index("theme_id").loc["training"]
    assert (coding["status"], coding["follows"]) == ("planned", "coder_2")
    assert coding["coding_id"].endswith(".training") and coding["prefix"].endswith("Yên Minh ")
    assert codebook.load("codings_coder_1").set_index("theme_id").at["training", "status"] == "done"
    assert desk.tables(check=True) == []


def test_the_adjudicator_may_overrule_both_or_dismiss(articles, two_passes):
    overruled = {"follows": "both", "status": "urged"}
    dismissed = {"follows": "coder_1", "kept": False}
    desk.adjudicate(
        [
            ruling(articles, "hiện có 65", "training", **overruled),
            ruling(articles, "trực thuộc", "dialogue", **dismissed),
        ]
    )
    codings = codebook.load("codings").set_index("theme_id")
    assert codings.at["training", "status"] == "urged" and "dialogue" not in codings.index


def test_two_adjudicators_who_differ_leave_the_theme_open(articles, two_passes):
    desk.adjudicate([ruling(articles, "hiện có 65", "training", follows="coder_2")])
    with pytest.raises(storage.DecisionConflict, match="hoa: coder_2"):
        other = ruling(articles, "hiện có 65", "training", follows="coder_1", decided_by="an")
        desk.adjudicate([other])
    assert "training" not in set(codebook.load("codings")["theme_id"])


# --- the command line ---------------------------------------------------------------------------


def test_tables_are_derived_in_any_folder_and_checked(desk_folder, cells, capsys):  # noqa: F811
    desk.decide([cells])
    path = codebook.table_path("facts")
    path.write_text(text_of("facts").replace(",65,", ",67,"), "utf-8")
    arguments = ["tables", "--data", str(desk_folder)]
    assert cli.main([*arguments, "--check"]) == 1
    assert "facts.csv: not what the decisions give" in capsys.readouterr().err
    assert cli.main(arguments) == 0 and cli.main([*arguments, "--check"]) == 0


def test_a_correction_that_the_tables_would_refuse_is_not_kept(cells):
    saved = desk.decide([cells])[0]
    before = codebook.table_path("facts").read_bytes()
    arguments = ["facts", saved["fact_id"], "period_start", "2031-01-01", "--reason", "misread"]
    assert cli.main(["correct", *arguments, "--by", "lan"]) == 1
    assert storage.rows("corrections") == []
    assert codebook.table_path("facts").read_bytes() == before
