"""What people may send along: documents of decisions and materials. Checked before anything is stored or unpacked."""

from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404

from regions.models.documents import DecisionDocument

MAX_DOCUMENT_BYTES = 15 * 2**20
# Ending → how such a file begins. No macros, no HTML, no SVG, no programs.
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DOCUMENT_KINDS: dict[str, tuple[bytes, ...]] = {
    ".pdf": (b"%PDF-",),
    ".docx": (_ZIP,),
    ".xlsx": (_ZIP,),
    ".pptx": (_ZIP,),
    ".odt": (_ZIP,),
    ".doc": (_OLE,),
    ".xls": (_OLE,),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
}
_ENDINGS = ", ".join(sorted({ending.lstrip(".") for ending in DOCUMENT_KINDS}))


def check_document(upload: UploadedFile) -> None:
    """Raise ValidationError (Russian) unless the file is a document of a known kind and of bearable size."""
    ending = PurePath(upload.name or "").suffix.lower()
    if ending not in DOCUMENT_KINDS:
        raise ValidationError(f"Такой файл принять нельзя. Подходят: {_ENDINGS}")
    if not upload.size:
        raise ValidationError("Файл пуст")
    if upload.size > MAX_DOCUMENT_BYTES:
        raise ValidationError(f"Файл больше {MAX_DOCUMENT_BYTES // 2**20} МБ. Уменьшите его или разделите")
    upload.seek(0)
    beginning = upload.read(8)
    upload.seek(0)
    if not beginning.startswith(DOCUMENT_KINDS[ending]):
        raise ValidationError(f"Содержимое файла не похоже на {ending.lstrip('.').upper()}. Сохраните документ заново")


class DocumentField(forms.FileField):
    """A file field that takes documents only."""

    widget = forms.ClearableFileInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", f"{_ENDINGS}; до {MAX_DOCUMENT_BYTES // 2**20} МБ")
        super().__init__(max_length=200, validators=[], **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        found = super().clean(data, initial)
        if isinstance(found, UploadedFile):
            check_document(found)
        return found


def document_response(document: DecisionDocument) -> FileResponse:
    """The file of a document as a download, never shown in the page. Raises Http404 when there is none."""
    if not document.document_file:
        raise Http404
    name = document.document_name or PurePath(str(document.document_file.name)).name
    return stored_file_response(document.document_file, name)


def stored_file_response(file: Any, name: str) -> FileResponse:
    try:
        opened = file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    # As a plain stream: whatever is in it, the browser only saves it.
    return FileResponse(opened, as_attachment=True, filename=name, content_type="application/octet-stream")
