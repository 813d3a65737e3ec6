"""Forms of files of answers: is the input well-formed?"""

from pathlib import PurePath

from django import forms
from django.core.files.uploadedfile import UploadedFile

from regions.spreadsheets import MAX_FILE_BYTES


class AnswersFileForm(forms.Form):
    file = forms.FileField(
        label="Файл с ответами",
        help_text=f"Книга Excel (.xlsx) до {MAX_FILE_BYTES // 2**20} МБ, заполненная по шаблону этой ссылки",
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        max_length=200,
    )

    def clean_file(self) -> UploadedFile:
        # Before a byte of it is read or kept.
        upload: UploadedFile = self.cleaned_data["file"]
        ending = PurePath(upload.name or "").suffix.lower()
        if ending in (".xlsm", ".xltm", ".xlsb"):
            raise forms.ValidationError("В таком файле могут быть макросы. Сохраните его как «Книга Excel (.xlsx)»")
        if ending != ".xlsx":
            raise forms.ValidationError("Нужна книга Excel (.xlsx). Сохраните файл в этом виде и пришлите его снова")
        if upload.size and upload.size > MAX_FILE_BYTES:
            raise forms.ValidationError(f"Файл больше {MAX_FILE_BYTES // 2**20} МБ. Разделите его на части")
        return upload


class UndoForm(forms.Form):
    reason = forms.CharField(
        label="Почему загрузку нужно отозвать",
        help_text="Например: «Загружен файл другого учреждения». Причину увидит тот, кто подтверждает",
        max_length=300,
    )

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())
