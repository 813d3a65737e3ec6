r"""Signs that cannot be printed, stored or seen, and who refuses them. Pure.

| signs | are refused by |
| --- | --- |
| `UNWRITABLE` | XML, so XLSX and DOCX: control signs but tab and line ends, halves of surrogate pairs, \ufffe, \uffff |
| `UNPRINTABLE` | answers and questionnaires: the same and DEL, nobody types them; databases take no NUL and no halves |
| `TURNING` | whoever reads: unseen marks that turn the direction of all that follows |
"""

import re

_NOT_IN_XML = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"

UNWRITABLE = re.compile(f"[{_NOT_IN_XML}]")
UNPRINTABLE = re.compile(f"[{_NOT_IN_XML}\x7f]")
TURNING = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
