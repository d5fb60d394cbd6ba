"""Whom the emulator trusts when it calls out over TLS."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path


class BadTrust(Exception):
    """What the environment names cannot be trusted; the message says in one sentence why, and what to do."""


def outgoing(environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Trusts the system's authorities, and besides them those of the file SSL_CERT_FILE and of the folder SSL_CERT_DIR.

    OpenSSL itself takes what these variables name instead of the system's. Raises BadTrust.
    """
    context = ssl.create_default_context()
    defaults = ssl.get_default_verify_paths()
    for file in (defaults.openssl_cafile, environment.get("SSL_CERT_FILE", "")):
        if file and (file != defaults.openssl_cafile or Path(file).is_file()):
            _load(context, file)
    for folder in (defaults.openssl_capath, environment.get("SSL_CERT_DIR", "")):
        if folder and Path(folder).is_dir():
            context.load_verify_locations(capath=folder)
    return context


def _load(context: ssl.SSLContext, file: str) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except OSError as error:
        raise BadTrust(f"SSL_CERT_FILE names {file}, which holds no certificates ({error}).") from error
