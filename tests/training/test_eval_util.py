"""Which checkpoints and batches are judged, and what comes of it."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tiny_training
from event_reader import read_scalars

from ddsp.training import data, eval_util, evaluators, models
from ddsp.training.checkpoints import save_checkpoint
from ddsp.training.errors import InputError
from ddsp.training.progress import Progress


class Losses(evaluators.BasicEvaluator):
    """Draws nothing, which takes time."""

    def sample(self, batch: Any, outputs: Any, step: int) -> None:
        pass


BASIC = [Losses]


class Recorder(evaluators.BaseEvaluator):
    """Keeps what it sees."""

    log: list[tuple[str, Any]]

    def evaluate(self, batch: Any, outputs: Any, losses: Any) -> None:
        self.log.append(("evaluate", (batch, outputs, losses)))

    def sample(self, batch: Any, outputs: Any, step: int) -> None:
        del batch, outputs
        self.log.append(("sample", step))

    def flush(self, step: int) -> None:  # type: ignore[override]
        """Returns nothing, as evaluators of the original."""
        self.log.append(("flush", step))


@pytest.fixture
def recorder() -> type[Recorder]:
    """An evaluator class with a log of its own."""

    class Fresh(Recorder):
        log = []  # noqa: RUF012

    return Fresh


class Scale(models.Model):
    """Multiplies the sound by a weight; the loss is the weight."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")

    def call(self, features: Any, training: bool = True) -> dict[str, tf.Tensor]:
        audio = self.gain(features["audio"][..., tf.newaxis])[..., 0]
        self._losses_dict["gain"] = tf.reduce_sum(self.gain.kernel)
        return {"audio_synth": audio, "was_training": tf.constant(training)}

    def get_audio_from_outputs(self, outputs: Any) -> tf.Tensor:
        return outputs["audio_synth"]


class Counting(data.DataProvider):
    """Three examples, whose sounds are 0, 1 and 2; remembers how it was asked."""

    def __init__(self, n_examples: int = 3) -> None:
        super().__init__(16000, 250)
        self.n_examples = n_examples
        self.asked: list[dict[str, Any]] = []

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        self.asked.append({"shuffle": shuffle})
        values = tf.range(self.n_examples, dtype=tf.float32)
        return tf.data.Dataset.from_tensor_slices(
            {"audio": tf.repeat(values[:, tf.newaxis], 8, axis=1)}
        )


def save(folder: Path, step: int, gain: float) -> None:
    """Writes the checkpoint of a Scale."""
    model = Scale()
    model({"audio": tf.zeros([1, 8])})
    model.gain.kernel.assign([[gain]])
    optimizer = tf.keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    optimizer.iterations.assign(step)
    save_checkpoint(model, optimizer, folder, step=step, max_to_keep=9)


@pytest.fixture
def run(tmp_path: Path, recorder: type[Recorder]) -> Any:
    """Judges a folder with defaults that end; keeps what was printed."""

    class Run:
        folder = tmp_path
        said = io.StringIO()
        log = recorder.log
        provider = Counting()

        def __call__(self, function: Any = eval_util.evaluate, **kwargs: Any) -> Any:
            defaults = {
                "data_provider": self.provider,
                "model": Scale(),
                "evaluator_classes": [recorder, *BASIC],
                "save_dir": str(tmp_path),
                "batch_size": 2,
                "num_batches": 1,
                "run_once": True,
                "progress": Progress(self.said),
            }
            return function(**{**defaults, **kwargs})

        def batches(self) -> list[list[float]]:
            """Values of the examples of each batch that was evaluated."""
            seen = [what for kind, what in self.log if kind == "evaluate"]
            return [batch["audio"][:, 0].numpy().tolist() for batch, _, _ in seen]

    return Run()


def test_losses_of_the_restored_model_are_returned_and_written(run: Any) -> None:
    save(run.folder, 3, gain=0.5)
    means = run()
    # The original's losses were 0, for it computed none (T20), and nothing came back.
    assert means == {"losses/gain": 0.5, "losses/total_loss": 0.5}
    scalars = read_scalars(run.folder / "summaries" / "eval")
    assert scalars == {tag: [(3, value)] for tag, value in means.items()}
    lines = run.said.getvalue().splitlines()
    assert lines[0].endswith(f"{run.folder}/ckpt-3")
    assert "  losses/gain, total_loss  0.5" in lines


def test_model_is_run_as_in_use_and_its_sound_is_handed_on(run: Any) -> None:
    save(run.folder, 3, gain=0.5)
    run()
    ((batch, outputs, losses),) = [w for kind, w in run.log if kind == "evaluate"]
    assert not outputs["was_training"]
    assert (outputs["audio_gen"].numpy() == 0.5 * batch["audio"].numpy()).all()
    assert set(losses) == {"gain", "total_loss"}


@pytest.mark.parametrize(
    ("function", "both", "kinds"),
    [
        (eval_util.evaluate, False, ["evaluate", "flush"]),
        (eval_util.evaluate, True, ["evaluate", "sample", "flush"]),
        (eval_util.sample, False, ["sample"]),
        (eval_util.sample, True, ["evaluate", "sample", "flush"]),
    ],
)
def test_modes_measure_sample_or_both(
    run: Any, function: Any, both: bool, kinds: list[str]
) -> None:
    save(run.folder, 3, gain=0.5)
    means = run(function, evaluate_and_sample=both)
    assert [kind for kind, _ in run.log] == kinds
    assert {what for kind, what in run.log if kind != "evaluate"} == {3}
    assert bool(means) == ("flush" in kinds)
    assert ("sounds and pictures" in run.said.getvalue()) == ("sample" in kinds)


def test_unknown_mode_is_an_error(run: Any) -> None:
    with pytest.raises(ValueError, match="Got mode='test'"):
        run(eval_util.evaluate_or_sample, mode="test")
    save(run.folder, 3, gain=0.5)
    assert run(eval_util.evaluate_or_sample)["losses/gain"] == 0.5
    assert run(eval_util.evaluate_or_sample, mode="sample") == {}


@pytest.mark.parametrize(
    ("num_batches", "repeats", "expected"),
    [
        (1, -1, [[0, 1]]),
        (4, -1, [[0, 1], [2, 0], [1, 2], [0, 1]]),
        (4, 1, [[0, 1]]),  # Batches are full.
        (0, -1, [[0, 1], [2]]),  # All, and no more.
        (-1, 2, [[0, 1], [2, 0], [1, 2]]),
    ],
)
def test_batches_are_as_many_as_asked_for(
    run: Any, num_batches: int, repeats: int, expected: list[list[float]]
) -> None:
    save(run.folder, 3, gain=0.5)
    run(num_batches=num_batches, repeats=repeats)
    assert run.batches() == expected
    assert run.provider.asked == [{"shuffle": False}]


def test_no_batch_is_an_error(run: Any) -> None:
    save(run.folder, 3, gain=0.5)
    with pytest.raises(InputError, match="at least one batch"):
        run(batch_size=4, repeats=1)


def test_dataset_of_other_lengths_is_one_line(run: Any, tmp_path: Path) -> None:
    class Wrong(Counting):
        def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
            wrong = super().get_dataset(shuffle)
            return wrong.map(
                lambda x: {
                    "audio": tf.ensure_shape(
                        tf.tile(x["audio"], [tf.cast(x["audio"][0], tf.int32) + 1]), [8]
                    )
                }
            )

    del tmp_path
    save(run.folder, 3, gain=0.5)
    with pytest.raises(InputError, match="features and lengths") as error:
        run(eval_util.evaluate_or_sample, data_provider=Wrong(), num_batches=0)
    assert len(str(error.value).splitlines()) == 1
    assert "{{" not in str(error.value)


def test_model_that_does_not_fit_the_dataset_is_one_line(run: Any) -> None:
    class Picky(Scale):
        def call(self, features: Any, training: bool = True) -> dict[str, tf.Tensor]:
            super().call(features, training)
            raise ValueError(
                "Sounds must be equally long. Got 8 and 4.\nArguments: ..."
            )

    save(run.folder, 3, gain=0.5)
    with pytest.raises(InputError, match=r"equally long\. Got 8 and 4") as error:
        run(eval_util.evaluate_or_sample, model=Picky())
    (line,) = str(error.value).splitlines()
    assert line.startswith("The model must fit") and "\x1b" not in line
    assert "encountered when" not in line


def test_what_fails_after_the_first_batch_is_a_fault_of_the_program(run: Any) -> None:
    class Broken(Scale):
        n_calls = 0

        def call(self, features: Any, training: bool = True) -> dict[str, tf.Tensor]:
            outputs = super().call(features, training)
            self.n_calls += 1
            if self.n_calls > 2:  # The first call makes the variables.
                raise ValueError("Divided by the wrong number.")
            return outputs

    save(run.folder, 3, gain=0.5)
    with pytest.raises(ValueError, match="wrong number") as error:
        run(model=Broken(), num_batches=3, batch_size=1)
    assert not isinstance(error.value, InputError)
    assert len(run.batches()) >= 1


def test_restore_dir_is_read_and_save_dir_written(run: Any, tmp_path: Path) -> None:
    save(tmp_path / "model", 3, gain=0.5)
    (tmp_path / "model" / "summaries").write_text("not a folder")
    means = run(restore_dir=str(tmp_path / "model"), save_dir=str(tmp_path / "out"))
    assert means["losses/gain"] == 0.5
    assert read_scalars(tmp_path / "out")["losses/gain"] == [(3, 0.5)]


def test_checkpoint_of_another_model_is_an_error(run: Any, tmp_path: Path) -> None:
    trainer = tiny_training.make_trainer()
    trainer.build(next(iter(tiny_training.ToneProvider().get_batch(1))))
    trainer.save(tmp_path)
    with pytest.raises(InputError, match="without model/gain/kernel"):
        run()
    assert not run.log


def test_empty_folder_is_one_error_that_leaves_nothing(
    run: Any, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="A checkpoint must be"):
        run(save_dir=str(tmp_path / "empty"))
    assert not (tmp_path / "empty").exists()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A clock that moves when somebody sleeps; `at` maps a time to what happens."""

    class Clock:
        now = 100.0
        at: dict[float, Any] = {}  # noqa: RUF012

        def sleep(self, seconds: float) -> None:
            assert self.now < 1000.0, "waiting for ever"
            self.now += seconds
            for when in [when for when in self.at if when <= self.now]:
                self.at.pop(when)()

    clock = Clock()
    clock.at = {}
    monkeypatch.setattr("time.sleep", clock.sleep)
    monkeypatch.setattr("time.monotonic", lambda: clock.now)
    yield clock
    assert not clock.at, "something never happened"


def test_empty_folder_is_waited_for_and_said_once(run: Any, clock: Any) -> None:
    clock.at[120.0] = lambda: save(run.folder, 7, gain=0.25)
    means = run(run_once=False, run_until_step=7)
    assert means["losses/gain"] == 0.25
    assert run.said.getvalue().count("waiting for a checkpoint") == 1
    assert clock.now < 125.0


def test_each_new_checkpoint_is_judged_once_until_the_step(
    run: Any, clock: Any
) -> None:
    save(run.folder, 3, gain=0.5)
    for step in (4, 5, 6):
        clock.at[100.0 + 10 * step] = lambda step=step: save(run.folder, step, step)
    clock.at.pop(160.0)
    means = run(run_once=False, run_until_step=5)
    scalars = read_scalars(run.folder)
    assert scalars["losses/gain"] == [(3, 0.5), (4, 4.0), (5, 5.0)]
    assert means["losses/gain"] == 5.0
    assert "waiting" not in run.said.getvalue()


def test_least_time_between_checkpoints_passes_over_those_between(
    run: Any, clock: Any
) -> None:
    save(run.folder, 3, gain=0.5)
    for step in (4, 5, 6):
        clock.at[100.0 + 10 * step] = lambda step=step: save(run.folder, step, step)
    run(run_once=False, run_until_step=6, ckpt_delay_secs=55)
    # At 155 seconds step 5 is the newest; the next look is at 210.
    assert [step for step, _ in read_scalars(run.folder)["losses/gain"]] == [3, 5, 6]
    assert clock.now == 210.0


def test_path_of_one_checkpoint_is_judged_once(run: Any, clock: Any) -> None:
    del clock
    save(run.folder, 3, gain=0.5)
    save(run.folder, 4, gain=0.75)
    means = run(run_once=False, restore_dir=str(run.folder / "ckpt-3"))
    assert means["losses/gain"] == 0.5


def test_examples_without_sound_are_given_one_by_the_model(run: Any) -> None:
    class Synthetic(Counting):
        def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
            del shuffle
            f0_hz = tf.fill([self.n_examples, 25, 1], 220.0)
            return tf.data.Dataset.from_tensor_slices({"f0_hz": f0_hz})

    class Synthesizing(Scale):
        def generate_synthetic_audio(self, features: Any) -> tf.Tensor:
            return tf.fill([len(features["f0_hz"]), 1600], 0.25)

    save(run.folder, 3, gain=0.5)
    run(data_provider=Synthetic(), model=Synthesizing())
    ((batch, outputs, _),) = [w for kind, w in run.log if kind == "evaluate"]
    assert float(outputs["audio_gen"][0, 0]) == 0.125
    assert (batch["f0_confidence"].numpy() == 1.0).all()
    assert batch["f0_confidence"].shape == [2, 25]
    assert batch["loudness_db"].shape == [2, 26]


def test_tiny_autoencoder_has_losses_in_evaluation(tmp_path: Path) -> None:
    trainer = tiny_training.make_trainer()
    provider = tiny_training.ToneProvider(n_examples=2)
    trainer.build(next(iter(provider.get_batch(1))))
    trainer.save(tmp_path)
    means = eval_util.evaluate(
        provider,
        tiny_training.make_trainer(n_units=8).model,
        BASIC,
        save_dir=str(tmp_path),
        batch_size=1,
        num_batches=2,
        run_once=True,
    )
    assert means["losses/total_loss"] > 0.1
    assert means["losses/total_loss"] == means["losses/spectral_loss"]
