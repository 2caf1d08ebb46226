from typing import Any, get_args

import pytest

from backend.engines.model_providers import ModelSettings, client_for
from backend.settings.schema import Provider

COMPLETE: dict[str, ModelSettings] = {
    "demo": ModelSettings(),
    "openai": ModelSettings("openai", model="m", api_key="k"),
    "azure": ModelSettings("azure", api_key="k", azure_endpoint="https://r.openai.azure.com/", azure_deployment="d"),
    "anthropic": ModelSettings("anthropic", model="m", api_key="k"),
    "ollama": ModelSettings("ollama", model="m"),
    "openrouter": ModelSettings("openrouter", model="m", api_key="k"),
    "openai-generic": ModelSettings("openai-generic", "http://127.0.0.1:1/v1", model="m"),
}


class TestValidate:
    def test_covers_every_provider(self) -> None:
        assert set(COMPLETE) == set(get_args(Provider))

    @pytest.mark.parametrize("settings", COMPLETE.values(), ids=COMPLETE)
    def test_finds_nothing_missing_in_complete_settings(self, settings: ModelSettings) -> None:
        assert settings.validate() == []

    @pytest.mark.parametrize(
        ("provider", "names"),
        [
            ("openai", ["OPENAI_API_KEY", "ASSENT_LLM_MODEL"]),
            ("anthropic", ["ANTHROPIC_API_KEY", "ASSENT_LLM_MODEL"]),
            ("openrouter", ["OPENROUTER_API_KEY", "ASSENT_LLM_MODEL"]),
            ("azure", ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT"]),
            ("ollama", ["ASSENT_LLM_MODEL"]),
            ("openai-generic", ["ASSENT_LLM_MODEL", "ASSENT_LLM_BASE_URL"]),
        ],
    )
    def test_names_each_setting_that_is_missing(self, provider: Provider, names: list[str]) -> None:
        assert [message.split(":")[0].split(" ")[0] for message in ModelSettings(provider).validate()] == names


class TestThePlace:
    def test_says_where_calls_go_and_keeps_secrets_out(self) -> None:
        settings = ModelSettings("openai-generic", "http://me:sk-secret@127.0.0.1:9/v1?key=sk-secret", "m", "sk-secret")
        assert settings.place == "openai-generic at http://127.0.0.1:9/v1"
        assert "sk-secret" not in repr(settings)

    def test_is_the_providers_own_unless_set(self) -> None:
        assert COMPLETE["openai"].place == "openai at https://api.openai.com/v1"
        assert COMPLETE["azure"].url == "https://r.openai.azure.com/openai/deployments/d"
        assert ModelSettings("ollama", "http://gpu:11434/v1/", "m").url == "http://gpu:11434/v1"


class TestTheClientsOptions:
    @pytest.mark.parametrize("settings", COMPLETE.values(), ids=COMPLETE)
    def test_always_set_times_and_refuse_cut_answers(self, settings: ModelSettings) -> None:
        _, options = client_for(settings, connect_seconds=0.5, read_seconds=2)
        assert options["http"] == {"connect_timeout_ms": 500, "request_timeout_ms": 2000}
        assert {"length", "max_tokens"} <= set(options["finish_reason_deny_list"])

    @pytest.mark.parametrize(
        ("name", "baml", "limit"),
        [
            ("openai", "openai", "max_completion_tokens"),
            ("azure", "azure-openai", "max_completion_tokens"),
            ("anthropic", "anthropic", "max_tokens"),
            ("ollama", "ollama", "max_tokens"),
            ("openrouter", "openrouter", "max_tokens"),
            ("openai-generic", "openai-generic", "max_tokens"),
        ],
    )
    def test_bound_the_output_in_each_providers_own_words(self, name: str, baml: str, limit: str) -> None:
        provider, options = client_for(COMPLETE[name], connect_seconds=1, read_seconds=1)
        limits: dict[str, Any] = {key: value for key, value in options.items() if key.startswith("max_") and value is not None}
        assert (provider, limits) == (baml, {limit: 4096})
