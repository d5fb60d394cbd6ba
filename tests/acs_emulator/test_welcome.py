import subprocess
from pathlib import Path

import pytest

from acs_emulator import Emulator, Options
from acs_emulator.welcome import trust_commands, welcome

pytestmark = pytest.mark.anyio


async def test_what_is_said_at_the_start() -> None:
    """Where it is, with what to sign in, how to trust it; every language has its line, which fetches the certificate."""
    async with Emulator(Options(https_port=0)) as emulator:
        said = welcome(emulator)
        lines = [line.strip() for line in said.splitlines()]
        assert emulator.connection_string in lines
        for fact in (emulator.url, str(emulator.https_url), emulator.access_key, emulator.resource_id):
            assert fact in said
        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "JAVA_TOOL_OPTIONS"):
            [*_, line] = (line for line in lines if f"export {variable}=" in line)
            assert f"{emulator.url}/_emulator/ca.pem" in line
        for fact in (emulator.options.client_secret, emulator.options.tenant_id, emulator.identity_endpoint):
            assert fact in said


async def test_a_certificate_in_a_file(tmp_path: Path) -> None:
    """Is named; nothing has to be fetched."""
    file = tmp_path / "ca.pem"
    async with Emulator(Options(https_port=0, ca_file=file)) as emulator:
        said = welcome(emulator)
    assert f"export NODE_EXTRA_CA_CERTS={file}" in said
    assert "curl" not in said


async def test_without_tls() -> None:
    """Nothing about certificates, nor about Entra, whose libraries insist on https."""
    async with Emulator(Options()) as emulator:
        said = welcome(emulator)
    assert "CA" not in said
    assert "Entra" not in said


@pytest.mark.parametrize(
    "language", ["Python, synchronous", "Python, asynchronous", "Node.js", ".NET on Linux"]
)
def test_the_lines_work_in_a_shell(language: str, tmp_path: Path) -> None:
    """They export an absolute path, whatever is in it."""
    command = trust_commands(str(tmp_path / "my ca's.pem"), None)[language]
    variable = command.removeprefix("export ").partition("=")[0]
    shown = subprocess.run(
        ["/bin/sh", "-c", f'{command} && printf %s "${variable}"'], capture_output=True, text=True, check=True
    )
    assert shown.stdout == str(tmp_path / "my ca's.pem")
