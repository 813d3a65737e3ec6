import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring.models import ReportingPeriod
from monitoring.quarters.results import MAIN_MEASURES, QuarterResult
from monitoring.quarters.services import find_collection, result_of
from regions.models import RegionLifeSituation


class Command(BaseCommand):
    help = (
        "Print the КПЭ of a region's ЖС for a period: counts, weights and unrounded values of institutions and region."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--region", required=True, help="code of the region, for example RU-NIZ")
        parser.add_argument("--life-situation", required=True, help="code of the ЖС, for example employment-centre")
        parser.add_argument("--period", required=True, help="code of the period, for example 2026-Q4")
        parser.add_argument("--format", choices=["json", "text"], default="text")
        parser.add_argument(
            "--full",
            action="store_true",
            help="with json: the whole passport (all measures, checksum, what was left out)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        place = (
            RegionLifeSituation.objects.select_related("region", "life_situation")
            .filter(region__code=options["region"].upper(), life_situation__code=options["life_situation"])
            .first()
        )
        if place is None:
            raise CommandError(
                f"Регион {options['region']} не ведёт ЖС {options['life_situation']}: проверьте оба кода."
            )
        period = ReportingPeriod.objects.filter(code=options["period"].upper()).first()
        if period is None:
            raise CommandError(f"Нет отчётного периода {options['period']}: код выглядит как 2026-Q4.")
        result = result_of(find_collection(place, period))
        if result.scheme is None:
            self.stderr.write(f"На {period.year} год нет решения РШ о весах: значения региона не рассчитаны.")
        if result.missing_weights:
            self.stderr.write("Не указано число обслуженных: " + "; ".join(result.missing_weights))
        if options["format"] == "json":
            document = result.document() if options["full"] else brief(result)
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            self._write_text(result)

    def _write_text(self, result: QuarterResult) -> None:
        self.stdout.write(
            f"{result.region} {result.life_situation} {result.period}, веса: {result.scheme or 'не решено'}"
        )
        rows = [("Регион", result.eligible, result.values)]
        rows += [(one.name, one.counts.eligible, one.values) for one in result.institutions]
        for name, eligible, values in rows:
            self.stdout.write(f"{name}: учтено ответов {eligible}")
            for measure in MAIN_MEASURES:
                one = values[measure]
                self.stdout.write(f"  {measure}: {one.value} ({one.low}…{one.high}), n = {one.n}")


def brief(result: QuarterResult) -> dict[str, Any]:
    """The document of the command-line door: the three КПЭ and the counts they come from."""
    full = result.document()
    return {
        **{key: full[key] for key in ("region", "life_situation", "period", "scheme")},
        "institutions": [
            {
                "id": one["id"],
                "name": one["name"],
                "weight": one["weight"],
                "counts": {
                    **{key: one["counts"][key] for key in ("received", "eligible", "satisfaction", "nps")},
                    "days": {key: one["counts"]["days"][key] for key in ("n", "sum", "max")},
                },
                "values": {measure: one["values"][measure] for measure in MAIN_MEASURES},
            }
            for one in full["institutions"]
        ],
        "values": {measure: full["values"][measure] for measure in MAIN_MEASURES},
    }
