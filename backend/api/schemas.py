"""What bodies may hold, shared by the routers: strict models, and text that every part of the system can keep."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAX_DEPTH = 32


def keepable(value: Any, depth: int = 0) -> Any:
    """`value`, if it is JSON that a database can keep: no NUL, no lone surrogates, no NaN, no absurd nesting or digits.
    Raises ValueError saying what is in the way."""
    if depth > MAX_DEPTH:
        raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
                raise ValueError("holds a character that cannot be kept (NUL or half of a surrogate pair)")
        case float():
            if value != value or value in (float("inf"), float("-inf")):
                raise ValueError("holds a number that is not finite")
        case bool() | None:
            pass
        case int():
            if abs(value) > 10**30:
                raise ValueError("holds a number with too many digits")
        case dict():
            for name, item in value.items():
                keepable(name, depth + 1)
                keepable(item, depth + 1)
        case list():
            for item in value:
                keepable(item, depth + 1)
    return value


def parse_json(text: str) -> Any:
    """Strict JSON whose values can be kept. Raises ValueError."""
    try:
        return keepable(json.loads(text, parse_constant=_refuse_constant))
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


Text = Annotated[str, AfterValidator(keepable)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(keepable)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(keepable)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(keepable)]
Document = Annotated[dict[str, Any], AfterValidator(keepable)]
Risk = Literal["low", "medium", "high"]


class Body(BaseModel):
    """A request body: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class LooseBody(BaseModel):
    """A request body of the paths that other systems' clients use: what is not known is ignored."""

    model_config = ConfigDict(extra="ignore")


class View(BaseModel):
    """What a client gets; may grow."""

    model_config = ConfigDict(extra="allow")


class By(View):
    id: str
    name: str


class Problem(View):
    """application/problem+json"""

    type: str
    title: str
    status: int
    code: str
    detail: str
    error: str
    instance: str
    errors: list[dict[str, str]] = Field(default_factory=list)
