"""What a server uses while something is timed: its process, and all that descend from it."""

import os
import threading
import time

from orphans import adopted, bury

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """A process and all that descend from it."""
    found = [pid]
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as children:
                for child in children.read().split():
                    found += tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def processor_seconds(processes):
    """What some processes, and those of their children that have been waited for, have computed."""
    total = 0
    for process in processes:
        try:
            with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stat:
                # Behind the name, which may have anything in it: utime, stime, cutime and cstime (proc(5)).
                total += sum(int(field) for field in stat.read().rpartition(")")[2].split()[11:15])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / TICKS


def peak(processes):
    """The most memory that any of some processes has had, in KiB, and that process's name."""
    most = (0, "")
    for process in processes:
        try:
            with open(f"/proc/{process}/status", encoding="utf-8", errors="replace") as status:
                fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
            with open(f"/proc/{process}/cmdline", encoding="utf-8", errors="replace") as line:
                words = line.read().replace("\0", " ").split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # Such as "cryptsftp session": what the kernel calls it is the name of the file it was started from.
        name = " ".join([os.path.basename(word) for word in words[:1]] + [word for word in words[1:2] if word.isalpha()])
        most = max(most, (int(fields.get("VmHWM", "0").split()[0]), name))
    return most


def forget_peaks(pid):
    """Has peaks count from now on where the kernel allows it; processes that protect themselves are new each time."""
    for process in tree(pid):
        try:
            with open(f"/proc/{process}/clear_refs", "w", encoding="ascii") as file:
                file.write("5")
        except OSError:
            pass


class Usage:
    """Takes the time of a block, and what a server uses meanwhile.

    Whatever is an orphan then is the server's: only one is busy at a time. Processes are looked at five times a second.
    """

    def __init__(self, pid):
        self.pid = pid
        self.seconds = 0.0
        self.processor = 0.0
        self.memory = (0, "")
        self._before = {}
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look_again, daemon=True)

    def _look(self):
        self.memory = max(self.memory, peak(tree(self.pid) + adopted()))
        for pid, name, used in bury():
            self.memory = max(self.memory, (used.ru_maxrss, name))
            self.processor += used.ru_utime + used.ru_stime - self._before.pop(pid, 0)

    def _look_again(self):
        while not self._over.wait(0.2):
            self._look()

    def __enter__(self):
        forget_peaks(self.pid)
        for _ in bury():
            pass
        self._before = {pid: processor_seconds([pid]) for pid in adopted()}
        self.processor = -processor_seconds(tree(self.pid))
        self._watch.start()
        self._begin = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._begin
        self._over.set()
        self._watch.join()
        self._look()
        self.processor += processor_seconds(tree(self.pid))
        self.processor += sum(processor_seconds([pid]) - self._before.get(pid, 0) for pid in adopted())

    def sample(self):
        kib, name = self.memory
        return {
            "seconds": round(self.seconds, 6), "server_processor_seconds": round(self.processor, 2),
            "peak_kib": kib, "peak_process": name,
        }
