"""The command line explains itself, refuses in one line, and loads only what it needs."""

import shlex
import subprocess
import sys
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from helpers import paths
from party_cells import cli

VERBS = cli.party_cells.commands
NAMED = "init add desk queue-export queue-import correct withdraw confirm tables audit report "
NAMED += "notebooks list propose"


def test_every_verb_is_there():
    assert set(VERBS) == set(NAMED.split())


@pytest.mark.parametrize("name", VERBS)
def test_help_describes_the_verb_its_arguments_and_an_example(name):
    said = CliRunner().invoke(cli.party_cells, [name, "--help"], prog_name="party-cells").output
    assert f"  party-cells {name}" in said and "--data" in said
    command = VERBS[name]
    for parameter in command.get_params(click.Context(command)):
        if isinstance(parameter, click.Argument):
            assert parameter.human_readable_name in command.help
        else:
            assert parameter.help


@pytest.mark.parametrize("name", VERBS)
def test_the_example_of_each_verb_is_understood(name, monkeypatch):
    called = []
    room = SimpleNamespace()
    for each in (name.replace("-", "_"), f"{name}_"):
        setattr(room, each, lambda **given: called.append(given))
    monkeypatch.setattr(cli, "import_module", lambda place: room)
    example = VERBS[name].epilog.split("party-cells ")[1]
    assert cli.main(shlex.split(example)) == 0 and len(called) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["reprot"], 2, "Did you mean 'report'"),
        (["report", "--nothing"], 2, "No such option"),
        (["correct", "facts", "a"], 2, "Missing argument 'COLUMN'"),
        (["correct", "places", "a", "b", "c", "--reason", "d"], 2, "'places' is not one of"),
        (["list", "--only", "99"], 2, "no notebook '99'; one of: 10-read-the-corpus"),
        (["report", "--data", "/nowhere"], 2, "/nowhere is not a collection"),
        (["correct", "facts", "a", "value", "-3", "--reason", "b"], 1, "'a'"),
    ],
)
def test_a_mistake_is_one_line_and_its_status(arguments, status, words, capsys):
    assert cli.main(arguments) == status
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1 and not said.out


def test_one_option_may_have_several_values_or_be_repeated(monkeypatch):
    read = []
    monkeypatch.setattr("party_cells.batch.report", lambda **given: read.append(given["only"]))
    cli.main(["report", "--only", "10-a", "20-b", "--force"])
    cli.main(["report", "--only", "10-a", "--only", "20-b"])
    assert read == [("10-a", "20-b")] * 2


def test_completion_knows_the_verbs():
    asked = {
        "_PARTY_CELLS_COMPLETE": "bash_complete",
        "COMP_WORDS": "party-cells qu",
        "COMP_CWORD": "1",
    }
    command = [sys.executable, "-m", "party_cells"]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, cwd=paths.ROOT)
    assert done.stdout.split() == ["plain,queue-export", "plain,queue-import"]


def test_a_verb_loads_only_what_it_needs():
    program = "import sys\nfrom party_cells import cli\ncli.main(['report', '--dry-run'])\n"
    program += "print({'pandas', 'papermill', 'nbformat', 'zmq', 'asyncio'} & {*sys.modules})"
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True).stdout.endswith("set()\n")
