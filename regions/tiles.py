"""The map of the country as a grid of equal tiles, one for each region: where each stands, and how big the picture is.

Pure layout: what a tile says and how it is coloured is up to the page.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "reference" / "tiles.csv"
# In units of the picture: a tile and the space between two.
SIZE = 46
GAP = 4
_STEP = SIZE + GAP


@dataclass(frozen=True, slots=True)
class Tile:
    """A cell of the grid with its short label; row and column count from 0 in the north-west."""

    code: str
    row: int
    column: int
    label: str

    @property
    def x(self) -> int:
        return GAP + self.column * _STEP

    @property
    def y(self) -> int:
        return GAP + self.row * _STEP

    @property
    def middle(self) -> int:
        return self.x + SIZE // 2


@cache
def tiles() -> dict[str, Tile]:
    """By the region's code, as the reference data places them."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Tile(row["code"], int(row["row"]), int(row["column"]), row["label"])
            for row in csv.DictReader(file)
        }


@dataclass(frozen=True, slots=True)
class Grid:
    tiles: list[Tile]
    width: int
    height: int


def grid(codes: Iterable[str]) -> Grid:
    """The tiles of these regions, by rows. A region the reference does not place stands in rows below the others."""
    known = tiles()
    wanted = list(codes)
    columns = 1 + max(tile.column for tile in known.values())
    below = 1 + max(tile.row for tile in known.values())
    placed = [known[code] for code in wanted if code in known]
    for number, code in enumerate(sorted(code for code in wanted if code not in known)):
        placed.append(Tile(code, below + number // columns, number % columns, code.removeprefix("RU-")[:4]))
    placed.sort(key=lambda tile: (tile.row, tile.column))
    rows = max([below, *(1 + tile.row for tile in placed)])
    return Grid(placed, GAP + columns * _STEP, GAP + rows * _STEP)
