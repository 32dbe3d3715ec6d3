"""What is untrusted cannot run, and what could run it is not used."""

import ast
import os
import re
import subprocess
import sys
import time
import zipfile

import openpyxl
import pytest

from helpers import paths
from party_cells.desk import spreadsheet

# Calls that run what they read; each would need a reason to be here.
FORBIDDEN = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load"),
    *("pickle.loads", "marshal.loads", "shelve.open", "yaml.load", "yaml.unsafe_load"),
    *("pandas.read_pickle", "pd.read_pickle", "pd.eval", "tempfile.mktemp"),
}
MODULES = {"pickle", "marshal", "shelve", "yaml", "joblib", "dill", "cloudpickle", "telnetlib"}
SOURCES = (paths.ROOT / "src").rglob("*.py")
OURS = [*sorted(SOURCES), *sorted((paths.ROOT / "benchmarks").glob("*.py"))]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_no_code_runs_what_it_reads(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name.split(".")[0] for alias in node.names}
            names |= {(getattr(node, "module", "") or "").split(".")[0]}
            assert not names & MODULES, f"line {node.lineno} imports {names & MODULES}"
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in FORBIDDEN, f"line {node.lineno}"
            shell = [word for word in node.keywords if word.arg == "shell"]
            assert not shell, f"line {node.lineno}: give a list of arguments, no shell"


def test_notebooks_ask_no_address_and_install_nothing():
    for path in sorted(paths.notebooks().glob("*.ipynb")):
        text = path.read_text("utf-8")
        assert not re.search(r"%(?:pip|conda)|!\w|urlopen|requests\.(?:get|post)", text), path.name


def test_every_dependency_is_pinned_by_hash():
    lock = (paths.ROOT / "requirements.lock").read_text("utf-8")
    pinned = re.findall(r"^[\w.\[\]-]+==[^\s;]+.*(?:\n(?: .*))*", lock, re.MULTILINE)
    assert len(pinned) > 50
    assert [entry.split("\n")[0] for entry in pinned if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|--(?:extra-)?index-url|git\+", lock)


def test_a_dependency_that_could_not_be_asked_about_is_not_reported_as_safe():
    """Without --strict, pip-audit says "none found" of packages that it could not look up."""
    asked = (paths.ROOT / "Makefile").read_text("utf-8")
    assert re.search(r"pip_audit (?=.*--strict)(?=.*requirements\.lock)", asked)


def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheet, "LARGEST", 1 << 20)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", b"0" * (2 << 20))
    with pytest.raises(ValueError, match=r"bomb\.xlsx: .*more than 1 MB when unpacked"):
        spreadsheet.read(bomb)


def test_a_workbook_cannot_name_entities_that_grow(tmp_path):
    assert openpyxl.DEFUSEDXML, "defusedxml is in the lock, so that openpyxl uses it"


def test_jupyterlab_starts_with_its_token_and_for_this_machine_alone():
    lab = re.search(r"^lab:.*\n((?:\t.*\n)+)", (paths.ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "jupyterlab" in lab[1]
    assert not re.search(r"token|password|ip=|allow_origin|disable_check_xsrf", lab[1])


def test_a_request_without_the_token_is_turned_away(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    environment |= {"HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "run")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", "--allow-root"]
    lab = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        told = (re.search(r"http://\S+token=\w{20,}", line) for line in lab.stderr)
        base, _, token = next(filter(None, told))[0].partition("/lab?")
        assert base.startswith(("http://localhost:", "http://127.0.0.1:"))
        assert [status(f"{base}/api/contents{end}") for end in ("", f"?{token}")] == [403, 200]
    finally:
        lab.kill()
        lab.wait()


def status(address: str) -> int:
    """The status that a server on this machine answers with."""
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, build_opener

    for _ in range(50):
        try:
            return build_opener(ProxyHandler({})).open(address, timeout=20).status
        except HTTPError as error:
            return error.code
        except OSError:  # it listens a moment later
            time.sleep(0.1)
    return 0
