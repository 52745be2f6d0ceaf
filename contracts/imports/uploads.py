"""Refusing a file that is too large while it arrives, before it fills a disk."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.urls import reverse

FORM_ROOM = 64 * 1024  # bytes for the lines between the parts of a form


class ImportUploadHandler(FileUploadHandler):
    """First in FILE_UPLOAD_HANDLERS, for the page of imports alone: everything over the limit is read away and not kept.

    The rest of the form is read as always, so the page can say at the field which file it was (`request.too_large`). A body that
    says at once how long it is loses its file with the first byte.
    """

    is_import = False
    total = 0

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """(input_data, META, content_length, boundary, encoding)"""
        if self.request is not None and self.request.path_info == reverse("contracts:imports"):
            self.is_import = True
            self.total = args[2]

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0
        if self.is_import and self.total > settings.LIMITS["import_bytes"] + FORM_ROOM:
            self._refuse()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.is_import and self.received > settings.LIMITS["import_bytes"]:
            self._refuse()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def _refuse(self) -> None:
        self.request.too_large = self.file_name  # type: ignore[union-attr]
        raise SkipFile
