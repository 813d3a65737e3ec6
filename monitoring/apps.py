from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = "Мониторинг"

    def ready(self) -> None:
        # Registers the bodies of its jobs.
        from monitoring import services  # noqa: F401
