"""An index for the search of comments by stems (surveys.comments.lookups.HasStems). SQLite reads the rows of the region."""

from django.db import migrations

CREATE = "CREATE INDEX comment_stems ON surveys_comment USING gin (string_to_array(stems, ' '))"
DROP = "DROP INDEX IF EXISTS comment_stems"


def on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql)

    return run


class Migration(migrations.Migration):
    dependencies = [("surveys", "0005_questionnaires_fieldwork_quality_comments")]

    operations = [migrations.RunPython(on_postgresql(CREATE), on_postgresql(DROP))]
