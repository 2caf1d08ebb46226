"""The tool contract: a typed function with a docstring, and its declared risk, idempotence and approval rule."""

import asyncio
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from backend.domain.steps import ToolSpec as ToolSpec
from backend.observability.log import get_logger
from backend.tools.call_threads import MAX_CALLS, TooManyCalls, in_thread
from channels.exact_numbers import normalize_number

log = get_logger(__name__)

RESULT_LIMIT = 32_000  # characters of a result as JSON
TRACE_TIMEOUT_S = 10.0
RESULT_LOST = "The call ran, but its result could not be recorded."


class ToolError(Exception):
    """The tool failed. The message is a sentence for the model and for people, never a stack trace."""


class ToolUnfinished(ToolError):
    """The call exceeded its time limit and may still take effect. `work` completes when the call does."""

    def __init__(self, message: str, work: asyncio.Future[Any]) -> None:
        super().__init__(message)
        self.work = work


class ToolNotRun(Exception):
    """The fence stopped the call before its effect: it certainly had none."""


class ToolInputError(Exception):
    """The arguments are invalid. `errors` holds (field, message) pairs; field "" means the call as a whole."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {message}" if name else message for name, message in errors))
        self.errors = errors


def _no_fence() -> None:
    """The fence of a tool that runs without a lease."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool gets besides its arguments. `execution_id` identifies this execution, for ledgers and idempotency keys.
    `fence` raises ToolNotRun if another worker may hold the run; it is called before the tool starts, and a tool that prepares
    its effect calls it again right before the effect."""

    execution_id: str
    data_dir: Path
    fence: Callable[[], None] = _no_fence


Trace = Callable[[ToolContext, str], str]


@dataclass(frozen=True)
class Tool:
    """A tool. `approval` is "always", "never" or a condition over the arguments. `trace(context, execution_id)` reports the
    evidence of an earlier execution and when it was looked up; it never claims that nothing happened, since a suspended
    process may continue. A plain function runs in its own thread, a coroutine in the event loop."""

    function: Callable[..., Any]
    risk: Literal["low", "medium", "high"]
    approval: str
    idempotent: bool = False
    seconds: float = 30.0
    trace: Trace | None = field(default=None, repr=False)
    version: str = "1"

    @property
    def name(self) -> str:
        return self.function.__name__

    @cached_property
    def spec(self) -> ToolSpec:
        """What the policy and the prompt know about this tool."""
        description = inspect.cleandoc(self.function.__doc__ or "")
        return ToolSpec(self.name, description, self._schema, self.risk, self.idempotent, self.approval, self.version)

    def validate(self, args: Any) -> dict[str, Any]:
        """The arguments in canonical form, with defaults filled in. Raises ToolInputError."""
        try:
            kept = self._model.model_validate(args).model_dump(mode="json")
        except ValidationError as error:
            raise ToolInputError(_explain(error)) from None
        rounded = [(name, _lost_precision(given, kept[name])) for name, given in args.items() if name in kept]
        if any(message for _, message in rounded):
            raise ToolInputError([(name, message) for name, message in rounded if message])
        return {name: normalize_number(value) for name, value in kept.items()}

    async def run(self, context: ToolContext, args: dict[str, Any]) -> Any:
        """Run the tool with validated arguments and return JSON. Raises ToolError for any failure of the tool, ToolNotRun if
        the fence stopped it, and ToolUnfinished after the time limit: a coroutine is cancelled, a thread continues."""
        work = asyncio.ensure_future(self._work(context, args))
        try:
            await asyncio.wait((work,), timeout=self.seconds)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if work.done():
            return work.result()
        if inspect.iscoroutinefunction(self.function):
            work.cancel()
        raise ToolUnfinished(f"{self.name} did not finish within {self.seconds:g} seconds.", work)

    async def _work(self, context: ToolContext, args: dict[str, Any]) -> Any:
        try:
            return _limited(await self._start(context, args))
        except (ToolError, ToolNotRun):
            raise
        except TooManyCalls:
            raise ToolError(f"{self.name} was not run: {MAX_CALLS} calls of it are still running.") from None
        except Exception as error:
            raise ToolError(f"{self.name} failed: {type(error).__name__}.") from error

    async def _start(self, context: ToolContext, args: dict[str, Any]) -> Any:
        given = (context,) if self._takes_context else ()
        if inspect.iscoroutinefunction(self.function):
            context.fence()
            return await self.function(*given, **args)

        def fenced() -> Any:
            context.fence()
            return self.function(*given, **args)

        return await in_thread(fenced, self.name)

    async def evidence(self, context: ToolContext) -> str:
        """The evidence about an execution with an unknown outcome; empty if the tool has no trace."""
        if self.trace is None:
            return ""
        trace = self.trace
        try:
            async with asyncio.timeout(TRACE_TIMEOUT_S):
                return replace_lone_surrogates(
                    str(await in_thread(lambda: trace(context, context.execution_id), f"{self.name} trace"))
                )
        except Exception as error:  # people must be asked all the same
            log.exception("tool.trace_failed", tool=self.name)
            return f"Looking for evidence failed: {type(error).__name__}."

    @cached_property
    def _model(self) -> type[BaseModel]:
        hints = get_type_hints(self.function, include_extras=True)
        fields: dict[str, Any] = {
            name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
            for name, parameter in inspect.signature(self.function).parameters.items()
            if hints[name] is not ToolContext
        }
        return create_model(self.name, __config__=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False), **fields)

    @cached_property
    def _schema(self) -> dict[str, Any]:
        schema = self._model.model_json_schema()
        return {key: value for key, value in schema.items() if key != "title"}

    @cached_property
    def _takes_context(self) -> bool:
        return ToolContext in get_type_hints(self.function).values()


def _lost_precision(given: Any, kept: Any) -> str:
    """An error message if a number lost precision in validation; empty if none did."""
    match given, kept:
        case dict(), dict():
            return next((found for name in given if name in kept and (found := _lost_precision(given[name], kept[name]))), "")
        case list(), list():
            return next((found for pair in zip(given, kept, strict=False) if (found := _lost_precision(*pair))), "")
        case int() | float(), int() | float() if given != kept:
            return f"{given} has more digits than the tool accepts: it would be used as {kept}"
    return ""


def _limited(result: Any) -> Any:
    """The result as JSON, truncated to RESULT_LIMIT. Never raises, since the call has already run."""
    try:
        text = replace_lone_surrogates(json.dumps(result, ensure_ascii=False, default=str))
        kept = json.loads(text, parse_constant=str)
    except Exception:
        log.exception("tool.result_lost")
        return RESULT_LOST
    if len(text) <= RESULT_LIMIT:
        return kept
    whole = kept if isinstance(kept, str) else text
    return f"{whole[:RESULT_LIMIT]}\n[... {len(whole) - RESULT_LIMIT:,} characters left out ...]"


def replace_lone_surrogates(text: str) -> str:
    """Replace lone surrogates, which no database accepts, with U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _explain(error: ValidationError) -> list[tuple[str, str]]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [(".".join(str(part) for part in item["loc"]), item["msg"].removeprefix("Value error, ")) for item in found]
