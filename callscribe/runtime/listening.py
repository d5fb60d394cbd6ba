"""Opens the ports that a process listens on, before anything else is started."""

import errno
import socket


class PortUnusable(Exception):
    """A port cannot be listened on; the message is one sentence that says why and what to change."""


def open_port(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises PortUnusable."""
    try:
        return socket.create_server((host, port), backlog=4096, family=_family(host))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = f"is in use by another program. Choose another with {setting}"
        else:
            reason = (error.strerror or str(error)).partition(" (")[0]
            why = f"cannot be used: {reason}. Choose another with {setting} or {_host_of(setting)}"
        raise PortUnusable(f"Port {port} on {host} {why}.") from error


def _host_of(setting: str) -> str:
    """The name of the setting beside `…PORT` that says on which address."""
    return setting.removesuffix("PORT") + "HOST"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
