"""Fixtures that several test files share."""

import os
import shutil
from pathlib import Path

import pytest

from helpers import paths

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


def pytest_sessionfinish(session):
    """Where CI is set, what was skipped has failed."""
    told = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and told and told.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, or a skip by name; where CI is set its absence is a failure."""
    if not BROWSER:
        said = "no Chromium on this machine; on Debian: apt-get install chromium"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch) -> Path:
    """A copy of the project's data that a test may change; it is the data folder in use."""
    folder = tmp_path / "data"
    shutil.copytree(paths.ROOT / "data", folder)
    monkeypatch.setenv(paths.DATA_VARIABLE, str(folder))
    return folder
