"""Measures cryptsftp beside OpenSSH and rclone; bin/bench is how to start it."""

import contextlib
import datetime
import json
import os
import shutil
import signal
import sys
import tempfile

import machine
import plots
import readme
import results
from clients import SFTP, Client, negotiated
from options import read_options
from orphans import adopt, end_adopted
from processes import Problem, output
from servers import Cryptsftp, OpenSSH, Rclone
from workloads import LONG, SHORT, WORKLOADS

def say(text):
    print(text, file=sys.stderr, flush=True)


def interrupted(number, _):
    # Whatever comes while things are put away must not keep them from being put away.
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


@contextlib.contextmanager
def scratch(parent):
    """A folder that goes at the end. Others may pass through it: a server can run as another user."""
    folder = tempfile.mkdtemp(prefix="cryptsftp-bench-", dir=os.path.realpath(parent))
    try:
        os.chmod(folder, 0o711)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(options, folder, stack):
    """Runs all rounds and returns the document."""
    sizes = SHORT if options.short else LONG
    client = Client(folder, options.cipher, 1800)
    servers = [
        OpenSSH(folder, client, options.sshd), Rclone(folder, client),
        Cryptsftp(folder, client, options.program, options.commit),
    ]
    for server in servers:
        # First: one that fails halfway is stopped too.
        stack.callback(server.stop)
        server.start()
    say("making the files")
    place = os.path.join(folder, "files")
    os.mkdir(place, 0o700)
    works = [WORKLOADS[name](name, place, sizes, options.seed) for name in options.only]
    begun = datetime.datetime.now(datetime.timezone.utc)
    agreed = {}
    for server in servers:
        with SFTP(server, folder=place, options=["-v"]) as preparing:
            agreed[server.identifier] = negotiated(preparing)
            for work in works:
                work.prepare(preparing)
    taken = {entry["id"]: ({}, {}) for work in works for entry in work.measurements}
    load = []
    for number in range(options.rounds):
        load.append(os.getloadavg()[0])
        say(f"round {number + 1} of {options.rounds}, load {load[-1]:.2f}")
        for work in works:
            # Each has its turn to be the first.
            for server in servers[number % len(servers):] + servers[:number % len(servers)]:
                for identifier, sample, compared in work.run(server):
                    samples, counts = taken[identifier]
                    samples.setdefault(server.identifier, []).append(sample)
                    counts[server.identifier] = counts.get(server.identifier, 0) + compared
                    say(f"  {identifier:18} {server.title:13} {results.duration(sample['seconds'])}")
    return {
        "format": results.FORMAT, "short": options.short, "date": begun.isoformat(timespec="seconds"),
        "machine": machine.described(), "client": output("ssh", "-V"),
        "settings": {
            "rounds": options.rounds, "seed": options.seed, "cipher": options.cipher or "each server's choice",
            "file_system": machine.file_system(folder), "sizes": sizes,
            "load_before_each_round": load,
        },
        "servers": [{**server.described(), "ssh": agreed[server.identifier]} for server in servers],
        "measurements": [
            results.measurement(entry, *taken[entry["id"]]) for work in works for entry in work.measurements],
    }


def write(document, folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "benchmark.json"), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1, ensure_ascii=False)
        file.write("\n")
    for entry in document["measurements"]:
        with open(os.path.join(folder, entry["id"] + ".svg"), "w", encoding="utf-8") as file:
            file.write(plots.plot(document, entry))


def main():
    options = read_options()
    if options.readme:
        return readme.update(options.readme, options.into)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch(options.data))
        adopt()
        stack.callback(end_adopted)
        document = measure(options, folder, stack)
    write(document, options.output)
    print(results.conditions(document) + "\n\n" + results.table(document))
    say(f"\nThe results are in {options.output}")


try:
    main()
except (Problem, OSError) as problem:
    say(f"bin/bench: {problem}")
    sys.exit(1)
