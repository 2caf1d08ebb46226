"""Reading a metrics page as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families

from tests.support.person import client

Key = tuple[str, frozenset[tuple[str, str]]]


class Page:
    """The samples of one reading."""

    def __init__(self, text: str) -> None:
        self._samples: dict[Key, float] = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __getitem__(self, name: str) -> float:
        """A sample without labels."""
        return self._samples[name, frozenset()]

    def get(self, name: str, **labels: str) -> float:
        """A sample by all of its labels; 0 where nothing was counted yet."""
        return self._samples.get((name, frozenset(labels.items())), 0.0)

    def since(self, before: "Page", name: str, **labels: str) -> float:
        """How much a sample grew."""
        return self.get(name, **labels) - before.get(name, **labels)


def read_metrics(url: str) -> Page:
    reply = client(url).get("/metrics")
    assert reply.status_code == 200, reply.text
    return Page(reply.text)
