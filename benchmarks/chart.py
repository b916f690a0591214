"""One chart, as SVG of our own: for each case a bar per server, as long as its share of the fastest."""

from html import escape

from benchmarks.cases import CASES
from benchmarks.commands import servers
from benchmarks.figures import Figures, rate

CONNECTIONS = 16
WIDTH, LABEL, BAR, STEP, GAP, TOP = 860, 210, 15, 19, 40, 46

# Colours of its own for dark pages: an image knows what its reader prefers.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } .quiet { fill: #59636e }
.bar { fill: #9aa7b4 } .parlor { fill: #0969da } .floor { fill: none; stroke: #9aa7b4; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 }
  .bar { fill: #57606a } .parlor { fill: #4493f8 } .floor { fill: none; stroke: #7d8590 }
}
"""


def drawn(figures: Figures) -> str:
    parts, y = [_text(8, 24, f"Requests a second, {CONNECTIONS} connections", "title")], TOP
    for case in CASES:
        rates = [(server, rate(figures, server.name, case.name, CONNECTIONS)) for server in servers()]
        known = [(server, found) for server, found in rates if found is not None]
        if not known:
            continue
        parts.append(_text(8, y + 16, case.title, "title"))
        y += 26
        longest = max(found for _, found in known)
        for server, found in known:
            parts += _bar(y, server.name, server.title, found, found / longest)
            y += STEP
        y += GAP - STEP
    body = "\n".join(parts)
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n<style>{STYLE}</style>\n{body}\n</svg>\n'


def _bar(y: int, name: str, title: str, found: float, share: float) -> list[str]:
    kind = name if name in ("parlor", "floor") else "bar"
    length = max(1.0, share * (WIDTH - LABEL - 80))
    return [
        f'<text x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(title)}</text>',
        f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>',
        _text(LABEL + length + 6, y + 12, f"{found:,.0f}", "quiet"),
    ]


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}">{escape(text)}</text>'
