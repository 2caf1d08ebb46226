"""Convert an HTML mail to the text a person sees: hidden parts are left out, quoted lines start with `>`."""

import re
from html.parser import HTMLParser

_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"])
_NEVER_SHOWN = frozenset(
    ["head", "style", "script", "title", "template", "noscript", "object", "iframe", "svg", "math", "select", "textarea"]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "center",
        "div",
        "dd",
        "dl",
        "dt",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_STRUCK_THROUGH = frozenset(("s", "strike", "del"))
_QUOTES = re.compile(r"\b(gmail_quote|gmail_quote_container|yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra)\b")
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|opacity:0(\.0+)?(;|$|!)|(^|;)font-size:0|max-height:0|font:0|text-indent:-\d{3}"
)
_COLOUR = re.compile(r"(?:^|;)color:([^;!]+)")
_BACKGROUND = re.compile(r"(?:^|;)background(?:-color)?:([^;!]+)")
_WHITES = ("#fff", "#ffffff", "white", "rgb(255,255,255)", "transparent")
_HIDING_RULE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|::?(before|after)", re.IGNORECASE)
MAX_OPEN = 500
MAX_UNCLOSED = 20


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.certain = True
        self._open: list[tuple[str, bool, bool]] = []  # tag, hides, quotes

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" or tag in _BLOCKS:
            self._break()
        if tag in _VOID:
            return
        given = {name: value or "" for name, value in attrs}
        if tag in _STRUCK_THROUGH or "line-through" in given.get("style", ""):
            self.certain = False
        if len(self._open) < MAX_OPEN:
            self._open.append(
                (tag, _hides(tag, given), tag == "blockquote" or _QUOTES.search(given.get("class", "")) is not None)
            )
        else:
            self.certain = False

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._break()
        places = [place for place, (known, _, _) in enumerate(self._open) if known == tag]
        if places:
            # A hidden element was never closed, so it is unclear where it ends.
            self.certain = self.certain and not any(hides for _, hides, _ in self._open[places[-1] + 1 :])
            del self._open[places[-1] :]
        if tag in _BLOCKS:
            self.lines[-1] = self._prefix()

    def handle_data(self, data: str) -> None:
        if any(tag == "style" for tag, _, _ in self._open) and _HIDING_RULE.search(data):
            self.certain = False
        if any(hides for _, hides, _ in self._open):
            return
        text = re.sub(r"[ \t\r\n\f]+", " ", data)
        if self.lines[-1].strip("> ") == "":
            text = text.lstrip(" ")
        if text:
            self.lines[-1] = (self.lines[-1] or self._prefix()) + text

    def _break(self) -> None:
        self.lines.append(self._prefix())

    def _prefix(self) -> str:
        return "> " * sum(quotes for _, _, quotes in self._open)


def text_of_html(html: str) -> tuple[str, bool]:
    """Return (text, whether that is certainly what a reader sees)."""
    reader = _Reader()
    closed = html[: html.rfind(">") + 1]
    tail = html[len(closed) :]
    if "<" in tail or html.count("<!--") > html.count("-->") + MAX_UNCLOSED:
        # Unclosed markup takes the parser very long, and what a mail program shows of it is undefined.
        return "", False
    try:
        reader.feed(html)
        reader.close()
    except (AssertionError, ValueError, RecursionError):
        return "", False
    text = "\n".join(line.rstrip() for line in reader.lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n"), reader.certain


def _hides(tag: str, given: dict[str, str]) -> bool:
    style = re.sub(r"\s+", "", given.get("style", "")).lower()
    if tag in _NEVER_SHOWN or "hidden" in given or given.get("aria-hidden") == "true" or _HIDDEN.search(style):
        return True
    colour = _COLOUR.search(style)
    background = _BACKGROUND.search(style)
    written = colour[1] if colour else given.get("color", "").lower()
    behind = background[1] if background else given.get("bgcolor", "").lower()
    return bool(written) and (written == behind or (written in _WHITES and (not behind or behind in _WHITES)))
