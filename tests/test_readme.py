"""The README quotes what the findings notebook asserts, and shows the figure that it names."""

import json
import re

import pytest

from helpers import codebook, paths

FINDINGS = json.loads((paths.notebooks() / "90-findings.ipynb").read_text("utf-8"))


def asserted_numbers() -> set[str]:
    """Every number in the assertions that close the findings notebook."""
    code = ["".join(cell["source"]) for cell in FINDINGS["cells"] if cell["cell_type"] == "code"]
    return set(re.findall(r"\d+", " ".join(text for text in code if "assert " in text)))


@pytest.mark.parametrize("name", ["README.md", "README.vi.md"])
def test_the_answer_quotes_only_asserted_numbers(name):
    text = (paths.ROOT / name).read_text("utf-8")
    answer = re.search(r"\*\*(The answer|Trả lời)\.\*\*(.*?)\n\n", text, re.DOTALL)[2]
    assert len(re.findall(r"\d+", answer)) > 8
    assert set(re.findall(r"\d+", answer)) <= asserted_numbers() | {"5"}


def test_two_of_the_five_name_no_limitation():
    themes, codings = codebook.load("themes"), codebook.load("codings")
    limitations = themes.loc[themes["kind"] == "limitation", "theme_id"]
    named = codings.loc[codings["theme_id"].isin(limitations), "document_id"].nunique()
    assert (len(codebook.load("documents")), named) == (5, 3)


def test_the_figure_is_the_one_of_the_first_notebook():
    notebook = json.loads((paths.notebooks() / "10-read-the-corpus.ipynb").read_text("utf-8"))
    outputs = [out for cell in notebook["cells"] for out in cell.get("outputs", [])]
    drawn = [
        out["data"]["image/svg+xml"] for out in outputs if "image/svg+xml" in out.get("data", {})
    ]
    shown = (paths.ROOT / "docs" / "evidence-map.svg").read_text("utf-8")
    assert shown == "".join(drawn[0]), "run `make docs/evidence-map.svg`"


def test_the_readme_lists_every_notebook():
    text = (paths.ROOT / "README.md").read_text("utf-8")
    assert {f"notebooks/{p.name}" for p in paths.notebooks().glob("*.ipynb")} == set(
        re.findall(r"notebooks/[\w-]+\.ipynb", text)
    )
