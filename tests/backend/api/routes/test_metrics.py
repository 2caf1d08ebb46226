"""What Prometheus reads, and who may."""

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.example_requests import ask
from tests.support.metrics_page import read_metrics
from tests.support.person import Person, client, until
from tests.support.problem_checks import refused
from tests.support.server import Server

FORWARDED = {"X-Forwarded-For": "203.0.113.7"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server whose first person is its administrator."""
    return Server(tmp_path_factory.mktemp("metrics") / "data")


@pytest.fixture(scope="module")
def admin(place: Server) -> Iterator[Person]:
    place.start()
    yield place.person("Ada")
    assert place.stop() == 0


class TestWhoMayRead:
    def test_is_whoever_is_on_the_machine(self, admin: Person) -> None:
        reply = client(admin.url).get("/metrics")
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
    def test_is_nobody_behind_a_proxy(self, admin: Person, header: str) -> None:
        refused(client(admin.url).get("/metrics", headers={header: "203.0.113.7"}), 401, "unauthorized")

    def test_is_an_administrator_from_anywhere(self, admin: Person, place: Server) -> None:
        assert admin.http.get("/metrics", headers=FORWARDED).status_code == 200
        refused(place.person("Mel").http.get("/metrics", headers=FORWARDED), 403, "not_an_admin")


class TestWhatIsRead:
    def test_follows_a_request_from_the_question_to_the_answer(self, admin: Person) -> None:
        before = read_metrics(admin.url)
        request = ask(admin)
        asked = read_metrics(admin.url)
        assert asked["assent_pending_requests"] == before["assent_pending_requests"] + 1
        assert asked["assent_database_up"] == 1
        assert admin.answer(request["id"], "decline").status_code == 200
        answered = read_metrics(admin.url)
        assert answered["assent_pending_requests"] == before["assent_pending_requests"]
        assert answered.since(before, "assent_time_to_answer_seconds_count", channel="api") == 1
        assert answered.since(before, "assent_time_to_answer_seconds_bucket", channel="api", le="+Inf") == 1

    def test_counts_open_sockets(self, admin: Person) -> None:
        session_id = ask(admin)["session_id"]
        before = read_metrics(admin.url)["assent_open_sockets"]
        with admin.socket(session_id):
            assert read_metrics(admin.url)["assent_open_sockets"] == before + 1
        until(lambda: read_metrics(admin.url)["assent_open_sockets"], lambda count: count == before)

    def test_says_what_each_means_and_nothing_of_redis_where_there_is_none(self, admin: Person) -> None:
        families = list(text_string_to_metric_families(client(admin.url).get("/metrics").text))
        own = {family.name: family for family in families if family.name.startswith("assent_")}
        assert all(family.documentation for family in own.values())
        assert "assent_redis_up" not in own and len(own) == 9
        assert any(family.name == "process_resident_memory_bytes" for family in families)
