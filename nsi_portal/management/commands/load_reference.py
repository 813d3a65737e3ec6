from typing import Any

from django.core.management.base import BaseCommand

import monitoring.loading
import regions.loading
import surveys.loading


class Command(BaseCommand):
    help = "Load the reference data: regions, ЖС, indicators, questionnaires, periods. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        for module in (regions.loading, surveys.loading, monitoring.loading):
            for what, number in module.load().items():
                self.stdout.write(f"{what}: {number}")
