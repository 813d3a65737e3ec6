"""The database itself refuses to change or remove a published questionnaire version."""

from django.db import migrations

POSTGRESQL = [
    """
    CREATE FUNCTION surveys_version_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a published questionnaire version never changes' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER surveys_version_locked BEFORE UPDATE OR DELETE ON surveys_questionnaireversion
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION surveys_version_is_locked()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER surveys_version_locked ON surveys_questionnaireversion",
    "DROP FUNCTION surveys_version_is_locked()",
]
SQLITE = [
    f"""
    CREATE TRIGGER surveys_version_locked_{event.lower()} BEFORE {event} ON surveys_questionnaireversion
    FOR EACH ROW WHEN OLD.published_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a published questionnaire version never changes'); END
    """
    for event in ("UPDATE", "DELETE")
]
SQLITE_BACK = [f"DROP TRIGGER surveys_version_locked_{event}" for event in ("update", "delete")]


def _run(postgresql, sqlite):
    def run(apps, schema_editor):
        for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
            schema_editor.execute(statement)

    return run


lock, unlock = _run(POSTGRESQL, SQLITE), _run(POSTGRESQL_BACK, SQLITE_BACK)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial")]
    operations = [migrations.RunPython(lock, unlock)]
