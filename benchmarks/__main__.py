"""Run the benchmarks named on the command line, or all of them, one after the other.

Timings are noisy: read the ratios within one run.
"""

import importlib
import sys

NAMES = ("extraction", "desk", "batch", "growth")


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in NAMES]:
        print(f"no benchmark {unknown[0]!r}; known: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        print(f"\n== {name}")
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
