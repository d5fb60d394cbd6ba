"""Where the programs listen and where they keep their data."""

import errno
import os
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from callscribe.cli.trouble import Trouble

HOST = "127.0.0.1"
SERVICE_PORT, SOCKETS_PORT, EMULATOR_PORT = 8080, 8081, 8090


@dataclass(frozen=True, slots=True)
class Ports:
    """Three ports of this machine; 0 stands for any free one until `settled`."""

    service: int = SERVICE_PORT
    sockets: int = SOCKETS_PORT
    emulator: int = EMULATOR_PORT

    @property
    def service_url(self) -> str:
        return f"http://{HOST}:{self.service}"

    @property
    def sockets_url(self) -> str:
        return f"http://{HOST}:{self.sockets}"

    @property
    def emulator_url(self) -> str:
        return f"http://{HOST}:{self.emulator}"


_LISTENERS = {
    "service": ("service", "--port"),
    "sockets": ("transcript server", "--ws-port"),
    "emulator": ("emulator", "--emulator-port"),
}
"""For each port, who listens on it and the option that chooses another."""


def settled(wanted: Ports) -> Ports:
    """The ports, each free now and none twice. Raises Trouble that names the one that is not."""
    held: list[socket.socket] = []
    try:
        numbers = {name: _hold(name, getattr(wanted, name), held) for name in _LISTENERS}
    finally:
        for each in held:
            each.close()
    return Ports(**numbers)


def _hold(name: str, port: int, held: list[socket.socket]) -> int:
    listener = socket.socket()
    held.append(listener)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as fault:
        who, option = _LISTENERS[name]
        raise Trouble(
            f"Port {port} of the {who} {_cause(fault)}; give another with {option} NUMBER, or {option} 0 for "
            f'any free one (make demo ARGS="{option} 0").'
        ) from fault
    number: int = listener.getsockname()[1]
    return number


def _cause(fault: OSError | OverflowError) -> str:
    if not isinstance(fault, OSError):
        return "does not exist"
    if fault.errno == errno.EADDRINUSE:
        return "is busy"
    if fault.errno == errno.EACCES:
        return "is not allowed to this user"
    return f"cannot be listened on ({fault.strerror})"


def new_folder() -> Path:
    """A new folder for one run. Raises Trouble."""
    try:
        return Path(tempfile.mkdtemp(prefix="callscribe-demo-"))
    except OSError as fault:
        raise Trouble(
            f"No folder for temporary files can be written ({fault.strerror}); name one that can: TMPDIR=/some/folder."
        ) from fault


def lasting_folder(path: Path) -> Path:
    """That folder, made where it does not exist. Raises Trouble."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path.resolve()
    except OSError as fault:
        raise Trouble(
            f"The folder {path} cannot be written ({fault.strerror}); name another with --folder."
        ) from fault


def clean_environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without settings of callscribe or names of Azure: a demonstration must not touch either."""
    return {
        name: value
        for name, value in (os.environ if env is None else env).items()
        if not name.startswith(("CALLSCRIBE_", "AZURE_"))
    }
