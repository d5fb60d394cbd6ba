"""The custom speech model's id on the wire.

The SDK takes it as `speech_recognition_model_endpoint_id` and drops it, because its generated models call the
field `speech_model_endpoint_id` (wire: `speechModelEndpointId`). Here it is given under that name.
"""

from typing import Any

from azure.communication.callautomation import StreamingTransportType, TranscriptionOptions

from callscribe.domain.commands import TranscriptionSetup


class TranscriptionOptionsWithModel(TranscriptionOptions):
    """The SDK's options, with the model's id reaching ACS."""

    def __init__(self, setup: TranscriptionSetup, transport_url: str) -> None:
        super().__init__(
            transport_url=transport_url,
            transport_type=StreamingTransportType.WEBSOCKET,
            locale=setup.locale,
            start_transcription=setup.start,
            speech_recognition_model_endpoint_id=setup.model,
            enable_intermediate_results=setup.intermediate,
        )

    def _to_generated(self) -> Any:
        generated = super()._to_generated()  # type: ignore[no-untyped-call]
        generated.speech_model_endpoint_id = self.speech_recognition_model_endpoint_id
        return generated


def model_id(model: str | None) -> dict[str, str]:
    """Keyword arguments of `start_transcription` and `update_transcription`, which hand them to the generated model."""
    return {"speech_model_endpoint_id": model} if model else {}
