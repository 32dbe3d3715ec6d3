"""The command line ``party-cells``: what may be asked for, and the status that it ends with.

Every verb is done elsewhere and imported only when it is asked for, so that a batch with nothing
to do ends at once. A status is 0 where all is well, 1 where something failed, 2 where it was
refused before it began, 130 where it was stopped; an error is one line.
"""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click

from helpers import paths

SEVERAL = ("--only", "--locality", "--set")  # one value or more, and they may be repeated
LANGUAGES = click.Choice(["en", "vi", "both"])
FACT = "facts kien-xuong-2023.3237.cells_under_base"
HAND = "--reason 'read again' --by lan"
CORRECTED = f"correct {FACT} value 449 {HAND}"
NEGATIVE = {"ignore_unknown_options": True}  # a value such as -30 is none
ADDED = "add hoa-lac.txt --locality hoa-lac --published 2015-02-06 --name 'Hòa Lạc'"
STATES = click.Choice(["conflict", "gone", "changed", "ambiguous", "open", "decided"])


class Verb(click.Command):
    """A verb; all words after an option of `SEVERAL` up to the next option are its values."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named, spread = "", []
        for word in args:
            if word.startswith("-"):
                named = word if word in SEVERAL and self.name in ("report", "notebooks") else ""
            elif named and spread[-1] != named:
                spread.append(named)
            spread.append(word)
        return super().parse_args(ctx, spread)


class Add(Verb):
    """The verb whose options are what may be said of an article; they are read when asked for."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        from party_cells.desk import intake

        found = super().get_params(ctx)
        for name, said in intake.OPTIONS.items():
            named, needed = f"--{name.replace('_', '-')}", name in intake.REQUIRED
            found.append(click.Option([named], help=said, required=needed))
        return found


def option(name: str, said: str, **about) -> Callable:
    return click.option(name, help=said, **about)


def in_use(ctx: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    """Let everything after this read and write in the folder that ``--data`` names."""
    if folder:
        os.environ[paths.DATA_VARIABLE] = str(folder.absolute())


DATA = option("--data", "the data folder", type=Path, callback=in_use, expose_value=False)
TABLE = click.argument("table", metavar="TABLE", type=click.Choice(["facts", "codings"]))
ROWS = TABLE, click.argument("row_id", metavar="ROW")
FILE = click.argument("file", type=Path)
BASIS = option("--basis", "why a value is not what its printed words read as", metavar="CODE")
REASON = option("--reason", "why; kept, and printed in the reports", required=True)
BY = option("--by", "whose decision it is; by default the name of the login")
ONLY = option("--only", "this notebook alone; may be repeated", multiple=True, metavar="NAME")
OUT = option("--out", "where it is written", type=Path)
PLAIN = option("--plain", "start an ordinary kernel for every notebook", is_flag=True)
JOBS = option("--jobs", "how many at a time; by default one a core", type=click.IntRange(1))
SCHEDULER = option("--scheduler", "run on the workers of a Dask scheduler", metavar="ADDRESS")
PLACE = option("--locality", "this one alone; may be repeated", multiple=True, metavar="ID")
LANGUAGE = option("--language", "of the reports", type=LANGUAGES, default="both")
FOLD = option("--language", "fold the cells in the other one, and run nothing", type=LANGUAGES)
SET = option("--set", "another parameter; may be repeated", multiple=True, metavar="NAME=VALUE")
DRY = option("--dry-run", "say what would run, and why; run nothing", is_flag=True)
FORCE = option("--force", "also what is up to date", is_flag=True)
ZIP = option("--zip", "make one file to send of all reports", is_flag=True)
CHECK = option("--check", "write nothing; fail where a table differs", is_flag=True)
STATE = option("--state", "only rows in this state; may be repeated", type=STATES, multiple=True)
OPEN = option("--open", "open the desk in JupyterLab", is_flag=True)
REPORT = ONLY, PLACE, LANGUAGE, SET, OUT, DRY, FORCE, ZIP, PLAIN, JOBS, SCHEDULER
COLUMN, VALUE, FOLDER = (click.argument(name) for name in ("column", "value", "folder"))


def verb(room: str, example: str, *parameters: Callable, **about) -> Callable:
    """A verb with some parameters; a function of the same name in a room does it, and its status
    is ours. The function decorated gives the name and the help.
    """

    def made(described: Callable) -> click.Command:
        def do(**given) -> int:
            return getattr(import_module(f"party_cells.{room}"), described.__name__)(**given)

        for parameter in (DATA, *reversed(parameters)):
            do = parameter(do)
        name = described.__name__.rstrip("_").replace("_", "-")
        said = {"help": described.__doc__, "epilog": f"\b\nExample:\n  party-cells {example}"}
        return party_cells.command(name, **{"cls": Verb} | said | about)(do)

    return made


@click.group()
@click.version_option(package_name="party-cell-notebooks")
def party_cells() -> None:
    """What newspaper articles allow one to say about party cells: articles in, reports out.

    Every verb explains itself: party-cells VERB --help.

    \b
    For completion put this into ~/.bashrc (zsh_source and fish_source likewise):
      eval "$(_PARTY_CELLS_COMPLETE=bash_source party-cells)"
    """


@verb("desk.verbs", "init my-collection", FOLDER)
def init() -> None:
    """Begin a collection in FOLDER: codebooks and notebooks to change, everything else empty."""


@verb("desk.verbs", ADDED, FILE, OPEN, cls=Add)
def add() -> None:
    """Add the article in FILE, a text as it was saved: the text is kept as it is, its row of the
    manifest is written, its candidates are proposed. A new locality needs --name.
    """


@verb("desk.verbs", "desk --data my-collection")
def desk_() -> None:
    """Open the desk in JupyterLab: candidates and codings to decide on."""


@verb("desk.verbs", "queue-export queue.xlsx --state open", FILE, STATE)
def queue_export() -> None:
    """Write the queue into FILE, a spreadsheet (.xlsx) to decide in."""


@verb("desk.verbs", "queue-import queue.xlsx --by lan", FILE, BY)
def queue_import() -> None:
    """Save what was decided in FILE, a spreadsheet that queue-export made; cells that do not fit
    are refused by row and column.
    """


@verb("desk.verbs", CORRECTED, *ROWS, COLUMN, VALUE, REASON, BY, BASIS, context_settings=NEGATIVE)
def correct() -> None:
    """Correct a published row: TABLE is facts or codings, ROW the id of the row, COLUMN what
    is wrong in it, VALUE what should stand there. The reports print what changed.
    """


@verb("desk.verbs", f"withdraw {FACT} {HAND}", *ROWS, REASON, BY)
def withdraw() -> None:
    """Take out a published row: TABLE is facts or codings, ROW its id. The reports say so."""


@verb("desk.verbs", f"confirm {FACT} --by lan", *ROWS, BY)
def confirm() -> None:
    """Confirm as a person who has read its words a row: TABLE is facts or codings, ROW its id."""


@verb("desk.verbs", "tables --check", CHECK)
def tables() -> None:
    """Derive facts.csv and codings.csv from the decisions."""


@verb("desk.verbs", "audit")
def audit_() -> None:
    """Check the facts against one another; fail on what nobody has looked into."""


@verb("batch", "report --only 90-findings", *REPORT)
def report() -> None:
    """Run the notebooks and make the reports; what is up to date is not done again."""


@verb("batch", "notebooks --only 90-findings", ONLY, FOLD, PLAIN, JOBS)
def notebooks() -> None:
    """Run the committed notebooks again in place, and say whose outputs changed."""


@verb("batch", "list --only 80-what-can-be-compared", ONLY)
def list_() -> None:
    """List the notebooks with their parameters: type, default, and what each is for."""


@verb("batch.proposals", "propose --data my-collection --out candidates", OUT, JOBS, SCHEDULER)
def propose() -> None:
    """Propose candidates in every article: candidates.csv, with nothing decided."""


def main(argv: list[str] | None = None) -> int:
    """Do what the command line asks for; the exit status.

    >>> main(["report", "--only", "99-nothing"])
    2
    """
    before = os.environ.get(paths.DATA_VARIABLE)
    try:
        return party_cells.main(argv, prog_name="party-cells", standalone_mode=False) or 0
    except click.UsageError as error:
        at = error.ctx.command_path if error.ctx else "party-cells"
        click.echo(f"{error.format_message()} See: {at} --help", err=True)
        return 2
    except (ValueError, OSError) as error:  # a full disk, say; what is finished is whole
        advice = "no file is half written: make room or put it right, then do it again"
        stopped = isinstance(error, OSError)
        click.echo(f"stopped: {error}; {advice}" if stopped else error, err=True)
        return 2 if type(error).__name__ == "Refused" else 1
    except (KeyboardInterrupt, click.Abort):
        return 130
    finally:
        os.environ.pop(paths.DATA_VARIABLE, None)
        os.environ |= {paths.DATA_VARIABLE: before} if before else {}
