"""The attacks through Slack, countable: each row is one attack and the answer it must get; none changes anything."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.backend.api.attacks import slack as attacks
from tests.backend.api.attacks.slack import FORM, Send, SlackScene, card_of, click, post, said, signed
from tests.support.example_requests import ask
from tests.support.person import Person, until
from tests.support.problem_checks import refused
from tests.support.slack import DANA, EVE, SECRET, TOKEN, sign

INJECTION = "<!channel> <@U0EVE> <https://evil.tld|your bank> *bold* `code` &lt;!here&gt;"


def state(dana: Person, request_id: str) -> str:
    return str(dana.get(f"/api/feedback/{request_id}")["status"])


class TestAttack:
    @pytest.mark.parametrize(("send", "expected"), attacks.ROWS)
    def test_gets_its_answer_and_changes_nothing(self, scene: SlackScene, send: Send, expected: set[int]) -> None:
        sessions = scene.dana.get("/api/sessions")["items"]
        reply = send(scene)
        assert reply.status_code in expected, reply.text[:500]
        if reply.is_error:
            refused(reply, reply.status_code)
        assert state(scene.dana, scene.request["id"]) == "pending"
        assert [session["id"] for session in scene.dana.get("/api/sessions")["items"]] == [session["id"] for session in sessions]

    def test_by_another_user_is_told_to_that_user_alone(self, scene: SlackScene) -> None:
        signed(lambda scene: click(scene, EVE), FORM)(scene)
        told = scene.slack.message(scene.slack.dm(), lambda message: message.get("ephemeral_to") == EVE)
        assert "not linked" in told["text"]
        assert card_of(scene.slack, scene.request["id"])["blocks"] == scene.card["blocks"]

    def test_leaves_no_secret_in_the_log(self, scene: SlackScene) -> None:
        log = scene.server.log.read_text()
        assert log and SECRET not in log and TOKEN not in log


class TestChallenge:
    """A44"""

    def test_that_is_signed_is_answered(self, scene: SlackScene) -> None:
        body = b'{"type":"url_verification","challenge":"abc"}'
        reply = post(scene, body, sign(body))
        assert reply.status_code == 200 and "abc" in reply.text


class TestReplay:
    """A39: what Slack delivers again, or somebody recorded, has one effect."""

    def test_of_a_word_within_five_minutes_says_it_once(self, scene: SlackScene) -> None:
        body = said("calc 6 * 7", ts="77.7", channel=scene.slack.dm()).replace(b"EvX", b"EvReplay")
        headers = sign(body)
        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(lambda n: post(scene, body, {**headers, "X-Slack-Retry-Num": str(n)}), range(4)))
        assert {reply.status_code for reply in replies} == {200}
        session = scene.dana.get("/api/sessions")["items"][0]
        words = [message["content"] for message in scene.dana.get(f"/api/sessions/{session['id']}/messages")["items"]]
        assert words.count("calc 6 * 7") == 1
        again = [each for each in scene.dana.get("/api/sessions")["items"] if each["title"] == session["title"]]
        assert len(again) == 1

    def test_of_a_click_decides_once(self, scene: SlackScene) -> None:
        request = ask(scene.dana, "confirmation")
        card = card_of(scene.slack, request["id"])
        body = click(SlackScene(scene.server, scene.slack, scene.dana, request, card))
        headers = sign(body, FORM)
        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(lambda _: post(scene, body, headers), range(4)))
        assert {reply.status_code for reply in replies} == {200}
        trail = scene.dana.get(f"/api/sessions/{request['session_id']}/audit")["items"]
        assert [entry["action"] for entry in trail].count("feedback.answered") == 1


class TestRace:
    """A90: two answers at once, on different channels: one wins, the other is told."""

    def test_of_opposite_answers_has_one_winner(self, scene: SlackScene) -> None:
        request = ask(scene.dana, "confirmation")
        card = card_of(scene.slack, request["id"])
        body = click(SlackScene(scene.server, scene.slack, scene.dana, request, card))
        with ThreadPoolExecutor(2) as pool:
            in_slack = pool.submit(post, scene, body, sign(body, FORM))
            in_web = pool.submit(scene.dana.answer, request["id"], "reject")
            assert in_slack.result().status_code == 200
        decided = scene.dana.get(f"/api/feedback/{request['id']}")["response"]
        if in_web.result().status_code == 200:
            assert (decided["action"], decided["via"] == "slack") == ("reject", False)
            told = scene.slack.message(scene.slack.dm(), lambda message: message.get("ephemeral_to") == DANA)
            assert "reject" in told["text"].lower()
        else:
            assert refused(in_web.result(), 409)["code"] == "already_decided"
            assert (decided["action"], decided["via"]) == ("approve", "slack")
        word = "Rejected" if decided["action"] == "reject" else "Approved"
        until(lambda: card_of(scene.slack, request["id"])["blocks"], lambda blocks: word in str(blocks))


class TestInjection:
    """A45: words of others mention nobody, link nowhere, and are not unfurled."""

    def test_in_a_question_stays_words(self, scene: SlackScene) -> None:
        request = ask(scene.dana, "confirmation", title=INJECTION, prompt=INJECTION)
        card = card_of(scene.slack, request["id"])
        marked = [text for text in _marked(card["blocks"]) if "Open in app" not in text]
        assert marked and not [text for text in [*marked, card["text"]] if "<!" in text.replace("<!date^", "") or "<@" in text]
        assert "evil.tld|" not in json.dumps([text for text in marked if "<" in text])


def _marked(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [str(part["text"])] if part.get("type") == "mrkdwn" else []
        return own + [text for each in part.values() for text in _marked(each)]
    return [text for each in part for text in _marked(each)] if isinstance(part, list) else []
