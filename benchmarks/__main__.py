"""`python -m benchmarks`: starts PostgreSQL and gunicorn of its own, measures, prints the table, stops them."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import servers

# So long PostgreSQL is away in the soak.
OUTAGE_SECONDS = 5
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000], help="numbers of answers")
    parser.add_argument("--seconds", type=int, default=1, help="length of each load")
    parser.add_argument("--soak-rate", type=int, default=200, help="answers a second of the soak")
    parser.add_argument("--soak-seconds", type=int, default=60, help="length of the soak; 0 leaves it out")
    parser.add_argument("--only", choices=["page", "answers", "import", "soak"], help="this part alone")
    options = parser.parse_args()
    if options.only in (None, "page") and not shutil.which("wrk"):
        print("make bench needs the load generator wrk. As root: apt-get install wrk", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="nsi-bench-") as folder:
        tmp = Path(folder)
        tmp.chmod(0o711)
        # Durable: an answer that was thanked for must survive a power cut, and so must the yardstick's row.
        with servers.postgres_cluster(tmp, durable=True) as cluster, contextlib.ExitStack() as stack:
            database = stack.enter_context(cluster.running())
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
                "DATABASE_URL": cluster.url,
                "NSI_VAR": str(tmp / "var"),
                "BENCH_PAGE": os.devnull,
            }
            for command in (["migrate"], ["load_reference"], ["collectstatic", "--no-input"]):
                subprocess.run(
                    [sys.executable, "manage.py", *command, "-v0"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
                )
            import django

            django.setup()
            from benchmarks.measure import run

            def kill_and_start_again() -> None:
                os.killpg(database.pid, signal.SIGKILL)
                database.wait()
                time.sleep(OUTAGE_SECONDS)
                stack.enter_context(cluster.running())

            return run(tmp, options, kill_database=kill_and_start_again)


if __name__ == "__main__":
    sys.exit(main())
