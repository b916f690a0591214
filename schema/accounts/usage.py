from datetime import datetime

from db.accounts.usage import TokenUsage as Model
from resolvers.accounts import usage as resolve
from schema.node import Node, column, node


@node(Model, "What an answer of a language model took. Seen by whom it was for, and by administrators.", resolve.by_id)
class TokenUsage(Node):
    provider: str = column("Who answered: openai, openrouter, anthropic, or embedded, which is Parlor itself.")
    model: str = column("By what model.")
    input_tokens: int = column("What was read.")
    output_tokens: int = column("What was written.")
    cost_micro_usd: int | None = column("In millionths of a US dollar; null where the model's prices are not known.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")
