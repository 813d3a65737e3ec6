"""What all of the API shares: how it reads what is sent.

Nothing here may import rest_framework.views: it reads this name from the settings while it is being imported.
"""

from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class PlainJSONParser(JSONParser):
    """JSON that is not nested without end. Its length is limited as that of any form (DATA_UPLOAD_MAX_MEMORY_SIZE)."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("Слишком много вложенных уровней.") from None
        except UnicodeDecodeError:
            raise ParseError("Запрос не в кодировке UTF-8.") from None
