"""The demo model's replies: the exact outcome of each step, in Markdown."""

import json
from typing import Any

from backend.engines.contract import Entry
from backend.engines.demo.pending_tasks import Body

HELP = """I am the **demo model**: a small program, not an AI. Try one of these:

- `search <words>` or `google <words>`: search the web, after your approval
- `calc <expression>`: calculate
- `pay <amount> to <name>`: a demo payment, after your approval above 100
- `ask <question>`, `choose <a>, <b>, <c>`, `form <name>, <email>, <n:integer>`: answer a question
- `plan <topic>`: a content plan with three reviews
- `stream <n>`: n words, one after another
- `fail`: see what a broken model looks like"""

_SENTENCE = (
    "every answer here is carried by the same steady stream of words that a real model would send and "
    "each one arrives in its place so that you can watch the text grow while the counter runs on"
)


def outcome(entry: Entry, after: Body | None) -> str:
    """Describe the outcome of one step."""
    if entry.kind == "call":
        return _call_outcome(entry.body, after)
    return _answer_outcome(entry.body, after)


def filler_words(count: int) -> str:
    """Exactly `count` words."""
    vocabulary = _SENTENCE.split()
    return " ".join(vocabulary[index % len(vocabulary)] for index in range(count))


def _call_outcome(call: Body, result: Body | None) -> str:
    tool, shown = call.get("tool"), _call_text(call)
    if result is None:
        return f"{shown} has no outcome yet."
    status, value = result.get("status"), result.get("result")
    if status == "succeeded":
        return _success(str(tool), call, value)
    detail = _said(value)
    match status:
        case "rejected":
            return f"**Rejected:** {shown} was not approved, so nothing was done.{detail}"
        case "expired":
            return f"**Expired:** nobody approved {shown} in time, so nothing was done.{detail}"
        case "cancelled":
            return f"**Cancelled:** {shown} was withdrawn, so nothing was done.{detail}"
        case "failed":
            return f"**Failed:** {shown} did not work.{detail}"
    return f"**Unknown:** whether {shown} took effect is not known.{detail}"


def _success(tool: str, call: Body, value: Any) -> str:
    match tool, value:
        case "make_payment", {"amount": amount, "to": to}:
            return f"**Paid:** {money(amount)} to {to}. The payment is in the demo ledger."
        case "calculate", {"expression": expression, "value": number}:
            return f"`{expression}` = **{number}**"
        case "web_search" | "google_search", list():
            return _hits(str(call.get("args", {}).get("query", "")), value)
    return f"**Done:** {_call_text(call)}.{_said(value)}"


def _hits(query: str, hits: list[Any]) -> str:
    found = [hit for hit in hits if isinstance(hit, dict) and str(hit.get("url", "")).startswith(("http://", "https://"))]
    if not found:
        return f"The search for “{query}” found nothing."
    lines = [
        f"{number}. [{_label(hit)}]({hit['url']}): {_one_line(hit.get('snippet', ''))}"
        for number, hit in enumerate(found, start=1)
    ]
    return f"Found for “{query}”:\n\n" + "\n".join(lines)


def _label(hit: dict[str, Any]) -> str:
    return _one_line(hit.get("title") or hit["url"]).replace("[", "(").replace("]", ")")


def _answer_outcome(question: Body, answer: Body | None) -> str:
    title = _one_line(question.get("title", ""))
    if answer is None:
        return f"“{title}” has no answer yet."
    status, action = answer.get("status"), answer.get("action")
    if status == "expired":
        return f"**Expired:** nobody answered “{title}” in time."
    if status == "cancelled":
        return f"**Cancelled:** the question “{title}” was withdrawn."
    if action in ("decline", "reject"):
        return f"**Declined:** “{title}” was not answered.{_said(answer.get('feedback'))}"
    return _given(str(question.get("type")), title, answer)


def _given(kind: str, title: str, answer: Body) -> str:
    values, feedback = answer.get("values") or {}, answer.get("feedback") or ""
    if kind == "text":
        return f"You answered “{title}”:\n\n" + "\n".join(f"> {line}" for line in (str(feedback).splitlines() or [""]))
    if kind == "choice":
        chosen = values.get("choice")
        return f"You chose **{', '.join(map(str, chosen)) if isinstance(chosen, list) else chosen}**."
    rows = "\n".join(f"- **{name}:** {_one_line(_plain(value))}" for name, value in values.items())
    return f"You filled in the form:\n\n{rows}"


def money(amount: Any) -> str:
    """An amount with two decimals, or none if it is whole."""
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return str(amount)
    return f"{amount:,}" if float(amount).is_integer() else f"{amount:,.2f}"


def _call_text(call: Body) -> str:
    args = call.get("args")
    if call.get("tool") == "make_payment" and isinstance(args, dict):
        return f"paying {money(args.get('amount'))} to {args.get('to')} (`make_payment`)"
    shown = ", ".join(f"{name}: {_plain(value)}" for name, value in args.items()) if isinstance(args, dict) else str(args)
    return f"`{call.get('tool')}` ({_one_line(shown)})"


def _said(value: Any) -> str:
    return f" {_one_line(_plain(value))}" if value else ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _one_line(value: Any) -> str:
    return " ".join(str(value).split())
