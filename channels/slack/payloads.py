"""What Slack tells us, read: who did it, what it was, and the provider's own id of it. Decides nothing."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.contract import ChannelAnswer, ChannelMessage
from channels.slack.form_inputs import ACTION, Errors, edits_of, errors_by_block, fields_of_args, values_of
from channels.slack.modals import TEXT_BLOCK
from channels.slack.mrkdwn import unescape
from channels.slack.question_message import SELECTED

Payload = Mapping[str, Any]
MODAL_VERBS = ("reject", "revise", "write", "fill", "edit", "details")
_CODE = re.compile(r"\s*link[\s:]+[`*_\"]*([A-Za-z0-9-]{4,64})[`*_\"]*\s*", re.IGNORECASE)
_REFERENCE = re.compile(r"<([^<>]*)>")


class UnreadablePayload(ValueError):
    """The payload is not one of ours; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Click:
    """A button of ours was pressed. `team` is where we are installed, which need not be the person's own; `index` is the
    option's, `selected` those of the select beside a submit button."""

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
    """A window of ours was sent off. `channel` and `ts` are the message it was opened from."""

    account: str
    team: str
    event_id: str
    verb: str
    request_id: str
    version: int
    channel: str
    ts: str
    state: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkCode:
    """Somebody wants to prove that this account is theirs."""

    account: str
    code: str


@dataclass(frozen=True, slots=True)
class AccessLost:
    """An account, or all of a workspace's (`T01/`), can be reached no more."""

    account: str
    reason: str


def check_text(value: Any) -> None:
    """Raises UnreadablePayload where any text in it, ids included, is none that can be kept: Slack sends no such."""
    match value:
        case str() if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise UnreadablePayload("a character that cannot be kept (NUL or half of a surrogate pair)")
        case dict():
            for name, part in value.items():
                check_text(name)
                check_text(part)
        case list():
            for part in value:
                check_text(part)


def only_selects(payload: Payload) -> bool:
    """Slack tells of each choice in a list; it counts when it is submitted."""
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
            # Slack's hash stays the same when a window comes back with errors and is corrected.
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


def account_of(payload: Payload) -> str:
    """`T01/U02`: the person's own workspace (or organisation) and their id in it. Raises KeyError, TypeError."""
    user = payload["user"]
    return f"{user.get('team_id') or team_of(payload)}/{user['id']}"


def team_of(payload: Payload) -> str:
    """The workspace (or organisation) we are installed in. Raises KeyError, TypeError."""
    return str((payload.get("team") or payload.get("enterprise") or {})["id"])


def answer_of_click(click: Click, request: Payload) -> ChannelAnswer | None:
    """The answer a button is by itself; None where nothing was chosen."""
    action, values = click.verb, None
    if click.verb in ("choose", "submit"):
        picked = [click.index] if click.verb == "choose" else list(click.selected)
        options = request.get("options") or []
        chosen = [options[place]["value"] for place in picked if place is not None and 0 <= place < len(options)]
        if not chosen:
            return None
        action, values = "submit", {"choice": chosen if request.get("multiple") else chosen[0]}
    return _answer(click, action, values)


def answer_of_submission(sent: Submission, request: Payload) -> tuple[ChannelAnswer, Errors]:
    """The answer a window holds, and errors by block for what cannot be read. Raises UnreadablePayload."""
    try:
        if sent.verb == "fill":
            values, errors = values_of(request.get("fields") or [], sent.state)
            return _answer(sent, "submit", values), errors
        if sent.verb == "edit":
            edits, errors = edits_of(request, sent.state)
            # Sent off as it stood, it approves the call as it was proposed.
            return _answer(sent, "edit" if edits else "approve", edits or None), errors
        said = ((sent.state.get(TEXT_BLOCK) or {}).get(ACTION) or {}).get("value")
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"a window's entries without {error}") from None
    return _answer(sent, "submit" if sent.verb == "write" else sent.verb, feedback=said or None), {}


def errors_of(sent: Submission, request: Payload, errors: tuple[tuple[str, str], ...], reason: str) -> Errors:
    """A refusal as Slack shows it in the window: beside the fields it is about."""
    if sent.verb not in ("fill", "edit"):
        return {TEXT_BLOCK: errors[0][1] if errors else reason}
    fields = request.get("fields") or [] if sent.verb == "fill" else fields_of_args(request)
    return errors_by_block(fields, errors or (("", reason),))


def _answer(
    done: Click | Submission, action: str, values: dict[str, Any] | None = None, feedback: str | None = None
) -> ChannelAnswer:
    return ChannelAnswer(
        channel="slack",
        account=done.account,
        event_id=done.event_id,
        request_id=done.request_id,
        action=action,
        values=values,
        feedback=feedback,
        version=done.version,
    )


def message_of_event(body: Payload, bot_user: str) -> ChannelMessage | None:
    """What a person wrote to us; None: it is not for us (a bot's, our own, a change of an older message, small talk of a
    channel). Raises UnreadablePayload."""
    try:
        event = body["event"]
        if not _is_persons(event, bot_user) or not _is_for_us(event, bot_user):
            return None
        team = str(event.get("user_team") or event.get("team") or body["team_id"])
        channel, thread_ts = str(event["channel"]), str(event.get("thread_ts") or event["ts"])
        return ChannelMessage(
            channel="slack",
            account=f"{team}/{event['user']}",
            # Slack may bring one message under several ids of events; in a channel shared by two workspaces, to each of them.
            event_id=f"message {team}/{channel}/{event['ts']}",
            content=plain_text_of(str(event.get("text") or ""), bot_user),
            place=place_of(str(body["team_id"]), channel, thread_ts),
            thread={"team": str(body["team_id"]), "channel": channel, "thread_ts": thread_ts},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"a message without {error}") from None


def place_of(team: str, channel: str, thread_ts: str) -> str:
    """One thread is one conversation."""
    return f"{team}/{channel}/{thread_ts}"


def is_reply_in_channel(body: Payload) -> bool:
    """A thread's reply that does not mention us: ours only where a question of ours waits there."""
    event = body["event"]
    return bool(event["type"] == "message" and event.get("channel_type") != "im")


def link_code_in_message(said: ChannelMessage, body: Payload) -> LinkCode | None:
    """`link CODE`, said to us alone."""
    found = _CODE.fullmatch(said.content)
    return LinkCode(said.account, found[1]) if found and body["event"].get("channel_type") == "im" else None


def link_code_in_command(text: str, team: str, user: str) -> LinkCode | None:
    """`link CODE` behind a command, which nobody else sees."""
    found = _CODE.fullmatch(text)
    return LinkCode(f"{team}/{user}", found[1]) if found else None


def access_lost_of(body: Payload) -> AccessLost | None:
    """An end of what we may do: uninstalled, revoked, or a person who left. None: none of it. Raises UnreadablePayload."""
    event, team = body["event"], str(body.get("team_id", ""))
    try:
        match event["type"]:
            case "app_uninstalled":
                return AccessLost(f"{team}/", "The app was removed from the Slack workspace.")
            case "tokens_revoked" if (event.get("tokens") or {}).get("bot"):
                return AccessLost(f"{team}/", "Slack withdrew the app's access to the workspace.")
            case "user_change" if (event.get("user") or {}).get("deleted"):
                user = event["user"]
                return AccessLost(f"{user.get('team_id') or team}/{user['id']}", "The Slack account was deactivated.")
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"a goodbye without {error}") from None
    return None


def plain_text_of(text: str, bot_user: str) -> str:
    """Slack's text as a person would have typed it, without the mention of us."""
    return unescape(_REFERENCE.sub(_spell, text.replace(f"<@{bot_user}>", ""))).strip()


def _spell(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    if target.startswith(("@", "#", "!")):
        return f"{target[0]}{label or target[1:]}" if target[0] != "!" else f"@{label or target[1:]}"
    return target.removeprefix("mailto:") if not label or label in target else f"{label} ({target})"


def _is_persons(event: Payload, bot_user: str) -> bool:
    known = event.get("subtype") in (None, "file_share", "thread_broadcast")
    return known and not event.get("bot_id") and bool(event.get("user")) and event["user"] not in (bot_user, "USLACKBOT")


def _is_for_us(event: Payload, bot_user: str) -> bool:
    """A direct message, a mention, or a thread's reply; a mention in a channel comes as an event of its own too."""
    if event["type"] == "app_mention":
        return bool(event.get("channel_type") != "im")
    if event.get("channel_type") == "im":
        return True
    return bool(event.get("thread_ts")) and f"<@{bot_user}>" not in str(event.get("text"))


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
