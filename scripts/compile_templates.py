"""Compile every template of the portal: a mistake in a page nobody opened in a test still stops the checks."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nsi_portal.settings")


def main() -> int:
    import django
    from django.template import TemplateSyntaxError
    from django.template.loader import get_template

    django.setup()
    templates = ROOT / "templates"
    failures = 0
    for path in sorted(p for p in templates.rglob("*") if p.is_file()):
        name = path.relative_to(templates).as_posix()
        try:
            get_template(name)
        except (TemplateSyntaxError, UnicodeDecodeError) as error:
            failures += 1
            print(f"templates/{name}: {error}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
