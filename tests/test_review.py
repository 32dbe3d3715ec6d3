"""The desk in the notebook, without a browser: what its messages do, and what else is shown."""

import pytest
from desk_cases import decision, desk_folder  # noqa: F401

from helpers import codebook
from party_cells import desk
from party_cells.desk import review, storage, worklist

pytestmark = pytest.mark.usefixtures("desk_folder")


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/30-check-by-hand.ipynb")


@pytest.fixture
def at_desk(live) -> review.Review:
    return review.figures(by="lan")


def say(shown: review.Review, do: str, **message) -> str:
    """What the browser would send; what the desk says to it."""
    shown._heard(shown, {"do": do, **message}, [])
    return shown.view["said"]


def go_to(shown: review.Review, words: str, document_id: str = "muong-lay-2019") -> None:
    say(
        shown,
        "go",
        at=next(
            at
            for at, row in enumerate(shown.rows)
            if row["number_text"] == words and row["document_id"] == document_id
        ),
    )


def decide(shown: review.Review, action: str, reason: str = "", **fields) -> str:
    shown_fields = {name: shown.view["row"][name] for name in shown.task.fields}
    return say(shown, "decide", action=action, fields=shown_fields | fields, reason=reason)


def checks():
    return codebook.load("checks").set_index("number_text")


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


def test_accepting_and_confirming_sign_the_row(at_desk):
    go_to(at_desk, "1.142")
    assert decide(at_desk, "accept").startswith("Saved: 1.142")
    row = checks().loc["1.142"]
    assert (row["decision"], row["decided_by"], row["confirmed_by_person"]) == (
        "accepted",
        "lan",
        True,
    )
    assert at_desk.view["progress"]["done"] == 1


def test_accepting_what_was_edited_is_correcting(at_desk):
    go_to(at_desk, "1.142")
    decide(at_desk, "accept", value="1143", value_low="1143", value_high="1143")
    assert checks().at["1.142", "decision"] == "corrected"
    assert codebook.load("facts")["value"].tolist() == [1143]


def test_a_shipped_row_is_confirmed_and_stays_what_it_was(desk_folder, live):  # noqa: F811
    shipped = decision(
        desk.texts(),
        "1.142 đảng viên",
        "members",
        document_id="muong-lay-2019",
        decision="added",
        decided_by="adjudicator",
        confirmed_by_person=False,
    )
    desk.decide([shipped])
    shown = review.figures(by="lan")
    go_to(shown, "1.142")
    decide(shown, "confirm")
    row = checks().loc["1.142"]
    assert row["decision"] == "added" and row["confirmed_by_person"] and row["decided_by"] == "lan"


def test_a_rejection_needs_a_reason_and_can_be_undone(at_desk):
    go_to(at_desk, "1.142")
    assert decide(at_desk, "reject") == "A rejection needs a reason."
    decide(at_desk, "reject", reason="not now")
    assert checks().at["1.142", "decision"] == "rejected"
    assert say(at_desk, "undo") == "Undone"
    assert codebook.load("checks").empty and at_desk.view["row"]["number_text"] == "1.142"


def test_selected_words_become_a_row_with_their_sentence_and_their_number(at_desk):
    text = desk.texts()["muong-lay-2019"]
    start = text.index("99,6%")
    say(at_desk, "select", document_id="muong-lay-2019", start=start, end=start + 4)
    row = at_desk.view["row"]
    assert (row["number_text"], row["value"], row["unit"]) == ("99,6", "0.996", "share")
    assert "99,6%" in row["quote"] and row["decision"] == "" and row["state"] == "new"
    assert say(at_desk, "decide", action="reject", fields={}, reason="") == ""
    assert at_desk.draft is None


def test_a_decision_made_meanwhile_is_named_and_both_are_shown(at_desk):
    members = decision(desk.texts(), "1.142 đảng viên", "members", document_id="muong-lay-2019")
    go_to(at_desk, "1.142")
    desk.decide([members | {"level": "commune", "decided_by": "minh"}])
    assert "minh: accepted" in decide(at_desk, "accept")
    first, second = at_desk.rows[:2]
    assert {first["decided_by"], second["decided_by"]} == {"lan", "minh"}
    assert first["state"] == second["state"] == "conflict"
    say(at_desk, "go", at=0)
    decide(at_desk, "accept")
    assert desk.conflicts() == [] and len(checks()) == 1


def test_filters_leave_the_rows_of_one_document_and_state(at_desk):
    say(at_desk, "filter", filters={"document_id": "yen-minh-2019", "state": "open"})
    shown = {at_desk.rows[entry["at"]]["document_id"] for entry in at_desk.view["list"]}
    assert shown == {"yen-minh-2019"}
    assert at_desk.view["progress"]["here"] < at_desk.view["progress"]["all"]


def test_a_lost_passage_is_found_again_by_selecting_it(desk_folder, live):  # noqa: F811
    lost = decision(desk.texts(), "1.142 đảng viên", "members", document_id="muong-lay-2019")
    desk.decide([lost | {"number_text": "1.143", "quote": "1.143 đảng viên"}])
    shown = review.figures(by="lan")
    assert shown.rows[0]["state"] == "gone"
    text = desk.texts()["muong-lay-2019"]
    start = text.index("1.142")
    say(shown, "select", document_id="muong-lay-2019", start=start, end=start + 5)
    decide(shown, "accept")
    assert checks().index.tolist() == ["1.142"]
    assert worklist.queue()[0]["state"] != "gone"


def coded(words: str, theme: str, coder: str, **columns) -> dict:
    start = desk.texts()["yen-minh-2019"].index(words)
    about = {"document_id": "yen-minh-2019", "theme_id": theme, "quote": words, "coder": coder}
    said = {"stance": "stated", "status": "done", "level": "district", "place_id": "yen-minh"}
    return about | said | {"char_start": start, "char_end": start + len(words)} | columns


@pytest.fixture
def two_coders(live):
    both = [("Đảng bộ huyện", "admission"), ("trực thuộc", "admission"), ("hiện có", "training")]
    for number in (1, 2):
        status = {1: "done", 2: "planned"}[number]
        rows = [coded(w, t, f"coder {number}") for w, t in both]
        rows[2]["status"] = status
        desk.code(f"coder_{number}", rows)


def test_what_the_coders_differ_on_is_open_and_is_settled_for_good(two_coders):
    shown = review.differences(by="hoa")
    assert [row["theme_id"] for row in shown.rows if row["state"] == "open"] == ["training"]
    say(shown, "go", at=0)
    decide(shown, "correct", reason="a plan of next year", follows="coder_2", status="planned")
    coding = codebook.load("codings").set_index("theme_id").loc["training"]
    assert (coding["status"], coding["follows"]) == ("planned", "coder_2")
    assert coding["reason"] == "a plan of next year" and coding["confirmed_by_person"]
    say(shown, "undo")
    assert "training" not in set(codebook.load("codings")["theme_id"])


def test_confirming_one_passage_keeps_the_others_of_its_theme(two_coders):
    shown = review.differences(by="hoa")
    place = next(at for at, row in enumerate(shown.rows) if row["theme_id"] == "admission")
    say(shown, "go", at=place)
    decide(shown, "confirm")
    codings = codebook.load("codings")
    assert codings["theme_id"].tolist() == ["admission", "admission"]
    assert codings["confirmed_by_person"].all()


def test_a_coder_sees_only_their_own_passages(two_coders):
    shown = review.themes("coder_2")
    assert {row["coder"] for row in shown.rows} == {"coder 2"}
    assert "accept" not in shown.fixed["actions"]
    say(shown, "go", at=0)
    decide(shown, "reject")
    assert len(storage.rows("codings_coder_2")) == 2 and len(storage.rows("codings_coder_1")) == 3
