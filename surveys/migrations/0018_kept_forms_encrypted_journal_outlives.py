"""Forms kept for later lie encrypted; the journal of texts read as typed outlives the answers; links know what was said.

The table of kept forms is made anew: those begun before live three days at most and cannot be encrypted, as only the
phones have their tokens. Dropped, the table leaves nothing readable on the disk, as deleted rows would.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def tell_places(apps, schema_editor):
    readings = apps.get_model("surveys", "RawReading").objects
    comment = apps.get_model("surveys", "Comment").objects.filter(pk=OuterRef("comment"))
    readings.update(
        institution=Subquery(comment.values("institution")), answered_on=Subquery(comment.values("answered_on"))
    )


def forget_orphans(apps, schema_editor):
    """Back to a table in which no record stands without its comment."""
    apps.get_model("surveys", "RawReading").objects.filter(comment=None).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("regions", "0005_approval_says_why_withdrawn"),
        ("surveys", "0014_entries_taken_back_and_problems_of_imports"),
    ]

    operations = [
        migrations.DeleteModel("FillingDraft"),
        migrations.CreateModel(
            name="FillingDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("content", models.BinaryField(verbose_name="введено, зашифровано")),
                ("updated_at", models.DateTimeField()),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="surveys.surveylink"
                    ),
                ),
            ],
            options={
                "verbose_name": "начатая анкета",
                "verbose_name_plural": "начатые анкеты",
                "indexes": [models.Index(fields=["updated_at"], name="filling_draft_age")],
            },
        ),
        migrations.AddField(
            "rawreading",
            "institution",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="regions.institution",
                verbose_name="учреждение",
            ),
        ),
        migrations.AddField("rawreading", "answered_on", models.DateField("дата ответа", null=True)),
        migrations.AlterField(
            "rawreading",
            "comment",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="raw_readings",
                to="surveys.comment",
            ),
        ),
        migrations.RunPython(tell_places, forget_orphans, elidable=True),
        migrations.AlterField(
            "rawreading",
            "institution",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="regions.institution",
                verbose_name="учреждение",
            ),
        ),
        migrations.AlterField("rawreading", "answered_on", models.DateField("дата ответа")),
        migrations.AddField(
            "surveylink", "form_digest", models.CharField(blank=True, default="", editable=False, max_length=64)
        ),
    ]
