"""The syntax of main.cf and master.cf: write what was meant, read it back, and refuse a difference.

Postfix expands `$`, folds lines that begin with a space and takes `#` for a comment, so a value that slipped through
could mean something else than what it says. Nothing here knows which settings a relay needs.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

HEADER = "# Rendered by the SMTP pool operator: changes are overwritten.\n"
NAME = re.compile(r"[a-z0-9][A-Za-z0-9_-]*")
PRINTABLE = re.compile(r"[ -~]*")
FOREIGN = re.compile(r"[^!-~]|[#$\\\"'`{}]")


class PostfixRenderError(ValueError):
    """A value that must not reach a configuration file, or a text that reads back differently."""


class Service(NamedTuple):
    """One line of master.cf; no service runs in a chroot. `limit` None is `default_process_limit`."""

    name: str
    kind: str
    command: str
    private: bool = True
    wakeup: int | None = None
    limit: int | None = None
    options: tuple[tuple[str, str], ...] = ()


def typed(pattern: str, value: str) -> str:
    """`value` if the whole of it matches the API's pattern for its type and holds nothing that Postfix interprets."""
    if re.fullmatch(pattern, value) is None or FOREIGN.search(value) or not value:
        raise PostfixRenderError(f"{value!r} does not match {pattern}")
    return value


def format_main(parameters: Mapping[str, str]) -> str:
    """Text of main.cf, one line per parameter in the given order."""
    text = HEADER + "".join(f"{name} = {value}".rstrip() + "\n" for name, value in parameters.items())
    _compare(dict(parameters), parse_main(text))
    return text


def parse_main(text: str) -> dict[str, str]:
    """Parameters as Postfix would read them; an error for a form that we never write."""
    parameters: dict[str, str] = {}
    for line in _lines(text):
        name, separator, value = line.partition("=")
        if not separator or name.strip() in parameters or not NAME.fullmatch(name.strip()):
            raise PostfixRenderError(f"main.cf: unexpected line {line!r}")
        parameters[name.strip()] = value.strip()
    return parameters


def format_master(services: Iterable[Service]) -> str:
    """Text of master.cf, one line per service in the given order."""
    wanted = list(services)
    text = HEADER + "".join(" ".join(_fields(service)) + "\n" for service in wanted)
    if (found := parse_master(text)) != wanted:
        raise PostfixRenderError(f"master.cf reads back as {found!r}, not as {wanted!r}")
    return text


def parse_master(text: str) -> list[Service]:
    """Services as Postfix would read them; an error for a form that we never write."""
    services = [_service(line) for line in _lines(text)]
    if len({(service.name, service.kind) for service in services}) != len(services):
        raise PostfixRenderError("master.cf: a service stands twice")
    return services


def _lines(text: str) -> list[str]:
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    for line in lines:
        if line[0].isspace() or not PRINTABLE.fullmatch(line):
            raise PostfixRenderError(f"continued or unprintable line {line!r}")
    return lines


def _fields(service: Service) -> list[str]:
    private = "-" if service.private else "n"
    wakeup, limit = ("-" if number is None else str(number) for number in (service.wakeup, service.limit))
    options = [word for name, value in service.options for word in ("-o", f"{name}={value}")]
    return [service.name, service.kind, private, "-", "n", wakeup, limit, service.command, *options]


def _service(line: str) -> Service:
    match line.split(" "):
        case [name, kind, ("-" | "n") as private, "-", "n", wakeup, limit, command, *words]:
            pass
        case _:
            raise PostfixRenderError(f"master.cf: unexpected line {line!r}")
    numbers = [None if field == "-" else int(field) for field in (wakeup, limit)]
    return Service(name, kind, command, private == "-", numbers[0], numbers[1], _options(words))


def _options(words: list[str]) -> tuple[tuple[str, str], ...]:
    flags, settings = words[::2], words[1::2]
    if any(flag != "-o" for flag in flags) or len(flags) != len(settings):
        raise PostfixRenderError(f"master.cf: unexpected options {words!r}")
    pairs = [setting.partition("=") for setting in settings]
    if any(not separator or not NAME.fullmatch(name) for name, separator, _ in pairs):
        raise PostfixRenderError(f"master.cf: unexpected options {words!r}")
    return tuple((name, value) for name, _, value in pairs)


def _compare(wanted: dict[str, str], found: dict[str, str]) -> None:
    if wanted != found:
        different = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        raise PostfixRenderError(f"main.cf reads back differently: {', '.join(different)}")
