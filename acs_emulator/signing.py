"""The emulator's own keys: RS256 tokens for callbacks, sockets, Entra and users, and the key set that verifies them."""

from __future__ import annotations

import functools
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CALLBACK_LIFETIME = 5 * 60
SOCKET_LIFETIME = 24 * 60 * 60

BadToken = Literal["expired", "wrong-key", "wrong-audience", "malformed", "missing"]


class Keys:
    """One RSA key, made at start. Tokens carry `iss`, `aud` (the resource id), `iat`, `nbf`, `exp` and `kid`, as
    https://learn.microsoft.com/azure/communication-services/how-tos/call-automation/secure-webhook-endpoint says."""

    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._key = _rsa_key()
        self.key_id = uuid.uuid4().hex

    def authorization(self, lifetime: int, bad: BadToken | None = None) -> dict[str, str]:
        """The `Authorization` header with a new token; none at all for a missing one."""
        if bad == "missing":
            return {}
        if bad == "malformed":
            return {"Authorization": "Bearer malformed"}
        now = int(time.time())
        issued = now - lifetime - 3600 if bad == "expired" else now
        claims = {
            "iss": self._issuer,
            "aud": str(uuid.uuid4()) if bad == "wrong-audience" else self._audience,
            "iat": issued,
            "nbf": issued,
            "exp": issued + lifetime,
        }
        key = self._stranger if bad == "wrong-key" else self._key
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": self.key_id})
        return {"Authorization": f"Bearer {token}"}

    @functools.cached_property
    def _stranger(self) -> rsa.RSAPrivateKey:
        """A key that the key set does not know; made once, because it takes a tenth of a second."""
        return _rsa_key()

    def sign(self, claims: Mapping[str, object]) -> str:
        """A token with these claims and no others."""
        return jwt.encode(dict(claims), self._key, algorithm="RS256", headers={"kid": self.key_id})

    def verify(self, token: str, audiences: Sequence[str]) -> dict[str, Any]:
        """The claims of a token for one of these audiences. Raises jwt.InvalidTokenError: another key, another audience,
        or out of its time."""
        return jwt.decode(
            token,
            self._key.public_key(),
            algorithms=["RS256"],
            audience=audiences,
            options={"require": ["exp", "aud"]},
        )

    def key_set(self) -> dict[str, Any]:
        """The JSON Web Key Set (RFC 7517) that `/calling/keys` serves."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key())
        key = {**json.loads(public), "kid": self.key_id, "use": "sig", "alg": "RS256"}
        return {"keys": [key]}

    def openid_configuration(self, base_url: str) -> dict[str, Any]:
        return {
            "issuer": self._issuer,
            "jwks_uri": f"{base_url}/calling/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }


def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
