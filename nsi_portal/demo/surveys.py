"""Demonstration of surveys: what the subjects of the surveys app show besides links and answers.

Each step is a function that takes nothing, is listed in `STEPS`, and runs once, after the quarters and the structure.
"""

from collections.abc import Callable

from nsi_portal.demo.comments import show_comments
from nsi_portal.demo.fieldwork import show_fieldwork
from nsi_portal.demo.filling import show_filling
from nsi_portal.demo.interviews import show_interviews
from nsi_portal.demo.printing import print_blanks
from nsi_portal.demo.quality import show_data_quality
from nsi_portal.demo.questionnaires import compose_questionnaires

STEPS: tuple[Callable[[], None], ...] = (
    show_fieldwork,
    show_data_quality,
    print_blanks,
    compose_questionnaires,
    show_comments,
    show_filling,
    show_interviews,
)


def load_surveys() -> None:
    for step in STEPS:
        step()
