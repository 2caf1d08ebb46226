"""Whatever JSON a client sends to whatever route of the OpenAPI document, it is understood or refused; never a fault."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backend.api.test_access import APP
from tests.support.asks import ask
from tests.support.person import Person
from tests.support.problems import refused
from tests.support.server import Server

DOCUMENT = APP.openapi()
SENT = sorted(
    f"{method.upper()} {path}"
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {}) and path != "/api/auth/register"
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["", "0", "-1", "\x00", "\ud800", "a@b.cd"])
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8
)


def schema_of(node: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed."""
    name = node.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][name] if name else node
    return found


def values(node: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that the schema describes, more or less, with anything else in between."""
    schema = schema_of(node)
    if depth > 4:
        return ANYTHING
    if "anyOf" in schema:
        return st.one_of(*(values(option, depth) for option in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]]) | SCALARS
    match schema.get("type"):
        case "object" if "properties" in schema:
            parts = {name: values(part, depth + 1) for name, part in schema["properties"].items()}
            required = {name: parts.pop(name) for name in schema.get("required", ())}
            return st.fixed_dictionaries(required, optional=parts)
        case "array":
            return st.lists(values(schema.get("items", {}), depth + 1), max_size=3)
        case "string":
            return st.text(min_size=1, max_size=20) | ANYTHING
        case "number" | "integer":
            return st.integers(-5, 5) | st.floats(0, 10) | ANYTHING
        case "boolean":
            return st.booleans() | ANYTHING
        case _:
            return ANYTHING


@pytest.fixture(scope="module")
def fay(server: Server) -> Person:
    """Somebody whose own password may be guessed at until no more guesses are taken."""
    return server.person("Fay")


class TestBody:
    @pytest.mark.parametrize("operation", SENT)
    def test_of_any_kind_is_never_a_fault(self, fay: Person, operation: str) -> None:
        method, path = operation.split(" ")
        body = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
        request = ask(fay, "form")
        filled = path.format(request_id=request["id"], approval_id=request["id"], session_id=request["session_id"])

        @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(values(body) | ANYTHING)
        def send(sent: Any) -> None:
            content = json.dumps(sent).encode("utf-8", "surrogatepass")
            reply = fay.http.request(method, filled, content=content, headers={"Content-Type": "application/json"})
            assert reply.status_code < 500, (sent, reply.text)
            if reply.is_error:
                refused(reply, reply.status_code)

        send()


class TestQuery:
    @pytest.mark.parametrize(
        "path",
        [
            "/api/sessions",
            "/api/feedback",
            "/api/sessions/{session_id}/events",
            "/api/sessions/{session_id}/audit",
            "/api/feedback/{request_id}",
        ],
    )
    def test_of_any_kind_is_never_a_fault(self, fay: Person, path: str) -> None:
        request = ask(fay)
        filled = path.format(session_id=request["session_id"], request_id=request["id"])
        names = [parameter["name"] for parameter in DOCUMENT["paths"][path]["get"]["parameters"] if parameter["in"] == "query"]
        text = (
            st.text(st.characters(codec="utf-8"), max_size=20)
            | st.integers().map(str)
            | st.sampled_from(["-1", "1-", "1-x", "9" * 18 + "-x", "1e-9"])
        )

        @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(st.fixed_dictionaries({}, optional={name: text for name in names if name != "wait"}))
        def send(query: dict[str, str]) -> None:
            reply = fay.http.get(filled, params=query)
            assert reply.status_code < 500, (query, reply.text)

        send()
