"""Ports and folders."""

import errno
import os
import socket
from pathlib import Path

import pytest

from callscribe.cli.places import HOST, Ports, clean_environment, lasting_folder, settled
from callscribe.cli.trouble import Trouble


def test_zero_takes_ports_that_are_free_and_differ() -> None:
    """Two demonstrations can run side by side."""
    ports = settled(Ports(0, 0, 0))

    assert len({ports.service, ports.sockets, ports.emulator} - {0}) == 3
    assert ports.service_url == f"http://127.0.0.1:{ports.service}"


def test_a_busy_port_is_named_with_its_option() -> None:
    """One sentence says which, and what to do."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            Trouble, match=rf"^Port {port} of the transcript server is busy; .*--ws-port NUMBER"
        ):
            settled(Ports(0, port, 0))


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.EACCES, "is not allowed to this user"), (errno.EADDRNOTAVAIL, "cannot be listened on")],
)
def test_another_cause_is_named_for_what_it_is(
    number: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port below 1024 is no busy port."""

    def refused(self: socket.socket, address: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", refused)
    with pytest.raises(Trouble, match=rf"^Port 80 of the service {said}"):
        settled(Ports(80, 0, 0))


def test_one_port_for_two_servers_is_refused() -> None:
    """The second finds it busy."""
    free = settled(Ports(0, 0, 0)).service
    with pytest.raises(Trouble, match=f"Port {free} of the emulator"):
        settled(Ports(free, 0, free))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Here because a file is in its way."""
    (tmp_path / "file").touch()
    with pytest.raises(Trouble, match=r"cannot be written .*--folder"):
        lasting_folder(tmp_path / "file" / "data")


def test_a_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    """With everything above it."""
    assert lasting_folder(tmp_path / "a" / "b").is_dir()


def test_settings_of_the_user_do_not_reach_a_demonstration() -> None:
    """It must never talk to a real resource."""
    assert clean_environment({"PATH": "/bin", "CALLSCRIBE_PORT": "1", "AZURE_CLIENT_ID": "x"}) == {
        "PATH": "/bin"
    }
