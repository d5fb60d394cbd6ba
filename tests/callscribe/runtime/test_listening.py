"""Ports are opened before anything else is started, or a sentence says why not."""

import pytest

from callscribe.runtime.listening import PortUnusable, open_port


def test_a_free_port_is_listened_on() -> None:
    """Port 0 takes any."""
    with open_port("127.0.0.1", 0, "CALLSCRIBE_PORT") as listener:
        assert listener.getsockname()[1] > 0


def test_a_busy_port_names_itself_and_the_setting() -> None:
    """One sentence that says what to change."""
    with open_port("127.0.0.1", 0, "CALLSCRIBE_PORT") as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortUnusable, match=rf"Port {port} on 127.0.0.1 is in use .*CALLSCRIBE_PORT"):
            open_port("127.0.0.1", port, "CALLSCRIBE_PORT")


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("::ffff", 0)])
def test_an_address_that_cannot_be_had(host: str, port: int) -> None:
    """One that is not this machine's."""
    with pytest.raises(PortUnusable, match="CALLSCRIBE_WS_PORT"):
        open_port(host, port, "CALLSCRIBE_WS_PORT")
