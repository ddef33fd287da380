"""The results: one JSON document with all that was measured, and the table of it for people."""

import statistics

FORMAT = "cryptsftp benchmark 1"
# With which the others are compared, and how their columns are headed.
COMPARED = {"openssh": "× OpenSSH", "rclone": "× rclone"}


def summarise(samples):
    seconds = [sample["seconds"] for sample in samples]
    return {
        "median_seconds": statistics.median(seconds), "least_seconds": min(seconds), "most_seconds": max(seconds),
        "median_server_processor_seconds": statistics.median(
            sample["server_processor_seconds"] for sample in samples),
        "peak_kib": max(sample["peak_kib"] for sample in samples),
        "peak_process": max(samples, key=lambda sample: sample["peak_kib"])["peak_process"],
    }


def measurement(entry, samples, compared):
    """One measurement of the document: `samples` and `compared` are by server."""
    summary = {server: summarise(taken) for server, taken in samples.items()}
    for figures in summary.values():
        figures["times"] = {
            other: round(figures["median_seconds"] / summary[other]["median_seconds"], 3) for other in COMPARED
        }
    return {**entry, "compared": compared, "summary": summary, "samples": samples}


def duration(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def rate(entry, seconds):
    """How much of it there is in a second; None where that says nothing."""
    if entry["operations"] == 1 and entry["bytes"] < 1 << 20:
        return None
    if entry["bytes"] >= entry["operations"] << 18:
        return f"{entry['bytes'] / seconds / (1 << 20):.0f} MiB/s"
    return f"{entry['operations'] / seconds:,.0f}/s"


def times(ratio):
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"


def cell(entry, summary):
    much = rate(entry, summary["median_seconds"])
    return duration(summary["median_seconds"]) + (f" ({much})" if much else "")


def rows(document):
    """The head and the rows of the table: for each measurement the medians, and how many times as long it took."""
    servers = document["servers"]
    yield ["", *(server["title"] for server in servers), *COMPARED.values()]
    for entry in document["measurements"]:
        summary = entry["summary"]
        yield [
            entry["title"], *(cell(entry, summary[server["id"]]) for server in servers),
            *(times(summary["cryptsftp"]["times"][other]) for other in COMPARED),
        ]
    peaks = {
        server["id"]: max(entry["summary"][server["id"]]["peak_kib"] for entry in document["measurements"])
        for server in servers
    }
    yield [
        "most memory of one process", *(f"{peaks[server['id']] / 1024:.0f} MiB" for server in servers),
        *(times(peaks["cryptsftp"] / peaks[other]) for other in COMPARED),
    ]


def table(document):
    """The table in columns."""
    lines = list(rows(document))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) if column == 0 else text.rjust(width)
                  for column, (text, width) in enumerate(zip(line, widths))).rstrip()
        for line in lines)


def conditions(document):
    """In a sentence, where and how it was measured."""
    machine, settings = document["machine"], document["settings"]
    rounds = "One round" if settings["rounds"] == 1 else f"Medians of {settings['rounds']} rounds"
    return (
        f"{rounds} on {document['date'][:10]}: {machine['processor']}, "
        f"{machine['processors']} processors, {machine['memory_mib'] / 1024:.0f} GiB, {machine['system']}, "
        f"{machine['kernel']}, {settings['file_system']}, over loopback; client {document['client']}.")
