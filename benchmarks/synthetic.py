"""Write an invented collection: ``python -m benchmarks.synthetic FOLDER --localities 60``.

The generator is `benchmarks.invented`; benchmarks import `write_collection` from here.
"""

import argparse

from benchmarks.invented import ERRORS, write_collection

__all__ = ["write_collection"]


def main() -> None:
    """Write the folder that the command line asks for."""
    parser = argparse.ArgumentParser(description="Write an invented data folder.")
    parser.add_argument("folder")
    parser.add_argument("--localities", type=int, default=60)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    for kind in ERRORS:
        parser.add_argument(f"--{kind}", type=float, default=0.0, help="rate of articles, 0 to 1")
    asked = parser.parse_args()
    errors = {kind: getattr(asked, kind) for kind in ERRORS}
    write_collection(asked.folder, asked.localities, asked.years, errors, asked.seed)


if __name__ == "__main__":
    main()
