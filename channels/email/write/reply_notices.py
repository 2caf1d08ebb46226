"""What we write back to the sender of a mail, as Markdown. Untrusted text in it is escaped or quoted."""

from collections.abc import Iterator, Mapping
from typing import Any

from channels.call_arguments import changed_names
from channels.contract import Question
from channels.email.grammar.answer_options import answer_instructions, details_of, fits_in_mail
from channels.email.write.markdown import literal, quoted
from channels.email.write.page import AnswerLines, Line
from channels.request_text import PAST_TENSE, one_line_value, outcome_line, utc_time
from channels.sanitize import value_text

NOTHING_CHANGED = "Nothing was changed."
ISOLATES = {0x2068: None, 0x2069: None}  # `literal` escapes them again
REQUEST_CHANGED = "The request was changed since the mail you answered."


def accepted(question: Question) -> str:
    """The answer was accepted: quote it back."""
    request = question.request
    response = request["response"]
    how = PAST_TENSE.get(response["action"], "Answered")
    content = _answer_content(request, response["action"], response.get("values"), response.get("feedback"))
    return _join_paragraphs(f"**{how}.** This was recorded as your answer to “{literal(request['title'])}”.", *content)


def late(question: Question, text: str) -> str:
    """The request was closed before the mail arrived. `text` is the new text of the mail."""
    request = question.request
    if request["status"] == "answered":
        line = outcome_line(request).translate(ISOLATES)
        return f"Already {literal(line[:1].lower() + line[1:], 2_000)}. {NOTHING_CHANGED}"
    ended = f"expired at {utc_time(request.get('due_at'))}" if request["status"] == "expired" else "was withdrawn"
    return _join_paragraphs(f"“{literal(request['title'])}” {ended}; your answer was not used.", "Your text:", quoted(text))


def unclear(question: Question, why: str) -> str:
    """The mail states no clear answer."""
    return _join_paragraphs(
        f"Your mail was not clear enough to be an answer to “{literal(question.request['title'])}”: {literal(why)}",
        NOTHING_CHANGED,
        *_instructions(question),
    )


def refused(reason: str, errors: tuple[tuple[str, str], ...], question: Question | None) -> str:
    """The answer was refused: one line for each error."""
    listed = "\n".join(f"- **{literal(name)}** {literal(message, 500)}" for name, message in errors)
    again = _instructions(question) if question is not None and question.request["status"] == "pending" else ()
    return _join_paragraphs(literal(reason, 500), listed, NOTHING_CHANGED, *again)


def changed(reason: str, question: Question) -> str:
    """The mail answered an older version of the request: show the current one with all its details."""
    request, rows = question.request, details_of(question.request)
    action = request.get("action")
    lead = f"“{literal(request['title'])}”"
    if action:
        lead += f": it would run {literal(str(action.get('tool', '')))} (risk {action.get('risk', 'low')})"
    facts = _fenced("\n".join(f"{name}: {value}" for name, value in rows)) if rows and fits_in_mail(request) else ""
    return _join_paragraphs(literal(reason, 500), NOTHING_CHANGED, lead, facts, *_instructions(question))


def proposed(question: Question, action: str, values: Mapping[str, Any] | None, feedback: str | None) -> str:
    """Ask the sender to confirm what the mail seems to say."""
    how = PAST_TENSE.get(action, "answered").lower()
    lead = f"Your answer to “{literal(question.request['title'])}” seems to be: **{how}**."
    content = _answer_content(question.request, action, values, feedback)
    return _join_paragraphs(
        lead,
        *content,
        "Reply **YES** as the first line to confirm. Nothing is decided until you do.",
        *_instructions(question),
    )


def _instructions(question: Question) -> Iterator[str]:
    """The instructions to answer, and the link to the web app."""
    for part in answer_instructions(question):
        match part:
            case Line():
                yield literal(part.text)
            case AnswerLines():
                yield _fenced("\n".join(part.lines))
            case _:
                raise AssertionError(f"{part.kind} is not an instruction")
    yield f"Or open it in the web app: {question.link}"


def _answer_content(
    request: Mapping[str, Any], action: str, values: Mapping[str, Any] | None, feedback: str | None
) -> Iterator[str]:
    """The content of the answer: its values as they will be used, and its text."""
    if values and action == "edit":
        before = (request.get("action") or {}).get("args") or {}
        changed = [name for name in changed_names(before, values) if name in values]
        yield _list([(name, f"{_old(before, name)} → {value_text(values[name])}") for name in changed])
    elif values and request["type"] == "choice":
        yield _list([("", one_line_value(label)) for label in _labels(request, values.get("choice"))])
    elif values:
        yield _list([(name, value_text(value)) for name, value in values.items()])
    if feedback:
        yield quoted(feedback)


def _old(args: Mapping[str, Any], name: str) -> str:
    return value_text(args[name]) if name in args else "nothing"


def _labels(request: Mapping[str, Any], choice: Any) -> list[str]:
    labels = {option["value"]: option["label"] for option in request.get("options") or ()}
    return [str(labels.get(value, value)) for value in (choice if isinstance(choice, list) else [choice])]


def _list(rows: list[tuple[str, str]]) -> str:
    return "\n".join("- " + (f"{literal(name)}: " if name else "") + literal(value, 1_000) for name, value in rows)


def _fenced(text: str) -> str:
    fence = "`" * 3
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


def _join_paragraphs(*paragraphs: str) -> str:
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
