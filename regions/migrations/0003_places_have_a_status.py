"""ЖС taken before there were stages stand at «выбрана» since they were taken; their regions take part since the first."""

from django.db import migrations
from django.db.models import F, Min, OuterRef, Subquery


def begin(apps, schema_editor):
    places = apps.get_model("regions", "RegionLifeSituation").objects
    places.filter(status_since=None).update(status_since=F("since"))
    first = places.filter(region=OuterRef("pk")).order_by().values("region").annotate(first=Min("since"))
    taken = apps.get_model("regions", "Region").objects.filter(participates_since=None, life_situations__isnull=False)
    apps.get_model("regions", "Region").objects.filter(pk__in=taken.values("pk")).update(
        participates_since=Subquery(first.values("first")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [("regions", "0002_structure_people_history")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
