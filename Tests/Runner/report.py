"""What is printed at the end: the slowest tests, the time of each suite, and how many tests passed."""

import collections
import dataclasses
import pathlib
import xml.etree.ElementTree

SLOWEST = 30


@dataclasses.dataclass
class Part:
    """The tests that one process ran."""

    name: str
    # In the format of xUnit.
    file: pathlib.Path
    # The exit code; a signal's number, negative, when one ended it.
    status: int
    # What swift-testing says at its end.
    last_line: str

    def cases(self):
        """Returns the tests as the process recorded them; none when it ended before."""
        try:
            return xml.etree.ElementTree.parse(self.file).getroot().findall(".//testcase")
        except (OSError, xml.etree.ElementTree.ParseError):
            return []

    def problem(self):
        """Returns why the process is no success, or None."""
        if self.status:
            return "ended by signal %d" % -self.status if self.status < 0 else "exit code %d" % self.status
        return None if self.cases() else "no test ran"


def outcome(case):
    for kind in ("failure", "error"):
        if case.find(kind) is not None:
            return "failed"
    return "passed" if case.find("skipped") is None else "skipped"


def show(parts):
    """Prints the report and returns whether tests ran and all passed."""
    times, failed, suites, counts = [], [], collections.Counter(), collections.Counter()
    for part in parts:
        for case in part.cases():
            suite, seconds = case.get("classname"), float(case.get("time") or 0)
            name = "%s/%s" % (suite, case.get("name"))
            times.append((seconds, name))
            suites[suite] += seconds
            counts[outcome(case)] += 1
            failed += [name] if outcome(case) == "failed" else []
    print("\nThe slowest tests, in seconds:")
    for seconds, name in sorted(times, reverse=True)[:SLOWEST]:
        print("%8.1f  %s" % (seconds, name))
    print("\nThe suites, in seconds:")
    for name, seconds in suites.most_common():
        print("%8.1f  %s" % (seconds, name))
    print("\nThe processes:")
    for part in parts:
        print("%s: %s" % (part.name, part.last_line))
    for name in failed:
        print("%s failed" % name)
    problems = [(part.name, part.problem()) for part in parts if part.problem()]
    for name, problem in problems:
        print("%s failed: %s" % (name, problem))
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % collections.defaultdict(int, counts))
    return not problems and counts["failed"] == 0 and counts["passed"] > 0
