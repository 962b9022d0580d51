"""Evaluators that play the part of what is not in this version."""

import pytest

from ddsp.training.config import absent, model_config, parsing, statements

ABSENT = ("MidiHeuristicEvaluator", "TWMEvaluator")


@pytest.fixture
def absent_evaluators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets two evaluators be missing, as long as nothing of the original is."""
    is_known = absent.is_known

    def is_here(name: str) -> bool:
        return name.split(".")[-1] not in ABSENT and is_known(name)

    for module in (absent, model_config, parsing, statements):
        monkeypatch.setattr(module, "is_known", is_here)
    for module in (absent, statements):
        monkeypatch.setattr(module, "RUN_NAMES", frozenset(ABSENT))
