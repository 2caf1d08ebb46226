"""The digest an approval is bound to: tool, arguments, definition, run and request."""

from collections.abc import Mapping
from typing import Any

from backend.domain.policy import Policy, canonical, digest_call
from backend.domain.steps import ToolSpec


def action_of(tool: ToolSpec, args: dict[str, Any], run_id: str | None, request_id: str, policy: Policy) -> dict[str, Any]:
    """The call as it is shown, with everything its approval is bound to."""
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
    """Whether the digest matches the tool and its rule as they are now."""
    return action["digest"] in digests_of(tool, action["args"], run_id, request_id, policy, action)


def digests_of(
    tool: ToolSpec, args: dict[str, Any], run_id: str | None, request_id: str, policy: Policy, action: Mapping[str, Any]
) -> tuple[str, ...]:
    """The digests an approval of `action` may be bound to. An older request, without a version, may also be bound to the
    call, its schema and its rule alone."""
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
