"""One of many senders in the race test: a process that sends its bodies, each exactly when all the others do.

Takes on standard input {"port", "path", "bodies", "start", "step"}; prints [status, checksum of the page] per body.
"""

import hashlib
import http.client
import json
import re
import sys
import time


def main() -> None:
    task = json.load(sys.stdin)
    results = []
    for number, body in enumerate(task["bodies"]):
        moment = task["start"] + number * task["step"]
        connection = http.client.HTTPConnection("127.0.0.1", task["port"], timeout=60)
        # Waking up takes longer than the race: the last millisecond is waited out awake.
        time.sleep(max(0, moment - time.time() - 0.001))
        while time.time() < moment:
            pass
        connection.request("POST", task["path"], body, {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        # Every page of thanks has a key of its own, for what is asked after it.
        page = re.sub(rb'name="key" value="[^"]*"', b"", response.read())
        results.append([response.status, hashlib.sha256(page).hexdigest()])
        connection.close()
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
