"""Takes the pictures in docs/screens/mails: each mail as a mail program shows it, as plain text and as HTML, light and dark, on
one sheet. `python -m tests.support.mail_screenshots`."""

import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser

from backend.core.mail.received_mail import ASKED_TO_LINK
from channels.contract import Question
from channels.email.write.envelope import Envelope, build_mail
from channels.email.write.page import Page
from channels.email.write.question_mail import question_page, settled_page, text_page
from channels.email.write.reply_notices import accepted, late, proposed, refused, unclear
from tests.support.browser import chromium
from tests.support.emulated_google import html_of, text_of
from tests.support.screenshots import AT, sheet
from tests.support.screenshots import taken as pictured

WIDTH = 640
LINK = "https://assent.example/r/req_01k7f3k"
DUE, DONE_AT = "2026-11-21T15:10:00.000Z", "2026-11-21T14:03:00.000Z"
COLOURS = 32
STYLE = "margin: 0; padding: 24px; font: 14px/20px monospace; white-space: pre-wrap"
WISH = Envelope("agent@example.org", "dana@example.org", "A mail", "<m@example.org>")


def question(type: str, title: str, *, decidable: bool = True, led: str = "", **more: Any) -> Question:
    actions = {"confirmation": ["approve", "reject", "edit"], "checkpoint": ["continue", "revise", "skip", "stop"]}
    request = {"id": "req_01k7f3k", "session_id": "ses_01k7f3k", "type": type, "title": title, "status": "pending", "version": 1}
    request |= {
        "prompt": "",
        "requester": {"kind": "agent", "id": None, "name": "Support agent"},
        "due_at": DUE,
        "on_timeout": "reject",
    }
    return Question({**request, "allowed_actions": actions.get(type, ["submit", "decline"]), **more}, LINK, decidable, led)


def refund(risk: str = "medium", **more: Any) -> Question:
    args = {"order_id": 8123, "amount": "120.00 EUR", "to": "Bob"}
    asked: dict[str, Any] = {
        "prompt": "The customer was charged **twice** for order 8123.",
        "led": "Dana: refund order 8123",
        "action": {"tool": "issue_refund", "args": args, "risk": risk, "digest": "d"},
    }
    return question("confirmation", "Refund order 8123?", **asked, **more)


def ended(asked: Question, status: str, **more: Any) -> Question:
    response = {"by": {"id": "usr_1", "name": "Dana"}, "via": "slack", "at": DONE_AT, **more}
    return Question({**asked.request, "status": status, "response": response}, LINK)


def mails() -> dict[str, Page]:
    """One of each kind, by the name of its picture."""
    cities = [{"value": each, "label": each} for each in ("Lisbon", "Porto", "Madrid")]
    sizes = [{"value": "m", "label": "Medium"}, {"value": "l", "label": "Large"}]
    form = question(
        "form",
        "Details for the order",
        fields=[
            {"name": "email", "type": "email", "required": True, "description": "Where the receipt goes"},
            {"name": "seats", "type": "integer", "required": True, "value": 2},
            {"name": "size", "type": "enum", "required": False, "value": "m", "options": sizes},
        ],
        prompt="I need these to place the order.",
    )
    plan = {"artifact": "## Phase 1\n\n1. Interview five customers\n2. Write the outline\n\n> Due on Friday"}
    errors = (("seats", "must be a whole number"), ("email", "must be an email address such as dana@example.org"))
    questions = {
        "confirmation": refund(),
        "high-risk": refund("high", decidable=False),
        "choice": question("choice", "Which one shall it be?", options=cities, on_timeout="decline"),
        "form": form,
        "text": question("text", "How shall the letter to Bob begin?", prompt="A line or two will do.", on_timeout="decline"),
        "checkpoint": question("checkpoint", "Review the plan", checkpoint="after_planning", context=plan, on_timeout="stop"),
    }
    said = {
        "words": "Done. I refunded **120.00 EUR** to Bob:\n\n- order 8123\n- by the card he paid with\n\nIt took `2 s`.",
        "taken": accepted(ended(refund(), "answered", action="reject", feedback="Wrong amount", via="email")),
        "late": late(ended(refund(), "answered", action="approve"), "APPROVE"),
        "too-late": late(ended(refund(), "expired", action="reject"), "APPROVE\n\nThanks!"),
        "unclear": unclear(refund(), "The first line is not one of the accepted answers."),
        "errors": refused("Not all of your answer can be used.", errors, form),
        "proposal": proposed(refund(), "reject", None, "the amount is wrong"),
        "link": ASKED_TO_LINK.format(name="Dana"),
    }
    pages = {name: question_page(asked) for name, asked in questions.items()}
    pages |= {name: text_page(text, "Support agent" if name == "words" else "Assent", "[#7F3K]") for name, text in said.items()}
    pages |= {"expired": settled_page(ended(refund(), "expired", action="reject"))}
    return pages | {"withdrawn": settled_page(ended(refund(), "cancelled"))}


def pictures(browser: Browser, page: Page) -> list[Image.Image]:
    """As it goes over the wire: the plain text, which has no colours of its own, then the HTML in the light and in the dark."""
    mail = message_from_bytes(build_mail(WISH, page), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    plain = f"<body style='margin: 0'><pre style='{STYLE}'>{escape(text_of(mail))}</pre>"
    return [picture(browser, plain), picture(browser, html_of(mail)), picture(browser, html_of(mail), "dark")]


def picture(browser: Browser, shown: str, scheme: Literal["light", "dark"] = "light") -> Image.Image:
    window = browser.new_page(viewport={"width": WIDTH, "height": 100}, color_scheme=scheme)
    window.set_content(shown)
    made = pictured(window.locator("body"))
    window.close()
    return made


def keep(made: Image.Image, name: str) -> None:
    """Mails have few colours; WebP takes half of what PNG takes for them."""
    path = AT / "mails" / f"{name}.webp"
    path.parent.mkdir(parents=True, exist_ok=True)
    few = made.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.convert("RGB").save(path, lossless=True, quality=100, method=6)


def main() -> None:
    with chromium() as browser:
        for name, page in mails().items():
            keep(sheet(pictures(browser, page), 3), name)
    taken_ = sorted((AT / "mails").glob("*.webp"))
    size = sum(picture.stat().st_size for picture in taken_)
    sys.stdout.write(f"{len(taken_)} pictures of mails, {size / 1e6:.2f} MB\n")


if __name__ == "__main__":
    main()
