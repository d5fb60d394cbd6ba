"""`python -m acs_emulator`"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import logging
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

from acs_emulator.emulator import Emulator
from acs_emulator.options import (
    ACS_ISSUER,
    DEVELOPMENT_ACCESS_KEY,
    DEVELOPMENT_RESOURCE_ID,
    RECORDING_HOST,
    Options,
)
from acs_emulator.serving import CannotStart
from acs_emulator.welcome import welcome


class _Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; --help shows the options.\n")


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 after Ctrl-C or SIGTERM, 2 where it cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    options = _options(_parser().parse_args(arguments))
    try:
        return asyncio.run(_serve(options))
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 2


async def _serve(options: Options) -> int:
    stop = asyncio.Event()
    with _setting(stop, signal.SIGINT, signal.SIGTERM):
        async with Emulator(options) as emulator:
            gc.freeze()  # what is loaded by now stays; to look through it all would stop every call for 0.1 s
            sys.stdout.write(welcome(emulator))
            sys.stdout.flush()
            await stop.wait()
    return 0


@contextmanager
def _setting(stop: asyncio.Event, *signals: signal.Signals) -> Iterator[None]:
    """Signals set the event inside the block. Not by the loop's own way, which Windows does not have."""
    loop = asyncio.get_running_loop()

    def handle(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m acs_emulator",
        allow_abbrev=False,
        description="Azure Communication Services on this machine: calls, transcription, recordings, identities.",
        epilog="It keeps nothing on disk but what --ca-file, --ready-file and --recordings name. When it calls out it trusts what "
        "SSL_CERT_FILE names, besides the system's authorities.",
    )
    _add_addresses(parser)
    _add_resource(parser)
    _add_recordings(parser)
    _add_time(parser)
    return parser


def _add_addresses(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("where it listens")
    group.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; the control plane has no key (default: %(default)s)",
    )
    group.add_argument(
        "--name",
        action="append",
        metavar="HOST",
        help="another host under which clients reach it, repeatable; for its certificate (default: none)",
    )
    group.add_argument(
        "--http-port",
        type=_port,
        default=8090,
        metavar="PORT",
        help="0 takes a free one (default: %(default)s)",
    )
    group.add_argument(
        "--https-port",
        type=_port_or_off,
        default=8443,
        metavar="PORT",
        help="0 takes a free one, off serves no https (default: %(default)s)",
    )
    group.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="where to keep the certificate of the development CA, its key beside it (default: nowhere)",
    )
    group.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="where to write the addresses as JSON once it listens (default: nowhere)",
    )


def _add_resource(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the resource")
    group.add_argument(
        "--access-key",
        type=_base64,
        default=DEVELOPMENT_ACCESS_KEY,
        metavar="KEY",
        help="base64 (default: %(default)s)",
    )
    group.add_argument(
        "--resource-id",
        type=_guid,
        default=DEVELOPMENT_RESOURCE_ID,
        metavar="GUID",
        help="audience of the tokens it sends (default: %(default)s)",
    )
    group.add_argument(
        "--issuer", default=ACS_ISSUER, help="issuer of the tokens it sends (default: %(default)s)"
    )
    group.add_argument(
        "--events",
        action="append",
        type=_web_address,
        metavar="URL",
        help="subscribe an Event Grid webhook, repeatable (default: none)",
    )


def _add_recordings(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("recordings")
    group.add_argument(
        "--recordings",
        type=Path,
        metavar="FOLDER",
        help="where to write the files of recordings as well (default: nowhere)",
    )
    group.add_argument(
        "--recording-host",
        default=RECORDING_HOST,
        metavar="HOST",
        help="host under which recordings are told to lie; emulator stands for its own (default: %(default)s)",
    )


def _add_time(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("time and chance")
    group.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="FACTOR",
        help="emulated seconds per second (default: %(default)s)",
    )
    group.add_argument(
        "--seed",
        type=_seed,
        metavar="NUMBER",
        help="draw the same random numbers in every run (default: others each time)",
    )
    group.add_argument(
        "--legacy-offsets",
        action="store_true",
        help="packets of the preview of early 2024: offsets of about 2.5e18",
    )


def _options(given: argparse.Namespace) -> Options:
    return Options(
        host=given.host,
        names=tuple(given.name or ()),
        http_port=given.http_port,
        https_port=given.https_port,
        access_key=given.access_key,
        resource_id=given.resource_id,
        issuer=given.issuer,
        events=tuple(given.events or ()),
        speed=given.speed,
        seed=given.seed,
        legacy_offsets=given.legacy_offsets,
        ca_file=given.ca_file,
        ready_file=given.ready_file,
        recordings=given.recordings,
        recording_host=given.recording_host,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 5 or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return int(text)


def _port_or_off(text: str) -> int | None:
    return None if text in ("off", "-1") else _port(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is no speed between 0 and 1000")
    return speed


def _seed(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of at most 18 digits")
    return int(text)


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise argparse.ArgumentTypeError(f"{text} is no http or https URL")
    return text


def _base64(text: str) -> str:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"an access key is base64: {error}") from error
    if not key:
        raise argparse.ArgumentTypeError("an access key is not empty")
    return text


def _guid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no GUID") from error


if __name__ == "__main__":
    sys.exit(main())
