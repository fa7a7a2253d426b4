"""`python -m urlcheck.demo` checks the demo site; `--serve [PORT]` only serves it."""

from __future__ import annotations

import sys

from urlcheck.demo.site import main

if __name__ == "__main__":
    sys.exit(main())
