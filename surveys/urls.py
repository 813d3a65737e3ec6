"""Addresses of surveys: the public questionnaire, and the links of institutions."""

from django.urls import include, path

urlpatterns = [
    path("", include("surveys.public_urls")),
]
