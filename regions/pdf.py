"""PDF of a document of the portal, made of nothing but its HTML and the portal's own static files.

Import this module where documents are made, not in every process: WeasyPrint brings Pango with it.
"""

from pathlib import Path
from typing import Final
from urllib.parse import unquote

from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from weasyprint import HTML
from weasyprint.urls import URLFetcher, URLFetcherResponse

STATIC_ROOT_URL: Final = "https://portal.invalid/static/"
"""What addresses in the template and the style sheet are relative to. The name can never exist, nothing is asked of it:
`StaticFilesOnly` turns the address into a file."""

_MEDIA_TYPES: Final = {".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".png": "image/png"}


class ForbiddenAddress(ValueError):
    """A document may be made of the portal's own static files only."""


class StaticFilesOnly(URLFetcher):
    """WeasyPrint by itself would read any file and ask any address that a document names.

    What was refused is kept: WeasyPrint logs a failure and prints without the missing part.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        path = _static_file(url)
        if path is None:
            self.refused.append(url)
            raise ForbiddenAddress(url)
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": _MEDIA_TYPES[path.suffix]})


def _static_file(url: str) -> Path | None:
    if not url.startswith(STATIC_ROOT_URL):
        return None
    name = unquote(url.removeprefix(STATIC_ROOT_URL))
    if Path(name).suffix not in _MEDIA_TYPES or "\0" in name:
        return None
    try:
        # Finders, not STATIC_ROOT: they work before collectstatic, and refuse paths that lead out of their folders.
        found = finders.find(name)
    except SuspiciousFileOperation:
        return None
    return Path(found) if isinstance(found, str) and Path(found).is_file() else None


def render(html: str) -> bytes:
    """PDF/UA: tagged, in the language of the document, with bookmarks and a title.

    ForbiddenAddress if the document asks for anything but the portal's static files, or for one that is missing.
    """
    fetcher = StaticFilesOnly()
    pdf: bytes = HTML(string=html, base_url=STATIC_ROOT_URL, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1")
    if fetcher.refused:
        raise ForbiddenAddress(", ".join(fetcher.refused))
    return pdf
