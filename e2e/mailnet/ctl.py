"""`mailnetctl`: scripts mailnet's providers and reads its record, from inside the container; JSON in and out."""

import argparse
import http.client
import shutil
import sys
import time
from typing import cast
from urllib.parse import quote, urlencode

CONTROL = ("127.0.0.1", 8025)
_TIMEOUT = 60.0  # the longest answer is a record of two million events, and it streams


def main() -> int:
    """Send one request; the exit status says whether it was granted: 1 is a refusal, 2 that mailnet is not there."""
    options = _parser().parse_args()
    deadline = time.monotonic() + getattr(options, "wait", 0.0)
    while True:
        try:
            return _print(_answer(*_request(options)))
        except OSError as error:
            if time.monotonic() >= deadline:
                print(f"mailnet does not answer on {CONTROL[0]}:{CONTROL[1]}: {error}", file=sys.stderr)
                return 2
            time.sleep(0.1)


def _answer(method: str, path: str, body: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(*CONTROL, timeout=_TIMEOUT)
    connection.request(method, path, body=body.encode() if body else None)
    return connection.getresponse()


def _print(response: http.client.HTTPResponse) -> int:
    granted = response.status == http.client.OK
    if (lost := response.headers.get("Lost", "0")) != "0":
        print(f"the record is incomplete: {lost} events did not fit", file=sys.stderr)
        granted = False
    sys.stdout.flush()
    out = sys.stdout.buffer if granted else sys.stderr.buffer
    shutil.copyfileobj(response, out)
    if response.headers.get_content_type() == "application/json":
        out.write(b"\n")
    return 0 if granted else 1


def _request(options: argparse.Namespace) -> tuple[str, str, str]:
    command = cast("str", options.command)
    match command:
        case "set":
            return "PUT", f"/providers/{quote(options.provider)}", options.script
        case "echo":
            return "PUT", "/echo", options.script
        case "reset" | "clear":
            return "POST", f"/{command}", ""
        case "counts" | "records":
            named = {name: value for name, value in vars(options).items() if value is not None and name != "command"}
            return "GET", f"/{command}?{urlencode(named)}", ""
    return "GET", "/status", ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mailnetctl", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    status = commands.add_parser("status", help="providers, connections, echo, size of the record")
    status.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="until mailnet has started")
    commands.add_parser("reset", help="every provider accepts, the echo tells the truth")
    commands.add_parser("clear", help="forget the record and the connection counts")
    setter = commands.add_parser("set", help="script one provider")
    setter.add_argument("provider")
    setter.add_argument("script", help='{"behaviour": [{"at": "rcpt", "share": "5%%", "reply": "unknown"}]}')
    echo = commands.add_parser("echo", help="script the address echo")
    echo.add_argument("script", help='{} | {"address": "192.0.2.1"} | {"stall": true} | {"refuse": true}')
    counts = _filtered(commands.add_parser("counts", help="count outcomes"))
    counts.add_argument("--by", help="fields, such as source,provider")
    records = _filtered(commands.add_parser("records", help="the record as JSON lines"))
    records.add_argument("--fields", help="only these fields")
    return parser


def _filtered(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--since", type=float, help="wall clock, seconds since the epoch")
    parser.add_argument("--after", type=int, help="sequence number")
    parser.add_argument("--message-id-prefix", help="without the angle bracket")
    parser.add_argument("--provider")
    parser.add_argument("--source", help="address")
    parser.add_argument("--outcome", help="accepted, deferred, rejected, stalled, closed, dropped")
    return parser


if __name__ == "__main__":
    sys.exit(main())
