"""Stands in for curl where it is not installed: the options that the documents use, and no others."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import httpx


def main() -> int:
    """Send one request; print or keep its body."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("url")
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("-f", "--fail", action="store_true")
    parser.add_argument("-g", "--globoff", action="store_true")
    parser.add_argument("-X", "--request")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-d", "--data")
    parser.add_argument("-F", "--form")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("-w", "--write-out", default="")
    given = parser.parse_args()
    headers = dict(line.split(": ", 1) for line in given.header)
    if given.data is not None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    files = None
    if given.form is not None:
        field, _, path = given.form.partition("=@")
        files = {field: (Path(path).name, Path(path).read_bytes())}
    verb = given.request or ("GET" if given.data is None and files is None else "POST")
    answer = httpx.request(verb, given.url, headers=headers, content=given.data, files=files, timeout=120)
    if given.fail and answer.is_error:
        return 22
    if given.output is not None:
        given.output.write_bytes(answer.content)
    else:
        sys.stdout.buffer.write(answer.content)
    sys.stdout.write(given.write_out.replace("%{http_code}", str(answer.status_code)).replace("\\n", "\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
