"""Transcription: start, update, stop, and the preview's features."""

from __future__ import annotations

from typing import Annotated, Literal

from acs_emulator.rest.bodies.identifiers import AnyCase, Operation
from acs_emulator.transcription.insights import Insights
from acs_emulator.wire import Body


class PiiRedactionOptions(Body):
    enable: bool | None = None
    redaction_type: Annotated[Literal["maskwithcharacter"] | None, AnyCase] = None


class SummarizationOptions(Body):
    enable_end_call_summary: bool | None = None
    locale: str | None = None


class WithInsights(Body):
    """The members that the preview has added."""

    pii_redaction_options: PiiRedactionOptions | None = None
    enable_sentiment_analysis: bool | None = None
    summarization_options: SummarizationOptions | None = None

    @property
    def insights(self) -> Insights:
        redaction, summary = self.pii_redaction_options, self.summarization_options
        return Insights(
            redact=bool(redaction.enable) if redaction else None,
            sentiment=self.enable_sentiment_analysis,
            summarize=bool(summary.enable_end_call_summary) if summary else None,
        )


class StartTranscription(Operation, WithInsights):
    locale: str | None = None
    locales: tuple[str, ...] | None = None
    speech_model_endpoint_id: str | None = None


class UpdateTranscription(Operation, WithInsights):
    locale: str | None = None
    speech_model_endpoint_id: str | None = None


class StopTranscription(Operation):
    pass


class SummarizeCall(Operation):
    summarization_options: SummarizationOptions | None = None
