"""The application for ASGI servers: `uvicorn backend.asgi:app`."""

from backend.bootstrap import bootstrap
from backend.settings import load_settings

app = bootstrap(load_settings())
