"""An institution that left a ЖС may come back: two rows of one pair, of which at most one has no end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("regions", "0003_places_have_a_status"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="participation",
            options={
                "ordering": ("institution", "life_situation", "since"),
                "verbose_name": "участие в жизненной ситуации",
                "verbose_name_plural": "участие в жизненных ситуациях",
            },
        ),
        migrations.RemoveConstraint(
            model_name="participation",
            name="institution_takes_part_once",
        ),
        migrations.AddConstraint(
            model_name="participation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None)),
                fields=("institution", "life_situation"),
                name="one_participation_without_end",
            ),
        ),
    ]
