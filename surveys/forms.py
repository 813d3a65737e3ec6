"""Forms of links: is the input well-formed?"""

from datetime import date, timedelta
from typing import Any

from django import forms

from regions.forms.fields import DateInput
from regions.models import Institution, LifeSituation
from surveys.models import SurveyLink

# A year typed with a slip of the finger is no window anybody means.
LONGEST_AHEAD = timedelta(days=5 * 366)


class LinkForm(forms.ModelForm):
    class Meta:
        model = SurveyLink
        fields = ("life_situation", "channel", "label", "opens_on", "closes_on")
        widgets = {"opens_on": DateInput(), "closes_on": DateInput(), "channel": forms.RadioSelect()}
        labels = {"opens_on": "Открыть с", "closes_on": "Принимать ответы по"}
        help_texts = {
            "label": "Видна только вам, например «Плакат в регистратуре»",
            "closes_on": "Последний день приёма, до 24:00 по времени региона. Пустое поле: пока не закроете сами",
        }

    def __init__(self, *args: Any, institution: Institution, today: date, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"opens_on": today, "channel": SurveyLink.Channel.POSTER})
        super().__init__(*args, **kwargs)
        self.today = today
        situations = LifeSituation.objects.filter(pk__in=institution.participations.values("life_situation"))
        field = self.fields["life_situation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = situations
        if len(situations) == 1:
            field.initial = situations[0]
            field.empty_label = None
        channel = self.fields["channel"]
        assert isinstance(channel, forms.ChoiceField)
        channel.choices = SurveyLink.Channel.choices

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("opens_on", "closes_on"):
            if (day := cleaned.get(name)) and day > self.today + LONGEST_AHEAD:
                self.add_error(name, "Этот день слишком далеко, проверьте год")
        # Without those that were found wrong just now.
        opens_on, closes_on = cleaned.get("opens_on"), cleaned.get("closes_on")
        if closes_on and closes_on < self.today:
            self.add_error("closes_on", "Этот день уже прошёл")
        elif opens_on and closes_on and closes_on < opens_on:
            self.add_error("closes_on", "Последний день не может быть раньше первого")
        return cleaned
