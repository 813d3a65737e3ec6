from django.urls import path

from regions.views import life_situations as views
from regions.views import targets

REGION = "regions/<slug:code>/life-situations/"
PLACE = "life-situations/<int:pk>/"
YEAR = PLACE + "targets/<int:year>/"

urlpatterns = [
    path(REGION, views.place_list, name="place-list"),
    path(REGION + "choose/", views.place_choose, name="place-choose"),
    path(REGION + "new/", views.own_life_situation_create, name="own-life-situation-create"),
    path("life-situations/own/<int:pk>/edit/", views.own_life_situation_edit, name="own-life-situation-edit"),
    path(PLACE, views.place, name="place"),
    path(PLACE + "history/", views.place_history, name="place-history"),
    path(PLACE + "status/", views.place_status, name="place-status"),
    path("status-changes/<int:pk>/document/", views.place_document, name="place-document"),
    path(PLACE + "responsible/", views.place_responsible, name="place-responsible"),
    path(PLACE + "institutions/", views.place_institutions, name="place-institutions"),
    path(YEAR, targets.place_targets, name="place-targets"),
    path(YEAR + "approve/", targets.targets_approve, name="targets-approve"),
    path(YEAR + "withdraw/", targets.targets_withdraw, name="targets-withdraw"),
    path(YEAR + "document/", targets.targets_document, name="targets-document"),
]
