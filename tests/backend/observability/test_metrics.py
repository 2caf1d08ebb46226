"""What is counted comes out as it went in, in the form Prometheus reads."""

from pathlib import Path

from backend.observability.metrics import ANSWER, DELIVER, GAUGES, Measures
from tests.support.metrics_page import Page


class TestMeasures:
    async def test_tell_tries_by_what_came_of_them(self) -> None:
        measures = Measures()
        for outcome in ("failed", "failed", "sent"):
            measures.record_attempt("slack", "deliver", outcome)
        page = Page((await measures.render({})).decode())
        tries = "assent_delivery_attempts_total"
        assert page.get(tries, channel="slack", verb="deliver", outcome="failed") == 2
        assert page.get(tries, channel="slack", verb="deliver", outcome="sent") == 1

    async def test_tell_times_in_growing_buckets(self) -> None:
        measures = Measures()
        for seconds in (0.1, 0.2, 7000):
            measures.record_duration(DELIVER, "email", seconds)
        measures.record_duration(ANSWER, "chat", 61)
        page = Page((await measures.render({})).decode())
        bucket = "assent_time_to_deliver_seconds_bucket"
        buckets = [page.get(bucket, channel="email", le=le) for le in ("0.1", "0.25", "900", "+Inf")]
        assert buckets == [1, 2, 2, 3]
        assert page.get("assent_time_to_deliver_seconds_sum", channel="email") == 7000.3
        assert page.get("assent_time_to_answer_seconds_count", channel="chat") == 1

    async def test_are_explained_one_by_one(self) -> None:
        explained = (Path(__file__).parents[3] / "docs/metrics.md").read_text()
        told = (await Measures().render(dict.fromkeys(GAUGES, 0))).decode()
        names = {line.split()[2] for line in told.splitlines() if line.startswith("# TYPE assent_")}
        assert len(names) == len(GAUGES) + 3
        assert [name for name in names if f"`{name}" not in explained] == []

    async def test_tell_the_gauges_they_are_given(self) -> None:
        page = Page((await Measures().render(dict.fromkeys(GAUGES, 3.5))).decode())
        assert {page[f"assent_{name}"] for name in GAUGES} == {3.5}
