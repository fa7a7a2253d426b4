"""Completion in bash, of words that bash itself splits: `--output=jsonl`, `-o html=FILE`, `--data @FILE`.

Readline does not replace the whole word but the part after the last character of `COMP_WORDBREAKS`, such as `=`. Click's own
script hands over the split words, and completes none of them. This one hands over the line and the part to replace.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress

from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

# `plain` is a whole word; `part` is not, as a folder; `file` asks for bash's own completion of file names
_SOURCE = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            plain) COMPREPLY+=("$value") ;;
            part) COMPREPLY+=("$value"); compopt -o nospace ;;
            file) compopt -o default ;;
        esac
    done < <(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_PART="$2" %(complete_var)s=bash_complete "$1")
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_CURSOR = "\0"  # follows the line, so that a blank at its end begins a new word
_SPECIAL = re.compile(r"[^\w@%+=:,./-]")  # characters that bash needs a backslash before, and some that it does not mind


class Bash(BashComplete):
    """Reads the line up to the cursor; answers with the texts that may replace the part of it that readline replaces."""

    source_template = _SOURCE

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one at the cursor, and that one up to the cursor, without their quotes."""
        _, *words, last = split_arg_string(os.environ["COMP_LINE"] + _CURSOR)
        return words, last.removesuffix(_CURSOR)

    def complete(self) -> str:
        """The completions, one a line: a type, a comma and a text."""
        words, last = self.get_completion_args()
        part = os.environ["COMP_PART"]
        if not last.endswith(part):  # it has backslashes or quotes
            part = "".join(split_arg_string(part))
        items = self.get_completions(words, last)
        return "\n".join(line for item in items for line in _format(item, last, part))


def register() -> None:
    """Make Click use this class for bash."""
    add_completion_class(Bash)


def _format(item: CompletionItem[str], word: str, part: str) -> Iterator[str]:
    """The lines for a completion of a word, of which a part is replaced."""
    kept = len(word) - len(part)
    if item.type == "plain":
        option, equals, _ = word.partition("=")
        before = option + equals if equals and word.startswith("-") else ""
        yield f"plain,{(before + item.value)[kept:]}"
    elif item.value == part:
        yield "file,"
    else:  # bash would take all of the part for the name of a file: `@body`
        escape = _keep if _is_quoted(os.environ["COMP_LINE"]) else _escape
        for name in _list_files(item.value):
            whole = word.removesuffix(item.value) + name
            yield f"{'part' if name.endswith('/') else 'plain'},{escape(whole[kept:])}"


def _list_files(begun: str) -> Iterator[str]:
    """The files and folders whose names begin so; hidden ones only after a dot. The name of a folder ends with a slash."""
    folder, slash, start = begun.rpartition("/")
    with suppress(OSError), os.scandir(folder + slash or ".") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = entry.name
            if name.startswith(start) and name.startswith(".") <= start.startswith(".") and name.isprintable():
                yield folder + slash + name + ("/" if entry.is_dir() else "")


def _is_quoted(line: str) -> bool:
    """Whether a quotation is open at the end of a line."""
    try:
        shlex.split(line)
    except ValueError as error:
        return "quotation" in str(error)
    return False


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _keep(text: str) -> str:
    return text
