"""Sign-in by django-allauth: only the pages that are open now."""

from allauth.account import views
from allauth.mfa.base.views import reauthenticate as reauthenticate_by_code
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp.views import deactivate_totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount.views import login_cancelled
from django.urls import path, re_path

from accounts import api_token_views as api_tokens
from accounts import views as own

# Allauth reverses them by the provider's name; there is one.
_OIDC = {"provider_id": "oidc"}
urlpatterns = [
    path("login/", own.SignIn.as_view(), name="account_login"),
    path("login/code/", views.request_login_code, name="account_request_login_code"),
    path("login/code/confirm/", views.confirm_login_code, name="account_confirm_login_code"),
    path("login/passkey/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("login/second-factor/", own.EnterSecondFactor.as_view(), name="mfa_authenticate"),
    # They answer 404 while no provider is configured. The provider holds the second address.
    path("oidc/login/", own.to_provider, _OIDC, name="openid_connect_login"),
    path("oidc/login/callback/", own.from_provider, _OIDC, name="openid_connect_callback"),
    path("oidc/cancelled/", login_cancelled, name="socialaccount_login_cancelled"),
    path("logout/", views.logout, name="account_logout"),
    # Closed (people come by invitation); allauth links to it by name.
    path("signup/", views.signup, name="account_signup"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    # Not by converters: the key itself has a hyphen, and a greedy first part would take half of it.
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("reauthenticate/code/", reauthenticate_by_code, name="mfa_reauthenticate"),
    path("reauthenticate/passkey/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("consent/", own.give_consent, name="consent"),
    path("security/", own.Security.as_view(), name="mfa_index"),
    path("security/second-factor/", own.set_up_second_factor, name="second-factor"),
    path("security/app/", own.ActivateTotp.as_view(), name="mfa_activate_totp"),
    path("security/app/remove/", deactivate_totp, name="mfa_deactivate_totp"),
    path("security/passkeys/", own.Passkeys.as_view(), name="mfa_list_webauthn"),
    path("security/passkeys/add/", own.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("security/passkeys/<int:pk>/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("security/passkeys/<int:pk>/remove/", own.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("security/recovery-codes/", own.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("security/recovery-codes/new/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path(
        "security/recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("security/api/", api_tokens.token_list, name="api-tokens"),
    path("security/api/new/", api_tokens.token_create, name="api-token-create"),
    path("security/api/<int:pk>/revoke/", api_tokens.token_revoke, name="api-token-revoke"),
    path("security/sessions/", own.Sessions.as_view(), name="usersessions_list"),
    path("security/sessions/<int:pk>/end/", own.end_session, name="usersessions_end"),
]
