"""`python -m acs_emulator`"""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import logging
import signal
import sys
import uuid
from pathlib import Path

from acs_emulator.emulator import CannotStart, Emulator
from acs_emulator.options import ACS_ISSUER, DEVELOPMENT_ACCESS_KEY, DEVELOPMENT_RESOURCE_ID, Options


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
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Emulator(options) as emulator:
        sys.stdout.write(_box(emulator))
        sys.stdout.flush()
        await stop.wait()
    return 0


def _box(emulator: Emulator) -> str:
    lines = [
        "Azure Communication Services emulator",
        "",
        f"http      {emulator.url}",
        f"https     {emulator.https_url or 'off'}",
        f"key       {emulator.access_key}",
        f"resource  {emulator.resource_id}",
        f"control   {emulator.url}/_emulator/",
    ]
    if emulator.options.ca_file is not None and emulator.https_url:
        lines.append(f"CA        {emulator.options.ca_file}")
    lines += [f"events    {url}" for url in emulator.options.events]
    width = max(len(line) for line in lines)
    edge = "─" * (width + 2)
    inside = "".join(f"│ {line:<{width}} │\n" for line in lines)
    return f"╭{edge}╮\n{inside}╰{edge}╯\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m acs_emulator", description="Azure Communication Services on this machine."
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; the control plane has no key (default: %(default)s)",
    )
    parser.add_argument(
        "--http-port", type=_port, default=8090, help="0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--https-port",
        type=_port_or_off,
        default=8443,
        help="0 takes a free one, off serves no https (default: %(default)s)",
    )
    parser.add_argument(
        "--access-key", type=_base64, default=DEVELOPMENT_ACCESS_KEY, help="base64 (default: %(default)s)"
    )
    parser.add_argument(
        "--resource-id",
        type=_guid,
        default=DEVELOPMENT_RESOURCE_ID,
        help="GUID, audience of tokens (default: %(default)s)",
    )
    parser.add_argument("--issuer", default=ACS_ISSUER, help="issuer of tokens (default: %(default)s)")
    parser.add_argument(
        "--events", action="append", metavar="URL", help="Event Grid webhook, repeatable (default: none)"
    )
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="emulated seconds per second (default: %(default)s)"
    )
    parser.add_argument(
        "--legacy-offsets",
        action="store_true",
        help="packets of the preview of early 2024: offsets of about 2.5e18",
    )
    parser.add_argument(
        "--ca-file", type=Path, help="where to write the certificate of the development CA (default: nowhere)"
    )
    parser.add_argument(
        "--ready-file",
        type=Path,
        help="where to write the addresses as JSON once it listens (default: nowhere)",
    )
    return parser


def _options(given: argparse.Namespace) -> Options:
    return Options(
        host=given.host,
        http_port=given.http_port,
        https_port=given.https_port,
        access_key=given.access_key,
        resource_id=given.resource_id,
        issuer=given.issuer,
        events=tuple(given.events or ()),
        speed=given.speed,
        legacy_offsets=given.legacy_offsets,
        ca_file=given.ca_file,
        ready_file=given.ready_file,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
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


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise argparse.ArgumentTypeError(f"an access key is base64: {error}") from error
    return text


def _guid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no GUID") from error


if __name__ == "__main__":
    sys.exit(main())
