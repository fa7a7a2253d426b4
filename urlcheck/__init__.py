"""urlcheck checks lists of URLs concurrently, and reports for each one what happened and whether it passed.

results = check_sync(["https://example.org"])             # a list, in the order of the input
results = await check(["https://example.org"])            # the same in an event loop

async for result in check_urls(urls, Settings(timeout=5)):  # each as it is finished
    print(result.verdict, result.target.url, result.detail)
"""

from __future__ import annotations

# this module imports nothing when it is loaded: the program loads it before it installs its signal handlers
TYPE_CHECKING = False

__all__ = [
    "Change",
    "CheckSettings",
    "Failure",
    "FailureKind",
    "Headers",
    "Hop",
    "OutputSettings",
    "Record",
    "Reporter",
    "Response",
    "Result",
    "Settings",
    "SettingsError",
    "StateError",
    "Summary",
    "Target",
    "Url",
    "Verdict",
    "check",
    "check_sync",
    "check_urls",
    "make_record",
]

if TYPE_CHECKING:
    from urlcheck.api import check, check_sync, check_urls
    from urlcheck.http.headers import Headers
    from urlcheck.http.url import Url
    from urlcheck.model.change import Change
    from urlcheck.model.errors import SettingsError, StateError
    from urlcheck.model.outcome import Failure, FailureKind, Hop, Response
    from urlcheck.model.record import Record, make_record
    from urlcheck.model.result import Result
    from urlcheck.model.target import Target
    from urlcheck.model.verdict import Verdict
    from urlcheck.reports import Reporter
    from urlcheck.reports.summary import Summary
    from urlcheck.settings.output import OutputSettings
    from urlcheck.settings.scopes import CheckSettings
    from urlcheck.settings.settings import Settings

    __version__: str
else:
    _HOMES = {
        **dict.fromkeys(("check", "check_sync", "check_urls"), "api"),
        "Change": "model.change",
        "CheckSettings": "settings.scopes",
        **dict.fromkeys(("Failure", "FailureKind", "Hop", "Response"), "model.outcome"),
        "Headers": "http.headers",
        "OutputSettings": "settings.output",
        "Settings": "settings.settings",
        **dict.fromkeys(("Record", "make_record"), "model.record"),
        "Reporter": "reports",
        "Result": "model.result",
        **dict.fromkeys(("SettingsError", "StateError"), "model.errors"),
        "Summary": "reports.summary",
        "Target": "model.target",
        "Url": "http.url",
        "Verdict": "model.verdict",
        "__version__": "settings.identity",
    }

    def __getattr__(name: str) -> object:
        """Load a public name when it is first used."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - `import urlcheck` loads nothing

        home = import_module(f"urlcheck.{_HOMES[name]}")
        value = globals()[name] = getattr(home, "VERSION" if name == "__version__" else name)
        return value

    def __dir__() -> list[str]:
        return sorted({*__all__, *(name for name in globals() if name.startswith("__")), "__version__"})
