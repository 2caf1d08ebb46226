"""Read Slack events: messages, mentions, link codes and lost access. Pure."""

import re
from dataclasses import dataclass

from channels.contract import ChannelMessage
from channels.slack.mrkdwn import unescape
from channels.slack.payloads import Payload, UnreadablePayload

_CODE = re.compile(r"\s*link[\s:]+[`*_\"]*([A-Za-z0-9-]{4,64})[`*_\"]*\s*", re.IGNORECASE)


_REFERENCE = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class LinkCode:
    """The sender wants to link their account."""

    account: str
    code: str


@dataclass(frozen=True, slots=True)
class AccessLost:
    """An account, or a whole workspace (`T01/`), can no longer be reached."""

    account: str
    reason: str


def message_of_event(body: Payload, bot_user: str) -> ChannelMessage | None:
    """Return the message a person wrote to the app; None if it is not for the app (from a bot or ourselves, an edit, other
    people's conversation). Raises UnreadablePayload."""
    try:
        event = body["event"]
        if not _is_persons(event, bot_user) or not _is_for_us(event, bot_user):
            return None
        team = str(event.get("user_team") or event.get("team") or body["team_id"])
        channel, thread_ts = str(event["channel"]), str(event.get("thread_ts") or event["ts"])
        return ChannelMessage(
            channel="slack",
            account=f"{team}/{event['user']}",
            # Slack may deliver one message as several events, and to each workspace that shares a channel.
            event_id=f"message {team}/{channel}/{event['ts']}",
            content=plain_text_of(str(event.get("text") or ""), bot_user),
            place=place_of(str(body["team_id"]), channel, thread_ts),
            thread={"team": str(body["team_id"]), "channel": channel, "thread_ts": thread_ts},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"a message without {error}") from None


def place_of(team: str, channel: str, thread_ts: str) -> str:
    """Return the place of a thread: one thread is one conversation."""
    return f"{team}/{channel}/{thread_ts}"


def is_reply_in_channel(body: Payload) -> bool:
    """Whether this is a reply in a channel's thread that does not mention the app: ours only if it answers a question there."""
    event = body["event"]
    return bool(event["type"] == "message" and event.get("channel_type") != "im")


def link_code_in_message(message: ChannelMessage, body: Payload) -> LinkCode | None:
    """Return the code of `link CODE` in a direct message."""
    found = _CODE.fullmatch(message.content)
    return LinkCode(message.account, found[1]) if found and body["event"].get("channel_type") == "im" else None


def link_code_in_command(text: str, team: str, user: str) -> LinkCode | None:
    """Return the code of `link CODE` after a command, which nobody else sees."""
    found = _CODE.fullmatch(text)
    return LinkCode(f"{team}/{user}", found[1]) if found else None


def access_lost_of(body: Payload) -> AccessLost | None:
    """Return what can no longer be reached: the app was removed, its token revoked, or a person deactivated. Raises
    UnreadablePayload."""
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
        raise UnreadablePayload(f"an event without {error}") from None
    return None


def plain_text_of(text: str, bot_user: str) -> str:
    """Return Slack's text as a person would have typed it, without the mention of the app."""
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
    """A direct message, a mention, or a reply in a thread. A mention in a thread arrives as an app_mention event as well."""
    if event["type"] == "app_mention":
        return bool(event.get("channel_type") != "im")
    if event.get("channel_type") == "im":
        return True
    return bool(event.get("thread_ts")) and f"<@{bot_user}>" not in str(event.get("text"))
