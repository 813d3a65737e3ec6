"""`python -m benchmarks`: starts PostgreSQL and gunicorn of its own, measures, prints the table, stops them."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import servers

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000], help="numbers of answers")
    parser.add_argument("--seconds", type=int, default=2, help="length of each load")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("make bench needs the load generator wrk. As root: apt-get install wrk", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="nsi-bench-") as folder:
        tmp = Path(folder)
        tmp.chmod(0o711)
        # Durable: an answer that was thanked for must survive a power cut, and so must the yardstick's row.
        with servers.postgres(tmp, durable=True) as database_url:
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
                "DATABASE_URL": database_url,
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

            return run(tmp, sizes=options.sizes, seconds=options.seconds)


if __name__ == "__main__":
    sys.exit(main())
