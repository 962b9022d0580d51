"""Averages of weights: the recursion, their place in a model, their way to the disk."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from toy_training import KERNEL, make_batch, make_trainer

from ddsp.training import checkpoints, trainers
from ddsp.training.weight_averaging import (
    AveragesWeights,
    WeightAverage,
    from_sidecar,
    to_sidecar,
)

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


def test_a_trainer_that_is_built_again_goes_on_averaging() -> None:
    trainer = built_trainer()
    start = weights(trainer)
    history = train(trainer, 2)
    trainer.build(make_batch())
    history += train(trainer, 2)
    assert_close(trainer.average_weights(), recursion(start, history))


def test_a_partial_restore_takes_the_averages_of_those_parts_alone(
    tmp_path: Path,
) -> None:
    first = built_trainer()
    train(first, 3)
    first.save(tmp_path)
    for keys, of_constructor in ((["decoder"], None), ("decoder", None), (None, "dec")):
        restored = ["decoder"] if of_constructor else None
        second = built_trainer(restore_keys=restored)
        train(second, 1)
        own = weights(second)
        second.restore(tmp_path, restore_keys=keys)
        for name, value in second.average_weights().items():
            wanted = first.average_weights() if name.startswith("decoder/") else own
            np.testing.assert_array_equal(value, wanted[name])
            assert np.any(own[name] != first.average_weights()[name])


def test_averages_of_another_shape_start_at_the_weights(tmp_path: Path) -> None:
    first = built_trainer()
    train(first, 2)
    averages = first.average_weights()
    averages[KERNEL] = np.zeros([3, 2], np.float32)
    plain = built_trainer(weight_average_decay=None)
    plain.restore(first.save(tmp_path / "first"))
    plain.save(tmp_path / "other", sidecar=to_sidecar(averages))
    second = built_trainer()
    second.restore(tmp_path / "other")
    averages[KERNEL] = weights(first)[KERNEL]
    assert_same_bits(second.average_weights(), averages)


class Interrupting:
    """A variable at whose n-th change somebody presses Ctrl-C."""

    def __init__(self, variable: tf.Variable, n_before: int) -> None:
        self.variable = variable
        self.n_before = n_before

    def assign(self, value: np.ndarray) -> None:
        if self.n_before == 0:
            self.n_before = -1
            raise KeyboardInterrupt
        self.n_before -= 1
        self.variable.assign(value)

    def __tf_tensor__(self, dtype: object = None, name: object = None) -> tf.Tensor:
        del dtype, name
        return tf.convert_to_tensor(self.variable)


@pytest.mark.parametrize("nth", [0, 4, 9])
@pytest.mark.parametrize("way", [0, 1])
def test_an_interrupt_on_the_way_leaves_nothing_mixed(nth: int, way: int) -> None:
    variables = {f"v{i}": tf.Variable(float(i)) for i in range(10)}
    interrupting = dict(variables)
    name = f"v{nth}"
    interrupting[name] = Interrupting(variables[name], n_before=way)
    average = WeightAverage(interrupting, decay=0.5)
    average.start({n: np.float32(-1.0) for n in variables})
    with pytest.raises(KeyboardInterrupt), average.in_place():
        assert all(float(v) == -1.0 for v in variables.values())
    average.put_back()
    assert [float(v) for v in variables.values()] == [float(i) for i in range(10)]
    with average.in_place():
        assert all(float(v) == -1.0 for v in variables.values())
    assert [float(v) for v in variables.values()] == [float(i) for i in range(10)]


def cut_off(trainer: trainers.Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the context as an interrupt within it would: half of it put back."""
    average = trainer._average
    assert average is not None
    with monkeypatch.context() as patch:
        patch.setattr(WeightAverage, "put_back", lambda _: None)
        with trainer.averaged():
            pass
    half = dict(list(average._live.items())[5:])
    average._live, others = half, average._live
    for name in others.keys() - half.keys():
        average._variables[name].assign(others[name])


@pytest.mark.parametrize("then", ["save", "build", "restore", "averaged"])
def test_whatever_comes_after_an_interrupt_ends_the_averaging(
    then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = built_trainer()
    train(trainer, 1)
    path = trainer.save(tmp_path / "before")
    earlier = weights(trainer), trainer.average_weights()
    train(trainer, 2)
    live, averages = weights(trainer), trainer.average_weights()
    cut_off(trainer, monkeypatch)
    mixed = weights(trainer)
    assert sum(bool(np.any(mixed[n] != live[n])) for n in live) == 5
    if then == "build":
        trainer.build(make_batch())
    elif then == "restore":
        trainer.restore(path)
        trainer.leave_averaged()  # Which is done already, before the restoring.
        live, averages = earlier
    elif then == "averaged":
        with trainer.averaged():
            assert_same_bits(weights(trainer), averages)
    else:
        saved = built_trainer(weight_average_decay=None)
        saved.restore(trainer.save(tmp_path / "after"))
        assert_same_bits(weights(saved), live)
    assert_same_bits(weights(trainer), live)
    assert_same_bits(trainer.average_weights(), averages)


def test_without_averaging_there_is_nothing_to_leave() -> None:
    AveragesWeights().leave_averaged()
