"""Azure Communication Services Call Automation, through Microsoft's asynchronous SDK."""

from callscribe.adapters.acs.client import open_client
from callscribe.adapters.acs.control import AcsCallControl

__all__ = ["AcsCallControl", "open_client"]
