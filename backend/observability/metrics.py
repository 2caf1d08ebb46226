"""What this process has counted since it began, and how that is told to Prometheus.

Counting costs a look into a dictionary; the client library takes 0.05 s to import, which only the first reader waits for."""

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
    DELIVER: "Seconds from when a copy was due to go to a channel until its provider had taken it.",
    ANSWER: "Seconds from when a request was put until somebody answered it, by the channel of the answer.",
}
ATTEMPTS = "Tries to deliver, to settle or to say something on a channel, and what came of them."
GAUGES = {
    "database_up": "Whether the database answers; while it does not, what it would say is left out.",
    "redis_up": "Whether Redis answers, where it is configured; without it everything goes on, a little later.",
    "open_sockets": "WebSockets open at this process.",
    "pending_requests": "Requests that wait for a person.",
    "dead_letters": "Pending requests that reached nobody on any channel.",
    "oldest_due_delivery_seconds": "How long the delivery that waits longest has been due; above a few seconds, workers lack.",
    "oldest_lease_seconds": "How long ago the oldest lease was taken or renewed; above sixty, its worker is gone.",
}


class Measures:
    """Event loop only: what is counted and what is told never meet."""

    def __init__(self) -> None:
        self._attempts: Counter[tuple[str, str, str]] = Counter()
        self._times: dict[tuple[str, str], list[int]] = {}
        self._sums: dict[tuple[str, str], float] = {}

    def attempted(self, channel: str, verb: str, outcome: str) -> None:
        self._attempts[channel, verb, outcome] += 1

    def took(self, what: str, channel: str, seconds: float) -> None:
        """`what` is DELIVER or ANSWER."""
        counts = self._times.setdefault((what, channel), [0] * (len(BOUNDS[what]) + 1))
        counts[bisect_left(BOUNDS[what], seconds)] += 1
        self._sums[what, channel] = self._sums.get((what, channel), 0.0) + seconds

    async def told(self, gauges: Mapping[str, float]) -> bytes:
        """All of it in Prometheus' text format, with `gauges` by their names in GAUGES."""
        await asyncio.to_thread(import_module, "prometheus_client.core")
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Once(self._families(gauges)))
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


class _Once:
    """A collector of families that are there already."""

    def __init__(self, families: Iterable[Any]) -> None:
        self._families = families

    def collect(self) -> Iterable[Any]:
        return self._families
