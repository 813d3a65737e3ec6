"""Addresses of surveys: the public questionnaire, and the pages of staff, a module for each subject."""

from django.urls import include, path

SUBJECTS = (
    "links",
    "questionnaires",
    "posters",
    "interviews",
    "imports",
    "quality",
    "comments",
    "changes",
)

urlpatterns = [
    path("", include("surveys.urls.public")),
    *(path("", include(f"surveys.urls.{subject}")) for subject in SUBJECTS),
]
