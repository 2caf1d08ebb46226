"""Ask the model what answer a mail seems to give, as a suggestion that its sender confirms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.engines.contract import EngineError
from backend.language.contract import Language
from backend.observability.log import get_logger
from channels.mail_contract import Proposal

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MailReader:
    """Suggests the answer in a mail's text; the mail channel then asks the sender to confirm it."""

    language: Language

    async def read(self, request: Mapping[str, Any], text: str) -> Proposal | None:
        try:
            reading, _ = await self.language.read_answer(dict(request), text)
        except EngineError as error:
            log.warning("mail.not_interpreted", reason=str(error))
            return None
        if reading.action not in request["allowed_actions"]:
            return None
        return Proposal(reading.action, reading.values or None, reading.feedback or None, request["version"])
