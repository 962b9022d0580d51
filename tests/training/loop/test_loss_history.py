"""Losses are read in groups, and a bad one is found with its step."""

from collections.abc import Mapping

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training.loop.loss_history import LossHistory


def add(history: LossHistory, first: int, totals: list[float]) -> None:
    for step, total in enumerate(totals, start=first):
        part = tf.constant(total / 4)
        history.add(step, {"spectral": part, "total_loss": tf.constant(total)})


class Listener:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, dict[str, float]]] = []

    def __call__(self, step: int, losses: Mapping[str, float]) -> None:
        self.heard.append((step, dict(losses)))


def test_fetch_gives_the_mean_of_the_steps_since_the_last_fetch() -> None:
    history = LossHistory(Listener())
    add(history, 1, [8.0, 4.0])
    assert history.fetch() == 6.0
    add(history, 3, [2.0])
    assert history.fetch() == 2.0
    assert history.fetch() == 2.0


def test_means_cover_every_step_however_often_it_was_fetched() -> None:
    history = LossHistory(Listener())
    add(history, 1, [8.0, 4.0])
    history.fetch()
    add(history, 3, [6.0, 2.0])
    means = history.take_means()
    np.testing.assert_allclose(means["total_loss"], 5.0)
    np.testing.assert_allclose(means["spectral"], 1.25)
    assert history.take_means() == {}


def test_what_a_listener_raises_ends_the_reading() -> None:
    def refuse(step: int, losses: Mapping[str, float]) -> None:
        if losses["total_loss"] > 2.0:
            raise FloatingPointError(f"step {step}")

    history = LossHistory(refuse)
    add(history, 11, [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(FloatingPointError, match=r"^step 13$"):
        history.fetch()


def test_a_listener_hears_every_step_once_and_in_order() -> None:
    listener = Listener()
    history = LossHistory(listener)
    add(history, 5, [8.0, np.inf])
    assert listener.heard == []
    history.fetch()
    add(history, 7, [4.0])
    history.take_means()
    history.fetch()
    assert [step for step, _ in listener.heard] == [5, 6, 7]
    assert listener.heard[1][1] == {"spectral": np.inf, "total_loss": np.inf}
    assert listener.heard[2][1] == {"spectral": 1.0, "total_loss": 4.0}
    assert all(type(loss) is float for _, d in listener.heard for loss in d.values())


def test_bad_steps_are_left_out_of_the_means() -> None:
    history = LossHistory(Listener())
    for step, total in enumerate([6.0, np.nan, 2.0], start=1):
        skipped = tf.constant(float(np.isnan(total)))
        history.add(step, {"total_loss": tf.constant(total), "skipped_steps": skipped})
    assert history.fetch() == 4.0
    means = history.take_means()
    assert means["total_loss"] == 4.0
    np.testing.assert_allclose(means["skipped_steps"], 1 / 3, rtol=1e-6)


def test_a_group_of_bad_steps_leaves_the_last_loss() -> None:
    history = LossHistory(Listener())
    add(history, 1, [np.nan])
    assert np.isnan(history.fetch())
    add(history, 2, [3.0])
    history.take_means()
    add(history, 3, [np.nan, np.nan])
    assert history.fetch() == 3.0
    assert np.isnan(history.take_means()["total_loss"])
