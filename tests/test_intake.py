"""An article is added with one command, or refused by name and nothing is written."""

import hashlib
import os
import shutil

import pytest
from desk_cases import desk_folder  # noqa: F401

from helpers import bounds, codebook, corpus, paths
from party_cells import cli, desk
from party_cells.desk import intake, worklist

pytestmark = pytest.mark.usefixtures("desk_folder")
TEXT = "Đảng bộ huyện Mẫu\n\nĐảng bộ huyện hiện có 41 TCCSĐ với 2.310 đảng viên.\n"
NEW = ["--locality", "mau", "--published", "2024-05-06", "--name", "Mẫu", "--province", "Tỉnh Mẫu"]

SIGNED = {"decision": "accepted", "decided_by": "lan", "decided_on": "2024-05-07"}
SIGNED |= {"confirmed_by_person": "true"}


@pytest.fixture
def article(tmp_path):
    path = tmp_path / "bài báo.txt"
    path.write_text(TEXT, "utf-8")
    return path


def test_an_article_of_a_sixth_locality_needs_one_command(article, capsys):
    assert cli.main(["add", str(article), *NEW]) == 0
    assert "mau-2024: added" in capsys.readouterr().out
    document = corpus.read("mau-2024")
    assert document.text == TEXT and document.meta["title"] == "Đảng bộ huyện Mẫu"
    assert document.meta["sha256"] == hashlib.sha256(article.read_bytes()).hexdigest()
    places = codebook.load("localities").set_index("place_id")
    assert places.at["mau", "name_vi"] == "Mẫu" and places.at["mau", "position"] > 5


@pytest.mark.parametrize("newline", ["\r", "\r\n"])
def test_an_article_keeps_its_line_ends_through_the_tables(tmp_path, newline):
    path = tmp_path / "old.txt"
    path.write_bytes(TEXT.replace("\n", newline).encode())
    assert cli.main(["add", str(path), *NEW]) == 0
    articles = desk.texts()
    row = next(row for row in worklist.queue(corpus.read_all()) if row["number_text"] == "41")
    assert newline in row["prefix"]
    desk.decide([row | SIGNED], articles=articles)
    fact = codebook.load("facts").iloc[-1]
    assert fact["prefix"] == row["prefix"]
    assert desk.moved() == [] and desk.tables(check=True) == []


def test_a_decrease_is_a_fact_below_nought(tmp_path):
    path = tmp_path / "less.txt"
    path.write_text(f"{TEXT}Đảng bộ giảm hơn 30 đảng viên so với năm 2019.\n", "utf-8")
    assert cli.main(["add", str(path), *NEW]) == 0
    row = next(row for row in worklist.queue(corpus.read_all()) if row["number_text"] == "30")
    desk.decide([row | SIGNED])
    fact = codebook.load("facts").query("measure_id == 'members_change'").iloc[0]
    assert (fact["value"], fact["value_high"], fact["high_open"]) == (-30, -30, True)
    assert bounds.words(bounds.from_fact(fact), "en") == "less than -30"
    assert desk.tables(check=True) == []


def test_an_empty_folder_becomes_a_collection(article, tmp_path, monkeypatch):
    monkeypatch.setenv(paths.DATA_VARIABLE, str(tmp_path / "another"))
    intake.add(article, locality="mau", published="2024-05-06", name="Mẫu")
    assert corpus.documents()["document_id"].tolist() == ["mau-2024"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"locality": "nowhere"}, "unknown locality 'nowhere'"),
        ({"id": "yen-minh-2019"}, "yen-minh-2019 is taken"),
        ({"published": "6/5/2024"}, "published_date"),
        ({"kind": "poem"}, "kind"),
        ({"id": "../outside"}, "document_id"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(article, desk_folder, arguments, said):  # noqa: F811
    before = {p: p.read_bytes() for p in desk_folder.rglob("*.*") if p.is_file()}
    given = {"locality": "yen-minh", "published": "2024-05-06"} | arguments
    with pytest.raises(ValueError, match=said):
        intake.add(article, **given)
    assert {p: p.read_bytes() for p in desk_folder.rglob("*.*") if p.is_file()} == before | {
        p: b"" for p in desk_folder.rglob(".lock")
    }


def test_an_article_that_is_there_already_is_refused(tmp_path):
    known = paths.raw() / "yen-minh-2019.txt"
    copy = shutil.copy(known, tmp_path / "copy.txt")
    with pytest.raises(intake.ArticleRefused, match="the same bytes as yen-minh-2019"):
        intake.add(tmp_path / "copy.txt", locality="yen-minh", published="2020-01-01")
    os.chmod(copy, 0o644)
    (tmp_path / "copy.txt").write_bytes(known.read_bytes().decode("utf-8-sig").encode("utf-16"))
    with pytest.raises(intake.ArticleRefused, match="the same words as yen-minh-2019"):
        intake.add(
            tmp_path / "copy.txt", locality="yen-minh", published="2020-01-01", encoding="utf-16"
        )


def test_bytes_in_an_undeclared_encoding_are_refused_with_their_readings(tmp_path):
    path = tmp_path / "old.txt"
    path.write_bytes("Đảng bộ".encode("utf-16"))
    with pytest.raises(corpus.CorpusInvalid, match="utf-16: 'Đảng bộ'"):
        intake.add(path, locality="yen-minh", published="2010-01-01")


def test_a_killed_addition_can_be_done_again(article):
    shutil.copy(article, paths.raw() / "mau-2024.txt")  # the text without its row
    with pytest.raises(corpus.CorpusInvalid, match="not listed"):
        corpus.documents()
    intake.add(article, locality="mau", published="2024-05-06", name="Mẫu")
    assert len(corpus.documents()) == 6
