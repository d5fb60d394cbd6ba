"""Keeps keys and words out of what the WebSocket library logs."""

import logging
import traceback

from callscribe.runtime.logs import scrub


class Redaction(logging.Filter):
    """Replaces keys and tokens in messages and tracebacks, and takes away the connection, from which a path could be read."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = "\n".join([text, "".join(traceback.format_exception(record.exc_info[1])).rstrip()])
        record.msg, record.args, record.exc_info, record.exc_text = scrub(text), (), None, None
        record.__dict__.pop("websocket", None)
        return True


def library_logger() -> logging.Logger:
    """For warnings and errors only: at a lower level the library would log paths, tokens and frames."""
    logger = logging.getLogger("transcript_ws.library")
    logger.setLevel(logging.WARNING)
    if not any(isinstance(each, Redaction) for each in logger.filters):
        logger.addFilter(Redaction())
    return logger
