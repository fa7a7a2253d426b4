"""The options of the command as a configuration calls them, and what may be written as their values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import click

from urlcheck.config.document import Document
from urlcheck.config.search import PREFIX
from urlcheck.config.trust import refuse_reading, refuse_use
from urlcheck.config.variables import UnusableValueError, Variables, quote
from urlcheck.model.errors import SettingsError
from urlcheck.options.groups import GroupedOption
from urlcheck.options.name_types import Output, StatusCodes, Verdicts
from urlcheck.options.request_types import Body, Header
from urlcheck.settings.scopes import OF_A_CHECK

Scalar = str | int | float | bool
Shown = Scalar | list[Scalar]

# the origin of a setting that is no place in a file and no variable
COMMAND_LINE = "command line"
_MAX_BITS = 64


@dataclass(frozen=True, slots=True)
class Key:
    """An option under its long name; those that have none, `-4` and `-6`, together under the name of what they set."""

    name: str
    options: tuple[GroupedOption, ...]

    @property
    def param(self) -> str:
        """The name of the parameter that it sets."""
        return str(self.options[0].name)

    @property
    def variable(self) -> str:
        """`URLCHECK_MAX_TIME` for `max-time`."""
        return f"{PREFIX}{self.name.upper().replace('-', '_')}"

    @property
    def is_flag(self) -> bool:
        return self.options[0].is_bool_flag

    @property
    def is_repeatable(self) -> bool:
        return self.options[0].multiple

    @property
    def is_for_targets(self) -> bool:
        """Whether a single request may have a value of its own."""
        return self.param in OF_A_CHECK or self.param == "json"  # `json` is another way to write `data`

    def switch(self, *, on: bool) -> bool:
        """The value that a flag sets: `--no-dedupe` sets `dedupe` to False."""
        return on is not (self.options[0].flag_value is False)

    def convert(self, context: click.Context, texts: Sequence[str]) -> object:
        """The option's own value. Raises `UnusableValueError` with what the option has to say."""
        option = self.options[0]
        if option.is_flag:
            by_value = {str(one.flag_value): one.flag_value for one in self.options}
            if texts[0] not in by_value:
                raise UnusableValueError(f"{texts[0]!r} is not one of {', '.join(by_value)}")
            return by_value[texts[0]]
        try:
            converted: object = option.process_value(context, texts if option.multiple else ",".join(texts))
        except click.UsageError as error:
            raise UnusableValueError(error.message) from None
        except SettingsError as error:  # the name of the key stands before it
            raise UnusableValueError(error.reason) from None
        return converted


def list_keys(command: click.Command) -> dict[str, Key]:
    """All that a file or the environment may say, by name."""
    named: dict[str, list[GroupedOption]] = {}
    for option in command.params:
        if isinstance(option, GroupedOption):
            long = next((name for name in option.opts if name.startswith("--")), str(option.name))
            named.setdefault(long.lstrip("-").replace("_", "-"), []).append(option)
    return {name: Key(name, tuple(options)) for name, options in named.items()}


def name_key(keys: Iterable[Key], field: str) -> str:
    """The name of the key that sets a field of the settings; the field's own where there is none."""
    return next((key.name for key in keys if key.param == field), field)


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of an option: `value` as the command takes it, `shown` as it is written in TOML, and where it comes from."""

    key: Key
    value: object
    shown: Shown
    origin: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The context of the values of a file: the command, the environment, and the document, from which paths start."""

    context: click.Context
    variables: Variables
    document: Document


def read_toml(key: Key, written: object, origin: str, surroundings: Surroundings) -> Setting:
    """The setting that a TOML value makes. Variables are replaced; the paths in it start from the directory.

    Raises `UnusableValueError`, which never shows the value of a variable.
    """
    if key.is_flag:
        if not isinstance(written, bool):
            raise UnusableValueError(f"must be true or false, not {_describe(written)}")
        if written:
            refuse_use(surroundings.document, key.name)
        return Setting(key, key.switch(on=written), written, origin)
    refuse_use(surroundings.document, key.name)
    raw = [_to_text(scalar) for scalar in _list_scalars(key, written)]
    context, directory = surroundings.context, surroundings.document.directory
    texts = [surroundings.variables.expand(text) for text in raw]
    shown = [_rebase(key, text, plain, quote(directory)) for text, plain in zip(raw, texts, strict=True)]
    texts = [_rebase(key, text, text, directory) for text in texts]
    paths = ((split_path(key, text)[1], split_path(key, seen)[1]) for text, seen in zip(texts, shown, strict=True))
    refuse_reading(surroundings.document, key.name, (pair for pair in paths if pair[0]))
    try:
        value = key.convert(context, texts)
    except UnusableValueError:
        if texts == raw:
            raise
        key.convert(context, shown)  # says it without the secret, if it fails too
        raise UnusableValueError(f"{', '.join(map(repr, shown))} cannot be used as the environment has it") from None
    if not isinstance(written, list):
        return Setting(key, value, written if isinstance(written, int | float) else shown[0], origin)
    return Setting(key, value, [*shown], origin)


def read_text(key: Key, text: str, origin: str, context: click.Context) -> Setting:
    """The setting that a variable of the environment makes: a repeatable option has a value a line."""
    if key.is_flag:
        try:
            on = bool(click.BOOL.convert(text, None, None))
        except click.BadParameter:
            raise UnusableValueError(f"must be true or false, not {text!r}") from None
        return Setting(key, key.switch(on=on), on, origin)
    texts = [line.strip() for line in text.splitlines() if line.strip()] if key.is_repeatable else [text.strip()]
    shown: list[Scalar] = [quote(one) for one in texts]
    return Setting(key, key.convert(context, texts), shown if key.is_repeatable else shown[0], origin)


def read_arguments(key: Key, given: Mapping[str, object], origin: str, context: click.Context) -> Setting:
    """The setting that the command line made; `given` is what its parser found."""
    value, found = context.params[key.param], given[key.param]
    shown: Shown
    if key.is_flag:
        shown = value is key.switch(on=True)
    elif isinstance(found, list | tuple):
        shown = [quote(str(one)) for one in found]
    else:
        shown = found if isinstance(found, int) else quote(str(found))
    return Setting(key, value, shown, origin)


def split_path(key: Key, text: str) -> tuple[str, str]:
    """A value before the file that it names, and the file: `("jsonl=", "out.jsonl")`; no file where it names none."""
    kind = key.options[0].type
    if isinstance(kind, click.Path):  # the type that the rule of paths has
        return ("", text) if text != "-" else (text, "")
    if isinstance(kind, Output):
        before, equals, path = text.partition("=")
        return (before + equals, path) if path != "-" else (text, "")
    if isinstance(kind, Body) and text.startswith("@") and text != "@-":
        return "@", text[1:]
    return text, ""


def _rebase(key: Key, text: str, plain: str, directory: str) -> str:
    """The text with its path as seen from the working directory; `plain`: the same text, its variables replaced."""
    before, path = split_path(key, text)
    if not path or os.path.isabs(split_path(key, plain)[1]):
        return text
    return before + os.path.join(directory, path)


def _list_scalars(key: Key, written: object) -> list[object]:
    if isinstance(written, dict) and isinstance(key.options[0].type, Header):
        raise UnusableValueError('a table is no value for it: write ["NAME: VALUE"]')
    if not isinstance(written, list):
        return [written]
    if not (key.is_repeatable or isinstance(key.options[0].type, StatusCodes | Verdicts)):
        raise UnusableValueError("one value is needed, not a list")
    if not written and not key.is_repeatable:
        raise UnusableValueError("an empty list")
    return written


def _to_text(scalar: object) -> str:
    if isinstance(scalar, str):
        return scalar
    if isinstance(scalar, bool) or not isinstance(scalar, int | float):
        raise UnusableValueError(f"{_describe(scalar)} is no value for it")
    if isinstance(scalar, int) and scalar.bit_length() > _MAX_BITS:
        raise UnusableValueError("the number is too large")
    return re.sub(r"\.0$", "", str(scalar))


def _describe(written: object) -> str:
    if isinstance(written, bool):
        return str(written).lower()
    if isinstance(written, str | int | float):
        return "a text" if isinstance(written, str) else "a number"
    return {"dict": "a table", "list": "a list"}.get(type(written).__name__, "a date or time")
