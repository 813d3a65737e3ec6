"""Addresses: results of surveys for any period."""

from django.urls import path, re_path

from monitoring.survey_results import export_views as exports
from monitoring.survey_results import views

INSTITUTION = "institutions/<int:pk>/results/"
REGION = "regions/<slug:code>/results/<slug:life_situation>/"

urlpatterns = [
    path(INSTITUTION, views.institution_results, name="institution-results"),
    re_path(
        r"^institutions/(?P<pk>[0-9]+)/results/file/(?P<kind>xlsx|pdf)/$",
        views.institution_results_file,
        name="institution-results-file",
    ),
    path(REGION, views.region_results, name="region-results"),
    re_path(
        r"^regions/(?P<code>[-\w]+)/results/(?P<life_situation>[-\w]+)/file/(?P<kind>xlsx|pdf)/$",
        views.region_results_file,
        name="region-results-file",
    ),
    path(INSTITUTION + "answers/", exports.institution_answers, name="institution-answers"),
    path(INSTITUTION + "answers/progress/", exports.institution_answers_progress, name="institution-answers-progress"),
    path(INSTITUTION + "answers/file/", exports.institution_answers_file, name="institution-answers-file"),
]
