"""Addresses of the API, first version."""

from django.urls import include, path

from nsi_portal import api_docs

urlpatterns = [
    path("schema/", api_docs.schema, name="api-schema"),
    path("docs/", api_docs.docs, name="api-docs"),
    path("", include("surveys.api.urls")),
    path("", include("monitoring.api.urls")),
]
