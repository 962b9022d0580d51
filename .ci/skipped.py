"""Counts the skipped tests and refuses reasons that are not on the committed list."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def main(report: str, allowed: str) -> int:
    """Compares a JUnit report with the list; returns the exit status."""
    lines = Path(allowed).read_text().splitlines()
    reasons = {line for line in lines if line and not line.startswith("#")}
    skipped = [
        (f"{case.get('classname')}::{case.get('name')}", found.get("message", ""))
        for case in ElementTree.parse(report).iter("testcase")
        for found in case.iter("skipped")
    ]
    unexpected = [entry for entry in skipped if entry[1] not in reasons]
    sys.stdout.write(f"{len(skipped)} tests skipped\n")
    for name, reason in unexpected:
        sys.stdout.write(f"not on the list: {name}: {reason}\n")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
