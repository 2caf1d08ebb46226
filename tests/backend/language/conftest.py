from tests.support.aimock import aimock, aimock_server

__all__ = ["aimock", "aimock_server"]
