"""The composition root: the only place that names concrete engines, channels, queues and streams, and starts them in order."""

from backend.bootstrap.factories import approval_policy, model_settings
from backend.bootstrap.processes import bootstrap, bootstrap_api, run_worker

__all__ = ["approval_policy", "bootstrap", "bootstrap_api", "model_settings", "run_worker"]
