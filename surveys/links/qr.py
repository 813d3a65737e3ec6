"""QR codes of links: for paper and for sites. Pure."""

from io import BytesIO
from itertools import groupby

import segno

# A poster gets stained and torn: a quarter of the squares may be lost.
LEVEL = "q"
# Light squares around the code, without which cameras do not find it.
QUIET_ZONE = 4


def matrix(address: str) -> list[list[bool]]:
    """Rows of squares, True is dark; without the quiet zone."""
    return [[bool(square) for square in row] for row in segno.make_qr(address, error=LEVEL).matrix]


def svg(address: str, *, label: str) -> str:
    """The code with its quiet zone as an SVG element for a document: one square is one unit, the size is the page's.

    One path of filled rectangles: squares that touch leave no hairline between them at any scale. `label` says in words
    what the picture is; it must need no escaping.
    """
    rows = matrix(address)
    size = len(rows) + 2 * QUIET_ZONE
    path = "".join(
        f"M{left + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for left, length in _dark_runs(row)
    )
    return (
        f'<svg class="qr" role="img" aria-label="{label}" xmlns="http://www.w3.org/2000/svg"'
        f' viewBox="0 0 {size} {size}"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path fill="#000" d="{path}"/></svg>'
    )


def _dark_runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where the dark squares of a row begin and how many follow one another."""
    found, left = [], 0
    for is_dark, squares in groupby(row):
        length = len(list(squares))
        if is_dark:
            found.append((left, length))
        left += length
    return found


def svg_file(address: str) -> bytes:
    """The same as a file of its own, large enough to print at any size."""
    return _saved(address, "svg")


def png_file(address: str) -> bytes:
    """The same as a picture of about 900 pixels, for letters, sites and leaflets made elsewhere."""
    return _saved(address, "png", scale=20)


def _saved(address: str, kind: str, *, scale: int = 10) -> bytes:
    file = BytesIO()
    segno.make_qr(address, error=LEVEL).save(file, kind=kind, scale=scale, border=QUIET_ZONE, dark="#000", light="#fff")
    return file.getvalue()
