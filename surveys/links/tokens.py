"""Secrets of links: the long token in addresses and QR codes, the short code people type."""

import re
import secrets

# No sign that is taken for another; what has a Cyrillic twin may be typed as the twin (below).
ALPHABET = "ABCDEHKMPTX23456789"
# What people type instead: Cyrillic letters that look the same.
LOOK_ALIKES = str.maketrans("АВЕКМНРСТХ", "ABEKMHPCTX")
_TOKEN = re.compile(r"[\w-]{32}", re.ASCII)


def new_token() -> str:
    """192 bits from the system's generator, in letters an address can hold."""
    return secrets.token_urlsafe(24)


def is_token(text: str) -> bool:
    """Whether the text has the shape of a token: what has not is never asked of the database (it might hold a NUL)."""
    return bool(_TOKEN.fullmatch(text))


def new_short_code() -> str:
    """Eight signs, 1.7 · 10¹⁰ codes; guessing is limited where codes are typed in."""
    return "".join(secrets.choice(ALPHABET) for _ in range(8))


def normalize_short_code(typed: str) -> str:
    """The code as stored, however it was typed: any case, any layout, with spaces or hyphens."""
    letters = typed.upper().translate(LOOK_ALIKES)
    return "".join(sign for sign in letters if sign.isalnum())
