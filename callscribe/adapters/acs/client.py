"""The SDK's client, for an endpoint with its key or an identity."""

import logging
from typing import Any

from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import AsyncRetryPolicy


def open_client(*, endpoint: str, credential: str | AsyncTokenCredential) -> CallAutomationClient:
    """A client of the resource, with its access key (base64) or an Azure identity; nothing is sent yet.

    `endpoint` has a scheme and no slash at its end, as the SDK signs it correctly; an identity needs https.
    """
    # The SDK warns on every request that it drops the custom model's id; `speech_model` sends it all the same.
    logging.getLogger("azure.communication.callautomation._generated").setLevel(logging.ERROR)
    return CallAutomationClient(
        endpoint,
        AzureKeyCredential(credential) if isinstance(credential, str) else credential,
        retry_policy=_BriefRetry(retry_total=2, retry_backoff_factor=0.25, retry_backoff_max=1),
        connection_timeout=3,
        read_timeout=7,
    )


class _BriefRetry(AsyncRetryPolicy[Any, Any]):
    """Retries what may pass within a second or two, so that a ringing call can still be answered.

    An answer with Retry-After is not waited for here: the wait is reported, and whoever holds the job decides.
    """

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        return "Retry-After" not in response.http_response.headers and super().is_retry(settings, response)
