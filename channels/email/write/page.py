"""The content of a mail as parts, and their rendering as HTML and as complete plain text."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined

from channels.email.write.markdown import to_html, to_text

MARKER = "--- reply above this line ---"
MAX_NAME = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One line of our own text."""

    kind: ClassVar[str] = "line"
    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown, rendered to at most `limit` bytes. `quoted` text is somebody else's, set off so that it cannot pass for
    ours."""

    kind: ClassVar[str] = "prose"
    markdown: str
    limit: int
    quoted: bool = True

    @property
    def html(self) -> str:
        return to_html(self.markdown, self.limit)


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, each complete and on one line."""

    kind: ClassVar[str] = "facts"
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AnswerLines:
    """Lines the recipient may write back."""

    kind: ClassVar[str] = "words"
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A link into the web app. Opening it changes nothing."""

    kind: ClassVar[str] = "link"
    label: str
    url: str


Part = Line | Prose | Facts | AnswerLines | Link


@dataclass(frozen=True, slots=True)
class Page:
    """`preview` is the text that mail programs show next to the subject; `foot` identifies the conversation."""

    title: str
    parts: tuple[Part, ...]
    preview: str = ""
    foot: str = ""


def render_text(page: Page) -> str:
    """Render the page as plain text. The marker comes first, so that everything a reply quotes is below it."""
    blocks = [MARKER, page.title, *(_text(part) for part in page.parts), page.foot]
    return "\n\n".join(block for block in blocks if block.strip()) + "\n"


def render_html(page: Page) -> str:
    """Render the page as HTML for mail programs: tables, inline styles, no external resources."""
    return _inliner().inline(_templates().get_template("mail.html.j2").render(page=page, marker=MARKER))


def _text(part: Part) -> str:
    match part:
        case Line():
            return part.text
        case Prose():
            text = to_text(part.markdown, part.limit)
            return "\n".join(f"| {line}".rstrip() for line in text.split("\n")) if part.quoted and text else text
        case Facts():
            width = min(MAX_NAME, max((len(name) for name, _ in part.rows), default=0))
            return "\n".join(f"  {name:<{width}}  {value}".rstrip() for name, value in part.rows)
        case AnswerLines():
            return "\n".join(f"  {line}".rstrip() for line in part.lines)
        case Link():
            return f"{part.label}: {part.url}"


@cache
def _templates() -> Environment:
    loader = PackageLoader("channels.email.write")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
