"""One-time codes as an app on a phone makes them: RFC 6238, in its own few lines."""

import base64
import hashlib
import hmac
import struct
import time


def totp_code(secret: str, at: float | None = None, *, step: int = 0) -> str:
    counter = int(time.time() if at is None else at) // 30 + step
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    begin = digest[-1] & 15
    number = struct.unpack(">I", digest[begin : begin + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
