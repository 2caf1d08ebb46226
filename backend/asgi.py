"""The application for ASGI servers: `uvicorn backend.asgi:app`. Timeouts and the parsing of ambiguous requests are then up to
that server; `assent serve` has its own (`api/server/http_protocol.py`)."""

from backend.bootstrap import bootstrap
from backend.settings.schema import load_settings

app = bootstrap(load_settings())
