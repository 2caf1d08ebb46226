"""Model settings, validated before the first call, and the BAML client options for each provider."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from backend.settings.schema import Provider

_KEY_SETTING = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "azure": "AZURE_OPENAI_API_KEY",
}
_DEFAULT_URL = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "openrouter": "https://openrouter.ai/api/v1",
    "ollama": "http://localhost:11434/v1",
}
_UNFINISHED = ["length", "max_tokens", "content_filter", "refusal", "model_context_window_exceeded"]


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The model settings from the environment. `api_key` is the provider's own variable or ASSENT_LLM_API_KEY."""

    provider: Provider = "demo"
    base_url: str = ""
    model: str = ""
    api_key: str = ""
    azure_endpoint: str = ""
    azure_deployment: str = ""
    azure_api_version: str = "2024-10-21"
    max_output_tokens: int = 4096

    def __repr__(self) -> str:
        return f"ModelSettings({self.provider}, {self.model or self.azure_deployment or '-'}, {self.place})"

    def validate(self) -> list[str]:
        """One sentence for each missing setting; empty if none is missing."""
        missing = []
        if self.provider in _KEY_SETTING and not self.api_key:
            missing.append(f"{_KEY_SETTING[self.provider]} (or ASSENT_LLM_API_KEY): set the key for {self.provider}.")
        if self.provider == "azure":
            if not (self.azure_endpoint or self.base_url):
                missing.append("AZURE_OPENAI_ENDPOINT: set the resource's address, such as https://example.openai.azure.com.")
            if not (self.azure_deployment or self.base_url):
                missing.append("AZURE_OPENAI_DEPLOYMENT: set the deployment's name.")
        elif self.provider != "demo" and not self.model:
            missing.append(f"ASSENT_LLM_MODEL: set the model to ask of {self.provider}.")
        if self.provider == "openai-generic" and not self.base_url:
            missing.append(
                "ASSENT_LLM_BASE_URL: set the address of the OpenAI-compatible server, such as http://127.0.0.1:8080/v1."
            )
        return missing

    @property
    def url(self) -> str:
        """The base URL of the calls."""
        if self.provider == "azure" and not self.base_url:
            return f"{self.azure_endpoint.rstrip('/')}/openai/deployments/{self.azure_deployment}"
        return (self.base_url or _DEFAULT_URL.get(self.provider, "")).rstrip("/")

    @property
    def place(self) -> str:
        """The provider and its address without credentials or query, safe for messages and logs."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        where = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{parts.port}' if parts.port else ''}{parts.path}"
        return f"{self.provider} at {where}" if host else self.provider


def client_for(settings: ModelSettings, *, connect_seconds: float, read_seconds: float) -> tuple[str, dict[str, Any]]:
    """BAML's provider name and options. Truncated or refused output raises instead of counting as an answer."""
    options: dict[str, Any] = {
        "base_url": settings.url,
        "finish_reason_deny_list": _UNFINISHED,
        "http": {"connect_timeout_ms": _ms(connect_seconds), "request_timeout_ms": _ms(read_seconds)},
    }
    if settings.api_key:
        options["api_key"] = settings.api_key
    match settings.provider:
        case "azure":
            # BAML sends max_tokens by default, which newer deployments refuse.
            limits = {"max_tokens": None, "max_completion_tokens": settings.max_output_tokens}
            return "azure-openai", {**options, **limits, "api_version": settings.azure_api_version}
        case "openai":
            return "openai", {**options, "model": settings.model, "max_completion_tokens": settings.max_output_tokens}
        case "anthropic" | "ollama" | "openrouter":
            return settings.provider, {**options, "model": settings.model, "max_tokens": settings.max_output_tokens}
        case "openai-generic":
            return "openai-generic", {**options, "model": settings.model, "max_tokens": settings.max_output_tokens}
        case "demo":
            return "openai-generic", {**options, "model": "assent-demo"}


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
