"""Which tests run beside which others."""

# Two workers run these test targets, each target in a process of its own: one worker from the first on, the other from
# the last on, until none is left. The first targets need the processor and start few processes; the last mostly wait
# for servers and clients. The shortest are in the middle, so that both workers end at about the same time.
TARGETS = (
    "OpenPGPTests",
    "VaultTests",
    "KeyToolTests",
    "StickTests",
    "FuzzTests",
    "ToolTests",
    "DocumentationTests",
    "PlatformTests",
    "SecretsTests",
    "SFTPTests",
    "ServerTests",
    "SSHTransportTests",
    "BundleTests",
    "HostileTests",
    "FaultTests",
    "InteropTests",
    "EndToEndTests",
)

# These run when nothing else does: they measure time, or keep the whole machine busy.
ALONE = (
    "BenchmarkTests.BenchmarkTests/",
    "EndToEndTests.LifecycleTests/aClientThatTakesNothingForAWhileGetsAllOfItsFile",
    "FaultTests.SoakTests/",
    "HostileTests.HostileClientTests/anHonestClientIsServed",
    "HostileTests.LimitTests/delaysThatGrow",
    "SecretsTests.SecretsTests/theUnmatchableHashCostsAndMatchesNothing",
)


class Mistake(Exception):
    """The plan does not fit the tests."""


def pattern(name):
    """Returns the regular expression that `--filter` and `--skip` take for tests whose names begin with `name`."""
    return "^" + name.replace(".", "\\.")


def check(tests):
    """Raises a Mistake when a test would never run, or when the plan names what does not exist.

    `tests` are names as `--list-tests` prints them: Target.Suite/test().
    """
    existing = {test.split(".", 1)[0] for test in tests if not test.startswith(ALONE)}
    lost = sorted(existing - set(TARGETS))
    gone = sorted(set(TARGETS) - existing)
    gone += [name for name in ALONE if not any(test.startswith(name) for test in tests)]
    if lost:
        raise Mistake("no worker runs %s: add it to TARGETS in %s" % (", ".join(lost), __file__))
    if gone:
        raise Mistake("%s names tests that do not exist: %s" % (__file__, ", ".join(gone)))
