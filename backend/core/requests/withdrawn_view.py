"""What is shown to somebody who is asked no more: that it is over for them, and nothing of what it was about."""

from backend.db import Row, Tx
from backend.db.queries.people import person_by_id
from backend.domain.client_views import Closed
from backend.domain.states import FeedbackStatus
from backend.timestamps import to_text
from channels.contract import Question

ACCOUNT_DISABLED = "The account is disabled; nothing is sent to it."
WITHDRAWN_TITLE = "A question that is not put to you any more"


def is_disabled(tx: Tx, person_id: str) -> bool:
    person = person_by_id(tx, person_id)
    return person is None or person.disabled_at is not None


def withdrawn_question(request: Row[object], url: str) -> Question:
    """A question that was withdrawn from this person, without its title, its words and its arguments."""
    gone = Closed(at=to_text(request.created_at), why="you are not asked any more")
    shown = {"id": request.id, "session_id": request.session_id, "type": request.type, "version": request.version}
    shown |= {"title": WITHDRAWN_TITLE, "prompt": "", "requested_by": "Assent", "allowed_actions": [], "on_timeout": ""}
    shown |= {"status": FeedbackStatus.CANCELLED, "closed": gone, "response": None, "due_at": None, "deliveries": []}
    return Question(request=shown, link=f"{url}/r/{request.id}", decidable=False)
