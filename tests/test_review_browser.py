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
from pathlib import Path

import nbformat
import pytest
from desk_cases import DECIDED
from playwright.sync_api import expect

from helpers import codebook, paths
from party_cells.desk import storage

HOSTILE = '<img src=x onerror="window.hacked=1"><svg onload="window.hacked=1">'  # no page: added
LONG = 60_000  # milliseconds: JupyterLab starts slowly on a busy machine


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
        ("second", "review.figures()"),
        ("themes", 'review.themes("coder_1", language="vi", blind=True)'),
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
    command = f"-m jupyterlab --no-browser --allow-root --ServerApp.root_dir={root} "
    command += f"--ServerApp.port={port} --ServerApp.ip=127.0.0.1 --ServerApp.password= "
    command += "--IdentityProvider.token= --ServerApp.disable_check_xsrf=True"
    places = {"HOME": folder.parent, "JUPYTERLAB_SETTINGS_DIR": folder.parent / "settings"}
    places |= {"JUPYTER_CONFIG_DIR": folder.parent / "config", paths.DATA_VARIABLE: folder}
    environment = os.environ | {name: str(place) for name, place in places.items()}
    log = open(folder.parent / "lab.log", "w")  # noqa: SIM115
    server = subprocess.Popen(
        [sys.executable, *command.split()], env=environment, stdout=log, stderr=log
    )
    try:
        _wait_for(f"{address}/api/status", server)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:  # it waits for kernels that were restarted
            server.kill()
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


@pytest.fixture
def opened(browser, lab, folder, monkeypatch):
    """Open the desk of a notebook in a tab of its own, with nothing decided."""
    monkeypatch.setenv(paths.DATA_VARIABLE, str(folder))
    for table in DECIDED:
        codebook.table_path(table).unlink(missing_ok=True)
    contexts = []

    def open_desk(name: str, run: bool = True, width: int = 1500, **context):
        contexts.append(browser.new_context(viewport={"width": width, "height": 1000}, **context))
        page = contexts[-1].new_page()
        page.set_default_timeout(LONG)
        page.goto(f"{lab}/lab/workspaces/{name}{len(contexts)}/tree/{name}.ipynb")
        if run:
            run_cell(page)
        shown = page.locator(".jp-NotebookPanel:visible .party-cells-desk")
        shown.wait_for()
        return shown

    yield open_desk
    for context in contexts:
        context.close()


def decided(shown, number: int) -> None:
    """Wait until the desk has counted so many decisions, and look at the disk."""
    expect(shown.locator(".count")).to_have_text(re.compile(rf"^{number} /"), timeout=20_000)
    assert len(storage.rows("checks")) == number


def choose(shown, document_id: str) -> None:
    shown.locator("select[name='document_id']").select_option(document_id)
    expect(shown.locator(".article > div")).to_have_attribute("data-document_id", document_id)


def fill(shown, name: str, value: str) -> None:
    field = shown.locator(f".form [name='{name}']")
    if not field.is_visible():
        shown.locator(".more > summary").click()
    if field.evaluate("node => node.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)


def go_to(shown, words: str) -> None:
    shown.locator(".list button").filter(
        has=shown.page.get_by_text(words, exact=True)
    ).first.click()
    expect(shown.locator(".about b")).to_have_text(words)
    shown.page.wait_for_timeout(350)  # a row is looked at before it is decided on


def begin(shown) -> None:
    choose(shown, "kien-xuong-2023")
    go_to(shown, "439")


def select_words(shown, words: str) -> None:
    """Select words of the article as a mouse would, and let the desk know."""
    shown.locator(".article").evaluate(
        """(pane, words) => {
            const walker = document.createTreeWalker(pane, NodeFilter.SHOW_TEXT);
            while (walker.nextNode() && !walker.currentNode.data.includes(words));
            const node = walker.currentNode, at = node.data.indexOf(words);
            window.getSelection().setBaseAndExtent(node, at, node, at + words.length);
            pane.dispatchEvent(new MouseEvent('mouseup', {bubbles: true}));
        }""",
        words,
    )


def run_cell(page) -> None:
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=2 * LONG)
    page.keyboard.press("Shift+Enter")


def restart(lab: str, name: str) -> None:
    with urllib.request.urlopen(f"{lab}/api/sessions") as answer:
        sessions = json.load(answer)
    (kernel,) = [each["kernel"]["id"] for each in sessions if name in each["path"]]
    asked = urllib.request.Request(f"{lab}/api/kernels/{kernel}/restart", data=b"", method="POST")
    urllib.request.urlopen(asked).close()


def test_a_day_at_the_desk(opened, folder):
    shown = opened("figures")
    page = shown.page
    page.screenshot(path=folder.parent / "first.png")
    choose(shown, "muong-lay-2019")
    go_to(shown, "1.142")
    assert shown.locator("mark.here").inner_text() == "1.142"
    assert shown.locator("mark.number").count() > 0
    shown.locator("[data-press='a']").click()  # accept, with the mouse
    decided(shown, 1)

    go_to(shown, "35")
    fill(shown, "value", "36")  # the ends of the interval follow
    fill(shown, "value_basis", "misprint")
    fill(shown, "level", "commune")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    decided(shown, 2)

    go_to(shown, "30")
    page.keyboard.press("r")  # reject: by number, never without a reason
    page.keyboard.press("2")
    decided(shown, 3)
    page.keyboard.press("u")  # undo
    decided(shown, 2)

    select_words(shown, "thị xã")  # add what the rules do not see
    page.keyboard.press("n")
    expect(shown.locator(".about b")).to_have_text("thị xã")
    fill(shown, "measure_id", "Members")
    fill(shown, "value", "7")
    page.wait_for_timeout(350)
    page.keyboard.press("Enter")
    decided(shown, 3)
    rows = {row["number_text"]: row for row in storage.rows("checks")}
    assert [rows["1.142"][n] for n in ("decision", "decided_by")] == ["accepted", "lan"]
    names = ("decision", "level", "value", "value_low", "value_high")
    assert [rows["35"][name] for name in names] == ["corrected", "commune", "36", "36", "36"]
    names = ("decision", "measure_id", "value")
    assert [rows["thị xã"][name] for name in names] == ["added", "members", "7"]
    page.screenshot(path=folder.parent / "desk.png")


def test_a_key_held_down_and_a_double_click_decide_once(opened):
    shown = opened("figures")
    choose(shown, "kien-xuong-2023")
    go_to(shown, "449")
    for _ in range(20):  # what a keyboard sends for a key that is held
        shown.page.keyboard.down("a")
        shown.page.wait_for_timeout(40)
    shown.page.keyboard.up("a")
    decided(shown, 1)
    shown.locator("[data-press='a']").dblclick()
    decided(shown, 2)
    shown.page.wait_for_timeout(400)
    for key in "aajaa":  # at once: what was not seen is not decided
        shown.page.keyboard.press(key)
    decided(shown, 3)
    shown.page.wait_for_timeout(500)
    rows = storage.rows("checks")
    assert [row["decision"] for row in rows] == ["accepted"] * 3
    assert all(row["measure_id"] == row["proposed_measure_id"] for row in rows)


def test_what_was_typed_stays_on_another_row_and_when_it_is_refused(opened):
    shown = opened("figures")
    choose(shown, "nam-dong-2015")
    go_to(shown, "1.742")
    fill(shown, "note", "half a th")
    fill(shown, "period", "31/31/2015")
    shown.page.keyboard.press("Escape")
    shown.page.keyboard.press("j")
    expect(shown.locator(".about b")).not_to_have_text("1.742")
    go_to(shown, "1.742")
    assert shown.locator(".form [name='note']").input_value() == "half a th"
    shown.locator("[data-press='a']").click()
    expect(shown.locator(".said")).to_contain_text("is no day")
    assert shown.locator(".form [name='period']").input_value() == "31/31/2015"
    decided(shown, 0)


def test_hostile_text_stays_text_in_an_article_without_rows(opened):
    shown = opened("figures")
    choose(shown, "yen-minh-2020")
    shown.locator("select[name='state']").select_option("open")
    assert HOSTILE in shown.locator(".article").inner_text()
    assert shown.locator(".article img, .article svg").count() == 0
    assert shown.page.evaluate("window.hacked") is None
    shown.locator("input.search").fill("no such words")
    expect(shown.locator(".form")).to_have_text("Nothing is left here.")
    shown.page.keyboard.press("Escape")
    shown.page.keyboard.press("a")
    shown.page.wait_for_timeout(500)
    decided(shown, 0)


def test_two_kernels_on_one_queue_show_each_others_decisions(opened):
    first, second = opened("figures"), opened("second")
    begin(first)
    begin(second)
    first.locator("[data-press='a']").click()
    decided(first, 1)
    second.page.keyboard.press("a")
    expect(second.locator(".said")).to_contain_text("Say first who decides")
    second.locator(".by").fill("hoa")
    second.page.keyboard.press("Escape")
    second.page.keyboard.press("a")
    expect(second.locator(".said")).to_contain_text("Already decided by lan")
    second.page.keyboard.press("u")
    decided(second, 1)
    go_to(second, "13")
    second.page.keyboard.press("a")
    decided(second, 2)
    first.page.evaluate("window.dispatchEvent(new Event('focus'))")
    decided(first, 2)
    first.page.keyboard.press("u")  # its own, not hoa's
    decided(first, 1)
    assert storage.rows("checks")[0]["decided_by"] == "hoa"


def test_two_tabs_of_one_notebook_are_two_desks_on_one_queue(opened, lab):
    first = opened("figures")
    page = first.page.context.new_page()
    page.set_default_timeout(LONG)
    page.goto(f"{lab}/lab/workspaces/other/tree/figures.ipynb")
    run_cell(page)  # the same kernel
    second = page.locator(".jp-NotebookPanel:visible .party-cells-desk")
    second.wait_for()
    begin(first)
    begin(second)
    first.locator("[data-press='a']").click()
    decided(first, 1)
    second.page.keyboard.press("a")
    expect(second.locator(".said")).to_contain_text("has just changed")
    decided(second, 1)
    expect(second.locator("[data-do='undo']")).to_be_disabled()  # it is the other tab's
    go_to(second, "13")
    second.page.keyboard.press("a")
    decided(second, 2)
    first.page.evaluate("window.dispatchEvent(new Event('focus'))")
    decided(first, 2)


def test_offline_says_not_saved_and_back_it_is_saved_once_or_not_at_all(opened):
    shown = opened("figures")
    begin(shown)
    shown.page.context.set_offline(True)
    shown.page.keyboard.press("a")
    shown.page.keyboard.press("a")
    expect(shown.locator(".said")).to_contain_text("NOT SAVED", timeout=20_000)
    assert shown.locator("[data-press='a']").is_disabled()
    shown.page.context.set_offline(False)
    expect(shown.locator("[data-press='a']")).to_be_enabled(timeout=60_000)
    rows = storage.rows("checks")
    assert [row["number_text"] for row in rows] in ([], ["439"])


def test_a_restarted_kernel_is_told_and_running_the_cell_again_goes_on(opened, lab):
    shown = opened("figures")
    begin(shown)
    restart(lab, "figures")
    shown.page.keyboard.press("a")
    expect(shown.locator(".said")).to_contain_text("NOT SAVED", timeout=30_000)
    assert shown.locator("[data-press='a']").is_disabled()
    assert storage.rows("checks") == []
    run_cell(shown.page)
    expect(shown.locator(".said")).not_to_contain_text("NOT SAVED", timeout=60_000)
    choose(shown, "kien-xuong-2023")


def test_after_a_reload_without_its_kernel_a_table_says_how_to_go_on(opened, lab):
    shown = opened("figures")
    page = shown.page
    expect(page.locator(".party-cells-kept")).to_be_hidden()
    for _ in range(30):  # saved with the table, which comes after the desk
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1000)
        with urllib.request.urlopen(f"{lab}/api/contents/figures.ipynb") as saved:
            if "party-cells-kept" in saved.read().decode():
                break
    restart(lab, "figures")
    page.reload()
    kept = page.locator(".jp-NotebookPanel:visible .party-cells-kept")
    expect(kept).to_contain_text("run this cell again", timeout=60_000)
    assert kept.locator("tr").count() > 5


@pytest.mark.parametrize(("width", "zoom", "dark"), [(1024, 1, False), (1000, 1.5, True)])
def test_nothing_is_cut_in_a_narrow_cell_and_the_dark_theme_is_dark(
    opened, lab, folder, width, zoom, dark
):
    theme = json.dumps({"raw": json.dumps({"theme": f"JupyterLab {'Dark' if dark else 'Light'}"})})
    address = f"{lab}/lab/api/settings/@jupyterlab/apputils-extension:themes"
    urllib.request.urlopen(urllib.request.Request(address, theme.encode(), method="PUT")).close()
    shown = opened("figures", width=width, device_scale_factor=zoom)
    page = shown.page
    page.locator(f"body[data-jp-theme-light='{str(not dark).lower()}']").wait_for(state="attached")
    shown.locator(".more > summary").click()
    page.screenshot(path=folder.parent / f"desk-{width}-{zoom}.png")
    wide = "node => [node.scrollWidth, node.clientWidth]"
    inner, outer = shown.evaluate(wide)
    assert inner <= outer + 1
    for box in shown.locator(".form [name], .actions button").all():
        if not box.is_visible():
            continue
        right = box.evaluate("n => n.getBoundingClientRect().right")
        assert right <= shown.evaluate("n => n.getBoundingClientRect().right") + 1
    colour = shown.evaluate("node => getComputedStyle(node).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", colour)[:3])) < 200) == dark


def test_a_blind_coder_codes_by_selecting(opened, folder):
    own = opened("themes")
    choose(own, "yen-minh-2019")
    assert own.locator("mark").count() == 0 and own.locator(".list li").count() == 0
    select_words(own, "Đảng bộ huyện Yên Minh")
    own.locator("[data-action='add']").click()
    fill(own, "theme_id", "Kết nạp")
    own.page.keyboard.press("Escape")
    own.page.screenshot(path=folder.parent / "themes.png")
