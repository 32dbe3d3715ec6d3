"""The raw folder is read whole and verified, or refused with the file's name."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import codebook, corpus, paths

WORDS = "Đảng bộ huyện Hoà Bình có 1.142 đảng viên, uỷ viên"


def test_the_five_articles_are_read():
    documents = corpus.read_all()
    assert [d.document_id for d in documents] == sorted(
        ["yen-minh-2019", "muong-lay-2019", "nam-dong-2015", "muong-khuong-2022", "kien-xuong-2023"]
    )
    assert all(unicodedata.is_normalized("NFC", document.text) for document in documents)


def test_newlines_stay_as_they_are_in_the_file():
    assert corpus.decode("một\r\nhai\nba".encode()) == "một\r\nhai\nba"


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("utf-8", WORDS.encode()),
        ("utf-8", "\ufeff".encode() + WORDS.encode()),
        ("utf-8", unicodedata.normalize("NFD", WORDS).encode()),
        ("utf-16", WORDS.encode("utf-16")),
        ("utf-16-le", WORDS.encode("utf-16-le")),
        ("windows-1258", None),
        ("tcvn3", None),
    ],
)
def test_every_encoding_gives_the_same_text(encoding, data):
    assert corpus.decode(data or legacy(WORDS, encoding), encoding) == WORDS


def legacy(text: str, encoding: str) -> bytes:
    """The bytes of a text in an encoding that writes some letters as base and tone."""
    one_byte = (
        {chr_: bytes([b]) for b, chr_ in corpus._TCVN3.items()} if encoding == "tcvn3" else {}
    )
    out = b""
    for letter in text:
        if letter in one_byte or letter.isascii():
            out += one_byte.get(letter, letter.encode())
            continue
        base, tone = letter, ""
        for mark in "\u0300\u0309\u0303\u0301\u0323":
            decomposed = unicodedata.normalize("NFD", letter)
            if mark in decomposed:
                base, tone = unicodedata.normalize("NFC", decomposed.replace(mark, "")), mark
        out += one_byte[base] if base in one_byte else base.encode("cp1258")
        out += tone.encode("cp1258") if encoding != "tcvn3" else one_byte.get(tone, b"")
    return out


def test_undeclared_legacy_bytes_show_how_each_encoding_reads_them():
    with pytest.raises(corpus.CorpusInvalid, match="declare the encoding.*Đảng bộ"):
        corpus.decode(legacy(WORDS, "windows-1258"))


def test_a_byte_that_cannot_be_decoded_is_named():
    with pytest.raises(corpus.CorpusInvalid, match="byte 3 cannot be decoded as tcvn3"):
        corpus.decode(b"abc\x81", "tcvn3")


def test_an_unknown_encoding_names_the_known_ones():
    with pytest.raises(corpus.CorpusInvalid, match="unknown encoding 'vni'.*tcvn3"):
        corpus.decode(b"abc", "vni")


@given(st.binary(max_size=300), st.sampled_from([None, *corpus.ENCODINGS]))
def test_any_bytes_are_read_or_refused(data, encoding):
    try:
        assert unicodedata.is_normalized("NFC", corpus.decode(data, encoding))
    except corpus.CorpusInvalid:
        pass


def manifest(change=None) -> None:
    """Write the manifest of the data folder in use again, changed."""
    frame = pd.read_csv(paths.raw() / "documents.csv", dtype="str", keep_default_na=False)
    (change(frame) if change else frame).to_csv(paths.raw() / "documents.csv", index=False)


def test_a_changed_file_is_named(data_folder):
    (data_folder / "raw" / "yen-minh-2019.txt").write_text("khác", "utf-8")
    with pytest.raises(corpus.CorpusInvalid, match=r"yen-minh-2019\.txt: checksum .* restore it"):
        corpus.read("yen-minh-2019")


def test_only_the_articles_named_are_read(data_folder):
    (data_folder / "raw" / "yen-minh-2019.txt").write_text("khác", "utf-8")
    assert [one.document_id for one in corpus.read_all(["nam-dong-2015"])] == ["nam-dong-2015"]


def test_a_missing_file_is_named(data_folder):
    (data_folder / "raw" / "yen-minh-2019.txt").unlink()
    with pytest.raises(corpus.CorpusInvalid, match=r"yen-minh-2019\.txt: listed .* not in"):
        corpus.read_all()


def test_an_unlisted_text_is_named(data_folder):
    (data_folder / "raw" / "new.txt").write_text("mới", "utf-8")
    with pytest.raises(corpus.CorpusInvalid, match=r"new\.txt: not listed"):
        corpus.documents()


def test_a_file_listed_twice_is_named(data_folder):
    manifest(lambda f: pd.concat([f, f.iloc[[0]].assign(document_id="again")]))
    with pytest.raises(corpus.CorpusInvalid, match="listed twice"):
        corpus.documents()


@pytest.mark.parametrize("file", ["../processed/x.txt", "/etc/x.txt", "..\\x.txt"])
def test_a_path_that_leaves_the_folder_is_refused(data_folder, file):
    (data_folder / "processed" / "x.txt").write_text("ngoài", "utf-8")
    manifest(lambda f: f.assign(file=[file, *f["file"][1:]]))
    with pytest.raises((corpus.CorpusInvalid, codebook.TableInvalid), match=r"x\.txt"):
        corpus.documents()


def test_a_link_out_of_the_folder_is_refused(data_folder, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("ngoài", "utf-8")
    (data_folder / "raw" / "yen-minh-2019.txt").unlink()
    (data_folder / "raw" / "yen-minh-2019.txt").symlink_to(outside)
    with pytest.raises(corpus.CorpusInvalid, match="leaves raw/"):
        corpus.documents()


def test_an_unknown_document_names_the_known_ones():
    with pytest.raises(corpus.CorpusInvalid, match="known documents: .*kien-xuong-2023"):
        corpus.read("hanoi")


def test_an_unknown_locality_names_the_known_ones():
    with pytest.raises(corpus.CorpusInvalid, match="known localities: .*yen-minh"):
        corpus.about("hanoi")
