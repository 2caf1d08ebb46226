"""Health checks: is the process alive, is it ready."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from backend.api.http.context import AppContext
from backend.db.backups import last_restore
from backend.errors import Unavailable
from backend.timestamps import to_text

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answers while the process is alive."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(context: AppContext) -> Any:
    """Ready when everything it needs answers; otherwise 503 and the reason. A degraded queue only costs time and does not
    count."""
    try:
        restored = await context.db.read(last_restore)
    except Unavailable as error:
        return JSONResponse({"status": "unavailable", "database": error.detail}, 503, headers=error.headers)
    return {"status": "ready", "database": "ok", "queue": (await context.queue.status())._asdict()} | (
        {"restored_at": to_text(restored)} if restored else {}
    )
