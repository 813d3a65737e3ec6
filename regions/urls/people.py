from django.urls import path

from regions.views import people as views

urlpatterns = [
    path("regions/<slug:code>/people/", views.region_people, name="region-people"),
    path("people/", views.people_list, name="people-list"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/history/", views.person_history, name="person-history"),
    path("people/<int:pk>/memberships/new/", views.membership_create, name="membership-create"),
    path("memberships/<int:pk>/end/", views.membership_end, name="membership-end"),
    path("people/<int:pk>/disable/", views.person_disable, name="person-disable"),
    path("people/<int:pk>/enable/", views.person_enable, name="person-enable"),
    path("people/<int:pk>/reset-second-factor/", views.person_reset_second_factor, name="person-reset-second-factor"),
    path(
        "people/<int:pk>/api-tokens/<int:token_pk>/revoke/",
        views.person_api_token_revoke,
        name="person-api-token-revoke",
    ),
]
