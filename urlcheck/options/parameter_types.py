"""The parameter type of each setting: it converts the text of an option, and refuses unusable text with advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from urlcheck.options.bodies import read_form
from urlcheck.options.name_types import Output, StatusCodes, Verdicts
from urlcheck.options.quantity_types import Count, CountOr, Duration, Rate, Size
from urlcheck.options.request_types import Address, Body, Credentials, Header, HeaderText, Method, Pin
from urlcheck.settings import rules

# the parameter type of a setting, by the class of its rule
_TYPES: dict[type[rules.Rule], Callable[[Any], click.ParamType[Any]]] = {
    rules.Address: lambda _: Address(),
    rules.Bytes: lambda _: Body(read_form),
    rules.Choice: lambda rule: click.Choice(rule.values),
    rules.Cluster: lambda _: click.STRING,
    rules.Count: Count,
    rules.Credentials: lambda _: Credentials(),
    rules.Headers: lambda rule: Header(is_sent=rule.is_sent),
    rules.HeaderText: lambda _: HeaderText(),
    rules.Method: lambda _: Method(),
    rules.Outputs: lambda _: Output(),
    rules.Path: lambda _: click.Path(),
    rules.Patterns: lambda _: click.STRING,
    rules.Pins: lambda _: Pin(),
    rules.Rate: lambda _: Rate(),
    rules.Seconds: Duration,
    rules.Size: lambda _: Size(),
    rules.Statuses: lambda _: StatusCodes(),
    rules.Text: lambda _: click.STRING,
    rules.Texts: lambda _: click.STRING,
    rules.Verdicts: lambda _: Verdicts(),
}


def make_type(rule: rules.Rule) -> click.ParamType[Any]:
    """The type that reads a value for a rule. Raises `KeyError` for a rule that no option has."""
    if isinstance(rule, rules.Either):
        if isinstance(rule.rule, rules.Count) and rule.values != (None,):
            return CountOr(rule.rule, rule.values)
        return make_type(rule.rule)
    return _TYPES[type(rule)](rule)
