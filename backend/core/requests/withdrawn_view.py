"""What a former recipient sees of a request: that they are no longer asked, and nothing of its content."""

from backend.db import Row, Tx
from backend.db.queries.people import person_by_id
from backend.domain.client_views import Closed
from backend.domain.states import FeedbackStatus
from backend.timestamps import to_text
from channels.contract import Question

ACCOUNT_DISABLED = "The account is disabled, so nothing is sent to it."
WITHDRAWN_TITLE = "You are no longer asked about this"


def is_disabled(tx: Tx, person_id: str) -> bool:
    person = person_by_id(tx, person_id)
    return person is None or person.disabled_at is not None


def withdrawn_question(request: Row[object], url: str) -> Question:
    """The request without its title, text and arguments."""
    gone = Closed(at=to_text(request.created_at), why="you are no longer asked")
    shown = {"id": request.id, "session_id": request.session_id, "type": request.type, "version": request.version}
    shown |= {"title": WITHDRAWN_TITLE, "prompt": "", "requested_by": "Assent", "allowed_actions": [], "on_timeout": ""}
    shown |= {"status": FeedbackStatus.CANCELLED, "closed": gone, "response": None, "due_at": None, "deliveries": []}
    return Question(request=shown, link=f"{url}/r/{request.id}", decidable=False)
