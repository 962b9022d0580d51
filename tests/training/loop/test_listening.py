"""What is said of held-out examples while a run goes on."""

import contextlib
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ddsp.training.loop import collapse, listening
from ddsp.training.loop.plateau import Plateau
from ddsp.training.loop.run_record import RunRecord

TONE = np.sin(np.arange(8000) * 0.1)[np.newaxis]


class StubValidation:
    """A validation with losses that are given, and a model that makes no sound."""

    losses: Iterator[float] = iter(())
    made: tuple[Any, ...] = ()
    done: list[Any] = []  # noqa: RUF012

    def __init__(self, *args: Any, batch_size: int) -> None:
        type(self).made = (*args, batch_size)

    def measure(self) -> dict[str, float]:
        self.done.append("measured")
        return {"total_loss": next(self.losses)}

    def write_audio(self, folder: str, step: int) -> None:
        self.done.append(f"{folder}/{step}")

    def summaries(self, step: int, losses: dict[str, float]) -> None:
        self.done.append((step, losses))

    def sounds(self) -> tuple[np.ndarray, np.ndarray, int, None]:
        return np.zeros_like(TONE), TONE, 16000, None


class StubTrainer:
    """A trainer that says when its weights are averages."""

    model = "model"

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        StubValidation.done.append("averaged")
        yield
        StubValidation.done.append("as they were")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(listening, "Validation", StubValidation)
    monkeypatch.setattr(StubValidation, "done", [])
    return []


def make_listener(
    said: list[str], losses: list[float], batch_size: int = 4, **kwargs: Any
) -> listening.Listener:
    StubValidation.losses = iter(losses)
    held_out = types.SimpleNamespace(sample_rate=16000)
    return listening.Listener(
        StubTrainer(), held_out, batch_size, Plateau(**kwargs), said.append
    )


@pytest.mark.parametrize(("batch_size", "measured"), [(4, 4), (16, 16), (64, 16)])
def test_batches_are_those_of_training_but_not_large(
    said: list[str], batch_size: int, measured: int
) -> None:
    make_listener(said, [], batch_size)
    model, held_out, sample_rate, size = StubValidation.made
    assert (model, held_out.sample_rate, sample_rate) == ("model", 16000, 16000)
    assert size == measured


def test_it_listens_to_averages_and_says_which_is_the_best(said: list[str]) -> None:
    listener = make_listener(said, [3.0, 4.0])
    record = RunRecord("", 0)
    assert not listener.listen(2, record, "model")
    assert StubValidation.done == [
        "averaged",
        "measured",
        "model/2",
        (2, {"total_loss": 3.0}),
        "as they were",
    ]
    assert not listener.listen(4, record, "model")
    assert said == [
        "step 2: validation loss 3.000 (the best so far)",
        "step 4: validation loss 4.000",
    ]


def test_a_collapse_is_said_once_a_model_should_sound(said: list[str]) -> None:
    listener = make_listener(said, [3.0] * 3)
    record = RunRecord("", 0)
    listener.listen(299, record, "model")
    assert not any("warning" in line for line in said)
    for step in (300, 301):
        said.clear()
        listener.listen(step, record, "model")
        assert f"warning: {collapse.SILENCE}" in said


def test_it_ends_the_run_where_hope_is_over(said: list[str]) -> None:
    listener = make_listener(said, [3.0, 3.0, 4.0], patience=2)
    record = RunRecord("", 0)
    ends = [listener.listen(step, record, "model") for step in (2, 4, 6)]
    assert ends == [False, False, True]
    assert said[-1] == (
        "stopped: no better validation loss since step 2, whose checkpoint is kept"
    )


def test_without_a_number_there_is_no_best_to_name(said: list[str]) -> None:
    listener = make_listener(said, [np.nan, np.nan], patience=2)
    record = RunRecord("", 0)
    assert [listener.listen(s, record, "model") for s in (2, 4)] == [False, True]
    assert said[-1] == "stopped: no validation loss was a number"
