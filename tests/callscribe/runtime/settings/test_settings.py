"""What a process is told by its environment."""

import dataclasses
from pathlib import Path

import pytest
from pydantic import ValidationError

from callscribe.domain.call import Rules
from callscribe.domain.policy import Action
from callscribe.runtime.settings import Limits, Program, Settings, SettingsRejected, SocketToken, load
from callscribe.runtime.wiring.service import rules_of

GUID = "7b2f5a0e-6c1d-4e53-9a2b-0c4d8e6f1a35"
SERVERS = (Program.SERVICE, Program.TRANSCRIPT_WS, Program.ONEBOX)


@pytest.fixture
def development(tmp_path: Path) -> dict[str, str]:
    """The least that a development installation needs."""
    return {
        "CALLSCRIBE_DEVELOPMENT": "true",
        "CALLSCRIBE_DATABASE_URL": f"sqlite:///{tmp_path}/calls.sqlite3",
        "CALLSCRIBE_REDIS_URL": "redis://127.0.0.1:6379/0",
        "CALLSCRIBE_ACS_ENDPOINT": "http://127.0.0.1:8090",
        "CALLSCRIBE_ACS_ACCESS_KEY": "c2VjcmV0",
        "CALLSCRIBE_ACS_RESOURCE_ID": GUID,
        "CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT": "https://ai.example.com/",
    }


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """The least that an installation in Azure needs."""
    return {
        "CALLSCRIBE_PUBLIC_URL": "https://calls.example.com/",
        "CALLSCRIBE_PUBLIC_WS_URL": "wss://calls.example.com",
        "CALLSCRIBE_DATABASE_URL": f"sqlite:///{tmp_path}/calls.sqlite3",
        "CALLSCRIBE_REDIS_URL": "rediss://:word@redis.example.com:10000",
        "CALLSCRIBE_ACS_CONNECTION_STRING": "endpoint=https://acs.example.com/;accesskey=c2VjcmV0",
        "CALLSCRIBE_ACS_RESOURCE_ID": GUID,
        "CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT": "https://ai.example.com",
        "CALLSCRIBE_EVENT_GRID_SECRET": "a-long-secret-of-ours",
    }


def faults(env: dict[str, str], program: Program = Program.ONEBOX) -> list[str]:
    with pytest.raises(SettingsRejected) as rejected:
        load(env, program)
    return [str(fault) for fault in rejected.value.faults]


@pytest.mark.parametrize("program", Program)
def test_the_least_production_settings_start_every_program(
    production: dict[str, str], program: Program
) -> None:
    """Nothing more than documented is asked for."""
    settings = load(production, program)

    assert settings.public_url == "https://calls.example.com"
    assert (settings.acs.endpoint, settings.acs.access_key) == ("https://acs.example.com", "c2VjcmV0")
    assert settings.socket_token is SocketToken.IF_PRESENT
    assert settings.policy.rules == ()


def test_development_fills_in_what_is_on_the_own_machine(development: dict[str, str]) -> None:
    """URLs are the own ports, and everybody is answered."""
    settings = load(development | {"CALLSCRIBE_PORT": "9000", "CALLSCRIBE_WS_PORT": "9001"}, Program.ONEBOX)

    assert settings.public_url == "http://127.0.0.1:9000"
    assert settings.public_ws_url == "ws://127.0.0.1:9001"
    assert settings.policy.rule_for("4:+15550100").action is Action.ANSWER


def test_an_endpoint_without_a_key_means_identity(production: dict[str, str]) -> None:
    """The adapter is told so by a key of None."""
    del production["CALLSCRIBE_ACS_CONNECTION_STRING"]
    settings = load(production | {"CALLSCRIBE_ACS_ENDPOINT": "https://acs.example.com"}, Program.SERVICE)

    assert settings.acs.access_key is None


@pytest.mark.parametrize(
    "url", ["https://[::1]:8443/hooks?for=us", "https://bücher.example/", "HTTPS://Example.com"]
)
def test_addresses_as_people_write_them(production: dict[str, str], url: str) -> None:
    """The scheme is made small, the last slash goes, the rest stays."""
    settings = load(
        production | {"CALLSCRIBE_WEBHOOK_URL": url, "CALLSCRIBE_WEBHOOK_SECRET": "whsec_" + 32 * "A"},
        Program.SERVICE,
    )
    assert settings.webhook_url == url.rstrip("/").replace("HTTPS", "https")


def test_a_socket_of_redis(production: dict[str, str]) -> None:
    """May be a file."""
    where = "unix:///run/redis.sock?db=1"
    assert load(production | {"CALLSCRIBE_REDIS_URL": where}, Program.SERVICE).redis_url == where


def test_numbers_of_ours_become_raw_ids(development: dict[str, str]) -> None:
    """Whatever way they are written, they compare equal to what ACS sends."""
    settings = load(development | {"CALLSCRIBE_OUR_NUMBERS": "+14255550100, 4:+14255550101"}, Program.ONEBOX)

    assert settings.our_raw_ids == {"4:+14255550100", "4:+14255550101"}
    assert load(development, Program.ONEBOX).our_raw_ids == frozenset()


def test_a_secret_may_come_from_a_file(production: dict[str, str], tmp_path: Path) -> None:
    """Its white space around is not part of it."""
    (tmp_path / "secret").write_text("a-secret-from-a-file\n")
    del production["CALLSCRIBE_EVENT_GRID_SECRET"]
    settings = load(
        production | {"CALLSCRIBE_EVENT_GRID_SECRET_FILE": str(tmp_path / "secret")}, Program.SERVICE
    )

    assert settings.event_grid_secret == "a-secret-from-a-file"


def test_a_short_secret_on_the_own_machine(development: dict[str, str]) -> None:
    """Is nobody's to guess."""
    assert load(development | {"CALLSCRIBE_EVENT_GRID_SECRET": "x"}, Program.ONEBOX).event_grid_secret == "x"


def test_a_secret_file_that_is_missing_is_the_only_fault(production: dict[str, str]) -> None:
    """The file is named, and nothing that follows from it is told as well."""
    del production["CALLSCRIBE_EVENT_GRID_SECRET"]

    assert faults(production | {"CALLSCRIBE_EVENT_GRID_SECRET_FILE": "/nowhere/secret"}) == [
        "CALLSCRIBE_EVENT_GRID_SECRET_FILE names /nowhere/secret, which cannot be read: No such file or directory."
    ]


def test_a_file_that_is_no_text_is_a_fault(production: dict[str, str], tmp_path: Path) -> None:
    """Bytes that are not UTF-8 do not become a secret."""
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")

    (fault,) = faults(production | {"CALLSCRIBE_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")})
    assert "it is no text" in fault


def test_a_setting_and_its_file_exclude_each_other(production: dict[str, str], tmp_path: Path) -> None:
    """Nobody has to guess which one counts."""
    (tmp_path / "secret").write_text("other")

    (fault,) = faults(production | {"CALLSCRIBE_EVENT_GRID_SECRET_FILE": str(tmp_path / "secret")})
    assert (
        fault
        == "CALLSCRIBE_EVENT_GRID_SECRET is set, and so is CALLSCRIBE_EVENT_GRID_SECRET_FILE. Keep one of them."
    )


def test_a_misspelt_name_is_a_fault_that_names_the_right_one(production: dict[str, str]) -> None:
    """A setting that has no effect would be found out too late."""
    assert faults(production | {"CALLSCRIBE_LOCAL": "de-DE", "CALLSCRIBE_XYZZY": "1"}) == [
        "CALLSCRIBE_LOCAL is no setting. Did you mean CALLSCRIBE_LOCALE?",
        "CALLSCRIBE_XYZZY is no setting. All settings are in docs/configuration.md.",
    ]


def test_all_faults_are_reported_together(production: dict[str, str]) -> None:
    """Wrong values, misspelt names and impossible pairs in one go, each with its name."""
    del production["CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT"]
    found = faults(
        production
        | {
            "CALLSCRIBE_PORT": "eighty",
            "CALLSCRIBE_DEVELOPMENT": "perhaps",
            "CALLSCRIBE_LIMIT_SOCKETS": "0",
            "CALLSCRIBE_TYPO": "1",
            "CALLSCRIBE_WEBHOOK_URL": "https://example.com",
        }
    )

    assert [sentence.split()[0].removeprefix("CALLSCRIBE_") for sentence in found] == [
        "TYPO",
        "DEVELOPMENT",
        "PORT",
        "LIMIT_SOCKETS",
        "COGNITIVE_SERVICES_ENDPOINT",
        "WEBHOOK_SECRET",
    ]
    assert all(sentence.endswith((".", "?")) for sentence in found)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "70000", "too large"),
        ("DRAIN_SECONDS", "0", "too small"),
        ("DRAIN_SECONDS", "soon", "no number"),
        ("PUBLIC_URL", "calls.example.com", "no http or https URL"),
        ("PUBLIC_URL", "https://[", "no http or https URL"),
        ("PUBLIC_WS_URL", "https://calls.example.com", "no ws or wss URL"),
        ("DATABASE_URL", "postgresql://db/calls", "no SQLite file"),
        ("DATABASE_URL", "sqlite:///:memory:", "no SQLite file"),
        ("REDIS_URL", "localhost:6379", "no redis or rediss URL"),
        ("PUBLIC_URL", "https://999.1.1.1", "no http or https URL"),
        ("PUBLIC_URL", "https://two words", "no http or https URL"),
        ("PUBLIC_URL", "https://calls.example.com:99999", "no http or https URL"),
        ("WEBHOOK_URL", "https://me:hush@example.com", "holds a user name"),
        ("WEBHOOK_URL", "https://example.com:port", "no http or https URL"),
        ("ACS_KEYS_URL", "ftp://keys.example.com", "no http or https URL"),
        ("HOST", "two words", "no host name"),
        ("REDIS_URL", "unix:/run/redis.sock", "no redis or rediss URL"),
        ("REDIS_URL", "redis://127.0.0.1:6379/0?db=one", "a query that redis-py cannot read"),
        ("ACS_CONNECTION_STRING", "accesskey=abc", "lacks its endpoint or key"),
        ("ACS_CONNECTION_STRING", "endpoint=acs.example.com;accesskey=c2VjcmV0", "no http or https URL"),
        ("ACS_CONNECTION_STRING", "endpoint=https://acs.example.com;accesskey=a", "no access key"),
        ("ACS_ACCESS_KEY", "a", "no access key, which is base64"),
        ("ACS_ACCESS_KEY", "!!", "no access key, which is base64"),
        ("ACS_ACCESS_KEY", "schlüssel", "no access key, which is base64"),
        ("ACS_RESOURCE_ID", "acs-name", "no GUID"),
        ("LOCALE", "en", "needs its region"),
        ("LOCALE", "en-US-NancyNeural", "a voice, not a locale: en-US?"),
        ("INCOMING_POLICY", "answer", "cannot be read"),
        ("INCOMING_POLICY", '[{"to": "*", "action": "redirect"}]', "a redirect needs a target"),
        ("OUR_NUMBERS", "12345", "cannot be called"),
        ("WEBHOOK_SECRET", "secret", "no Standard Webhooks secret"),
        ("WEBHOOK_SECRET", "whsec_" + "!" * 40, "no Standard Webhooks secret"),
        ("WEBHOOK_SECRET", "whsec_" + "A" * 28, "no Standard Webhooks secret"),
        ("WEBHOOK_SECRET", "whsec_" + "A" * 88, "no Standard Webhooks secret"),
        ("SOCKET_TOKEN", "sometimes", "'required', 'if-present' or 'off'"),
        ("LOG_LEVEL", "LOUD", "'DEBUG'"),
    ],
)
def test_a_value_that_cannot_be_meant(production: dict[str, str], name: str, value: str, says: str) -> None:
    """One sentence names the setting, what is wrong, and what to write."""
    found = faults(production | {f"CALLSCRIBE_{name}": value})

    assert any(sentence.startswith(f"CALLSCRIBE_{name} ") and says in sentence for sentence in found)


@pytest.mark.parametrize(
    ("change", "program", "name"),
    [
        ({"REDIS_URL": ""}, Program.SERVICE, "REDIS_URL"),
        ({"REDIS_URL": ""}, Program.TRANSCRIPT_WS, "REDIS_URL"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"}, Program.TOOL, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////tmp"}, Program.TOOL, "DATABASE_URL"),
        ({"WS_PORT": "8080"}, Program.ONEBOX, "WS_PORT"),
        ({"PUBLIC_URL": ""}, Program.SERVICE, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://calls.example.com"}, Program.SERVICE, "PUBLIC_URL"),
        ({"PUBLIC_WS_URL": ""}, Program.SERVICE, "PUBLIC_WS_URL"),
        ({"PUBLIC_WS_URL": "ws://calls.example.com"}, Program.SERVICE, "PUBLIC_WS_URL"),
        ({"ACS_CONNECTION_STRING": ""}, Program.SERVICE, "ACS_CONNECTION_STRING"),
        ({"ACS_ENDPOINT": "https://acs.example.com"}, Program.SERVICE, "ACS_CONNECTION_STRING"),
        ({"ACS_CONNECTION_STRING": "", "ACS_ACCESS_KEY": "c2V0"}, Program.SERVICE, "ACS_ACCESS_KEY"),
        ({"ACS_CONNECTION_STRING": "endpoint=http://x;accesskey=c2V0"}, Program.SERVICE, "ACS_ENDPOINT"),
        ({"ACS_CONNECTION_STRING": "endpoint=HTTP://x;accesskey=c2V0"}, Program.SERVICE, "ACS_ENDPOINT"),
        ({"ACS_KEYS_URL": "http://keys.example.com"}, Program.TRANSCRIPT_WS, "ACS_KEYS_URL"),
        ({"ACS_RESOURCE_ID": ""}, Program.SERVICE, "ACS_RESOURCE_ID"),
        ({"ACS_RESOURCE_ID": ""}, Program.TRANSCRIPT_WS, "ACS_RESOURCE_ID"),
        ({"SOCKET_TOKEN": "off"}, Program.TRANSCRIPT_WS, "SOCKET_TOKEN"),
        ({"COGNITIVE_SERVICES_ENDPOINT": ""}, Program.SERVICE, "COGNITIVE_SERVICES_ENDPOINT"),
        ({"EVENT_GRID_SECRET": ""}, Program.SERVICE, "EVENT_GRID_SECRET"),
        ({"EVENT_GRID_SECRET": "15-characters.."}, Program.SERVICE, "EVENT_GRID_SECRET"),
        ({"EVENT_GRID_TENANT_ID": GUID}, Program.SERVICE, "EVENT_GRID_TENANT_ID"),
        ({"API_AUDIENCE": "api://callscribe"}, Program.SERVICE, "API_TENANT_ID"),
        ({"WEBHOOK_URL": "https://example.com"}, Program.SERVICE, "WEBHOOK_SECRET"),
        (
            {"WEBHOOK_URL": "http://e.com", "WEBHOOK_SECRET": "whsec_" + 32 * "A"},
            Program.SERVICE,
            "WEBHOOK_URL",
        ),
        ({"EVENT_GRID_TOPIC_KEY": "abc"}, Program.SERVICE, "EVENT_GRID_TOPIC_ENDPOINT"),
        ({"EVENT_GRID_TOPIC_ENDPOINT": "http://t.example.com"}, Program.SERVICE, "EVENT_GRID_TOPIC_ENDPOINT"),
    ],
)
def test_a_pair_that_cannot_work(
    production: dict[str, str], change: dict[str, str], program: Program, name: str
) -> None:
    """The program does not start, and one sentence names the setting to change."""
    env = production | {f"CALLSCRIBE_{key}": value for key, value in change.items()}

    assert f"CALLSCRIBE_{name}" in {sentence.split()[0] for sentence in faults(env, program)}


def test_plain_http_with_identity_is_refused_in_development(development: dict[str, str]) -> None:
    """Tokens are not sent over http, so the pair could only fail later."""
    (fault,) = faults(development | {"CALLSCRIBE_ACS_ACCESS_KEY": ""})
    assert fault.startswith("CALLSCRIBE_ACS_ENDPOINT is plain http")


def test_an_entra_tenant_takes_the_place_of_the_secret(production: dict[str, str]) -> None:
    """Either proves who sent an event."""
    del production["CALLSCRIBE_EVENT_GRID_SECRET"]
    entra = {"CALLSCRIBE_EVENT_GRID_TENANT_ID": GUID, "CALLSCRIBE_EVENT_GRID_AUDIENCE": "api://callscribe"}

    assert load(production | entra, Program.SERVICE).event_grid_tenant_id == GUID


def test_a_tool_needs_the_database_only(tmp_path: Path) -> None:
    """`python -m service migrate` runs before anything else is known."""
    settings = load({"CALLSCRIBE_DATABASE_URL": f"sqlite:///{tmp_path}/calls.sqlite3"}, Program.TOOL)

    assert settings.database_path == tmp_path / "calls.sqlite3"


def test_other_names_of_the_environment_are_nobodys_business(production: dict[str, str]) -> None:
    """`AZURE_…` is azure-identity's, `PATH` the shell's."""
    assert load(production | {"AZURE_CLIENT_ID": GUID, "PATH": "/bin"}, Program.SERVICE).port == 8080


def test_settings_never_show_a_secret(production: dict[str, str]) -> None:
    """Neither their text nor a fault has one."""
    settings = load(production, Program.SERVICE)
    shown = repr(settings) + str(settings)

    assert "c2VjcmV0" not in shown
    assert "a-long-secret-of-ours" not in shown
    assert "word@redis" not in shown
    assert "hush" not in " ".join(faults(production | {"CALLSCRIBE_WEBHOOK_SECRET": "hush"}))


def test_settings_are_frozen(production: dict[str, str]) -> None:
    """What was checked together stays together."""
    settings = load(production, Program.SERVICE)
    with pytest.raises(ValidationError):
        settings.port = 1


def test_every_limit_is_a_setting(production: dict[str, str]) -> None:
    """`limits` has one field for each `limit_…`, with its value."""
    names = {name.removeprefix("limit_") for name in Settings.model_fields if name.startswith("limit_")}
    settings = load(production | {"CALLSCRIBE_LIMIT_READERS": "3"}, Program.SERVICE)

    assert {field.name for field in dataclasses.fields(Limits)} == names
    assert settings.limits.readers == 3


def test_several_ai_resources(production: dict[str, str]) -> None:
    """Between commas, in the order in which calls take them, each once."""
    given = "https://one.example.com/, https://two.example.com,https://one.example.com"
    settings = load(production | {"CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT": given}, Program.ONEBOX)

    assert settings.ai_endpoints == ("https://one.example.com", "https://two.example.com")


def test_an_ai_resource_that_is_no_url(production: dict[str, str]) -> None:
    """One wrong part is a fault of the whole."""
    given = {"CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT": "https://one.example.com,two"}
    assert "is no http or https URL" in faults(production | given)[0]


def test_a_first_wait_that_is_longer_than_the_longest(production: dict[str, str]) -> None:
    """They would not fit together."""
    given = {"CALLSCRIBE_RETRY_FIRST_SECONDS": "60"}
    assert "CALLSCRIBE_RETRY_LONGEST_SECONDS" in faults(production | given)[0]


def test_how_calls_are_looked_after(production: dict[str, str]) -> None:
    """Seconds become milliseconds; a longest duration of 0 is none."""
    none = rules_of(load(production, Program.ONEBOX))
    assert (none, none.longest_call_ms) == (Rules(), None)
    given = {"CALLSCRIBE_LONGEST_CALL_SECONDS": "7200", "CALLSCRIBE_RECONNECT_SECONDS": "2.5"}
    some = rules_of(load(production | given, Program.ONEBOX))
    assert (some.longest_call_ms, some.reconnect_ms) == (7_200_000, 2500)
