"""Parse a message into a command of the demo model."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import get_args

from backend.domain.steps import AskChoice, AskForm, AskText, CallTool, Field, FieldType, Option

MAX_WORDS = 10_000
_TYPES: tuple[FieldType, ...] = get_args(FieldType)
_COMMAND = re.compile(
    r"\A[^\w]*(?P<verb>search|google|calc|pay|ask|choose|form|plan|stream|fail)\b[\s:]*(?P<rest>.*)\Z", re.IGNORECASE | re.DOTALL
)
_PAYMENT = re.compile(r"\A(?P<amount>.*?)\s+to\s+(?P<to>\S.*)\Z", re.IGNORECASE | re.DOTALL)
_CURRENCY = re.compile(
    r"\A(?:[€$£¥₹]|eur|usd|gbp|chf)?\s*(?P<number>-?[0-9.,'’ ]+?)\s*(?:[€$£¥₹]|eur|usd|gbp|chf|euros?|dollars?)?\Z", re.IGNORECASE
)
_FIELD = re.compile(
    r"\A(?P<name>[^:()?]{1,64}?)(?P<optional>\?)?"
    r"(?:\s*:\s*(?P<type>\w+)\s*(?:\((?P<options>[^()]*)\))?)?(?P<late>\?)?\Z"
)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A command that starts with a step: a tool call or a question."""

    step: CallTool | AskText | AskChoice | AskForm


@dataclass(frozen=True, slots=True)
class Plan:
    topic: str


@dataclass(frozen=True, slots=True)
class StreamText:
    words: int


@dataclass(frozen=True, slots=True)
class Fail:
    """Behave like a broken provider."""


@dataclass(frozen=True, slots=True)
class Explain:
    """Only reply: `text` explains a mistake, or is empty for the general help."""

    text: str = ""


Command = OpenQuestion | Plan | StreamText | Fail | Explain


def parse_command(message: str) -> Command:
    """The command in a message, in any case; an Explain if it makes no sense."""
    found = _COMMAND.match(message.strip())
    if not found:
        return Explain()
    rest = found["rest"].strip()
    match found["verb"].lower():
        case "search" | "google" as verb:
            return _search(verb, rest)
        case "calc":
            call = CallTool("calculate", {"expression": rest}, "You asked for a calculation.")
            return OpenQuestion(call) if rest else Explain("Tell me what to compute, for example `calc 6 * 7`.")
        case "pay":
            return _pay(rest)
        case "ask":
            return (
                OpenQuestion(AskText(rest))
                if rest
                else Explain("Tell me what to ask, for example `ask What is your favourite colour?`")
            )
        case "choose":
            return _choose(rest)
        case "form":
            return _form(rest)
        case "plan":
            return Plan(rest) if rest else Explain("Tell me what to plan, for example `plan a launch for our app`.")
        case "stream":
            return _stream(rest)
        case _:
            return Fail()


def parse_amount(text: str) -> Decimal | None:
    """Parse 1,200.50, €500 and 12,50; None for text that is no amount or is ambiguous."""
    found = _CURRENCY.match(text.strip())
    if not found:
        return None
    digits = re.sub(r"['’ ]", "", found["number"])
    if re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", digits):
        digits = digits.replace(",", "")
    elif re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+|-?[0-9]{1,3}(\.[0-9]{3}){2,}|-?[0-9]+,[0-9]{1,2}", digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif not re.fullmatch(r"-?[0-9]+(\.[0-9]{1,2})?|-?[0-9]+\.0+", digits):
        return None
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None


def _search(verb: str, words: str) -> Command:
    tool = "web_search" if verb == "search" else "google_search"
    call = CallTool(tool, {"query": words}, f"You asked me to search for “{words}”.")
    return (
        OpenQuestion(call) if words else Explain(f"Tell me what to look for, for example `{verb} tomorrow's weather in Lisbon`.")
    )


def _pay(rest: str) -> Command:
    found = _PAYMENT.match(rest)
    if not found:
        return Explain("Tell me how much and to whom, for example `pay 250 to Alice`.")
    amount, to = parse_amount(found["amount"]), found["to"].strip()
    if amount is None:
        return Explain(f"I cannot tell what amount “{found['amount'].strip()}” is. Write it like `pay 1,200.50 to Alice`.")
    if amount <= 0:
        return Explain("I can only pay an amount above zero, for example `pay 250 to Alice`.")
    number = int(amount) if amount == amount.to_integral_value() else float(amount)
    return OpenQuestion(CallTool("make_payment", {"amount": number, "to": to}, f"You asked me to pay {amount:,} to {to}."))


def _choose(rest: str) -> Command:
    labels = list(dict.fromkeys(part.strip() for part in rest.split(",") if part.strip()))
    if len(labels) < 2:
        return Explain("Give me two or more things to choose from, for example `choose tea, coffee, water`.")
    return OpenQuestion(AskChoice("Which one shall it be?", tuple(Option(label, label) for label in labels)))


def _form(rest: str) -> Command:
    parts = [part.strip() for part in re.split(r",(?![^()]*\))", rest) if part.strip()]
    fields = [_field(part) for part in parts]
    wrong = [part for part, each in zip(parts, fields, strict=True) if each is None]
    if wrong:
        types = ", ".join(f"`{name}`" for name in _TYPES)
        example = "Write `name`, `name:type` or `size:enum(S|M|L)`"
        return Explain(f"I do not understand the field “{wrong[0]}”. {example}; the types are {types}.")
    known = tuple(each for each in fields if each is not None)
    if not known or len({each.name for each in known}) < len(known):
        return Explain("Give me the fields, each once, for example `form name, email:email, seats:integer`.")
    return OpenQuestion(AskForm("Please fill in this form", known))


def _field(text: str) -> Field | None:
    found = _FIELD.match(text)
    if not found:
        return None
    kind = next((name for name in _TYPES if name == (found["type"] or "text").lower()), None)
    options = tuple(dict.fromkeys(part.strip() for part in re.split(r"[|,]", found["options"] or "") if part.strip()))
    if kind is None or bool(options) != (kind in ("enum", "multi_enum")) or not found["name"].strip():
        return None
    required = not (found["optional"] or found["late"])
    return Field(found["name"].strip(), kind, required=required, options=tuple(Option(each, each) for each in options))


def _stream(rest: str) -> Command:
    digits = rest.removesuffix("words").strip().replace(",", "")
    if not re.fullmatch(r"\d{1,9}", digits, re.ASCII) or not 1 <= int(digits) <= MAX_WORDS:
        return Explain(f"Tell me how many words, from 1 to {MAX_WORDS:,}, for example `stream 200`.")
    return StreamText(int(digits))
