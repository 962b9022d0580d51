"""One step: it learns, it is traced once, and its state survives a restart."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf
import toy_training
from tiny_training import ToneProvider, make_trainer

from ddsp import core
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


def test_the_best_checkpoint_may_stay(tmp_path: Path) -> None:
    trainer = toy_training.make_trainer(checkpoints_to_keep=1)
    for step in (1, 2, 3):
        trainer.optimizer.iterations.assign(step)
        trainer.save(tmp_path, keep=[1])
    found = sorted(path.name for path in tmp_path.glob("*.index"))
    assert found == ["ckpt-1.index", "ckpt-3.index"]


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
    other = built_trainer(restore_keys=[])
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


NAN = float("nan")


def batch_with(audio_value: float | None) -> dict[str, tf.Tensor]:
    """Two examples, of which the second may have one sample of another value."""
    batch = dict(next(iter(ToneProvider(2).get_batch(2))))
    if audio_value is not None:
        audio = batch["audio"].numpy()
        audio[1, 5] = audio_value
        batch["audio"] = tf.constant(audio)
    return batch


def without_iterations(trainer: trainers.Trainer) -> list[np.ndarray]:
    return values([*trainer.model.weights, *trainer.optimizer.variables[1:]])


@pytest.mark.parametrize("xla, bad", [(False, NAN), (False, float("inf")), (True, NAN)])
def test_a_step_with_a_loss_that_is_no_number_counts_but_changes_nothing(
    xla: bool, bad: float
) -> None:
    trainer = built_trainer(xla=xla)
    assert float(trainer.train_step(batch_with(None))["skipped_steps"]) == 0.0
    before = without_iterations(trainer)
    losses = trainer.train_step(batch_with(bad))
    assert float(losses["skipped_steps"]) == 1.0
    assert not np.isfinite(losses["total_loss"])
    assert int(trainer.step) == 2
    assert len(before) > 20
    for a, b in zip(before, without_iterations(trainer), strict=True):
        np.testing.assert_array_equal(a, b)
    after = trainer.train_step(batch_with(None))
    assert float(after["skipped_steps"]) == 0.0
    assert int(trainer.step) == 3
    changed = [
        not np.array_equal(a, b)
        for a, b in zip(before, without_iterations(trainer), strict=True)
    ]
    assert np.mean(changed) > 0.9


def test_skipped_steps_are_no_part_of_the_total_loss() -> None:
    trainer = built_trainer()
    losses = trainer.train_step(batch_with(None))
    assert set(losses) == {"spectral_loss", "total_loss", "skipped_steps"}
    np.testing.assert_allclose(losses["total_loss"], losses["spectral_loss"])


class Slope(tf.keras.Model):
    """A model whose gradient is its input, and that remembers what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.value = self.add_weight(initializer="zeros", name="value")
        self.seen = self.add_weight(initializer="zeros", trainable=False, name="seen")
        self.count = self.add_weight(
            initializer="zeros", trainable=False, dtype="int32", name="count"
        )

    def call(
        self, x: tf.Tensor, return_losses: bool = True, training: bool = True
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        assert return_losses and training
        self.seen.assign(self.seen + tf.reduce_sum(x))
        self.count.assign(self.count + 1)
        loss = tf.reduce_sum(x) * self.value + 2.0
        return loss, {"total_loss": loss}


@pytest.mark.parametrize("grad_clip_norm", [3.0, None])
def test_a_gradient_of_infinite_norm_is_skipped_though_the_loss_is_finite(
    grad_clip_norm: float | None,
) -> None:
    model = Slope()
    strategy = tf.distribute.get_strategy()
    trainer = trainers.Trainer(model, strategy, grad_clip_norm=grad_clip_norm)
    trainer.build(tf.constant([4.0]))
    assert float(trainer.train_step(tf.constant([4.0]))["skipped_steps"]) == 0.0
    before = float(model.value)
    np.testing.assert_allclose(before, -1e-3, rtol=1e-3)  # One step of Adam.
    # The square of 1e30 is beyond float32.
    losses = trainer.train_step(tf.constant([1e30]))
    assert float(losses["skipped_steps"]) == 1.0
    np.testing.assert_allclose(losses["total_loss"], -1e27, rtol=1e-3)
    assert float(model.value) == before


def test_what_a_model_gathers_from_a_bad_batch_is_forgotten() -> None:
    model = Slope()
    trainer = trainers.Trainer(model, tf.distribute.get_strategy())
    trainer.build(tf.constant([1.0]))
    trainer.train_step(tf.constant([5.0]))
    assert float(model.seen) == 6.0
    trainer.train_step(tf.constant([NAN]))
    assert float(model.seen) == 6.0
    # Counters go on, such as those of random numbers.
    assert int(model.count) == 3
    trainer.train_step(tf.constant([2.0]))
    assert float(model.seen) == 8.0


def test_a_bad_example_on_one_replica_skips_the_step_of_all() -> None:
    code = (
        "import numpy as np, tensorflow as tf\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "half = tf.config.LogicalDeviceConfiguration()\n"
        "tf.config.set_logical_device_configuration(cpu, [half, half])\n"
        "from test_trainers import NAN, batch_with\n"
        "from tiny_training import make_trainer\n"
        "strategy = tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])\n"
        "trainer = make_trainer(strategy)\n"
        "with strategy.scope():\n"
        "    seen = tf.keras.Variable(3.0, trainable=False, name='seen')\n"
        "    trainer.model.seen = seen\n"
        "datasets = [tf.data.Dataset.from_tensors(batch_with(x)) for x in\n"
        "            (None, None, NAN, None)]\n"
        "dataset = datasets[0]\n"
        "for other in datasets[1:]:\n"
        "    dataset = dataset.concatenate(other)\n"
        "batches = iter(trainer.distribute_dataset(dataset))\n"
        "trainer.build(next(batches))\n"
        "assert seen in trainer.model.non_trainable_variables\n"
        "def state():\n"
        "    variables = [*trainer.model.weights, *trainer.optimizer.variables[1:]]\n"
        "    local = strategy.experimental_local_results\n"
        "    return [[x.numpy() for x in local(v.value)] for v in variables]\n"
        "skipped, states = [], [state()]\n"
        "for _ in range(3):\n"
        "    losses = trainer.train_step(batches)\n"
        "    skipped.append(float(losses['skipped_steps']))\n"
        "    states.append(state())\n"
        "assert skipped == [0.0, 1.0, 0.0], skipped\n"
        "assert int(trainer.step) == 3\n"
        "def changed(a, b):\n"
        "    pairs = list(zip(a, b, strict=True))\n"
        "    return sum(not np.array_equal(x, y) for x, y in pairs) / len(pairs)\n"
        "assert changed(states[0], states[1]) > 0.9\n"
        "assert changed(states[1], states[2]) == 0.0\n"
        "assert changed(states[2], states[3]) > 0.9\n"
        "assert all(len(x) == 2 for x in states[3])\n"
        "assert all(np.array_equal(*x) for x in states[3])\n"
    )
    paths = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "training")]
    code = f"import sys\nsys.path[:0] = {paths!r}\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def toy_state(trainer: trainers.Trainer) -> dict[str, np.ndarray]:
    named = checkpoints.named_variables(trainer.model)
    return {name: variable.numpy() for name, variable in named.items()}


def toy_train(trainer: trainers.Trainer, n_steps: int) -> list[float]:
    batch = toy_training.make_batch()
    return [float(trainer.train_step(batch)["total_loss"]) for _ in range(n_steps)]


@pytest.mark.parametrize("part", ["decoder", "encoder/hidden", "normalized"])
def test_frozen_parts_keep_their_bits(part: str) -> None:
    # Momentum must not move them either, and some layers change their own weights.
    trainer = toy_training.make_trainer(frozen=[part])
    trainer.optimizer.iterations.assign(3)
    for moment in trainer.optimizer._momentums:
        moment.assign(moment + 0.5)
    before = toy_state(trainer)
    toy_train(trainer, 5)
    after = toy_state(trainer)
    frozen = {name for name in after if name.startswith(f"{part}/")}
    assert len(frozen) in (2, 3, 4)
    for name, value in after.items():
        same = value.tobytes() == before[name].tobytes()
        assert same == (name in frozen), name


def test_everything_else_still_learns() -> None:
    trainer = toy_training.make_trainer(frozen="encoder")
    assert trainer.frozen == ("encoder",)
    assert len(trainer.trained_variables) == 6
    totals = toy_train(trainer, 30)
    assert totals[-1] < 0.9 * totals[0]


def test_the_norm_of_gradients_is_that_of_trained_parts() -> None:
    trainer = toy_training.make_trainer(frozen=["encoder"], grad_clip_norm=1e-3)
    toy_train(trainer, 1)
    moments = values(trainer.optimizer._momentums)
    norm = np.sqrt(sum(np.sum(m.astype(np.float64) ** 2) for m in moments))
    np.testing.assert_allclose(norm, 1e-4, rtol=1e-4)


def test_checkpoints_of_frozen_runs_have_all_keys_and_go_on(tmp_path: Path) -> None:
    whole, frozen = (
        toy_training.make_trainer(frozen=f) for f in ((), ["decoder", "normalized"])
    )
    keys = []
    for name, trainer in (("whole", whole), ("frozen", frozen)):
        toy_train(trainer, 2)
        path = trainer.save(tmp_path / name)
        keys.append([key for key, _ in tf.train.list_variables(path)])
    assert keys[0] == keys[1]
    thawed = toy_training.make_trainer()
    thawed.restore(tmp_path / "frozen")
    assert np.any(values(thawed.optimizer._momentums)[0] != 0.0)
    for a, b in zip(state_of(frozen), state_of(thawed), strict=True):
        np.testing.assert_array_equal(a, b)


def state_of(trainer: trainers.Trainer) -> list[np.ndarray]:
    return values([*trainer.model.weights, *trainer.optimizer.variables])


def test_freezing_what_is_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match=r"frozen must name parts.*'decodre'"):
        toy_training.make_trainer(frozen=["decodre"])


def test_freezing_everything_is_an_error() -> None:
    with pytest.raises(InputError, match="freeze less"):
        toy_training.make_trainer(frozen=["encoder", "decoder", "normalized"])


@pytest.mark.parametrize("norm", [None, 0, 0.0])
def test_clipping_can_be_turned_off(norm: float | None) -> None:
    free = toy_training.make_trainer(grad_clip_norm=norm)
    wide = toy_training.make_trainer(grad_clip_norm=1e6)
    np.testing.assert_allclose(toy_train(free, 3), toy_train(wide, 3), rtol=1e-6)
    for a, b in zip(state_of(free), state_of(wide), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert np.any(values(free.optimizer._momentums)[0] != 0.0)


def test_gradients_are_clipped_to_three_by_default() -> None:
    trainer = toy_training.make_trainer()
    batch = {name: 1e3 * x for name, x in toy_training.make_batch().items()}
    trainer.train_step(batch)
    moments = values(trainer.optimizer._momentums)
    norm = np.sqrt(sum(np.sum(m.astype(np.float64) ** 2) for m in moments))
    np.testing.assert_allclose(norm, 0.3, rtol=1e-4)


def magnitude_losses(**kwargs: Any) -> list[float]:
    trainer = make_trainer(**kwargs)
    # Logarithms of bins without sound measure nothing but rounding errors.
    trainer.model.loss_objs[0].logmag_weight = 0.0
    trainer.build(next(batches(trainer)))
    return train(trainer, n_steps=5)


def test_xla_gives_the_same_losses() -> None:
    plain = magnitude_losses()
    np.testing.assert_allclose(magnitude_losses(xla=True), plain, atol=1e-4)
    assert plain[4] < plain[0] - 0.1


def test_xla_compiles_what_it_is_asked_to() -> None:
    for xla in (True, False):
        trainer = toy_training.make_trainer(xla=xla)
        batch = toy_training.make_batch()
        toy_train(trainer, 1)
        graph = trainer._traced_step.get_concrete_function(batch).graph
        definitions = graph.as_graph_def().library.function
        compiled = [f for f in definitions if f.attr["_XlaMustCompile"].b]
        assert bool(compiled) == xla


def test_xla_never_meets_cudnn(monkeypatch: pytest.MonkeyPatch) -> None:
    def uses_own_recursion(xla: bool) -> bool:
        layer = built_trainer(xla=xla).model.decoder.rnn.rnn
        with monkeypatch.context() as patch:
            patch.setattr(tf.config, "list_logical_devices", lambda _: ["GPU:0"])
            return layer._is_plain()

    assert uses_own_recursion(xla=True)
    assert not uses_own_recursion(xla=False)


def test_choices_are_told_as_text() -> None:
    assert make_trainer().choices == {"xla": "off", "mixed_precision": "float32"}
    other = make_trainer(xla=True, mixed_precision="bfloat16")
    assert other.choices == {"xla": "on", "mixed_precision": "bfloat16"}


class Noisy(toy_training.Toy):
    """A model whose only output is noise."""

    def call(self, features: dict[str, tf.Tensor], training: bool = False) -> Any:
        outputs = super().call(features, training=training)
        noise = core.white_noise(tf.shape(features["x"])[0], 100)
        self._losses_dict["noise"] = tf.reduce_sum(noise[:, 0])
        return outputs


def noise_losses(n_steps: int, first: int = 0, **kwargs: Any) -> list[float]:
    trainer = trainers.Trainer(Noisy(), train_util.get_strategy(), **kwargs)
    batch = toy_training.make_batch()
    trainer.build(batch)
    trainer.optimizer.iterations.assign(first)
    return [float(trainer.train_step(batch)["noise"]) for _ in range(n_steps)]


def test_noise_is_a_function_of_seed_and_step() -> None:
    seeded = noise_losses(4, seed=5)
    assert len(set(seeded)) == 4
    assert noise_losses(2, first=2, seed=5) == seeded[2:]
    assert noise_losses(4, seed=5, xla=True) == pytest.approx(seeded, abs=1e-6)
    assert not set(noise_losses(4, seed=6)) & set(seeded)
    assert not set(noise_losses(4)) & set(seeded)


def test_gin_binds_every_option() -> None:
    gin.parse_config(
        """
        Trainer.xla = True
        Trainer.seed = 3
        Trainer.mixed_precision = 'bfloat16'
        Trainer.weight_average_decay = 0.5
        Trainer.frozen = ('decoder',)
        Trainer.grad_clip_norm = None
        """
    )
    trainer = toy_training.make_trainer()
    assert trainer.xla
    assert trainer.seed == 3
    assert trainer.mixed_precision == "bfloat16"
    assert trainer.weight_average_decay == 0.5
    assert trainer.frozen == ("decoder",)
    assert trainer.grad_clip_norm is None
    assert len(trainer.average_weights()) == 6
    first, *_, last = toy_train(trainer, 20)
    assert last < first


def test_options_are_off_unless_asked_for() -> None:
    trainer = toy_training.make_trainer()
    assert (trainer.xla, trainer.seed, trainer.frozen) == (False, None, ())
    assert trainer.mixed_precision == "float32"
    assert trainer.weight_average_decay is None


def test_options_are_the_same_on_two_replicas() -> None:
    code = (
        "import numpy as np, tensorflow as tf\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "half = tf.config.LogicalDeviceConfiguration()\n"
        "tf.config.set_logical_device_configuration(cpu, [half, half])\n"
        "from toy_training import make_batch, make_trainer\n"
        "def steps(strategy, **kwargs):\n"
        "    trainer = make_trainer(strategy, weight_average_decay=0.6,\n"
        "                           frozen=['encoder', 'normalized'], **kwargs)\n"
        "    dataset = tf.data.Dataset.from_tensors(make_batch())\n"
        "    dataset = dataset.unbatch().batch(8).repeat(4)\n"
        "    batches = iter(trainer.distribute_dataset(dataset))\n"
        "    losses = [float(trainer.train_step(batches)['total_loss'])\n"
        "              for _ in range(3)]\n"
        "    live = [v.numpy() for v in trainer.model.weights]\n"
        "    with trainer.averaged():\n"
        "        decoded = trainer.model.decoder.dense_out.kernel.numpy()\n"
        "    for a, v in zip(live, trainer.model.weights, strict=True):\n"
        "        np.testing.assert_array_equal(a, v.numpy())\n"
        "    averages = trainer.average_weights()\n"
        "    kernel = averages['decoder/dense_out/kernel']\n"
        "    np.testing.assert_array_equal(decoded, kernel)\n"
        "    return losses, live, averages\n"
        "for options in ({}, {'mixed_precision': 'bfloat16'}, {'xla': True}):\n"
        "    one = steps(tf.distribute.get_strategy(), **options)\n"
        "    mirrored = tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])\n"
        "    two = steps(mirrored, **options)\n"
        "    near = dict(rtol=1e-3, atol=1e-4) if options else dict(atol=1e-5)\n"
        "    np.testing.assert_allclose(one[0], two[0], **near)\n"
        "    for a, b in zip(one[1], two[1], strict=True):\n"
        "        np.testing.assert_allclose(a, b, **near)\n"
        "    assert len(one[2]) == 4 and one[2].keys() == two[2].keys()\n"
        "    for name in one[2]:\n"
        "        np.testing.assert_allclose(one[2][name], two[2][name], **near)\n"
    )
    paths = [str(ROOT), str(ROOT / "tests")]
    code = f"import sys\nsys.path[:0] = {paths!r}\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def drawn_by(seed: int) -> float:
    """The noise of a seed in the first step, drawn without a trainer."""
    with core.seeded_noise([seed, 0]):
        return float(tf.reduce_sum(core.white_noise(8, 100)[:, 0]))


@pytest.mark.parametrize("xla", [False, True])
def test_a_new_seed_is_the_seed_of_the_next_step(xla: bool) -> None:
    trainer = trainers.Trainer(Noisy(), train_util.get_strategy(), seed=5, xla=xla)
    batch = toy_training.make_batch()
    trainer.build(batch)
    drawn = {}
    for seed in (5, 6, None):
        trainer.seed = seed
        assert trainer.seed == seed
        trainer.optimizer.iterations.assign(0)
        drawn[seed] = float(trainer.train_step(batch)["noise"])
    assert drawn[5] == pytest.approx(drawn_by(5), abs=1e-5)
    assert drawn[6] == pytest.approx(drawn_by(6), abs=1e-5)
    assert abs(drawn[None] - drawn_by(6)) > 1e-3


@pytest.mark.parametrize("xla", [False, True])
def test_a_trainer_that_is_built_again_learns_another_model(xla: bool) -> None:
    trainer = toy_training.make_trainer(xla=xla)
    first = trainer.model
    toy_train(trainer, 1)
    other = toy_training.make_trainer(n_units=9)
    trainer.model, trainer.optimizer = other.model, other.optimizer
    trainer.build(toy_training.make_batch())
    before = [values(model.trainable_variables) for model in (first, trainer.model)]
    toy_train(trainer, 1)
    after = [values(model.trainable_variables) for model in (first, trainer.model)]
    for a, b in zip(before[0], after[0], strict=True):
        np.testing.assert_array_equal(a, b)
    changed = [np.any(a != b) for a, b in zip(before[1], after[1], strict=True)]
    assert len(changed) == 10 and all(changed)


def test_a_trainer_that_is_built_again_freezes_what_it_is_told_then() -> None:
    trainer = toy_training.make_trainer(frozen=["decoder"])
    toy_train(trainer, 1)
    trainer.frozen = ()
    trainer.build(toy_training.make_batch())
    before = toy_state(trainer)
    assert len(trainer.trained_variables) == 10
    toy_train(trainer, 1)
    for name, value in toy_state(trainer).items():
        assert np.any(value != before[name]), name
