"""The API described: its OpenAPI schema, and a page to read and try it, all from the portal's own files."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView

# Public: it tells what there is, not what is in it; programs read it before they have a key.
schema = SpectacularAPIView.as_view()


@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api_docs.html")
