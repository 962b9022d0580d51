"""Losses are read in groups, and a bad one is found with its step."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training.loss_history import LossHistory


def add(history: LossHistory, first: int, totals: list[float]) -> None:
    for step, total in enumerate(totals, start=first):
        part = tf.constant(total / 4)
        history.add(step, {"spectral": part, "total_loss": tf.constant(total)})


def test_fetch_gives_the_mean_of_the_steps_since_the_last_fetch() -> None:
    history = LossHistory()
    add(history, 1, [8.0, 4.0])
    assert history.fetch() == 6.0
    add(history, 3, [2.0])
    assert history.fetch() == 2.0
    assert history.fetch() == 2.0


def test_means_cover_every_step_however_often_it_was_fetched() -> None:
    history = LossHistory()
    add(history, 1, [8.0, 4.0])
    history.fetch()
    add(history, 3, [6.0, 2.0])
    means = history.take_means()
    np.testing.assert_allclose(means["total_loss"], 5.0)
    np.testing.assert_allclose(means["spectral"], 1.25)
    assert history.take_means() == {}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_bad_step_of_a_group_is_named(bad: float) -> None:
    history = LossHistory()
    add(history, 11, [1.0, 2.0, bad, 3.0, bad])
    with pytest.raises(FloatingPointError, match="at step 13"):
        history.fetch()
