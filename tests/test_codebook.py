"""Tables fit their dictionary, or are refused by line and column; saving is whole and stable."""

import pandas as pd
import pytest

from helpers import codebook, corpus, paths
from party_cells.proposer import scoring


@pytest.mark.parametrize("table", sorted(codebook.dictionary()))
def test_every_table_fits_its_dictionary_and_is_saved_as_it_stands(table):
    frame = codebook.load(table)
    assert list(frame.columns)[: len(codebook.columns(table))] == codebook.columns(table)
    text = codebook.table_path(table).read_text("utf-8")
    order = sorted if table == "decisions" else list  # the log is in the order of its appending
    assert order(codebook.to_text(frame, table).split("\n")) == order(text.split("\n"))


def test_the_printed_dictionary_is_up_to_date():
    assert (paths.ROOT / "data" / "README.md").read_text("utf-8") == codebook.describe()


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("kind", "advert", "column kind: expected one of caption.*found 'advert'"),
        ("char_start", "a1", "line 5, column char_start: expected a whole number, found 'a1'"),
        ("char_start", "-4", "line 5, column char_start: expected at least 0, found '-4'"),
        ("char_start", None, "line 5, column char_start: expected a value"),
        ("document_id", "zzz", "expected a document_id of documents.csv, found 'zzz'"),
    ],
)
def test_a_bad_value_is_named_by_line_and_column(column, value, said):
    frame = pd.read_csv(codebook.table_path("furniture"), dtype="str")
    frame.loc[3, column] = value
    with pytest.raises(codebook.TableInvalid, match=said) as caught:
        codebook.validate(frame, "furniture")
    assert caught.value.rows["line"].tolist() == [5]


def test_a_missing_column_and_a_doubled_key_are_named():
    frame = codebook.load("furniture")
    with pytest.raises(codebook.TableInvalid, match="column kind: expected a column of this name"):
        codebook.validate(frame.drop(columns="kind"), "furniture")
    with pytest.raises(codebook.TableInvalid, match="a key that stands once"):
        codebook.validate(pd.concat([frame, frame.iloc[[2]]]), "furniture")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b'a,b\n"1,2\n'])
def test_a_file_that_is_no_table_is_refused(data_folder, content):
    (data_folder / "processed" / "furniture.csv").write_bytes(content)
    with pytest.raises(codebook.TableInvalid, match=r"furniture\.csv"):
        codebook.load("furniture")


def test_saving_sorts_by_key_and_leaves_nothing_beside(data_folder):
    frame = codebook.load("furniture")
    before = set((data_folder / "processed").iterdir())
    path = codebook.save(frame.sample(frac=1, random_state=1), "furniture")
    assert path.read_text("utf-8") == codebook.to_text(frame, "furniture")
    assert set((data_folder / "processed").iterdir()) == before


def test_an_invalid_table_is_not_written(data_folder):
    path = data_folder / "processed" / "furniture.csv"
    before = path.read_bytes()
    with pytest.raises(codebook.TableInvalid):
        codebook.save(codebook.load("furniture").assign(kind="advert"), "furniture")
    assert path.read_bytes() == before


@pytest.mark.parametrize("table", ["measures", "themes"])
def test_examples_are_words_of_an_article(table, articles):
    frame = codebook.load(table).dropna(subset=["example"])
    assert len(frame) > 30
    for row in frame.itertuples():
        assert row.example in articles[row.example_source], (row.example, row.example_source)


@pytest.fixture(scope="module")
def articles() -> dict[str, str]:
    """The canonical texts of the five articles and of the development articles, by stem."""
    texts = {document.document_id: document.text for document in corpus.read_all()}
    for path in (paths.ROOT / "tests" / "articles").rglob("*.txt"):
        texts[path.stem] = scoring.annotated(path.read_text("utf-8"))[0]
    return texts


def test_every_label_stands_in_both_languages():
    for table in ("measures", "themes", "rating_schemes", "vocabulary"):
        frame = codebook.load(table)
        for column in ("label_vi", "label_en"):
            assert frame[column].str.strip().ne("").all(), (table, column)


def test_closed_lists_of_the_dictionary_are_in_the_vocabulary():
    lists = codebook.load("vocabulary").groupby("list")["code"].agg(set)
    for column, table in [
        ("level", "facts"),
        ("bound", "facts"),
        ("period_kind", "facts"),
        ("stance", "codings"),
        ("value_basis", "facts"),
        ("unit", "facts"),
    ]:
        field = next(
            f for f in codebook.dictionary()[table]["schema"]["fields"] if f["name"] == column
        )
        assert set(field["constraints"]["enum"]) <= lists[column], column
