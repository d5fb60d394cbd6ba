"""The identity that this process has in Azure: one for all of its clients."""

from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import DefaultAzureCredential

from callscribe.domain.errors import NotConfigured

__all__ = ["AsyncTokenCredential", "open_credential"]


def open_credential() -> DefaultAzureCredential:
    """A keyless credential: managed identity, workload identity, or a developer's own login.

    Reads the `AZURE_…` variables of azure-identity. Close it when every client that uses it is closed. Raises
    NotConfigured where one of them has a value that it does not take.
    """
    try:
        return DefaultAzureCredential()
    except ValueError as fault:
        raise NotConfigured(f"azure-identity does not take its AZURE_… variables: {fault}") from fault
