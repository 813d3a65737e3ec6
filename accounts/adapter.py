"""How allauth behaves here: people come by invitation, nobody signs up by themselves."""

from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        # The host of the request is the asker's word: a letter must not lead where a stranger wants.
        path: str = urlsplit(super().get_reset_password_from_key_url(key)).path
        return settings.PUBLIC_URL + path
