"""The wheel, installed outside the repository: from nothing to a report."""

import shutil
import subprocess
import sys
import venv

from helpers import paths

TEXT = "Bài báo\n\nĐảng bộ huyện Mẫu hiện có 41 tổ chức cơ sở đảng với 2.310 đảng viên.\n"
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


def test_init_add_and_report_from_the_wheel(tmp_path):
    def run(*command, cwd=tmp_path) -> str:
        done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("git", "clone", "-q", paths.ROOT, tmp_path / "clone")
    named = run(sys.executable, "-c", BUILD, tmp_path, cwd=tmp_path / "clone").split()[-1]
    venv.create(tmp_path / "own", with_pip=not shutil.which("uv"))
    python, uv = tmp_path / "own" / "bin" / "python", shutil.which("uv")
    pip = [uv, "pip", "install", "-q", "--python", python]
    pip = pip if uv else [python, "-m", "pip", "install", "-q"]
    run(*pip, "--require-hashes", "-r", paths.ROOT / "requirements.lock")
    run(*pip, "--no-deps", tmp_path / named)
    (tmp_path / "mau.txt").write_text(TEXT, "utf-8")
    ours = tmp_path / "own" / "bin" / "party-cells"
    run(ours, "init", "mine")
    added = ["--locality", "mau", "--published", "2024-01-10", "--name", "Mẫu", "--data", "mine"]
    assert "2 candidates" in run(ours, "add", "mau.txt", *added)
    done = run(ours, "report", "--data", "mine", "--only", "50-profile-a-locality")
    assert "1 done" in done
    assert (tmp_path / "reports" / "vi" / "50-profile-a-locality--mau.html").exists()
