"""Every notebook is an essay in two languages, run from top to bottom, with nothing stray in it."""

import ast
import json
import re
import statistics

import pytest

from helpers import codebook, paths

NOTEBOOKS = sorted(paths.notebooks().glob("*.ipynb"))
MOST_BYTES = 400_000  # of a committed notebook, so that its changes can be read


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> dict:
    return json.loads(request.param.read_text("utf-8")) | {"stem": request.param.stem}


def code_cells(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def test_the_collection_is_complete():
    stems = [path.stem for path in NOTEBOOKS]
    assert "template" in stems and len(stems) >= 10
    assert all(re.fullmatch(r"\d\d-[a-z]+(-[a-z]+)*|template", stem) for stem in stems)


def test_a_notebook_is_small_enough_to_read_its_changes(notebook):
    size = len(json.dumps(notebook, ensure_ascii=False, indent=1).encode())
    assert size <= MOST_BYTES, f"{size} bytes; show fewer or smaller outputs"


def test_cells_were_run_once_in_order(notebook):
    counts = [cell["execution_count"] for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_outputs_hold_no_error_no_stderr_and_no_path(notebook):
    for cell in code_cells(notebook):
        for output in cell["outputs"]:
            assert output["output_type"] != "error" and output.get("name") != "stderr"
    text = json.dumps(notebook, ensure_ascii=False)
    assert not re.search(r"(/home|/root|/tmp|/Users|[A-Z]:\\\\)[/\\\\\w]", text)


def test_code_is_short_and_has_no_functions(notebook):
    lines = [len([x for x in source(c).splitlines() if x.strip()]) for c in code_cells(notebook)]
    assert max(lines) <= 15 and statistics.median(lines) <= 10
    for cell in code_cells(notebook):
        assert not any(isinstance(n, ast.FunctionDef) for n in ast.walk(ast.parse(source(cell))))


def test_parameters_are_typed_and_explained(notebook):
    if notebook["stem"] == "template":
        return  # it begins as any notebook does
    tagged = [c for c in code_cells(notebook) if "parameters" in c["metadata"].get("tags", [])]
    assert len(tagged) == 1
    body = ast.parse(source(tagged[0])).body
    assert 1 <= len(body) <= 6
    assert all(isinstance(node, ast.AnnAssign) for node in body)
    assert all("#" in line for line in source(tagged[0]).splitlines() if line.strip())
    assert any(node.target.id == "language" for node in body)


def test_no_cell_was_injected(notebook):
    tags = [tag for cell in notebook["cells"] for tag in cell["metadata"].get("tags", [])]
    assert "injected-parameters" not in tags


def test_prose_comes_in_pairs_with_the_same_numbers_and_links(notebook):
    own = notebook["cells"][10 if notebook["stem"] == "template" else 0 :]
    prose = [cell for cell in own if cell["cell_type"] == "markdown"]
    tags = [cell["metadata"]["tags"] for cell in prose]
    assert tags == [["en"], ["vi"]] * (len(prose) // 2)
    for english, vietnamese in zip(prose[::2], prose[1::2], strict=True):
        assert digits(source(english)) == digits(source(vietnamese))
        assert links(source(english)) == links(source(vietnamese))


def digits(text: str) -> list[str]:
    """The numbers of a text, whatever marks group them."""
    without_links = re.sub(r"\]\([^)]*\)", "]", text)
    return sorted(re.sub(r"[.,]", "", n) for n in re.findall(r"\d[\d.,]*\d|\d", without_links))


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", text)


def test_links_between_notebooks_lead_somewhere(notebook):
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            for link in links(source(cell)):
                assert (paths.notebooks() / link).exists(), link


def test_code_is_followed_by_prose_within_four_cells(notebook):
    kinds = "".join("c" if c["cell_type"] == "code" else "m" for c in notebook["cells"])
    assert "ccccc" not in kinds


def test_its_inputs_are_tables_and_its_title_stands_in_both_languages(notebook):
    meta = notebook["metadata"]["party_cells"]
    assert set(meta["inputs"]) <= set(codebook.dictionary())
    for words in (meta["title"], meta["question"]):
        assert words["en"].strip() and words["vi"].strip()


def test_tables_read_are_declared_as_inputs(notebook):
    code = "\n".join(source(cell) for cell in code_cells(notebook))
    read = set(re.findall(r'codebook\.load\("(\w+)"\)', code))
    assert read <= set(notebook["metadata"]["party_cells"]["inputs"]) | {"vocabulary"}


def test_the_kernel_is_the_plain_one(notebook):
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
