"""The command line: ``python -m party_cells VERB …``; each verb's own ``--help`` tells the rest."""

import sys
from importlib import import_module

VERBS = {
    "report": "batch",
    "list": "batch",
    "notebooks": "batch",
    "propose": "batch.proposals",
    "tables": "desk.verbs",
    "add": "desk.verbs",
    "queue-export": "desk.verbs",
    "queue-import": "desk.verbs",
    "audit": "desk.verbs",
    "correct": "desk.verbs",
    "withdraw": "desk.verbs",
}


def main(argv: list[str]) -> int:
    """Hand the verb to the module that owns it, and give back its exit status."""
    if not argv or argv[0] not in VERBS:
        print(f"usage: python -m party_cells {{{','.join(VERBS)}}} …", file=sys.stderr)
        return 2
    return import_module(f"party_cells.{VERBS[argv[0]]}").main(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
