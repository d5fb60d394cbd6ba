"""Who may import whom; read from the sources, so that no room can forget it."""

import ast
import importlib
import re
import subprocess
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

from tests.sources import PACKAGES, ROOT, Module, first_party, modules, names, rooms, within

OURS: dict[str, tuple[str, ...]] = {
    "callscribe": (),
    "callscribe.domain": ("callscribe.domain",),
    "callscribe.ports": ("callscribe.ports", "callscribe.domain"),
    "callscribe.actions": ("callscribe.actions", "callscribe.domain", "callscribe.ports"),
    "callscribe.adapters": ("callscribe.adapters", "callscribe.domain", "callscribe.ports"),
    "callscribe.runtime": (
        "callscribe.runtime",
        "callscribe.domain",
        "callscribe.ports",
        "callscribe.adapters",
    ),
    "callscribe.cli": ("callscribe.cli",),
    "service": (
        "service",
        "callscribe.domain",
        "callscribe.ports",
        "callscribe.actions",
        "callscribe.runtime",
    ),
    "transcript_ws": (
        "transcript_ws",
        "callscribe.domain",
        "callscribe.ports",
        "callscribe.actions",
        "callscribe.runtime",
    ),
    "onebox": ("onebox", "callscribe.runtime", "service", "transcript_ws"),
    "acs_emulator": ("acs_emulator",),
}
"""For each room (the longest name wins) what it may import of ours; the version in `callscribe` is everybody's but the
emulator's and the command line's."""

VERSIONED = ("callscribe.adapters", "callscribe.runtime", "service", "transcript_ws", "onebox")

PURE_STANDARD = {
    "base64", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "hmac", "inspect", "itertools",
    "math", "re", "typing",
}  # fmt: skip
"""Of the standard library, what neither knows the time nor chance nor the world."""
DOMAIN_MAY = PURE_STANDARD | {"msgspec", "langcodes", "phonenumbers"}
ACTIONS_MAY = DOMAIN_MAY | {"asyncio", "contextlib", "logging", "random"}
LIBRARIES = {
    "callscribe.domain": DOMAIN_MAY,
    "callscribe.ports": ACTIONS_MAY,
    "callscribe.actions": ACTIONS_MAY,
}
"""For rooms that run on values and protocols alone: everything that is not ours and that they may import."""

IMPURE = {"open", "now", "utcnow", "today", "uuid1", "uuid4", "random"}
"""Calls that ask the clock, chance or the disk, also through a module that may be imported for other things."""

DATABASES = {"sqlalchemy", "alembic", "aiosqlite", "sqlite3", "asyncpg", "psycopg", "redis", "valkey"}
CLIENTS = {"httpx", "aiohttp", "requests", "urllib3", "jwt", "standardwebhooks"}
ENVELOPES = ("azure.core.messaging", "azure.eventgrid")
"""What the HTTP edge may use of Azure: the types of events that come in."""
DRIVING = ("callscribe.adapters", "callscribe.runtime")
STANDALONE = ("callscribe.cli", "acs_emulator")
"""Programs of their own, which speak HTTP to the rest."""
SOCKET_MAY_NOT = {"azure", "fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic"}

IMPORTS_BY_NAME = "acs_emulator.speech"
"""Loads the speech libraries where they are installed."""
LOADS_LATE = "acs_emulator"
"""The package itself loads its server when it is asked for, so that its client and its pytest plugin load none."""

ACS_FIELDS = re.compile(
    r"incomingCallContext|resultInformation|transcriptionUpdate|transcriptionStatusDetails|subCode|resultState"
    r"|transcriptionMetadata|TranscriptionMetadata|TranscriptionData|AudioData|incoming_call_context"
    r"|transcriptionSubscription|callIntelligenceOptions|resultStatus|publicEventType"
    r"|languageIdentified|callerDisplayName"
)
"""Names that only ACS uses, and that none of the shapes of `KNOWS_ACS` has."""
OUR_WORDS = {
    "appId", "callConnectionId", "contentType", "correlationId", "displayName", "operationContext", "participantRawID",
    "rawId", "resourceId", "serverCallId", "speechModelEndpointId", "startedBy", "tenantId", "userId",
    "phoneNumber", "communicationUser", "microsoftTeamsUser", "microsoftTeamsApp", "teamsExtensionUser",
}  # fmt: skip
"""Azure's words that our own API shows, and words that are everybody's."""
SHOWS_ACS = "service.examples"
KNOWS_ACS = ("callscribe.domain.events", "callscribe.domain.packets", "callscribe.adapters.acs")


def room_of(name: str) -> str:
    return max((room for room in OURS if within(name, room)), key=len)


def written(name: str, source: str) -> Module:
    """A module that is not there, to try a rule on."""
    return Module(name, Path(f"{name}.py"), ast.parse(textwrap.dedent(source)))


def test_the_sources_are_found() -> None:
    """A test over no files would prove nothing."""
    assert {"callscribe.domain.call", "callscribe.ports", "acs_emulator.calls"} <= {
        name for module in modules() for name in (module.name, module.name.rsplit(".", 1)[0])
    }


def test_every_package_has_its_row() -> None:
    """Whoever adds a room says what it may import."""
    tracked = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tops = {path.split("/")[0] for path in tracked.stdout.split()} - {"tests", "benchmarks", "examples"}

    assert tops <= {*PACKAGES}
    assert [module.name for module in modules() if is_homeless(module)] == []
    assert is_homeless(written("callscribe.extra.thing", ""))


def is_homeless(module: Module) -> bool:
    """Whether a module is in no room; the package `callscribe` itself has a row for its version."""
    return room_of(module.name) == "callscribe" and module.name != "callscribe"


def test_rooms_import_only_what_the_table_allows() -> None:
    """Edges translate, actions decide when, the domain decides what, adapters touch the world."""
    wrong = []
    for module in modules():
        room = room_of(module.name)
        allowed = OURS[room]
        for imported in sorted({name for name in module.imports() if first_party(name)}):
            versions = imported == "callscribe" and any(within(room, one) for one in VERSIONED)
            if not versions and not any(within(imported, one) for one in allowed):
                wrong.append(f"{module.name} imports {imported}")
    assert wrong == []


def test_pure_rooms_import_what_is_listed() -> None:
    """The domain three libraries and nothing of the standard library that has a clock, chance or a way out; ports and
    actions hardly more: no driver, no framework, no logger of others."""
    assert [said for module in modules() for said in strangers(module)] == []


def strangers(module: Module) -> list[str]:
    allowed = LIBRARIES.get(room_of(module.name))
    if allowed is None:
        return []
    return [
        f"{module.name} imports {name}"
        for name in module.imports()
        if not first_party(name) and name.split(".")[0] not in allowed
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("callscribe.domain.x", "import time"),
        ("callscribe.domain.x", "import sqlite3"),
        ("callscribe.domain.x", "from asyncio import sleep"),
        ("callscribe.domain.x", "def later():\n    import uuid"),
        ("callscribe.ports.x", "from azure.core.messaging import CloudEvent"),
        ("callscribe.actions.x", "import structlog"),
        ("callscribe.actions.x", "from urllib.request import urlopen"),
        ("callscribe.actions.x", "import socket"),
    ],
)
def test_a_stranger_in_a_pure_room_is_seen(name: str, source: str) -> None:
    """Wherever in the module, and in whatever form."""
    assert len(strangers(written(name, source))) == 1


def test_the_domain_asks_neither_clock_nor_chance_nor_disk() -> None:
    """Time and ids come in as arguments."""
    assert [said for module in rooms("callscribe.domain") for said in impure(module)] == []


def impure(module: Module) -> list[str]:
    return [
        f"{module.name}:{node.lineno} calls {called(node)}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and called(node) in IMPURE
    ]


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


@pytest.mark.parametrize(
    "call", ["open('f')", "datetime.now(UTC)", "date.today()", "uuid.uuid4()", "x.random()"]
)
def test_an_impure_call_is_seen(call: str) -> None:
    """As a function or as a method."""
    assert len(impure(written("callscribe.domain.x", call))) == 1


def test_drivers_live_in_adapters() -> None:
    """Azure's SDKs there alone, but for the envelopes of the HTTP edge; databases and clients also where programs are
    put together. The emulator and the command line are clients of their own, without a database."""
    assert [said for module in modules() for said in drivers(module)] == []


def drivers(module: Module) -> list[str]:
    room = room_of(module.name)
    if room == "callscribe.adapters":
        return []
    forbidden = {"azure"}
    if room not in DRIVING:
        forbidden |= DATABASES
    if room not in (*DRIVING, *STANDALONE):
        forbidden |= CLIENTS
    return [
        f"{module.name} imports {name}"
        for name in module.imports()
        if name.split(".")[0] in forbidden
        and not (room == "service" and any(within(name, one) for one in ENVELOPES))
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("service.x", "from azure.communication.callautomation import CallAutomationClient"),
        ("service.x", "from azure.core.credentials import AzureKeyCredential"),
        ("service.x", "import sqlalchemy"),
        ("service.x", "import sqlite3"),
        ("service.x", "import httpx"),
        ("transcript_ws.x", "from redis.asyncio import Redis"),
        ("onebox.x", "import aiosqlite"),
        ("callscribe.runtime.x", "from azure.identity.aio import DefaultAzureCredential"),
        ("callscribe.cli.x", "import sqlite3"),
        ("acs_emulator.x", "import azure.core"),
    ],
)
def test_a_driver_elsewhere_is_seen(name: str, source: str) -> None:
    """In every room."""
    assert len(drivers(written(name, source))) == 1


def test_the_envelopes_of_the_http_edge_are_no_drivers() -> None:
    """They are types alone."""
    source = "from azure.core.messaging import CloudEvent\nfrom azure.eventgrid import EventGridEvent"
    assert drivers(written("service.x", source)) == []


def test_nothing_is_imported_by_a_name_made_up_at_run_time() -> None:
    """No table could forbid it."""
    wrong = [
        said
        for module in modules()
        if not within(module.name, IMPORTS_BY_NAME) and module.name != LOADS_LATE
        for said in dynamic(module)
    ]
    assert wrong == []


def dynamic(module: Module) -> list[str]:
    """Uses of what imports or runs code by a name that the syntax does not show."""
    hidden = {"import_module", "__import__", "spec_from_file_location", "run_module", "run_path"}
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            used = {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            used = {node.attr}
        elif isinstance(node, ast.Name):
            used = {node.id} - {"import_module"}
        else:
            continue
        found += [f"{module.name}:{node.lineno} uses {name}" for name in sorted(used & hidden)]
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module as load\nload(name)",
        "__import__(name)",
    ],
)
def test_an_import_by_name_is_seen(source: str) -> None:
    """Under whichever alias."""
    assert len(dynamic(written("service.x", source))) == 1


def test_the_two_edges_do_not_know_each_other() -> None:
    """They meet in the store and on the bus."""
    wrong = [
        f"{module.name} imports {name}"
        for module in rooms("service", "transcript_ws")
        for name in module.imports()
        if name.split(".")[0] in {"service", "transcript_ws"} - {module.name.split(".")[0]}
    ]
    assert wrong == []


def test_the_transcript_server_loads_no_azure_sdk_and_no_web_framework() -> None:
    """Followed through everything that it imports of ours."""
    by_name = {module.name: module for module in modules()}
    todo = [module.name for module in rooms("transcript_ws")]
    seen: set[str] = set()
    wrong = []
    while todo:
        name = todo.pop()
        if name in seen or name not in by_name:
            continue
        seen.add(name)
        for imported in by_name[name].imports():
            if imported.split(".")[0] in SOCKET_MAY_NOT:
                wrong.append(f"{name} imports {imported}")
            parents = imported.split(".")
            todo += [".".join(parents[:end]) for end in range(1, len(parents) + 1)]
    assert sorted(wrong) == []


def test_the_emulator_and_the_command_line_import_nothing_of_ours() -> None:
    """With shared code one bug would cancel itself on both sides."""
    wrong = [
        f"{module.name} imports {name}"
        for module in rooms("acs_emulator", "callscribe.cli")
        for name in module.imports()
        if first_party(name) and not within(name, room_of(module.name))
    ]
    assert wrong == []


def test_acs_field_names_stay_in_three_rooms() -> None:
    """Events, packets and the adapter; everybody else speaks our words. The API's description may show a body as ACS
    sends it, as a literal that nothing there reads."""
    wrong = [
        f"{module.name}:{line} {name}"
        for module in modules()
        if not any(within(module.name, one) for one in KNOWS_ACS)
        and module.name.split(".")[0] != "acs_emulator"
        for line, name in wire_names(module.tree, literals=module.name != SHOWS_ACS)
    ]
    assert wrong == []


def test_an_example_of_a_body_reads_none() -> None:
    """A key of a literal shows a field; everything else uses it."""
    source = ast.parse("shown = {'subCode': 1}\nshown['resultState']")

    assert [name for _, name in wire_names(source, literals=False)] == ["resultState"]


def test_an_acs_field_name_is_seen_wherever_it_is_read() -> None:
    """As a key, inside a path, as an attribute and as a keyword; prose may name it, and our words are others."""
    source = """
    event["resultInformation"], "/data/subCode", event.resultState, dict(transcriptionUpdate=1)
    "data.recordingStorageInfo.recordingChunks", event.failedPlaySourceIndex, "The subCode is in the detail.", call.sub_code, TranscriptionData, "callConnectionId"
    """
    assert {name for _, name in wire_names(ast.parse(textwrap.dedent(source)))} == {
        "resultInformation",
        "subCode",
        "resultState",
        "transcriptionUpdate",
        "recordingStorageInfo",
        "recordingChunks",
        "failedPlaySourceIndex",
    }


@cache
def acs_fields() -> frozenset[str]:
    """Names in camel case of the fields of every shape by which ACS's messages are read, without our own words."""
    shapes = (
        shape
        for name in sorted(names())
        if any(within(name, one) for one in KNOWS_ACS)
        for shape in vars(importlib.import_module(name)).values()
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct)
    )
    fields = {field.encode_name for shape in shapes for field in msgspec.structs.fields(shape)}
    return frozenset(name for name in fields if re.search("[a-z][A-Z]", name)) - OUR_WORDS


def is_acs_field(name: str) -> bool:
    return name in acs_fields() or ACS_FIELDS.fullmatch(name) is not None


def wire_names(tree: ast.Module, *, literals: bool = True) -> Iterator[tuple[int, str]]:
    """Line and name of every field of ACS's that the code reads: in strings without white space, and as identifiers in
    camel case, which none of ours is; keys of literal dictionaries only where `literals` says so."""
    keys = {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    for node in ast.walk(tree):
        if id(node) in keys and not literals:
            continue
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and not re.search(r"\s", node.value)
        ):
            found = re.findall(r"\w+", node.value)
        elif isinstance(node, ast.Attribute):
            found = [node.attr] if "_" not in node.attr else []
        elif isinstance(node, ast.Call):
            found = [word.arg for word in node.keywords if word.arg and "_" not in word.arg]
        else:
            continue
        yield from ((node.lineno, name) for name in found if is_acs_field(name))
