"""Every notebook is an essay in two languages, and runs from top to bottom on any collection."""

import ast
import json
import re
import statistics

import nbformat
import pytest

from benchmarks import invented
from helpers import codebook, paths, report
from party_cells.desk import intake

NOTEBOOKS = {
    path.stem: nbformat.read(path, 4) for path in sorted(paths.notebooks().glob("*.ipynb"))
}
MOST_BYTES = 400_000  # of a committed notebook, so that its changes can be read
OF_THEIR_OWN = ("25", "86")  # on annotated and on invented articles, whatever the collection
QUICK = {"repeats": 20, "widest_gap": 1, "request_count": 2}  # parameters that cost time
FIVE = codebook.load("localities").query("place_id == locality_id")

of_every_notebook = pytest.mark.parametrize("stem", NOTEBOOKS)


def code(stem: str) -> list:
    return [cell for cell in NOTEBOOKS[stem].cells if cell.cell_type == "code"]


def prose(stem: str) -> list:
    return [cell for cell in NOTEBOOKS[stem].cells if cell.cell_type == "markdown"]


@of_every_notebook
def test_it_was_run_once_in_order_and_holds_nothing_stray(stem):
    assert re.fullmatch(r"\d\d-[a-z]+(-[a-z]+)*|template", stem)
    assert [c.execution_count for c in code(stem)] == [*range(1, len(code(stem)) + 1)]
    for output in (output for cell in code(stem) for output in cell.outputs):
        assert output.output_type != "error" and output.get("name") != "stderr"
    text = json.dumps(NOTEBOOKS[stem], ensure_ascii=False, indent=1)
    assert not re.search(r"(/home|/root|/tmp|/Users|[A-Z]:\\\\)[/\\\\\w]|injected-parameters", text)
    assert len(text.encode()) <= MOST_BYTES, "show fewer or smaller outputs"
    assert NOTEBOOKS[stem].metadata.kernelspec.name == "python3"


@of_every_notebook
def test_code_is_short_has_no_functions_and_is_followed_by_prose(stem):
    lines = [len([x for x in cell.source.splitlines() if x.strip()]) for cell in code(stem)]
    assert max(lines) <= 15 and statistics.median(lines) <= 10
    for cell in code(stem):
        assert not any(isinstance(n, ast.FunctionDef) for n in ast.walk(ast.parse(cell.source)))
    assert "ccccc" not in "".join(cell.cell_type[0] for cell in NOTEBOOKS[stem].cells)


@of_every_notebook
def test_parameters_are_typed_and_explained(stem):
    if stem == "template":
        return  # it begins as any notebook does
    (tagged,) = [c for c in code(stem) if "parameters" in c.metadata.get("tags", [])]
    body = ast.parse(tagged.source).body
    assert 1 <= len(body) <= 6 and all(isinstance(node, ast.AnnAssign) for node in body)
    assert all("#" in line for line in tagged.source.splitlines() if line.strip())
    assert any(node.target.id == "language" for node in body)


@of_every_notebook
def test_prose_comes_in_pairs_with_the_same_numbers_and_links(stem):
    own = [cell for cell in prose(stem) if stem != "template" or cell.metadata.get("tags")]
    assert [c.metadata.tags for c in own] == [["en"], ["vi"]] * (len(own) // 2)
    for english, vietnamese in zip(own[::2], own[1::2], strict=True):
        assert digits(english.source) == digits(vietnamese.source)
        assert links(english.source) == links(vietnamese.source)
    for link in (link for cell in own for link in links(cell.source)):
        assert (paths.notebooks() / link).exists(), link


def digits(text: str) -> list[str]:
    """The numbers of a text, whatever marks group them."""
    without_links = re.sub(r"\]\([^)]*\)", "]", text)
    return sorted(re.sub(r"[.,]", "", n) for n in re.findall(r"\d[\d.,]*\d|\d", without_links))


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", text)


@of_every_notebook
def test_it_says_what_it_reads_and_what_it_asks(stem):
    about = NOTEBOOKS[stem].metadata.party_cells
    assert set(about.inputs) <= set(codebook.dictionary())
    for words in (about.title, about.question):
        assert words.en.strip() and words.vi.strip()
    text = "\n".join(cell.source for cell in code(stem))
    read = set(re.findall(r'codebook\.load\("(\w+)"\)', text))
    assert read <= {*about.inputs, "vocabulary"}


@of_every_notebook
def test_it_names_no_locality_unless_it_is_about_it(stem):
    if "collection" in NOTEBOOKS[stem].metadata.party_cells:
        return
    told = "\n".join(cell.source for cell in NOTEBOOKS[stem].cells)
    for name in [*FIVE["place_id"], *FIVE["name_vi"], *FIVE["name_en"]]:
        assert name not in told, name


@pytest.fixture(scope="module", params=["empty", "one locality", "nothing decided"])
def collection(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "own"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.DATA_VARIABLE, str(folder))
        if request.param == "empty":
            intake.init(folder)
        else:
            invented.write_collection(folder, localities=2 - ("one" in request.param), years=1)
        for name in ("decisions", "facts", "codings") if "nothing" in request.param else ():
            codebook.table_path(name).write_text(",".join(codebook.columns(name)) + "\n", "utf-8")
        yield


@pytest.mark.parametrize("stem", [s for s in NOTEBOOKS if s[:2] not in OF_THEIR_OWN])
def test_it_runs_on_any_collection(collection, stem, monkeypatch):
    shown, names = [], {}
    made = report.Shown
    monkeypatch.setattr(report, "Shown", lambda *a, **b: shown.append(made(*a, **b)) or shown[-1])
    for cell in code(stem):
        exec(cell.source, names)
        names |= {name: value for name, value in QUICK.items() if name in names}
    assert shown
    for part in (part for one in shown for part in one.parts.values()):
        assert not re.search(r"\b(nan|None|NaT)\b|\(\)|“”", part["text"]), part["text"]
        assert part.get("rows", [""]) or "<th" not in part["html"], "a header without rows"
