"""What evaluation and sampling write is read back: numbers, sounds, pictures."""

import itertools
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import tensorflow as tf
import tiny_training
from event_reader import read_scalars, read_values

from ddsp import losses
from ddsp.training import eval_util, evaluators, metrics

EVALUATORS = [evaluators.BasicEvaluator, evaluators.F0LdEvaluator]
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
STEPS = 4


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint of a few steps."""
    folder = tmp_path_factory.mktemp("trained")
    trainer = tiny_training.make_trainer()
    (batch,) = tiny_training.ToneProvider().get_batch(1, repeats=1)
    trainer.build(batch)
    for _ in range(STEPS):
        trainer.train_step(batch)
    trainer.save(str(folder))
    return folder


@pytest.fixture(scope="module")
def sounds(trained: Path) -> tuple[np.ndarray, np.ndarray]:
    """The recording, and what the trained model makes of it, [1, n_samples]."""
    model = tiny_training.make_trainer().model
    model.restore(str(trained), verbose=False)
    (batch,) = tiny_training.ToneProvider().get_batch(1, repeats=1)
    generated = model(batch, training=False)["audio_synth"]
    return batch["audio"].numpy(), generated.numpy()


def judge(function: Any, trained: Path, folder: Path) -> dict[str, float]:
    """Runs a mode with a model that has other weights until it is restored."""
    return function(
        tiny_training.ToneProvider(n_examples=2),
        tiny_training.make_trainer(n_units=8).model,
        EVALUATORS,
        save_dir=str(folder),
        restore_dir=str(trained),
        batch_size=1,
        num_batches=2,
        run_once=True,
    )


def test_evaluation_writes_losses_and_distances_of_the_sound(
    trained: Path, sounds: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    means = judge(eval_util.evaluate, trained, tmp_path)
    scalars = read_scalars(tmp_path / "summaries" / "eval")
    assert scalars == {
        tag: [(STEPS, pytest.approx(mean))] for tag, mean in means.items()
    }
    original, generated = map(tf.constant, sounds)
    # What they must be, computed from the sounds alone.
    loss = losses.SpectralLoss(fft_sizes=tiny_training.FFT_SIZES, logmag_weight=1.0)
    expected = float(loss(original, generated))
    assert expected > 0.1
    for name in ("spectral_loss", "total_loss"):
        assert means[f"losses/{name}"] == pytest.approx(expected, rel=1e-4)
    levels = [
        metrics.compute_audio_features(sound[0])["loudness_db"] for sound in sounds
    ]
    distance_db = float(np.mean(metrics.l1_distance(*levels)))
    assert means["metrics/loudness/loudness_db"] == pytest.approx(distance_db, rel=1e-3)
    assert distance_db > 0.0
    assert {"metrics/f0/raw_pitch_accuracy", "metrics/f0_crepe/outlier_ratio"} <= set(
        means
    )


def test_sampling_writes_the_sounds_of_the_model(
    trained: Path, sounds: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    assert judge(eval_util.sample, trained, tmp_path) == {}
    values = read_values(tmp_path / "summaries" / "eval")
    for tag, sound in zip(("audio_original", "audio_generated"), sounds, strict=True):
        # Two batches of one example each.
        assert [step for step, _ in values[tag]] == [STEPS, STEPS]
        for _, value in values[tag]:
            assert value.metadata.plugin_data.plugin_name == "audio"
            ((wav, _),) = tf.make_ndarray(value.tensor)
            audio, rate = tf.audio.decode_wav(wav)
            assert int(rate) == 16000
            heard = np.clip(sound[0], -1.0, 1.0)
            np.testing.assert_allclose(audio[:, 0], heard, atol=1e-4)
    assert np.abs(sounds[1]).max() > 0.01


def png_of(value: Any) -> np.ndarray:
    """Colours from 0 to 1, [height, width, 3]."""
    content = value.image.encoded_image_string
    assert content.startswith(PNG_SIGNATURE)
    pixels = tf.io.decode_png(content).numpy()
    assert pixels.shape[:2] == (value.image.height, value.image.width)
    return pixels[..., :3] / 255.0


def panels(picture: np.ndarray) -> list[np.ndarray]:
    """The two spectrograms of a picture: whatever lies between white margins."""
    middle = picture[:, picture.shape[1] // 3 : picture.shape[1] // 2]
    is_drawn = np.concatenate([[False], middle.mean(axis=(1, 2)) < 0.95, [False]])
    edges = np.flatnonzero(np.diff(is_drawn.astype(int))).reshape(-1, 2)
    longest = sorted(edges.tolist(), key=lambda edge: edge[0] - edge[1])[:2]
    return [middle[start:stop] for start, stop in sorted(longest)]


def test_pictures_show_the_sounds(
    trained: Path, sounds: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    judge(eval_util.sample, trained, tmp_path)
    values = read_values(tmp_path / "summaries" / "eval")
    pictures = {
        "waveform/full_1",
        "waveform/125ms_1",
        "spectrogram/1",
        "f0_midi/f0_harmonic_1",
    }
    assert pictures <= set(values)
    for tag in pictures:
        picture = png_of(values[tag][0][1])
        assert picture.std() > 0.05  # It is no empty sheet.
    shown = panels(png_of(values["spectrogram/1"][0][1]))
    assert len(shown) == 2
    for panel, sound in zip(shown, sounds, strict=True):
        height = len(panel)
        # Brightness of equal bands from 0 Hz up, and level of the same bands.
        edges = np.linspace(height, 0, 9).astype(int)
        bands = [panel[b:a].mean() for a, b in itertools.pairwise(edges)]
        # The tone stays as it is: one window from its middle tells all of them.
        spectrum = np.fft.rfft(sound[0, 640:1408] * np.hanning(769)[:-1], 1024)[:-1]
        brightness = (np.log(np.abs(spectrum)) + 5.0) / 6.0
        colors = matplotlib.colormaps["magma"](np.clip(brightness, 0.0, 1.0))[:, :3]
        expected = colors.reshape(8, -1).mean(axis=1)
        np.testing.assert_allclose(bands, expected, atol=0.06)
        assert np.ptp(expected) > 0.15
    # And they differ, as the sounds do.
    heights = min(map(len, shown))
    assert np.abs(shown[0][:heights] - shown[1][:heights]).max() > 0.2
