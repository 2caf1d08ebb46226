"""Render Markdown of agents as HTML that loads nothing and hides no link, and as plain text."""

from collections.abc import Callable, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from channels.sanitize import clip, visible

_PARSER = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("strikethrough").disable("reference")
_LITERAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_~[]<>#+-!|&.)="})


def to_html(markdown: str, limit: int) -> str:
    """Render at most `limit` bytes of safe HTML: links and images become text with their address, tags are escaped."""
    return _fit(visible(markdown), limit, lambda text: str(_PARSER.renderer.render(_tokens(text), _PARSER.options, {})))


def to_text(markdown: str, limit: int) -> str:
    """Render at most `limit` bytes of plain text that keeps the layout of lists and quotations."""
    return _fit(visible(markdown), limit, lambda text: "\n\n".join(_blocks(SyntaxTreeNode(_tokens(text)))))


def literal(text: str, limit: int = 300) -> str:
    """Escape untrusted text as one line of Markdown."""
    return clip(visible(" ".join(text.split())), limit).translate(_LITERAL) or "–"


def quoted(text: str, limit: int = 2_000) -> str:
    """Escape untrusted text as a Markdown quotation that keeps its lines."""
    lines = clip(visible(text.strip()), limit).split("\n")
    return "\n".join(f"> {line.translate(_LITERAL)}\\" for line in lines).removesuffix("\\")


def _fit(text: str, limit: int, write: Callable[[str], str]) -> str:
    """Return `write(text)`, clipping the text first if the result exceeds `limit`: the result itself is never cut."""
    room = limit
    while (size := len((written := write(clip(text, room))).encode())) > limit:
        room = min(room - 1, room * limit // size)
    return written


def _tokens(markdown: str) -> list[Token]:
    tokens = _PARSER.parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + 1)}"  # the title of the mail is the only h1
        if token.children:
            token.children = _spelt(token.children)
    return tokens


def _spelt(children: Sequence[Token]) -> list[Token]:
    """Replace links and images by their label and address."""
    kept: list[Token] = []
    open_links: list[tuple[str, int]] = []
    for token in children:
        if token.type == "link_open":
            open_links.append((str(token.attrs["href"]), len(kept)))
        elif token.type == "link_close":
            address, start = open_links.pop()
            label = "".join(each.content for each in kept[start:])
            kept.append(_word("" if label == address else f" ({address})"))
        elif token.type == "image":
            kept.append(_word(f"{token.content} ({token.attrs['src']})"))
        else:
            kept.append(token)
    return kept


def _word(text: str) -> Token:
    return Token("text", "", 0, content=text)


def _blocks(node: SyntaxTreeNode) -> list[str]:
    return [text for child in node.children if (text := _block(child))]


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "paragraph" | "heading":
            return "".join(_words(child) for child in node.children)
        case "fence" | "code_block":
            return _led(node.content.rstrip("\n"), "    ", "    ")
        case "blockquote":
            return _led("\n\n".join(_blocks(node)), "> ", "> ")
        case "bullet_list" | "ordered_list":
            return "\n".join(_item(item, place) for place, item in enumerate(node.children))
        case "hr":
            return "* * *"
        case _:
            return node.content


def _item(node: SyntaxTreeNode, place: int) -> str:
    parent = node.parent
    ordered = parent is not None and parent.type == "ordered_list"
    lead = f"{int(parent.attrs.get('start', 1)) + place}. " if ordered and parent is not None else "- "
    return _led("\n".join(_blocks(node)), lead, " " * len(lead))


def _led(text: str, first: str, later: str) -> str:
    return "\n".join(((later if n else first) + line).rstrip() for n, line in enumerate(text.split("\n")))


def _words(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    return "".join(_words(child) for child in node.children) if node.children else node.content
