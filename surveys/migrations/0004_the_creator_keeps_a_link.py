"""Links made before: whoever made them looks after them."""

from django.db import migrations
from django.db.models import F


def keep(apps, schema_editor):
    links = apps.get_model("surveys", "SurveyLink").objects.using(schema_editor.connection.alias)
    links.filter(kept_by=None).update(kept_by=F("created_by"))


class Migration(migrations.Migration):
    dependencies = [("surveys", "0003_links_have_a_keeper")]
    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
