"""Who can reach an installation."""

import pytest

from backend.bootstrap.setup_code import is_reachable_from_network, is_unencrypted, setup_code
from backend.settings.schema import load_settings

KEY = "a secret of this installation: 0123456789"


@pytest.mark.parametrize(
    ("host", "public_url", "exposed", "unencrypted"),
    [
        ("127.0.0.1", "", False, False),
        ("::1", "", False, False),
        ("localhost", "", False, False),
        ("127.0.0.1", "http://localhost:9000", False, False),
        ("0.0.0.0", "", True, True),
        ("::", "", True, True),
        ("10.1.2.3", "", True, True),
        ("0.0.0.0", "https://assent.example.com", True, False),
        ("127.0.0.1", "https://assent.example.com", True, False),
        ("127.0.0.1", "http://assent.example.com", True, True),
    ],
)
def test_is_told_by_its_addresses(host: str, public_url: str, exposed: bool, unencrypted: bool) -> None:
    settings = load_settings(host=host, public_url=public_url, secret_key=KEY)
    assert (is_reachable_from_network(settings), is_unencrypted(settings)) == (exposed, unencrypted)
    assert (setup_code(settings) is not None) == exposed


def test_code_is_another_with_another_secret() -> None:
    codes = {setup_code(load_settings(host="0.0.0.0", secret_key=KEY + more)) for more in ("a", "b", "b")}
    assert len(codes) == 2
