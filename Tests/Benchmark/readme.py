"""Writes the section of README.md that tells the results, from the document that holds them."""

import json
import textwrap

from processes import Problem
from results import FORMAT, conditions, rows

BEGIN = "<!-- benchmark: written by bin/bench --readme -->"
END = "<!-- end of benchmark -->"
# Where the section goes when there is none yet: before this heading.
BEFORE = "\n## Limits\n"


def section(document):
    lines = list(rows(document))
    head, body = lines[0], lines[1:]
    text = [BEGIN, "## Benchmark", "", textwrap.fill(conditions(document), 120), ""]
    for server in document["servers"]:
        kept = "a closed file is on the disk" if server["close_is_durable"] else "a closed file may still be in memory"
        text.append(f"- {server['title']}: {server['version']}; {server['ssh']['cipher']}; {kept}.")
    text += ["", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    text += ["| " + " | ".join(line) + " |" for line in body]
    text += [
        "", "× says how many times as long cryptsftp takes. What is measured, and how, is in",
        "[Benchmarks](Sources/cryptsftp/Documentation.docc/Benchmarks.md).", END,
    ]
    return "\n".join(text)


def update(results, readme):
    """Puts the section of a document into a file, in the place of the one that is there."""
    with open(results, encoding="utf-8") as file:
        document = json.load(file)
    if document.get("format") != FORMAT:
        raise Problem(f"{results} is not a document of bin/bench")
    if document["short"]:
        raise Problem(f"{results} is of a short run, which only shows that the benchmark works")
    with open(readme, encoding="utf-8") as file:
        text = file.read()
    if BEGIN in text:
        before, _, rest = text.partition(BEGIN)
        inside, end, after = rest.partition(END)
        if not end:
            raise Problem(f"{readme} has the beginning of the section and not its end")
    elif BEFORE in text:
        before, _, after = text.partition(BEFORE)
        before, after = before + "\n", "\n" + BEFORE + after
    else:
        raise Problem(f"{readme} has no section on limits, which this one goes before")
    with open(readme, "w", encoding="utf-8") as file:
        file.write(before + section(document) + after)
