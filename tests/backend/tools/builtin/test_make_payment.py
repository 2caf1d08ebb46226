import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from backend.tools.builtin.make_payment import LEDGER, TOOL, trace
from backend.tools.contract import ToolContext, ToolError, ToolInputError, ToolNotRun


async def pay(data_dir: Path, execution_id: str, **args: Any) -> Any:
    return await TOOL.run(ToolContext(execution_id, data_dir), TOOL.validate(args))


def ledger(data_dir: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data_dir / LEDGER).read_text().splitlines()]


class TestAPayment:
    async def test_is_one_line_in_the_ledger(self, tmp_path: Path) -> None:
        paid = await pay(tmp_path, "x1", amount=1200.5, to="Zoë\n🎉")
        assert paid == {"execution_id": "x1", "amount": 1200.5, "to": "Zoë\n🎉"}
        assert ledger(tmp_path) == [paid]

    async def test_never_overwrites_or_tears_another(self, tmp_path: Path) -> None:
        await asyncio.gather(*(pay(tmp_path, f"x{index}", amount=index + 1, to="Bob") for index in range(20)))
        assert {line["execution_id"] for line in ledger(tmp_path)} == {f"x{index}" for index in range(20)}

    async def test_without_a_ledger_to_write_fails_in_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(ToolError, match="make_payment failed"):
            await pay(tmp_path / "missing", "x1", amount=1, to="Bob")

    @pytest.mark.parametrize(
        "args",
        [
            {"amount": 0, "to": "Bob"},
            {"amount": -1, "to": "Bob"},
            {"amount": 0.001, "to": "Bob"},
            {"amount": 100.005, "to": "Bob"},
            {"amount": float("nan"), "to": "Bob"},
            {"amount": float("inf"), "to": "Bob"},
            {"amount": "5", "to": "Bob"},
            {"amount": True, "to": "Bob"},
            {"amount": 5, "to": "  "},
            {"amount": 5, "to": "B" * 201},
            {"amount": 5},
            {"to": "Bob"},
        ],
    )
    def test_needs_an_amount_and_somebody(self, args: dict[str, Any]) -> None:
        with pytest.raises(ToolInputError):
            TOOL.validate(args)

    @pytest.mark.parametrize("amount", [0.01, 0.29, 1.1, 19.99, 100.0, 999_999.99])
    def test_takes_whole_cents(self, amount: float) -> None:
        assert TOOL.validate({"amount": amount, "to": " Bob "}) == {"amount": amount, "to": "Bob"}

    def test_is_risky_and_wants_approval_above_a_hundred(self) -> None:
        assert (TOOL.spec.risk, TOOL.spec.idempotent, TOOL.spec.approval) == ("high", False, "amount > 100")


class TestTheTrace:
    async def test_tells_what_the_ledger_held_and_when_and_never_that_nothing_happened(self, tmp_path: Path) -> None:
        context = ToolContext("x1", tmp_path)
        nothing = r"At \d\d:\d\d:\d\d UTC the ledger held no line for this payment; a suspended process may still write one\."
        assert re.fullmatch(nothing, trace(context, "x1"))
        await pay(tmp_path, "x1", amount=5, to='{"execution_id": "x2"}')
        assert re.fullmatch(r"At [\d:]{8} UTC the ledger held a line for this payment: it took effect\.", trace(context, "x1"))
        assert re.fullmatch(nothing, trace(context, "x2"))

    async def test_survives_a_torn_line(self, tmp_path: Path) -> None:
        (tmp_path / LEDGER).write_bytes(b'{"execution_id": "x1", "amo')
        assert "held no line" in trace(ToolContext("x1", tmp_path), "x1")


class TestTheFence:
    async def test_is_passed_once_more_right_before_the_line_is_written(self, tmp_path: Path) -> None:
        passed = 0

        def fence() -> None:
            nonlocal passed
            passed += 1
            if passed == 2:
                raise ToolNotRun

        with pytest.raises(ToolNotRun):
            await TOOL.run(ToolContext("x1", tmp_path, fence), TOOL.validate({"amount": 5, "to": "Bob"}))
        assert ledger(tmp_path) == []
