from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = "Анкеты и ответы"

    def ready(self) -> None:
        # Registers what of this app passes to a successor, and what follows when an institution stops taking part.
        from surveys import open_work  # noqa: F401

        # Registers the bodies of its jobs, and what is made of answers when they are rolled up.
        from surveys.services import comments, imports, links  # noqa: F401
