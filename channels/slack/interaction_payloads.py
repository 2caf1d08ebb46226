"""Read button clicks and submitted modals: who acted, on which request, and the answer that makes. Pure."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from channels.contract import ChannelAnswer
from channels.slack.form_inputs import ACTION, Errors, edits_of, errors_by_block, fields_of_args, values_of
from channels.slack.modals import TEXT_BLOCK
from channels.slack.payloads import Payload, UnreadablePayload, account_of, team_of
from channels.slack.question_message import SELECTED

MODAL_VERBS = ("reject", "revise", "write", "fill", "edit", "details")


@dataclass(frozen=True, slots=True)
class Click:
    """A click on one of our buttons. `team` is the workspace the app is installed in, which may differ from the person's own.
    `index` is that of an option's button; `selected` are those picked in the menu next to a submit button."""

    account: str
    team: str
    event_id: str
    verb: str
    request_id: str
    version: int
    trigger_id: str
    channel: str
    ts: str
    index: int | None = None
    selected: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted modal. `channel` and `ts` identify the message it was opened from."""

    account: str
    team: str
    event_id: str
    verb: str
    request_id: str
    version: int
    channel: str
    ts: str
    state: Payload = field(default_factory=dict)


def only_selects(payload: Payload) -> bool:
    """Whether the payload only reports a choice in a menu, which counts once it is submitted."""
    actions = payload.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return isinstance(first, dict) and first.get("action_id") == SELECTED


def click_of(payload: Payload) -> Click:
    """Raises UnreadablePayload."""
    try:
        action, container = payload["actions"][0], payload["container"]
        request_id, version, index = _token(str(action["value"]))
        user, ts = str(payload["user"]["id"]), str(container["message_ts"])
        return Click(
            account=account_of(payload),
            team=team_of(payload),
            event_id=f"click {container['channel_id']}/{ts} {action['action_ts']} {user}",
            verb=str(action["action_id"]).split(" ")[0],
            request_id=request_id,
            version=version,
            trigger_id=str(payload["trigger_id"]),
            channel=str(container["channel_id"]),
            ts=ts,
            index=index,
            selected=_selected(payload.get("state") or {}),
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"a click without {error}") from None


def submission_of(payload: Payload) -> Submission:
    """Raises UnreadablePayload."""
    try:
        view = payload["view"]
        known = json.loads(view["private_metadata"])
        request_id, version, _ = _token(known["token"])
        state = view["state"]["values"]
        entered = hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()[:16]
        return Submission(
            account=account_of(payload),
            team=team_of(payload),
            # Slack keeps the hash when a modal is corrected after errors and submitted again.
            event_id=f"view {view['id']} {view.get('hash', '')} {entered}",
            verb=str(known["verb"]),
            request_id=request_id,
            version=version,
            channel=str(known["channel"]),
            ts=str(known["ts"]),
            state=state,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UnreadablePayload(f"a submission without {error}") from None


def answer_of_click(click: Click, request: Payload) -> ChannelAnswer | None:
    """Return the answer a button stands for; None if no option was selected."""
    action, values = click.verb, None
    if click.verb in ("choose", "submit"):
        picked = [click.index] if click.verb == "choose" else list(click.selected)
        options = request.get("options") or []
        chosen = [options[place]["value"] for place in picked if place is not None and 0 <= place < len(options)]
        if not chosen:
            return None
        action, values = "submit", {"choice": chosen if request.get("multiple") else chosen[0]}
    return _answer(click, action, values)


def answer_of_submission(submission: Submission, request: Payload) -> tuple[ChannelAnswer, Errors]:
    """Return the answer in a modal, and errors by block for invalid entries. Raises UnreadablePayload."""
    try:
        if submission.verb == "fill":
            values, errors = values_of(request.get("fields") or [], submission.state)
            return _answer(submission, "submit", values), errors
        if submission.verb == "edit":
            edits, errors = edits_of(request, submission.state)
            # Without a change, it approves the call as proposed.
            return _answer(submission, "edit" if edits else "approve", edits or None), errors
        text = ((submission.state.get(TEXT_BLOCK) or {}).get(ACTION) or {}).get("value")
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"a modal's entries without {error}") from None
    return _answer(submission, "submit" if submission.verb == "write" else submission.verb, feedback=text or None), {}


def errors_of(submission: Submission, request: Payload, errors: tuple[tuple[str, str], ...], reason: str) -> Errors:
    """Return a refusal as Slack shows it in the modal: next to the fields it is about."""
    if submission.verb not in ("fill", "edit"):
        return {TEXT_BLOCK: errors[0][1] if errors else reason}
    fields = request.get("fields") or [] if submission.verb == "fill" else fields_of_args(request)
    return errors_by_block(fields, errors or (("", reason),))


def _answer(
    source: Click | Submission, action: str, values: dict[str, Any] | None = None, feedback: str | None = None
) -> ChannelAnswer:
    return ChannelAnswer(
        channel="slack",
        account=source.account,
        event_id=source.event_id,
        request_id=source.request_id,
        action=action,
        values=values,
        feedback=feedback,
        version=source.version,
    )


def _token(value: str) -> tuple[str, int, int | None]:
    parts = value.split(" ")
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts[1:]):
        raise KeyError("a value of ours")
    return parts[0], int(parts[1]), int(parts[2]) if len(parts) == 3 else None


def _selected(state: Payload) -> tuple[int, ...]:
    for block in (state.get("values") or {}).values():
        chosen = block.get(SELECTED) or {}
        options = chosen.get("selected_options") or [chosen.get("selected_option")]
        return tuple(int(option["value"]) for option in options if option and str(option["value"]).isdigit())
    return ()
