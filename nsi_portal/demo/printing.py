"""Demonstration of printed matter: numbered blanks of a link."""

from nsi_portal.demo.people import people_of
from regions.roles import Role
from surveys.models import SurveyLink
from surveys.services.blanks import reserve_blanks


def print_blanks() -> None:
    """Two batches of one link of the representative's institution: some more were printed when the first ran out."""
    rep = people_of("niz")[Role.INSTITUTION_REP]
    link = SurveyLink.objects.with_places().filter(institution__memberships__user=rep).earliest("pk")
    for count in (60, 25):
        reserve_blanks(link=link, count=count, by=rep)
