"""The application for ASGI servers: `uvicorn backend.asgi:app`. How long connections may take, and what of them is
ambiguous, is then the server's own affair: `assent serve` brings limits of its own (`api/wire.py`)."""

from backend.bootstrap import bootstrap
from backend.settings import load_settings

app = bootstrap(load_settings())
