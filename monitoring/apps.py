from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = "Мониторинг"

    def ready(self) -> None:
        # Registers the bodies of its jobs, and which days no decision about answers may change any more.
        from monitoring import answers_export, locks, reminders, services  # noqa: F401
