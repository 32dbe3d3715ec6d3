"""Full disks, folders that cannot be written, clocks that go back: nothing is lost, and it goes on.

Kernels and workers that are killed, Ctrl-C and two batches at once are in `test_batch.py`; kills
in the middle of saving a decision are in `test_desk.py`.
"""

import os
import resource
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest
from desk_cases import decision, desk_folder  # noqa: F401

from helpers import codebook, decisions, paths
from party_cells import cli, desk
from party_cells.batch import execution
from party_cells.desk import intake, storage, worklist

FORK = get_context("fork")


def in_a_child(work, prepare) -> str:
    """What a child process says after it was prepared: the error of its work, or "saved"."""
    results = FORK.SimpleQueue()

    def run() -> None:
        storage._lock.cache_clear()  # a lock object is its process's own
        prepare()
        try:
            work()
            results.put("saved")
        except Exception as error:
            results.put(f"{type(error).__name__}: {error}")

    process = FORK.Process(target=run)
    process.start()
    said = results.get()
    process.join()
    return said


def fill_the_disk() -> None:
    """No file of this process can grow beyond 64 bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))


def become_nobody() -> None:
    """Root may write anywhere; nobody else may."""
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


@pytest.fixture
def articles(desk_folder) -> dict[str, str]:  # noqa: F811
    found = desk.texts()
    desk.decide([decision(found, "65 TCCSĐ", "base_organisations")], articles=found)
    return found


def members(articles: dict[str, str]) -> dict:
    """A second decision."""
    place = {"locality_id": "nam-dong", "place_id": "nam-dong"}
    return decision(articles, "1.742 đảng viên", "members", document_id="nam-dong-2015", **place)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found)}


def test_a_full_disk_leaves_every_table_whole_and_the_next_save_works(articles):
    second = members(articles)
    before = files(paths.data())
    said = in_a_child(lambda: desk.decide([second], articles=articles), fill_the_disk)
    assert said.startswith("OSError: [Errno 27]")
    assert files(paths.data()) == before
    assert len(desk.decide([second], articles=articles)) == 1
    assert len(codebook.load("facts")) == 2 and desk.tables(check=True) == []


def test_a_disk_that_fills_between_two_tables_is_put_right_by_the_next_derivation(
    articles, monkeypatch
):
    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
        patched.setattr(storage, "splice", full)  # the decision is saved, facts.csv is not
        desk.decide([members(articles)], articles=articles)
    with pytest.raises(decisions.NotDerived, match=r"facts\.csv"):
        desk.tables(check=True)
    assert desk.tables() == ["facts"] and len(codebook.load("facts")) == 2


def test_a_full_disk_is_said_with_what_to_do(articles, monkeypatch, capsys):
    def full(*_, **__) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(desk, "tables", full)
    assert cli.main(["tables"]) == 1
    said = capsys.readouterr().err
    assert "No space left" in said and "make room or put it right, then do it again" in said


def test_a_full_disk_adds_no_half_article(articles, tmp_path):
    text = tmp_path / "new.txt"
    text.write_text("Huyện có 12 chi bộ. " * 100, "utf-8")
    before = files(paths.data())
    given = {"locality": "yen-minh", "published": "2024-01-02"}
    assert in_a_child(lambda: intake.add(text, **given), fill_the_disk).startswith("OSError")
    assert files(paths.data()) == before
    assert intake.add(text, **given) == "yen-minh-2024"


def test_a_full_disk_leaves_the_good_workbook_and_the_good_candidates(articles, tmp_path):
    for out, work in (
        (tmp_path / "queue.xlsx", lambda: worklist.export_queue(tmp_path / "queue.xlsx")),
        (tmp_path / "candidates.csv", lambda: cli.main(proposing(tmp_path))),
    ):
        work()
        before = out.read_bytes()
        for part in (tmp_path / "parts").glob("*"):
            part.unlink()
        in_a_child(work, fill_the_disk)
        assert out.read_bytes() == before
        work()
        assert out.read_bytes() == before or out.suffix == ".xlsx"


def proposing(out: Path) -> list[str]:
    return ["propose", "--data", str(paths.data()), "--out", str(out), "--jobs", "1"]


def test_a_folder_that_cannot_be_written_is_named_and_nothing_changes(articles, tmp_path, capfd):
    before = files(paths.data())
    for parent in tmp_path.parents[:3]:  # pytest's own; nobody has to get here
        parent.chmod(0o755)
    for folder in (tmp_path, paths.data(), paths.raw(), paths.processed()):
        folder.chmod(0o555)
    new = members(articles)
    said = in_a_child(lambda: desk.decide([new], articles=articles), become_nobody)
    assert said.startswith("ReadOnlyData") and "processed is a read-only copy" in said
    out = str(tmp_path / "reports")
    said = in_a_child(lambda: cli.main(["report", "--plain", "--out", out]), become_nobody)
    assert said == "saved" and f"cannot write to {out}" in capfd.readouterr().err
    for folder in (tmp_path, paths.data(), paths.raw(), paths.processed()):
        folder.chmod(0o755)
    assert files(paths.data()) == before
    assert len(desk.decide([new], articles=articles)) == 1


def test_a_clock_that_goes_back_hides_no_change(articles):
    path = codebook.table_path("decisions")
    (first,), stamp = storage.rows("checks"), path.stat()
    (line,) = decisions.Log().lines.values()
    other = decisions.line(line, decided_by="hoa")
    text = path.read_text("utf-8").replace(",lan,", ",hoa,")
    codebook.replace(path, text.replace(line["line_id"], other["line_id"]))  # as long as before
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert [row["decided_by"] for row in (first, *storage.rows("checks"))] == ["lan", "hoa"]


def test_a_report_that_is_open_elsewhere_stays_whole_for_its_reader(tmp_path):
    out, beside = tmp_path / "out", tmp_path / "beside"
    (beside / "notebooks").mkdir(parents=True)
    for folder, words in ((out, "old page " * 9999), (beside, "new page " * 9999)):
        (folder / "en").mkdir(parents=True)
        (folder / "en" / "10-one.html").write_text(words)
    with (out / "en" / "10-one.html").open() as reader:
        begun = reader.read(100)
        execution.move(beside, out, {"stem": "10-one"})
        assert begun + reader.read() == "old page " * 9999
    assert (out / "en" / "10-one.html").read_text() == "new page " * 9999


def test_a_lock_left_by_a_kill_stops_nobody(articles):
    program = "import os\nfrom party_cells.desk import storage\n"
    program += "with storage.locked():\n    os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9
    assert len(desk.decide([members(articles)])) == 1
