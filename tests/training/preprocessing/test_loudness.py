import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER

from ddsp import core, spectral_ops
from ddsp.training import preprocessing

RECORDED = np.load(FOLDER / "functions.npz")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("F0LoudnessPreprocessor", {"time_steps": 50, "compute_loudness": False}),
        ("F0LoudnessPreprocessor_compute", {"time_steps": 75}),
    ],
)
def test_outputs_are_those_of_the_original(name, settings):
    preprocessor = preprocessing.F0LoudnessPreprocessor(**settings)
    outputs = preprocessor(
        {
            "f0_hz": RECORDED["in/f0_hz"],
            "loudness_db": RECORDED["in/ld"],
            "audio": RECORDED["in/audio"],
        }
    )
    assert set(outputs) == {"f0_hz", "loudness_db", "f0_scaled", "ld_scaled"}
    for key, value in outputs.items():
        expected = RECORDED[f"{name}/{key}"]
        limit = 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(value, expected, rtol=0.0, atol=limit)


def test_scaling_can_be_undone(rng):
    f0_hz = rng.uniform(50.0, 2000.0, size=[1, 20, 1]).astype(np.float32)
    loudness_db = rng.uniform(-80.0, 0.0, size=[1, 20, 1]).astype(np.float32)
    preprocessor = preprocessing.F0LoudnessPreprocessor(20, compute_loudness=False)
    outputs = preprocessor(loudness_db, f0_hz)
    f0_again, loudness_again = preprocessor.invert_scaling(
        outputs["f0_scaled"], outputs["ld_scaled"]
    )
    np.testing.assert_allclose(f0_again, f0_hz, rtol=1e-4)
    np.testing.assert_allclose(loudness_again, loudness_db, atol=1e-4)


def test_loudness_without_audio_is_an_error():
    features = {"f0_hz": tf.ones([1, 10]), "loudness_db": tf.ones([1, 10])}
    with pytest.raises(ValueError, match="compute_loudness=False"):
        preprocessing.F0LoudnessPreprocessor(time_steps=10)(features)


def stairs(n_frames):
    return np.arange(n_frames, dtype=np.float32)[np.newaxis]


@pytest.mark.parametrize("known", [True, False])
def test_the_centring_frame_is_dropped_and_no_other_moves(known):
    preprocessor = preprocessing.F0LoudnessPreprocessor(
        time_steps=10, compute_loudness=False, centered=True
    )
    resample = preprocessor.resample
    if not known:
        resample = tf.function(resample, input_signature=[tf.TensorSpec([None, None])])
    np.testing.assert_array_equal(resample(stairs(11))[0, :, 0], np.arange(10))
    np.testing.assert_array_equal(resample(stairs(10))[0, :, 0], np.arange(10))
    # Another number of frames is another rate, and is resampled as ever.
    np.testing.assert_allclose(resample(stairs(20))[0, :, 0], 2 * np.arange(10))


def test_without_centring_the_surplus_frame_squeezes_the_others():
    preprocessor = preprocessing.F0LoudnessPreprocessor(time_steps=10)
    squeezed = preprocessor.resample(stairs(11))[0, :, 0]
    np.testing.assert_allclose(squeezed, 1.1 * np.arange(10), rtol=1e-6)


def test_computed_loudness_of_centred_features_stays_on_its_frames():
    # Silence, then a tone from frame 100 on: the step must be seen there.
    time = np.arange(12800) / 16000
    audio = (np.sin(2 * np.pi * 1000.0 * time) * (time >= 0.4)).astype(np.float32)
    features = {
        "audio": audio[np.newaxis],
        "f0_hz": np.ones([1, 201], np.float32),
        "loudness_db": np.zeros([1, 201], np.float32),
    }
    preprocessor = preprocessing.F0LoudnessPreprocessor(time_steps=200, centered=True)
    loudness_db = preprocessor(features)["loudness_db"][0, :, 0].numpy()
    assert loudness_db[95] < -60.0
    middle = 0.5 * (10 ** (loudness_db[[20, 180]] / 20)).sum()
    crossing = np.argmax(10 ** (loudness_db / 20) > middle)
    assert abs(crossing - 100) <= 1


def test_defaults_are_those_of_the_original():
    preprocessor = preprocessing.F0LoudnessPreprocessor()
    assert preprocessor.time_steps == 1000
    assert preprocessor.frame_rate == 250
    assert preprocessor.sample_rate == 16000
    assert preprocessor.compute_loudness is True
    assert preprocessor.centered is False
    assert preprocessor.input_keys == ["loudness_db", "f0_hz"]
    assert preprocessor.default_input_keys == ["audio"]


def test_given_loudness_is_replaced_only_if_it_is_to_be_computed():
    features = {
        "audio": tf.zeros([1, 640]),
        "f0_hz": tf.ones([1, 10]),
        "loudness_db": tf.fill([1, 10], -20.0),
    }
    for compute_loudness, expected in ((True, -80.0), (False, -20.0)):
        preprocessor = preprocessing.F0LoudnessPreprocessor(
            time_steps=10, compute_loudness=compute_loudness
        )
        outputs = preprocessor(features)
        np.testing.assert_allclose(
            outputs["loudness_db"], np.full([1, 10, 1], expected)
        )


def test_computed_loudness_has_the_rates_of_the_settings(rng):
    audio = rng.normal(size=[1, 4800]).astype(np.float32)
    preprocessor = preprocessing.F0LoudnessPreprocessor(
        time_steps=31, frame_rate=100, sample_rate=16000
    )
    preprocessor.sample_rate = 48000  # The same samples last a third of the time.
    found = preprocessor(tf.zeros([1, 31]), tf.ones([1, 31]), audio)["loudness_db"]
    measured = spectral_ops.compute_loudness(audio, 48000, 100)
    expected = core.resample(measured[..., tf.newaxis], 31)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_compiled_preprocessor_takes_any_batch_and_length():
    preprocessor = preprocessing.F0LoudnessPreprocessor(time_steps=75)
    names = {"f0_hz": "f0_hz", "loudness_db": "ld", "audio": "audio"}
    spec = {key: tf.TensorSpec([None, None]) for key in names}
    compiled = tf.function(lambda x: preprocessor(x), input_signature=[spec])
    outputs = compiled({key: RECORDED[f"in/{name}"] for key, name in names.items()})
    for key, value in outputs.items():
        expected = RECORDED[f"F0LoudnessPreprocessor_compute/{key}"]
        limit = 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(value, expected, rtol=0.0, atol=limit)
