from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from monitoring.models import Collection
from monitoring.quarters.services import late_answers
from regions.spreadsheets import MAX_FILE_BYTES
from surveys.links.tokens import normalize_short_code
from surveys.models import SurveyLink
from surveys.paper.importing import ImportRefused, ImportResult, build_template, import_file
from surveys.services.imports import load_at_once

SHOWN_PROBLEMS = 200


class Command(BaseCommand):
    help = "Загрузить ответы с бумажных анкет из файла XLSX. Файл с ошибками не загружается совсем."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.xlsx", help="файл с ответами")
        parser.add_argument("--link", required=True, metavar="CODE", help="короткий код ссылки на анкету или её токен")
        parser.add_argument("--by", metavar="EMAIL", help="почта того, кто загружает; без неё — только проверка")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="проверить файл и ничего не сохранять")
        what.add_argument("--template", action="store_true", help="записать в FILE.xlsx пустой файл для заполнения")

    def handle(
        self, *args: Any, file: Path, link: str, by: str | None, dry_run: bool, template: bool, **options: Any
    ) -> None:
        found = find_link(link)
        person = find_person(by) if by else None
        try:
            if template:
                self.write_template(file, found)
            elif dry_run:
                self.import_answers(file, found, None)
            elif person:
                self.import_answers(file, found, person)
            else:
                raise CommandError("Укажите, кто загружает: --by и почта человека. Загрузка записывается на его имя")
        except OSError as error:
            # A missing file, a folder in its place, a disk that is full: no fault of the program.
            raise CommandError(f"Не удаётся открыть {file} ({error.strerror or error})") from error

    def write_template(self, file: Path, link: SurveyLink) -> None:
        try:
            # "x": answers already typed in are not overwritten.
            with file.open("xb") as output:
                output.write(build_template(link.version.definition))
        except FileExistsError as error:
            raise CommandError(f"{file} уже есть. Укажите другое имя") from error
        self.stdout.write(f"Пустой файл для анкеты «{link.version.definition.title}» записан: {file}")

    def import_answers(self, file: Path, link: SurveyLink, by: User | None) -> None:
        """Load the file in the name of a person, or only check it without one."""
        dry_run = by is None
        try:
            # One byte more than a file may have: what is too large is refused and not read to its end.
            with file.open("rb") as source:
                content = source.read(MAX_FILE_BYTES + 1)
            result = self.take(link, file.name, content, by)
        except FileNotFoundError as error:
            raise CommandError(f"Нет файла {file}") from error
        except ImportRefused as refused:
            raise CommandError(described(refused)) from refused
        except PermissionDenied as error:
            raise CommandError("У этого человека нет права загружать ответы по этой ссылке") from error
        self.stdout.write(f"Прочитано анкет: {result.rows}")
        self.stdout.write(f"{'Будет сохранено' if dry_run else 'Сохранено'}: {result.stored}")
        self.stdout.write(f"Уже были: {result.repeated}")
        self.stdout.write(f"Из прочитанных учитываются в КПЭ: {result.eligible}")
        published = Collection.objects.published().concerning(link.institution, link.life_situation)
        for collection in published.with_places():
            if late := late_answers(collection):
                self.stdout.write(f"{collection.period} уже опубликован, в его значения не вошли ответы: {late}.")
        if result.repeated:
            self.stdout.write(
                "Если «уже были» — это анкеты других людей с такими же ответами, допишите их в конец прежнего файла"
                " и загрузите его целиком."
            )
        if dry_run:
            self.stdout.write("Это была проверка: ничего не сохранено.")

    def take(self, link: SurveyLink, name: str, content: bytes, by: User | None) -> ImportResult:
        if by is None:
            return import_file(link=link, content=content, now=timezone.now(), dry_run=True)
        return load_at_once(link=link, name=name, content=content, by=by)


def find_person(email: str) -> User:
    found = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if found is None:
        raise CommandError("Нет человека с такой почтой, который может входить на портал")
    return found


def find_link(code: str) -> SurveyLink:
    """The link by its token or by its short code, however that was typed."""
    links = SurveyLink.objects.with_places().filter(Q(token=code.strip()) | Q(short_code=normalize_short_code(code)))
    # Exactly one: a token and a short code never have the same length.
    link = links.first()
    if link is None:
        raise CommandError(f"Нет ссылки с кодом «{code}». Код напечатан на плакате, например ABCD-2345")
    return link


def described(refused: ImportRefused) -> str:
    problems = refused.problems
    lines = [f"Ничего не сохранено. Ошибок в файле: {len(problems)}", *map(str, problems[:SHOWN_PROBLEMS])]
    if len(problems) > SHOWN_PROBLEMS:
        lines.append(f"…и ещё {len(problems) - SHOWN_PROBLEMS}")
    return "\n".join(lines)
