from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "nsi_portal"

    def ready(self) -> None:
        from nsi_portal import checks  # noqa: F401  (registers them)
