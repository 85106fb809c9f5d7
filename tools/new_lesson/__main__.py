"""Command line: ``python -m tools.new_lesson 11 how_good_is_the_map``."""

import sys

from tools.new_lesson import main

sys.exit(main())
