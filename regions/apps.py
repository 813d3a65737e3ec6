from django.apps import AppConfig


class RegionsConfig(AppConfig):
    name = "regions"
    verbose_name = "Регионы"

    def ready(self) -> None:
        from simple_history.signals import pre_create_historical_record

        from regions.middleware import note_acting_role

        # Register what of this app passes to a successor, and the body of its job.
        from regions.services import handover, letters_out  # noqa: F401

        pre_create_historical_record.connect(note_acting_role, dispatch_uid="regions.note_acting_role")
