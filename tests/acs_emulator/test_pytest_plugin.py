import os
import subprocess
import sys
import textwrap
from pathlib import Path

CONFTEST = """
    import pytest

    @pytest.fixture(scope="session")
    def acs_emulator_arguments():
        return {arguments}
"""


def _pytest(folder: Path, tests: str, arguments: str) -> tuple[int, str]:
    """The exit code and output of pytest over these tests, with nothing but the plugin."""
    (folder / "conftest.py").write_text(textwrap.dedent(CONFTEST).format(arguments=arguments))
    (folder / "test_it.py").write_text(textwrap.dedent(tests))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    ran = subprocess.run(
        [
            *command,
            "-p",
            "acs_emulator.pytest_plugin",
            "--rootdir",
            str(folder),
            f"--basetemp={folder / 'tmp'}",
            str(folder),
        ],
        capture_output=True,
        text=True,
        timeout=80,
        check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_a_session_with_an_emulator(tmp_path: Path) -> None:
    """Connection string, CA and control client work in synchronous and asynchronous tests; each finds it as new; the
    session's arguments are honoured; no server is loaded into the tests' own process."""
    code, output = _pytest(
        tmp_path,
        """
        import asyncio
        import sys

        import pytest
        from azure.communication.callautomation import CallAutomationClient
        from azure.core.exceptions import ResourceNotFoundError

        def test_the_plugin_is_light():
            assert "fastapi" not in sys.modules
            assert "uvicorn" not in sys.modules

        def test_over_tls(acs_emulator):
            with CallAutomationClient.from_connection_string(
                acs_emulator.connection_string, connection_verify=str(acs_emulator.ca_file)
            ) as client, pytest.raises(ResourceNotFoundError, match="8522"):
                client.get_call_connection("gone").get_call_properties()
            assert acs_emulator.client.clock().speed == 25
            assert acs_emulator.environment["SSL_CERT_FILE"] == str(acs_emulator.ca_file)
            acs_emulator.client.dial_in()
            acs_emulator.client.add_fault("malformedPacket")

        def test_as_new(acs_emulator):
            assert acs_emulator.client.calls() == ()
            assert acs_emulator.client.faults() == ()

        def test_asynchronous(acs_emulator):
            async def control():
                async with acs_emulator.async_client() as client:
                    call = await client.dial_in()
                    return await client.wait_for("call", where={"/callId": call.call_id})

            assert asyncio.run(control()).data["what"] == "ringing"
        """,
        '("--speed", "25")',
    )
    assert code == 0, output
    assert "4 passed" in output


def test_an_emulator_that_does_not_start(tmp_path: Path) -> None:
    """The test that asks for it fails with what the emulator said; the others run without one."""
    tests = "def test_it(acs_emulator): pass\ndef test_without_it(): pass"
    code, output = _pytest(tmp_path, tests, '("--speed", "fast")')
    assert code == 1
    assert "1 passed, 1 error" in output
    assert "the ACS emulator did not start" in output
    assert "fast is no speed" in output
