"""The database itself refuses to change or remove a published collection, or the decision and clients it rests on."""

from django.db import migrations

MESSAGE = "a published quarter never changes"
# Table → SQL that is true when a published quarter rests on the old row.
LOCKED = {
    "monitoring_collection": "OLD.state = 'published'",
    "monitoring_weightdecision": """EXISTS (
        SELECT 1 FROM monitoring_collection c
        JOIN regions_regionlifesituation place ON place.id = c.region_life_situation_id
        JOIN monitoring_reportingperiod p ON p.id = c.period_id
        WHERE c.state = 'published' AND place.region_id = OLD.region_id AND p.year = OLD.year)""",
    "monitoring_servedclients": """EXISTS (
        SELECT 1 FROM monitoring_collection c
        JOIN regions_regionlifesituation place ON place.id = c.region_life_situation_id
        JOIN regions_institution i ON i.region_id = place.region_id
        WHERE c.state = 'published' AND i.id = OLD.institution_id AND c.period_id = OLD.period_id
        AND place.life_situation_id = OLD.life_situation_id)""",
}


# A number of people served that comes late would not be that of the published quarter either.
NO_MORE_ROWS = ("monitoring_servedclients",)


def lock(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in NO_MORE_ROWS:
        condition = LOCKED[table].replace("OLD.", "NEW.")
        if postgresql:
            schema_editor.execute(
                f"""
                CREATE FUNCTION {table}_is_complete() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF {condition} THEN
                        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                END $$
                """
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_complete BEFORE INSERT ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {table}_is_complete()"
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_complete BEFORE INSERT ON {table} FOR EACH ROW"
                f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
    for table, condition in LOCKED.items():
        if postgresql:
            schema_editor.execute(
                f"""
                CREATE FUNCTION {table}_is_locked() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF {condition} THEN
                        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                END $$
                """
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_locked BEFORE UPDATE OR DELETE ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {table}_is_locked()"
            )
        else:
            for event in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_locked_{event.lower()} BEFORE {event} ON {table} FOR EACH ROW"
                    f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                )


def unlock(apps, schema_editor):
    for table in NO_MORE_ROWS:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER {table}_complete ON {table}")
            schema_editor.execute(f"DROP FUNCTION {table}_is_complete()")
        else:
            schema_editor.execute(f"DROP TRIGGER {table}_complete")
    for table in LOCKED:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER {table}_locked ON {table}")
            schema_editor.execute(f"DROP FUNCTION {table}_is_locked()")
        else:
            schema_editor.execute(f"DROP TRIGGER {table}_locked_update")
            schema_editor.execute(f"DROP TRIGGER {table}_locked_delete")


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [migrations.RunPython(lock, unlock)]
