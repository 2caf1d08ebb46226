"""The demo payment: it writes to a ledger, which shows that nothing unapproved runs and nothing approved runs twice."""

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from backend.tools.contract import Tool, ToolContext

LEDGER = "ledger.jsonl"


def _whole_cents(amount: float) -> float:
    exponent = Decimal(repr(amount)).normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        raise ValueError("an amount has at most two decimals")
    return amount


Amount = Annotated[float, Field(gt=0, le=1_000_000_000), AfterValidator(_whole_cents)]
Payee = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def make_payment(context: ToolContext, amount: Amount, to: Payee) -> dict[str, Any]:
    """Pay an amount to somebody. Writes one line to the demo ledger; no money moves."""
    payment = {"execution_id": context.execution_id, "amount": amount, "to": to}
    line = json.dumps(payment, ensure_ascii=False) + "\n"
    descriptor = os.open(context.data_dir / LEDGER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        context.fence()
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return payment


def trace(context: ToolContext, execution_id: str) -> str:
    """What the ledger holds about an execution now, in one sentence with the time."""
    ledger = context.data_dir / LEDGER
    lines = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else []
    at = f"At {datetime.now(UTC):%H:%M:%S} UTC"
    if any(_is_of_execution(line, execution_id) for line in lines):
        return f"{at} the ledger held a line for this payment: it took effect."
    return f"{at} the ledger held no line for this payment; a suspended process may still write one."


def _is_of_execution(line: str, execution_id: str) -> bool:
    try:
        return bool(json.loads(line).get("execution_id") == execution_id)
    except (ValueError, AttributeError):
        return False


TOOL = Tool(make_payment, risk="high", approval="amount > 100", trace=trace)
