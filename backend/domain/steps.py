"""The steps an engine can propose. Every engine uses these alone, so any of them can read a run's log."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

FieldType = Literal["text", "long_text", "number", "integer", "boolean", "enum", "multi_enum", "date", "datetime", "email", "url"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option a person may pick: `value` is sent, `label` is shown."""

    value: str
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. `value` is the asker's suggestion; `options` are for enum and multi_enum."""

    name: str
    type: FieldType = "text"
    description: str = ""
    required: bool = True
    value: Any = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBase:
    """`beside` is what a model wrote around its step: recorded, but no part of what is asked or done."""

    beside: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class CallTool(StepBase):
    """Propose one exact call. `reason` is the agent's own claim and is shown as such."""

    tool: str
    args: dict[str, Any]
    reason: str = ""
    kind: Literal["tool"] = "tool"


@dataclass(frozen=True, slots=True)
class AskText(StepBase):
    title: str
    prompt: str = ""
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class AskChoice(StepBase):
    title: str
    options: tuple[Option, ...]
    prompt: str = ""
    multiple: bool = False
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True, slots=True)
class AskForm(StepBase):
    title: str
    fields: tuple[Field, ...]
    prompt: str = ""
    kind: Literal["form"] = "form"


@dataclass(frozen=True, slots=True)
class Review(StepBase):
    """Stop at a checkpoint: `artifact` (Markdown) is what the person looks at before the run goes on."""

    checkpoint: str
    title: str
    artifact: str = ""
    prompt: str = ""
    kind: Literal["checkpoint"] = "checkpoint"


@dataclass(frozen=True, slots=True)
class Reply(StepBase):
    """Reply now; the text itself is streamed by a second call."""

    kind: Literal["reply"] = "reply"


Ask = AskText | AskChoice | AskForm | Review
Step = CallTool | Ask | Reply


@dataclass(frozen=True, slots=True)
class CallSeveral(StepBase):
    """Several calls proposed at once. Each becomes a step of its own, in this order, and is approved separately."""

    calls: tuple[CallTool, ...]
    kind: Literal["tools"] = "tools"


Decision = Step | CallSeveral


@dataclass(frozen=True, slots=True)
class Usage:
    """What a model call cost, in tokens."""

    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def total(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What the policy and the prompt know about a tool; its function lives in `backend/tools`. `approval` is the tool's own
    rule: "always", "never" or a condition over its arguments such as "amount > 100". `version` must be changed whenever the
    tool's behaviour changes."""

    name: str
    description: str
    parameters: dict[str, Any] = field(hash=False)
    risk: Literal["low", "medium", "high"] = "low"
    idempotent: bool = False
    approval: str = "always"
    version: str = "1"


def dump_step(step: Decision) -> dict[str, Any]:
    """The step as the JSON object kept in a run's log."""
    return {name: value for name, value in asdict(step).items() if value or name != "beside"}


def load_step(data: dict[str, Any]) -> Decision:
    """The step a log entry holds. Raises ValueError for a kind this version does not know."""
    body = {key: value for key, value in data.items() if key != "kind"}
    match data.get("kind"):
        case "tool":
            return CallTool(**body)
        case "tools":
            return CallSeveral(**{**body, "calls": tuple(CallTool(**call) for call in body["calls"])})
        case "text":
            return AskText(**body)
        case "choice":
            return AskChoice(**{**body, "options": load_options(body["options"])})
        case "form":
            return AskForm(**{**body, "fields": load_fields(body["fields"])})
        case "checkpoint":
            return Review(**body)
        case "reply":
            return Reply(**body)
        case other:
            raise ValueError(f"unknown step kind {other!r}")


def load_options(items: Any) -> tuple[Option, ...]:
    return tuple(Option(**item) for item in items or ())


def load_fields(items: Any) -> tuple[Field, ...]:
    return tuple(Field(**{**item, "options": load_options(item.get("options"))}) for item in items)
