"""The Prometheus metrics page, for this machine or with an administrator's token."""

from ipaddress import ip_address

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.api.http.context import AppContext
from backend.api.http.dependencies import Caller
from backend.core.gauges import gauges
from backend.errors import Forbidden
from backend.observability.metrics import CONTENT_TYPE

router = APIRouter(tags=["health"])

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")  # a proxy on this machine forwards requests from elsewhere
_signed_in = Caller()


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, context: AppContext) -> Response:
    """Raises Unauthorized or Forbidden for anybody else."""
    if not _is_local(request) and not (await _signed_in(request)).is_admin:
        raise Forbidden("Only administrators and programs on the server's machine may read this.", code="not_an_admin")
    known = await gauges(context.db, context.queue)
    text = await context.metrics.render({**known, "open_sockets": len(context.sockets)})
    return Response(text, media_type=CONTENT_TYPE)


def _is_local(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
