"""The emulator's pages name what it has: every option, route, member, fault, operation and event, and nothing else."""

from __future__ import annotations

import argparse
import inspect
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from acs_emulator import Emulator, Options, journal, options
from acs_emulator.__main__ import _parser
from acs_emulator.client import EmulatorClient
from acs_emulator.rest import operations, versions
from acs_emulator.welcome import trust_commands
from tests.acs_emulator.test_shapes import CALLBACKS, EVENTS

ROOT = Path(__file__).parents[1]
MAIN = (ROOT / "docs/emulator.md").read_text(encoding="utf-8")
CONTROL = (ROOT / "docs/emulator/control.md").read_text(encoding="utf-8")
FAULTS = (ROOT / "docs/emulator/faults.md").read_text(encoding="utf-8")
FIDELITY = (ROOT / "docs/emulator/fidelity.md").read_text(encoding="utf-8")
COMMON = {"times", "rate", "callConnectionId"}
"""Members that every fault has."""

Json = dict[str, Any]


def section(page: str, heading: str) -> str:
    """What is between this heading and the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the table under the header that begins so."""
    found = re.search(rf"^\| {re.escape(header)}[^\n]*\n\|[-|]+\n((?:\|.*\n)*)", text, re.MULTILINE)
    assert found, header
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in found[1].splitlines()]


def code(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def described() -> AsyncIterator[Json]:
    """The control plane's own description."""
    async with Emulator(Options()) as emulator, httpx.AsyncClient(base_url=emulator.url) as http:
        yield (await http.get("/_emulator/openapi.json")).json()


def members(schema: Json) -> dict[str, str]:
    """The members of a body, with their defaults as the pages write them."""

    def default(name: str, member: Json) -> str:
        if name in schema.get("required", ()):
            return "required"
        value = member.get("default")
        return "none" if value is None else f"`{json.dumps(value)}`"

    return {name: default(name, member) for name, member in schema["properties"].items()}


def test_every_option_has_its_row() -> None:
    """With its default."""
    parser = _parser()
    expected = {
        action.option_strings[0]: "off" if action.default is False else action.default
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction)
    }
    table = {code(option)[0]: default.strip("`") for option, default, _ in rows(MAIN, "option")}
    assert table == {name: "none" if value is None else str(value) for name, value in expected.items()}


def test_what_the_pages_let_people_copy_is_what_the_emulator_prints() -> None:
    """Keys, ids, and the line for each language that makes it trusted."""
    for value in vars(options).values():
        if isinstance(value, str) and value.startswith(
            ("Y2Fs", "7b2f", "c0a1", "5d9c", "acs-emulator-", "3f0e")
        ):
            assert value in MAIN
    printed = {
        language: command.partition(" && ")[2] for language, command in trust_commands("ca.pem", "u").items()
    }
    assert {row[0]: code(row[1])[0] for row in rows(MAIN, "language")} == printed


@pytest.mark.parametrize("language", [".NET", "Java"])
def test_what_was_not_run_is_marked(language: str) -> None:
    """Nobody takes it for tried."""
    assert section(MAIN, language).strip().startswith("**Not run here:**")


@pytest.mark.anyio
async def test_every_route_of_the_control_plane_has_its_row(described: Json) -> None:
    """Whatever its description has; path parameters may have other names."""

    def unnamed(request: str) -> str:
        return re.sub(r"\{\w+\}", "{}", request)

    routes = {
        f"{method.upper()} {path}" for path, methods in described["paths"].items() for method in methods
    }
    table = [code(row[0])[0] for row in rows(CONTROL, "method and path")]
    assert sorted(map(unnamed, table)) == sorted(map(unnamed, routes))


def test_every_method_of_the_client_has_its_row() -> None:
    """Those that ask something of the emulator."""
    methods = {name for name in vars(EmulatorClient) if not name.startswith("_")} - {"do", "close"}
    table = {name for row in rows(CONTROL, "method and path") for name in code(row[2])}
    assert table == methods


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("heading", "which", "schema"),
    [
        ("Dialling in", 0, "DialIn"),
        ("Callees", 0, "Callee"),
        ("Dialogues", 0, "Dialogue"),
        ("Dialogues", 1, "Turn"),
        ("Event Grid", 0, "NewSubscription"),
        ("Event Grid", 1, "AdvancedFilter"),
        ("The clock", 0, "SetClock"),
    ],
)
async def test_every_member_has_its_row(described: Json, heading: str, which: int, schema: str) -> None:
    """With its default."""
    text = section(CONTROL, heading)
    for _ in range(which):
        text = text.partition("| member |")[2]
    table = {code(row[0])[0]: row[1] for row in rows(text, "member")}
    assert table == members(described["components"]["schemas"][schema])


@pytest.mark.anyio
async def test_every_member_of_what_happens_in_a_call(described: Json) -> None:
    """`say` has those of a turn; each of the others names its own."""
    schemas = described["components"]["schemas"]
    assert schemas["Say"]["properties"] == schemas["Turn"]["properties"]
    bodies = {"press": "Press", "silence": "Silence", "join": "Join", "hang-up": "HangUp"}
    table = {code(request)[0]: said for request, said in rows(section(CONTROL, "In a call"), "request")}
    assert set(table) == {"say", *bodies}
    for request, schema in bodies.items():
        assert written(table[request]) == members(schemas[schema])


def written(cell: str) -> dict[str, str]:
    """Members written as `name` = `default`, `name` = none or `name` (required)."""
    found = re.findall(r"`(\w+)` (?:= (none|`(?:[^`])*`)|\((required)\))", cell)
    return {name: default or required for name, default, required in found}


@pytest.mark.anyio
async def test_every_query_of_the_journal_has_its_row(described: Json) -> None:
    """With its default."""
    asked = described["paths"]["/_emulator/journal"]["get"]["parameters"]
    defaults = {one["name"]: one["schema"].get("default") for one in asked}
    expected = {
        name: "none" if default is None else f"`{json.dumps(default)}`" for name, default in defaults.items()
    }
    table = {code(row[0])[0]: row[1] for row in rows(section(CONTROL, "The journal"), "query")}
    assert table == expected


def test_every_kind_of_entry_has_its_row() -> None:
    """As the journal's own description and the sources have them."""
    table = {kind for row in rows(section(CONTROL, "The journal"), "kind") for kind in code(row[0])}
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "acs_emulator").rglob("*.py"))
    added = set(re.findall(r'journal\.add\(\s*"([a-z-]+)"', sources))
    listed = (inspect.getdoc(journal.Entry) or "").partition("one of")[2]
    assert table == added == set(code(listed))


@pytest.mark.anyio
async def test_every_operator_of_a_filter_is_named(described: Json) -> None:
    """After the word Operators."""
    known = described["components"]["schemas"]["AdvancedFilter"]["properties"]["operatorType"]["enum"]
    named = section(CONTROL, "Event Grid").partition("Operators:")[2].partition(".\n")[0]
    assert code(named) == known


def kinds_of_faults(described: Json) -> dict[str, Json]:
    schemas = described["components"]["schemas"]
    body = described["paths"]["/_emulator/faults"]["post"]["requestBody"]["content"]["application/json"]
    mapping = body["schema"]["discriminator"]["mapping"]
    return {kind: schemas[reference.rpartition("/")[2]] for kind, reference in mapping.items()}


@pytest.mark.anyio
async def test_every_kind_of_fault_has_its_row(described: Json) -> None:
    """With each of its members and its default; those that all kinds have are told of before."""
    table = {code(kind)[0]: written(said.replace('\\"', '"')) for kind, _, said in rows(FAULTS, "kind")}
    expected = {
        kind: {
            name: default.replace('\\"', '"')
            for name, default in members(schema).items()
            if name not in COMMON | {"kind"}
        }
        for kind, schema in kinds_of_faults(described).items()
    }
    assert table == expected
    assert set(written(FAULTS.partition("## Kinds")[0])) == COMMON


@pytest.mark.anyio
async def test_every_value_of_a_faults_member_is_named(described: Json) -> None:
    """Where only certain ones are taken."""
    table = rows(section(FAULTS, "Members"), "member")
    for kind, schema in kinds_of_faults(described).items():
        for name, member in schema["properties"].items():
            if "enum" not in member:
                continue
            (values,) = [row[2] for row in table if name in code(row[0]) and kind in code(row[1])]
            assert [json.loads(value) for value in code(values) if value[0] == '"'] == member["enum"], kind


@pytest.mark.anyio
async def test_every_row_of_transcription_failed_is_there() -> None:
    """As the catalogue tells them."""
    async with Emulator(Options()) as emulator, httpx.AsyncClient(base_url=emulator.url) as http:
        catalogue = (await http.get("/_emulator/faults/catalogue")).json()["transcriptionFailures"]
    expected = [
        [f"`{one['name']}`", f"{one['code']}/{one['subCode']}", one["message"], f"`{one['details']}`"]
        for one in catalogue
    ]
    assert rows(FAULTS, "name") == expected


def test_every_operation_has_its_row() -> None:
    """With its request, and the first release and preview that have it."""
    named = set()
    for operation, request, release, preview in rows(FIDELITY, "operation"):
        (name,), (asked,) = code(operation), code(request)
        method, path = asked.split(" ")
        named.add(name)
        assert operations.name_of(method, path.replace("{id}", "1")) == name
        if operations.is_identities(path):
            assert (release, preview) == ("every", "–")
            continue
        first = [one for one in versions.RELEASES if versions.has_operation(one, name)][:1]
        assert [release] == (first or ["–"]), name
        if preview.endswith(" alone"):
            assert name in versions._PREVIEW_ONLY
            assert preview.split(" ")[0] == versions.PREVIEW
        else:
            assert preview == versions._SINCE.get(name, ("", ""))[0], name
    assert named == operations.NAMES


def test_every_api_version_is_named() -> None:
    """Of Call Automation and of identities."""
    text = section(FIDELITY, "Api-versions").partition("What differs")[0]
    named = re.findall(r"\d{4}-\d\d-\d\d(?:-preview)?", text)
    assert named == [*versions.RELEASES, versions.PREVIEW, *versions.IDENTITY_RELEASES]


def test_every_event_has_its_row() -> None:
    """Those that the shapes' tests see being sent."""
    text = section(FIDELITY, "Events")
    assert {name for row in rows(text, "callback") for name in code(row[0])} == set(CALLBACKS)
    assert {name for row in rows(text, "event") for name in code(row[0])} == set(EVENTS)


def test_every_guess_is_in_the_list() -> None:
    """Each module whose source says that something is a guess has its rows, and no other has."""
    sources = {
        str(path.relative_to(ROOT).with_suffix(""))
        for path in (ROOT / "acs_emulator").rglob("*.py")
        if re.search(r"\bguess(es)?\b", path.read_text(encoding="utf-8"), re.IGNORECASE)
    }
    listed = {name for row in rows(section(FIDELITY, "Guesses"), "guess") for name in code(row[-1])}
    assert sources - listed == set(), "docs/emulator/fidelity.md lists no guess of these modules"
    assert listed - sources == set(), "docs/emulator/fidelity.md lists guesses of modules that make none"
