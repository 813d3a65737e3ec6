"""A database is migrated wholly or refused with a word: never passed over."""

import pytest
from django.core.checks import Error
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from nsi_portal.checks import replaced_migrations_are_whole

pytestmark = pytest.mark.django_db


def found() -> list[Error]:
    return replaced_migrations_are_whole(None, databases=[connection.alias])


def test_a_database_with_all_of_them_or_none_is_migrated():
    assert found() == []
    MigrationRecorder.Migration.objects.filter(app="surveys").delete()
    assert found() == []


def test_one_that_stopped_half_way_is_refused_and_told_what_it_lacks():
    MigrationRecorder.Migration.objects.filter(app="surveys", name__gte="0018").delete()
    (error,) = found()
    assert error.id == "nsi_portal.E001"
    assert "0018_kept_forms_encrypted_journal_outlives, 0019_fewer_indexes_of_answers" in error.msg
    with pytest.raises(SystemCheckError, match="surveys"):
        call_command("migrate", verbosity=0, skip_checks=False)
