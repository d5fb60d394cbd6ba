"""Words as a recogniser writes them beside its display text."""

import unicodedata


def lexical(text: str) -> str:
    """A word in lower case without punctuation and spaces at its ends, such as `it's` for `It's,` and `4,50` for
    `4,50?`; empty if nothing else is in it."""
    first, past = 0, len(text)
    while first < past and _is_edge(text[first]):
        first += 1
    while first < past and _is_edge(text[past - 1]):
        past -= 1
    return text[first:past].lower()


def _is_edge(character: str) -> bool:
    return character.isspace() or unicodedata.category(character).startswith("P")
