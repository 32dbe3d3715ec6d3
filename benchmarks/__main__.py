"""Run the benchmarks named on the command line, or all of them, one after the other.

Timings are noisy: read the ratios within one run. What was measured goes into ``results.json``
beside this file, each benchmark as it ends, and from there into ``docs/scale.md``.
"""

import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

import jinja2

from helpers import paths

NAMES = ("first", "batch", "growth", "desk", "extraction")
RESULTS = Path(__file__).with_name("results.json")
SCALE = paths.ROOT / "docs" / "scale.md"


def scale(results: dict) -> str:
    """The page that says on the measured figures what a country would cost."""
    template = Path(__file__).with_name("scale.md.j2").read_text("utf-8")
    made = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True)
    return made.from_string(template).render(results) + "\n"


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in NAMES]:
        print(f"no benchmark {unknown[0]!r}; known: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    results["machine"] = {"cores": os.cpu_count(), "python": platform.python_version()}
    failed = False
    for name in names or NAMES:
        print(f"\n== {name}", flush=True)
        begun = time.monotonic()
        try:
            figures = importlib.import_module(f"benchmarks.{name}").main()
        except Exception as error:  # whatever it was: nobody is there, and the others go on
            failed = True
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
            continue
        results[name] = figures | {"minutes": (time.monotonic() - begun) / 60}
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if missing := [name for name in NAMES if name not in results]:
        print(f"{SCALE.name} stays as it is: not measured yet: {', '.join(missing)}")
        return 1
    SCALE.write_text(scale(results), "utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
