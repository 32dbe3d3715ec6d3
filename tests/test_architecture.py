"""Imports point one way; the package that is imported is ours."""

import ast
import json
from importlib.metadata import distributions, packages_distributions

import helpers
from helpers import paths

SOURCE = paths.ROOT / "src" / "helpers"
# Each module, and the modules of ours that it may import.
MAY_IMPORT = {
    "paths": set(),
    "quantities": set(),
    "evidence": set(),
    "codebook": {"paths"},
    "corpus": {"paths", "codebook"},
}


def ours_imported_by(path) -> set[str]:
    """The modules of ``helpers`` that a file imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "helpers":
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {n.name.split(".")[1] for n in node.names if n.name.startswith("helpers.")}
    return found


def test_each_module_imports_only_earlier_ones():
    modules = {path.stem: path for path in SOURCE.glob("*.py") if not path.stem.startswith("__")}
    assert set(modules) == set(MAY_IMPORT), "a module is missing from the table, or gone"
    for name, path in modules.items():
        assert ours_imported_by(path) <= MAY_IMPORT[name], name


def test_the_table_has_no_circle():
    order = []
    while len(order) < len(MAY_IMPORT):
        free = [n for n, uses in MAY_IMPORT.items() if n not in order and uses <= set(order)]
        assert free, f"a circle among {sorted(set(MAY_IMPORT) - set(order))}"
        order += free


def test_only_report_knows_ipython_and_only_batch_knows_papermill():
    allowed = {"IPython": {"report", "warm"}, "papermill": {"batch", "execution"}}
    for path in SOURCE.glob("*.py"):
        tree = ast.walk(ast.parse(path.read_text("utf-8")))
        names = {
            n.name.split(".")[0]
            for node in tree
            if isinstance(node, ast.Import)
            for n in node.names
        }
        for library, modules in allowed.items():
            assert library not in names or path.stem in modules, f"{path.name} imports {library}"


def test_helpers_is_ours():
    assert SOURCE.samefile(helpers.__path__[0])
    assert packages_distributions().get("helpers", ["party-cell-notebooks"]) == [
        "party-cell-notebooks"
    ]
    for distribution in distributions():
        files = {str(file).split("/")[0] for file in distribution.files or []}
        assert "helpers" not in files, f"{distribution.name} ships a package named helpers"


def test_notebooks_use_no_other_notebook_and_no_batch():
    for path in paths.notebooks().glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        assert "%run" not in code and "batch" not in ours_imported_in(code), path.name


def ours_imported_in(code: str) -> set[str]:
    lines = [line for line in code.splitlines() if line.startswith("from helpers import")]
    return {name.strip() for line in lines for name in line.split("import")[1].split(",")}
