import gin
import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER

from ddsp import core, processors, spectral_ops, synths
from ddsp.training import config, decoders, models, preprocessing
from ddsp.training.inference.model_inputs import check_inputs, takes_power

RECORDED = np.load(FOLDER / "functions.npz")
KEYS = ["f0_hz", "pw_db", "f0_scaled", "pw_scaled"]


def assert_as_recorded(outputs):
    assert list(outputs) == KEYS
    for key, value in outputs.items():
        expected = RECORDED[f"F0PowerPreprocessor/{key}"]
        limit = 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(value, expected, rtol=0.0, atol=limit)


def test_outputs_are_those_of_the_original():
    features = {"f0_hz": RECORDED["in/f0_hz"], "audio": RECORDED["in/audio"]}
    assert_as_recorded(preprocessing.F0PowerPreprocessor(time_steps=75)(features))


def test_compiled_preprocessor_takes_any_batch_and_length():
    preprocessor = preprocessing.F0PowerPreprocessor(time_steps=75)
    spec = {key: tf.TensorSpec([None, None]) for key in ("f0_hz", "audio")}
    compiled = tf.function(lambda x: preprocessor(x), input_signature=[spec])
    features = {"f0_hz": RECORDED["in/f0_hz"], "audio": RECORDED["in/audio"]}
    assert_as_recorded(compiled(features))


def test_defaults_are_those_of_the_original():
    preprocessor = preprocessing.F0PowerPreprocessor()
    assert isinstance(preprocessor, preprocessing.F0LoudnessPreprocessor)
    assert preprocessor.time_steps == 1000
    assert preprocessor.frame_rate == 250
    assert preprocessor.sample_rate == 16000
    assert preprocessor.frame_size == 64
    assert preprocessor.centered is False
    assert preprocessor.compute_loudness is False
    assert preprocessor.input_keys == ["f0_hz"]
    assert preprocessor.default_input_keys == ["power_db", "audio"]
    assert preprocessor.name.startswith("f0_power_preprocessor")


def test_given_power_wins_over_audio():
    features = {
        "f0_hz": tf.fill([1, 10], 440.0),
        "power_db": tf.fill([1, 10], -20.0),
        "audio": tf.ones([1, 640]),
    }
    preprocessor = preprocessing.F0PowerPreprocessor(time_steps=10)
    outputs = preprocessor(features)
    np.testing.assert_allclose(outputs["pw_db"], np.full([1, 10, 1], -20.0))
    np.testing.assert_allclose(outputs["pw_scaled"], np.full([1, 10, 1], 0.75))
    np.testing.assert_allclose(
        outputs["f0_scaled"], np.full([1, 10, 1], 69 / 127), rtol=1e-6
    )


def test_power_of_a_full_square_wave_is_0_db():
    preprocessor = preprocessing.F0PowerPreprocessor(time_steps=10)
    pw_db = preprocessor({"f0_hz": tf.ones([1, 10]), "audio": tf.ones([1, 640])})[
        "pw_db"
    ]
    np.testing.assert_allclose(pw_db[0, 1:-1, 0], np.zeros(8), atol=1e-4)


def test_settings_reach_the_measurement(rng):
    audio = rng.normal(size=[1, 4800]).astype(np.float32)
    preprocessor = preprocessing.F0PowerPreprocessor(
        time_steps=21, frame_rate=200, sample_rate=48000, frame_size=960
    )
    found = preprocessor({"f0_hz": tf.ones([1, 21]), "audio": audio})["pw_db"]
    measured = spectral_ops.compute_power(audio, 48000, 200, 960)
    assert measured.shape == (1, 21)
    np.testing.assert_allclose(found[..., 0], measured, atol=1e-4)
    expected = core.resample(measured[..., tf.newaxis], 20)
    preprocessor.time_steps = 20
    squeezed = preprocessor({"f0_hz": tf.ones([1, 20]), "audio": audio})["pw_db"]
    np.testing.assert_allclose(squeezed, expected, atol=1e-4)
    preprocessor.centered = True
    centered = preprocessor({"f0_hz": tf.ones([1, 20]), "audio": audio})["pw_db"]
    np.testing.assert_allclose(centered[..., 0], measured[:, :20], atol=1e-4)


def test_centring_is_passed_on():
    assert preprocessing.F0PowerPreprocessor(centered=True).centered is True


def test_scaling_can_be_undone(rng):
    f0_hz = rng.uniform(50.0, 2000.0, size=[1, 20, 1]).astype(np.float32)
    power_db = rng.uniform(-80.0, 0.0, size=[1, 20, 1]).astype(np.float32)
    preprocessor = preprocessing.F0PowerPreprocessor(20)
    outputs = preprocessor(f0_hz, power_db)
    f0_again, power_again = preprocessor.invert_scaling(
        f0_scaled=outputs["f0_scaled"], pw_scaled=outputs["pw_scaled"]
    )
    np.testing.assert_allclose(f0_again, f0_hz, rtol=1e-4)
    np.testing.assert_allclose(power_again, power_db, atol=1e-4)


def test_neither_power_nor_audio_is_an_error():
    with pytest.raises(ValueError, match="power_db=None and audio=None"):
        preprocessing.F0PowerPreprocessor(10)({"f0_hz": tf.ones([1, 10])})


def test_gin_binds_it_by_the_name_of_the_original():
    name = "preprocessing.F0PowerPreprocessor"
    with config.isolated_gin():
        config.parse_gin([], [f"{name}.frame_size = 128"])
        assert gin.get_configurable(name)().frame_size == 128


def test_timbre_transfer_tells_models_of_power_from_those_of_loudness(tmp_path):
    def model(preprocessor, key):
        return models.Autoencoder(
            preprocessor=preprocessor,
            decoder=decoders.RnnFcDecoder(4, ch=4, input_keys=(key, "f0_scaled")),
            processor_group=processors.ProcessorGroup(
                [
                    (
                        synths.Harmonic(n_samples=640),
                        ["amps", "harmonic_distribution", "f0_hz"],
                    )
                ]
            ),
        )

    loudness = preprocessing.F0LoudnessPreprocessor(10)
    power = preprocessing.F0PowerPreprocessor(10)
    assert not takes_power(model(loudness, "ld_scaled"))
    by_power = model(power, "pw_scaled")
    assert takes_power(by_power)
    check_inputs(by_power, tmp_path)  # A recording gives all that it needs.
