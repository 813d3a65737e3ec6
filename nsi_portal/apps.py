from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "nsi_portal"
