"""Which calls need a person's approval, and what exactly an approval is bound to."""

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simpleeval import EvalWithCompoundTypes, InvalidExpression

from backend.domain.steps import ToolSpec

RISKS = ("low", "medium", "high")
CHANNEL_RISK = {"chat": "high", "slack": "high", "email": "medium"}
ALWAYS, NEVER = "always", "never"
EXCEPT_ASKER = " except asker"
_OPEN, _CLOSE, _QUOTES = "([{", ")]}", "'\""


@dataclass(frozen=True, slots=True)
class Policy:
    """`rules` by tool name: always, never, or a condition over the call's arguments. A rule from the settings replaces
    the tool's own; a tool without one keeps what it declares; `everything` demands approval of every call.
    `approvers` names, by tool, the people and groups who alone may approve (nobody named: the session's own person);
    `not_asker` the tools that whoever asks may not approve, though they be among those;
    `channel_risk` the highest risk that may be approved on each channel."""

    rules: Mapping[str, str]
    everything: bool = False
    approvers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channel_risk: Mapping[str, str] = field(default_factory=lambda: dict(CHANNEL_RISK))
    not_asker: frozenset[str] = frozenset()

    def may_decide_on(self, channel: str, risk: str) -> bool:
        """Whether a call of this risk may be approved on the channel. The API and the console count as the web chat, since
        people sign in to all of them."""
        known = channel if channel in self.channel_risk else "chat"
        return RISKS.index(risk) <= RISKS.index(self.channel_risk.get(known, "high"))

    def rule_for(self, tool: ToolSpec) -> str:
        return ALWAYS if self.everything else self.rules.get(tool.name, tool.approval)

    def approvers_of(self, tool: ToolSpec) -> tuple[str, ...]:
        return self.approvers.get(tool.name, ())

    def bound_rule(self, tool: ToolSpec) -> str:
        """The rule as an approval is bound to it, including who may approve."""
        who = " | ".join(self.approvers_of(tool)) + (EXCEPT_ASKER if tool.name in self.not_asker else "")
        return " -> ".join(filter(None, (self.rule_for(tool), who)))

    def rule_of_votes(self, tool: ToolSpec) -> dict[str, Any] | None:
        """The vote rule for a call of the tool; None: any one recipient decides."""
        return {"approvals": 1, "distinct_from_requester": True} if tool.name in self.not_asker else None

    def needs_approval(self, tool: ToolSpec, args: Mapping[str, Any]) -> bool:
        """Whether this exact call needs approval. It does if the condition cannot be evaluated."""
        rule = self.rule_for(tool)
        if rule in (ALWAYS, NEVER):
            return rule == ALWAYS
        try:
            return bool(_evaluator(args).eval(rule))
        except (
            InvalidExpression,
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            RecursionError,
            MemoryError,
        ):
            return True


def parse_policy(text: str, tools: Mapping[str, ToolSpec]) -> Policy:
    """Read ASSENT_APPROVALS: `all`, or names and `name: condition`, each with `-> who | who` where only those may approve
    (`-> who except asker`: of those, not whoever asks), separated by commas or semicolons. Raises ValueError naming the part
    that is not understood."""
    rules: dict[str, str] = {}
    approvers: dict[str, tuple[str, ...]] = {}
    not_asker: set[str] = set()
    everything = False
    for item in _split(text):
        rule, arrow, who = (part.strip() for part in item.partition("->"))
        name, colon, condition = (part.strip() for part in rule.partition(":"))
        if name == "all" and not colon and not arrow:
            everything = True
            continue
        if name not in tools:
            raise ValueError(f"there is no tool {name!r}; the tools are {', '.join(sorted(tools))}")
        if arrow:
            if who.endswith(EXCEPT_ASKER):
                not_asker.add(name)
            approvers[name] = _parse_approvers(name, who.removesuffix(EXCEPT_ASKER))
        rules[name] = condition if colon else ALWAYS
        if rules[name] not in (ALWAYS, NEVER):
            _check_condition(tools[name], rules[name])
    return Policy({} if everything else rules, everything, approvers, not_asker=frozenset(not_asker))


def _parse_approvers(tool: str, who: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in who.split("|"))
    if not all(names) or any(name.endswith("except asker") for name in names):
        raise ValueError(f"say who approves {tool}: a group or an email address, several with | between them")
    return names


def parse_channel_risk(text: str) -> dict[str, str]:
    """Read ASSENT_CHANNEL_RISK: `email=low, slack=medium`, the highest risk that may be approved on each channel.
    Raises ValueError naming the part that is not understood."""
    found = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        channel, _, risk = (part.strip() for part in item.partition("="))
        if channel not in CHANNEL_RISK or risk not in RISKS:
            raise ValueError(f"{item!r} is not understood; write channel=risk, such as email=low, slack=high")
        found[channel] = risk
    return found


def canonical(value: Any) -> str:
    """The canonical JSON text of a value: sorted keys, no spaces, so that equal values have equal digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_call(
    *,
    tool: str,
    args: str,
    run_id: str | None,
    request_id: str,
    policy: str,
    schema: Mapping[str, Any] | None,
    definition: Mapping[str, Any] | None,
) -> str:
    """SHA-256 of everything an approval is bound to. `args` is the canonical text that is shown and executed; `definition`
    is what else the tool declares; older requests have none."""
    bound = {"tool": tool, "args": args, "run": run_id, "request": request_id, "policy": policy, "schema": schema}
    bound |= {} if definition is None else {"definition": definition}
    return hashlib.sha256(canonical(bound).encode()).hexdigest()


def _evaluator(args: Mapping[str, Any]) -> EvalWithCompoundTypes:
    evaluator = EvalWithCompoundTypes(names=dict(args))
    evaluator.functions = {}
    return evaluator


def _check_condition(tool: ToolSpec, condition: str) -> None:
    """Raises ValueError unless the condition is one expression over the tool's arguments. An assignment in place of a
    comparison would decide every call alike."""
    try:
        nodes = list(ast.walk(ast.parse(condition, mode="eval")))
    except SyntaxError as error:
        raise ValueError(f"the condition of {tool.name} cannot be read: {error}") from None
    names = {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr for node in nodes if isinstance(node, ast.Attribute)
    }
    unknown = names - set(tool.parameters.get("properties", {}))
    if unknown:
        known = ", ".join(tool.parameters.get("properties", {}))
        raise ValueError(f"the condition of {tool.name} uses {', '.join(sorted(unknown))}; its arguments are {known}")


def _split(text: str) -> list[str]:
    """Split at commas, semicolons and line ends outside brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        else:
            depth += (character in _OPEN) - (character in _CLOSE)
        if character in ",;\n" and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
