"""`python -m service migrate` and `python -m service keys …`: work on the database directly, without a server."""

import argparse
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TextIO

from callscribe.actions.access import create_key, list_keys, revoke_key
from callscribe.domain.access import ApiKey, Scope
from callscribe.domain.timeline import rfc3339
from callscribe.ports import Clock, Ids, Store

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands work with; the store is opened only by those that need it."""

    migrate: Callable[[], Awaitable[None]]
    open_store: Callable[[], AbstractAsyncContextManager[Store]]
    clock: Clock
    ids: Ids
    out: TextIO
    err: TextIO


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `migrate` and `keys` to the program's commands; `args.command` names the one that was given."""
    commands.add_parser("migrate", help="create the database or bring it to the newest schema")
    keys = commands.add_parser("keys", help="API keys: create, list, revoke").add_subparsers(
        dest="keys_command", required=True, metavar="{create,list,revoke}"
    )
    create = keys.add_parser("create", help="make a key and show it, once")
    create.add_argument("--name", type=_name, required=True, help="what the key is for")
    create.add_argument(
        "--scope",
        dest="scopes",
        action="append",
        choices=[scope.value for scope in Scope],
        help="what it may do, repeatable: read (the default); control, which includes read; admin, which includes all",
    )
    create.add_argument("--json", action="store_true", help="print id, key and scopes as JSON")
    keys.add_parser("list", help="show all keys, without their secrets")
    revoke = keys.add_parser("revoke", help="end a key at once")
    revoke.add_argument("id", help="as `keys list` shows it")


async def run(args: argparse.Namespace, desk: Desk) -> None:
    """Carries out a command of `add_commands`. Raises StoreUnavailable and KeyNotFound."""
    if args.command == "migrate":
        await desk.migrate()
        desk.out.write("The database has the newest schema.\n")
        return
    async with desk.open_store() as store:
        await _keys(args, store, desk)


async def _keys(args: argparse.Namespace, store: Store, desk: Desk) -> None:
    if args.keys_command == "create":
        scopes = frozenset(map(Scope, args.scopes or [Scope.READ]))
        key, written = await create_key(store, desk.ids, desk.clock, args.name, scopes)
        if args.json:
            shown = {"id": key.id, "key": written, "scopes": sorted(key.scopes)}
            desk.out.write(json.dumps(shown) + "\n")
            return
        desk.err.write(f"Key {key.id} ({_scopes(key)}). It is shown this once; only its hash is kept:\n")
        desk.out.write(f"{written}\n")
    elif args.keys_command == "list":
        desk.out.writelines(_table(await list_keys(store)))
    else:
        await revoke_key(store, desk.clock, args.id)
        desk.out.write(f"Key {args.id} is revoked.\n")


def _table(keys: Sequence[ApiKey]) -> list[str]:
    rows = [("ID", "SCOPES", "CREATED", "REVOKED", "NAME")]
    rows += [
        (
            key.id,
            _scopes(key),
            rfc3339(key.created_at),
            rfc3339(key.revoked_at) if key.revoked_at else "-",
            key.name,
        )
        for key in keys
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) + "\n"
        for row in rows
    ]


def _scopes(key: ApiKey) -> str:
    return ",".join(scope for scope in Scope if scope in key.scopes)


def _name(text: str) -> str:
    if not text.strip() or len(text) > _LONGEST_NAME or not text.isprintable():
        raise argparse.ArgumentTypeError(f"1 to {_LONGEST_NAME} printable characters")
    return text.strip()
