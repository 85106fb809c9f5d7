"""``python -m helpers.doctor``: exit status 0 if nothing is to be fixed, else 1."""

import sys

from helpers.doctor import print_findings

if __name__ == "__main__":
    sys.exit(0 if print_findings() else 1)
