"""A question as the content of a mail: what is asked, what it would do, and how to answer. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from channels.contract import Question, TextMessage
from channels.email.grammar.answer_options import answer_instructions, available_actions, details_of, fits_in_mail
from channels.email.write.markdown import literal, to_text
from channels.email.write.page import Facts, Line, Link, Page, Part, Prose
from channels.request_text import PAST_TENSE, asker_line, outcome_line, risk_line, tool_version_line
from channels.sanitize import clip, visible

MAX_TITLE, MAX_LONG_TITLE, MAX_NAME, MAX_PREVIEW = 200, 1_000, 100, 120
MAX_PROMPT, MAX_CONTEXT, MAX_ARTIFACT, MAX_SAID = 6_000, 3_000, 20_000, 40_000
ASKS = {
    "confirmation": "asks for your approval",
    "choice": "asks you to choose",
    "text": "asks you a question",
    "form": "asks you for some details",
    "checkpoint": "asks you to review its work",
}
OPEN_LABEL = "Open in Assent"


def question_page(question: Question) -> Page:
    """The page of a request that can be answered."""
    request = question.request
    parts = (*_asked(request), *_facts(question), *_background(question), *_answers(question), *_link_and_deadline(question))
    return Page(title_of(request), parts, _preview(request), footer_of(request))


def settled_page(question: Question) -> Page:
    """The page of a request that ended without this person's answer."""
    request = question.request
    said = Line(f"{outcome_line(request)}. It can no longer be answered, and there is nothing left to do.")
    return Page(title_of(request), (said, Link(OPEN_LABEL, question.link)), outcome_line(request), footer_of(request))


def text_page(text: str, author: str, foot: str = "") -> Page:
    """The page of a message (Markdown), titled with the name of its author: the agent or the platform."""
    preview = clip(" ".join(to_text(text, 4 * MAX_PREVIEW).split()), MAX_PREVIEW)
    return Page(one_line(author, MAX_NAME) or "Assent", (Prose(text, MAX_SAID, quoted=False),), preview, foot)


def subject_of(topic: str, session_id: str) -> str:
    """The subject of a session's mail thread. It never changes."""
    return f"[Action needed] {one_line(topic, MAX_TITLE) or 'A question'} {session_mark(session_id)}"


def subject_of_text(message: TextMessage) -> str:
    """The subject of a thread that starts with a message instead of a question."""
    topic = one_line(message.topic, MAX_TITLE) or clip(one_line(to_text(message.text, 400), 200), 80) or "A message from Assent"
    return f"{topic} {session_mark(message.session_id)}" if message.session_id else topic


def footer_of(request: Mapping[str, Any]) -> str:
    return session_mark(str(request.get("session_id") or request["id"]))


def session_mark(session_id: str) -> str:
    """A short mark to tell conversations apart at a glance. It proves nothing."""
    return f"[#{session_id[-4:].upper()}]"


def title_of(request: Mapping[str, Any]) -> str:
    return one_line(request["title"], MAX_TITLE) or "A question"


def one_line(text: str, limit: int) -> str:
    return clip(visible(" ".join(text.split())), limit)


def format_utc(iso: str) -> str:
    at = datetime.fromisoformat(iso).astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def _preview(request: Mapping[str, Any]) -> str:
    text = to_text(request.get("prompt") or "", 4 * MAX_PREVIEW) or f"{_asker(request)} {ASKS[request['type']]}."
    return clip(" ".join(text.split()), MAX_PREVIEW)


def _asker(request: Mapping[str, Any]) -> str:
    return asker_line(request)


def _asked(request: Mapping[str, Any]) -> Iterator[Part]:
    prompt, title = (request.get("prompt") or "").strip(), request["title"]
    if one_line(title, MAX_TITLE) != one_line(title, MAX_LONG_TITLE):
        yield Line(one_line(title, MAX_LONG_TITLE))
    yield Line(f"{_asker(request)} {ASKS[request['type']]}" + (". In its own words:" if prompt else "."))
    if prompt:
        yield Prose(prompt, MAX_PROMPT)


def _facts(question: Question) -> Iterator[Part]:
    """Show all details of the decision, or none."""
    request, rows = question.request, details_of(question.request)
    action, artifact = request.get("action"), (request.get("context") or {}).get("artifact")
    if not fits_in_mail(request):
        yield Line(
            "The details do not fit into a mail, so it cannot be answered here. Open it in the web app to see all of them."
        )
    else:
        if action:
            called = f"It would run {visible(str(action.get('tool', '')))} (risk {risk_line(action)})"
            yield Line(called + (" with exactly:" if rows else "."))
        if rows:
            yield Facts(rows)
        if tool_version_line(request):
            yield Line(one_line(tool_version_line(request), MAX_LONG_TITLE))
    if request["type"] == "checkpoint" and isinstance(artifact, str) and artifact.strip():
        yield Line("The work to review:")
        yield Prose(artifact, MAX_ARTIFACT)


def _background(question: Question) -> Iterator[Part]:
    if question.context.strip():
        yield Line("Background:")
        yield Prose("\\\n".join(literal(line) for line in question.context.strip().split("\n")), MAX_CONTEXT)


def _answers(question: Question) -> Iterator[Part]:
    held = {*question.request["allowed_actions"]} - available_actions(question)
    if held and not question.decidable:
        yield Line("The risk is too high to approve this by email. Approve it in the web app.")
    yield from answer_instructions(question)


def _link_and_deadline(question: Question) -> Iterator[Part]:
    yield Link(OPEN_LABEL, question.link)
    due, wish = question.request.get("due_at"), question.request.get("on_timeout")
    if due:
        action = wish if isinstance(wish, str) else str((wish or {}).get("action", ""))
        yield Line(f"Answer by {format_utc(due)}. Without an answer by then: {PAST_TENSE.get(action, 'closed').lower()}.")
