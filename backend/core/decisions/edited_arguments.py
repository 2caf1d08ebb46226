"""Check the arguments a person edited before approving."""

from functools import partial
from typing import Any

from backend.core.runs.steps import check_call
from backend.db import Row
from backend.domain.policy import canonical
from backend.domain.steps import CallTool
from backend.errors import FieldError, Invalid
from backend.tools.registry import Registry


def arguments_check(row: Row[Any], registry: Registry) -> Any:
    """A function that merges an edit into the proposed arguments and returns the result; it raises Invalid for an edit
    that the tool would not use exactly as written. None if the request has no call."""
    action = row.body.get("action")
    if not action:
        return None
    return partial(_edit_run_args if row.run_id else _edit_program_args, registry, action)


def _edit_run_args(registry: Registry, action: dict[str, Any], edits: dict[str, Any]) -> dict[str, Any]:
    proposed = action["args"]
    args = check_call(registry, CallTool(action["tool"], proposed | edits))[1]
    _check_unaltered(edits, args)
    _check_unaltered({name: value for name, value in proposed.items() if name not in edits}, args)
    return args


def _edit_program_args(_registry: Registry, action: dict[str, Any], edits: dict[str, Any]) -> dict[str, Any]:
    odd = [name for name in edits if name not in action["args"]]
    if odd:
        raise Invalid(
            "An edit can change the arguments of a call but cannot add any.",
            errors=[FieldError(name, "is not an argument of this call") for name in odd],
        )
    return {**action["args"], **edits}


def _check_unaltered(written: dict[str, Any], kept: dict[str, Any]) -> None:
    """Raises Invalid if the tool's validation changed a value that was written."""
    errors = [
        FieldError(name, f"would be used as {canonical(kept.get(name))}: write it like that, or use another value")
        for name, value in written.items()
        if not _contains(kept.get(name), value)
    ]
    if errors:
        raise Invalid("The tool would not use every argument as written.", errors=errors)


def _contains(kept: Any, written: Any) -> bool:
    """Whether `kept` holds every value of `written`; it may hold defaults as well. 1 equals 1.0."""
    match written:
        case dict():
            return isinstance(kept, dict) and all(name in kept and _contains(kept[name], item) for name, item in written.items())
        case list():
            return isinstance(kept, list) and len(kept) == len(written) and all(map(_contains, kept, written))
        case _:
            return isinstance(kept, bool) == isinstance(written, bool) and bool(kept == written)
