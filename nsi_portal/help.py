"""«Помощь»: the guides of docs/guide as pages, one per role."""

import re
from pathlib import Path

import markdown
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from nsi_portal.environment import BASE_DIR

FOLDER = BASE_DIR / "docs" / "guide"


@require_safe
def guide(request: HttpRequest, name: str = "README") -> HttpResponse:
    """A guide by the name of its file; without a name the list of guides."""
    # Looked up among the files there are: a name never becomes a path.
    found = {path.stem: path for path in FOLDER.glob("*.md")}.get(name)
    if found is None:
        raise Http404
    title, text = _read(found)
    return render(request, "guide.html", {"title": title, "text": text, "is_list": name == "README"})


def _address(name: str) -> str:
    return reverse("help") if name == "README" else reverse("guide", args=[name])


def _read(path: Path) -> tuple[str, str]:
    """Heading and HTML of a guide; links between guides lead to their pages."""
    heading, _, body = path.read_text(encoding="utf-8").partition("\n")
    html = markdown.markdown(body, extensions=["tables", "sane_lists"])
    html = re.sub(r'href="(\w+)\.md"', lambda link: f'href="{_address(link[1])}"', html)
    region = '<div class="table-region" tabindex="0" role="region" aria-label="Таблица">'
    html = html.replace("<table>", f'{region}<table class="table-portal">')
    html = html.replace("</table>", "</table></div>")
    # The project's own files, as trusted as a template.
    return heading.lstrip("# "), mark_safe(html)  # noqa: S308
