"""The few tags of a page that speak of it as a whole, without building the page.

A tree as HTML prescribes it takes the square of the time for tags within tags: 1.8 MB of nothing but `<div><p>` took
lexbor 74 s, with Python's lock held. So the tags are picked out in one pass, and only what was picked is parsed: flat,
each attribute and entity as HTML has it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

PIECES = 2_000  # of a page; real ones have a hundred
TAGS = 200_000  # looked at; 2 MB of a shop have half of it, and they take 0.7 s, in a thread
TEXT = 200  # characters after a price's tag

_START = re.compile(r"<(?:!--|(?=[a-z]))", re.IGNORECASE)
_NAME = re.compile(r"[^\s/>]+")
# Quotes count only after "=". Nothing here goes back, so it takes no longer than what it reads.
_ATTRIBUTES = re.compile(r"""((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])[^\s>]*+))*+)>""")
_UNPARSED = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea", "title", "xmp")}


@dataclass
class Picked:
    """`tree` is flat: title, meta, link and what has an itemprop. `scripts` are the texts of JSON-LD."""

    pieces: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)

    @property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser("".join(self.pieces))


def picked(html: str) -> Picked:
    found = Picked()
    for name, attributes, start, end in islice(_tags(html), TAGS):
        if name in ("meta", "link"):
            found.pieces.append(f"<{name}{_flat(attributes)}>")
        elif name == "title":
            found.pieces.append(f"<title>{_flat(html[start:end])}</title>")
        elif name == "script" and "ld+json" in attributes.lower():
            found.scripts.append(html[start:end])
        elif "itemprop" in attributes:
            found.pieces.append(f"<span{_flat(attributes)}>{html[end : end + TEXT].partition('<')[0]}</span>")
        if len(found.pieces) + len(found.scripts) >= PIECES:
            break
    return found


def _flat(text: str) -> str:
    """Nothing in it can begin another tag."""
    return text.replace("<", "&lt;")


def _tags(html: str) -> Iterator[tuple[str, str, int, int]]:
    """Name, attributes, and where its text begins and ends if that is no HTML, until one does not end."""
    place = 0
    while begin := _START.search(html, place):
        if begin[0] == "<!--":
            place = html.find("-->", begin.end())
            if place < 0:
                return
            continue
        name = _NAME.match(html, begin.end())
        attributes = name and _ATTRIBUTES.match(html, name.end())
        if not name or not attributes:
            return
        start = place = attributes.end()
        if unparsed := _UNPARSED.get(name[0].lower()):
            closing = unparsed.search(html, start)
            if not closing:
                return
            place = closing.start()
        yield name[0].lower(), attributes[1], start, place
