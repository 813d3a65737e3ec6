"""Makes static/img/icons.svg, one sprite of the icons named in static/img/icons.txt, from the package bootstrap-icons.

The whole set would weigh a megabyte; pages use a few dozen.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "static" / "img" / "icons.txt"
SPRITE = ROOT / "static" / "img" / "icons.svg"
PACKAGE = ROOT / "node_modules" / "bootstrap-icons"
SVG = "http://www.w3.org/2000/svg"


def main() -> None:
    ElementTree.register_namespace("", SVG)
    sprite = ElementTree.Element(f"{{{SVG}}}svg")
    sprite.append(ElementTree.Comment(" Made by scripts/make_icons.py of Bootstrap Icons, MIT licence. "))
    for name in NAMES.read_text().split():
        path = PACKAGE / "icons" / f"{name}.svg"
        if not path.exists():
            sys.exit(f"{NAMES.name} names {name!r}, but bootstrap-icons has no such icon")
        icon = ElementTree.parse(path).getroot()  # noqa: S314  (a file of the locked package)
        symbol = ElementTree.SubElement(sprite, f"{{{SVG}}}symbol", id=name, viewBox=icon.get("viewBox", "0 0 16 16"))
        symbol.extend(icon)
    SPRITE.write_bytes(ElementTree.tostring(sprite, encoding="utf-8"))


if __name__ == "__main__":
    main()
