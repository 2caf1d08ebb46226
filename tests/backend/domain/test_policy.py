"""The rules say which calls need a person: a rule that cannot be read stops the start, one that cannot be applied asks."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.policy import Policy, canonical, digest_call, parse_channel_risk, parse_policy
from backend.domain.steps import ToolSpec

PAY = ToolSpec(
    "make_payment",
    "",
    {"properties": {"amount": {}, "to": {}, "tags": {}}},
    approval="amount > 100",
)
CALC = ToolSpec("calculate", "", {"properties": {"expression": {}}}, approval="never")
SEARCH = ToolSpec("web_search", "", {"properties": {"query": {}}}, approval="always")
TOOLS = {tool.name: tool for tool in (PAY, CALC, SEARCH)}


def asks(rules: str, tool: ToolSpec, **args: Any) -> bool:
    return parse_policy(rules, TOOLS).needs_approval(tool, args)


class TestRule:
    @pytest.mark.parametrize(("amount", "asked"), [(100, False), (100.01, True), (101, True), (-5, False)])
    def test_of_the_tool_itself_holds_where_none_is_set(self, amount: float, asked: bool) -> None:
        assert asks("", PAY, amount=amount, to="Bob") is asked
        assert asks("", CALC, expression="1") is False
        assert asks("", SEARCH, query="x") is True

    def test_of_the_settings_replaces_the_tool_s(self) -> None:
        assert asks("calculate", CALC, expression="1") is True
        assert asks("make_payment: amount > 1000", PAY, amount=500, to="Bob") is False
        assert asks("web_search: never", SEARCH, query="x") is False
        assert asks("make_payment: always", PAY, amount=1, to="Bob") is True

    def test_all_asks_about_every_call(self) -> None:
        for rules in ("all", "web_search: never, all", " all "):
            assert all(parse_policy(rules, TOOLS).needs_approval(tool, {}) for tool in TOOLS.values())

    @pytest.mark.parametrize(
        "rules",
        ["make_payment: amount > 5, calculate", "make_payment: amount > 5; calculate", "make_payment: amount > 5\ncalculate"],
    )
    def test_several_are_separated_by_comma_semicolon_or_line(self, rules: str) -> None:
        assert asks(rules, CALC, expression="1") and asks(rules, PAY, amount=6, to="x") and not asks(rules, PAY, amount=5, to="x")

    @pytest.mark.parametrize(
        "rules", ["make_payment: to in ('Bob, Ltd', 'Eve;Co')", "make_payment: to in ['Bob, Ltd', \"Eve;Co\"]"]
    )
    def test_a_separator_inside_quotes_and_brackets_belongs_to_the_condition(self, rules: str) -> None:
        assert (
            asks(rules, PAY, amount=1, to="Bob, Ltd")
            and asks(rules, PAY, amount=1, to="Eve;Co")
            and not asks(rules, PAY, amount=1, to="Bob")
        )

    @pytest.mark.parametrize(
        "condition", ["amount > 1e3", "amount > 1_000", "not amount <= 1000", "amount > 1000 or to == 'always'"]
    )
    def test_numbers_and_words_are_written_as_in_python(self, condition: str) -> None:
        rules = f"make_payment: {condition}"
        assert asks(rules, PAY, amount=1001, to="x") and not asks(rules, PAY, amount=1000, to="x")


class TestDoubt:
    """When in doubt, ask."""

    @pytest.mark.parametrize(
        ("condition", "args"),
        [
            ("amount > 100", {"to": "Bob"}),
            ("amount > 100", {"amount": "1", "to": "Bob"}),
            ("amount > 100", {"amount": None, "to": "Bob"}),
            ("1 / amount > 100", {"amount": 0, "to": "Bob"}),
            ("to[9] == 'x'", {"amount": 1, "to": "Bob"}),
            ("tags['a'] == 1", {"amount": 1, "to": "Bob", "tags": {}}),
            ("to[amount] == 'x'", {"amount": "a", "to": "Bob"}),
            ("amount ** amount ** amount > 1", {"amount": 99999, "to": "Bob"}),
            ("to * amount == ''", {"amount": 10**9, "to": "Bob"}),
        ],
    )
    def test_a_condition_that_cannot_be_evaluated_asks(self, condition: str, args: dict[str, Any]) -> None:
        assert asks(f"make_payment: {condition}", PAY, **args) is True

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_no_argument_slips_past_by_breaking_the_evaluation(self, amount: Any) -> None:
        asked = asks("", PAY, amount=amount, to="Bob")
        below = isinstance(amount, int | float) and not amount > 100
        assert asked is not below


class TestMistake:
    @pytest.mark.parametrize(
        ("rules", "named"),
        [
            ("paymnt", "paymnt"),
            ("make_payment: amuont > 100", "amuont"),
            ("make_payment: amount >", "make_payment"),
            ("make_payment:", "make_payment"),
            ("make_payment: __import__('os')", "__import__"),
            ("make_payment: amount.__class__", "__class__"),
            ("make_payment: amount > 100) or (True", "make_payment"),
            ("calculate; nothing: x", "nothing"),
            ("make_payment: amount = 100", "make_payment"),
            ("make_payment: open('/etc/passwd')", "open"),
        ],
    )
    def test_in_the_rules_is_refused_and_named(self, rules: str, named: str) -> None:
        with pytest.raises(ValueError, match=named):
            parse_policy(rules, TOOLS)


CALL: dict[str, Any] = {
    "tool": "make_payment",
    "args": '{"a":1}',
    "run_id": "run_1",
    "request_id": "req_1",
    "policy": "always",
    "schema": {"x": 1},
    "definition": {"description": "Pays.", "risk": "high", "version": "1"},
}


class TestDigest:
    @pytest.mark.parametrize("part", CALL)
    def test_changes_with_every_part_it_binds(self, part: str) -> None:
        assert digest_call(**CALL) != digest_call(**{**CALL, part: "other" if part not in ("schema", "definition") else {"x": 2}})

    def test_without_a_definition_is_the_one_of_requests_from_before_there_was_one(self) -> None:
        bound = {
            "tool": "make_payment",
            "args": '{"a":1}',
            "run": "run_1",
            "request": "req_1",
            "policy": "always",
            "schema": {"x": 1},
        }
        assert digest_call(**{**CALL, "definition": None}) == sha256(canonical(bound).encode()).hexdigest()

    @given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=6), st.randoms())
    def test_canonical_text_does_not_depend_on_the_order_of_names(self, args: dict[str, Any], random: Any) -> None:
        names = list(args)
        random.shuffle(names)
        assert canonical({name: args[name] for name in names}) == canonical(args)

    def test_what_is_not_json_has_no_canonical_text(self) -> None:
        with pytest.raises(ValueError):
            canonical({"amount": float("nan")})


class TestApprovers:
    def test_are_named_after_an_arrow_and_bound_into_the_approval(self) -> None:
        policy = parse_policy("make_payment: amount > 5 -> finance | dana@example.org, calculate", TOOLS)
        assert policy.approvers_of(PAY) == ("finance", "dana@example.org") and policy.approvers_of(CALC) == ()
        assert policy.needs_approval(PAY, {"amount": 6}) and not policy.needs_approval(PAY, {"amount": 5})
        assert policy.bound_rule(PAY) != parse_policy("make_payment: amount > 5", TOOLS).bound_rule(PAY)

    def test_go_with_a_rule_that_is_always_or_all(self) -> None:
        assert parse_policy("make_payment -> finance", TOOLS).needs_approval(PAY, {"amount": 1})
        everything = parse_policy("all, make_payment -> finance", TOOLS)
        assert everything.approvers_of(PAY) == ("finance",) and everything.needs_approval(CALC, {})

    @pytest.mark.parametrize("rules", ["make_payment ->", "make_payment: amount > 5 -> ", "make_payment -> a | "])
    def test_that_are_missing_stop_the_start(self, rules: str) -> None:
        with pytest.raises(ValueError, match="say who approves make_payment"):
            parse_policy(rules, TOOLS)


class TestChannelRisk:
    def test_is_the_highest_that_may_be_approved_there(self) -> None:
        policy = Policy({}, channel_risk={**Policy({}).channel_risk, **parse_channel_risk("slack=low")})
        assert policy.may_decide_on("slack", "low") and not policy.may_decide_on("slack", "medium")
        assert policy.may_decide_on("email", "medium") and not policy.may_decide_on("email", "high")
        assert policy.may_decide_on("chat", "high")

    @pytest.mark.parametrize("text", ["fax=low", "slack", "slack=extreme", "slack:low"])
    def test_that_is_not_understood_names_the_part(self, text: str) -> None:
        with pytest.raises(ValueError, match=text):
            parse_channel_risk(text)
