"""Models of every kind: timbre that is heard, power, and what no recording tells."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import checkpoints, config, models
from ddsp.training.errors import InputError
from ddsp.training.inference import TimbreTransfer

SMALL = (
    "RnnFcDecoder.ch = 16",
    "RnnFcDecoder.rnn_channels = 16",
    "RnnFcDecoder.layers_per_stack = 1",
)
LATENT = (
    *SMALL,
    "MfccTimeDistributedRnnEncoder.rnn_channels = 16",
    "MfccTimeDistributedRnnEncoder.z_dims = 4",
)


def make_model(folder: Path, gin_file: str, params: Sequence[str]) -> Path:
    """An untrained model of a shipped configuration, with some life in its biases."""
    folder.mkdir(exist_ok=True)
    tf.keras.utils.set_random_seed(3)
    curve = tf.fill([1, 1000, 1], -30.0)
    features = {
        "audio": tf.random.normal([1, 64000], stddev=0.1),
        "f0_hz": curve + 470.0,
        "f0_confidence": tf.ones_like(curve),
        "loudness_db": curve,
    }
    if "vst" in gin_file:
        features = {k: v[:, :201] if k != "audio" else v for k, v in features.items()}
    with config.isolated_gin():
        config.parse_gin([gin_file], params)
        model = models.get_model()
        model(features, training=False)
        rng = np.random.default_rng(4)
        for part in filter(None, (model.encoder, model.decoder)):
            for variable in part.trainable_variables:
                if len(variable.shape) == 1:
                    variable.assign_add(0.3 * rng.standard_normal(variable.shape))
        (folder / "operative_config-0.gin").write_text(config.operative_config_str())
    checkpoints.save_checkpoint(model, None, folder, step=0)
    return folder


def tone(f0_hz: float = 300.0, fall: float = 1.0, secs: float = 1.0) -> np.ndarray:
    time = np.arange(round(16000 * secs)) / 16000
    partials = [np.sin(2 * np.pi * k * f0_hz * time) / k**fall for k in range(1, 13)]
    return (0.1 * np.sum(partials, axis=0)).astype(np.float32)


@pytest.fixture(scope="module")
def latent(tmp_path_factory: pytest.TempPathFactory) -> TimbreTransfer:
    folder = tmp_path_factory.mktemp("latent")
    return TimbreTransfer.from_folder(make_model(folder, "models/ae.gin", LATENT))


def test_a_model_with_latent_timbre_hears_the_recording(latent: TimbreTransfer) -> None:
    bright, dull = (
        latent.transfer(tone(fall=fall), 16000, adjust=False) for fall in (0.2, 2.0)
    )
    curves = {
        "f0_hz": bright.played_f0_hz,
        "loudness_db": bright.played_loudness_db,
    }
    # The same pitch and loudness, and another sound heard.
    first, second = (
        latent.render({**curves, "audio": tone(fall=fall)}) for fall in (0.2, 2.0)
    )
    assert np.std(first - second) > 0.01 * np.std(first) > 0.0
    assert np.all(np.isfinite(dull.audio)) and dull.audio.std() > 1e-4


def test_latent_timbre_is_that_of_the_model_called_as_a_whole(
    latent: TimbreTransfer,
) -> None:
    n_frames = 250
    audio = tone()
    curves = {
        "f0_hz": np.full(n_frames, 300.0, np.float32),
        "loudness_db": np.full(n_frames, -20.0, np.float32),
    }
    rendered = latent.render({**curves, "audio": audio}, seed=1)
    for module in latent.model.processor_group.modules:
        if hasattr(module, "n_samples"):
            module.n_samples = 16000
    latent.model.preprocessor.time_steps = n_frames
    latent.model.preprocessor.compute_loudness = False
    inputs = {k: tf.constant(v[np.newaxis]) for k, v in curves.items()}
    inputs["audio"] = tf.constant(audio[np.newaxis])
    outputs = latent.model(inputs, training=False)
    # Noise apart: its magnitudes are what is compared, and the harmonics are exact.
    harmonic = outputs["harmonic"]["signal"][0].numpy()
    noise = outputs["filtered_noise"]["signal"][0].numpy()
    rest = rendered - harmonic
    assert rest[:15000].std() == pytest.approx(noise[:15000].std(), rel=0.05)
    assert abs(np.corrcoef(rest[:15000], harmonic[:15000])[0, 1]) < 0.05


def test_a_model_of_power_is_played(tmp_path: Path) -> None:
    params = (*SMALL, "FilteredNoiseReverb.reverb_length = 1000")
    params += ("FilteredNoiseReverb.n_frames = 100",)
    make_model(tmp_path / "vst", "models/vst/vst.gin", params)
    instrument = TimbreTransfer.from_folder(tmp_path / "vst")
    assert (instrument.sample_rate, instrument.frame_rate) == (16000, 50.0)
    result = instrument.transfer(tone(220.0), 16000, adjust=False, reverb=0.0)
    assert result.audio.size == 16000
    spectrum = np.abs(np.fft.rfft(result.audio * np.hanning(16000)))
    assert np.argmax(spectrum[150:300]) + 150 == pytest.approx(220, abs=2)
    louder = instrument.transfer(
        tone(220.0), 16000, adjust=False, reverb=0.0, loudness_shift=-12.0
    )
    # The network has heard that it should play softer.
    shapes = [audio / audio.std() for audio in (result.audio, louder.audio)]
    assert np.std(shapes[0] - shapes[1]) > 0.001


@pytest.mark.parametrize(
    ("params", "named"),
    [
        (("Autoencoder.encoder = None",), ["RnnFcDecoder needs z", "models/ae.gin"]),
        (
            (
                "Autoencoder.encoder = @encoders.OneHotEncoder()",
                "OneHotEncoder.skip_expand = False",
            ),
            ["OneHotEncoder needs instrument", "no recording tells it"],
        ),
    ],
)
def test_an_input_that_cannot_be_computed_is_named_with_its_cure(
    tmp_path: Path, params: tuple[str, ...], named: list[str]
) -> None:
    folder = make_model(tmp_path / "ae", "models/ae.gin", LATENT)
    path = folder / "operative_config-0.gin"
    path.write_text(path.read_text() + "\n" + "\n".join(params) + "\n")
    with pytest.raises(InputError) as caught:
        TimbreTransfer.from_folder(folder)
    assert all(words in str(caught.value) for words in named)
    assert len(str(caught.value).splitlines()) == 1
