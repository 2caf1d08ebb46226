"""Calls as models write them, as text, with an oracle of its own for what can be kept to the digit; and what the web app must
show of one."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

MAX_DIGITS, MAX_DEPTH = 100, 32
ODD = "\u202e\u200b\u200d\u00a0\u2028\ufeff\u0430⟨⟩U+41 \t\n\r\"'\\&<>`*é😀\x7f\x1f"
names = st.one_of(
    st.sampled_from(["amount", "user_id", "a b", "a  b", "", " ", "10", "2", "__proto__", "constructor", "a\nb", "\u202eid"]),
    st.text(st.sampled_from(ODD + "abc"), max_size=6),
)  # fmt: skip
_integers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.sampled_from([725653563933458432, 2**53 + 1, -(2**53) - 1, 2**63, 2**64 - 1, 0]),
    st.integers(-(10**99), 10**99),
).map(str)
_decimals = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.builds("{}.{}".format, st.integers(-(10**9), 10**9), st.from_regex(r"[0-9]{1,5}", fullmatch=True)),
    st.builds("{}e{}".format, st.integers(-(10**15), 10**15), st.integers(-280, 280)),
    st.sampled_from(["1.0", "1.10", "-0", "-0.0", "0.0", "1E5", "1e+16", "0.1", "100.00", "1e23"]),
)
_strings = st.builds(
    lambda text, plain: json.dumps(text, ensure_ascii=plain),
    st.text(st.sampled_from(ODD + "abc0") | st.characters(exclude_categories=["Cs"]), max_size=40),
    st.booleans(),
)
_refused = st.one_of(
    st.sampled_from(
        ['"\\ud800"', '"\\udc00x"', '"\\u0000"', "1e400", "-1e400", "1e-400", "9007199254740993.0", "0.1000000000000000055"]
    ),
    st.integers(10**100, 10**120).map(str),
    st.builds("{}.{}".format, st.integers(0, 10**18), st.from_regex(r"[0-9]{1,22}", fullmatch=True)),
)
_leaves = st.one_of(_integers, _decimals, _strings, st.sampled_from(["true", "false", "null"]))
_odd_leaves = st.one_of(*[_leaves] * 15, _refused)


def _object(items: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in items) + "}"


def _inside(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(names, inner), max_size=4, unique_by=lambda item: item[0]).map(_object),
        st.lists(st.tuples(st.sampled_from("ab"), inner), max_size=3).map(_object),
        st.builds(lambda text, n: "[" * n + text + "]" * n, inner, st.integers(1, 40)),
        st.builds(lambda text, n: f"[{', '.join([text] * n)}]", inner, st.integers(1, 30)),
    )


values = st.recursive(_odd_leaves, _inside, max_leaves=8)
arguments = st.lists(st.tuples(names, values), max_size=5, unique_by=lambda item: item[0]).map(_object)


@dataclass(frozen=True, slots=True)
class Number:
    text: str

    def value(self) -> int | float:
        return int(self.text) if re.fullmatch(r"-?\d+", self.text) else float(self.text)

    def is_exact(self) -> bool:
        if re.fullmatch(r"-?\d+", self.text):
            return len(self.text.lstrip("-")) <= MAX_DIGITS
        number = float(self.text)
        return abs(number) != float("inf") and Decimal(repr(number)) == Decimal(self.text)


def read(text: str) -> Any:
    """Objects as lists of pairs, numbers as they stand."""
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=lambda pairs: ("object", pairs))


def faults(value: Any, depth: int = 0) -> set[str]:
    """Why a value cannot be kept as it was written."""
    found: set[str] = set() if depth <= MAX_DEPTH else {"depth"}
    match value:
        case Number() if not value.is_exact():
            found.add("number")
        case str() if "\x00" in value or re.search("[\ud800-\udfff]", value):
            found.add("character")
        case ("object", pairs):
            inside = [name for name, _ in pairs]
            found |= {"twice"} if len(set(inside)) < len(inside) else set()
            found = found.union(*(faults(part, depth + 1) for pair in pairs for part in pair))
        case list():
            found = found.union(*(faults(item, depth + 1) for item in value))
    return found


def plain(value: Any, order: Callable[[list[Any]], list[Any]] = list) -> Any:
    """The same as Python has it."""
    match value:
        case Number():
            return value.value()
        case ("object", pairs):
            return {name: plain(item, order) for name, item in order(pairs)}
        case list():
            return [plain(item, order) for item in value]
    return value


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def as_javascript_orders(pairs: list[Any]) -> list[Any]:
    """Names that look like places in a list come first, by size; JavaScript keeps no other order of them."""
    places = [pair for pair in pairs if re.fullmatch(r"0|[1-9]\d*", pair[0], re.ASCII) and int(pair[0]) < 2**32 - 1]
    return sorted(places, key=lambda pair: int(pair[0])) + [pair for pair in pairs if pair not in places]


def web_shows(tool: str, parsed: Any) -> dict[str, Any]:
    """What the table, the raw JSON and the one line of the web app must hold, to the byte."""
    args = plain(parsed, as_javascript_orders)
    facts = [[name, item if isinstance(item, str) else pretty(item)] for name, item in args.items()]
    return {"facts": facts, "args": compact(args), "json": pretty({"tool": tool, "args": args})}


def pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
