import pytest

from callscribe.adapters.credential import open_credential

pytestmark = pytest.mark.anyio


async def test_opened_and_closed() -> None:
    """A credential asks nobody until a token is wanted, and closes cleanly."""
    async with open_credential() as credential:
        assert callable(credential.get_token)
