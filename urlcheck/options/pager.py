"""The option `--manual`: lists the topics, or shows one through the user's pager."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from urlcheck.options.topics import TOPICS, read_topic
from urlcheck.runtime.streams import measure_width


def show_manual(ctx: click.Context, _: click.Parameter, topic: str | None) -> None:
    """Show a topic, or the list of topics for the empty string, and exit. Does nothing for None."""
    if topic is None:
        return
    if not topic:
        click.echo(_list_topics(ctx))
        ctx.exit()
    from urlcheck.reports.terminal.manual_page import render_page  # noqa: PLC0415 - --help does without Rich

    text = render_page(read_topic(topic), sys.stdout, measure_width())
    if sys.stdout.isatty():
        with _leaving_ctrl_c_to_the_pager():
            click.echo_via_pager(text)  # Click keeps the colors for `less` and removes them for other pagers
    else:
        sys.stdout.write(text)  # Click would write UTF-8 to a stream in ASCII
        sys.stdout.flush()
    ctx.exit()


def _list_topics(ctx: click.Context) -> str:
    formatter = ctx.make_formatter()
    formatter.write_text("urlcheck --manual TOPIC shows a page of the manual. The topics are:")
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_dl([*TOPICS.items()])
    return formatter.getvalue().rstrip("\n")


@contextmanager
def _leaving_ctrl_c_to_the_pager() -> Iterator[None]:
    """Keep Ctrl-C from ending this program before the pager, which would go on reading the terminal beside the shell."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # a handler, because the pager would inherit SIG_IGN
    previous = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
