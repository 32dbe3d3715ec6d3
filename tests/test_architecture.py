"""Imports point one way; the package that is imported is ours."""

import ast
import json
from importlib.metadata import distributions, packages_distributions

import helpers
from helpers import paths

SOURCE = paths.ROOT / "src" / "helpers"
# Each module, and the modules of ours that it may import: from a later stage to an earlier one.
# A folder is a room: its `__init__` is what others use, the modules beside it are its own.
MAY_IMPORT = {
    "agreement": set(),
    "desk.spreadsheet": set(),
    "evidence": set(),
    "paths": set(),
    "quantities": set(),
    "batch.grid": {"paths"},
    "bounds": {"quantities"},
    "codebook": {"paths"},
    "extract.lexicon": {"evidence", "quantities"},
    "audit": {"bounds", "quantities"},
    "batch.warm": {"codebook", "paths"},
    "corpus": {"codebook", "paths"},
    "desk.storage": {"codebook", "paths"},
    "extract.periods": {"extract.lexicon", "quantities"},
    "extract.places": {"evidence", "extract.lexicon", "quantities"},
    "extract.readings": {"evidence", "extract.lexicon", "quantities"},
    "report": {"bounds", "codebook", "quantities"},
    "statements": {"bounds"},
    "desk.derivation": {"desk.storage", "evidence"},
    "desk.intake": {"codebook", "corpus", "desk.storage", "evidence", "paths"},
    "extract.remainder": {"extract.lexicon", "extract.readings", "quantities"},
    "extract.themes": {"codebook", "evidence", "extract.lexicon", "extract.places"},
    "figures.drawing": {"bounds", "quantities", "report"},
    "gate": {"bounds", "statements"},
    "indicators": {"bounds", "statements"},
    "profiles": {"bounds", "codebook", "report"},
    "desk": {"audit", "codebook", "corpus", "desk.derivation", "desk.storage", "statements"},
    "extract": {
        "codebook",
        "evidence",
        "extract.lexicon",
        "extract.periods",
        "extract.places",
        "extract.readings",
        "extract.remainder",
        "extract.themes",
        "quantities",
    },
    "figures": {"bounds", "codebook", "figures.drawing", "quantities", "report"},
    "publish.passages": {"audit", "bounds", "codebook", "desk", "report"},
    "publish.downloads": {"codebook", "publish.passages", "report"},
    "scenarios": {"gate", "statements"},
    "synthetic": {"bounds", "codebook", "gate", "paths", "statements"},
    "desk.worklist": {
        "codebook",
        "corpus",
        "desk",
        "desk.derivation",
        "desk.spreadsheet",
        "desk.storage",
        "evidence",
        "extract",
    },
    "extract.scoring": {"bounds", "corpus", "evidence", "extract", "report"},
    "publish": {"audit", "publish.downloads", "publish.passages", "report"},
    "batch.execution": {"batch.grid", "batch.warm", "paths", "publish"},
    "desk.review": {
        "codebook",
        "corpus",
        "desk",
        "desk.derivation",
        "desk.storage",
        "desk.worklist",
        "evidence",
        "quantities",
        "report",
    },
    "desk.verbs": {
        "audit",
        "codebook",
        "corpus",
        "desk",
        "desk.intake",
        "desk.storage",
        "desk.worklist",
        "paths",
    },
    "batch": {"batch.execution", "batch.grid", "batch.warm", "paths", "publish"},
    "batch.proposals": {"batch", "batch.grid", "codebook", "corpus", "desk.worklist", "paths"},
}


SIDE_DOORS = {
    "batch.proposals": {"desk.worklist"},
}


def module_name(path) -> str:
    """``extract.lexicon`` for ``extract/lexicon.py``, ``extract`` for ``extract/__init__.py``."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    module_name(path): path
    for path in SOURCE.rglob("*.py")
    if path not in (SOURCE / "__init__.py", SOURCE / "__main__.py")
}


def ours_imported_by(name: str) -> set[str]:
    """The modules of ``helpers`` that a module imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
            room = node.module.removeprefix("helpers").lstrip(".")
            for alias in node.names:
                whole = f"{room}.{alias.name}".lstrip(".")
                found.add(whole if whole in MODULES else room)
    return found - {name, ""}


def test_each_module_imports_only_earlier_ones():
    assert set(MODULES) == set(MAY_IMPORT), "a module is missing from the table, or gone"
    for name in MODULES:
        assert ours_imported_by(name) <= MAY_IMPORT[name], name


def test_a_room_is_entered_by_its_door():
    """Only the room itself, the command line and notebooks' optional parts go past ``__init__``."""
    for name, used in MAY_IMPORT.items():
        inside = {one for one in used if "." in one and one.split(".")[0] != name.split(".")[0]}
        assert inside <= SIDE_DOORS.get(name, set()), (name, inside)


def test_the_table_has_no_circle():
    order = []
    while len(order) < len(MAY_IMPORT):
        free = [n for n, uses in MAY_IMPORT.items() if n not in order and uses <= set(order)]
        assert free, f"a circle among {sorted(set(MAY_IMPORT) - set(order))}"
        order += free


def test_only_report_knows_ipython_and_only_batch_knows_papermill():
    allowed = {"IPython": {"report", "batch.warm"}, "papermill": {"batch", "batch.execution"}}
    for name, path in MODULES.items():
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
