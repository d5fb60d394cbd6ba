"""A whole installation on this machine: the emulator, the database, both servers."""

import base64
import json
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callscribe.cli.children import Child, ended_at_last, run, wait_until
from callscribe.cli.emulator import Emulator
from callscribe.cli.places import HOST, Ports, clean_environment
from callscribe.cli.service import Service
from callscribe.cli.trouble import Trouble

CALLER = "+14255550123"
CALLED = "+18005550199"
_START_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs, and how it is reached."""

    ports: Ports
    folder: Path
    key: str
    agent: str
    service: Service
    emulator: Emulator
    children: tuple[Child, ...]

    def check(self) -> None:
        """Raises Trouble where a program has ended."""
        for child in self.children:
            child.check()

    @property
    def names(self) -> dict[str, str]:
        """Who is who in a demonstration, by raw id."""
        return {f"4:{CALLER}": "caller", self.agent: "agent"}


@contextmanager
def running(ports: Ports, folder: Path, say: Callable[[str], None], *, speed: float = 1.0) -> Iterator[Stack]:
    """Everything started and ready; ended when the block is left. Raises Trouble."""
    access_key = base64.b64encode(secrets.token_bytes(48)).decode()
    resource_id = str(uuid.uuid4())
    agent = f"8:acs:{resource_id}_{uuid.uuid4()}"
    env = clean_environment() | settings(ports, folder, access_key, resource_id, agent)
    with ended_at_last() as children, Emulator(ports.emulator_url) as emulator:
        say("Starting the ACS emulator, the database and the two servers …")
        ready_file = folder / "emulator-ready.json"
        ready_file.unlink(missing_ok=True)
        children.append(_emulator(ports, folder, access_key, resource_id, ready_file, env, speed))
        run("service", ["migrate"], env)
        key = _new_key(env)
        children.append(Child("onebox", [], env, folder))
        with Service(ports.service_url, key) as service, Service(ports.sockets_url) as sockets:
            wait_until(ready_file.exists, children, "Starting the emulator", _START_SECONDS)
            wait_until(service.is_ready, children, "Starting the service", _START_SECONDS)
            wait_until(sockets.is_ready, children, "Starting the transcript server", _START_SECONDS)
            emulator.subscribe(f"{ports.service_url}/azure/events")
            yield Stack(ports, folder, key, agent, service, emulator, tuple(children))


def settings(ports: Ports, folder: Path, access_key: str, resource_id: str, agent: str) -> dict[str, str]:
    """The servers' settings: a development installation that knows only the emulator and answers everybody."""
    return {
        "CALLSCRIBE_DEVELOPMENT": "true",
        "CALLSCRIBE_HOST": HOST,
        "CALLSCRIBE_PORT": str(ports.service),
        "CALLSCRIBE_WS_HOST": HOST,
        "CALLSCRIBE_WS_PORT": str(ports.sockets),
        "CALLSCRIBE_DATABASE_URL": f"sqlite:///{folder / 'callscribe.sqlite3'}",
        "CALLSCRIBE_ACS_ENDPOINT": ports.emulator_url,
        "CALLSCRIBE_ACS_ACCESS_KEY": access_key,
        "CALLSCRIBE_ACS_RESOURCE_ID": resource_id,
        "CALLSCRIBE_ACS_KEYS_URL": f"{ports.emulator_url}/calling/keys",
        "CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT": "https://emulated.cognitiveservices.azure.com",
        "CALLSCRIBE_SOCKET_TOKEN": "required",
        "CALLSCRIBE_INCOMING_POLICY": json.dumps([{"to": "*", "onAnswer": {"agents": [agent]}}]),
        "CALLSCRIBE_LOG_FORMAT": "json",
        "CALLSCRIBE_DRAIN_SECONDS": "2",
    }


def _emulator(
    ports: Ports,
    folder: Path,
    access_key: str,
    resource_id: str,
    ready_file: Path,
    env: dict[str, str],
    speed: float,
) -> Child:
    arguments = {
        "--http-port": str(ports.emulator),
        "--https-port": "off",
        "--access-key": access_key,
        "--resource-id": resource_id,
        "--ready-file": str(ready_file),
        "--speed": str(speed),
    }
    return Child("acs_emulator", [part for pair in arguments.items() for part in pair], env, folder)


def _new_key(env: dict[str, str]) -> str:
    printed = run("service", ["keys", "create", "--name", "demo", "--scope", "control", "--json"], env)
    try:
        return str(json.loads(printed)["key"])
    except (ValueError, KeyError, TypeError) as fault:
        raise Trouble("python -m service keys create --json printed no key.") from fault
