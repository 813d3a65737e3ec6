from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = "Мониторинг"

    def ready(self) -> None:
        # Registers the bodies of its jobs, and which days no decision about answers may change any more.
        from monitoring.fieldwork import reminders  # noqa: F401
        from monitoring.quarters import locks, services  # noqa: F401
        from monitoring.survey_results import export  # noqa: F401
