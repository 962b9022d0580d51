"""One step: it learns, it is traced once, and its state survives a restart."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf
from tiny_training import ToneProvider, make_trainer

from ddsp.training import checkpoints, train_util, trainers
from ddsp.training.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def batches(trainer: trainers.Trainer, batch_size: int = 1) -> tf.data.Iterator:
    dataset = ToneProvider().get_batch(batch_size)
    return iter(trainer.distribute_dataset(dataset))


def built_trainer(**kwargs: Any) -> trainers.Trainer:
    trainer = make_trainer(**kwargs)
    trainer.build(next(batches(trainer)))
    return trainer


def train(trainer: trainers.Trainer, n_steps: int) -> list[float]:
    iterator = batches(trainer)
    return [float(trainer.train_step(iterator)["total_loss"]) for _ in range(n_steps)]


def pretend_training(trainer: trainers.Trainer, step: int) -> None:
    """Changes everything that training changes."""
    for variable in [*trainer.model.weights, *trainer.optimizer.variables]:
        variable.assign(variable + tf.cast(step, variable.dtype))
    trainer.optimizer.iterations.assign(step)


def state(trainer: trainers.Trainer) -> list[np.ndarray]:
    variables = [*trainer.model.weights, *trainer.optimizer.variables]
    assert len(variables) > 20
    return values(variables)


def values(variables: list[tf.Variable]) -> list[np.ndarray]:
    return [tf.convert_to_tensor(variable).numpy() for variable in variables]


def test_a_tone_is_learned_with_one_trace() -> None:
    trainer = built_trainer()
    n_runs = 0
    run = trainer.run

    def counting(*args: object, **kwargs: object) -> object:
        nonlocal n_runs
        n_runs += 1
        return run(*args, **kwargs)

    trainer.run = counting  # type: ignore[method-assign, assignment]
    totals = train(trainer, n_steps=40)
    assert totals[-1] < 0.7 * totals[0]
    assert n_runs == 1
    assert int(trainer.step) == 40


def test_a_batch_and_an_iterator_give_the_same_step() -> None:
    by_batch, by_iterator = built_trainer(), built_trainer()
    batch = next(batches(by_batch))
    losses = by_batch.train_step(batch)
    plain = by_iterator.train_step(iter([batch]))
    np.testing.assert_allclose(losses["total_loss"], plain["total_loss"], rtol=1e-6)
    for a, b in zip(state(by_batch), state(by_iterator), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = built_trainer()
    train(whole, n_steps=6)
    first = built_trainer()
    train(first, n_steps=3)
    first.save(tmp_path)
    second = built_trainer()
    assert second.restore(tmp_path) == 3
    train(second, n_steps=3)
    assert int(second.step) == 6
    for a, b in zip(state(whole), state(second), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_saving_keeps_the_newest_checkpoints(tmp_path: Path) -> None:
    trainer = built_trainer(checkpoints_to_keep=2)
    for step in (1, 20, 300):
        pretend_training(trainer, step)
        trainer.save(tmp_path)
    found = sorted(path.name for path in tmp_path.glob("*.index"))
    assert found == ["ckpt-20.index", "ckpt-300.index"]


def test_checkpoint_object_carries_weights_over(tmp_path: Path) -> None:
    trained, fresh = built_trainer(), built_trainer()
    pretend_training(trained, step=2)
    path = trained.get_checkpoint().save(str(tmp_path / "whole"))
    fresh.get_checkpoint().restore(path).assert_consumed()
    for a, b in zip(state(trained), state(fresh), strict=True):
        np.testing.assert_array_equal(a, b)


def test_restoring_another_model_is_an_error(tmp_path: Path) -> None:
    built_trainer().save(tmp_path)
    wider = built_trainer(n_units=9)
    before = state(wider)
    with pytest.raises(InputError, match="shape"):
        wider.restore(tmp_path)
    for a, b in zip(before, state(wider), strict=True):
        np.testing.assert_array_equal(a, b)


def test_restoring_from_nowhere_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        make_trainer().restore(tmp_path / "missing")


def test_restore_keys_restore_only_those_parts(tmp_path: Path) -> None:
    trained = built_trainer()
    pretend_training(trained, step=5)
    trained.save(tmp_path)
    other = built_trainer(restore_keys=["preprocessor"])
    before = values(other.model.decoder.weights)
    other.restore(tmp_path)
    for a, b in zip(before, values(other.model.decoder.weights), strict=True):
        np.testing.assert_array_equal(a, b)
    other.restore(tmp_path, restore_keys=["decoder"])
    wanted = values(trained.model.decoder.weights)
    assert len(wanted) > 5
    for a, b in zip(wanted, values(other.model.decoder.weights), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_unknown_restore_key_is_an_error(tmp_path: Path) -> None:
    trainer = built_trainer()
    trainer.save(tmp_path)
    with pytest.raises(InputError, match="decodre"):
        trainer.restore(tmp_path, restore_keys=["decodre"])


def test_variables_may_be_missing_only_where_that_is_allowed(tmp_path: Path) -> None:
    nothing = tf.keras.layers.Identity()
    checkpoints.save_checkpoint(nothing, None, tmp_path, step=4)
    other = built_trainer()
    before = values(other.model.decoder.weights)
    with pytest.raises(InputError, match="without model/decoder"):
        other.restore(tmp_path)
    assert other.restore(tmp_path, allow_missing=["decoder"]) == 4
    assert len(before) > 5
    for a, b in zip(before, values(other.model.decoder.weights), strict=True):
        np.testing.assert_array_equal(a, b)


def test_gradients_are_clipped_to_a_global_norm() -> None:
    # Without momentum's history Adam's first moment is a tenth of the gradient.
    trainer = built_trainer(grad_clip_norm=1e-3)
    train(trainer, n_steps=1)
    moments = values(trainer.optimizer._momentums)
    norm = np.sqrt(sum(np.sum(m.astype(np.float64) ** 2) for m in moments))
    np.testing.assert_allclose(norm, 1e-4, rtol=1e-4)


def test_learning_rate_decays_exponentially() -> None:
    trainer = make_trainer(learning_rate=0.01, lr_decay_steps=2, lr_decay_rate=0.5)
    trainer.optimizer.iterations.assign(3)
    rate = float(trainer.optimizer.learning_rate)
    np.testing.assert_allclose(rate, 0.01 * 0.5**1.5, rtol=1e-6)


def test_gin_configures_trainer_and_its_class() -> None:
    gin.parse_config("Trainer.grad_clip_norm = 0.25")
    gin.parse_config("get_trainer_class.trainer_class = @Trainer")
    trainer_class = trainers.get_trainer_class()
    strategy = train_util.get_strategy()
    trainer = trainer_class(tf.keras.Model(), strategy)
    assert trainer.grad_clip_norm == 0.25
    assert isinstance(trainer, trainers.Trainer)


def test_two_replicas_take_the_step_of_one() -> None:
    # Devices can be split only before TensorFlow has started.
    code = (
        "import numpy as np, tensorflow as tf\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "half = tf.config.LogicalDeviceConfiguration()\n"
        "tf.config.set_logical_device_configuration(cpu, [half, half])\n"
        "from tiny_training import ToneProvider, make_trainer\n"
        "def step(strategy):\n"
        "    trainer = make_trainer(strategy, grad_clip_norm=0.1)\n"
        "    dataset = ToneProvider(2).get_batch(2)\n"
        "    batches = iter(trainer.distribute_dataset(dataset))\n"
        "    trainer.build(next(batches))\n"
        "    total = trainer.train_step(batches)['total_loss']\n"
        "    # After one step they are the clipped gradients, times 0.1.\n"
        "    moments = trainer.optimizer._momentums\n"
        "    return total, [tf.convert_to_tensor(m.value) for m in moments]\n"
        "one = step(tf.distribute.get_strategy())\n"
        "two = step(tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1']))\n"
        "np.testing.assert_allclose(one[0], two[0], rtol=1e-6)\n"
        "assert max(abs(m).numpy().max() for m in one[1]) > 1e-4\n"
        "for a, b in zip(one[1], two[1], strict=True):\n"
        "    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-8)\n"
    )
    paths = [str(ROOT), str(ROOT / "tests")]
    code = f"import sys\nsys.path[:0] = {paths!r}\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_weights_that_are_not_numbers_are_not_saved(tmp_path: Path) -> None:
    trainer = built_trainer()
    variable = trainer.model.trainable_variables[0]
    variable.assign(tf.fill(variable.shape, float("nan")))
    with pytest.raises(FloatingPointError, match="Weights must be finite"):
        trainer.save(tmp_path)
    assert not list(tmp_path.iterdir())
