from django.urls import path

from regions import views

urlpatterns = [path("institutions/", views.institution_list, name="institution-list")]
