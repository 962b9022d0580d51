"""The autoencoder of fixed length, under the original's name."""

from pathlib import Path

import gin
import numpy as np
import pytest
import tensorflow as tf
from tiny_model import make_tiny_model

from ddsp.training.errors import InputError, first_line
from ddsp.training.inference import AutoencoderInference, TimbreTransfer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def model(folder: Path) -> AutoencoderInference:
    return AutoencoderInference(str(folder), length_seconds=0.5, verbose=False)


def curves(n_frames: int = 125) -> dict[str, tf.Tensor]:
    loudness_db = -25.0 + 5.0 * np.sin(np.arange(n_frames) / 20.0)
    return {
        "f0_hz": tf.fill([n_frames], 330.0),
        "loudness_db": tf.constant(loudness_db, tf.float32),
    }


def test_length_is_whole_frames(model: AutoencoderInference, folder: Path) -> None:
    assert (model.n_frames, model.n_samples, model.sample_rate) == (125, 8000, 16000)
    odd = AutoencoderInference(str(folder), length_seconds=0.101, verbose=False)
    assert (odd.n_frames, odd.n_samples) == (25, 1600)


@pytest.mark.parametrize("secs", [0.001, 0.0, -1.0, float("nan"), float("inf")])
def test_a_length_without_a_frame_is_refused(folder: Path, secs: float) -> None:
    with pytest.raises(InputError) as caught:
        AutoencoderInference(str(folder), length_seconds=secs, verbose=False)
    said = first_line(caught.value)  # gin adds where it was called.
    assert f"length_seconds={secs}; give 0.004 or more" in said


def test_a_frame_is_enough(folder: Path) -> None:
    model = AutoencoderInference(str(folder), length_seconds=0.004, verbose=False)
    assert (model.n_frames, model.n_samples) == (1, 64)


def test_it_plays_what_the_trained_model_plays(
    model: AutoencoderInference, folder: Path
) -> None:
    outputs = model(curves())
    audio = outputs["audio_synth"][0].numpy()
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(8000)))
    assert 2 * np.argmax(spectrum[150:180]) + 300 == pytest.approx(330, abs=2)
    rendered = TimbreTransfer.from_folder(folder).render(
        {k: v.numpy() for k, v in curves().items()}, reverb=0.0
    )
    noise = outputs["filtered_noise"]["signal"][0].numpy()
    # Other noise, but the same harmonics, without the room.
    rest = rendered - outputs["harmonic"]["signal"][0].numpy()
    assert rest[:7500].std() == pytest.approx(noise[:7500].std(), rel=0.1)


def test_reverb_is_kept_if_asked_for(folder: Path) -> None:
    dry, wet = (
        AutoencoderInference(
            str(folder), length_seconds=0.2, remove_reverb=removed, verbose=False
        )
        for removed in (True, False)
    )
    assert dry.processor_group.module_names == ["harmonic", "filtered_noise", "add"]
    assert "reverb" in wet.processor_group.module_names
    assert len(wet.variables) == len(dry.variables) + 1


def test_gin_is_left_alone_and_does_not_matter(folder: Path) -> None:
    plain = AutoencoderInference(str(folder), length_seconds=0.2, verbose=False)
    expected = plain(curves(50))["harmonic"]["signal"]
    gin.parse_config("exp_sigmoid.exponent = 3.0\nHarmonic.n_samples = 10")
    before = gin.config_str()
    again = AutoencoderInference(str(folder), length_seconds=0.2, verbose=False)
    np.testing.assert_array_equal(again(curves(50))["harmonic"]["signal"], expected)
    assert gin.config_str() == before


def test_bindings_of_its_own_arguments_act(folder: Path) -> None:
    gin.parse_config(f"""
        AutoencoderInference.ckpt = {str(folder)!r}
        AutoencoderInference.length_seconds = 0.2
        AutoencoderInference.verbose = False
    """)
    assert AutoencoderInference().n_frames == 50


def test_a_saved_model_plays_alike_and_names_its_outputs(
    model: AutoencoderInference, tmp_path: Path
) -> None:
    model.save_model(tmp_path / "saved")
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    serve = loaded.signatures["serving_default"]
    outputs = serve(**curves())
    assert {"audio_synth", "harmonic_controls_amplitudes"} <= set(outputs)
    expected = model(curves())
    for name, path in (
        ("harmonic_controls_amplitudes", ("controls", "amplitudes")),
        ("harmonic_signal", ("signal",)),
    ):
        wanted = expected["harmonic"]
        for key in path:
            wanted = wanted[key]
        np.testing.assert_allclose(outputs[name], wanted, atol=1e-5)
