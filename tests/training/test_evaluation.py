"""A model is judged by what it plays, on the examples that were asked for."""

import json
from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf
import tiny_training
from records import dataset_info, harmonic_tone, write_records

from ddsp import core, losses
from ddsp.training import checkpoints, config, models
from ddsp.training.errors import InputError
from ddsp.training.evaluation import Evaluation, evaluate_model
from ddsp.training.loop.run_state import RunState

CONFIG = ("models/solo_instrument.gin",)
BINDINGS = (
    *tiny_training.SIZES,
    "F0LoudnessPreprocessor.time_steps = 32",
    "F0LoudnessPreprocessor.compute_loudness = False",
    "Harmonic.n_samples = 2048",
    "FilteredNoise.n_samples = 2048",
)


def write_model(folder: Path, *bindings: str, step: int = 3, **arrays: Any) -> Path:
    """Writes an untrained model of two thousand samples, with noise and room."""
    folder.mkdir(exist_ok=True)
    tf.keras.utils.set_random_seed(3)
    features = {
        "audio": tf.zeros([1, 2048]),
        "f0_hz": tf.fill([1, 32, 1], 440.0),
        "loudness_db": tf.fill([1, 32, 1], -30.0),
    }
    with config.isolated_gin():
        config.parse_gin(CONFIG, [*BINDINGS, *bindings])
        model = models.get_model()
        model(features, return_losses=True, training=False)
        text = config.operative_config_str()
    (folder / "operative_config-0.gin").write_text(text)
    checkpoints.save_checkpoint(model, None, folder, step=step, **arrays)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_training.write_dataset(
        tmp_path_factory.mktemp("datasets") / "tones", n_examples=5
    )


def quick(model: Path, dataset: Path, **kwargs: Any) -> Evaluation:
    """An evaluation without a network."""
    return evaluate_model(model, dataset, **{"pitch": False, **kwargs})


def play(model: Path, seed: list[int], n_examples: int) -> tuple[Any, np.ndarray]:
    """What the model makes of the first tones, and the tones themselves."""
    tones = [
        tiny_training.example(tiny_training.F0_HZ * (1 + 0.1 * i), centered=True)
        for i in range(n_examples)
    ]
    batch = {
        name: tf.constant(np.stack([tone[name] for tone in tones]), tf.float32)
        for name in tones[0]
    }
    with config.isolated_gin():
        config.load_model_config(model)
        restored = models.get_model()
        restored.restore(str(model), verbose=False)
        restored.preprocessor.centered = True
        with core.seeded_noise(tf.constant(seed, tf.int32)):
            outputs = restored(batch, training=False)
    return outputs["audio_synth"], batch["audio"]


def test_losses_are_those_of_the_sound_that_the_model_makes(
    model: Path, dataset: Path
) -> None:
    found = quick(model, dataset)
    generated, audio = play(model, [0, 0], n_examples=5)
    with config.isolated_gin():
        config.load_model_config(model)
        loss = losses.SpectralLoss(
            fft_sizes=tiny_training.FFT_SIZES, logmag_weight=1.0
        )(audio, generated)
    assert found.losses == {
        "spectral_loss": pytest.approx(float(loss), rel=1e-4),
        "total_loss": pytest.approx(float(loss), rel=1e-4),
    }
    assert (found.step, found.n_examples, found.split) == (3, 5, "all")
    assert found.seconds == pytest.approx(5 * 0.128)


def test_loudness_is_compared_in_decibels(
    model: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A model that plays the original ten times as softly is 20 dB away.
    def softly(self: Any, outputs: Any) -> tf.Tensor:
        del self
        return 0.1 * outputs["audio"]

    monkeypatch.setattr(models.Autoencoder, "get_audio_from_outputs", softly)
    assert quick(model, dataset).loudness_l1_db == pytest.approx(20.0, abs=0.2)


def test_pitch_is_that_of_the_sound(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The model is told the pitch of the dataset, and plays a semitone above it: so it
    # is off by 100 cents, whatever it says of itself.
    def sharp(self: Any, outputs: Any) -> tf.Tensor:
        del self
        return tf.constant(
            [
                harmonic_tone(f0_hz * 2 ** (1 / 12), tiny_training.SECS)
                for f0_hz in outputs["f0_hz"][:, 0, 0].numpy()
            ],
            tf.float32,
        )

    monkeypatch.setattr(models.Autoencoder, "get_audio_from_outputs", sharp)
    dataset = tiny_training.write_dataset(tmp_path / "tones", n_examples=2)
    found = evaluate_model(model, dataset)
    assert found.pitch_l1_midi == pytest.approx(1.0, abs=0.1)
    assert found.pitch_l1_cents == pytest.approx(100.0, abs=10.0)
    assert found.outlier_share == 0.0
    assert found.raw_pitch_accuracy < 0.1


def test_all_examples_count_alike_whatever_the_batches(
    model: Path, dataset: Path
) -> None:
    monos = [quick(model, dataset, batch_size=size) for size in (1, 2, 5)]
    assert {found.n_examples for found in monos} == {5}
    levels = [found.loudness_l1_db for found in monos]
    # Only the noise differs between them.
    np.testing.assert_allclose(levels, levels[0], atol=1.0)


def test_same_seed_gives_the_same_numbers(model: Path, dataset: Path) -> None:
    first, again = (quick(model, dataset, batch_size=2) for _ in range(2))
    assert first == again
    other = quick(model, dataset, batch_size=2, seed=1)
    assert other.losses != first.losses


def test_some_batches_can_be_enough(model: Path, dataset: Path) -> None:
    said: list[str] = []
    found = quick(model, dataset, batch_size=2, n_batches=2, say=said.append)
    assert found.n_examples == 4
    assert said[-3:] == ["0 examples judged", "2 examples judged", "adding up"]


def test_without_pitch_there_are_no_numbers_of_it(model: Path, dataset: Path) -> None:
    found = quick(model, dataset).to_dict()
    assert found["pitch_l1_midi"] is found["pitch_l1_cents"] is None
    assert found["outlier_share"] is found["raw_pitch_accuracy"] is None
    assert found["loudness_l1_db"] > 0.0


def test_a_model_without_losses_has_none(
    model: Path, dataset: Path, tmp_path: Path
) -> None:
    del model
    without = write_model(tmp_path / "bare", "Autoencoder.losses = []")
    assert quick(without, dataset).losses == {}


def test_what_is_not_finite_is_no_number_of_json() -> None:
    found = Evaluation(
        "m", 1, "d", "all", 1, 1.0, {"total_loss": float("nan")}, float("inf"), 0.5
    )
    numbers = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert numbers["losses"] == {"total_loss": None}
    assert numbers["loudness_l1_db"] is None
    assert (numbers["pitch_l1_midi"], numbers["pitch_l1_cents"]) == (0.5, 50.0)


def test_examples_of_another_length_are_played_at_theirs(
    model: Path, tmp_path: Path
) -> None:
    time = np.arange(4096) / 16000
    audio = 0.3 * np.sin(2 * np.pi * 300.0 * time)
    long = {
        "audio": audio,
        "audio_16k": audio,
        "f0_hz": np.full(64, 300.0),
        "f0_confidence": np.ones(64),
        "loudness_db": np.full(64, -20.0),
    }
    write_records(tmp_path / "data.tfrecord-00000-of-00001", [long])
    info = dataset_info(
        frame_rate=250, example_secs=0.256, centered=False, n_frames=64, n_examples=1
    )
    (tmp_path / "dataset.json").write_text(info)
    found = quick(model, tmp_path)
    assert found.seconds == pytest.approx(0.256)
    assert found.losses["total_loss"] > 0.0


@pytest.mark.parametrize(
    ("rate", "value"), [("sample_rate", 32000), ("frame_rate", 125)]
)
def test_a_dataset_of_another_rate_is_one_line(
    model: Path, tmp_path: Path, rate: str, value: int
) -> None:
    n_samples = 2048 if rate == "frame_rate" else 4096
    n_frames = 16 if rate == "frame_rate" else 32
    example = {
        "audio": np.zeros(n_samples),
        "audio_16k": np.zeros(2048),
        "f0_hz": np.full(n_frames, 300.0),
        "f0_confidence": np.ones(n_frames),
        "loudness_db": np.full(n_frames, -20.0),
    }
    write_records(tmp_path / "data.tfrecord-00000-of-00001", [example])
    rates = {"sample_rate": 16000, "frame_rate": 250, rate: value}
    info = dataset_info(
        **rates, example_secs=0.128, centered=False, n_frames=n_frames, n_examples=1
    )
    (tmp_path / "dataset.json").write_text(info)
    with pytest.raises(InputError, match=rf"Got {rate}={value} for .*ddsp prepare"):
        quick(model, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"split": "test"}, "Got split=test"),
        ({"batch_size": 0}, "Got batch_size=0"),
        ({"n_batches": 0}, "Got n_batches=0"),
    ],
)
def test_arguments_out_of_range_are_errors(
    model: Path, dataset: Path, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        quick(model, dataset, **arguments)


def test_missing_model_and_missing_dataset_are_named(
    model: Path, dataset: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"name of a bundled one.*Got model=.*nowhere"):
        quick(tmp_path / "nowhere", dataset)
    with pytest.raises(InputError, match=r"Got .*nowhere, which is none; make one"):
        quick(model, tmp_path / "nowhere")
    with pytest.raises(InputError, match="a folder without records"):
        quick(model, tmp_path)


def dividing_dataset(folder: Path) -> Path:
    """Twenty tones, each with a loudness of its own, so that none overlap."""
    folder.mkdir()
    rng = np.random.default_rng(5)
    tones = []
    for i in range(20):
        tone = tiny_training.example(250.0 + 5.0 * i)
        tones.append({**tone, "loudness_db": rng.uniform(-40.0, -20.0, 32)})
    write_records(folder / "data.tfrecord-00000-of-00001", tones)
    info = dataset_info(
        frame_rate=250, example_secs=0.128, centered=False, n_frames=32, n_examples=20
    )
    (folder / "dataset.json").write_text(info)
    return folder


def test_what_training_held_out_can_be_judged_alone(
    model: Path, tmp_path: Path
) -> None:
    tones = dividing_dataset(tmp_path / "tones")
    parts = {
        split: quick(model, tones, split=split)
        for split in ("all", "held_out", "training")
    }
    counts = {split: found.n_examples for split, found in parts.items()}
    assert counts == {"all": 20, "held_out": 1, "training": 19}


def state_of_run(**options: Any) -> dict[str, Any]:
    """What a run keeps beside its checkpoint."""
    return RunState(options={n: str(x) for n, x in options.items()}).to_sidecar()


def test_the_share_is_that_of_the_run(tmp_path: Path) -> None:
    tones = dividing_dataset(tmp_path / "tones")
    arrays = state_of_run(held_out_share=0.25, n_training_examples=15)
    model = write_model(tmp_path / "model", sidecar=arrays)
    assert quick(model, tones, split="held_out").n_examples == 5


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"held_out_share": 0}, "held none out"),
        (
            {"held_out_share": 0.25, "n_training_examples": 99},
            "trained on 99 examples, and here these would be 15",
        ),
    ],
)
def test_a_part_that_the_run_did_not_make_is_an_error(
    tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    tones = dividing_dataset(tmp_path / "tones")
    model = write_model(tmp_path / "model", sidecar=state_of_run(**options))
    with pytest.raises(InputError, match=told):
        quick(model, tones, split="held_out")


def test_a_dataset_that_cannot_be_divided_is_said(model: Path, dataset: Path) -> None:
    with pytest.raises(InputError, match="5 examples are too few to hold some out"):
        quick(model, dataset, split="held_out")


def test_module_leaves_nothing_in_gin(model: Path, dataset: Path) -> None:
    before = gin.config_str()
    quick(model, dataset)
    assert gin.config_str() == before
