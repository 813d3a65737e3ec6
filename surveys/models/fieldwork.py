"""How answers come in: half-filled forms, paper and telephone, files, and what people think of the form."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from regions.models import Institution, LifeSituation
from regions.models.documents import document_path
from surveys.comments.querysets import ChangeMadeQuerySet
from surveys.models.links import SurveyLink
from surveys.models.questionnaires import QuestionnaireVersion
from surveys.models.responses import Response


class FillingDraft(models.Model):
    """A form somebody has begun and kept for later on the same phone. It is gone once the answers are sent.

    The phone holds a random token in a cookie, the portal what is made of it: a name to find the row by, and the form
    encrypted (`surveys.services.filling`). Without the cookie nobody reads what was typed, nothing here tells whose it
    is or which answers became of it, and nothing of it goes with the answers.
    """

    token_digest = models.CharField(max_length=64, unique=True)
    link = models.ForeignKey(SurveyLink, models.CASCADE, related_name="+")
    # What was typed, and the signed key of the page: the same answers arrive once, however often the form is resumed.
    content = models.BinaryField("введено, зашифровано")
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "начатая анкета"
        verbose_name_plural = "начатые анкеты"
        indexes = [models.Index(fields=["updated_at"], name="filling_draft_age")]

    def __str__(self) -> str:
        return f"{self.link_id}: {self.updated_at}"


class FormFeedback(models.Model):
    """How easy the form was, asked after it was sent. Not joined with the answers: a key of its own, no instant."""

    class Ease(models.IntegerChoices):
        EASY = 3, "Легко"
        SO_SO = 2, "Не очень"
        HARD = 1, "Трудно"

    key = models.CharField(max_length=64, unique=True)
    version = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="feedback")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    day = models.DateField()
    ease = models.PositiveSmallIntegerField("удобно ли было", choices=Ease)

    class Meta:
        verbose_name = "отзыв об анкете"
        verbose_name_plural = "отзывы об анкетах"

    def __str__(self) -> str:
        return f"{self.day}: {self.get_ease_display()}"


class BlankBatch(models.Model):
    """Printed blank questionnaires of a link with their numbers; the numbers of a link never repeat."""

    link = models.ForeignKey(SurveyLink, models.PROTECT, related_name="blank_batches")
    first = models.PositiveIntegerField("с номера")
    last = models.PositiveIntegerField("по номер")
    printed_at = models.DateTimeField("напечатаны", auto_now_add=True)
    printed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "выпуск бланков"
        verbose_name_plural = "выпуски бланков"
        ordering = ("link", "first")
        constraints = [
            models.UniqueConstraint(fields=["link", "first"], name="blank_numbers_begin_once"),
            models.CheckConstraint(condition=Q(last__gte=models.F("first")), name="blank_numbers_go_up"),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


class Entry(models.Model):
    """An answer typed in by staff from paper or by telephone: who typed it, and the number of the blank."""

    response = models.OneToOneField(Response, models.CASCADE, related_name="entry")
    link = models.ForeignKey(SurveyLink, models.PROTECT, related_name="+")
    blank_number = models.PositiveIntegerField("номер бланка", null=True, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто ввёл")
    entered_at = models.DateTimeField("введена")

    class Meta:
        verbose_name = "введённая анкета"
        verbose_name_plural = "введённые анкеты"
        ordering = ("-entered_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["link", "blank_number"],
                condition=Q(blank_number__isnull=False),
                name="a_blank_is_entered_once",
            )
        ]

    def __str__(self) -> str:
        return f"№ {self.blank_number}" if self.blank_number else f"анкета {self.pk}"


class EntryWithdrawal(models.Model):
    """A form taken back by whoever typed it in, on the same day: its answers are gone, that it was there is not."""

    link = models.ForeignKey(SurveyLink, models.PROTECT, related_name="+")
    blank_number = models.PositiveIntegerField("номер бланка", null=True, blank=True)
    mode = models.CharField("как получена", max_length=10, choices=Response.Mode)
    answered_on = models.DateField("дата заполнения")
    entered_at = models.DateTimeField("введена")
    # The same blank typed in anew is drawn again.
    was_drawn = models.BooleanField("назначен повторный ввод", default=False)
    reason = models.CharField("причина", max_length=300)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто снял"
    )
    withdrawn_at = models.DateTimeField("снята")

    class Meta:
        verbose_name = "снятая анкета"
        verbose_name_plural = "снятые анкеты"
        ordering = ("-withdrawn_at", "-pk")
        indexes = [models.Index(fields=["link", "blank_number"], name="withdrawn_blank")]

    def __str__(self) -> str:
        return f"№ {self.blank_number}: {self.reason}" if self.blank_number else self.reason


class Recheck(models.Model):
    """A second operator types a random 5 % of the forms again. Differences are shown, not mended."""

    entry = models.OneToOneField(Entry, models.CASCADE, related_name="recheck")
    asked_at = models.DateTimeField("назначена")
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="кто проверил"
    )
    checked_at = models.DateTimeField("проверена", null=True, blank=True)
    # What the second operator typed, texts masked; field name → (first, second) where they differ.
    answers = models.JSONField(null=True, blank=True)
    differences = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = "повторный ввод"
        verbose_name_plural = "повторные вводы"
        ordering = ("asked_at", "pk")
        constraints = [
            models.CheckConstraint(
                name="recheck_is_done_or_not",
                condition=Q(checked_by=None, checked_at=None)
                | Q(checked_by__isnull=False, checked_at__isnull=False, differences__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry}: повторный ввод"


class ResponseImport(models.Model):
    """A file of digitised answers, from its dry run to its answers, or to their undoing by two people."""

    class State(models.TextChoices):
        CHECKING = "checking", "Проверяется"
        REFUSED = "refused", "Есть ошибки"
        CHECKED = "checked", "Проверен, можно загружать"
        LOADING = "loading", "Загружается"
        DONE = "done", "Загружен"
        CANCELLED = "cancelled", "Отменён"
        FAILED = "failed", "Не получилось"
        UNDONE = "undone", "Загрузка отозвана"

    link = models.ForeignKey(SurveyLink, models.PROTECT, related_name="imports", verbose_name="ссылка")
    file = models.FileField("файл", upload_to=document_path, max_length=200)
    file_name = models.CharField("имя файла", max_length=200)
    file_digest = models.CharField("контрольная сумма", max_length=64)
    # The same file with what is wrong marked and explained.
    marked = models.FileField("файл с пометками", upload_to=document_path, max_length=200, blank=True)
    state = models.CharField("состояние", max_length=10, choices=State, default=State.CHECKING)
    message = models.CharField("что не так", max_length=500, blank=True)
    rows = models.PositiveIntegerField("строк", null=True, blank=True)
    problems = models.PositiveIntegerField("замечаний", null=True, blank=True)
    # The first of them, as the page shows them: [{row, column, message}].
    problem_list = models.JSONField(null=True, blank=True)
    repeated = models.PositiveIntegerField("уже были", null=True, blank=True)
    stored = models.PositiveIntegerField("добавлено", null=True, blank=True)
    eligible = models.PositiveIntegerField("учитываются", null=True, blank=True)
    cancel_asked = models.BooleanField("просили остановить", default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто загрузил"
    )
    created_at = models.DateTimeField("прислан", auto_now_add=True)
    finished_at = models.DateTimeField("закончен", null=True, blank=True)
    # Taking the whole file back: one person asks and says why, another confirms.
    undo_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    undo_asked_at = models.DateTimeField(null=True, blank=True)
    undo_reason = models.CharField("почему отзывается", max_length=300, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "загрузка ответов"
        verbose_name_plural = "загрузки ответов"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                name="an_import_is_undone_by_two_people",
                condition=Q(undone_by=None)
                | (Q(undo_asked_by__isnull=False) & ~Q(undone_by=models.F("undo_asked_by"))),
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class ChangeMade(models.Model):
    """«Вы сказали — мы сделали»: what an institution changed after people's comments, told on the thank-you page."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="changes_made", verbose_name="учреждение")
    # Empty: told after the questionnaires of all its ЖС.
    life_situation = models.ForeignKey(
        LifeSituation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="жизненная ситуация"
    )
    said = models.CharField("вы сказали", max_length=300)
    done = models.CharField("мы сделали", max_length=300)
    done_on = models.DateField("когда сделано")
    is_shown = models.BooleanField("показывать ответившим", default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="кто внёс")
    created_at = models.DateTimeField("внесено", auto_now_add=True)

    objects = ChangeMadeQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "сделанное изменение"
        verbose_name_plural = "сделанные изменения"
        ordering = ("-done_on", "-pk")

    def __str__(self) -> str:
        return self.done
