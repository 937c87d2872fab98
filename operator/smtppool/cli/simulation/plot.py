"""A run as an SVG: the score of each member over time, the two limits, and a mark where something was done."""

from datetime import timedelta
from xml.sax.saxutils import escape

from smtppool.cli.simulation.run import BACK, History
from smtppool.cli.simulation.show import clock
from smtppool.policy.health.decision import Action
from smtppool.policy.health.settings import Settings

WIDTH, HEIGHT = 960, 360
LEFT, TOP, RIGHT, BOTTOM = 50, 20, 150, 40
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999")  # Okabe and Ito


def svg(history: History, settings: Settings, duration: timedelta) -> str:
    """The text of the file. A member out of traffic has a dotted line."""
    names = list(history.samples[0].members) if history.samples else []
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        "<style>text {font-size: 12px}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *(_level(value, str(value), "#dddddd") for value in (0, 20, 40, 60, 100)),
        _level(settings.restore_at, f"restoreAt {settings.restore_at}", "#009e73"),
        _level(settings.remove_below, f"removeBelow {settings.remove_below}", "#d55e00"),
        *(_moment(duration * place / 6, duration) for place in range(7)),
    ]
    for place, name in enumerate(names):
        colour = COLOURS[place % len(COLOURS)]
        parts += _lines(history, name, colour, duration)
        below = HEIGHT - BOTTOM - 16 * (len(names) - 1 - place)  # clear of the limits' labels
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{below}" fill="{colour}">{escape(name)}</text>')
    parts += _marks(history, duration)
    return "\n".join([*parts, "</svg>", ""])


def _x(at: timedelta, duration: timedelta) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (at / duration), 1)


def _y(score: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * score / 100, 1)


def _level(value: float, label: str, colour: str) -> str:
    y = _y(value)
    line = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="{colour}"/>'
    side = (LEFT - 6, "end") if label.isdigit() else (WIDTH - RIGHT + 6, "start")
    return f'{line}<text x="{side[0]}" y="{y + 4}" text-anchor="{side[1]}">{label}</text>'


def _moment(at: timedelta, duration: timedelta) -> str:
    return f'<text x="{_x(at, duration)}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{clock(at)}</text>'


def _lines(history: History, name: str, colour: str, duration: timedelta) -> list[str]:
    """One polyline for each stretch of the same kind; moments without a score break the line."""
    stretches: list[tuple[bool, list[str]]] = []
    broken = True
    for sample in history.samples:
        score, _, share = sample.members[name]
        if score is None:
            broken = True
            continue
        point, solid = f"{_x(sample.at, duration)},{_y(score)}", share > 0
        if broken or stretches[-1][0] is not solid:
            before = [] if broken else stretches[-1][1][-1:]
            stretches.append((solid, before))
        stretches[-1][1].append(point)
        broken = False
    return [
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{" ".join(points)}"'
        f"{'' if solid else ' stroke-dasharray=' + chr(34) + '2 4' + chr(34)}/>"
        for solid, points in stretches
    ]


def _marks(history: History, duration: timedelta) -> list[str]:
    """Red for a cut, green for the way back; the reason shows when a pointer rests on it."""
    found = []
    for event in history.happened:
        if isinstance(event.what, Action):
            colour = "#2a9d4a" if event.what.kind in BACK else "#c1121f"
            told = escape(f"{clock(event.at)} {event.what.kind} {event.what.subject}: {event.what.message}")
            x = _x(event.at, duration)
            found.append(
                f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{colour}" stroke-dasharray="4 3">'
                f"<title>{told}</title></line>"
            )
    return found
