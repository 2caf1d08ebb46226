"""The engine behind the product: every model of the contract, spoken to through BAML and nothing else."""

import os

# Read by the BAML runtime when it is first imported. Its logs print prompts and answers, a backtrace of each answer it
# cannot parse takes 40 ms, and with this key it reports to its maker.
os.environ |= {"BAML_LOG": "off", "BAML_INTERNAL_LOG": "off", "RUST_LIB_BACKTRACE": "0"}
os.environ.pop("BOUNDARY_API_KEY", None)

# BAML sends whatever it can through the environment's proxy, and the demo model or a local Ollama live on loopback.
os.environ["NO_PROXY"] = ",".join(
    filter(None, (os.environ.get("NO_PROXY"), os.environ.get("no_proxy"), "127.0.0.1", "localhost", "::1"))
)

from backend.engines.baml.engine import BamlEngine
from backend.engines.retry_limits import RetryLimits

__all__ = ["BamlEngine", "RetryLimits"]
