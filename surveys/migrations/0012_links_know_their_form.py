from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveys", "0005_questionnaires_fieldwork_quality_comments")]

    operations = [
        migrations.AddField(
            model_name="surveylink",
            name="form_key",
            field=models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True),
        ),
    ]
