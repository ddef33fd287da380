"""What is measured. Each workload does its work with one server, and compares all it has got when the clock is off."""

import contextlib
import hashlib
import os
import random
import re
import shutil

from clients import SFTP, Packets
from processes import Problem, output
from usage import Usage

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()


def write_random(path, count):
    with open(path, "wb") as file:
        while count > 0:
            file.write(os.urandom(min(count, MIB)))
            count -= MIB


def settle(folder):
    """What one server has left to be written is not to slow down the next."""
    output("sync", "-f", folder)


def size(count):
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if count >= unit:
            return f"{count / unit:g} {name}"
    return f"{count} bytes"


class Workload:
    """One thing that is done with each server in each round.

    `measurements` tells what is timed of it: an identifier, a title, how many things that are, and how many bytes.
    """

    def __init__(self, identifier, folder):
        self.identifier = identifier
        self.folder = os.path.join(folder, identifier)
        os.mkdir(self.folder)
        self.measurements = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def measures(self, part, title, operations, total=0):
        identifier = f"{self.identifier}.{part}" if part else self.identifier
        self.measurements.append({"id": identifier, "title": title, "operations": operations, "bytes": total})
        return identifier

    def prepare(self, client):
        """What is done once with a client of each server, and is not timed."""

    def run(self, server):
        """Yields, for each measurement, its identifier, a sample, and how many results were compared."""
        raise NotImplementedError


class Transfer(Workload):
    """Files that go up to a new folder and come down again, with one client or one for each file."""

    def __init__(self, identifier, folder, count, length, together=False, synced=False):
        super().__init__(identifier, folder)
        self.together = together
        self.put = "put -f" if synced else "put"
        os.mkdir(self.path("source"))
        self.names = [f"file-{number:05}" for number in range(count)]
        for name in self.names:
            write_random(self.path(f"source/{name}"), length)
        self.digests = {name: digest(self.path(f"source/{name}")) for name in self.names}
        what = size(length) if count == 1 else f"{count:,} × {size(length)}"
        what += ", each by a client of its own, all at once" if together else ""
        self.up = self.measures("up", f"{what} up" + (" with put -f" if synced else ""), count, count * length)
        # That it comes down is for comparing only, where another workload takes the time of just that.
        self.down = None if synced else self.measures("down", f"{what} down", count, count * length)

    def run(self, server):
        os.mkdir(self.path("back"))
        up = self._timed(server, "source", self.put, before=[f"mkdir {self.identifier}"])
        down = self._timed(server, "back", "get", after=["rm *", "cd ..", f"rmdir {self.identifier}"])
        got = {name: digest(self.path(f"back/{name}")) for name in os.listdir(self.path("back"))}
        if got != self.digests:
            raise Problem(f"{server.title}: what came down is not what went up: {self.identifier}")
        shutil.rmtree(self.path("back"))
        yield self.up, up, len(got)
        if self.down:
            yield self.down, down, len(got)

    def _timed(self, server, folder, verb, before=(), after=()):
        """Takes the time of one direction; what one of the clients does before and after is not in it."""
        jobs = [f"{verb} {name}" for name in self.names] if self.together else [f"{verb} *"]
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(SFTP(server, folder=self.path(folder))) for _ in jobs]
            clients[0].run(*before)
            for client in clients:
                client.run(f"cd {self.identifier}")
            settle(self.folder)
            with Usage(server.process.pid) as usage:
                for client, job in zip(clients, jobs):
                    client.send(job)
                for client in clients:
                    client.wait()
            clients[0].run(*after)
        return usage.sample()


class Listing(Workload):
    """A long folder, listed with all that a client asks of each name."""

    def __init__(self, identifier, folder, count):
        super().__init__(identifier, folder)
        # Of many sizes: a server that has to find them out must not get away with one.
        self.sizes = {f"file-{number:05}": number % 1000 for number in range(count)}
        for name, length in self.sizes.items():
            write_random(self.path(name), length)
        self.list = self.measures("", f"listing {count:,} files (ls -ln)", count)

    def prepare(self, client):
        client.run(f"mkdir {self.identifier}", f"lcd {self.identifier}", f"put * {self.identifier}", "lcd ..")

    def run(self, server):
        with SFTP(server) as client:
            client.run(f"cd {self.identifier}")
            settle(self.folder)
            with Usage(server.process.pid) as usage:
                printed = client.run("ls -ln")
        # Mode, links, owner, group, size, three fields for the time, name.
        lines = re.findall(rb"^-\S+ +\S+ +\S+ +\S+ +(\d+) .* (file-\d+)$", printed, re.MULTILINE)
        if {name.decode(): int(length) for length, name in lines} != self.sizes:
            raise Problem(f"{server.title}: the listing is not of what is there")
        yield self.list, usage.sample(), len(lines)


class RandomReads(Workload):
    """Reads all over a large file, one after the other."""

    COUNT = 64 * KIB

    def __init__(self, identifier, folder, length, reads, seed):
        super().__init__(identifier, folder)
        write_random(self.path("file"), length)
        choice = random.Random(seed)
        # At any byte, not of blocks that something else may be cut into.
        self.offsets = [choice.randrange(length - self.COUNT) for _ in range(1 + reads)]
        where = f"in {size(length)}"
        self.first = self.measures("first", f"opening, and the first {size(self.COUNT)} {where}", 1, self.COUNT)
        self.next = self.measures(
            "next", f"{reads:,} × {size(self.COUNT)} anywhere {where}", reads, reads * self.COUNT)

    def prepare(self, client):
        client.run(f"put {self.identifier}/file {self.identifier}")

    def run(self, server):
        got = []
        with Packets(server) as client:
            settle(self.folder)
            with Usage(server.process.pid) as first:
                handle = client.open(self.identifier)
                got.append(client.read(handle, self.offsets[0], self.COUNT))
            with Usage(server.process.pid) as following:
                for offset in self.offsets[1:]:
                    got.append(client.read(handle, offset, self.COUNT))
        with open(self.path("file"), "rb") as file:
            for offset, data in zip(self.offsets, got):
                if os.pread(file.fileno(), self.COUNT, offset) != data:
                    raise Problem(f"{server.title}: a read at {offset} gave something else")
        yield self.first, first.sample(), 1
        yield self.next, following.sample(), len(got) - 1


class Login(Workload):
    """From the start of the client to the first answer."""

    def __init__(self, identifier, folder, times, visitor=False):
        super().__init__(identifier, folder)
        self.times = times
        self.visitor = visitor
        title = "logging in, connect and pwd" + (", to a write-only account" if visitor else "")
        self.login = self.measures("", title, 1)

    def run(self, server):
        for _ in range(self.times):
            client = SFTP(server, server.visitor if self.visitor else None)
            with contextlib.ExitStack() as stack:
                with Usage(server.process.pid) as usage:
                    stack.enter_context(client)
            yield self.login, usage.sample(), 1


LONG = {
    "logins": 5, "large": GIB, "medium": (200, MIB), "small": (1000, 4 * KIB), "together": (8, 64 * MIB),
    "listing": 10_000, "reads": 500,
}
SHORT = {
    "logins": 1, "large": 4 * MIB, "medium": (4, 256 * KIB), "small": (6, 4 * KIB), "together": (2, MIB), "listing": 20,
    "reads": 10,
}

# All there are, in the order in which they are done. Each is made of its name, a folder, the sizes, and a seed.
WORKLOADS = {
    "login": lambda name, folder, sizes, _: Login(name, folder, sizes["logins"]),
    "login-write-only": lambda name, folder, sizes, _: Login(name, folder, sizes["logins"], visitor=True),
    "large": lambda name, folder, sizes, _: Transfer(name, folder, 1, sizes["large"]),
    "medium": lambda name, folder, sizes, _: Transfer(name, folder, *sizes["medium"]),
    "small": lambda name, folder, sizes, _: Transfer(name, folder, *sizes["small"]),
    "small-synced": lambda name, folder, sizes, _: Transfer(name, folder, *sizes["small"], synced=True),
    "together": lambda name, folder, sizes, _: Transfer(name, folder, *sizes["together"], together=True),
    "listing": lambda name, folder, sizes, _: Listing(name, folder, sizes["listing"]),
    "random": lambda name, folder, sizes, seed: RandomReads(name, folder, sizes["large"], sizes["reads"], seed),
}
