from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from nsi_portal.demo.loading import load
from nsi_portal.demo.people import is_loaded
from regions.models import Region


class Command(BaseCommand):
    help = "Fill two regions with people of every role, institutions, links and four quarters of answers. Done once."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Демонстрационные данные с известными паролями в рабочий портал не загружаются.")
        if not Region.objects.exists():
            raise CommandError("Сначала загрузите справочники: manage.py load_reference")
        if is_loaded():
            self.stdout.write("Демонстрационные данные уже загружены.")
            return
        stored = load(timezone.localdate())
        self.stdout.write(f"Загружены демонстрационные данные: ответов {stored}.")
