from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from surveys.counting import rollups


class Command(BaseCommand):
    help = "Prove that the daily rollup equals the raw answers; with --rebuild make it anew first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="make the rollup anew from the raw answers")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["rebuild"]:
            rollups.rebuild()
        else:
            rollups.roll_up(now)
        differences = rollups.find_differences(now)
        for one in differences[:50]:
            self.stderr.write(
                f"учреждение {one.institution_id}, ЖС {one.life_situation_id}, {one.day}, {one.measure}={one.value}: "
                f"в итогах {one.rolled_up}, в ответах {one.raw}"
            )
        if differences:
            raise CommandError(
                f"Итоги расходятся с ответами в {len(differences)} местах. Исправить: check_rollups --rebuild"
            )
        self.stdout.write("Дневные итоги совпадают с ответами.")
