"""An article is added with one command, or refused by name and nothing is written."""

import hashlib
import os
import shutil

import pytest
from desk_cases import desk_folder  # noqa: F401

from helpers import bounds, codebook, corpus, decisions, paths, statements
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
    assert row["measure_id"] in ("members_change", ""), "never how many members there are"
    below = {
        "value": "-30",
        "value_low": "",
        "value_high": "-30",
        "low_open": "",
        "high_open": "true",
    }
    desk.decide([row | SIGNED | below | {"measure_id": "members_change", "bound": "at_most"}])
    fact = codebook.load("facts").query("measure_id == 'members_change'").iloc[0]
    assert (fact["value"], fact["value_high"], fact["high_open"]) == (-30, -30, True)
    assert bounds.words(bounds.from_fact(fact), "en") == "less than -30"
    assert desk.tables(check=True) == []


def test_an_empty_folder_becomes_a_collection(article, tmp_path, monkeypatch):
    monkeypatch.setenv(paths.DATA_VARIABLE, str(tmp_path / "another"))
    intake.add(article, locality="mau", published="2024-05-06", name="Mẫu")
    assert corpus.documents()["document_id"].tolist() == ["mau-2024"]


def files(folder) -> dict:
    kept = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path: path.read_bytes() for path in kept}


VNI = "Ñaûng boä huyeän coù 65 chi boä vaø 1.142 ñaûng vieân, trong ñoù coù 30 ñaûng vieân döï bò"
VIQR = "DDa?ng bo^. huye^.n co' 65 chi bo^. va` 1.142 dda?ng vie^n, trong ddo' co' 30 du+. bi."
TCVN3 = (
    bytes.fromhex("a7b66e6720")
    + b"b\xe9 huy\xd6n c\xe3 41 chi b\xe9 tr\xf9c thu\xe9c, 2.310 \xae\xb6ng"
)
REFUSED = {  # the bytes, what is said of the article, and what is said of it in return
    "a locality without a name": (TEXT, {"locality": "nowhere"}, "unknown locality 'nowhere'"),
    "a locality with marks": (TEXT, {"locality": "hòa-lạc"}, "--locality.*instance hoa-lac"),
    "an id that is taken": (TEXT, {"id": "yen-minh-2019"}, "yen-minh-2019 is taken"),
    "an id with a line end": (TEXT, {"id": "a\n"}, "--id: expected small letters"),
    "an id that leaves the folder": (TEXT, {"id": "../outside"}, "--id: expected small letters"),
    "a day of another form": (TEXT, {"published": "6/5/2024"}, "--published: expected a day"),
    "a kind that is not in the list": (TEXT, {"kind": "poem"}, "kind"),
    "a title of many pages": (TEXT, {"title": "x" * 140_000}, "--title"),
    "VNI": (VNI, {}, "look like VNI"),
    "VIQR": (VIQR, {}, "look like VIQR"),
    "mojibake": (TEXT.encode().decode("latin-1"), {}, "look like UTF-8 read as Latin-1"),
    "mojibake of Windows": (TEXT.encode().decode("cp1252", "ignore"), {}, "read as Latin-1"),
    "another language": ("The party committee of the district has 41 cells.", {}, "Vietnamese"),
    "a PDF": (b"%PDF-1.4 ...", {}, "a PDF, not a text"),
    "a Word document": (b"PK\x03\x04 ...", {}, "a zip archive or a Word document"),
    "a page": (f"<!DOCTYPE html><p>{TEXT}", {}, "HTML, not a text"),
    "a page without a head": (f"\ufeff<div><p>{TEXT}</p></div>", {}, "HTML, not a text"),
    "a picture": (b"\x89PNG\r\n\x1a\n ...", {}, "a picture, not a text"),
    "NUL": (TEXT + "\0", {}, "NUL in the text"),
    "lost letters": (TEXT.replace("ả", "\ufffd"), {}, "in the text: save it anew"),
    "mojibake in part": (TEXT * 3 + TEXT.encode().decode("latin-1"), {}, "read as Latin-1"),
    "TCVN3 declared otherwise": (TCVN3, {"encoding": "windows-1258"}, "like TCVN3"),
    "an id that no disk takes": (TEXT, {"id": "m" * 300}, "--id: expected small letters"),
    "a day that is none": (TEXT, {"retrieved_on": "soon"}, "--retrieved-on: expected like"),
    "letters of no width alone": ("\u200b\u200c\ufeff\n", {}, "no letter in it"),
    "UTF-8 declared UTF-16": (TEXT, {"encoding": "utf-16"}, "the bytes are UTF-8, not utf-16"),
    "UTF-8 declared TCVN3": (TEXT, {"encoding": "tcvn3"}, "the bytes are UTF-8, not tcvn3"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_article_is_refused_by_name_and_nothing_written(tmp_path, desk_folder, case):  # noqa: F811
    data, arguments, said = REFUSED[case]
    path, before = tmp_path / "x.txt", files(desk_folder)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(ValueError, match=said):
        intake.add(path, **{"locality": "yen-minh", "published": "2024-05-06"} | arguments)
    assert files(desk_folder) == before


def test_an_article_of_one_long_line_goes_all_the_way(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("Đảng bộ huyện hiện có 41 TCCSĐ với 2.310 đảng viên " * 3000, "utf-8")
    for number in (1, 2):
        intake.add(path, locality="yen-minh", published="2024-05-06", id=f"long-{number}")
        path.write_text(path.read_text("utf-8") + "Hết", "utf-8")
    assert (
        len(corpus.read("long-1").text) > 140_000 > 300 > len(corpus.read("long-1").meta["title"])
    )


def test_a_link_in_the_folder_is_not_written_through(article, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (paths.raw() / "mau-2024.part").symlink_to(victim)
    (paths.raw() / "mau-2024.txt").symlink_to(victim)
    given = {"locality": "mau", "published": "2024-05-06", "name": "Mẫu"}
    with pytest.raises(intake.ArticleRefused, match=r"mau-2024\.txt: another file"):
        intake.add(article, **given)
    (paths.raw() / "mau-2024.txt").unlink()
    assert intake.add(article, **given) == "mau-2024" and victim.read_text() == "untouched"


# --- from nothing -------------------------------------------------------------------------------


def test_a_collection_begins_with_nothing_and_every_verb_and_loader_works(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    assert cli.main(["init", str(folder)]) == 0 and cli.main(["init", str(folder)]) == 1
    monkeypatch.setenv(paths.DATA_VARIABLE, str(folder))
    for verb in (["tables"], ["tables", "--check"], ["audit"], ["queue-export", f"{folder}.xlsx"]):
        assert cli.main(verb) == 0, verb
    assert len(corpus.documents()) == len(decisions.facts()) == len(decisions.codings()) == 0
    tables = [codebook.load(name) for name in ("measures", "rating_schemes")]
    assert len(statements.take(decisions.facts(), *tables)) == 0
    assert decisions.facts()["value"].dtype == "float64" and decisions.corrections() == []


def test_a_place_is_added_once_and_within_its_locality(article):
    assert desk.add_place("Thôn Đồng Văn", "yen-minh", level="village") == "thon-dong-van"
    place = codebook.load("localities").set_index("place_id").loc["thon-dong-van"]
    assert (place["locality_id"], place["province_vi"]) == ("yen-minh", "Hà Giang")
    for name, locality, said in [
        ("Thôn Đồng Văn", "yen-minh", "a place already"),
        ("Xã Mới", "nowhere", "unknown locality"),
        ("!", "yen-minh", "place_id: expected small letters"),
    ]:
        with pytest.raises(intake.ArticleRefused, match=said):
            desk.add_place(name, locality, level="commune")
    with pytest.raises(intake.ArticleRefused, match="level: expected one of"):
        desk.add_place("Xã Mới", "yen-minh", level="galaxy")


@pytest.mark.parametrize(
    "name", [".DS_Store", "._x.txt", "~$x.xlsx", ".~lock.facts.csv#", ".x.swp"]
)
def test_files_of_systems_and_editors_are_nothing_to_us(article, desk_folder, name):  # noqa: F811
    for part in ("raw", "processed"):
        (desk_folder / part / name).write_text("x")
    assert cli.main(["add", str(article), *NEW]) == 0 and len(corpus.read_all()) == 6
    assert desk.tables(check=False) in ([], ["facts", "codings"])
    assert all((desk_folder / part / name).exists() for part in ("raw", "processed"))


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
