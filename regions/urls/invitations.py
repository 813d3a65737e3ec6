from django.urls import path

from regions.views import invitations, member_import, signup

urlpatterns = [
    path("regions/<slug:code>/invitations/", invitations.invitation_list, name="invitation-list"),
    path("regions/<slug:code>/invitations/new/", invitations.invitation_create, name="invitation-create"),
    path("regions/<slug:code>/invitations/import/", member_import.invitation_import, name="invitation-import"),
    path(
        "regions/<slug:code>/invitations/import/template/",
        member_import.import_template,
        name="invitation-import-template",
    ),
    path("people/invite/", invitations.federal_invitation_create, name="federal-invitation-create"),
    path("invitations/<int:pk>/resend/", invitations.invitation_resend, name="invitation-resend"),
    path("invitations/<int:pk>/revoke/", invitations.invitation_revoke, name="invitation-revoke"),
    path("invitation/<str:token>/", invitations.invitation, name="invitation"),
    path("signup/", signup.signup, name="signup"),
    path("signup/<str:token>/", signup.signup_confirm, name="signup-confirm"),
    path("regions/<slug:code>/requests/", signup.request_list, name="request-list"),
    path("requests/<int:pk>/approve/", signup.request_approve, name="request-approve"),
    path("requests/<int:pk>/decline/", signup.request_decline, name="request-decline"),
]
