"""Random operations on files in a mounted folder, each compared with what plain byte arrays say.

Arguments: the folder, a folder to leave the final contents in, a seed, how many operations. On a difference it prints
the seed, the operation's number and the last operations, and ends with 1.
"""

import collections
import errno
import os
import random
import sys
import time

MOST_FILES = 10
MOST_OPEN = 5
LARGEST = 400_000


class Difference(Exception):
    """What the folder says is not what the model says."""


class Open:
    """An open file: its descriptor, its name, and whether it appends."""

    def __init__(self, descriptor, name, appends):
        self.descriptor, self.name, self.appends = descriptor, name, appends


class Fuzzer:
    """The folder, the model of it, and the open files."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self.files = {}
        self.open_files = []
        self.last = collections.deque(maxlen=40)
        self.made = 0
        self.times = collections.Counter()
        self.counts = collections.Counter()

    def path(self, name):
        return os.path.join(self.folder, name)

    def say(self, *words):
        self.last.append(" ".join(str(word) for word in words))

    def length(self):
        most = self.random.choice((16, 300, 4096, 4097, 40_000, 40_000, 100_000))
        return self.random.randint(0, most)

    def offset(self, name):
        size = len(self.files[name])
        kind = self.random.random()
        if kind < 0.25:
            return size
        if kind < 0.35:
            return self.random.randint(0, 300_000)
        if kind < 0.45:
            return self.random.randrange(0, size + 1, 4096)
        return self.random.randint(0, size)

    def closed(self):
        names = {file.name for file in self.open_files}
        return [name for name in self.files if name not in names]

    def compare(self, what, found, expected):
        if found == expected:
            return
        if isinstance(found, (bytes, bytearray)):
            at = next((i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), None)
            at = min(len(found), len(expected)) if at is None else at
            raise Difference(
                "%s: %d bytes for %d, the first difference at %d: %s for %s"
                % (what, len(found), len(expected), at, bytes(found[at : at + 8]), bytes(expected[at : at + 8]))
            )
        raise Difference("%s: %s for %s" % (what, found, expected))

    # The operations. Each returns False when there is nothing to do it to.

    def create(self):
        if len(self.files) >= MOST_FILES or len(self.open_files) >= MOST_OPEN:
            return False
        self.made += 1
        name = "f%d" % self.made
        self.say("create", name)
        descriptor = os.open(self.path(name), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        self.files[name] = bytearray()
        self.open_files.append(Open(descriptor, name, False))

    def reopen(self):
        names = self.closed()
        if not names or len(self.open_files) >= MOST_OPEN:
            return False
        name = self.random.choice(names)
        flags, appends = self.random.choice(
            ((os.O_RDWR, False), (os.O_RDWR, False), (os.O_RDWR | os.O_APPEND, True), (os.O_RDWR | os.O_TRUNC, False))
        )
        self.say("open", name, "append" if appends else "", "truncate" if flags & os.O_TRUNC else "")
        descriptor = os.open(self.path(name), flags)
        if flags & os.O_TRUNC:
            self.files[name] = bytearray()
        self.open_files.append(Open(descriptor, name, appends))

    def close(self):
        if not self.open_files:
            return False
        file = self.open_files.pop(self.random.randrange(len(self.open_files)))
        self.say("close", file.name)
        os.close(file.descriptor)
        if self.random.random() < 0.3:
            self.read_all(file.name)

    def some_open(self):
        return self.random.choice(self.open_files) if self.open_files else None

    def write(self):
        file = self.some_open()
        if not file:
            return False
        model = self.files[file.name]
        part = self.random.randbytes(self.length())
        offset = len(model) if file.appends else self.offset(file.name)
        if offset + len(part) > LARGEST:
            return False
        self.say("write", file.name, "at", offset, "length", len(part), "appending" if file.appends else "")
        done = 0
        while done < len(part):
            if file.appends:
                done += os.write(file.descriptor, part[done:])
            else:
                done += os.pwrite(file.descriptor, part[done:], offset + done)
        if part:
            if offset > len(model):
                model += bytes(offset - len(model))
            model[offset : offset + len(part)] = part

    def read(self):
        file = self.some_open()
        if not file:
            return False
        offset, length = self.offset(file.name), self.length()
        self.say("read", file.name, "at", offset, "length", length)
        found = os.pread(file.descriptor, length, offset)
        self.compare("read", found, self.files[file.name][offset : offset + length])

    def read_all(self, name):
        self.say("read all of", name)
        with open(self.path(name), "rb", buffering=0) as file:
            self.compare("read all", file.read(), self.files[name])

    def read_closed(self):
        names = self.closed()
        if not names:
            return False
        self.read_all(self.random.choice(names))

    def resize(self, name, change):
        size = self.random.randint(0, min(LARGEST, len(self.files[name]) * 2 + 1000))
        self.say("truncate", name, "to", size)
        change(size)
        model = self.files[name]
        del model[size:]
        model += bytes(size - len(model))

    def truncate_open(self):
        file = self.some_open()
        if not file:
            return False
        self.resize(file.name, lambda size: os.ftruncate(file.descriptor, size))

    def truncate_closed(self):
        names = self.closed()
        if not names:
            return False
        name = self.random.choice(names)
        self.resize(name, lambda size: os.truncate(self.path(name), size))

    def rename(self):
        if not self.files:
            return False
        name = self.random.choice(list(self.files))
        closed = [other for other in self.closed() if other != name]
        if closed and self.random.random() < 0.5:
            target = self.random.choice(closed)
        else:
            self.made += 1
            target = "f%d" % self.made
        self.say("rename", name, "to", target)
        os.rename(self.path(name), self.path(target))
        self.files[target] = self.files.pop(name)
        for file in self.open_files:
            if file.name == name:
                file.name = target

    def remove(self):
        names = self.closed()
        if len(names) < 2:
            return False
        name = self.random.choice(names)
        self.say("remove", name)
        os.remove(self.path(name))
        del self.files[name]
        try:
            os.stat(self.path(name))
            raise Difference("still there after remove: " + name)
        except FileNotFoundError:
            pass

    def stat(self):
        if not self.files:
            return False
        name = self.random.choice(list(self.files))
        self.say("stat", name)
        self.compare("size", os.stat(self.path(name)).st_size, len(self.files[name]))

    def stat_open(self):
        file = self.some_open()
        if not file:
            return False
        self.say("fstat", file.name)
        self.compare("size", os.fstat(file.descriptor).st_size, len(self.files[file.name]))

    def sync(self):
        file = self.some_open()
        if not file:
            return False
        self.say("fsync", file.name)
        os.fsync(file.descriptor)

    def list(self):
        self.say("list")
        # The FUSE library itself gives a file another name that is replaced while it is open, until all have closed it.
        names = [name for name in os.listdir(self.folder) if not name.startswith(".fuse_hidden")]
        self.compare("names", sorted(names), sorted(self.files))

    def step(self):
        operations = (
            (self.write, 34), (self.read, 30), (self.stat, 5), (self.stat_open, 4), (self.truncate_open, 5),
            (self.truncate_closed, 2), (self.rename, 3), (self.remove, 1), (self.create, 2), (self.reopen, 5),
            (self.close, 4), (self.read_closed, 2), (self.sync, 2), (self.list, 2),
        )
        choices, weights = zip(*operations)
        while True:
            operation = self.random.choices(choices, weights)[0]
            before = time.monotonic()
            if operation() is not False:
                self.counts[operation.__name__] += 1
                self.times[operation.__name__] += time.monotonic() - before
                return

    def finish(self, model):
        while self.open_files:
            self.close()
        for name in self.files:
            self.read_all(name)
        self.list()
        os.makedirs(model)
        for name, contents in self.files.items():
            with open(os.path.join(model, name), "wb") as file:
                file.write(contents)


def main():
    folder, model, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    fuzzer = Fuzzer(folder, seed)
    number = 0
    try:
        for number in range(count):
            fuzzer.step()
        fuzzer.finish(model)
    except (Difference, OSError) as error:
        if isinstance(error, OSError):
            error = "%s (%s)" % (error, errno.errorcode.get(error.errno, "?"))
        print("CRYPTSFTP_SEED=%d, operation %d of %d: %s" % (seed, number, count, error), file=sys.stderr)
        print("the last operations:", *fuzzer.last, sep="\n  ", file=sys.stderr)
        sys.exit(1)
    for name, number in fuzzer.counts.most_common():
        print("%-16s %6d  %7.2f s" % (name, number, fuzzer.times[name]))


main()
