"""Evaluate arithmetic, which models get wrong, without Python's own eval."""

import ast
import math
import operator
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import StringConstraints
from simpleeval import InvalidExpression, SimpleEval

from backend.tools.contract import Tool, ToolError

_DIGITS = 300  # larger integers are refused, if possible before they are computed

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(math, name) for name in ("sqrt", "floor", "ceil", "log", "log10", "exp", "sin", "cos", "tan")
} | {"abs": abs, "round": round, "min": min, "max": max}
_NAMES = {"pi": math.pi, "e": math.e}

Number = int | float


def calculate(expression: Annotated[str, StringConstraints(min_length=1, max_length=500)]) -> dict[str, Any]:
    """Compute an arithmetic expression.

    It may use + - * / // % ** (or ^), parentheses, pi, e, sqrt, round, abs, min, max, floor, ceil, log, exp, sin, cos, tan.
    """
    evaluator = SimpleEval(operators=_OPERATORS, functions=_FUNCTIONS, names=_NAMES)
    try:
        text = _in_python(expression)
        value = evaluator.eval(text, previously_parsed=ast.parse(text, mode="eval").body)
    except ZeroDivisionError:
        raise ToolError(f"{_short(expression)} divides by zero.") from None
    except (InvalidExpression, SyntaxError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError):
        raise ToolError(f"{_short(expression)} is not an arithmetic expression I can compute.") from None
    return {"expression": expression, "value": _finite(value, expression)}


def _short(expression: str) -> str:
    return expression if len(expression) <= 60 else f"{expression[:60]}..."


def _in_python(expression: str) -> str:
    for written, meant in (("^", "**"), ("×", "*"), ("·", "*"), ("÷", "/"), ("−", "-"), ("\n", " ")):
        expression = expression.replace(written, meant)
    return expression.strip()


def _finite(value: Any, expression: str) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ToolError(f"{_short(expression)} is not an arithmetic expression I can compute.")
    if isinstance(value, float) and not math.isfinite(value):
        raise ToolError(f"{_short(expression)} has no finite value.")
    return value


def _number(value: Any) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("numbers only")
    return value


def _checked(apply: Callable[[Number, Number], Number]) -> Callable[[Any, Any], Number]:
    return lambda left, right: _bounded(apply(_number(left), _number(right)))


def _bounded(value: Number) -> Number:
    if isinstance(value, int) and abs(value) >= 10**_DIGITS:
        raise OverflowError
    return value


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and exponent * max(1, abs(base).bit_length()) > _DIGITS * 4:
        raise OverflowError
    result: Number = base**exponent
    return result


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: _checked(operator.add),
    ast.Sub: _checked(operator.sub),
    ast.Mult: _checked(operator.mul),
    ast.Div: _checked(operator.truediv),
    ast.FloorDiv: _checked(operator.floordiv),
    ast.Mod: _checked(operator.mod),
    ast.Pow: _checked(_power),
    ast.USub: lambda value: -_number(value),
    ast.UAdd: lambda value: +_number(value),
}

TOOL = Tool(calculate, risk="low", approval="never", idempotent=True, seconds=5)
