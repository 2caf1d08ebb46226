"""The engine that asks real models, through BAML."""

import os

# The BAML runtime reads these when it is first imported. Its logs contain prompts and answers, a backtrace for each answer
# it cannot parse takes 40 ms, and with an API key it reports to its vendor.
os.environ |= {"BAML_LOG": "off", "BAML_INTERNAL_LOG": "off", "RUST_LIB_BACKTRACE": "0"}
os.environ.pop("BOUNDARY_API_KEY", None)

# BAML uses the environment's proxy, but the demo model and a local Ollama are on loopback.
os.environ["NO_PROXY"] = ",".join(
    filter(None, (os.environ.get("NO_PROXY"), os.environ.get("no_proxy"), "127.0.0.1", "localhost", "::1"))
)

from backend.engines.baml.engine import BamlEngine
from backend.engines.retry_limits import RetryLimits

__all__ = ["BamlEngine", "RetryLimits"]
