"""Throughput, drawn as SVG: against requests in flight, and as bars."""

from .cases import Case
from .orders import IN_FLIGHT

PATH_COLOURS = {"pgbench": "#6b7280", "ipc": "#1d4ed8", "tcp": "#0891b2", "tls": "#7c3aed", "http": "#c2410c",
                "echo": "#9ca3af"}
PANELS = {
    "create": {"pgbench": "insert", "ipc": "create", "tcp": "create", "http": "create"},
    "get": {"pgbench": "select", "ipc": "get", "tcp": "get", "tls": "get", "http": "get", "echo": "echo"},
    "get and update, 90/10": {"ipc": "mix", "tcp": "mix"},
    "list of 100": {"ipc": "list", "tcp": "list"},
    "summary": {"ipc": "summary", "tcp": "summary", "http": "summary"},
}
PANEL_WIDTH, PANEL_HEIGHT, MARGIN = 300, 200, 56


def rounded_up(value: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    power = 10 ** (len(str(int(value))) - 1)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def panel(title: str, lines: dict, left: int, top: int) -> list[str]:
    highest = rounded_up(max((y for points in lines.values() for _, y in points), default=1))

    def at(x: int, y: float) -> str:
        column = IN_FLIGHT.index(x) / (len(IN_FLIGHT) - 1)
        return f"{left + column * PANEL_WIDTH:.1f},{top + PANEL_HEIGHT * (1 - y / highest):.1f}"

    svg = [f'<text x="{left}" y="{top - 10}" font-weight="bold">{title}</text>']
    for part in range(5):
        y = top + PANEL_HEIGHT * (1 - part / 4)
        svg.append(f'<path d="M{left} {y}h{PANEL_WIDTH}" stroke="#e5e7eb"/>')
        svg.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{highest * part / 4:,.0f}</text>')
    for x in IN_FLIGHT:
        column = at(x, 0).split(",")[0]
        svg.append(f'<text x="{column}" y="{top + PANEL_HEIGHT + 16}" text-anchor="middle">{x}</text>')
    for path, points in lines.items():
        colour = PATH_COLOURS[path]
        corners = [at(x, y) for x, y in points]
        svg.append(f'<polyline points="{" ".join(corners)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in (corner.split(",") for corner in corners):
            svg.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>')
    return svg


def plot(about: dict, cases: list[Case]) -> str:
    """Throughput against requests in flight: a panel for each operation, a line for each path to it."""
    measured = {(case.path, case.operation, case.in_flight): case.median("throughput") for case in cases if case.runs}
    across = 3
    step_x, step_y = PANEL_WIDTH + 2 * MARGIN, PANEL_HEIGHT + 2 * MARGIN
    width, height = across * step_x, 2 * step_y + 30
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{MARGIN}" y="24" font-size="14">Requests a second by requests in flight, '
        f"{about['cores']} cores, {about['date']}</text>",
    ]
    for i, (title, operations) in enumerate(PANELS.items()):
        lines = {
            path: [(n, measured[path, operation, n]) for n in IN_FLIGHT if (path, operation, n) in measured]
            for path, operation in operations.items()
        }
        svg += panel(title, lines, MARGIN + i % across * step_x, 30 + MARGIN + i // across * step_y)
    left, top = MARGIN + 2 * step_x, 30 + MARGIN + step_y
    for i, (path, colour) in enumerate(PATH_COLOURS.items()):
        y = top + i * 20
        svg.append(f'<path d="M{left} {y}h24" stroke="{colour}" stroke-width="2"/>')
        svg.append(f'<text x="{left + 32}" y="{y + 4}">{path}</text>')
    return "\n".join(svg + ["</svg>", ""])


BAR_WIDTH, BAR_HEIGHT, BAR_STEP, NAME_WIDTH = 420, 16, 20, 150


def bars(about: dict, groups: dict[str, dict[str, float]]) -> str:
    """Throughputs by name, a group of bars for each operation, each to the largest of its group."""
    svg, y = [], 48
    for title, values in groups.items():
        svg.append(f'<text x="16" y="{y}" font-weight="bold">{title}</text>')
        y += 8
        for i, (name, value) in enumerate(values.items()):
            width = BAR_WIDTH * value / max(values.values())
            colour = PATH_COLOURS["ipc" if i < 2 else "pgbench"]
            svg.append(f'<text x="{NAME_WIDTH}" y="{y + 12}" text-anchor="end">{name}</text>')
            svg.append(f'<rect x="{NAME_WIDTH + 8}" y="{y}" width="{width:.1f}" height="{BAR_HEIGHT}" fill="{colour}"/>')
            svg.append(f'<text x="{NAME_WIDTH + 14 + width:.1f}" y="{y + 12}">{value:,.0f}</text>')
            y += BAR_STEP
        y += 24
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {NAME_WIDTH + BAR_WIDTH + 80} {y}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="16" y="22" font-size="14">Requests a second, {about["cores"]} cores, {about["date"]}</text>',
    ]
    return "\n".join([*head, *svg, "</svg>", ""])
