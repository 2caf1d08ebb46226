"""Let the model suggest what a mail seems to answer; the writer confirms it."""

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
    """Has the model say what words seem to answer; the door asks the person back."""

    language: Language

    async def read(self, request: Mapping[str, Any], text: str) -> Proposal | None:
        try:
            reading, _ = await self.language.read_answer(dict(request), text)
        except EngineError as error:
            log.warning("a mail was not read by the model", reason=str(error))
            return None
        if reading.action not in request["allowed_actions"]:
            return None
        return Proposal(reading.action, reading.values or None, reading.feedback or None, request["version"])
