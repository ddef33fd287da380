"""Runs the tests that were built, two processes at a time; bin/test is how to start it.

Arguments: the folder of the build, a folder for the results, and what to pass on to swift-testing, such as
`--filter X`. Without the last, all tests run as plan.py says. Standard output is what the tests print, each line
after the name of its process, and then a report. The exit code is 0 when tests have run and all have passed.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

import plan
import report

WORKERS = 2


class Lane:
    """One worker's temporary and runtime directories: tests of two lanes find nothing of each other."""

    def __init__(self, number):
        # A user's runtime directory is in memory, too.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        # Short names: paths of sockets are limited to 107 bytes.
        self.folders = [tempfile.mkdtemp(prefix="t%d-" % number, dir=parent) for parent in (None, memory)]
        # A server that root starts for bin/bench runs as another user, who passes through; the runtime directory stays private.
        os.chmod(self.folders[0], 0o711)
        self.environment = dict(
            os.environ, TMPDIR=self.folders[0], XDG_RUNTIME_DIR=self.folders[1], NO_COLOR="1"
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for folder in self.folders:
            # Python's rmtree recurses, and some tests leave very deep directories.
            subprocess.run(["rm", "-rf", "--", str(folder)], check=False)


class Run:
    """The test processes of one run, and what came of those that have ended."""

    def __init__(self, program, results):
        self.program = [program, "--testing-library", "swift-testing"]
        self.results = results
        # Signal handlers run in the main thread, which may hold it.
        self.mutex = threading.RLock()
        self.processes = set()
        self.parts = []
        self.is_over = False

    def tests(self):
        """Returns the names of all tests."""
        listed = subprocess.run(self.program + ["--list-tests"], stdout=subprocess.PIPE, check=True)
        return listed.stdout.decode().split()

    def part(self, name, selection, lane):
        """Runs the selected tests in one process, and passes on what they print."""
        file = self.results / (name + ".xml")
        with self.mutex:
            if self.is_over:
                return
            process = subprocess.Popen(
                self.program + ["--no-parallel", "--xunit-output", str(file)] + selection, env=lane.environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            self.processes.add(process)
        last = ""
        for line in process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            last = text if "Test run with" in text else last
            with self.mutex:
                print("%s: %s" % (name, text), flush=True)
        status = process.wait()
        with self.mutex:
            self.processes.discard(process)
            self.parts.append(report.Part(name, file, status, last))

    def together(self):
        """Runs all tests but those that run alone, on as many lanes as there are workers."""
        waiting = list(plan.TARGETS)
        rest = [word for name in plan.ALONE for word in ("--skip", plan.pattern(name))]

        def work(number):
            with Lane(number) as lane:
                while True:
                    with self.mutex:
                        if not waiting:
                            return
                        name = waiting.pop(0 if number == 0 else -1)
                    self.part(name, ["--filter", plan.pattern(name + ".")] + rest, lane)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def alone(self, name, selection):
        """Runs the selected tests while no others run."""
        with Lane(WORKERS) as lane:
            self.part(name, selection, lane)

    def stop(self):
        """Ends the processes, and starts no more."""
        with self.mutex:
            self.is_over = True
            for process in self.processes:
                process.terminate()


def main():
    build, results, selection = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    run = Run(str(build.resolve() / "cryptsftpPackageTests.xctest"), results)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: run.stop())
    if selection:
        run.alone("selected", selection)
    else:
        try:
            plan.check(run.tests())
        except plan.Mistake as mistake:
            sys.exit(str(mistake))
        run.together()
        run.alone("alone", [word for name in plan.ALONE for word in ("--filter", plan.pattern(name))])
    has_passed = report.show(run.parts)
    sys.exit(1 if run.is_over or not has_passed else 0)


main()
