from django.urls import path

from regions.views import access as views

urlpatterns = [
    path("memberships/<int:pk>/hand-over/", views.handover_create, name="handover-create"),
    path("memberships/<int:pk>/deputy/", views.deputy_create, name="deputy-create"),
    path("regions/<slug:code>/handovers/", views.handover_list, name="handover-list"),
    path("handovers/<int:pk>/", views.handover, name="handover"),
    path("act-as/", views.act_as, name="act-as"),
    path("access/", views.access_explain, name="access-explain"),
    path("access/table/", views.permission_table, name="permission-table"),
]
