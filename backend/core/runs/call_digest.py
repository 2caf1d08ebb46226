"""What an approval is bound to: the digest of tool, arguments, definition and run."""

from collections.abc import Mapping
from typing import Any

from backend.domain.policy import Policy, canonical, digest_call
from backend.domain.steps import ToolSpec


def action_of(tool: ToolSpec, args: dict[str, Any], run_id: str | None, request_id: str, policy: Policy) -> dict[str, Any]:
    """The call as it is shown, with all that its approval will be bound to."""
    return {
        "tool": tool.name,
        "args": args,
        "risk": tool.risk,
        "digest": digest_of(tool, args, run_id, request_id, policy),
        "schema": tool.parameters,
        "description": tool.description,
        "version": tool.version,
        "policy": policy.bound_rule(tool),
    }


def fits_definition(tool: ToolSpec, action: Mapping[str, Any], run_id: str | None, request_id: str, policy: Policy) -> bool:
    """Whether the digest shown is that of the tool and its rule as they are now."""
    return action["digest"] in digests_of(tool, action["args"], run_id, request_id, policy, action)


def digests_of(
    tool: ToolSpec, args: dict[str, Any], run_id: str | None, request_id: str, policy: Policy, action: Mapping[str, Any]
) -> tuple[str, ...]:
    """What an approval of the request's `action` may be bound to: a request from before definitions were bound is held to
    what it was bound to then, the call, its schema and its rule."""
    now = digest_of(tool, args, run_id, request_id, policy)
    return (now,) if "version" in action else (now, digest_of(tool, args, run_id, request_id, policy, defined=False))


def digest_of(
    tool: ToolSpec,
    args: dict[str, Any],
    run_id: str | None,
    request_id: str,
    policy: Policy,
    defined: bool = True,
) -> str:
    definition = {"description": tool.description, "risk": tool.risk, "version": tool.version}
    return digest_call(
        tool=tool.name,
        args=canonical(args),
        run_id=run_id,
        request_id=request_id,
        policy=policy.bound_rule(tool),
        schema=tool.parameters,
        definition=definition if defined else None,
    )
