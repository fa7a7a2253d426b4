"""JMESPath expressions over JSON documents: whether one gives a true value, and if not, what stands there instead."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypedDict

from urlcheck.http import strict_json
from urlcheck.text.safe import mask

_WRITTEN, _SHOWN, _SHOWN_SIDES, _MESSAGE_LIMIT = 1000, 60, 3, 100
_TYPES = {"str": "string", "int": "number", "float": "number", "bool": "boolean", "list": "array", "dict": "object"}

_encoder = json.JSONEncoder(ensure_ascii=False)


class Node(TypedDict):
    """A node of jmespath's syntax tree; `value` is missing where there is none."""

    type: str
    children: list[Any]
    value: Any


class NotJsonError(Exception):
    """A body that is not a JSON document."""


class UnjudgeableError(Exception):
    """A document, or a value in it, that cannot be judged."""


class Expression:
    """A JMESPath expression (jmespath.org). Raises `ValueError` with the reason for any other text."""

    def __init__(self, text: str) -> None:
        import jmespath  # type: ignore[import-untyped] # noqa: PLC0415 - paid for where an expression is given
        from jmespath import functions, visitor  # noqa: PLC0415 - likewise

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PendingDeprecationWarning)  # a literal `ok`, which is still a string to it
                expression = jmespath.compile(text)
            self._tree: Node = expression.parsed
            fault = _find_slip(self._tree, functions.Functions.FUNCTION_TABLE)
        except RecursionError:
            fault = "it is nested too deeply"
        except ValueError as error:  # all of jmespath's are
            fault = _describe_fault(error, text)
        if fault:
            raise ValueError(f"{text!r} is not a JMESPath expression: {fault}")
        self._search = expression.search
        self._interpreter = visitor.TreeInterpreter()

    def describe_untrue(self, document: object) -> str | None:
        """`is false (status is "degraded")`; None where the value is a true one, as JMESPath sees it.

        False are false, null, and an empty string, array or object; 0 is true. Raises `UnjudgeableError`.
        """
        try:
            value = self._search(document)
            if _is_true(value):
                return None
            sides = dict(islice(self._list_sides(self._tree, document), _SHOWN_SIDES))
            reasons = ", ".join(f"{text} is {_show(side)}" for text, side in sides.items())
            return f"is {_show(value)} ({reasons})" if reasons else f"is {_show(value)}"
        except RecursionError:
            raise UnjudgeableError("the document is nested too deeply") from None
        except Exception as error:  # noqa: BLE001 - whatever a function makes of a value that it was not meant for
            raise UnjudgeableError(_describe_misfit(error)) from None

    def _list_sides(self, node: Node, document: object) -> Iterator[tuple[str, object]]:
        """The parts of the node that decided that it is not true: each looks something up, and comes with its value."""
        children: list[Node] = node["children"]
        match node["type"]:
            case "and_expression":
                left, right = children
                yield from self._list_sides(right if _is_true(self._value(left, document)) else left, document)
            case "or_expression" | "comparator" | "not_expression" | "function_expression":
                for child in children:
                    is_condition = child["type"] in {"and_expression", "or_expression", "not_expression", "comparator"}
                    if is_condition:
                        yield from self._list_sides(child, document)
                    elif text := _write(child):
                        yield text, self._value(child, document)
            case _ if node is not self._tree and (text := _write(node)):
                yield text, self._value(node, document)

    def _value(self, node: Node, document: object) -> object:
        value: object = self._interpreter.visit(node, document)
        return value


def load_document(body: bytes) -> object:
    """The JSON document that a body holds (RFC 8259), in UTF-8, 16 or 32. Raises `NotJsonError` or `UnjudgeableError`.

    The last of several members with the same name counts. An integer of more digits than Python takes is a float.
    """
    try:
        return strict_json.load(body, parse_int=_parse_int)
    except RecursionError:
        raise UnjudgeableError("the document is nested too deeply") from None
    except ValueError as error:
        raise NotJsonError from error


def _parse_int(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _is_true(value: object) -> bool:
    return not (value is None or value is False or (isinstance(value, str | list | dict) and not value))


def _show(value: object) -> str:
    """The value as JSON, secrets masked, cut; not much more of it is written than is shown."""
    text = mask("".join(islice(_encoder.iterencode(value), _WRITTEN))[:_WRITTEN])
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _write(node: Node) -> str | None:
    """The text of a part of an expression that looks something up; None for a literal, and for a part that is not simple."""
    children: list[Node] = node["children"]
    match node["type"]:
        case "field":
            name = node["value"]
            return name if name.isidentifier() and name.isascii() else json.dumps(name, ensure_ascii=False)
        case "subexpression":
            return _join(map(_write, children), ".")
        case "index_expression" if all(child["type"] != "slice" for child in children):
            return _join((f"[{child['value']}]" if child["type"] == "index" else _write(child) for child in children), "")
        case "identity" | "current" as here:
            return "" if here == "identity" else "@"
        case "function_expression":
            arguments = _join((_write(child) or _write_literal(child) for child in children), ", ")
            return None if arguments is None else f"{node['value']}({arguments})"
    return None


def _write_literal(node: Node) -> str | None:
    if node["type"] != "literal":
        return None
    return f"'{node['value']}'" if isinstance(node["value"], str) else f"`{_encoder.encode(node['value'])}`"


def _join(parts: Iterable[str | None], separator: str) -> str | None:
    texts = list(parts)
    return None if None in texts else separator.join(text for text in texts if text)


def _find_slip(node: Node, functions: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Find a mistake that would show only with a document, if ever: an impossible call, or a `!` with a surprising operand."""
    if node["type"] == "function_expression":
        known = functions.get(node["value"])
        if known is None:
            return f"there is no function {node['value']}()"
        signature, given = known["signature"], len(node["children"])
        is_variadic = bool(signature) and bool(signature[-1].get("variadic"))
        if given < len(signature) or (given > len(signature) and not is_variadic):
            return f"{node['value']}() takes {len(signature)}{' or more' if is_variadic else ''}, not {given}"
    if node["type"] == "subexpression" and node["children"][0]["type"] == "not_expression":
        return "! is of the next name alone; write !(...)"  # else !a.b would always be null
    children: list[Node] = [] if node["type"] == "slice" else node["children"]  # those of a slice are numbers
    return next((fault for child in children if (fault := _find_slip(child, functions))), None)


def _describe_fault(error: ValueError, text: str) -> str:
    """In one line, where jmespath draws an arrow below the expression."""
    position, found = getattr(error, "lex_position", None), getattr(error, "token_value", None)
    if not text.strip():
        return "it is empty"
    if position is None:
        return str(error).partition("\n")[0][:_MESSAGE_LIMIT]
    if not found:
        return "it ends too early"
    hint = "; equal is ==" if found == "=" and text[:position].endswith(" ") else ""
    return f"at character {position + 1}, {str(found)[:_MESSAGE_LIMIT]!r}{hint}"


def _describe_misfit(error: Exception) -> str:
    name, kind = getattr(error, "function_name", None), getattr(error, "actual_type", None)
    if name and kind:
        return f"{name}() cannot take {_TYPES.get(kind, kind)}"
    return "a value is of another type" if isinstance(error, TypeError) else f"it fails ({type(error).__name__})"
