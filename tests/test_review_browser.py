"""A person at the desk: JupyterLab in a browser, mouse and keys, and what is on disk afterwards."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from desk_cases import DECIDED

from helpers import codebook, paths
from party_cells import desk

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
LONG = 120_000  # milliseconds: JupyterLab starts slowly on a busy machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The articles with nothing decided, and one that tries to break out of its text."""
    folder = tmp_path_factory.mktemp("lab") / "data"
    shutil.copytree(paths.ROOT / "data", folder)
    for table in DECIDED:
        (folder / "processed" / f"{table}.csv").unlink(missing_ok=True)
    hostile = folder.parent / "hostile.txt"
    hostile.write_text(f"{HOSTILE}\nĐảng bộ huyện có 77 đảng viên {HOSTILE}.\n", "utf-8")
    add = ["add", str(hostile), "--data", str(folder), "--locality", "yen-minh"]
    add += ["--published", "2020-01-01", "--title", HOSTILE]
    run = subprocess.run(
        [sys.executable, "-m", "party_cells", *add], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture(scope="module")
def lab(folder, browser):
    """A JupyterLab server on the folder; its address."""
    root = folder.parent / "notebooks"
    root.mkdir()
    for name, call in (
        ("figures", 'review.figures(by="lan")'),
        ("themes", 'review.themes("coder_1", language="vi")'),
    ):
        cell = nbformat.v4.new_code_cell(f"from party_cells.desk import review\n\n{call}")
        spec = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        nbformat.write(
            nbformat.v4.new_notebook(cells=[cell], metadata=spec), root / f"{name}.ipynb"
        )
    settings = folder.parent / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
    ]
    command += ["--IdentityProvider.token=", "--ServerApp.password="]
    places = {"HOME": folder.parent, "JUPYTERLAB_SETTINGS_DIR": folder.parent / "settings"}
    places |= {"JUPYTER_CONFIG_DIR": folder.parent / "config", paths.DATA_VARIABLE: folder}
    environment = os.environ | {name: str(place) for name, place in places.items()}
    log = open(folder.parent / "lab.log", "w")  # noqa: SIM115
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"{address}/api/status", server)
        yield address
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def _wait_for(address: str, server: subprocess.Popen) -> None:
    for _ in range(240):
        assert server.poll() is None, "JupyterLab ended before it began"
        try:
            urllib.request.urlopen(address, timeout=5)
            return
        except OSError:
            time.sleep(0.5)
    pytest.fail("JupyterLab did not start")


@contextmanager
def open_desk(browser, lab: str, name: str):
    """The desk that the one cell of a notebook shows, in a tab of its own."""
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    page.set_default_timeout(LONG)
    page.goto(f"{lab}/lab/workspaces/{name}/tree/{name}.ipynb")
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
    page.keyboard.press("Shift+Enter")
    shown = page.locator(".jp-NotebookPanel:visible .party-cells-desk")
    shown.wait_for()
    yield shown
    page.close()


@pytest.fixture(scope="module")
def shown(browser, lab, folder):
    os.environ[paths.DATA_VARIABLE] = str(folder)
    with open_desk(browser, lab, "figures") as desk_of_figures:
        yield desk_of_figures
    del os.environ[paths.DATA_VARIABLE]


def count(shown) -> int:
    """How many are decided, as the desk says."""
    return int(re.match(r"\d+", shown.locator(".count").inner_text())[0])


def decided(shown, number: int) -> None:
    """Wait until the desk has counted so many decisions."""
    shown.locator(".count").filter(has_text=re.compile(rf"^{number} /")).wait_for()


def choose_document(shown, document_id: str) -> None:
    shown.locator("[data-filter='document_id']").select_option(document_id)
    shown.locator(f".article[aria-label='{document_id}']").wait_for()


def fill(shown, name: str, value: str) -> None:
    field = shown.locator(f".fields [name='{name}']")
    if field.evaluate("node => node.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)


def go_to(shown, words: str) -> None:
    shown.locator(".list button").filter(
        has_text=re.compile(rf"^{re.escape(words)}\b")
    ).first.click()
    shown.locator(".about b").filter(has_text=re.compile(rf"^{re.escape(words)}$")).wait_for()


def select_words(shown, words: str) -> None:
    """Select words of the article as a mouse would, and let the desk know."""
    shown.locator(".article").evaluate(
        """(pane, words) => {
            const walker = document.createTreeWalker(pane, NodeFilter.SHOW_TEXT);
            let node;
            while ((node = walker.nextNode())) {
                const at = node.data.indexOf(words);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + words.length);
                const selection = window.getSelection();
                selection.removeAllRanges();
                selection.addRange(range);
                pane.dispatchEvent(new MouseEvent('mouseup', {bubbles: true}));
                return;
            }
            throw new Error('no such words: ' + words);
        }""",
        words,
    )


def checks():
    return codebook.load("checks").set_index("number_text")


def test_a_day_at_the_desk(shown, folder):
    page = shown.page
    choose_document(shown, "muong-lay-2019")
    go_to(shown, "1.142")
    assert shown.locator("mark.here").inner_text() == "1.142"

    shown.locator("[data-action='accept']").click()  # accept, with the mouse
    decided(shown, 1)
    assert checks().at["1.142", "decision"] == "accepted"
    assert checks().at["1.142", "decided_by"] == "lan"

    go_to(shown, "35")
    fill(shown, "level", "commune")
    fill(shown, "value", "36")  # the ends of the interval follow
    shown.locator("[data-action='correct']").click()  # correct
    decided(shown, 2)
    assert checks().loc["35", ["decision", "level"]].tolist() == ["corrected", "commune"]
    assert checks().loc["35", ["value", "value_low", "value_high"]].tolist() == [36, 36, 36]

    go_to(shown, "30")
    page.keyboard.press("r")  # reject, with a key: refused without a reason
    shown.locator(".said").filter(has_text="needs a reason").wait_for()
    fill(shown, "reason", "another sense of the words")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    decided(shown, 3)
    assert checks().at["30", "decision"] == "rejected"
    assert checks().at["30", "reason"] == "another sense of the words"

    page.keyboard.press("u")  # undo, with a key
    decided(shown, 2)
    assert "30" not in checks().index

    select_words(shown, "thị xã")  # add what the rules do not see
    page.keyboard.press("n")
    shown.locator(".about b").filter(has_text="thị xã").wait_for()
    for name, value in (("measure_id", "members"), ("value", "7"), ("value_low", "7")):
        fill(shown, name, value)
    fill(shown, "value_high", "7")
    shown.locator("[data-action='accept']").click()
    decided(shown, 3)
    added = checks().loc["thị xã"]
    text = desk.texts()["muong-lay-2019"]
    assert added["decision"] == "added" and added["value"] == 7
    assert text[added["char_start"] : added["char_end"]] == "thị xã"
    assert desk.tables(check=True) == []
    assert set(codebook.load("facts")["number_text"]) == {"1.142", "35", "thị xã"}
    page.screenshot(path=folder.parent / "desk.png")


def test_a_decision_that_does_not_fit_is_refused_and_what_was_typed_stays(shown):
    choose_document(shown, "nam-dong-2015")
    go_to(shown, "1.742")
    before = count(shown)
    fill(shown, "period_end", "9/11/2015")
    shown.locator("[data-action='accept']").click()
    shown.locator(".said").filter(has_text="period_end").wait_for()
    assert shown.locator(".fields [name='period_end']").input_value() == "9/11/2015"
    assert count(shown) == before


def test_hostile_text_stays_text(shown):
    choose_document(shown, "yen-minh-2020")
    shown.locator(".article").filter(has_text="onerror").wait_for()
    assert HOSTILE in shown.locator(".article").inner_text()
    assert shown.locator(".article img, .article script").count() == 0
    assert shown.page.evaluate("window.hacked") is None


def test_a_coder_sees_no_proposals_and_codes_by_selecting(browser, lab, folder, shown):
    for coder in ("1", "2"):
        (folder / "processed" / f"codings_coder_{coder}.csv").unlink(missing_ok=True)
    with open_desk(browser, lab, "themes") as own:
        choose_document(own, "yen-minh-2019")
        assert own.locator("mark").count() == 0 and own.locator(".list li").count() == 0
        select_words(own, "Đảng bộ huyện Yên Minh")
        own.locator("[data-action='add']").click()
        own.locator(".fields [name='theme_id']").wait_for()
        for name, value in (("theme_id", "admission"), ("status", "done")):
            fill(own, name, value)
        own.locator("[data-action='correct']").click()
        decided(own, 1)
        own.page.screenshot(path=folder.parent / "themes.png")
    coding = codebook.load("codings_coder_1").iloc[0]
    assert (coding["theme_id"], coding["quote"]) == ("admission", "Đảng bộ huyện Yên Minh")
