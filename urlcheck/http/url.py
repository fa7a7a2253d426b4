"""Absolute http and https URLs, kept byte for byte (RFC 3986), and the resolution of references against them.

The path and query that were written are the ones that are requested: nothing is decoded, normalised or repaired. Only what
a request line cannot carry is percent-encoded, and a host outside ASCII is put through IDNA.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

Origin = tuple[str, str, int]

DEFAULT_PORTS = {"http": 80, "https": 443}

_REFERENCE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_AUTHORITY = re.compile(r"(?:(?P<userinfo>.*)@)?(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>.*))?", re.DOTALL)
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f-\x9f]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_NOT_IN_HOST = re.compile(r"[^a-z0-9._-]")
_DIGITS_AND_DOTS = re.compile(r"[0-9.]+")
_MAX_HOST, _MAX_LABEL = 253, 63


class InvalidUrlError(ValueError):
    """A text that is not an http(s) URL that can be requested; its message is the reason, in a few words."""


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https URL, ready to be requested; all parts are ASCII but the fragment.

    `host` is lower-case, with the brackets of an IPv6 address; `target` is the request target of RFC 9112: path and query, an
    empty query's `?` included; `userinfo` and `fragment` are as written, None where there is none.
    """

    scheme: str
    host: str
    port: int
    target: str
    userinfo: str | None = None
    fragment: str | None = None

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own."""
        return self.host if DEFAULT_PORTS[self.scheme] == self.port else f"{self.host}:{self.port}"

    @property
    def origin(self) -> Origin:
        """Scheme, host and port (RFC 6454)."""
        return self.scheme, self.host, self.port

    def is_of_site(self, url: str) -> bool:
        """Whether another absolute URL has the same host and port; a site with https, or with `www.` in front, is the same."""
        return self.authority.removeprefix("www.") == url.split("/", 3)[2].removeprefix("www.")

    @property
    def key(self) -> str:
        """The identity of the URL: two URLs with one key make the same request."""
        userinfo = "" if self.userinfo is None else f"{self.userinfo}@"
        return f"{self.scheme}://{userinfo}{self.host}:{self.port}{self.target}"

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User name and password, percent-decoded."""
        if self.userinfo is None:
            return None
        name, _, password = self.userinfo.partition(":")
        return unquote(name), unquote(password)

    def __str__(self) -> str:
        """The URL as it is reported: with its fragment, never with its credentials."""
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.scheme}://{self.authority}{self.target}{fragment}"


def parse(text: str) -> Url:
    """Read an absolute URL; raises `InvalidUrlError` with the reason."""
    if _UNSENDABLE.search(text):
        raise InvalidUrlError(_describe_unsendable(text))
    scheme, authority, path, query, fragment = _split(text)
    if scheme is None:
        raise InvalidUrlError("no scheme")
    return _build(scheme.lower(), authority, path + query, fragment)


def resolve(base: Url, reference: str, *, keep_dots: bool = False) -> Url:
    """Resolve a reference against a base URL (RFC 3986, 5.2.2); raises `InvalidUrlError`.

    Dot segments are removed from the reference's path. With `keep_dots` they are removed only from a path that is merged with
    the base's, and any other path keeps the bytes that the user wrote. Credentials stay with the base's origin: they are
    passed on to the same origin, and the reference's own are ignored.
    """
    if _UNSENDABLE.search(reference):
        raise InvalidUrlError(_describe_unsendable(reference))
    scheme, authority, path, query, fragment = _split(reference)
    if path.startswith("/") and not keep_dots:
        path = _remove_dot_segments(path)
    if scheme is not None or authority is not None:
        url = _build((scheme or base.scheme).lower(), authority, path + query, fragment)
        userinfo = base.userinfo if url.origin == base.origin else None
        return Url(url.scheme, url.host, url.port, url.target, userinfo, url.fragment)
    base_path, _, _ = base.target.partition("?")
    if path.startswith("/"):
        target = path + query
    elif path:
        target = _remove_dot_segments(base_path.rpartition("/")[0] + "/" + path) + query
    else:
        target = base_path + query if query else base.target
    return Url(base.scheme, base.host, base.port, _encode(target), base.userinfo, fragment)


def _split(text: str) -> tuple[str | None, str | None, str, str, str | None]:
    match = _REFERENCE.fullmatch(text)
    assert match is not None  # every text has this form
    scheme, authority, path, query, fragment = match.groups()
    return scheme, authority, path, query or "", fragment


def _build(scheme: str, authority: str | None, target: str, fragment: str | None) -> Url:
    if scheme not in DEFAULT_PORTS:
        raise InvalidUrlError(f"unsupported scheme '{scheme[:20]}'")
    if not authority:
        raise InvalidUrlError("no host")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise InvalidUrlError("malformed host")
    userinfo, host, port = match.groups()
    if not target.startswith("/"):
        target = "/" + target
    number = _read_port(port) if port else DEFAULT_PORTS[scheme]
    return Url(scheme, read_host(host), number, _encode(target), userinfo, fragment)


def _read_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= 65535):
        raise InvalidUrlError("the port is not a number from 1 to 65535")  # unquoted: it may be part of a password
    return int(text)


@lru_cache(maxsize=4096)
def read_host(text: str) -> str:
    """The host in lower case, IDNA-encoded (UTS 46) where it goes beyond ASCII; raises `InvalidUrlError`."""
    if text.startswith("["):
        return _read_ipv6(text)
    host = text.lower() if text.isascii() else _encode_idna(text)
    if not host:
        raise InvalidUrlError("no host")
    if unusable := _NOT_IN_HOST.search(host):
        raise InvalidUrlError(f"'{unusable[0]}' cannot be part of a host name; remove it")
    name = host.removesuffix(".")
    if len(name) > _MAX_HOST:
        raise InvalidUrlError(f"a host name longer than {_MAX_HOST} characters")
    for label in name.split("."):
        if not label:
            raise InvalidUrlError("an empty label in the host name")
        if len(label) > _MAX_LABEL:
            raise InvalidUrlError(f"a label longer than {_MAX_LABEL} characters in the host name")
    if _DIGITS_AND_DOTS.fullmatch(host) and not is_ip_address(host):
        raise InvalidUrlError("a host of digits that is not a dotted IPv4 address")
    return host


@lru_cache(maxsize=4096)
def is_ip_address(host: str) -> bool:
    """Whether a host, as `Url` holds it, is an IP address and not a name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_localhost(host: str) -> bool:
    """Whether a host is a name that always means the machine that resolves it (RFC 6761, 6.3)."""
    name = host.removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")


def _read_ipv6(text: str) -> str:
    if "%" in text:
        raise InvalidUrlError("an IPv6 zone, which a URL cannot carry reliably")
    try:
        ipaddress.IPv6Address(text[1:-1])
    except ValueError:
        raise InvalidUrlError("a malformed IPv6 address") from None
    return text.lower()


def _encode_idna(text: str) -> str:
    """Mapped by UTS 46, as browsers do; whether a label is one that a registry would sell is for the name servers to say."""
    import idna  # noqa: PLC0415 - its tables take 10 ms to load, and few lists need them

    try:
        name = idna.uts46_remap(text, std3_rules=False, transitional=False)
        labels = [label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in name.split(".")]
    except (idna.IDNAError, UnicodeError):
        raise InvalidUrlError("a host name that IDNA does not allow") from None
    return ".".join(labels)


def _encode(target: str) -> str:
    if target.isascii():
        return target
    try:
        return _BEYOND_ASCII.sub(_percent_encode, target)
    except UnicodeEncodeError:
        raise InvalidUrlError("not UTF-8") from None


def _percent_encode(found: re.Match[str]) -> str:
    # a header's bytes that are not UTF-8 arrive as surrogates (PEP 383) and leave as the same bytes
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogateescape"))


def _remove_dot_segments(path: str) -> str:
    """RFC 3986, 5.2.4, for a path that starts with a slash."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _describe_unsendable(text: str) -> str:
    return "a blank inside" if re.search(r"[ \t]", text) else "a control character inside"
