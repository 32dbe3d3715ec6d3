"""pyproject.toml, requirements.lock and environment.yml name the same direct dependencies."""

import re
import tomllib

from helpers import paths

PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
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


def test_every_direct_dependency_is_pinned_with_hashes():
    lock = (paths.ROOT / "requirements.lock").read_text("utf-8")
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==\S+.*\\\n +--hash=sha256:", lock, re.MULTILINE)
    assert set(direct()) <= {name.lower().replace("_", "-") for name in pinned}
    entries = re.findall(r"^[A-Za-z0-9._-]+==", lock, re.MULTILINE)
    assert len(entries) == len(pinned), "an entry of the lock has no hash"


def test_the_lock_names_no_address():
    assert "://" not in (paths.ROOT / "requirements.lock").read_text("utf-8")
