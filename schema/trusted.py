"""The list of documents that a deployment trusts, as the tools of clients write it."""

from pathlib import Path
from typing import Any

import orjson


class BadManifest(Exception):
    """The list cannot be read, or has a document that is not valid; the message says which."""


def trusted_documents(path: Path) -> dict[str, str]:
    """Texts by id: an object of them (graphql-codegen, Relay), or Apollo's manifest of operations."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadManifest(f"TRUSTED_DOCUMENTS cannot be read: {path}: {error}") from error
    texts = _apollos(found) if isinstance(found, dict) and "operations" in found else found
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise BadManifest(f"TRUSTED_DOCUMENTS must be an object of texts by id, or Apollo's manifest: {path}")
    return {id.removeprefix("sha256:"): text for id, text in texts.items()}


def _apollos(manifest: dict[str, Any]) -> Any:
    try:
        return {str(operation["id"]): operation["body"] for operation in manifest["operations"]}
    except (KeyError, TypeError):
        return None
