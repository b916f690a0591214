"""Markdown."""


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, places: int = 2) -> str:
    return "" if value is None else f"{value:,.{places}f}"
