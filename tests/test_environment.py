"""pyproject.toml, requirements.lock and environment.yml name the same direct dependencies."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from benchmarks.__main__ import RESULTS, SCALE, scale
from helpers import codebook, paths

PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCKS = ("requirements.lock", "requirements-test.lock", ".ci/uv.lock")
EXTRAS = ("test", "build", "cluster")


def named(lines: list[str]) -> dict[str, str]:
    """Package and range of requirement lines such as ``pandas>=3.0,<4``."""
    split = [re.match(r"([A-Za-z0-9._-]+)\s*(.*)", line).groups() for line in lines]
    return {name.lower().replace("_", "-"): bounds for name, bounds in split}


def direct() -> dict[str, str]:
    extras = PROJECT["optional-dependencies"]
    return named(PROJECT["dependencies"] + [line for extra in EXTRAS for line in extras[extra]])


def test_the_conda_file_names_the_same_ranges():
    text = (paths.ROOT / "environment.yml").read_text("utf-8")
    lines = re.findall(r"^ +- ([A-Za-z].*)$", text.split("dependencies:")[1], re.MULTILINE)
    conda = named([line for line in lines if line not in ("pip", "pip:")])
    assert conda.pop("python") == PROJECT["requires-python"]
    assert conda == direct()


def test_every_dependency_is_pinned_once_with_hashes_and_no_address():
    pinned = {}
    for name in LOCKS:
        lock = (paths.ROOT / name).read_text("utf-8")
        assert "://" not in lock
        with_hash = re.findall(r"^([A-Za-z0-9._-]+)==\S+.*\\\n +--hash=sha256:", lock, re.MULTILINE)
        assert len(with_hash) == len(re.findall(r"^[A-Za-z0-9._-]+==", lock, re.MULTILINE)), name
        pinned[name] = {each.lower().replace("_", "-") for each in with_hash}
    assert not pinned[LOCKS[0]] & pinned[LOCKS[1]] and {*direct()} <= set().union(*pinned.values())
    first = (paths.ROOT / LOCKS[0]).read_text("utf-8")
    assert not re.search(r"^(pytest|nbval|distributed|playwright)==", first, re.MULTILINE)


@pytest.fixture
def bare(tmp_path):
    """A folder with what the environment is built from, and no uv on the path."""
    (tmp_path / ".ci").mkdir()
    for name in (".ci/environment", ".ci/uv.lock"):
        shutil.copy(paths.ROOT / name, tmp_path / name)
    for name in ("requirements.lock", "requirements-test.lock"):
        (tmp_path / name).write_text("not-a-package-anywhere==1.0 --hash=sha256:" + "0" * 64)
    return tmp_path


def test_offline_one_line_says_why_and_nothing_half_made_is_left(bare):
    """No index answers at the address that pip is given."""
    asked = os.environ | {"PATH": "/usr/bin:/bin", "PIP_INDEX_URL": "http://127.0.0.1:9/"}
    asked |= {"PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}
    command = ["sh", ".ci/environment", sys.executable]
    done = subprocess.run(command, cwd=bare, env=asked, capture_output=True, text=True)
    assert done.returncode == 1 and "building .venv, once" in done.stdout
    assert done.stderr.splitlines()[-1].endswith("nothing half-made was left")
    assert not (bare / ".venv").exists() and not (bare / ".venv-tools").exists()


def test_the_container_runs_the_two_commands():
    text = (paths.ROOT / "Dockerfile").read_text("utf-8")
    assert "RUN make report" in text and 'CMD ["make", "test"]' in text


def test_the_wheel_brings_what_init_copies():
    """`make stress` installs it; here is what it is told to hold."""
    about = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    held = {}
    for place, patterns in about["data-files"].items():
        for pattern in patterns:
            files = list(paths.ROOT.glob(pattern))
            assert files, pattern
            held |= {f"{place}/{file.name}": file for file in files}
    share = "share/party-cells"
    assert all(path == paths.ROOT / where.removeprefix(f"{share}/") for where, path in held.items())
    for table in (*codebook.CODEBOOKS, "crosswalks"):
        assert f"{share}/data/processed/{table}.csv" in held
    articles = {*(paths.ROOT / "tests" / "articles").rglob("*.txt")}
    assert articles <= {*held.values()} and {*paths.notebooks().glob("*.ipynb")} <= {*held.values()}


def test_the_page_of_scale_holds_what_was_measured_in_one_run():
    text = SCALE.read_text("utf-8")
    assert RESULTS.exists() == (RESULTS.name in text)
    assert not RESULTS.exists() or text == scale(json.loads(RESULTS.read_text("utf-8")))
