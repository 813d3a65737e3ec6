from django.urls import include, path

from monitoring.country import views as country_views
from monitoring.quarters import views

QUARTER = "regions/<slug:code>/<slug:life_situation>/<slug:period>/"

urlpatterns = [
    path("", views.cabinet, name="cabinet"),
    path("go/", views.choose, name="choose"),
    path("", include("regions.urls")),
    path("", include("monitoring.fieldwork.urls")),
    path("", include("monitoring.survey_results.urls")),
    path("institutions/<int:pk>/", views.institution, name="institution"),
    path("country/", country_views.country, name="country"),
    path("regions/", views.region_list, name="region-list"),
    path("regions/<slug:code>/", views.region, name="region"),
    path("regions/<slug:code>/weights/<int:year>/", views.weights, name="weights"),
    path(QUARTER, views.collection, name="collection"),
    path(QUARTER + "progress/", views.collection_progress, name="collection-progress"),
    path(QUARTER + "calculate/", views.collection_calculate, name="collection-calculate"),
    path(QUARTER + "publish/", views.collection_publish, name="collection-publish"),
    path(QUARTER + "reports/", views.collection_reports, name="collection-reports"),
    path(QUARTER + "passport/", views.passport, name="passport"),
    path(QUARTER + "clients/", views.clients, name="clients"),
    path("reports/", views.report_list, name="report-list"),
    path("reports/<int:pk>/download/", views.report_download, name="report-download"),
]
