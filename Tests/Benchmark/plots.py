"""One small plot for each measurement: a bar for the median of each server, and a dot for each round."""

from xml.sax.saxutils import escape

from results import cell, duration

COLOURS = {"openssh": "#7f8c8d", "rclone": "#c0843f", "cryptsftp": "#2c6fa6"}
WIDTH, LEFT, BAR, GAP, TOP = 560, 110, 22, 12, 34


def plot(document, entry):
    """The text of an SVG file."""
    servers = document["servers"]
    longest = max(summary["most_seconds"] for summary in entry["summary"].values()) or 1
    height = TOP + len(servers) * (BAR + GAP) + 24

    def across(seconds):
        return LEFT + seconds / longest * (WIDTH - LEFT - 150)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="10" y="20" font-size="14" font-weight="bold">{escape(entry["title"])}</text>',
    ]
    for index, server in enumerate(servers):
        summary = entry["summary"][server["id"]]
        top = TOP + index * (BAR + GAP)
        middle = top + BAR / 2
        end = across(summary["median_seconds"])
        colour = COLOURS.get(server["id"], "#444444")
        lines += [
            f'<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(server["title"])}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{max(1, end - LEFT):.1f}" height="{BAR}" fill="{colour}"/>',
        ]
        lines += [
            f'<circle cx="{across(sample["seconds"]):.1f}" cy="{middle}" r="2.5" fill="#ffffff" stroke="#000000"/>'
            for sample in entry["samples"][server["id"]]
        ]
        right = across(summary["most_seconds"]) + 8
        lines.append(f'<text x="{right:.1f}" y="{middle + 4}">{escape(cell(entry, summary))}</text>')
    lines += [
        f'<text x="{LEFT}" y="{height - 8}" fill="#555555">shorter is better; longest: {duration(longest)}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
