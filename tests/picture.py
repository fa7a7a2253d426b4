"""Draws the README's picture: the real program's own output on the demo site, `python -m tests.picture FILE`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from urlcheck.demo.site import list_tour, serve_aside

PORT = 8080


def main(file: str) -> None:
    with serve_aside(PORT) as base:
        urls = [*list_tour(base)]
        options = ["--timeout", "500ms", "--color", "always"]
        command = [sys.executable, "-m", "urlcheck", *urls, *options]
        output = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False).stdout
    text = Text.from_ansi(f"$ make run\n{output.rstrip()}")
    width = max(len(line) for line in text.plain.splitlines())
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=width, file=nowhere, force_terminal=True, color_system="standard")
        console.print(text, no_wrap=True)
    Path(file).write_text(console.export_svg(title="urlcheck", unique_id="urlcheck"), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
