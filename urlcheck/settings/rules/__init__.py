"""Rules for the values of settings: each states its condition in words, and converts accepted spellings to the stored form.

A rule is data. `options/` maps the class of a rule to the parameter type that reads it from the command line.
"""

from __future__ import annotations

from urlcheck.settings.rules.basic import (
    Bytes,
    Choice,
    Count,
    Either,
    Flag,
    Number,
    Path,
    Patterns,
    Rate,
    Rule,
    Seconds,
    Size,
    Text,
    Texts,
    describe_range,
)
from urlcheck.settings.rules.cluster import Cluster, count_local
from urlcheck.settings.rules.http import (
    ODD_STATUS,
    Address,
    Credentials,
    Headers,
    HeaderText,
    Method,
    Outputs,
    Statuses,
    Verdicts,
    check_absolute_url,
    is_status,
)
from urlcheck.settings.rules.pins import Pins

__all__ = [
    "ODD_STATUS",
    "REPEATABLE",
    "Address",
    "Bytes",
    "Choice",
    "Cluster",
    "Count",
    "Credentials",
    "Either",
    "Flag",
    "HeaderText",
    "Headers",
    "Method",
    "Number",
    "Outputs",
    "Path",
    "Patterns",
    "Pins",
    "Rate",
    "Rule",
    "Seconds",
    "Size",
    "Statuses",
    "Text",
    "Texts",
    "Verdicts",
    "check_absolute_url",
    "count_local",
    "describe_range",
    "is_status",
]

# rules of settings that hold several values: their options are repeatable
REPEATABLE = (Texts, Bytes, Headers, Pins, Outputs)
