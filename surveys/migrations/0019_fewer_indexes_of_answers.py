"""Each index costs every answer something: one that begins with the same column as another goes.

Answers of files get a small one of their own. The index for LIKE that comes with a unique text column goes too: nobody looks for keys by their beginning.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveys", "0018_kept_forms_encrypted_journal_outlives")]

    operations = [
        migrations.AddConstraint(
            model_name="response",
            constraint=models.UniqueConstraint(fields=["key"], name="response_key_once"),
        ),
        migrations.AlterField("response", "key", models.CharField(max_length=64)),
        migrations.AddIndex(
            model_name="response", index=models.Index(fields=["link", "answered_on"], name="response_of_link")
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(fields=["link", "id"], condition=models.Q(("mode", "file")), name="response_of_file"),
        ),
        migrations.AlterField(
            "response",
            "link",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="responses",
                to="surveys.surveylink",
                db_index=False,
            ),
        ),
        migrations.AlterField(
            "response",
            "life_situation",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="regions.lifesituation",
                db_index=False,
            ),
        ),
    ]
