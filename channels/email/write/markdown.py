"""What agents write (Markdown) as HTML that loads nothing and leads nowhere unseen, and as text with the marks taken off."""

from collections.abc import Callable, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from channels.sanitize import clip, visible

_PARSER = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("strikethrough").disable("reference")
_LITERAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_~[]<>#+-!|&.)="})


def to_html(markdown: str, limit: int) -> str:
    """At most `limit` bytes of safe HTML: pictures and links are spelt out, tags are words."""
    return _fit(visible(markdown), limit, lambda text: str(_PARSER.renderer.render(_tokens(text), _PARSER.options, {})))


def to_text(markdown: str, limit: int) -> str:
    """At most `limit` bytes of plain text, a list's and a quotation's shape kept."""
    return _fit(visible(markdown), limit, lambda text: "\n\n".join(_blocks(SyntaxTreeNode(_tokens(text)))))


def literal(text: str, limit: int = 300) -> str:
    """Words of others on one line of Markdown, in which nothing is a mark."""
    return clip(visible(" ".join(text.split())), limit).translate(_LITERAL) or "–"


def quoted(text: str, limit: int = 2_000) -> str:
    """Words of others as a quotation, line by line as they were written."""
    lines = clip(visible(text.strip()), limit).split("\n")
    return "\n".join(f"> {line.translate(_LITERAL)}\\" for line in lines).removesuffix("\\")


def _fit(text: str, limit: int, write: Callable[[str], str]) -> str:
    """`write(text)`, of a clipped text where it would be longer than `limit`: never cut within what was written."""
    room = limit
    while (size := len((written := write(clip(text, room))).encode())) > limit:
        room = min(room - 1, room * limit // size)
    return written


def _tokens(markdown: str) -> list[Token]:
    tokens = _PARSER.parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + 1)}"  # the mail's own title is the first
        if token.children:
            token.children = _spelt(token.children)
    return tokens


def _spelt(children: Sequence[Token]) -> list[Token]:
    """Without links and pictures: what they were called, then where they lead."""
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
