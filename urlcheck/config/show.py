"""`--print-config`: the settings that apply and their origins, as a configuration that can be used again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from urlcheck.config.keys import COMMAND_LINE, Key, Scalar, Setting, Shown
from urlcheck.config.layers import Configuration, OwnTarget
from urlcheck.config.maintenance import list_values
from urlcheck.config.variables import quote
from urlcheck.input.entry import mask_entry
from urlcheck.input.files import STDIN
from urlcheck.settings.secrets import find_secrets
from urlcheck.text.safe import MASK, escape, mask, mask_urls
from urlcheck.text.secret_names import is_secret_header
from urlcheck.text.secrets import hide, hiding

_DEFAULT = "default"
# where comments stand, and what is too long for them to be pushed aside
_COLUMN = 44
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
# keys of bodies; a body is a secret as a whole, unless its value names a file or a variable
_SECRET_TEXTS = {"data", "json"}
# keys whose value is a URL, and those that may quote one; other values are expressions, names and paths
_URLS, _WITH_URLS = {"proxy", "base-url"}, {"header", "expect-header", "user-agent"}
# the key of a URL whose path is a secret, as that of a webhook is
_RECEIVER, _PATH = "notify", re.compile(r"^([^/]*//[^/?#]*)[/?#].+")
_NO_COMMAND = ("##", r"#\u0023")  # a CI job obeys ##[command]
_REFERENCE_ALONE = re.compile(r"(?:[A-Za-z]+ +)?\$\{\w+\}")


def show(configuration: Configuration) -> str:
    """TOML without its last line's end: every option, the targets, and the origin of each in a comment."""
    with hiding(find_secrets(_list_told(configuration))):
        return "\n".join(_list_all(configuration))


def _list_all(configuration: Configuration) -> Iterator[str]:
    yield from _list_settings(configuration)
    for url in configuration.urls:
        if url == STDIN:
            yield from ("", f"# standard input, as the {COMMAND_LINE} says")
        else:
            yield from ("", "[[target]]", _write("url", quote(mask_entry(url)), COMMAND_LINE))
    for target in configuration.targets:
        yield from ("", "[[target]]", *_list_target(target))
    for table in configuration.maintenance:
        yield from ("", "[[maintenance]]")
        yield from (_write(key, value, table.place(key)) for key, value in list_values(table).items())


def _list_told(configuration: Configuration) -> Iterator[dict[str, object]]:
    """Yield the settings of the run, and those of each target, by parameter."""
    yield {param: setting.value for param, setting in configuration.settings.items()}
    for target in configuration.targets:
        yield {setting.key.param: setting.value for setting in target.settings}


def _list_settings(configuration: Configuration) -> Iterator[str]:
    unset = []
    for key in configuration.keys.values():
        setting = configuration.settings.get(key.param)
        if setting:
            yield _write(key.name, _mask(setting), setting.origin)
        elif (default := _find_default(key)) is not None:
            yield _write(key.name, default, _DEFAULT)
        else:
            unset.append(key.name)
    if unset:
        yield f"# not set: {', '.join(unset)}"


def _list_target(target: OwnTarget) -> Iterator[str]:
    yield _write("url", mask_entry(target.url), target.origin)
    if target.name:
        yield _write("name", mask(target.name))
    for setting in target.settings:
        yield _write(setting.key.name, _mask(setting), setting.origin)


def _find_default(key: Key) -> Shown | None:
    option = key.options[0]
    if key.is_flag:
        return False
    if option.shown_default is None:
        return None
    if isinstance(option.type, click.IntRange):
        return int(option.shown_default)
    return [option.shown_default] if key.is_repeatable else option.shown_default


def _mask(setting: Setting) -> Shown:
    if isinstance(setting.shown, list):
        return [_mask_scalar(setting.key, scalar) for scalar in setting.shown]
    return _mask_scalar(setting.key, setting.shown)


def _mask_scalar(key: Key, scalar: Scalar) -> Scalar:
    """The value with its secrets masked; a reference to a variable is shown as it is."""
    if not isinstance(scalar, str):
        return scalar
    kind = key.options[0].type.name
    if kind in {"header", "credentials"}:
        name, colon, value = scalar.partition(":")
        if _REFERENCE_ALONE.fullmatch(value.strip()):
            return scalar
        if kind == "credentials" or is_secret_header(name, value.strip()):
            return f"{name}{colon}{' ' if value.startswith(' ') else ''}{MASK}"
    if key.name in _SECRET_TEXTS and not scalar.startswith("@") and not _REFERENCE_ALONE.fullmatch(scalar):
        return MASK
    if isinstance(key.options[0].type, click.IntRange) and scalar.isdecimal():
        return int(scalar)
    return _mask_urls(key, hide(scalar))


def _mask_urls(key: Key, text: str) -> str:
    if key.name == _RECEIVER and not _REFERENCE_ALONE.fullmatch(text):
        return mask(_PATH.sub(rf"\1/{MASK}", text))
    if key.name in _URLS:
        return mask(text)
    return mask_urls(text) if key.name in _WITH_URLS else text


def _write(name: str, value: Shown, origin: str = "") -> str:
    text = f"{name} = {_format(value)}"
    return f"{text:{_COLUMN}} # {escape(origin)}" if origin else text


def _format(value: Shown | Iterable[Scalar]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_format, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        written = "".join(map(_write_out, value))
        return f'"{written.replace(*_NO_COMMAND)}"'
    return str(value)


def _write_out(char: str) -> str:
    """The character as TOML writes it: an escape if it does not print, as it would be invisible or control the terminal."""
    if char in _ESCAPES or char.isprintable():
        return _ESCAPES.get(char, char)
    code = ord(char)
    return "\\ufffd" if 0xD800 <= code < 0xE000 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
