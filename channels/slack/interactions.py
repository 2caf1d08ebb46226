"""Handle button clicks and modals: each is recorded first, then acknowledged, then shown."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from channels.contract import Accepted, Inbox, Question, Refused
from channels.errors import ChannelError, Retryable
from channels.slack.blocks import modal, section
from channels.slack.client import SlackClient
from channels.slack.form_inputs import Errors
from channels.slack.interaction_payloads import (
    MODAL_VERBS,
    Click,
    Submission,
    answer_of_click,
    answer_of_submission,
    click_of,
    errors_of,
    only_selects,
    submission_of,
)
from channels.slack.modals import modal_of
from channels.slack.mrkdwn import literal
from channels.slack.payloads import Payload
from channels.slack.question_message import render_in_thread

NOT_RECORDED = "Your answer could not be recorded, and nothing was changed. Try again in a moment."
REQUEST_CHANGED = "The request was changed after this message was sent. Your click had no effect; check the new version."
NOT_OPENED = "Slack did not open the dialog. Press the button again, or answer in the web app:"
Ack = Callable[..., Awaitable[Any]]
RunLater = Callable[[Coroutine[Any, Any, None]], None]


class Interactions:
    """Handles what people do to our messages. `run_later` runs work that can wait until the payload is acknowledged."""

    def __init__(self, inbox: Inbox, client: SlackClient, run_later: RunLater) -> None:
        self._inbox, self._client, self._run_later = inbox, client, run_later

    async def on_click(self, payload: Payload, ack: Ack) -> None:
        """Handle a button click. Raises UnreadablePayload."""
        if only_selects(payload):
            await ack()
            return
        click = click_of(payload)
        if click.verb in MODAL_VERBS:
            await ack()
            self._run_later(self._open(click))
            return
        try:
            outcome = await self._record(click)
        except Retryable:
            outcome = Refused(NOT_RECORDED)
        await ack()
        self._run_later(self._show(click, outcome))

    async def on_submission(self, payload: Payload, ack: Ack) -> None:
        """Handle a submitted modal. Raises UnreadablePayload."""
        submission = submission_of(payload)
        request: Payload = {}
        try:
            found = await self._inbox.find_request("slack", submission.account, submission.request_id)
            if isinstance(found, Refused):
                outcome: Accepted | Refused = found
            else:
                request = found.request
                answer, errors = answer_of_submission(submission, request)
                if errors:
                    await ack(response_action="errors", errors=errors)
                    return
                outcome = await self._inbox.receive_answer(answer)
        except Retryable:
            outcome = Refused(NOT_RECORDED)
        await ack(**_reply(submission, request, outcome))
        if outcome.question is not None and (outcome.question.request["status"] != "pending" or _is_changed(outcome)):
            self._run_later(self._rewrite(submission, outcome.question))

    async def _record(self, click: Click) -> Accepted | Refused:
        found = await self._inbox.find_request("slack", click.account, click.request_id)
        if isinstance(found, Refused):
            return found
        answer = answer_of_click(click, found.request)
        return await self._inbox.receive_answer(answer) if answer else Refused("Choose an option first.", question=found)

    async def _open(self, click: Click) -> None:
        try:
            found = await self._inbox.find_request("slack", click.account, click.request_id)
        except Retryable:
            found = Refused(NOT_RECORDED)
        if isinstance(found, Refused):
            await self._show(click, found)
        elif click.verb != "details" and click.version != found.request["version"] and found.request["status"] == "pending":
            await self._show(click, Refused(REQUEST_CHANGED, question=found))
        elif click.verb != "details" and (found.request["status"] != "pending" or not found.decidable):
            await self._show(click, Refused("This can no longer be answered here.", question=found))
        else:
            view = modal_of(click.verb, found, {"channel": click.channel, "ts": click.ts})
            try:
                await self._client.open_view(click.team, click.trigger_id, view)
            except ChannelError:
                await self._show(click, Refused(f"{NOT_OPENED} {found.link}"))

    async def _show(self, click: Click, outcome: Accepted | Refused) -> None:
        """Update the message that was clicked, and show a refusal only to the person who clicked."""
        if isinstance(outcome, Refused):
            _team, _, user = click.account.partition("/")
            await self._client.post_ephemeral(click.team, click.channel, user, literal(outcome.reason, 2000))
        if outcome.question is not None:
            await self._rewrite(click, outcome.question)

    async def _rewrite(self, source: Click | Submission, question: Question) -> None:
        await self._client.update(source.team, source.channel, source.ts, await render_in_thread(question))


def _is_changed(outcome: Accepted | Refused) -> bool:
    return isinstance(outcome, Refused) and outcome.code == "version_conflict"


def _reply(submission: Submission, request: Payload, outcome: Accepted | Refused) -> dict[str, Any]:
    """How Slack continues with the modal."""
    if isinstance(outcome, Accepted):
        return {"response_action": "clear"}
    decided = outcome.question is not None and outcome.question.request["status"] != "pending"
    if decided or _is_changed(outcome):
        return {"response_action": "update", "view": modal("Not recorded", [section(literal(outcome.reason, 2000))])}
    errors: Errors = errors_of(submission, request, outcome.errors, outcome.reason)
    return {"response_action": "errors", "errors": errors}
