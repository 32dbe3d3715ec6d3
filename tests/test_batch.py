"""The runner: what is run, what is kept, what is refused, and what a fault leaves behind."""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from filelock import FileLock
from test_grid import write_collection, write_notebook, write_table

from helpers import decisions, paths
from party_cells import batch, cli
from party_cells.batch import shell, workers

STUB = """
import json
from pathlib import Path

class Sources:
    load = staticmethod(dict)

def write(executed, into, languages, run, sources):
    cells = json.loads(Path(executed).read_text())["cells"]
    for language in languages:
        page = Path(into) / language / f"{Path(executed).stem}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(json.dumps([cell["outputs"] for cell in cells]))

def lacked(record):
    return ""

def index(runs, into, languages):
    (Path(into) / "index.json").write_text(json.dumps({run["stem"]: run["state"] for run in runs}))
"""


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder with a small collection and notebooks, and pages that are plain lists of outputs."""
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path / "notebooks")
    monkeypatch.setattr(paths, "reports", lambda: tmp_path / "reports")
    monkeypatch.setenv(paths.DATA_VARIABLE, str(tmp_path / "data"))
    stub = ModuleType("party_cells.batch.pages")
    exec(STUB, stub.__dict__)
    for name in ("pages", "landing"):
        monkeypatch.setitem(sys.modules, f"party_cells.batch.{name}", stub)
        monkeypatch.setattr(batch, name, stub, raising=False)
    assert shell and decisions  # imported before the workers are forked, once for all
    forked = multiprocessing.get_context("fork")  # workers that have what is set here
    monkeypatch.setattr(workers, "context", lambda: forked)
    write_collection(tmp_path / "data")
    return tmp_path


def notebook(project: Path, name: str, *cells: str, **about) -> Path:
    return write_notebook(project / "notebooks" / f"{name}.ipynb", *cells, **about)


def report(*arguments: str) -> int:
    return cli.main(["report", "--plain", *arguments])


def test_what_is_up_to_date_is_not_done_again(project, capsys):
    place = 'locality: str = ""'
    notebook(project, "10-one", "1 + 1", inputs=["documents"])
    notebook(project, "50-each", "locality", parameters=place, one_run_per="locality")
    assert report() == 0
    assert "3 done" in capsys.readouterr().out
    out = project / "reports"
    assert "'nam-dong'" in (out / "vi" / "50-each--nam-dong.html").read_text()
    assert json.loads((out / "index.json").read_text())["10-one"] == "done"
    records = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert {r["stem"]: r["parameters"] for r in records}["50-each--yen-minh"] == {
        "locality": "yen-minh"
    }
    os.utime(out / "en" / "10-one.html", (0, 0))  # a clock that went back changes nothing
    os.utime(project / "data" / "raw" / "documents.csv", (2**33, 2**33))
    assert report() == 0
    assert report() == 0
    assert capsys.readouterr().out == 2 * "0 of 3 runs to do\n"
    text = project / "data" / "raw" / "nam-dong.txt"
    before = text.stat()
    text.write_text(text.read_text("utf-8").replace("B", "b"), "utf-8")
    os.utime(text, ns=(before.st_atime_ns, before.st_mtime_ns))  # of the same size and time
    assert report("--dry-run") == 0
    assert "10-one: changed: documents" in capsys.readouterr().out
    text.write_text(text.read_text("utf-8").replace("b", "B"), "utf-8")
    (out / "en" / "10-one.html").unlink()
    assert report("--dry-run") == 0
    assert "10-one: its report is missing" in capsys.readouterr().out
    assert report("--locality", "yen-minh", "--only", "50-each", "--force", "--dry-run") == 0
    assert capsys.readouterr().out == "50-each--yen-minh: forced\n1 of 1 runs to do\n"


def test_a_failed_run_keeps_the_good_report_and_stops_no_other(project, capsys):
    notebook(project, "10-good", "1")
    path = notebook(project, "20-bad", "2")
    assert report("--language", "en") == 0
    page = project / "reports" / "en" / "20-bad.html"
    before = page.read_bytes()
    write_notebook(path, "fine = 1", "1 / 0")
    notebook(project, "10-good", "11")
    assert report("--language", "en") == 1
    said = capsys.readouterr().out
    assert "FAILED 20-bad: In [3]: ZeroDivisionError: division by zero\n" in said
    assert "11" in (project / "reports" / "en" / "10-good.html").read_text()
    assert page.read_bytes() == before
    assert (project / "reports" / "failed" / "20-bad.ipynb").exists()
    assert report("--dry-run", "--language", "en") == 0
    assert "20-bad: changed: notebook\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("import sys; sys.exit(0)", "called sys.exit"),
        ("quit()", "ended the kernel"),
        ("import os; os._exit(0)", "the kernel died"),
        ("import os; os.kill(os.getpid(), 9)", "the kernel died"),
        ("import time; time.sleep(30)", "no answer in 1 s"),
        ("while True: pass", "no answer in 1 s"),
        ("print('x' * 30_000_000)", "the output is too large"),
        ("display({'text/plain': 'x' * 30_000_000}, raw=True)", "the output is too large"),
    ],
)
@pytest.mark.parametrize("mode", ["--plain", "--jobs=1"])
def test_a_cell_that_ends_or_holds_its_kernel_has_failed(
    project, capsys, monkeypatch, cell, words, mode
):
    monkeypatch.setattr(shell, "CELL_SECONDS", 1 if "no answer" in words else 60)
    notebook(project, "10-ends", cell)
    assert cli.main(["report", mode]) == 1
    assert f"FAILED 10-ends: In [2]: {words}" in capsys.readouterr().out.replace("the cell ", "")


def test_a_child_process_that_writes_without_end_is_stopped(project, capsys):
    notebook(project, "10-floods", "import os; os.system('cat /dev/zero')")
    assert cli.main(["report", "--jobs=1"]) == 1
    assert "FAILED 10-floods: In [2]: the output is too large" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "99-none"], "no notebook '99-none'; one of: 10-one, 50-each"),
        (["--locality", "nowhere"], "'nowhere' is not known; one of: yen-minh, nam-dong"),
        (["--set", "colour=red"], "no parameter 'colour'; one of: language, locality, years"),
        (["--set", "years=many"], "years = 'many' is not of the type int | None"),
        (["--set", "language=fr"], "language = 'fr' is not known; one of: en, vi"),
        (["--language", "fr"], "is not one of 'en', 'vi', 'both'"),
        (["--jobs", "0"], "0 is not in the range"),
        (["--data", "/nowhere"], "/nowhere is not a collection: documents.csv is missing"),
        (["--out", "/dev/null"], "cannot write to /dev/null"),
        (["--scheduler", "tcp://127.0.0.1:9"], "no scheduler answers at tcp://127.0.0.1:9"),
    ],
)
def test_mistakes_are_refused_in_one_line_before_anything_starts(project, capsys, arguments, words):
    notebook(project, "10-one", parameters='language: str = "en"  # one of: en, vi')
    each = 'locality: str = "yen-minh"\nyears: int | None = 1'
    notebook(project, "50-each", parameters=each, one_run_per="locality")
    assert report(*arguments) == 2
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1 and not said.out
    assert not (project / "reports" / "notebooks").exists()


def test_parameters_reach_the_notebook_and_the_record(project):
    numbers = "years: int | None = 1\nshare: float = 0.5"
    notebook(project, "10-one", "[years, share, language]", parameters=f'{numbers}\nlanguage = ""')
    assert report("--set", "years=None", "share=1", "--language", "vi") == 0
    assert "[None, 1, 'vi']" in (project / "reports" / "vi" / "10-one.html").read_text()
    record = json.loads((project / "reports" / "notebooks" / "10-one.json").read_text())
    assert record["parameters"] == {"years": None, "share": 1, "language": "vi"}


def test_a_notebook_that_writes_to_its_data_is_found_out(project, capsys):
    write = "\n".join(
        [
            "from helpers import paths",
            "file = paths.processed() / 'facts.csv'",
            "file.chmod(0o644)",
            "file.write_text('')",
        ]
    )
    notebook(project, "10-writes", write)
    before = (project / "data" / "processed" / "facts.csv").read_bytes()
    assert report() == 1
    assert "processed/facts.csv" in capsys.readouterr().out
    assert (project / "data" / "processed" / "facts.csv").read_bytes() == before
    assert not (project / "reports" / "notebooks" / "10-writes.json").exists()


def test_a_second_batch_into_the_same_folder_is_refused(project, capsys):
    notebook(project, "10-one")
    (project / "reports").mkdir()
    with FileLock(project / "reports" / ".lock"):
        assert report() == 2
    assert "another batch is writing to" in capsys.readouterr().err
    assert report() == 0


def test_a_full_disk_leaves_the_good_report(project, capsys, monkeypatch):
    path = notebook(project, "10-one", "1")
    assert report() == 0
    page = project / "reports" / "vi" / "10-one.html"
    before = page.read_bytes()

    def write(executed, into, languages, run, sources):
        (into / "vi").mkdir()
        (into / "vi" / "10-one.html").write_text("half a pa")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(batch.pages, "write", write)
    write_notebook(path, "2")
    assert report() == 1
    assert "FAILED 10-one: OSError: [Errno 28] No space left" in capsys.readouterr().out
    assert page.read_bytes() == before


def test_a_log_that_cannot_be_written_stops_the_batch_in_one_line(project, capsys):
    notebook(project, "10-one")
    (project / "reports" / "log.jsonl").mkdir(parents=True)
    assert report() == 1
    assert capsys.readouterr().err.startswith("stopped: [Errno 21] Is a directory")
    assert (project / "reports" / "en" / "10-one.html").exists()
    assert not (project / "reports" / ".work").exists()


def test_a_run_whose_worker_was_killed_is_tried_again(project, capsys):
    once = "from pathlib import Path\nimport os, signal\nmark = Path({!r})\n".format(
        str(project / "mark")
    )
    once += "if not mark.exists():\n    mark.touch()\n    os.kill(os.getppid(), signal.SIGKILL)"
    notebook(project, "10-kills-its-worker", once)
    notebook(project, "20-other")
    assert report("--jobs", "2") == 0
    assert "2 done" in capsys.readouterr().out


def test_a_worker_that_is_always_killed_is_one_failure(project, capsys):
    notebook(project, "10-kills", "import os\nos.kill(os.getppid(), 9)")
    notebook(project, "20-other")
    assert report("--jobs", "1") == 1
    said = capsys.readouterr().out
    assert "FAILED 10-kills: its worker was killed 3 times" in said and "done 20-other" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_batch_goes_on_where_it_was(project, number):
    notebook(project, "10-quick", "1")
    notebook(
        project,
        "20-slow",
        "import time\nfrom pathlib import Path",
        f"while not Path({str(project / 'go')!r}).exists():\n    time.sleep(0.05)",
    )
    program = project / "run.py"
    lines = [
        "import signal, sys, types",
        "from pathlib import Path",
        "from helpers import paths",
        "from party_cells import batch, cli",
        "signal.signal(signal.SIGINT, signal.default_int_handler)",  # off in the background
    ]
    lines += [f"paths.notebooks = lambda: Path({str(project / 'notebooks')!r})"]
    lines += [
        "import multiprocessing",
        "from party_cells.batch import workers",
        "workers.context = lambda: multiprocessing.get_context('fork')",
        "stub = types.ModuleType('party_cells.batch.pages')",
        f"exec({STUB!r}, stub.__dict__)",
    ]
    lines += ["sys.modules['party_cells.batch.pages'] = batch.pages = stub"]
    lines += ["sys.exit(cli.main(sys.argv[1:]))"]
    program.write_text("\n".join(lines))
    command = [sys.executable, program, "report", "--jobs=1", "--out", project / "reports"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert first.stdout.readline().startswith("1/2 done 10-quick")
    first.send_signal(number)
    said, _ = first.communicate(timeout=120)
    if number != signal.SIGKILL:
        assert first.returncode == 130
        assert "1 of 2 runs are done, and whole" in said and "goes on with the rest" in said
    (project / "go").touch()
    deadline = time.monotonic() + 20
    while (second := subprocess.run(command, capture_output=True, text=True)).returncode == 2:
        assert "another batch" in second.stderr and time.monotonic() < deadline
        time.sleep(0.2)
    assert second.returncode == 0 and "1 done, 1 up to date" in second.stdout
    assert not (project / "reports" / ".work").exists()


def test_words_about_one_collection_are_left_out_for_another(project, capsys, monkeypatch):
    cell = "from helpers import paths\ntext = (paths.processed() / 'facts.csv').read_text()\n"
    cell += "assert 'yen-minh,1' in text"
    notebook(project, "90-findings", cell, collection={"name": "two"}, inputs=["facts"])
    notebook(project, "60-all", inputs=["facts"])
    monkeypatch.setattr(paths, "ROOT", project)
    (project / "src").mkdir(parents=True)
    assert cli.main(["notebooks", "--plain"]) == 0  # notes documents and their fingerprint
    content = json.loads((project / "notebooks" / "90-findings.ipynb").read_text())
    noted = content["metadata"]["party_cells"]["collection"]
    assert noted["name"] == "two" and noted["documents"] == ["nam-dong-1", "yen-minh-1"]
    assert report() == 0
    facts = project / "data" / "processed" / "facts.csv"
    facts.write_text(facts.read_text().replace("yen-minh,1", "yen-minh,2"))
    capsys.readouterr()
    assert report() == 0
    assert "OUT OF DATE 90-findings: In [2]: AssertionError" in capsys.readouterr().out
    states = json.loads((project / "reports" / "index.json").read_text())
    assert states == {"60-all": "done", "90-findings": "out_of_date"}
    assert report() == 0  # said again, and not executed again
    assert capsys.readouterr().out.endswith("0 of 2 runs to do\n")
    other = write_collection(project / "other", "hoa-lac")
    assert report("--data", str(other), "--out", str(project / "elsewhere")) == 0
    said = capsys.readouterr().out
    assert said.startswith("90-findings is left out") and "1 done" in said


def test_renewing_changes_outputs_and_nothing_else(project, capsys):
    path = notebook(project, "10-one", "1 + 1", "'same'")
    assert cli.main(["notebooks", "--plain"]) == 0
    assert "10-one: In [1], In [2], In [3] changed" in capsys.readouterr().out
    first = path.read_bytes()
    content = json.loads(first)
    assert [cell["execution_count"] for cell in content["cells"]] == [1, 2, 3]
    assert all("papermill" not in cell["metadata"] for cell in content["cells"])
    assert cli.main(["notebooks", "--plain"]) == 0
    assert path.read_bytes() == first
    content["cells"][1]["source"] = "1 + 2"
    path.write_text(json.dumps(content))
    capsys.readouterr()
    assert cli.main(["notebooks", "--plain"]) == 0
    assert "10-one: In [2] changed\n" in capsys.readouterr().out
    content["cells"][1]["source"] = "1 / 0"
    path.write_text(json.dumps(content))
    assert cli.main(["notebooks", "--plain"]) == 1
    assert json.loads(path.read_text())["cells"][1]["source"] == "1 / 0"


def test_what_is_in_the_other_language_is_folded_and_nothing_is_run(project):
    path = notebook(project, "10-one", "1", "2")
    content = json.loads(path.read_text())
    for cell, tag in zip(content["cells"][1:], ("en", "vi"), strict=True):
        cell["metadata"]["tags"] = [tag]
    path.write_text(json.dumps(content))
    for language, folded in (("vi", [False, True, False]), ("both", [False, False, False])):
        assert cli.main(["notebooks", "--language", language]) == 0
        cells = json.loads(path.read_text())["cells"]
        assert [c["metadata"].get("jupyter") == {"source_hidden": True} for c in cells] == folded
        assert not any(cell["outputs"] for cell in cells)


def test_list_shows_parameters_with_their_help(project, capsys):
    notebook(
        project, "10-one", parameters='tone: str = "a"  # how; one of: a, b', title={"en": "T?"}
    )
    assert cli.main(["list"]) == 0
    shown = "10-one: T?\n    tone: str = 'a'  how; one of: a, b\n"
    assert capsys.readouterr().out == shown


def test_a_dask_scheduler_runs_the_same_grid(project, capsys):
    distributed = pytest.importorskip("distributed")
    each = 'locality: str = ""'
    told = "import sys\nlocality, type(sys.stdout).__name__"
    notebook(project, "50-each", told, parameters=each, one_run_per="locality")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp"
    ) as cluster:
        with distributed.Client(cluster) as client:
            client.run(_install_stub)
        assert cli.main(["report", "--scheduler", cluster.scheduler_address]) == 0
    assert "2 done" in capsys.readouterr().out
    page = project / "reports" / "en" / "50-each--nam-dong.html"
    assert "'nam-dong', 'Stream'" in page.read_text()  # of a forked shell


def _install_stub() -> None:
    stub = ModuleType("party_cells.batch.pages")
    exec(STUB, stub.__dict__)
    sys.modules["party_cells.batch.pages"] = batch.pages = stub
    workers.context = lambda: multiprocessing.get_context("fork")


def test_nothing_to_do_imports_no_library(project):
    notebook(project, "10-one")
    assert report() == 0
    write_table(project / "data" / "unrelated.csv", {"a": 1})
    program = "import sys\nfrom party_cells import cli\ncli.main(['list'])\n"
    program += "print([m for m in ('pandas', 'papermill', 'nbformat', 'zmq') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
    assert said.endswith("[]\n")
