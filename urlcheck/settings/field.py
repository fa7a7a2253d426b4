"""Declares a setting: its default, its rule and its help, in one place."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple, TypeVar

from urlcheck.model.errors import SettingsError
from urlcheck.settings.errors import RuleError
from urlcheck.settings.rules import Rule

_SPEC = "urlcheck"

AnyScope = TypeVar("AnyScope", bound="Scope")


class Spec(NamedTuple):
    """The properties of a setting besides its type.

    `option` is None for a setting that has no option of its own.
    """

    rule: Rule
    option: OptionSpec | None = None


class OptionSpec(NamedTuple):
    """The option of a setting. `names` are empty where its one name is the field's, with hyphens.

    `metavar` stands for the value in the help; `is_common`: `-h` lists it. `default` is the default that the help shows for a
    field whose default is None.
    """

    help: str
    names: tuple[str, ...] = ()
    metavar: str = ""
    is_common: bool = False
    default: str | None = None


def option(
    *names: str,
    metavar: str = "",
    help: str,  # noqa: A002 - Click's word
    common: bool = False,
    default: str | None = None,
) -> OptionSpec:
    """The option of a setting, in the words of Click."""
    return OptionSpec(help, names, metavar, common, default)


def setting(default: Any, rule: Rule, option: OptionSpec | None = None, *, is_secret: bool = False) -> Any:
    """A field of a `Scope`. `is_secret`: its value is not shown."""
    return field(default=default, repr=not is_secret, metadata={_SPEC: Spec(rule, option)})


def spec_of(field_: Field[Any]) -> Spec:
    """The declaration of a field. Raises `KeyError` for a field without one."""
    spec: Spec = field_.metadata[_SPEC]
    return spec


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scope:
    """A group of settings that belong together. Every value is held to its rule. Raises `SettingsError`.

    Comparison and representation are written once here: a dataclass would compile them for each scope at every start.
    """

    title: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for field_ in fields(self):
            rule, value = spec_of(field_).rule, getattr(self, field_.name)
            try:
                fitted = rule.fit(value)
            except (ValueError, TypeError, ArithmeticError) as error:
                reason = str(error) if isinstance(error, RuleError) else ""
                # the value is not shown: it may be a secret
                raise SettingsError(field_.name, reason or f"must be {rule.words}") from None
            if fitted is not value:
                object.__setattr__(self, field_.name, fitted)

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if isinstance(other, Scope) and type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = ", ".join(f"{field_.name}={getattr(self, field_.name)!r}" for field_ in fields(self) if field_.repr)
        return f"{type(self).__name__}({shown})"

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field_.name) for field_ in fields(self))

    def part(self, kind: type[AnyScope]) -> AnyScope:
        """The settings of a narrower scope."""
        return kind(**{field_.name: getattr(self, field_.name) for field_ in fields(kind)})
