"""Logs as events with ids: one JSON object a line, with request, tenant and actor; never a payload, name or number."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

# Twelve digits in a row are a CCCD until proven otherwise; the others are secrets by their field's name.
_TWELVE_DIGITS = re.compile(r"(?<!\d)\d{12}(?!\d)")
_SECRET_NAMES = re.compile(
    r"password|passphrase|secret|token|authorization|cookie|cccd|otp|activation_code|private|wrapped|dsn", re.IGNORECASE
)
_REDACTED = "[redacted]"
# What PostgreSQL adds to an error holds data: "Failing row contains (…)", "Key (…)=(…) already exists". It goes on
# until the trace's next paragraph; a value may have line ends of its own.
_DATABASE_DETAIL = re.compile(
    r"^(DETAIL|CONTEXT|HINT|QUERY|LINE \d+): .*?(?=\n\n(?:The above|During handling)|\Z)", re.MULTILINE | re.DOTALL
)

Event = MutableMapping[str, Any]


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module: `log = get_logger(__name__)`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


def bind(**ids: object) -> None:
    """Add ids (request_id, tenant, actor, …) to every later line of this request or job."""
    structlog.contextvars.bind_contextvars(**{key: str(value) for key, value in ids.items() if value is not None})


def clear() -> None:
    """Forget the ids of the request or job that has ended."""
    structlog.contextvars.clear_contextvars()


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Take secrets out by their field's name, and CCCDs by their shape, wherever they stand."""
    if isinstance(event.get("exception"), str):
        event["exception"] = _DATABASE_DETAIL.sub(rf"\1: {_REDACTED}", event["exception"])
    for key, value in list(event.items()):
        event[key] = _REDACTED if _SECRET_NAMES.search(key) else _clean(value)
    return event


def _clean(value: object) -> object:
    if isinstance(value, str):
        return _TWELVE_DIGITS.sub(_REDACTED, value)
    if isinstance(value, dict):
        return {key: _REDACTED if _SECRET_NAMES.search(str(key)) else _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    return value


def configure(*, level: str = "INFO", process: str, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to standard output, one JSON object a line.

    `stream` is another place: a command's standard output is for what was asked.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _name_process(process),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


def _name_process(process: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: Event) -> Event:
        event["process"] = process
        return event

    return add
