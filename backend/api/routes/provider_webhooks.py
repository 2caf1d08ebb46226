"""Callbacks of providers: believed, then read, then recorded, then answered."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from backend.api.http.context import Reach
from backend.errors import NotFound, Refusal, Unauthorized, Unavailable
from channels.errors import Retryable
from channels.webhooks import WebhookRejected

router = APIRouter(tags=["hooks"])
PROOF = {"slack": "x-slack-signature", "gmail": "authorization"}


@router.post("/slack/events", include_in_schema=False)
async def slack_events(request: Request, reach: Reach) -> Response:
    """Events, interactions and commands that Slack signed."""
    return await _take(request, reach, "slack")


@router.post("/hooks/gmail", include_in_schema=False)
async def gmail_push(request: Request, reach: Reach) -> Response:
    """Gmail's announcements, signed by Google's Pub/Sub."""
    return await _take(request, reach, "gmail")


async def _take(request: Request, reach: Reach, name: str) -> Response:
    """Raises NotFound where the channel is not set up, Unauthorized for what is not believed, 400 for nonsense."""
    hook = reach.hooks.get(name)
    if hook is None:
        raise NotFound(f"{name} is not set up on this server.")
    if PROOF[name] not in request.headers:  # before a body is taken that nobody vouches for
        raise Unauthorized(f"The call is not signed: {PROOF[name]} is missing.")
    try:
        reply = await hook(request.headers, await request.body())
    except Retryable as error:
        raise Unavailable(error.reason) from None
    except WebhookRejected as refused:
        if not refused.authentic:
            raise Unauthorized(str(refused)) from None
        problem = Refusal(str(refused), code="bad_request")
        problem.status, problem.title = 400, "Bad Request"
        raise problem from None
    return Response(reply.body, reply.status, media_type=reply.content_type)
