"""Base models and field types of request and response bodies."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from backend.domain.answers import is_email
from backend.domain.json_values import check_storable

Text = Annotated[str, AfterValidator(check_storable)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(check_storable)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(check_storable)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(check_storable)]
Document = Annotated[dict[str, Any], AfterValidator(check_storable)]


def _email(value: str) -> str:
    if not is_email(value):
        raise ValueError("must be an email address such as dana@example.org")
    return value


Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)]


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class LooseBody(BaseModel):
    """A request body of the compatibility routes; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")


class View(BaseModel):
    """A response body; fields may be added."""

    model_config = ConfigDict(extra="allow")


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
