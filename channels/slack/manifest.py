"""The app manifest: the scopes and events the app needs."""

from typing import Any

# Posting, mentions, direct messages and threads with their history (to find what an interrupted attempt left), names of
# people, `/assent`.
SCOPES = (
    "app_mentions:read",
    "channels:history",
    "chat:write",
    "commands",
    "groups:history",
    "im:history",
    "im:read",
    "im:write",
    "metadata.message:read",
    "users:read",
)
SIGN_IN_SCOPE = "identity.basic"
EVENTS = (
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "tokens_revoked",
    "user_change",
)
COMMAND = "/assent"


def manifest(url: str, socket_mode: bool) -> dict[str, Any]:
    """Return the manifest of an installation at `url`. With Socket Mode, Slack does not need to reach it. Without `url` nobody
    links an account through Slack's sign-in, and the app is installed on Slack's own pages, which refuse to grant an identity
    scope along with others."""
    sign_in = {"redirect_urls": [f"{url}/api/auth/slack/callback"]} if url else {}
    scopes = {"bot": list(SCOPES)} | ({"user": [SIGN_IN_SCOPE]} if url else {})
    hook = {} if socket_mode else {"request_url": f"{url}/slack/events"}
    command = {"command": COMMAND, "description": "Link your account", "usage_hint": "link CODE", "should_escape": False}
    return {
        "display_information": {"name": "Assent", "description": "Agents ask, people answer."},
        "features": {
            "app_home": {"home_tab_enabled": False, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "Assent", "always_online": True},
            "slash_commands": [command | ({} if socket_mode else {"url": f"{url}/slack/events"})],
        },
        "oauth_config": {**sign_in, "scopes": scopes},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS), **hook},
            "interactivity": {"is_enabled": True, **hook},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }
