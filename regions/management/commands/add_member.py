import secrets
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from regions.models import Institution, LifeSituation, Region
from regions.roles import FEDERAL_ROLES, INSTITUTION_ROLES, Role
from regions.services.people import AlreadyHolds, PersonDisabled, first_day, give_role, home_of


class Command(BaseCommand):
    help = "Give a person a role: how the first people of a portal come in. A new password is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--name", default="", help="full name; needed for a new person")
        parser.add_argument("--region", default="", help="code of the region, for a regional role")
        parser.add_argument("--institution", type=int, help="number of the institution, for its representative")
        parser.add_argument("--life-situation", nargs="*", default=[], help="codes of the ЖС an hq_member answers for")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        role = Role(options["role"])
        region, institution = self._scope(role, options["region"], options["institution"])
        offered = LifeSituation.objects.available_in(region) if region else LifeSituation.objects.of_the_catalogue()
        situations = list(offered.filter(code__in=options["life_situation"]))
        unknown = set(options["life_situation"]) - {one.code for one in situations}
        if unknown:
            raise CommandError("Нет жизненных ситуаций с кодами: " + ", ".join(sorted(unknown)))
        if situations and role != Role.HQ_MEMBER:
            raise CommandError("Жизненные ситуации указывают только для роли hq_member.")
        if role == Role.HQ_MEMBER and not situations:
            raise CommandError("Укажите ЖС, за которые отвечает член РШ: --life-situation employment-centre.")
        user = self._person(options["email"], options["name"])
        try:
            # Whoever runs commands on the server is asked for no permission.
            membership = give_role(
                user=user,
                role=role,
                region=region,
                institution=institution,
                life_situations=situations,
                starts_on=first_day(home_of(region, institution), timezone.now()),
                granted_by=None,
                by=None,
            )
        except AlreadyHolds as error:
            self.stdout.write(f"{user.email}: {error.membership}, роль уже была")
        except PersonDisabled as error:
            raise CommandError(f"Вход на портал для {user.email} закрыт.") from error
        else:
            self.stdout.write(f"{user.email}: {membership}")

    def _scope(self, role: Role, code: str, number: int | None) -> tuple[Region | None, Institution | None]:
        if role in FEDERAL_ROLES:
            if code or number:
                raise CommandError("Федеральной роли не нужны ни регион, ни учреждение.")
            return None, None
        if role in INSTITUTION_ROLES:
            institution = Institution.objects.filter(pk=number).first() if number else None
            if institution is None:
                raise CommandError("Укажите номер учреждения: --institution.")
            return None, institution
        region = Region.objects.filter(code=code.upper()).first()
        if region is None:
            raise CommandError("Укажите код региона: --region RU-NIZ.")
        return region, None

    def _person(self, email: str, name: str) -> User:
        known = User.objects.filter(email__iexact=email.strip()).first()
        if known:
            return known
        if not name:
            raise CommandError("Это новый человек: укажите имя, --name.")
        password = secrets.token_urlsafe(12)
        try:
            validate_password(password)
            user = User.objects.create_user(email, password, full_name=name)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(f"Пароль для {user.email} (показывается один раз): {password}")
        return user
