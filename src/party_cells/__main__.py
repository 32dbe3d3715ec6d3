"""``python -m party_cells`` is the command ``party-cells``."""

import sys

from party_cells.cli import main

if __name__ == "__main__":
    sys.exit(main())
