"""The guide's uses of curl, for machines without it: `python -m tests.support.curl` and arguments.

Every unknown option is refused, so that the guide cannot use a new option unnoticed.
"""

import argparse
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

FAILED = 22


def asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    parser.add_argument("-s", dest="silent", action="store_true")
    parser.add_argument("-S", dest="show_error", action="store_true")
    parser.add_argument("--fail-with-body", action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("url")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Print the body of the answer; 22 for a status of 400 or more with --fail-with-body, as curl does."""
    given = asked(arguments)
    data = given.data
    if data is not None and data.startswith("@"):
        data = Path(data[1:]).read_text(encoding="utf-8").replace("\n", "")
    data = None if data is None else data.encode()
    headers = dict(header.split(": ", 1) for header in given.headers)
    url = urlsplit(given.url)
    method = given.method or ("GET" if data is None else "POST")
    connection = HTTPConnection(url.netloc, timeout=60)
    connection.request(method, f"{url.path}?{url.query}" if url.query else url.path, data, headers)
    answer = connection.getresponse()
    sys.stdout.write(answer.read().decode())
    connection.close()
    if answer.status < 400 or not given.fail_with_body:
        return 0
    sys.stderr.write(f"curl: ({FAILED}) The requested URL returned error: {answer.status}\n")
    return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
