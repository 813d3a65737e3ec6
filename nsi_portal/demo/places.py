"""The two regions of the demonstration with their institutions."""

from dataclasses import dataclass

from regions.models import Institution

TOWN, VILLAGE = Institution.Settlement.TOWN, Institution.Settlement.VILLAGE


@dataclass(frozen=True)
class DemoInstitution:
    name: str
    settlement: str
    locality: str
    life_situation: str
    per_quarter: int  # answers, about; 0 is a silent institution
    quality: float  # chance of a satisfied answer in the first quarter
    days: float  # how long people wait, about
    known_clients: bool = True  # whether the number of people served in the last quarter was entered


@dataclass(frozen=True)
class DemoRegion:
    code: str
    tag: str
    publishes: tuple[tuple[str, int], ...]  # ЖС and how many of the four quarters are published
    whole: bool  # whether its structure has all that is asked for
    institutions: tuple[DemoInstitution, ...]


REGIONS = (
    DemoRegion(
        "RU-NIZ",
        "niz",
        (),
        True,
        (
            DemoInstitution(
                "Центр занятости населения города Нижнего Новгорода",
                TOWN,
                "Нижний Новгород",
                "employment-centre",
                150,
                0.74,
                24,
            ),
            DemoInstitution(
                "Центр занятости населения города Дзержинска", TOWN, "Дзержинск", "employment-centre", 60, 0.86, 19
            ),
            DemoInstitution(
                "Центр занятости населения Шатковского округа", VILLAGE, "Шатки", "employment-centre", 22, 0.9, 14
            ),
            DemoInstitution(
                "Центр занятости населения Варнавинского округа", VILLAGE, "Варнавино", "employment-centre", 7, 0.8, 12
            ),
            DemoInstitution(
                "Центр занятости населения Краснобаковского округа",
                VILLAGE,
                "Красные Баки",
                "employment-centre",
                0,
                0,
                0,
            ),
            DemoInstitution(
                "Городская поликлиника № 7", TOWN, "Нижний Новгород", "health-primary-cardio", 110, 0.62, 9
            ),
            DemoInstitution(
                "Кардиологический диспансер",
                TOWN,
                "Нижний Новгород",
                "health-primary-cardio",
                75,
                0.83,
                12,
                known_clients=False,
            ),
            DemoInstitution(
                "Городецкая центральная районная больница", VILLAGE, "Смольки", "health-primary-cardio", 28, 0.7, 7
            ),
            DemoInstitution(
                "Комплексный центр социального обслуживания города Арзамаса",
                TOWN,
                "Арзамас",
                "social-home-care",
                45,
                0.92,
                6,
            ),
            DemoInstitution(
                "Комплексный центр социального обслуживания Вадского округа",
                VILLAGE,
                "Вад",
                "social-home-care",
                16,
                0.94,
                5,
            ),
        ),
    ),
    DemoRegion(
        "RU-TYU",
        "tyu",
        (("employment-centre", 3), ("health-primary-cardio", 1)),
        False,
        (
            DemoInstitution(
                "Центр занятости населения города Тюмени", TOWN, "Тюмень", "employment-centre", 170, 0.8, 18
            ),
            DemoInstitution(
                "Центр занятости населения города Тобольска", TOWN, "Тобольск", "employment-centre", 65, 0.78, 21
            ),
            DemoInstitution(
                "Центр занятости населения Уватского района", VILLAGE, "Уват", "employment-centre", 18, 0.88, 15
            ),
            DemoInstitution(
                "Центр занятости населения Вагайского района", VILLAGE, "Вагай", "employment-centre", 0, 0, 0
            ),
            DemoInstitution("Городская поликлиника № 3", TOWN, "Тюмень", "health-primary-cardio", 95, 0.71, 8),
            DemoInstitution("Областная больница № 11", VILLAGE, "Голышманово", "health-primary-cardio", 34, 0.66, 10),
            DemoInstitution(
                "Центр социального обслуживания города Ишима", TOWN, "Ишим", "social-home-care", 40, 0.9, 7
            ),
            DemoInstitution(
                "Центр социального обслуживания Абатского района", VILLAGE, "Абатское", "social-home-care", 14, 0.85, 6
            ),
        ),
    ),
)
