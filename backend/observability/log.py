"""Structured logs: one line per event, with a correlation id from the inbound message to its last effect, and never a secret."""

import logging
import re
import sys
from typing import Any, Literal

import structlog

SECRET_KEYS = re.compile(r"pass(word)?|secret|token|authorization|api_?key|cookie|ticket", re.IGNORECASE)
SECRET_TEXT = re.compile(r"(Bearer\s+|ticket=|eyJ[\w-]+\.|rt1\.|sk-|xox[a-z]-)[\w.~+/=-]+")
HIDDEN = "[hidden]"


def redact(_logger: object, _method: str, event: Any) -> Any:
    """Redact values with secret names, and credentials inside text, at any depth."""
    return {key: HIDDEN if SECRET_KEYS.search(key) and value else _redact_value(value) for key, value in event.items()}


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_TEXT.sub(lambda found: found.group(1) + HIDDEN, value)
    if isinstance(value, dict):
        return redact(None, "", value)
    if isinstance(value, list | tuple):
        return [_redact_value(item) for item in value]
    return value


def configure(style: Literal["auto", "json", "text"], level: int = logging.INFO) -> None:
    """Send every log line, including the libraries' own, to standard error in one format: text on a terminal, JSON elsewhere."""
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: Any = structlog.dev.ConsoleRenderer(colors=True) if text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def get_logger(name: str) -> Any:
    return structlog.get_logger(source=name)
