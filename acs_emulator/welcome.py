"""What the emulator says once it listens: where it is, with what to sign in, and how programs come to trust it."""

from __future__ import annotations

import shlex

from acs_emulator.emulator import Emulator

_FETCHED = "acs-emulator-ca.pem"
_STORE = "acs-emulator.p12"


def welcome(emulator: Emulator) -> str:
    """Lines for people; those to copy stand alone and whole."""
    parts = [_box(emulator), _connecting(emulator)]
    if emulator.https_url is not None:
        parts += [_trusting(emulator), _entra(emulator)]
    return "\n".join(parts)


def _box(emulator: Emulator) -> str:
    lines = [
        "Azure Communication Services emulator",
        "",
        f"https     {emulator.https_url or 'off'}",
        f"http      {emulator.url}",
        f"resource  {emulator.resource_id}",
        f"control   {emulator.url}/_emulator/",
    ]
    if emulator.options.ca_file is not None and emulator.https_url:
        lines.append(f"CA        {emulator.options.ca_file}")
    lines += [f"events    {url}" for url in emulator.options.events]
    width = max(len(line) for line in lines)
    edge = "─" * (width + 2)
    inside = "".join(f"│ {line:<{width}} │\n" for line in lines)
    return f"╭{edge}╮\n{inside}╰{edge}╯\n"


def _connecting(emulator: Emulator) -> str:
    plain = f"""\
Without TLS, for clients that keep the scheme (JavaScript: with allowInsecureConnection):
  endpoint={emulator.url}/;accesskey={emulator.access_key}
Without TLS in Python, whose connection strings always mean https:
  CallAutomationClient("{emulator.url}", AzureKeyCredential("{emulator.access_key}"))
"""
    if emulator.https_url is None:
        return plain
    return f"Connection string:\n  {emulator.connection_string}\n\n{plain}"


def trust_commands(ca_file: str, ca_url: str | None) -> dict[str, str]:
    """One line for a POSIX shell per language; with a URL, the certificate is fetched from there first."""
    fetch = f"curl -fsSo {ca_file} {shlex.quote(ca_url)} && " if ca_url else ""
    file = f'"$PWD/{ca_file}"' if ca_url else shlex.quote(ca_file)
    keytool = f"keytool -importcert -noprompt -alias acs-emulator -file {file} -keystore {_STORE} -storepass changeit"
    java = f'"-Djavax.net.ssl.trustStore=$PWD/{_STORE} -Djavax.net.ssl.trustStorePassword=changeit"'
    return {
        "Python, synchronous": f"{fetch}export REQUESTS_CA_BUNDLE={file}",
        "Python, asynchronous": f"{fetch}export SSL_CERT_FILE={file}",
        "Node.js": f"{fetch}export NODE_EXTRA_CA_CERTS={file}",
        "Java": f"{fetch}{keytool} && export JAVA_TOOL_OPTIONS={java}",
        ".NET on Linux": f"{fetch}export SSL_CERT_FILE={file}",
        ".NET on macOS": f"{fetch}security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {file}",
        ".NET on Windows": f"{fetch}certutil -user -addstore Root {file}",
    }


def _trusting(emulator: Emulator) -> str:
    kept = emulator.options.ca_file
    if kept is None:
        commands = trust_commands(_FETCHED, f"{emulator.url}/_emulator/ca.pem")
        why = "its certificate is made anew at each start; --ca-file FILE keeps it"
    else:
        commands = trust_commands(str(kept.absolute()), None)
        why = "the certificate stays the same at the next start"
    shown = "".join(f"  {language:<21} {command}\n" for language, command in commands.items())
    return f"To trust it ({why}):\n{shown}"


def _entra(emulator: Emulator) -> str:
    options = emulator.options
    return f"""\
Entra, with disable_instance_discovery=True:
  AZURE_AUTHORITY_HOST={emulator.https_url} AZURE_TENANT_ID={options.tenant_id} \
AZURE_CLIENT_ID={options.client_id} AZURE_CLIENT_SECRET={options.client_secret}
Managed identity, unchanged:
  IDENTITY_ENDPOINT={emulator.identity_endpoint} IDENTITY_HEADER={options.identity_header}
"""
