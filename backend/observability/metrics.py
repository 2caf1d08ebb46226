"""The metrics of this process, and their page for Prometheus.

Counting costs a dictionary lookup. The Prometheus library takes 0.05 s to import, so only the first reader imports it."""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import import_module
from itertools import accumulate
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DELIVER, ANSWER = "time_to_deliver", "time_to_answer"
BOUNDS: dict[str, tuple[float, ...]] = {
    DELIVER: (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
    ANSWER: (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600),
}
TIMES = {
    DELIVER: "Seconds from when a delivery was due until its provider accepted it.",
    ANSWER: "Seconds from when a request was opened until it was answered, by the channel of the answer.",
}
ATTEMPTS = "Attempts to deliver, settle or send text on a channel, by outcome."
GAUGES = {
    "database_up": "Whether the database answers; while it does not, the figures read from it are missing.",
    "redis_up": "Whether Redis answers, if it is configured; without it everything still works, a little later.",
    "open_sockets": "WebSockets open in this process.",
    "pending_requests": "Requests that wait for a person.",
    "dead_letters": "Pending requests that reached nobody on any channel (dead letters).",
    "oldest_due_delivery_seconds": "How long the oldest due delivery has waited; more than a few seconds means too few workers.",
    "oldest_lease_seconds": "How long ago the oldest lease was taken or renewed; above sixty, its worker has died.",
}


class Measures:
    """Event loop only, so counting and reading never run at once."""

    def __init__(self) -> None:
        self._attempts: Counter[tuple[str, str, str]] = Counter()
        self._times: dict[tuple[str, str], list[int]] = {}
        self._sums: dict[tuple[str, str], float] = {}

    def record_attempt(self, channel: str, verb: str, outcome: str) -> None:
        self._attempts[channel, verb, outcome] += 1

    def record_duration(self, what: str, channel: str, seconds: float) -> None:
        """`what` is DELIVER or ANSWER."""
        counts = self._times.setdefault((what, channel), [0] * (len(BOUNDS[what]) + 1))
        counts[bisect_left(BOUNDS[what], seconds)] += 1
        self._sums[what, channel] = self._sums.get((what, channel), 0.0) + seconds

    async def render(self, gauges: Mapping[str, float]) -> bytes:
        """All metrics in Prometheus's text format, with `gauges` by their names in GAUGES."""
        await asyncio.to_thread(import_module, "prometheus_client.core")
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_FixedFamilies(self._families(gauges)))
        return generate_latest(registry)

    def _families(self, gauges: Mapping[str, float]) -> list[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        attempts = CounterMetricFamily("assent_delivery_attempts", ATTEMPTS, labels=["channel", "verb", "outcome"])
        for labels, count in sorted(self._attempts.items()):
            attempts.add_metric(labels, count)
        times = {name: HistogramMetricFamily(f"assent_{name}_seconds", said, labels=["channel"]) for name, said in TIMES.items()}
        for (name, channel), counts in sorted(self._times.items()):
            buckets = zip((*map(str, BOUNDS[name]), "+Inf"), accumulate(counts), strict=True)
            times[name].add_metric([channel], list(buckets), self._sums[name, channel])
        return [GaugeMetricFamily(f"assent_{name}", GAUGES[name], value) for name, value in gauges.items()] + [
            attempts,
            *times.values(),
        ]


class _FixedFamilies:
    """A collector of metric families that were built already."""

    def __init__(self, families: Iterable[Any]) -> None:
        self._families = families

    def collect(self) -> Iterable[Any]:
        return self._families
