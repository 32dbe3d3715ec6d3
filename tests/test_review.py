"""The desk in the notebook, without a browser: what its messages do, and what else is shown."""

import pytest
from desk_cases import decide, decision, desk_folder, go_to, say, select  # noqa: F401

from helpers import codebook, decisions, paths
from party_cells import desk
from party_cells.desk import review, storage, worklist

pytestmark = pytest.mark.usefixtures("desk_folder")


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/30-check-by-hand.ipynb")
    monkeypatch.setattr(review, "FIRST", 600)  # seconds: all articles are read at once


@pytest.fixture
def at_desk(live) -> review.Review:
    return review.figures()


def checks():
    return decisions.standing("checks").set_index("number_text")


def members(**columns) -> dict:
    about = {"document_id": "muong-lay-2019"} | columns
    return decision(desk.texts(), "1.142 đảng viên", "members", **about)


def test_outside_jupyterlab_a_table_is_shown_and_no_widget(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    bundle = review.figures(language="vi")._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "<table" in data["text/html"] and not [kind for kind in data if "widget" in kind]


def test_a_saved_notebook_says_how_to_go_on_and_shows_the_queue(at_desk, monkeypatch):
    shown = []
    monkeypatch.setattr(review, "display", lambda what, **_: shown.append(what))
    at_desk._ipython_display_()
    live, kept = shown
    assert "application/vnd.jupyter.widget-view+json" in live
    assert "run this cell again" in kept.data and f"{len(at_desk.rows)} rows" in kept.data


# --- one decision, on the row that was seen -----------------------------------------------------


def test_accepting_signs_the_row_with_the_name_that_was_given(at_desk):
    go_to(at_desk, "1.142")
    assert decide(at_desk, by="") == "Say first who decides"
    assert decide(at_desk, by=" Lan ").startswith("Saved: 1.142")
    row = checks().loc["1.142"]
    assert (row["decision"], row["decided_by"]) == ("accepted", "Lan")
    assert row["confirmed_by_person"] and at_desk.view["progress"]["done"] == 1


def test_a_message_that_comes_twice_or_names_another_row_decides_nothing(at_desk):
    row, seen = at_desk.view["row"], at_desk.view["seen"]
    about = {"key": row["key"], "seen": seen, "by": "lan", "action": "accept"}
    for other in ({"key": "another|1|2|members"}, {"seen": "stale"}):
        assert "changed" in say(at_desk, "decide", **about | other)
        assert storage.rows("checks") == []
    for _ in range(3):
        said = say(at_desk, "decide", **about)
    assert len(checks()) == 1 and "changed" in said


def test_what_another_hand_decided_shows_by_itself_and_is_not_ours_to_undo(live):
    first, second = review.figures(), review.figures()
    go_to(first, "439", "kien-xuong-2023")
    go_to(second, "439", "kien-xuong-2023")
    decide(first, by="hoa")
    assert decide(second, by="lan") == "Already decided by hoa; the row now reads as below"
    assert second.told(second.view["row"]) == "Accepted, confirmed"
    say(second, "undo")
    assert checks().loc["439", "decided_by"] == "hoa"
    say(second, "look")
    assert second.view["progress"]["done"] == 1


def test_undo_leaves_a_row_that_was_decided_again_since(live):
    first, second = review.figures(), review.figures()
    go_to(first, "1.142")
    decide(first, by="hoa")
    go_to(second, "1.142")
    decide(second, by="lan", level="commune")
    assert say(first, "undo") == "Not undone: that row was decided again since"
    assert checks().loc["1.142", "decided_by"] == "lan"


def test_a_rejection_needs_a_reason_and_can_be_undone(at_desk):
    go_to(at_desk, "1.142")
    assert decide(at_desk, "reject") == "A rejection needs a reason."
    decide(at_desk, "reject", reason="not now")
    assert checks().at["1.142", "decision"] == "rejected"
    assert say(at_desk, "undo") == "Undone"
    assert storage.rows("checks") == [] and at_desk.view["row"]["number_text"] == "1.142"


def test_a_shipped_row_is_confirmed_and_stays_what_it_was(live):
    shipped = members(decision="added", decided_by="adjudicator", confirmed_by_person=False)
    desk.decide([shipped])
    shown = review.figures()
    go_to(shown, "1.142")
    decide(shown, "confirm")
    row = checks().loc["1.142"]
    assert row["decision"] == "added" and row["confirmed_by_person"] and row["decided_by"] == "lan"


def test_decisions_that_differ_are_named_and_settled(live):
    desk.decide([members(decided_by="minh")])
    with pytest.raises(storage.DecisionConflict):
        desk.decide([members(level="commune", decided_by="hoa")])
    shown = review.figures()
    first, second = shown.rows[:2]
    assert {first["decided_by"], second["decided_by"]} == {"hoa", "minh"}
    assert first["state"] == second["state"] == "conflict" and first["key"] != second["key"]
    say(shown, "go", key=first["key"])
    decide(shown)
    assert desk.conflicts() == [] and len(checks()) == 1


# --- typed as people type -----------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["1.143", "1 143"])
def test_a_corrected_number_is_whole_and_its_ends_follow(live, typed):
    shown = review.figures("vi")
    go_to(shown, "1.142")
    assert decide(shown, value=typed, value_basis="misprint").startswith("Đã lưu")
    row = checks().loc["1.142"]
    assert row["decision"] == "corrected"
    assert row[["value", "value_low", "value_high"]].tolist() == [1143] * 3


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": "1.5"}, "phải"),
        ({"value": "1,5"}, "đếm nguyên"),
        ({"period": "mai"}, "không phải ngày"),
        ({"place_id": "Sao Hỏa"}, "không có trong danh mục"),
        ({"measure_id": ""}, "còn trống|không hợp"),
        ({"period": "31/12/2030"}, "sau ngày đăng"),
        ({"quote": "lời bịa"}, "không phải lời của bài"),
        ({"value_low": "2.000"}, "hai cận"),
    ],
)
def test_refusals_speak_the_language_of_the_desk_and_name_no_file(live, fields, said):
    shown = review.figures("vi")
    go_to(shown, "1.142")
    told = decide(shown, **fields)
    assert any(each in told for each in said.split("|"))
    assert not any(word in told for word in ("csv", "line", "expected", "datapackage"))
    assert storage.rows("checks") == []


# --- any article, and what is not in the queue --------------------------------------------------


def test_an_article_without_rows_opens_with_an_empty_queue(live, monkeypatch):
    monkeypatch.setattr(worklist, "candidates", lambda articles: [])
    shown = review.figures()
    say(shown, "filter", document_id="nam-dong-2015")
    assert shown.document_id == "nam-dong-2015" and 'mark class="number"' in shown.html
    assert shown.view["row"] is None and shown.view["list"] == []


def test_a_filter_never_leaves_a_row_it_hides_before_the_person(at_desk):
    row = at_desk.view["row"]
    say(at_desk, "filter", document_id="yen-minh-2019", state="conflict")
    assert at_desk.view["row"] is None and at_desk.document_id == "yen-minh-2019"
    say(at_desk, "filter", document_id="yen-minh-2019", state="open")
    shown = {at_desk.by_key[entry["key"]]["document_id"] for entry in at_desk.view["list"]}
    assert shown == {"yen-minh-2019"} and at_desk.view["row"]["key"] != row["key"]


def test_the_search_looks_at_words_sentences_and_measures(at_desk):
    for words in ("1.142", "  đảng viên ", "members"):
        say(at_desk, "filter", search=words)
        assert 0 < at_desk.view["progress"]["here"] < at_desk.view["progress"]["all"]


def test_selected_words_become_a_row_with_their_sentence_number_and_date(at_desk):
    select(at_desk, "thị xã")
    row = at_desk.draft
    assert (row["number_text"], row["value"], row["decision"]) == ("thị xã", "", "")
    near = next(r for r in at_desk.rows if r["quote"] and r["quote"][:20] in row["quote"])
    assert (row["period_start"], row["place_id"]) == (near["period_start"], near["place_id"])
    assert row["quote"] in at_desk.texts["muong-lay-2019"] and row["quote"][0].isupper()
    decide(at_desk, measure_id="Members", value="7")
    assert checks().loc["thị xã", ["decision", "value", "value_low"]].tolist() == ["added", 7, 7]


def test_words_that_carry_a_row_show_it_and_only_then_begin_another(at_desk):
    assert "carry the row" in select(at_desk, "1.142")
    assert at_desk.draft is None and at_desk.view["row"]["number_text"] == "1.142"
    select(at_desk, "1.142")
    assert at_desk.view["row"]["state"] == "new"
    decide(at_desk, "reject")
    assert at_desk.draft is None and storage.rows("checks") == []
    say(at_desk, "filter", measure_id="cells")
    assert "filter hides" in select(at_desk, "99,6")


def test_a_lost_passage_is_found_again_by_selecting_it(live):
    before = {name: text.replace("1.142", "1.143") for name, text in desk.texts().items()}
    lost = {"number_text": "1.143", "quote": "1.143 đảng viên", "value_basis": "misprint"}
    desk.decide([members() | lost], articles=before)
    shown = review.figures()
    assert shown.rows[0]["state"] == "gone"
    select(shown, "1.142")
    decide(shown)
    assert checks().index.tolist() == ["1.142"] and worklist.queue()[0]["state"] != "gone"


def test_articles_are_read_while_the_person_looks_and_the_chosen_one_first(live, monkeypatch):
    monkeypatch.setattr(review, "FIRST", 0)
    monkeypatch.setattr(review, "NEXT", 0.001)
    monkeypatch.setattr(review, "TOGETHER", 1)
    shown = review.figures()
    assert shown.rows == [] and "5 articles are still being read" in shown.html
    say(shown, "filter", document_id="yen-minh-2019")
    assert {row["document_id"] for row in shown.rows} == {"yen-minh-2019"}
    while shown.view["is_behind"]:
        say(shown, "look")
    assert len({row["document_id"] for row in shown.rows}) == 5


def test_it_is_said_what_one_more_row_would_decide(at_desk, monkeypatch):
    said = {}
    for document_id in ("kien-xuong-2023", "yen-minh-2019"):
        say(at_desk, "filter", document_id=document_id)
        say(at_desk, "look")
        said[document_id] = (at_desk.view["hint"] or {"said": ""})["said"][:29]
    assert said == {"kien-xuong-2023": "449: add it as “Cells assesse", "yen-minh-2019": ""}
    monkeypatch.delenv(paths.DATA_VARIABLE)
    assert worklist.would_decide("cells", "yen-minh") > worklist.would_decide("cells", "kien-xuong")


def test_a_village_is_added_by_the_name_that_was_typed_for_the_place(at_desk):
    go_to(at_desk, "1.142")
    typed = {"place_id": "Bản Mới", "level": "village"}
    about = {"key": at_desk.view["row"]["key"], "seen": at_desk.view["seen"], "fields": typed}
    assert say(at_desk, "place", **about) == "Saved: Bản Mới"
    decide(at_desk, **typed)
    assert checks().loc["1.142", ["place_id", "level"]].tolist() == ["ban-moi", "village"]


# --- many at once -------------------------------------------------------------------------------


def test_accepting_all_that_is_shown_says_so_confirms_nothing_and_is_one_undo(at_desk):
    say(at_desk, "filter", document_id="kien-xuong-2023", state="open")
    count = at_desk.view["acceptable"]["all"]
    about = {"which": "all", "by": "lan"}
    assert "changed" in say(at_desk, "accept_all", count=count + 1, **about)
    said = say(at_desk, "accept_all", count=count, **about)
    saved = decisions.standing("checks")
    assert len(saved) > 5 and f"Accepted {len(saved)} rows in bulk" in said
    assert not saved["confirmed_by_person"].any()
    assert saved["note"].eq("accepted in bulk").all()
    assert set(saved["document_id"]) == {"kien-xuong-2023"}
    say(at_desk, "filter", document_id="kien-xuong-2023", state="decided")
    assert "in bulk" in at_desk.told(at_desk.view["row"])
    decide(at_desk, "confirm", by="hoa")
    assert decisions.standing("checks")["note"].isna().sum() == 1
    assert say(at_desk, "undo") == say(at_desk, "undo") == "Undone"
    assert storage.rows("checks") == []


# --- themes -------------------------------------------------------------------------------------


def coded(words: str, theme: str, coder: str, **columns) -> dict:
    start = desk.texts()["yen-minh-2019"].index(words)
    about = {"document_id": "yen-minh-2019", "theme_id": theme, "quote": words, "coder": coder}
    said = {"stance": "stated", "status": "done", "level": "district", "place_id": "yen-minh"}
    return about | said | {"char_start": start, "char_end": start + len(words)} | columns


@pytest.fixture
def two_coders(live):
    both = [("Đảng bộ huyện", "admission"), ("trực thuộc", "admission"), ("hiện có", "training")]
    for number, status in ((1, "done"), (2, "planned")):
        rows = [coded(words, theme, f"coder {number}") for words, theme in both]
        rows[2]["status"] = status
        desk.code(f"coder_{number}", rows)


def test_what_the_coders_differ_on_is_open_and_is_settled_for_good(two_coders):
    shown = review.differences()
    assert [row["theme_id"] for row in shown.rows if row["state"] == "open"] == ["training"]
    decide(shown, reason="a plan of next year", by="hoa", follows="Coder 2", status="planned")
    coding = codebook.load("codings").set_index("theme_id").loc["training"]
    assert (coding["status"], coding["follows"]) == ("planned", "coder_2")
    assert coding["reason"] == "a plan of next year" and coding["confirmed_by_person"]
    say(shown, "undo")
    assert "training" not in set(codebook.load("codings")["theme_id"])


def test_confirming_one_passage_keeps_the_others_of_its_theme(two_coders):
    shown = review.differences(by="hoa")
    say(shown, "go", key=next(r["key"] for r in shown.rows if r["theme_id"] == "admission"))
    decide(shown, "confirm")
    codings = codebook.load("codings")
    assert codings["theme_id"].tolist() == ["admission", "admission"]
    assert codings["confirmed_by_person"].all()


def test_a_blind_coder_sees_only_their_own_passages(two_coders):
    shown = review.themes("coder_2", blind=True)
    assert {row["hand"] for row in shown.rows} == {"coder_2"}
    assert decide(shown, "reject") == "A rejection needs a reason."
    decide(shown, "reject", reason="too general")
    assert len(storage.rows("codings_coder_2")) == 2 and len(storage.rows("codings_coder_1")) == 3


def test_themes_are_proposed_in_any_article_and_say_so_when_taken(live):
    shown = review.themes("coder_1", "vi")
    say(shown, "filter", document_id="nam-dong-2015")
    proposed, left = shown.view["row"], shown.view["progress"]["here"]
    assert proposed["state"] == "open" and 'mark class="number"' not in shown.html
    decide(shown, "reject", reason="quá chung chung")
    assert shown.view["progress"]["here"] == left - 1 and storage.rows("codings_coder_1") == []
    say(shown, "undo")
    assert shown.view["progress"]["here"] == left
    decide(shown)
    (row,) = storage.rows("codings_coder_1")
    assert (row["note"], row["document_id"]) == ("from a proposal", "nam-dong-2015")
    select(shown, "Đảng bộ huyện", "nam-dong-2015")
    assert shown.view["row"]["quote"] == "Đảng bộ huyện" or "đã có" in shown.view["said"]
