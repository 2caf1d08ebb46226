import subprocess
import sys

from jsonschema import Draft202012Validator

from backend.tools.registry import registry


class TestTheRegistry:
    def test_knows_the_tools_of_the_contract(self) -> None:
        assert [spec.name for spec in registry.specs()] == ["web_search", "google_search", "calculate", "make_payment"]

    def test_finds_tools_by_name_and_nothing_else(self) -> None:
        for spec in registry.specs():
            found = registry.get(spec.name)
            assert found is not None
            assert found.spec == spec
        assert registry.get("transfer_everything") is None

    def test_describes_each_with_a_valid_schema_that_takes_nothing_extra(self) -> None:
        for spec in registry.specs():
            Draft202012Validator.check_schema(spec.parameters)
            assert spec.parameters["additionalProperties"] is False
            assert spec.description.endswith(".")

    def test_does_not_load_a_search_library_before_a_search(self) -> None:
        code = "import sys; from backend.tools.registry import registry; sys.exit('ddgs' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
