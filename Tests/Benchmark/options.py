"""What the command line says."""

import argparse
import os

from workloads import WORKLOADS

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def count(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def names(text):
    """Names of workloads, in the order in which they are done."""
    wanted = text.split(",")
    unknown = [name for name in wanted if name not in WORKLOADS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    return [name for name in WORKLOADS if name in wanted]


def read_options():
    parser = argparse.ArgumentParser(
        prog="bin/bench", allow_abbrev=False,
        description="Measures cryptsftp beside OpenSSH and rclone's crypt, on loopback.",
        epilog="The results go to benchmark.json in the output folder, with a plot for each measurement.")
    parser.add_argument("--short", action="store_true", help="tiny sizes, one round: shows only that it works")
    parser.add_argument("--rounds", metavar="COUNT", type=count, help="how often all is done (5; short: 1)")
    parser.add_argument(
        "--only", metavar="NAME,…", type=names, default=list(WORKLOADS), help="only these workloads, as in large,login")
    parser.add_argument("--cipher", metavar="NAME", help="one SSH cipher for all servers; else each agrees on its own")
    parser.add_argument("--seed", type=int, default=1, help="for the places of the random reads (1)")
    parser.add_argument(
        "--data", metavar="DIR", default="/var/tmp", help="what is stored meanwhile goes below this (/var/tmp)")
    parser.add_argument(
        "--output", metavar="DIR", default=os.path.join(TOP, ".build/benchmark"),
        help="for the results (.build/benchmark)")
    parser.add_argument("--program", metavar="FILE", help="a cryptsftp that is built already")
    parser.add_argument("--readme", metavar="FILE.json", help="only write these results into README.md")
    parser.add_argument("--into", metavar="FILE", default=os.path.join(TOP, "README.md"), help="… or into this file")
    # What bin/bench adds.
    parser.add_argument("--sshd", default="/usr/sbin/sshd", help=argparse.SUPPRESS)
    parser.add_argument("--commit", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.short else 5)
    if not options.readme:
        if not options.program:
            parser.error("--program is needed where bin/bench has not built it")
        # Processes are started in other folders than this.
        options.program = os.path.realpath(options.program)
    return options
