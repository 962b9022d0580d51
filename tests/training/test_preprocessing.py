import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER

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


@pytest.mark.parametrize(
    ("name", "function", "argument"),
    [
        ("scale_f0", preprocessing.scale_f0_hz, RECORDED["in/f0_hz"]),
        ("inv_scale_f0", preprocessing.inv_scale_f0_hz, -RECORDED["in/ld"] / 80.0),
        ("scale_db", preprocessing.scale_db, RECORDED["in/ld"]),
        ("inv_scale_db", preprocessing.inv_scale_db, -RECORDED["in/ld"] / 80.0),
    ],
)
def test_scaling_is_that_of_the_original(name, function, argument):
    value = function(argument)
    np.testing.assert_allclose(value, RECORDED[name], rtol=1e-5, atol=1e-5)


def test_ends_of_the_scales():
    np.testing.assert_allclose(preprocessing.scale_db(np.array([-80.0, 0.0])), [0, 1])
    concert_pitch = preprocessing.scale_f0_hz([440.0, 0.0])
    np.testing.assert_allclose(concert_pitch, [69 / 127, 0.0], atol=1e-7)


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


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (2.0, [[[2.0]]]),
        ([1.0, 2.0], [[[1.0], [2.0]]]),
        ([[1.0, 2.0]], [[[1.0], [2.0]]]),
        ([[[1.0, 2.0]]], [[[1.0, 2.0]]]),
    ],
)
def test_missing_axes_are_added(x, expected):
    assert preprocessing.at_least_3d(x).numpy().tolist() == expected


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
