"""A run that is interrupted and goes on is the run that was not."""

import io
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tiny_training import N_FRAMES, N_SAMPLES, write_dataset

from ddsp import losses, processors, synths
from ddsp.training import (
    checkpoints,
    data,
    decoders,
    models,
    preprocessing,
    train_util,
    trainers,
)
from ddsp.training.errors import InputError
from ddsp.training.loop import collapse, listening
from ddsp.training.loop.history_file import read_history
from ddsp.training.loop.run_state import RunState
from ddsp.training.progress import Progress

ROOT = Path(__file__).resolve().parents[3]


def noisy_trainer(seed: int = 1, **kwargs: Any) -> trainers.Trainer:
    """A trainer of harmonics and noise: whatever is random in training is in it."""
    tf.keras.utils.set_random_seed(seed)
    model = models.Autoencoder(
        preprocessor=preprocessing.F0LoudnessPreprocessor(
            time_steps=N_FRAMES, compute_loudness=False
        ),
        decoder=decoders.RnnFcDecoder(
            rnn_channels=4,
            ch=4,
            layers_per_stack=1,
            input_keys=("ld_scaled", "f0_scaled"),
            output_splits=(("amps", 1), ("harmonic_distribution", 4), ("noise", 5)),
        ),
        processor_group=processors.ProcessorGroup(
            [
                (
                    synths.Harmonic(n_samples=N_SAMPLES),
                    ["amps", "harmonic_distribution", "f0_hz"],
                ),
                (synths.FilteredNoise(n_samples=N_SAMPLES, window_size=0), ["noise"]),
                (processors.Add(), ["harmonic/signal", "filtered_noise/signal"]),
            ]
        ),
        losses=[losses.SpectralLoss(fft_sizes=(64,), logmag_weight=1.0)],
    )
    settings = {"learning_rate": 0.01, "lr_decay_steps": 10, **kwargs}
    return trainers.Trainer(model, tf.distribute.get_strategy(), **settings)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """As in a terminal: shells make programs in the background deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "tones", n_examples=12)


def run(
    dataset: Path,
    folder: Path,
    num_steps: int,
    trainer: trainers.Trainer | None = None,
    **kwargs: Any,
) -> tuple[trainers.Trainer, str]:
    """Trains, and returns the trainer and what was said."""
    trainer = noisy_trainer() if trainer is None else trainer
    settings = {"batch_size": 2, "seed": 5, "steps_per_save": 4, "steps_per_summary": 1}
    settings = {"steps_per_validation": 1000, **settings, **kwargs}
    said = io.StringIO()
    train_util.train(
        data.TFRecordProvider(str(dataset)),
        trainer,
        num_steps=num_steps,
        save_dir=str(folder),
        restore_dir=str(folder),
        progress=Progress(said, seconds=0.0),
        **settings,
    )
    return trainer, said.getvalue()


def weights_of(trainer: trainers.Trainer) -> list[np.ndarray]:
    variables = [*trainer.model.weights, *trainer.optimizer.variables]
    return [tf.convert_to_tensor(v).numpy() for v in variables]


@pytest.mark.parametrize("average", [None, 0.9])
def test_a_run_in_pieces_is_the_run_in_one(
    dataset: Path, tmp_path: Path, average: float | None
) -> None:
    options = {"weight_average_decay": average}
    whole, _ = run(dataset, tmp_path / "one", 9, noisy_trainer(**options))
    # The second and third trainers begin with other weights of their own.
    for n, num_steps in enumerate((3, 4, 9), start=1):
        pieces, _ = run(
            dataset, tmp_path / "two", num_steps, noisy_trainer(n, **options)
        )
    for a, b in zip(weights_of(whole), weights_of(pieces), strict=True):
        np.testing.assert_array_equal(a, b)
    assert whole.average_weights().keys() == pieces.average_weights().keys()
    for name, value in whole.average_weights().items():
        np.testing.assert_array_equal(value, pieces.average_weights()[name])
    curves = [read_history(tmp_path / name)["total_loss"] for name in ("one", "two")]
    np.testing.assert_array_equal(curves[0][0], np.arange(1, 10))
    np.testing.assert_array_equal(curves[0][1], curves[1][1])


def test_another_seed_is_another_run(dataset: Path, tmp_path: Path) -> None:
    one, _ = run(dataset, tmp_path / "one", 3)
    other, _ = run(dataset, tmp_path / "other", 3, seed=6)
    pairs = zip(weights_of(one), weights_of(other), strict=True)
    assert any(not np.array_equal(a, b) for a, b in pairs)


def test_a_run_keeps_the_seed_that_it_began_with(dataset: Path, tmp_path: Path) -> None:
    run(dataset, tmp_path, 4)
    _, said = run(dataset, tmp_path, 8, seed=99)
    assert "seed=99 is not used: the run keeps its seed, 5" in said
    state = RunState.from_sidecar(checkpoints.load_sidecar(tmp_path / "ckpt-8"))
    assert state is not None
    assert (state.seed, state.n_batches) == (5, 8)
    assert state.seconds > 0.0


def test_other_options_are_another_run(dataset: Path, tmp_path: Path) -> None:
    run(dataset, tmp_path, 4)
    with pytest.raises(InputError, match=r"mixed_precision=float32\. Got .*=bfloat16"):
        run(dataset, tmp_path, 8, noisy_trainer(mixed_precision="bfloat16"))


def test_another_batch_size_goes_on_with_the_same_example(
    dataset: Path, tmp_path: Path
) -> None:
    run(dataset, tmp_path, 4)
    run(dataset, tmp_path, 5, batch_size=4)
    state = RunState.from_sidecar(checkpoints.load_sidecar(tmp_path / "ckpt-5"))
    assert state is not None
    # Four batches of two are two batches of four, and one more was taken.
    assert (state.n_batches, state.options["batch_size"]) == (3, "4")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_ends_the_run(
    dataset: Path, tmp_path: Path, number: signal.Signals
) -> None:
    trainer = noisy_trainer()
    take_step = trainer.train_step

    def step_and_signal(batches: Any) -> Any:
        result = take_step(batches)
        if int(trainer.step) == 3:
            os.kill(os.getpid(), number)
        return result

    trainer.train_step = step_and_signal  # type: ignore[method-assign]
    expected = KeyboardInterrupt if number == signal.SIGINT else SystemExit
    with pytest.raises(expected):
        run(dataset, tmp_path, 9, trainer)
    assert checkpoints.get_latest_checkpoint(tmp_path).endswith("ckpt-3")
    whole, _ = run(dataset, tmp_path / "whole", 9)
    resumed, _ = run(dataset, tmp_path, 9)
    for a, b in zip(weights_of(whole), weights_of(resumed), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_second_run_into_the_folder_is_refused(dataset: Path, tmp_path: Path) -> None:
    trainer = noisy_trainer()
    take_step = trainer.train_step

    def step_and_train(batches: Any) -> Any:
        with pytest.raises(InputError, match="one run at a time"):
            run(dataset, tmp_path, 2)
        return take_step(batches)

    trainer.train_step = step_and_train  # type: ignore[method-assign]
    run(dataset, tmp_path, 1, trainer)


def test_a_cut_checkpoint_is_passed_over(dataset: Path, tmp_path: Path) -> None:
    whole, _ = run(dataset, tmp_path, 8)
    file = tmp_path / "ckpt-8.data-00000-of-00001"
    file.write_bytes(file.read_bytes()[:-100])
    again, said = run(dataset, tmp_path, 8)
    assert "ckpt-8 cannot be read to the end: going on from ckpt-4" in said
    for a, b in zip(weights_of(whole), weights_of(again), strict=True):
        np.testing.assert_array_equal(a, b)
    # The rows of the lost stretch were measured again.
    assert len(read_history(tmp_path)["total_loss"][0]) == 8


def test_validation_measures_plays_and_keeps_the_best(
    dataset: Path, tmp_path: Path
) -> None:
    trainer = noisy_trainer(checkpoints_to_keep=1)
    _, said = run(dataset, tmp_path, 6, trainer, steps_per_validation=2)
    assert "\nvalidation: 1 of 12 examples are held out\n" in f"\n{said}"
    steps, values = read_history(tmp_path)["validation_total_loss"]
    np.testing.assert_array_equal(steps, [2, 4, 6])
    best = int(steps[np.argmin(values)])
    kept = {int(p.stem.partition("-")[2]) for p in tmp_path.glob("ckpt-*.index")}
    assert kept == {best, 6}
    for step in (2, 4, 6):
        wav = (tmp_path / "audio" / f"step_{step}.wav").read_bytes()
        sound, rate = tf.audio.decode_wav(wav)
        assert int(rate) == 16000
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() > 1e-4


def test_a_run_ends_with_a_validation_beside_the_loss(
    dataset: Path, tmp_path: Path
) -> None:
    run(dataset, tmp_path, 3, steps_per_validation=2, steps_per_summary=1000)
    history = read_history(tmp_path)
    for name in ("validation_total_loss", "total_loss"):
        np.testing.assert_array_equal(history[name][0], [2, 3])
    assert (tmp_path / "audio" / "step_3.wav").exists()


def test_a_run_that_has_begun_is_not_begun_with_another_model(
    dataset: Path, tmp_path: Path
) -> None:
    run(dataset, tmp_path, 2)
    _, said = run(dataset, tmp_path, 3, init_from="violin")
    assert "init_from=violin is not used: the run has begun" in said


def test_a_run_ends_where_validation_finds_nothing_better(
    dataset: Path, tmp_path: Path
) -> None:
    trainer = noisy_trainer(learning_rate=0.0)
    _, said = run(dataset, tmp_path, 50, trainer, steps_per_validation=2, patience=2)
    # The first validation is the best: nothing is learned.
    assert int(trainer.step) == 6
    assert "stopped: no better validation loss since step 2" in said


def test_patience_goes_on_where_it_was(dataset: Path, tmp_path: Path) -> None:
    for num_steps in (4, 50):
        trainer, _ = run(
            dataset,
            tmp_path,
            num_steps,
            noisy_trainer(learning_rate=0.0),
            steps_per_validation=2,
            patience=2,
        )
    assert int(trainer.step) == 6


def test_other_held_out_examples_are_said_and_judged_anew(
    dataset: Path, tmp_path: Path
) -> None:
    for share in (0.05, 0.2):
        trainer, said = run(
            dataset,
            tmp_path,
            2 if share == 0.05 else 50,
            noisy_trainer(learning_rate=0.0),
            steps_per_validation=2,
            patience=1,
            held_out_share=share,
        )
    change = "held_out_share was 0.05 and is 0.2, n_training_examples was 11 and is 10"
    assert f"the examples have changed ({change}): validation begins anew" in said
    # The best is that of step 4, and the next one is not better.
    assert int(trainer.step) == 6
    state = RunState.from_sidecar(checkpoints.load_sidecar(tmp_path / "ckpt-6"))
    assert state is not None
    assert state.options["held_out_share"] == "0.2"
    assert state.options["n_training_examples"] == "10"


def test_the_same_examples_are_worth_no_word(dataset: Path, tmp_path: Path) -> None:
    # Without a validation nothing depends on them.
    for share, told in ((0.0, ""), (0.0, ""), (0.05, "was 0 and is 0.05"), (0.05, "")):
        n_done = len(list(tmp_path.glob("ckpt-*.index")))
        _, said = run(dataset, tmp_path, n_done + 1, held_out_share=share)
        assert ("examples have changed" in said) == bool(told)
        assert told in said


def test_a_model_that_stays_silent_is_warned_of(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "FIRST_JUDGED_STEP", 1)
    silent, sounding = noisy_trainer(), noisy_trainer()
    play = silent.model.get_audio_from_outputs
    silent.model.get_audio_from_outputs = lambda outputs: 1e-3 * play(outputs)
    _, said = run(dataset, tmp_path / "silent", 1, silent, steps_per_validation=1)
    assert f"\nwarning: {collapse.SILENCE}\n" in said
    _, said = run(dataset, tmp_path / "tone", 1, sounding, steps_per_validation=1)
    assert collapse.SILENCE not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("validation/best_value", np.zeros(3)),
        ("run/options", np.array('{"batch_size": "many"}')),
    ],
)
def test_what_a_run_remembers_must_be_numbers(
    dataset: Path, tmp_path: Path, name: str, value: np.ndarray
) -> None:
    trainer, _ = run(dataset, tmp_path, 2, steps_per_validation=2)
    arrays = {**checkpoints.load_sidecar(tmp_path / "ckpt-2"), name: value}
    checkpoints.save_checkpoint(
        trainer.model, trainer.optimizer, tmp_path, 2, sidecar=arrays
    )
    with pytest.raises(InputError, match=r"must be numbers.*\.extra\.npz"):
        run(dataset, tmp_path, 4)


def test_a_run_may_begin_with_another_model(dataset: Path, tmp_path: Path) -> None:
    other, _ = run(dataset, tmp_path / "other", 4)
    frozen = noisy_trainer(2, frozen=["decoder/rnn"])
    tuned, said = run(
        dataset, tmp_path / "tuned", 3, frozen, init_from=str(tmp_path / "other")
    )
    assert "variables from" in said and "taken: decoder" in said
    assert int(tuned.step) == 3
    for a, b in zip(other.model.weights, tuned.model.weights, strict=True):
        # What is frozen has the very bits; the rest has moved from there.
        distance = np.abs(np.subtract(a, b)).max()
        assert (distance == 0.0) == ("gru_cell" in a.path), a.path
        assert distance < 0.05, a.path


def test_a_folder_with_links_is_not_written_through(
    dataset: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("operative_config-0.gin", "dataset_statistics.json"):
        (folder / name).symlink_to(precious)
    run(dataset, folder, 1, dataset_folder=str(dataset))
    assert precious.read_text() == "mine"
    assert "Trainer.xla" in (folder / "operative_config-0.gin").read_text()


def test_a_lock_that_is_a_link_is_refused(dataset: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / ".training.lock").symlink_to(precious)
    with pytest.raises(InputError, match=r"\.training\.lock"):
        run(dataset, folder, 1)
    assert precious.read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == [".training.lock"]


def test_what_a_killed_run_left_aside_is_removed(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    hexadecimal = uuid.uuid4().hex
    left = [tmp_path / "history.csv", tmp_path / "audio" / "step_300.wav"]
    left = [path.with_name(f"{path.name}.{hexadecimal}.partial") for path in left]
    mine = tmp_path / "audio" / "mine.partial"
    for path in (*left, mine):
        path.write_text("half")
    run(dataset, tmp_path, 1)
    assert not any(path.exists() for path in left)
    assert mine.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {paths!r}
import tensorflow as tf
import test_session

rename = tf.io.gfile.rename

def rename_or_die(source, target, overwrite=False):
    if target.endswith("step_6.wav"):
        os.kill(os.getpid(), signal.SIGKILL)
    rename(source, target, overwrite)

tf.io.gfile.rename = rename_or_die
test_session.run(
    Path({dataset!r}), Path({folder!r}), 9, test_session.noisy_trainer(), **{options!r}
)
"""


def test_a_run_that_was_killed_goes_on_as_if_nothing_had_happened(
    dataset: Path, tmp_path: Path
) -> None:
    options = {"steps_per_validation": 3, "steps_per_save": 4}
    code = KILLED.format(
        paths=[str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)],
        dataset=str(dataset),
        folder=str(tmp_path / "killed"),
        options=options,
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]
    # It was in the midst of writing, between two checkpoints.
    assert len(list((tmp_path / "killed" / "audio").glob("step_6.wav.*.partial"))) == 1
    assert checkpoints.get_latest_checkpoint(tmp_path / "killed").endswith("ckpt-4")
    resumed, said = run(dataset, tmp_path / "killed", 9, noisy_trainer(2), **options)
    assert "going on from step 4" in said
    whole, _ = run(dataset, tmp_path / "whole", 9, **options)
    for a, b in zip(weights_of(whole), weights_of(resumed), strict=True):
        np.testing.assert_array_equal(a, b)
    curves = [read_history(tmp_path / name) for name in ("killed", "whole")]
    assert len(curves[1]["validation_total_loss"][0]) == 3
    for name in ("total_loss", "validation_total_loss"):
        for a, b in zip(curves[0][name], curves[1][name], strict=True):
            np.testing.assert_array_equal(a, b)
    files = [
        sorted(path.name for path in (tmp_path / name / "audio").iterdir())
        for name in ("killed", "whole")
    ]
    assert files[0] == files[1]
