"""Means are written, named and start afresh."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_scalars

from ddsp.training import metrics
from ddsp.training.metrics.base import make_means


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 5, 1)])
def test_squeeze_leaves_a_vector(shape: tuple[int, ...]) -> None:
    squeezed = metrics.squeeze(tf.reshape(tf.range(5), shape))
    np.testing.assert_array_equal(squeezed, np.arange(5))
    assert np.ndim(squeezed) == 1


def test_squeeze_leaves_a_vector_of_one_alone() -> None:
    one = tf.constant([3.0])
    assert metrics.squeeze(one) is one


def test_distance_ends_with_the_shorter_curve() -> None:
    first, second = [[1.0], [5.0], [9.0]], [2.0, 3.0]
    np.testing.assert_array_equal(metrics.l1_distance(first, second), [1.0, 2.0])
    np.testing.assert_array_equal(metrics.l1_distance(second, first), [1.0, 2.0])


class Pair(metrics.BaseMetrics):
    """Two means that take what they are given."""

    def __init__(self) -> None:
        super().__init__(16000, 250, "pair")
        self._metrics = make_means("first", "second")

    def update_state(self, name: str, value: float) -> None:
        self.metrics[name].update_state(value)


def test_means_are_written_once_and_start_afresh(tmp_path: Path) -> None:
    pair = Pair()
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        pair.update_state("first", 1.0)
        pair.update_state("first", 2.0)
        pair.update_state("second", 5.0)
        means = pair.flush(step=3)
        pair.update_state("second", 7.0)
        assert pair.flush(step=4) == {"metrics/pair/second": 7.0}
    assert means == {"metrics/pair/first": 1.5, "metrics/pair/second": 5.0}
    assert read_scalars(tmp_path) == {
        "metrics/pair/first": [(3, 1.5)],
        "metrics/pair/second": [(3, 5.0), (4, 7.0)],
    }


def test_mean_of_nothing_is_not_a_zero(tmp_path: Path) -> None:
    # A distance of 0 would be a perfect score.
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        assert Pair().flush(step=1) == {}
    assert not read_scalars(tmp_path)


def test_base_class_has_no_means_and_says_what_to_define() -> None:
    base = metrics.BaseMetrics(16000, 250, "base")
    assert base.metrics == {}
    with pytest.raises(NotImplementedError, match="BaseMetrics must define update_st"):
        base.update_state({}, 0.0)


def test_every_mean_bears_its_own_name() -> None:
    for kind in (metrics.LoudnessMetrics, metrics.F0CrepeMetrics, metrics.F0Metrics):
        means = kind(16000, 250).metrics
        assert means
        assert {name: mean.name for name, mean in means.items()} == {
            n: n for n in means
        }
