"""Notebooks, their parameters, and what is up to date."""

import csv
import json
from pathlib import Path

import pytest

from party_cells.batch import grid, runner
from party_cells.batch.grid import Parameter, Refused


def write_notebook(path: Path, *cells: str, parameters='language: str = "en"', **about) -> Path:
    """A notebook with a parameters cell, then one code cell for each text."""
    sources = [parameters, *cells] if parameters is not None else cells
    written = [
        {
            "cell_type": "code",
            "id": f"cell-{n}",
            "metadata": {"tags": ["parameters"]} if n == 0 and parameters is not None else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "party_cells": about}
    content = {"cells": written, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")
    return path


def write_table(path: Path, *rows: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def write_collection(folder: Path, *localities: str) -> Path:
    """A collection with one document and one fact for each locality."""
    names = localities or ("yen-minh", "nam-dong")
    documents = [{"document_id": f"{n}-1", "file": f"{n}.txt", "locality_id": n} for n in names]
    write_table(folder / "raw" / "documents.csv", *documents)
    for name in names:
        (folder / "raw" / f"{name}.txt").write_text(f"Bài về {name}", "utf-8")
    places = [{"place_id": name, "position": n} for n, name in enumerate(names)]
    write_table(folder / "processed" / "localities.csv", *places)
    facts = [{"fact_id": n, "document_id": f"{n}-1", "locality_id": n, "value": 1} for n in names]
    write_table(folder / "processed" / "facts.csv", *facts)
    write_table(folder / "processed" / "measures.csv", {"measure_id": "members"})
    return folder


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("str", "en", "en"),
        ("str", "2019", "2019"),
        ("int", "2", 2),
        ("float", "2", 2),
        ("int | None", "None", None),
        ("Optional[int]", "3", 3),
        ("bool", "True", True),
        ("list[str]", "['a', 'b']", ["a", "b"]),
    ],
)
def test_values_are_read_by_the_type_of_the_parameter(kind, text, value):
    assert grid.read_value(Parameter("p", kind, None, "", ()), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [("int", "2.5"), ("int", "two"), ("int", "True"), ("bool", "1"), ("list[int]", "['a']")],
)
def test_values_of_another_type_are_refused(kind, text):
    with pytest.raises(Refused, match="is not of the type"):
        grid.read_value(Parameter("p", kind, None, "", ()), text)


def test_choices_come_from_the_comment_and_are_named():
    (parameter,) = grid.read_parameters('tone: str = "plain"  # how; one of: plain, bold.')
    assert parameter.choices == ("plain", "bold")
    with pytest.raises(Refused, match="one of: plain, bold"):
        grid.read_value(parameter, "loud")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (None, []),  # no cell is tagged
        ("x = print()\ny = 2", ["y"]),  # what is computed stays as it is
        ("%matplotlib inline\ny: int = 2", ["y"]),
        ("y = [\n    1,  # one\n    2,\n]  # two lines\na, b = 1, 2", ["y"]),
        ("y = = 2", []),
    ],
)
def test_an_ordinary_notebook_can_be_read(tmp_path, source, names):
    path = write_notebook(tmp_path / "a.ipynb", "1", parameters=source)
    assert [p.name for p in grid.read_notebook(path).parameters] == names


def test_what_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "c.ipynb").write_text("{")
    with pytest.raises(Refused, match="not a notebook"):
        grid.read_notebook(tmp_path / "c.ipynb")


def judged(data: Path, out: Path, *notebooks: Path) -> dict[str, grid.Run]:
    read = [grid.read_notebook(path) for path in notebooks]
    runs = grid.runs_of(read, data, [], {}, ("en",))
    return {run.stem: run for run in grid.judged(runs, data, grid.snapshot(data), out)}


def test_a_fact_concerns_what_declares_it_and_the_profile_of_its_locality(tmp_path):
    data = write_collection(tmp_path / "data")
    place = 'locality: str = "yen-minh"'
    notebooks = [
        write_notebook(tmp_path / "10-texts.ipynb", inputs=["documents"]),
        write_notebook(tmp_path / "60-all.ipynb", inputs=["facts"]),
        write_notebook(
            tmp_path / "50-one.ipynb",
            parameters=place,
            inputs=["facts", "measures", "documents"],
            one_run_per="locality",
            one_locality=True,
        ),
    ]
    before = judged(data, tmp_path, *notebooks)
    assert list(before) == ["10-texts", "60-all", "50-one--yen-minh", "50-one--nam-dong"]
    facts = data / "processed" / "facts.csv"
    facts.write_text(facts.read_text().replace("yen-minh,1", "yen-minh,2"))
    after = judged(data, tmp_path, *notebooks)
    changed = [s for s in before if before[s].fingerprints != after[s].fingerprints]
    assert changed == ["60-all", "50-one--yen-minh"]
    (data / "raw" / "nam-dong.txt").write_text("Bài khác", "utf-8")
    write_table(data / "processed" / "measures.csv", {"measure_id": "cells"})
    last = judged(data, tmp_path, *notebooks)
    names = ("documents", "facts", "measures")
    moved = {s: [n for n in names if _mark(last, s, n) != _mark(after, s, n)] for s in last}
    assert moved == {
        "10-texts": ["documents"],
        "60-all": [],
        "50-one--yen-minh": ["measures"],
        "50-one--nam-dong": ["documents", "measures"],
    }


def _mark(runs: dict, stem: str, name: str) -> str | None:
    return runs[stem].fingerprints.get(name)


def test_outputs_and_times_of_a_notebook_do_not_count(tmp_path):
    path = write_notebook(tmp_path / "10-a.ipynb", "1 + 1")
    before = grid.read_notebook(path).source
    content = json.loads(path.read_text())
    content["cells"][1] |= {"execution_count": 7, "outputs": [{"output_type": "stream"}]}
    content["cells"][1]["metadata"]["execution"] = {"iopub.status.idle": "2026-01-01"}
    path.write_text(json.dumps(content))
    assert grid.read_notebook(path).source == before


def test_a_locality_cannot_lead_out_of_the_reports(tmp_path):
    data = write_collection(tmp_path / "data", "../../elsewhere")
    with pytest.raises(Refused, match="letters, digits"):
        grid.localities_of(data)


LEFT = [".~lock.checks.csv#", ".DS_Store", "._nam-dong.txt", "~$x.xlsx", ".lock", "Thumbs.db"]


@pytest.mark.parametrize("name", LEFT)
def test_what_editors_and_systems_leave_behind_is_no_data(tmp_path, name):
    data = write_collection(tmp_path / "data")
    before = grid.snapshot(data)
    for part in ("raw", "processed"):
        (data / part / name).write_text("x")
    assert grid.snapshot(data) == before


def test_a_link_in_place_of_the_working_folder_is_taken_away_and_nothing_behind_it(tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o700)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".work").symlink_to(tmp_path / "theirs")
    with runner.working_folder(tmp_path / "out"):
        pass
    assert (tmp_path / "theirs").stat().st_mode & 0o777 == 0o700
