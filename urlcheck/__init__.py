"""urlcheck checks lists of URLs concurrently, and reports for each one what happened and whether it passed.

results = asyncio.run(check(["https://example.org"]))

async for result in check_urls(urls, Settings(timeout=5)):
    print(result.verdict, result.target.url, result.detail)
"""

from __future__ import annotations

# nothing is imported here: the program comes through this module before its signals have handlers
TYPE_CHECKING = False

__all__ = [
    "Failure",
    "Hop",
    "Response",
    "Result",
    "Settings",
    "SettingsError",
    "Target",
    "Verdict",
    "check",
    "check_urls",
]

if TYPE_CHECKING:
    from urlcheck.api import check, check_urls
    from urlcheck.model.errors import SettingsError
    from urlcheck.model.outcome import Failure, Hop, Response
    from urlcheck.model.result import Result
    from urlcheck.model.target import Target
    from urlcheck.model.verdict import Verdict
    from urlcheck.settings.settings import Settings

    __version__: str
else:
    _HOMES = {
        **dict.fromkeys(("check", "check_urls"), "api"),
        **dict.fromkeys(("Failure", "Hop", "Response"), "model.outcome"),
        "Result": "model.result",
        "Settings": "settings.settings",
        "SettingsError": "model.errors",
        "Target": "model.target",
        "Verdict": "model.verdict",
        "__version__": "settings.identity",
    }

    def __getattr__(name: str) -> object:
        """Load a public name when it is first used."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415

        home = import_module(f"urlcheck.{_HOMES[name]}")
        value = globals()[name] = getattr(home, "VERSION" if name == "__version__" else name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})
