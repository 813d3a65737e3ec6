from django.urls import path

from regions.views import regions as views

urlpatterns = [
    path("regions/<slug:code>/card/", views.region_card, name="region-card"),
    path("regions/<slug:code>/history/", views.region_history, name="region-history"),
    path("regions/<slug:code>/participation/", views.region_participation, name="region-participation"),
]
