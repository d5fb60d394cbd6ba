"""The users of the resource, and their tokens."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from acs_emulator.errors import Refused
from acs_emulator.signing import Keys

MAX_DELETED = 10_000
_SCOPES = 1792
"""`scp`, as in published tokens of users with the scopes `chat` and `voip`; what the number means is not documented."""


@dataclass(frozen=True, slots=True)
class UserToken:
    """A token for a user's calling or chat client."""

    value: str
    expires_on: int
    """Unix time."""


class Identities:
    """Users of one resource. Those that an earlier run of the emulator made are taken as they come: an application may
    have written them down."""

    def __init__(self, resource_id: str, keys: Keys) -> None:
        self._resource_id = resource_id
        self._keys = keys
        self._deleted: OrderedDict[str, None] = OrderedDict()

    def create(self) -> str:
        """A new user's raw id."""
        return f"8:acs:{self._resource_id}_{uuid.uuid4()}"

    def check(self, raw_id: str) -> None:
        """Raises Refused (404) where a user was deleted, or is another resource's. The message is as published, the code
        a guess."""
        if not raw_id.startswith(f"8:acs:{self._resource_id}_") or raw_id in self._deleted:
            raise Refused(404, "IdentityNotFound", "Provided identity doesn't exist.")

    def delete(self, raw_id: str) -> None:
        """Raises Refused (404)."""
        self.check(raw_id)
        self._deleted[raw_id] = None
        while len(self._deleted) > MAX_DELETED:
            self._deleted.popitem(last=False)

    def token(self, raw_id: str, scopes: Sequence[str], minutes: int) -> UserToken:
        """A token of a user, with the claims of published ones. Nobody checks it here: the emulator has no calling
        clients."""
        now = int(time.time())
        expires = now + minutes * 60
        claims = {
            "skypeid": raw_id.removeprefix("8:"),
            "scp": _SCOPES,
            "csi": str(now),
            "exp": expires,
            "rgn": "amer",
            "acsScope": ",".join(scopes),
            "resourceId": self._resource_id,
            "resourceLocation": "unitedstates",
            "iat": now,
        }
        return UserToken(self._keys.sign(claims), expires)

    def clear(self) -> None:
        """Nobody was ever deleted."""
        self._deleted.clear()
