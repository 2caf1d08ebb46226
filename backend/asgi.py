"""The application for ASGI servers: `uvicorn backend.asgi:app`. How long connections may take, and what of them is
ambiguous, is then the server's own affair: `assent serve` brings limits of its own (`api/server/http_protocol.py`)."""

from backend.bootstrap import bootstrap
from backend.settings.schema import load_settings

app = bootstrap(load_settings())
