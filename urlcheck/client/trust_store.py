"""Loads the system's trust store once, where OpenSSL would list a directory of it at each handshake.

OpenSSL 3.0 to 3.3 lists the lookup directory for every certificate that it verifies, which takes a fifth of the time of a
handshake (openssl issue 21067). `SSLContext.load_default_certs` registers that directory.
"""

from __future__ import annotations

import os
import re
import ssl
import sys

_MENDED = (3, 4)
# the names by which OpenSSL finds a root in a directory: a hash of its subject, and a number
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_CERTIFICATE = re.compile(rb"-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----.+?-----END \1?CERTIFICATE-----", re.DOTALL)


def load_system_roots(context: ssl.SSLContext) -> None:
    """Trust what the system trusts, or the file and the directory that `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead."""
    paths = ssl.get_default_verify_paths()
    if sys.platform == "win32" or ssl.OPENSSL_VERSION_INFO[:2] >= _MENDED or not paths.cafile:
        context.load_default_certs()
        return
    try:
        with open(paths.cafile, "rb") as file:
            known = {found[0] for found in _CERTIFICATE.finditer(file.read())}
        context.load_verify_locations(cafile=paths.cafile)
    except (OSError, ssl.SSLError):  # OpenSSL goes on without it, and so with the directory alone
        context.load_default_certs()
        return
    for folder in (os.environ.get(paths.openssl_capath_env) or paths.openssl_capath).split(os.pathsep):
        _load_folder(context, folder, known)


def _load_folder(context: ssl.SSLContext, folder: str, known: set[bytes]) -> None:
    """Trust the certificates of a directory that are not known yet. What cannot be read is left out, as OpenSSL does."""
    try:
        names = [name for name in os.listdir(folder) if _HASHED.fullmatch(name)]
    except OSError:
        return
    for name in names:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                new = {found[0] for found in _CERTIFICATE.finditer(file.read())} - known
            known |= new
            for certificate in new:
                context.load_verify_locations(cadata=certificate.decode("ascii"))
        except (OSError, ValueError, ssl.SSLError):
            continue
