"""What a tool is: a typed function with a docstring, and what is declared beside it about risk, repetition and approval."""

import asyncio
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from backend.domain.steps import Tool as ToolSpec
from channels.exact import plainest

RESULT_LIMIT = 32_000  # characters of a result as JSON


class ToolError(Exception):
    """The tool could not do it. The message is a sentence for the model and the person; never a stack trace."""


class ToolUnfinished(ToolError):
    """It took too long and was left behind: whether it took effect is not known."""


class ToolInputError(Exception):
    """The arguments do not fit the tool. `errors` holds (field, message) pairs, the field "" for the call as a whole."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {message}" if name else message for name, message in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may know beside its arguments. `execution_id` names this one execution, for ledgers and provider keys."""

    execution_id: str
    data_dir: Path


Trace = Callable[[ToolContext, str], str]


@dataclass(frozen=True)
class Tool:
    """One tool. `approval` is "always", "never" or a condition over the arguments; `trace(context, execution_id)` says
    what evidence there is that an execution took effect. A plain function runs in a thread, a coroutine in the loop."""

    function: Callable[..., Any]
    risk: Literal["low", "medium", "high"]
    approval: str
    idempotent: bool = False
    seconds: float = 30.0
    trace: Trace | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.function.__name__

    @cached_property
    def spec(self) -> ToolSpec:
        """What policy and prompt know of this tool."""
        description = inspect.cleandoc(self.function.__doc__ or "")
        return ToolSpec(self.name, description, self._schema, self.risk, self.idempotent, self.approval)

    def validate(self, args: Any) -> dict[str, Any]:
        """The arguments in their one canonical form, defaults filled in. Raises ToolInputError."""
        try:
            kept = self._model.model_validate(args).model_dump(mode="json")
        except ValidationError as error:
            raise ToolInputError(_explain(error)) from None
        rounded = [(name, _rounded(given, kept[name])) for name, given in args.items() if name in kept]
        if any(message for _, message in rounded):
            raise ToolInputError([(name, message) for name, message in rounded if message])
        return {name: plainest(value) for name, value in kept.items()}

    async def run(self, context: ToolContext, args: dict[str, Any]) -> Any:
        """Execute with arguments that `validate` gave. Returns JSON; raises ToolError whatever the tool raised, and
        ToolUnfinished when it takes too long."""
        task = asyncio.ensure_future(self._start(context, args))
        try:
            await asyncio.wait((task,), timeout=self.seconds)
        finally:
            task.cancel()
        if not task.done() or task.cancelled():
            raise ToolUnfinished(f"{self.name} did not finish within {self.seconds:g} seconds.")
        error = task.exception()
        if isinstance(error, ToolError):
            raise error
        if error is not None:
            raise ToolError(f"{self.name} failed: {type(error).__name__}.") from error
        return _bounded(task.result())

    async def _start(self, context: ToolContext, args: dict[str, Any]) -> Any:
        given = (context,) if self._takes_context else ()
        if inspect.iscoroutinefunction(self.function):
            return await self.function(*given, **args)
        return await asyncio.to_thread(self.function, *given, **args)

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


def _rounded(given: Any, kept: Any) -> str:
    """What is wrong where a number would be used as another one than was given; empty where it is not."""
    match given, kept:
        case dict(), dict():
            return next((found for name in given if name in kept and (found := _rounded(given[name], kept[name]))), "")
        case list(), list():
            return next((found for pair in zip(given, kept, strict=False) if (found := _rounded(*pair))), "")
        case int() | float(), int() | float() if given != kept:
            return f"{given} has more digits than the tool takes: it would be used as {kept}"
    return ""


def _bounded(result: Any) -> Any:
    text = json.dumps(result, ensure_ascii=False, default=str)
    if len(text) <= RESULT_LIMIT:
        return json.loads(text)
    whole = result if isinstance(result, str) else text
    return f"{whole[:RESULT_LIMIT]}\n[... {len(whole) - RESULT_LIMIT:,} characters left out ...]"


def _explain(error: ValidationError) -> list[tuple[str, str]]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [(".".join(str(part) for part in item["loc"]), item["msg"].removeprefix("Value error, ")) for item in found]
