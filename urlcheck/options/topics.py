"""The topics of the manual: one Markdown file each in `urlcheck/manual/`."""

from __future__ import annotations

_FOLDER = "urlcheck.manual"

# topic → one line for the list of topics, in reading order
TOPICS = {
    "options": "every option, its default and its meaning",
    "input": "lists of URLs, pipes, comments, how an entry becomes a URL",
    "requests": "methods, bodies, redirects, retries, limits, proxies, TLS",
    "verdicts": "each verdict with its cause and remedy; exit status",
    "formats": "table, jsonl, csv, github, junit, sarif, markdown, html",
    "configuration": "urlcheck.toml, environment variables, settings per target",
    "waiting": "--wait: check services until they are up",
    "store": "--state: resume, reuse what passed, fail on what is new",
    "watch": "--watch: repeated checks, states, notifications, maintenance",
    "status": "--serve: status page, JSON, WebSocket, metrics, badges",
    "expectations": "required headers, text, regular expressions and JSON",
    "ci": "GitHub Actions, GitLab, pre-commit, cron",
    "library": "urlcheck in Python",
    "cluster": "--dask: the same run on a Dask cluster",
    "figures": "speed and memory, measured beside other programs",
    "changelog": "what each version changed",
}


def read_topic(topic: str) -> str:
    """Return the Markdown text of a topic, which must be a key of `TOPICS`."""
    from importlib.resources import files  # noqa: PLC0415 - takes longer than all of --help

    return files(_FOLDER).joinpath(f"{topic}.md").read_text(encoding="utf-8")


def suggest_topics(word: str) -> list[str]:
    """Return the topics whose names resemble a word that is not a topic, best first."""
    from difflib import get_close_matches  # noqa: PLC0415 - used only after a mistake

    word = word.lower()
    begun = [topic for topic in TOPICS if word and topic.startswith(word)]
    return begun or get_close_matches(word, TOPICS, cutoff=0.6)
