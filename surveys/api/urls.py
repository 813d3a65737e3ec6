"""Addresses of the API."""

from django.urls import path

from surveys.api import views

urlpatterns = [
    path("institutions/", views.institution_list, name="api-institutions"),
    path("questionnaires/", views.questionnaire_list, name="api-questionnaires"),
    path("questionnaire-versions/<int:pk>/", views.version, name="api-questionnaire-version"),
    path("links/", views.link_list, name="api-links"),
    path("links/<int:pk>/", views.link_detail, name="api-link"),
    path("links/<int:pk>/pause/", views.link_pause, name="api-link-pause"),
    path("links/<int:pk>/resume/", views.link_resume, name="api-link-resume"),
    path("links/<int:pk>/close/", views.link_close, name="api-link-close"),
    path("links/<int:pk>/reopen/", views.link_reopen, name="api-link-reopen"),
    path("public/<str:token>/", views.public_questionnaire, name="api-public-questionnaire"),
    path("public/<str:token>/answers/", views.public_answers, name="api-public-answers"),
]
