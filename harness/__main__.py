"""Run the program `harness` as `python -m harness`."""

import sys

from harness.cli import main

sys.exit(main())
