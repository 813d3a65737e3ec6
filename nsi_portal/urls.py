"""Root of the addresses."""

from django.urls import include, path

from nsi_portal import developer, health
from nsi_portal.admin import site as reference_site
from nsi_portal.gallery import gallery
from nsi_portal.help import guide

urlpatterns = [
    # First: its public pages are asked for most.
    path("", include("surveys.urls")),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("components/", gallery, name="gallery"),
    path("help/", guide, name="help"),
    path("help/<slug:name>/", guide, name="guide"),
    path("accounts/", include("accounts.urls")),
    path("admin/", reference_site.urls),
    path("developer/letters/", developer.letter_list, name="developer-letters"),
    path("developer/letters/<slug:name>/", developer.letter, name="developer-letter"),
    path("api/v1/", include("nsi_portal.api_urls")),
    path("", include("monitoring.urls")),
]

handler400 = "nsi_portal.errors.bad_request"
handler403 = "nsi_portal.errors.forbidden"
handler404 = "nsi_portal.errors.not_found"
handler500 = "nsi_portal.errors.server_error"
