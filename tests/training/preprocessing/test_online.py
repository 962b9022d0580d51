import gin
import keras
import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER
from signals import sine
from small_models import TRAINED, build, recorded_run

from ddsp import spectral_ops
from ddsp.training import checkpoints, config
from ddsp.training.preprocessing import OnlineF0PowerPreprocessor

RECORDED = np.load(FOLDER / "functions.npz")
KEYS = ["f0_hz", "pw_db", "f0_scaled", "pw_scaled", "f0_confidence"]


def recorded(key):
    return RECORDED[f"OnlineF0PowerPreprocessor/{key}"]


def recorded_features():
    return {
        "audio": RECORDED["in/audio"],
        "f0_hz": RECORDED["in/f0_hz"][:, :16],
        "f0_confidence": recorded("f0_confidence"),
    }


def taking(**settings):
    """A preprocessor that takes its pitch from the features."""
    return OnlineF0PowerPreprocessor(frame_rate=50, compute_f0=False, **settings)


def assert_as_recorded(outputs):
    assert list(outputs) == KEYS
    for key, value in outputs.items():
        # The confidence was recorded without the axis of the others.
        expected = recorded(key).reshape([2, 16, 1])
        limit = 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(value, expected, rtol=0.0, atol=limit)


def test_outputs_are_those_of_the_original_and_all_have_three_axes():
    assert_as_recorded(taking()(recorded_features()))


def test_compiled_preprocessor_takes_any_batch_and_length():
    preprocessor, features = taking(), recorded_features()
    spec = {key: tf.TensorSpec([None, None]) for key in features}
    compiled = tf.function(lambda x: preprocessor(x), input_signature=[spec])
    assert_as_recorded(compiled(features))


def test_features_and_audio_may_have_their_channel_axis():
    features = {k: v[..., np.newaxis] for k, v in recorded_features().items()}
    assert_as_recorded(taking()(features))


def test_defaults_are_those_of_the_original():
    preprocessor = OnlineF0PowerPreprocessor(crepe_saved_model_path="tiny")
    assert preprocessor.sample_rate == 16000
    assert preprocessor.frame_rate == 250
    assert preprocessor.frame_size == 1024
    assert preprocessor.hop_size == 64
    assert preprocessor.padding == "center"
    assert preprocessor.compute_power is True
    assert preprocessor.compute_f0 is True
    assert preprocessor.viterbi is False
    assert preprocessor.input_keys == ["audio"]
    optional = ["f0_hz", "f0_confidence", "audio_16k", "pw_db"]
    assert preprocessor.default_input_keys == optional


def test_the_network_that_is_not_there_is_one_error_with_the_ways_out(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    spectral_ops.reset_crepe()
    with pytest.raises(ValueError, match=r"crepe_saved_model_path='full'; ") as caught:
        OnlineF0PowerPreprocessor()
    assert "'tiny', which is bundled" in str(caught.value)
    assert "compute_f0=False" in str(caught.value)
    assert "ddsp[crepe]" in str(caught.value)
    assert isinstance(caught.value.__cause__, ImportError)


@pytest.mark.parametrize("path", [None, ""])
def test_computing_pitch_without_a_network_is_an_error(path):
    with pytest.raises(ValueError, match=f"Got crepe_saved_model_path={path!r}"):
        OnlineF0PowerPreprocessor(crepe_saved_model_path=path)


@pytest.mark.parametrize("path", [None, "full", "tiny"])
def test_no_network_is_loaded_that_is_not_needed(monkeypatch, path):
    def refuse(*args):
        raise AssertionError(args)

    monkeypatch.setattr(spectral_ops, "PretrainedCREPE", refuse)
    assert taking(crepe_saved_model_path=path).crepe_model is None


@pytest.mark.parametrize("padding", ["center", "same", "valid"])
def test_pitch_and_power_are_those_of_the_analysis(padding):
    audio = (sine(220.0, 4800) + sine(440.0, 4800))[np.newaxis] / 4
    preprocessor = OnlineF0PowerPreprocessor(
        frame_rate=50, padding=padding, crepe_saved_model_path="tiny"
    )
    assert preprocessor.crepe_model.hop_size == 320
    outputs = preprocessor({"audio": audio})
    f0_hz, confidence = spectral_ops.compute_f0(
        audio[0], 50, viterbi=False, padding=padding
    )
    pw_db = spectral_ops.compute_power(
        audio, 16000, 50, frame_size=1024, padding=padding
    )
    n_frames = {"center": 16, "same": 15, "valid": 12}[padding]
    assert all(x.shape == (1, n_frames, 1) for x in outputs.values())
    np.testing.assert_allclose(outputs["f0_hz"][0, :, 0], f0_hz, rtol=1e-4)
    np.testing.assert_allclose(outputs["f0_confidence"][0, :, 0], confidence, atol=1e-4)
    np.testing.assert_allclose(outputs["pw_db"][..., 0], pw_db, atol=1e-4)
    midi = 69.0 + 12.0 * np.log2(f0_hz / 440.0)
    np.testing.assert_allclose(outputs["f0_scaled"][0, :, 0], midi / 127, atol=1e-4)
    np.testing.assert_allclose(outputs["pw_scaled"][..., 0], pw_db / 80 + 1, atol=1e-5)


def test_computed_features_replace_given_ones_and_have_no_gradient_in_pitch():
    audio = tf.constant(sine(220.0, 3200), tf.float32)[tf.newaxis]
    preprocessor = OnlineF0PowerPreprocessor(50, crepe_saved_model_path="tiny")
    given = {k: tf.zeros([1, 11]) for k in ("f0_hz", "f0_confidence", "pw_db")}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(audio)
        outputs = preprocessor({"audio": audio, **given})
        sums = {key: tf.reduce_sum(value) for key, value in outputs.items()}
    assert outputs["f0_hz"].numpy()[0, 2:-2].min() > 200.0
    assert outputs["f0_confidence"].numpy()[0, 2:-2].min() > 0.1
    assert outputs["pw_db"].numpy()[0, 2:-2].max() < -1.0
    assert tape.gradient(sums["f0_hz"], audio) is None
    assert tape.gradient(sums["f0_confidence"], audio) is None
    assert np.abs(tape.gradient(sums["pw_db"], audio)).max() > 0.0


def test_viterbi_smooths_the_melody():
    preprocessor = OnlineF0PowerPreprocessor(
        50, viterbi=True, crepe_saved_model_path="tiny"
    )
    audio = np.random.default_rng(0).normal(size=[1, 4800]).astype(np.float32)
    expected, _ = preprocessor.crepe_model.predict_f0_and_confidence(audio, True)
    jumping, _ = preprocessor.crepe_model.predict_f0_and_confidence(audio, False)
    assert np.abs(expected - jumping).max() > 10.0
    found = preprocessor({"audio": audio})["f0_hz"]
    np.testing.assert_allclose(found[..., 0], expected, rtol=1e-5)


def test_audio_at_16_khz_wins_over_audio():
    features = {**recorded_features(), "audio": np.zeros([2, 14400], np.float32)}
    assert_as_recorded(taking()({**features, "audio_16k": RECORDED["in/audio"]}))


def test_given_power_is_taken():
    features = {**recorded_features(), "pw_db": tf.fill([2, 16], -20.0)}
    outputs = taking(compute_power=False)(features)
    np.testing.assert_allclose(outputs["pw_db"], np.full([2, 16, 1], -20.0))
    np.testing.assert_allclose(outputs["pw_scaled"], np.full([2, 16, 1], 0.75))


@pytest.mark.parametrize("name", ["f0_hz", "f0_confidence"])
def test_a_missing_feature_is_named(name):
    features = recorded_features()
    del features[name]
    with pytest.raises(ValueError, match=f"Got {name}=None; "):
        taking()(features)


def test_all_missing_features_are_named():
    with pytest.raises(
        ValueError, match="f0_hz=None and f0_confidence=None and pw_db=None"
    ):
        taking(compute_power=False)({"audio": RECORDED["in/audio"]})


@pytest.mark.parametrize("name", ["f0_hz", "f0_confidence"])
def test_features_of_another_length_are_refused(name):
    features = recorded_features()
    features[name] = features[name][:, :15]
    with pytest.raises(ValueError, match=rf"{name} must have 16 frames.*\(2, 15, 1\)"):
        taking()(features)


def test_frames_of_pitch_are_not_those_of_another_size_without_padding():
    audio = np.zeros([1, 4800], np.float32)
    preprocessor = OnlineF0PowerPreprocessor(
        50, frame_size=2048, padding="valid", crepe_saved_model_path="tiny"
    )
    with pytest.raises(ValueError, match=r"f0_hz must have 9 frames.*=2048"):
        preprocessor({"audio": audio})


def test_frame_size_and_padding_say_how_many_frames_there_are():
    features = {k: v[:, :9] for k, v in recorded_features().items() if k != "audio"}
    preprocessor = taking(frame_size=2048, padding="valid")
    outputs = preprocessor({**features, "audio": RECORDED["in/audio"]})
    expected = spectral_ops.compute_power(
        RECORDED["in/audio"], 16000, 50, frame_size=2048, padding="valid"
    )
    np.testing.assert_allclose(outputs["pw_db"][..., 0], expected, atol=1e-4)


def test_wrong_settings_are_refused_by_the_constructor():
    with pytest.raises(ValueError, match="padding must be"):
        taking(padding="centre")
    with pytest.raises(ValueError, match="must not exceed sample_rate"):
        OnlineF0PowerPreprocessor(frame_rate=20000, compute_f0=False)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_network_of_ones_own_is_no_part_of_the_model(tmp_path):
    inputs = keras.Input([1024])
    outputs = keras.layers.Dense(360, activation="sigmoid")(inputs)
    path = str(tmp_path / "crepe.keras")
    keras.Model(inputs, outputs).save(path)
    preprocessor = OnlineF0PowerPreprocessor(50, crepe_saved_model_path=path)
    outputs = preprocessor({"audio": RECORDED["in/audio"]})
    assert outputs["f0_hz"].shape == (2, 16, 1)
    assert len(preprocessor.crepe_model.weights) == 2
    assert preprocessor.weights == []
    assert checkpoints.named_variables(preprocessor) == {}


def test_model_of_the_original_that_was_trained_online_plays_as_it_did():
    folder = TRAINED / "vst_small"
    model = build(folder)
    assert isinstance(model.preprocessor, OnlineF0PowerPreprocessor)
    features, expected = recorded_run(folder)
    model.preprocessor(features)
    outputs = model.preprocessor(features)
    names = [key for key in KEYS if key in expected]
    assert names
    for key in names:
        want = expected[key].reshape(outputs[key].shape)
        np.testing.assert_allclose(outputs[key], want, rtol=1e-5, atol=1e-4)


def test_gin_binds_it_by_the_name_of_the_original():
    name = "preprocessing.OnlineF0PowerPreprocessor"
    values = ("frame_rate = 50", "crepe_saved_model_path = None", "compute_f0 = False")
    with config.isolated_gin():
        config.parse_gin([], [f"{name}.{value}" for value in values])
        assert gin.get_configurable(name)().hop_size == 320
