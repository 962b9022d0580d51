"""The loop: what it saves, what it says, and how it ends."""

import io
import itertools
import json
import signal
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import gin
import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_scalars, read_values
from tiny_training import ToneProvider, make_trainer

from ddsp.training import checkpoints, strategies, train_util
from ddsp.training.errors import InputError
from ddsp.training.loop import session
from ddsp.training.loop.history_file import read_history
from ddsp.training.loop.run_state import RunState
from ddsp.training.progress import Progress


class Counter:
    """Gives numbers instead of audio."""

    def get_batch(self, batch_size: int, shuffle: bool, repeats: int) -> Iterator[int]:
        del batch_size, shuffle, repeats
        return iter(range(1_000_000))


class StubTrainer:
    """A trainer whose loss is a function of the step, with weights that it counts."""

    choices: ClassVar = {"xla": "off"}

    def __init__(self, loss: Callable[[int], float] = lambda step: 10.0 / step) -> None:
        self.model = tf.keras.layers.Identity()
        self.step = 0
        self.seed: int | None = None
        self.saved: list[int] = []
        self.taken: list[int] = []
        self._loss = loss

    def distribute_dataset(self, dataset: Any) -> Any:
        return dataset

    def build(self, batch: Any) -> None:
        assert batch == 0

    def restore(self, path: str, restore_keys: list[str] | None = None) -> None:
        del restore_keys
        self.step = int(checkpoints.get_latest_checkpoint(path).rpartition("-")[2])

    def save(self, folder: str, sidecar: Any, keep: Sequence[int]) -> None:
        self.saved.append(self.step)
        checkpoints.save_checkpoint(
            self.model, None, folder, self.step, sidecar=sidecar, keep=keep
        )

    def train_step(self, batches: Iterator[int]) -> dict[str, tf.Tensor]:
        self.taken.append(next(batches))
        self.step += 1
        loss = tf.constant(self._loss(self.step))
        return {"spectral_loss": loss, "total_loss": loss}


def train(trainer: StubTrainer, folder: Path, num_steps: int, **kwargs: Any) -> str:
    """Trains and returns what the run has said."""
    stream = io.StringIO()
    kwargs = {"save_dir": str(folder), "restore_dir": str(folder), **kwargs}
    progress = Progress(stream, seconds=0.0)
    try:
        train_util.train(
            Counter(), trainer, num_steps=num_steps, progress=progress, **kwargs
        )
    finally:
        trainer.said = stream.getvalue()  # type: ignore[attr-defined]
    return stream.getvalue()


def test_checkpoints_are_saved_at_intervals_and_once_at_the_end(tmp_path: Path) -> None:
    trainer = StubTrainer()
    train(trainer, tmp_path, num_steps=10, steps_per_save=4)
    assert trainer.saved == [4, 8, 10]


def test_the_last_step_is_not_saved_twice(tmp_path: Path) -> None:
    trainer = StubTrainer()
    train(trainer, tmp_path, num_steps=8, steps_per_save=4)
    assert trainer.saved == [4, 8]


def test_steps_are_a_total_over_all_sessions(tmp_path: Path) -> None:
    train(StubTrainer(), tmp_path, num_steps=3)
    second = StubTrainer()
    said = train(second, tmp_path, num_steps=5)
    assert second.saved == [5]
    assert "\ngoing on from step 3\n" in said
    assert "step 4/5 " in said
    assert "step 3/5 " not in said


def test_a_finished_run_says_so_and_saves_nothing(tmp_path: Path) -> None:
    train(StubTrainer(), tmp_path, num_steps=3)
    second = StubTrainer()
    said = train(second, tmp_path, num_steps=3)
    assert second.step == 3
    assert second.saved == []
    assert "already at step 3" in said


def test_each_session_writes_its_configuration_once(tmp_path: Path) -> None:
    gin.bind_parameter("train.batch_size", 7)
    train(StubTrainer(), tmp_path, num_steps=3)
    train(StubTrainer(), tmp_path, num_steps=5)
    found = sorted(path.name for path in tmp_path.glob("*.gin"))
    assert found == ["operative_config-0.gin", "operative_config-3.gin"]
    text = (tmp_path / found[0]).read_text()
    assert "train.batch_size = 7" in text
    assert "progress" not in text  # The original would not know it.


def test_a_line_is_written_for_every_step_that_is_due(tmp_path: Path) -> None:
    said = train(StubTrainer(), tmp_path, num_steps=4)
    lines = [line for line in said.splitlines() if line.startswith("step")]
    assert [line.split("  ")[:2] for line in lines] == [
        ["step 1/4", "loss 10.000"],
        ["step 2/4", "loss 5.000"],
        ["step 3/4", "loss 3.333"],
        ["step 4/4", "loss 2.500"],
    ]


def test_a_quiet_run_still_shows_its_last_step(tmp_path: Path) -> None:
    stream = io.StringIO()
    progress = Progress(stream, seconds=1e6)
    folder = str(tmp_path)
    train_util.train(
        Counter(),
        StubTrainer(),
        num_steps=4,
        save_dir=folder,
        restore_dir=folder,
        progress=progress,
    )
    lines = [line for line in stream.getvalue().splitlines() if "loss" in line]
    assert len(lines) == 1
    # The mean of steps 2 to 4: the first was read to wait for it.
    assert lines[0].startswith(f"step 4/4  loss {(5 + 10 / 3 + 2.5) / 3:.3f}")


def test_interruption_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    def loss(step: int) -> float:
        if step == 6:
            raise KeyboardInterrupt
        return 1.0

    trainer = StubTrainer(loss)
    with pytest.raises(KeyboardInterrupt):
        train(trainer, tmp_path, num_steps=10, steps_per_save=4)
    assert trainer.saved == [4, 6]
    last = trainer.said.splitlines()[-1]  # type: ignore[attr-defined]
    assert last == (
        f"stopped at step 6 of 10 and saved in {tmp_path}; "
        "the same command goes on from there"
    )


def another_worker(n_replicas: int = 1) -> Any:
    """What a session sees of a strategy in a worker that is not the chief."""
    extended = types.SimpleNamespace(should_checkpoint=False)
    return types.SimpleNamespace(num_replicas_in_sync=n_replicas, extended=extended)


@pytest.mark.parametrize("is_chief", [True, False])
def test_who_saves_nothing_does_not_say_how_to_go_on(
    tmp_path: Path, is_chief: bool
) -> None:
    def loss(step: int) -> float:
        if step == 6:
            raise KeyboardInterrupt
        return 1.0

    trainer = StubTrainer(loss)
    if not is_chief:
        trainer.strategy = another_worker()  # type: ignore[attr-defined]
    folder = "" if is_chief else str(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(trainer, tmp_path, num_steps=10, save_dir=folder, restore_dir="")
    assert trainer.saved == []
    last = trainer.said.splitlines()[-1]  # type: ignore[attr-defined]
    assert last == "stopped at step 6 of 10"


@pytest.mark.parametrize(
    ("asked", "error"), [(True, SystemExit), (False, tf.errors.UnavailableError)]
)
def test_a_cluster_that_is_asked_to_end_saves_though_a_worker_was_faster(
    tmp_path: Path, asked: bool, error: type[BaseException]
) -> None:
    def loss(step: int) -> float:
        if step == 6:
            if asked:
                signal.raise_signal(signal.SIGTERM)
            raise tf.errors.UnavailableError(None, None, "a worker is gone")
        return 1.0

    trainer = StubTrainer(loss)
    with pytest.raises(error) as caught:
        train(trainer, tmp_path, num_steps=10, steps_per_save=4)
    # Without the wish to end it goes on from step 4, once the worker is back.
    assert trainer.saved == ([4, 6] if asked else [4])
    if asked:
        assert caught.value.code == 143  # type: ignore[attr-defined]


@pytest.mark.parametrize("asked", [True, False])
def test_a_cluster_may_be_asked_to_end_before_its_first_step(
    tmp_path: Path, asked: bool
) -> None:
    class Lonely(StubTrainer):
        def build(self, batch: Any) -> None:
            assert batch == 0
            if asked:
                signal.raise_signal(signal.SIGTERM)
            raise tf.errors.UnavailableError(None, None, "a worker is gone")

    error = SystemExit if asked else tf.errors.UnavailableError
    with pytest.raises(error):
        train(Lonely(), tmp_path, num_steps=10)


@pytest.mark.parametrize("seconds", [0.0, 1e6])
def test_workers_read_their_losses_at_the_same_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(session, "is_cluster", lambda _: True)
    trainer = StubTrainer(lambda step: np.nan if step >= 13 else 1.0)
    said = io.StringIO()
    with pytest.raises(FloatingPointError, match="13 to 16"):
        train_util.train(
            Counter(),
            trainer,
            num_steps=40,
            max_skipped=3,
            save_dir=str(tmp_path),
            restore_dir=str(tmp_path),
            progress=Progress(said, seconds=seconds),
        )
    assert trainer.step == 20
    shown = [line for line in said.getvalue().splitlines() if "loss 1.000" in line]
    assert len(shown) == (1 if seconds == 0.0 else 0)


def test_workers_ask_each_other_only_where_they_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def gather(_: object, value: int) -> list[int]:
        asked.append(value)
        return [value]

    monkeypatch.setattr(session, "is_cluster", lambda _: True)
    monkeypatch.setattr(session, "gather_integers", gather)
    trainer = StubTrainer()
    train(trainer, tmp_path, num_steps=100, early_stop_loss_value=0.7, seed=7)
    # The mean of steps 11 to 20 is the first below it.
    assert trainer.saved == [20]
    assert asked == [7, 0, 1]


@pytest.mark.parametrize(
    ("n_before", "n_steps", "saved"),
    # The lock, the files, what is due at step 4, the end.
    [(0, 0, []), (1, 0, []), (2, 4, [4]), (3, 6, [4, 6])],
)
def test_an_error_in_another_worker_ends_this_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    n_before: int,
    n_steps: int,
    saved: list[int],
) -> None:
    answers = itertools.chain([0] * n_before, itertools.repeat(1))
    monkeypatch.setattr(
        strategies, "gather_integers", lambda _, value: [value, next(answers)]
    )
    monkeypatch.setattr(session, "require_same_step", lambda *_: None)
    trainer = StubTrainer()
    with pytest.raises(InputError, match="error in worker 1"):
        train(trainer, tmp_path, num_steps=6, steps_per_save=4)
    assert (trainer.step, trainer.saved) == (n_steps, saved)


def test_every_replica_has_as_many_examples(tmp_path: Path) -> None:
    trainer = StubTrainer()
    trainer.strategy = another_worker(n_replicas=3)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"which is 3\. Got batch_size=32; use 33\."):
        train(trainer, tmp_path, num_steps=3)
    train(trainer, tmp_path, num_steps=3, batch_size=33)
    assert trainer.step == 3


def seed_of(folder: Path, step: int) -> int:
    """The seed that a run has remembered."""
    state = RunState.from_sidecar(checkpoints.load_sidecar(folder / f"ckpt-{step}"))
    assert state is not None
    return state.seed


@pytest.mark.parametrize(
    ("of_trainer", "argument", "seed"), [(3, None, 3), (0, None, 0), (3, 0, 0)]
)
def test_a_run_has_the_seed_of_its_trainer_unless_another_is_asked_for(
    tmp_path: Path, of_trainer: int, argument: int | None, seed: int
) -> None:
    trainer = StubTrainer()
    trainer.seed = of_trainer
    train(trainer, tmp_path, num_steps=1, seed=argument)
    assert (trainer.seed, seed_of(tmp_path, 1)) == (seed, seed)


def test_without_a_seed_every_run_has_one_of_its_own(tmp_path: Path) -> None:
    seeds = set()
    for name in ("a", "b", "c"):
        train(StubTrainer(), tmp_path / name, num_steps=1)
        seeds.add(seed_of(tmp_path / name, 1))
    assert len(seeds) == 3


@pytest.mark.parametrize(("of_trainer", "seed"), [(3, 3), (None, 0)])
def test_a_deterministic_run_takes_the_seed_of_its_trainer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_trainer: int | None, seed: int
) -> None:
    set_seeds: list[int] = []
    monkeypatch.setattr(tf.keras.utils, "set_random_seed", set_seeds.append)
    monkeypatch.setattr(
        tf.config.experimental, "enable_op_determinism", lambda: set_seeds.append(-1)
    )
    trainer = StubTrainer()
    trainer.seed = of_trainer
    train(trainer, tmp_path, num_steps=1, deterministic=True)
    assert set_seeds == [seed, -1]
    assert seed_of(tmp_path, 1) == seed


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_is_a_number_of_32_bits(tmp_path: Path, seed: int) -> None:
    with pytest.raises(InputError, match=f"from 0 to 4294967295. Got seed={seed};"):
        train(StubTrainer(), tmp_path, num_steps=1, seed=seed)
    assert list(tmp_path.iterdir()) == []
    train(StubTrainer(), tmp_path, num_steps=1, seed=2**32 - 1)
    assert seed_of(tmp_path, 1) == 2**32 - 1


@pytest.mark.parametrize("seconds", [0.0, 1e6])
def test_losses_that_are_no_numbers_end_the_run_unsaved(
    tmp_path: Path, seconds: float
) -> None:
    trainer = StubTrainer(lambda step: np.nan if step >= 6 else 1.0)
    with pytest.raises(FloatingPointError, match=r"4 steps in a row.*6 to 9"):
        train_util.train(
            Counter(),
            trainer,
            num_steps=20,
            steps_per_save=5,
            max_skipped=3,
            save_dir=str(tmp_path),
            restore_dir=str(tmp_path),
            progress=Progress(io.StringIO(), seconds=seconds),
        )
    assert trainer.saved == [5]


def test_one_loss_that_is_no_number_is_said_and_left_out(tmp_path: Path) -> None:
    trainer = StubTrainer(lambda step: np.nan if step == 3 else 1.0)
    said = train(trainer, tmp_path, num_steps=6, steps_per_summary=6)
    assert "step 3: the loss was not a number; its update was left out" in said
    scalars = read_scalars(tmp_path / "summaries" / "train")
    assert scalars["losses/total_loss"] == [(6, 1.0)]
    state = RunState.from_sidecar(checkpoints.load_sidecar(tmp_path / "ckpt-6"))
    assert state is not None
    assert (state.n_skipped, state.n_batches) == (1, 6)


def test_counts_go_on_over_sessions(tmp_path: Path) -> None:
    for num_steps in (4, 8):
        trainer = StubTrainer(lambda step: np.nan if step % 4 == 3 else 1.0)
        train(trainer, tmp_path, num_steps=num_steps, steps_per_save=2)
    state = RunState.from_sidecar(checkpoints.load_sidecar(tmp_path / "ckpt-8"))
    assert state is not None
    assert (state.n_skipped, state.n_batches) == (2, 8)
    said = train(StubTrainer(), tmp_path, num_steps=9)
    assert "\ngoing on from step 8 (2 steps skipped)\n" in said


def test_seconds_add_up_over_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(0, 60)  # Each look at it takes a minute.
    stub = types.SimpleNamespace(monotonic=lambda: float(next(clock)))
    monkeypatch.setattr(session, "time", stub)
    for n_before, num_steps in ((0, 4), (2, 8), (4, 12)):
        said = train(StubTrainer(), tmp_path, num_steps=num_steps)
        # A summary at the end, and a checkpoint.
        told = f" ({n_before} min trained)" if n_before else ""
        assert (told in said) and (f"step {num_steps - 4}{told}\n" in said) == bool(
            n_before
        )


def test_a_run_stops_early_at_the_loss_that_is_asked_for(tmp_path: Path) -> None:
    trainer = StubTrainer()
    said = train(trainer, tmp_path, num_steps=100, early_stop_loss_value=2.6)
    assert trainer.saved == [4]  # 10 / 4 is the first at or below it.
    assert "stopped early" in said


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trainer = StubTrainer()
    train(trainer, tmp_path, num_steps=3, save_dir="", restore_dir="")
    assert trainer.step == 3
    assert list(tmp_path.iterdir()) == []


def test_a_folder_to_restore_from_must_have_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="restore_dir must hold a checkpoint"):
        train(StubTrainer(), tmp_path, num_steps=3, restore_dir=str(tmp_path / "typo"))


def test_a_provider_without_examples_is_an_input_error(tmp_path: Path) -> None:
    class Nothing:
        def get_batch(self, *args: Any, **kwargs: Any) -> list[int]:
            del args, kwargs
            return []

    with pytest.raises(InputError, match="at least one batch"):
        train_util.train(Nothing(), StubTrainer(), save_dir=str(tmp_path))


def test_the_tuning_service_hears_of_the_mean_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "output.metrics"
    monkeypatch.setenv("CLOUD_ML_HP_METRIC_FILE", str(heard))
    train(
        StubTrainer(lambda step: float(step)),
        tmp_path,
        num_steps=5,
        steps_per_summary=2,
        report_loss_to_hypertune=True,
    )
    lines = [json.loads(line) for line in heard.read_text().splitlines()]
    found = [(line["global_step"], line["Loss"]) for line in lines]
    assert found == [("2", "1.5"), ("4", "3.5")]


def test_nobody_hears_of_the_loss_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = tmp_path / "output.metrics"
    monkeypatch.setenv("CLOUD_ML_HP_METRIC_FILE", str(heard))
    train(StubTrainer(), tmp_path, num_steps=2, steps_per_summary=1)
    assert not heard.exists()


@pytest.mark.parametrize(
    "name", ["num_steps", "steps_per_summary", "steps_per_save", "steps_per_validation"]
)
def test_intervals_have_a_step_at_least(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"{name} must be at least 1. Got {name}=0"):
        train(StubTrainer(), tmp_path, **{"num_steps": 3, name: 0})
    train(StubTrainer(), tmp_path, **{"num_steps": 3, name: 1})


@pytest.mark.parametrize(("given", "found"), [(None, 40), (7, 7)])
def test_validations_come_with_checkpoints_unless_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: int | None, found: int
) -> None:
    made: list[int] = []

    def refuse(**kwargs: Any) -> None:
        made.append(kwargs["steps_per_validation"])
        raise InputError("enough")

    monkeypatch.setattr(train_util, "Schedule", refuse)
    with pytest.raises(InputError, match="enough"):
        train(StubTrainer(), tmp_path, 3, steps_per_save=40, steps_per_validation=given)
    assert made == [found]


def test_summaries_are_means_since_the_last_ones(tmp_path: Path) -> None:
    train(StubTrainer(lambda step: float(step)), tmp_path, 5, steps_per_summary=2)
    folder = tmp_path / "summaries" / "train"
    scalars = read_scalars(folder)
    assert scalars["losses/total_loss"] == [(2, 1.5), (4, 3.5)]
    assert scalars["losses/spectral_loss"] == [(2, 1.5), (4, 3.5)]
    ((step, value),) = read_values(folder)["gin/operative_config-0"]
    config = value.tensor.string_val[0].decode()
    assert (step, value.metadata.plugin_data.plugin_name) == (0, "text")
    assert "    train.batch_size = 32" in config
    assert "#### Parameters for train:" in config
    assert "====" not in config


def test_a_short_run_has_one_summary_at_its_end(tmp_path: Path) -> None:
    train(StubTrainer(lambda step: float(step)), tmp_path, num_steps=3)
    train(StubTrainer(lambda step: float(step)), tmp_path, num_steps=5)
    scalars = read_scalars(tmp_path / "summaries" / "train")
    assert sorted(scalars["losses/total_loss"]) == [(3, 2.0), (5, 4.5)]
    steps, means = read_history(tmp_path)["total_loss"]
    assert (steps.tolist(), means.tolist()) == ([3, 5], [2.0, 4.5])


def test_speed_is_of_the_steps_since_the_last_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(StubTrainer(), tmp_path, num_steps=3, steps_per_summary=10)
    # A clock that is read at the start and with every summary.
    clock = itertools.count(0, 5)
    stub = types.SimpleNamespace(monotonic=lambda: float(next(clock)))
    monkeypatch.setattr(session, "time", stub)
    train(StubTrainer(), tmp_path, num_steps=8, steps_per_summary=4)
    speeds = read_scalars(tmp_path / "summaries" / "train")["steps_per_sec"]
    # The session with this clock began at step 3.
    assert [step for step, _ in speeds] == [3, 4, 8]
    np.testing.assert_allclose([speed for _, speed in speeds[1:]], [1 / 5, 4 / 5])


def test_not_a_number_in_the_audio_is_found_with_its_batch(tmp_path: Path) -> None:
    trainer = make_trainer()
    with pytest.raises(FloatingPointError) as caught:
        train_util.train(
            ToneProvider(audio_value=np.nan),
            trainer,
            batch_size=1,
            num_steps=9,
            max_skipped=2,
            save_dir=str(tmp_path),
            restore_dir=str(tmp_path),
            progress=Progress(io.StringIO()),
        )
    assert "3 steps in a row" in str(caught.value)
    assert "1 to 3, with batches 0 to 2" in str(caught.value)
    assert "audio" in str(caught.value)
    # Nothing has changed the weights.
    fresh = make_trainer()
    fresh.build(next(iter(ToneProvider().get_batch(1))))
    for a, b in zip(trainer.model.weights, fresh.model.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_statistics_are_copied_beside_the_model(tmp_path: Path) -> None:
    dataset, model = tmp_path / "dataset", tmp_path / "model"
    dataset.mkdir()
    model.mkdir()
    (dataset / "dataset_statistics.json").write_text("{}")
    (dataset / "dataset_statistics.npz").write_bytes(b"arrays")
    (dataset / "data.tfrecord-00000-of-00001").write_bytes(b"records")
    copied = train_util.copy_statistics(str(dataset), str(model))
    assert copied == ["dataset_statistics.json", "dataset_statistics.npz"]
    assert sorted(path.name for path in model.iterdir()) == copied
    assert (model / "dataset_statistics.npz").read_bytes() == b"arrays"
    assert train_util.copy_statistics(str(tmp_path), str(model)) == []


@pytest.mark.parametrize(
    ("gpus", "text"),
    [
        ([], "CPU (no GPU visible)"),
        (["GPU:0"], "GPU (NVIDIA H200)"),
        (["GPU:0", "GPU:1"], "2 GPUs (NVIDIA H200)"),
    ],
)
def test_device_is_described_in_a_few_words(
    monkeypatch: pytest.MonkeyPatch, gpus: list[str], text: str
) -> None:
    details = {"device_name": "NVIDIA H200"}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: gpus)
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: details)
    assert train_util.describe_device() == text


def test_files_of_a_run_are_found_through_train_util() -> None:
    for name in (
        "expand_path",
        "get_latest_checkpoint",
        "get_latest_file",
        "get_latest_operative_config",
    ):
        assert getattr(train_util, name) is getattr(checkpoints, name)
