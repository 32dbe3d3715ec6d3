"""Proposing in parts gives what proposing at once gives, whoever is killed on the way."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest

from benchmarks.invented import write_collection
from helpers import codebook, corpus, paths
from party_cells import cli
from party_cells.batch import grid, proposals, workers
from party_cells.desk import worklist

ONE = partial(workers.local_workers, 1)


@pytest.fixture
def collection(tmp_path: Path, monkeypatch) -> Path:
    """Twelve invented articles in the data folder in use."""
    write_collection(tmp_path / "data", localities=6, years=2)
    monkeypatch.setenv(paths.DATA_VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data"


def threads():
    return nullcontext(ThreadPoolExecutor(2))


def proposed(out: Path) -> list[dict]:
    """The rows of the table of candidates."""
    assert (out / "candidates.csv").read_text("utf-8").endswith("\n")
    return grid.table(out / "candidates.csv")


def test_parts_give_what_one_pass_gives(collection, tmp_path):
    records = proposals.propose_all(tmp_path, threads, articles=5)
    assert [r["status"] for r in records] == ["done"] * 3
    assert proposed(tmp_path) == worklist.candidates(corpus.read_all())
    assert list(proposed(tmp_path)[0]) == worklist.columns()


def test_only_parts_that_changed_are_proposed_again(collection, tmp_path):
    proposals.propose_all(tmp_path, threads, articles=5)
    assert proposals.propose_all(tmp_path, threads, articles=5) == []
    rows = grid.table(collection / "raw" / "documents.csv")
    before = proposed(tmp_path)
    codebook.save(codebook.load("documents").iloc[:-1], "documents")
    (collection / "raw" / rows[-1]["file"]).unlink()
    assert len(proposals.propose_all(tmp_path, threads, articles=5)) == 1
    assert proposed(tmp_path) == [r for r in before if r["document_id"] != rows[-1]["document_id"]]
    assert len(list((tmp_path / "parts").iterdir())) == 3


def test_new_rules_are_used_in_a_worker_that_knew_the_old_ones(collection, tmp_path):
    proposals.propose_all(tmp_path, threads)
    assert "members" in {row["measure_id"] for row in proposed(tmp_path)}
    terms = codebook.load("terms")
    codebook.save(terms[terms["id"] != "members"], "terms")
    proposals.propose_all(tmp_path, threads)
    assert "members" not in {row["measure_id"] for row in proposed(tmp_path)}


def test_a_changed_article_fails_its_part_alone_and_the_table_stays(collection, tmp_path):
    proposals.propose_all(tmp_path, threads, articles=5)
    whole = (tmp_path / "candidates.csv").read_bytes()
    article = collection / "raw" / "loc-0001-2022.txt"
    good = article.read_bytes()
    article.write_bytes(good + b"!")
    for part in (tmp_path / "parts").iterdir():
        part.unlink()
    records = proposals.propose_all(tmp_path, threads, articles=5)
    failed = [record for record in records if record["status"] == "failed"]
    assert len(records) == 3 and len(failed) == 1
    assert "loc-0001-2022.txt: checksum" in failed[0]["error"]
    assert (tmp_path / "candidates.csv").read_bytes() == whole
    article.write_bytes(good)
    assert len(proposals.propose_all(tmp_path, threads, articles=5)) == 1
    assert (tmp_path / "candidates.csv").read_bytes() == whole


def killed_once(mark: str, job: dict) -> dict:
    """Propose, but the first worker that comes here is killed."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return proposals.propose_part(job)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_part_whose_worker_was_killed_is_proposed_again(collection, tmp_path):
    jobs = proposals.parts(collection, tmp_path, articles=3)
    do = partial(killed_once, str(tmp_path / "mark"))
    records = list(workers.run_all(jobs, ONE, do))
    assert sorted(r["status"] for r in records) == ["done"] * 4
    assert sum(len(Path(job["into"]).read_text("utf-8")) > 0 for job in jobs) == 4


def test_the_command_says_what_it_did_and_where(collection, tmp_path, capsys):
    command = ["propose", "--data", str(collection), "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert cli.main(command) == 0
    assert "1 parts proposed, 0 failed, in " in (said := capsys.readouterr().out)
    assert said.endswith(f": {tmp_path / 'out'}\n")
    (collection / "raw" / "documents.csv").unlink()
    assert cli.main(command) == 2
    assert "not listed in documents.csv" in capsys.readouterr().err
