"""Addresses: posters and other printed matter of links, printed instruments and blanks."""

from django.urls import path

from surveys.views import blanks, documents, posters

urlpatterns = [
    path("links/<int:pk>/poster/", posters.link_poster, name="link-poster"),
    path("links/<int:pk>/print/<slug:item>/", posters.link_print, name="link-print"),
    path("links/<int:pk>/qr.svg", posters.link_qr, name="link-qr"),
    path("links/<int:pk>/blanks/", blanks.link_blanks, name="link-blanks"),
    path("blank-batches/<int:pk>/", blanks.blank_batch, name="blank-batch"),
    path(
        "questionnaire-versions/<int:pk>/document/<slug:format>/", documents.version_document, name="version-document"
    ),
]
