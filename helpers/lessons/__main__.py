"""Run lessons without a browser: ``python -m helpers.lessons --help``."""

import sys

from helpers.lessons import main

if __name__ == "__main__":
    sys.exit(main())
