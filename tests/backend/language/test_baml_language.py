"""The language functions over the demo model, and over an OpenAI-compatible server nobody here wrote."""

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from backend.engines.baml import RetryLimits
from backend.engines.baml.model import BamlModel
from backend.engines.contract import EngineError
from backend.engines.model_providers import ModelSettings
from backend.language.baml_language import BamlLanguage
from tests.support.aimock import Aimock
from tests.support.thread_builders import HOSTILE, call, result, thread, user

HELLO = thread(user("hello"))
PAY = (user("pay 1,200.50 to Zoë 🎉"), call("make_payment", amount=1200.5, to="Zoë 🎉"))


@pytest.fixture
async def demo() -> AsyncIterator[BamlLanguage]:
    model = BamlModel(ModelSettings(), RetryLimits(backoff=0.01))
    yield BamlLanguage(model)
    await model.close()


@pytest.fixture
def language(aimock: Aimock) -> BamlLanguage:
    return BamlLanguage(
        BamlModel(ModelSettings("openai-generic", f"{aimock.url}/v1", "some-model", "sk"), RetryLimits(backoff=0.01))
    )


class TestTheDemoModel:
    async def test_summarizes(self, demo: BamlLanguage) -> None:
        text, usage = await demo.summarize(thread(*PAY, result("rejected", "Too much.")))
        assert "Too much." in text
        assert usage.total > 0

    async def test_reads_an_answer(self, demo: BamlLanguage) -> None:
        request = {"type": "choice", "allowed_actions": ["submit"], "options": [{"value": "t", "label": "Tea"}]}
        reading, _ = await demo.read_answer(request, "tea")
        assert (reading.action, reading.values, reading.certain) == ("submit", {"choice": "t"}, True)

    @pytest.mark.parametrize("text", HOSTILE)
    async def test_takes_hostile_text_for_no_answer(self, demo: BamlLanguage, text: str) -> None:
        request = {"type": "confirmation", "allowed_actions": ["approve", "reject"], "prompt": text}
        reading, _ = await demo.read_answer(request, text)
        assert (reading.action, reading.certain) == ("unclear", False)


class TestSummarizing:
    async def test_gives_text_and_refuses_none(self, aimock: Aimock, language: BamlLanguage) -> None:
        aimock.says(" They agreed on Tuesday. ", times=1)
        assert (await language.summarize(HELLO))[0] == "They agreed on Tuesday."
        aimock.reset()
        aimock.says(" ")
        with pytest.raises(EngineError, match="nothing usable"):
            await language.summarize(HELLO)


class TestReadingAnAnswer:
    request: ClassVar = {"type": "confirmation", "allowed_actions": ["approve", "reject"], "title": "Pay?"}

    async def test_never_gives_an_action_the_request_does_not_allow(self, aimock: Aimock, language: BamlLanguage) -> None:
        aimock.says('{"action": "transfer_all", "values": "{}", "feedback": "", "certain": true}')
        reading, _ = await language.read_answer(self.request, "yes")
        assert (reading.action, reading.certain) == ("unclear", False)

    async def test_gives_what_the_model_read(self, aimock: Aimock, language: BamlLanguage) -> None:
        aimock.says('{"action": "reject", "values": {}, "feedback": "too much", "certain": true}')
        reading, _ = await language.read_answer(self.request, "no, too much")
        assert (reading.action, reading.feedback, reading.certain) == ("reject", "too much", True)
