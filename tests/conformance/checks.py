"""The checks that every processor and loss goes through, and who is excused."""

import sys
from pathlib import Path

import pytest

# As a command, this also runs in a clone that is not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conformance.cases import CASES, PROCESSORS, Case

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
CHECKS = {
    "gradient": (
        "A finite gradient that is not 0 reaches every input, but for those that are "
        "listed, counted from 1, and every trainable variable."
    ),
    "traced": "`tf.function` gives what eager execution gives.",
    "compiled": "XLA gives what eager execution gives.",
    "batch": (
        "A batch of three gives what three batches of one give; a loss, their mean."
    ),
    "independence": "No example of a batch changes the sound of another.",
    "unknown_batch": "A graph traced without a batch size gives the same.",
    "silence": "All-zero inputs have a finite output and gradient.",
    "extremes": "Inputs of the size of 10,000 have a finite output and gradient.",
    "tuning": (
        "A note of 20 seconds ends in the phase that it would have without rounding; "
        "for classes with a pitch in Hz."
    ),
    "config": "`from_config(get_config())`, also through JSON, behaves the same.",
    "saved_model": "`tf.saved_model` saves and loads it with a free batch size.",
    "half_precision": (
        "Under the policy mixed_float16 and with float16 inputs the output is float32 "
        "and differs from that of float32 by the rounding of controls alone; pitch, "
        "phases and transforms are float32."
    ),
}
_HEAD = """# What every processor, effect and loss is held to

`tests/conformance` runs these checks on every public class; a class without a row there
fails the tests. This page is written by `python tests/conformance/checks.py` from the
same table, and a test compares the two.

"""


def applies(check: str, name: str, case: Case) -> bool:
    """Whether a check means something for a class at all."""
    if check == "tuning":
        return case.pitch is not None
    return check != "independence" or name in PROCESSORS


def every_case(check: str, processors_only: bool = False) -> pytest.MarkDecorator:
    """Runs a test for every class that is not excused from a check."""
    cases = {
        name: case
        for name, case in (PROCESSORS if processors_only else CASES).items()
        if applies(check, name, case) and check not in case.skips
    }
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


def document() -> str:
    """The text of docs/conformance.md."""
    lines = [f"- **{name}**: {text}" for name, text in CHECKS.items()]
    lines += [
        "",
        f"| class | {' | '.join(CHECKS)} |",
        "| --- " * (len(CHECKS) + 1) + "|",
    ]
    reasons: list[str] = []
    for name, case in sorted(CASES.items()):
        cells = []
        for check in CHECKS:
            reason = case.skips.get(check)
            if reason is not None and reason not in reasons:
                reasons.append(reason)
            if reason is not None:
                cells.append(f"({reasons.index(reason) + 1})")
            else:
                constant = case.constant if check == "gradient" else ()
                but = ", ".join(str(index + 1) for index in constant)
                meant = f"yes, but {but}" if but else "yes"
                cells.append(meant if applies(check, name, case) else "-")
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    if reasons:
        lines += ["", "Excused:", ""]
    lines += [f"{number}. {reason}" for number, reason in enumerate(reasons, 1)]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
