"""From a raw file to the reports: a sixth locality, in a second data folder, without code."""

import re
import subprocess
import sys

from desk_cases import decide, say

from helpers import codebook, corpus, paths
from party_cells import cli, desk
from party_cells.desk import review

TEXT = """Xây dựng Đảng ở huyện Mẫu

Đảng bộ huyện Mẫu hiện có 41 tổ chức cơ sở đảng với 2.310 đảng viên.

Năm 2023, trong 250 chi bộ trực thuộc đảng bộ cơ sở có 49 chi bộ hoàn thành xuất sắc nhiệm vụ.
"""


def test_a_new_article_is_added_checked_and_reported(data_folder, tmp_path, monkeypatch):
    article = tmp_path / "article.txt"
    article.write_text(TEXT, "utf-8")
    added = ["add", str(article), "--data", str(data_folder), "--locality", "mau"]
    added += ["--published", "2024-01-10", "--name", "Mẫu", "--province", "Tỉnh Mẫu"]
    assert cli.main(added) == 0

    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/30-check-by-hand.ipynb")
    shown = review.figures(by="lan")
    say(shown, "filter", document_id="mau-2024")
    while shown.view["row"]["state"] == "open":
        assert decide(shown).startswith("Saved")
    facts = codebook.load("facts")
    own = facts[facts["document_id"] == "mau-2024"].set_index("number_text")["measure_id"]
    assert own["2.310"] == "members" and own["41"] == "base_organisations"
    assert desk.tables(check=True) == [] and len(corpus.documents()) == 6

    monkeypatch.delenv("JPY_SESSION_NAME")
    command = [sys.executable, "-m", "party_cells", "report", "--data", str(data_folder)]
    command += ["--only", "50-profile-a-locality", "--locality", "mau", "--jobs", "1"]
    run = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, cwd=paths.ROOT
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (english,) = (tmp_path / "out" / "en").glob("50-*mau*.html")
    (vietnamese,) = (tmp_path / "out" / "vi").glob("50-*mau*.html")
    marks = r"Data [0-9a-f]{12}, Code [0-9a-f]{12}"
    assert re.search(marks, english.read_text("utf-8")), "the batch's fingerprints are on the card"
    assert "2,310" in english.read_text("utf-8") and "2.310" in vietnamese.read_text("utf-8")
