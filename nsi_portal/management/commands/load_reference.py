from typing import Any

from django.core.management.base import BaseCommand

import monitoring.quarters.loading
import regions.loading
import surveys.questionnaires.loading


class Command(BaseCommand):
    help = "Load the reference data: regions, ЖС, indicators, questionnaires, periods. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        for module in (regions.loading, surveys.questionnaires.loading, monitoring.quarters.loading):
            for what, number in module.load().items():
                self.stdout.write(f"{what}: {number}")
