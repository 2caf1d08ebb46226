"""Is it alive, is it ready."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from backend.api.http.context import Reach
from backend.db.backups import last_restore
from backend.errors import Unavailable
from backend.timestamps import to_text

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(reach: Reach) -> Any:
    """The parts it needs answer too; 503 and the reason while one does not. A degraded queue costs time, and is no reason."""
    try:
        restored = await reach.db.read(last_restore)
    except Unavailable as error:
        return JSONResponse({"status": "unavailable", "database": error.detail}, 503, headers=error.headers)
    return {"status": "ready", "database": "ok", "queue": (await reach.queue.status())._asdict()} | (
        {"restored_at": to_text(restored)} if restored else {}
    )
