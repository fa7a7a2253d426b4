"""The version and the home page of the program."""

from __future__ import annotations

VERSION = "0.1.0"
HOME_PAGE = "https://github.com/urlcheck-cli/urlcheck"
