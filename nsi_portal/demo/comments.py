"""Demonstration of comments: themes and stages, one problem, a masked text, and what an institution tells of."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from nsi_portal.demo.people import people_of
from regions.models import Institution, RegionLifeSituation
from regions.roles import Role
from surveys.models import Comment, ProcessStage, Response, Theme
from surveys.services import changes
from surveys.services import comments as services

# What the demonstration's people write → themes and stage of «Трудоустроиться через ЦЗН».
CODING = {
    "Долго ждали своей очереди": (("waiting",), "application"),
    "Попросили принести справку второй раз": (("documents",), "registration"),
    "Не объяснили, куда идти дальше": (("information",), "application"),
    "По телефону невозможно дозвониться": (("appointment",), "before"),
    "Записаться получилось только через две недели": (("appointment", "waiting"), "application"),
    "Сделайте запись через интернет на вечернее время": (("online", "proposal"), "application"),
}
# Left for whoever tries it.
CODED_OF = 3, 4
WITH_NAMES = (
    "Специалист Кузнецова Марина Олеговна отправила за второй справкой",
    "Звонил по 8 (831) 234-56-78, никто не берёт трубку",
    "Просила перезвонить на +7 926 123-45-67, Иванова А.П.",
)


@transaction.atomic
def show_comments() -> None:
    """Three quarters of the comments to the first institution of RU-NIZ are coded; some name people and telephones."""
    people = people_of("niz")
    place = RegionLifeSituation.objects.get(region__code="RU-NIZ", life_situation__code="employment-centre")
    institution = Institution.objects.filter(region=place.region, name__contains="города Нижнего Новгорода").get()
    of_place = Comment.objects.filter(institution__region=place.region, life_situation=place.life_situation)
    _name_somebody(
        of_place.filter(institution=institution, field="satisfaction_comment").order_by("-answered_on", "pk")
    )
    themes = {theme.code: theme for theme in Theme.objects.all()}
    stages = {one.code: one for one in ProcessStage.objects.filter(life_situation=place.life_situation)}
    now = timezone.now()
    for text, (codes, stage) in CODING.items():
        found = list(of_place.filter(text=text).order_by("answered_on", "pk").select_related("institution"))
        coded = found[: len(found) * CODED_OF[0] // CODED_OF[1]]
        if coded:
            services.code_comments(
                comments=coded,
                themes=[themes[code] for code in codes],
                stage=stages[stage],
                keeps_themes=False,
                keeps_stage=False,
                by=people[Role.HQ_MEMBER],
                at=now,
            )
    problem = services.add_problem(
        place=place,
        title="Справку просят принести второй раз",
        stage=stages["registration"],
        by=people[Role.HQ_MEMBER],
    )
    behind = of_place.filter(text="Попросили принести справку второй раз").select_related("institution")
    services.hand_over(comments=list(behind), problem=problem, by=people[Role.HQ_MEMBER])
    for said, done, days in (
        ("Долго ждали своей очереди", "Включили запись по времени и второе окно в часы, когда людей больше всего", 20),
        ("По телефону невозможно дозвониться", "Поставили вторую линию и обратный звонок в течение часа", 45),
    ):
        changes.tell(
            institution=institution,
            said=said,
            done=done,
            done_on=place.region.local_date() - timedelta(days=days),
            life_situation=place.life_situation,
            by=people[Role.NSI_ADMIN],
        )


def _name_somebody(comments: QuerySet[Comment]) -> None:
    """Instead of a few plain texts such as people write: the answers stay, their words are other ones."""
    for comment, text in zip(comments[:3], WITH_NAMES, strict=False):
        response = Response.objects.get(pk=comment.response_id)
        response.answers = {**response.answers, comment.field: text}
        response.save(update_fields=["answers"])
        comment.delete()
        services.make_comments([response.pk])
