"""Addresses of surveys: the public questionnaire, and the links of institutions."""

from django.urls import include, path

from surveys import views

urlpatterns = [
    path("", include("surveys.public_urls")),
    path("institutions/<int:pk>/links/", views.link_list, name="link-list"),
    path("institutions/<int:pk>/links/new/", views.link_create, name="link-create"),
    path("links/<int:pk>/", views.link_detail, name="link"),
    path("links/<int:pk>/close/", views.link_close, name="link-close"),
    path("links/<int:pk>/poster/", views.link_poster, name="link-poster"),
    path("links/<int:pk>/qr.svg", views.link_qr, name="link-qr"),
]
