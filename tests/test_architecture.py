"""Imports point one way; the package that is imported is ours."""

import ast
import io
import json
import tokenize
from importlib.metadata import distributions, packages_distributions

import pytest

import helpers
from helpers import paths

SOURCE = paths.ROOT / "src"
# Each room of `helpers`, and the rooms that it may import: from a later stage to an earlier one.
MAY_IMPORT = {
    "agreement": set(),
    "evidence": set(),
    "paths": set(),
    "numbers": {"evidence"},
    "bounds": {"numbers"},
    "codebook": {"paths"},
    "corpus": {"codebook", "paths"},
    "report": {"bounds", "codebook", "corpus", "evidence", "numbers"},
    "rules": {"bounds"},
    "statements": {"bounds", "rules"},
    "decisions": {"bounds", "codebook", "corpus", "evidence", "numbers", "statements"},
    "likeness": {"rules", "statements"},
    "gate": {"likeness", "rules"},
    "indicators": {"bounds", "gate", "likeness", "rules", "statements"},
    "practices": {"gate", "likeness"},
    "figures": {"bounds", "numbers", "report"},
    "requests": {"bounds", "codebook", "gate", "indicators", "likeness", "rules", "statements"},
}
# Each room of `party_cells`, and the rooms of it that it may import; `helpers` is open to all.
ROOMS = {
    "audit": set(),
    "trials": set(),
    "proposer": set(),
    "desk": {"proposer", "audit"},
    "batch": {"desk", "proposer", "audit"},
    "cli": {"batch", "desk", "proposer", "audit"},
    "__main__": {"cli"},
}
# Lines of code: no blanks, comments or docstrings, so that nobody saves on those. No room may grow
# beyond what it has today; beside it stands what it is to come down to.
CEILINGS = {
    "src/helpers": (3330, 2200),
    "src/party_cells": (7280, 4000),
    "src/party_cells/proposer": (2480, 1300),
    "src/party_cells/desk": (2000, 1300),
    "src/party_cells/batch": (2270, 1150),
    "tests": (6230, 6000),
}
MODULES = {path.stem: path for path in (SOURCE / "helpers").glob("*.py") if path.stem != "__init__"}


def ours_imported_by(path, package: str) -> set[str]:
    """The rooms of a package that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package:
            named = node.module.split(".")[1:2]
            found |= set(named) if named else {alias.name for alias in node.names}
    return found


def files_of(room: str) -> list:
    folder = SOURCE / "party_cells" / room
    return [*folder.rglob("*.py")] if folder.is_dir() else [folder.with_suffix(".py")]


def test_each_room_imports_only_earlier_ones():
    assert set(MODULES) == set(MAY_IMPORT), "a room is missing from the table, or gone"
    for name, path in MODULES.items():
        assert ours_imported_by(path, "helpers") <= MAY_IMPORT[name], name
        assert not ours_imported_by(path, "party_cells"), name
    for name, earlier in ROOMS.items():
        for path in files_of(name):
            assert ours_imported_by(path, "party_cells") <= {name, *earlier}, path


def test_the_tables_have_no_circle():
    for table in (MAY_IMPORT, ROOMS):
        order = []
        while len(order) < len(table):
            free = [n for n, uses in table.items() if n not in order and uses <= set(order)]
            assert free, f"a circle among {sorted(set(table) - set(order))}"
            order += free


def lines_of_code(path) -> int:
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        return sum(bool(line.strip()) for line in text.splitlines())
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    rows = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (*skipped, tokenize.ENDMARKER):
            rows.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            rows -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(rows)


@pytest.mark.parametrize("room", CEILINGS)
def test_no_room_grows_beyond_its_ceiling(room):
    files = [f for f in (paths.ROOT / room).rglob("*") if f.suffix in (".py", ".js", ".css", ".j2")]
    sizes = {path.name: lines_of_code(path) for path in files}
    assert sum(sizes.values()) <= CEILINGS[room][0], sizes


def test_only_report_knows_ipython_and_only_batch_knows_papermill():
    allowed = {"IPython": {"report"}, "papermill": {"shell", "execution"}}
    for path in SOURCE.rglob("*.py"):
        name = path.parent.name if path.stem == "__init__" else path.stem
        tree = ast.walk(ast.parse(path.read_text("utf-8")))
        names = {
            n.name.split(".")[0]
            for node in tree
            if isinstance(node, ast.Import)
            for n in node.names
        }
        for library, modules in allowed.items():
            assert library not in names or name in modules, f"{name} imports {library}"


def test_helpers_is_ours():
    assert (SOURCE / "helpers").samefile(helpers.__path__[0])
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
