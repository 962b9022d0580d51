"""Averages of weights: the recursion, their place in a model, their way to the disk."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from toy_training import KERNEL, make_batch, make_trainer

from ddsp.training import checkpoints, trainers
from ddsp.training.weight_averaging import WeightAverage, from_sidecar, to_sidecar

DECAY = 0.6  # Reached within four steps: both branches of the warm-up are passed.


def built_trainer(**kwargs: object) -> trainers.Trainer:
    return make_trainer(**{"weight_average_decay": DECAY, **kwargs})


def weights(trainer: trainers.Trainer) -> dict[str, np.ndarray]:
    named = checkpoints.named_variables(trainer.model)
    return {name: v.numpy() for name, v in named.items() if v.trainable}


def train(trainer: trainers.Trainer, n_steps: int) -> list[dict[str, np.ndarray]]:
    history = []
    for _ in range(n_steps):
        trainer.train_step(make_batch())
        history.append(weights(trainer))
    return history


def recursion(
    start: dict[str, np.ndarray], history: list[dict[str, np.ndarray]], first: int = 1
) -> dict[str, np.ndarray]:
    averages = {name: value.astype(np.float64) for name, value in start.items()}
    for step, after in enumerate(history, first):
        keep = min(DECAY, (1 + step) / (10 + step))
        for name, value in after.items():
            averages[name] = keep * averages[name] + (1 - keep) * value
    return averages


def assert_close(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    assert len(a) == 10
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-5, atol=1e-6)


def assert_same_bits(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    assert len(a) == 10
    for name in a:
        assert a[name].tobytes() == b[name].tobytes()


def test_averages_follow_the_recursion() -> None:
    trainer = built_trainer()
    start = weights(trainer)
    history = train(trainer, 16)  # The warm-up ends at step 13.
    averages = trainer.average_weights()
    assert_close(averages, recursion(start, history))
    assert np.max(np.abs(averages[KERNEL] - history[-1][KERNEL])) > 1e-3


def test_a_long_run_keeps_the_share_that_was_asked_for() -> None:
    weight = tf.Variable(0.0)
    average = WeightAverage({"weight": weight}, decay=0.75)
    weight.assign(1.0)
    average.update(1_000_000)
    np.testing.assert_allclose(average.values()["weight"], 0.25, rtol=1e-6)


def test_averaged_weights_are_in_place_and_go_again() -> None:
    trainer = built_trainer()
    train(trainer, 3)
    live, averages = weights(trainer), trainer.average_weights()
    with trainer.averaged():
        assert_same_bits(weights(trainer), averages)
    assert_same_bits(weights(trainer), live)
    assert_same_bits(trainer.average_weights(), averages)


def test_the_live_weights_come_back_after_an_error() -> None:
    trainer = built_trainer()
    train(trainer, 2)
    live = weights(trainer)
    with pytest.raises(ArithmeticError), trainer.averaged():
        raise ArithmeticError
    assert_same_bits(weights(trainer), live)


def test_training_does_not_depend_on_averaging() -> None:
    plain, averaging = built_trainer(weight_average_decay=None), built_trainer()
    train(plain, 2)
    train(averaging, 1)
    with averaging.averaged():
        pass
    train(averaging, 1)
    assert_close(weights(plain), weights(averaging))


def test_without_averaging_there_is_nothing_to_see() -> None:
    trainer = built_trainer(weight_average_decay=None)
    live = weights(trainer)
    trainer.start_averages()
    with trainer.averaged():
        assert_same_bits(weights(trainer), live)
    assert trainer.average_weights() == {}


def test_averages_go_on_from_the_sidecar(tmp_path: Path) -> None:
    first = built_trainer()
    train(first, 2)
    averages = first.average_weights()
    first.save(tmp_path, sidecar={"seed": np.array(7)})
    arrays = checkpoints.load_sidecar(tmp_path)
    assert arrays["seed"] == 7
    assert_same_bits(from_sidecar(arrays), averages)
    second = built_trainer()
    second.restore(tmp_path)
    assert_same_bits(second.average_weights(), averages)
    history = train(second, 2)
    assert_close(second.average_weights(), recursion(averages, history, first=3))


def test_checkpoints_have_the_same_keys_with_averages(tmp_path: Path) -> None:
    keys = []
    for name, decay in (("plain", None), ("averaging", DECAY)):
        path = built_trainer(weight_average_decay=decay).save(tmp_path / name)
        keys.append([key for key, _ in tf.train.list_variables(path)])
    assert keys[0] == keys[1]
    assert len(keys[0]) > 30
    assert not (tmp_path / "plain" / "ckpt-0.extra.npz").exists()


def test_without_a_sidecar_averages_start_at_the_restored_weights(
    tmp_path: Path,
) -> None:
    trained = built_trainer(weight_average_decay=None)
    train(trained, 2)
    trained.save(tmp_path)
    trainer = built_trainer()
    trainer.restore(tmp_path)
    assert_same_bits(trainer.average_weights(), weights(trained))


def test_frozen_parts_are_not_averaged() -> None:
    trainer = built_trainer(frozen=["decoder/hidden"])
    names = set(trainer.average_weights())
    frozen = {name for name in weights(trainer) if name.startswith("decoder/hidden/")}
    assert len(frozen) == 2
    assert names == set(weights(trainer)) - frozen


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.1, 1.5])
def test_a_decay_out_of_range_is_an_error(decay: float) -> None:
    with pytest.raises(ValueError, match=f"weight_average_decay={decay}"):
        WeightAverage({"weight": tf.Variable(1.0)}, decay)


def test_sidecar_names_are_told_from_others() -> None:
    arrays = {"decoder/kernel": np.ones(2)}
    assert list(to_sidecar(arrays)) == ["average/decoder/kernel"]
    both = {**to_sidecar(arrays), "seed": np.zeros(1), "averages": np.zeros(1)}
    assert list(from_sidecar(both)) == ["decoder/kernel"]
