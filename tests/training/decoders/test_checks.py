"""Wrong settings and inputs of decoders are one clear sentence."""

import pytest
import tensorflow as tf

from ddsp.training import decoders, nn
from ddsp.training.decoders import checks

SPLITS = (("amps", 1), ("noise", 2))


def rnn(**settings):
    sizes = {"rnn_channels": 3, "ch": 3, "layers_per_stack": 1}
    return decoders.RnnFcDecoder(**{**sizes, "output_splits": SPLITS, **settings})


def dilated(**settings):
    sizes = {"ch": 3, "layers_per_stack": 1, "stacks": 1}
    return decoders.DilatedConvDecoder(**{**sizes, "output_splits": SPLITS, **settings})


def midi(**settings):
    return decoders.MidiToHarmonicDecoder(nn.FcStack(3, 1), **settings)


def controls(**shapes):
    default = {"ld_scaled": [2, 5, 1], "f0_scaled": [2, 5, 1], "z": [2, 5, 3]}
    return {key: tf.zeros(shape) for key, shape in {**default, **shapes}.items()}


@pytest.mark.parametrize("make", [rnn, dilated, midi])
@pytest.mark.parametrize(
    ("splits", "error", "said"),
    [
        (("amps", 1), TypeError, "pairs of a name"),
        ("amps", TypeError, "pairs of a name"),
        ({"amps": 1}, TypeError, "pairs of a name"),
        ((("amps", 1.5),), TypeError, "pairs of a name"),
        ((("amps", True),), TypeError, "pairs of a name"),
        (((1, 1),), TypeError, "pairs of a name"),
        ((("amps", 1, 2),), TypeError, "pairs of a name"),
        ((), ValueError, "at least one channel"),
        ((("amps", 1), ("noise", 0)), ValueError, "at least one channel"),
        ((("amps", 1), ("amps", 2)), ValueError, "each output once"),
    ],
)
def test_output_splits_are_named_sizes(make, splits, error, said):
    with pytest.raises(error, match=f"output_splits must .*{said}") as raised:
        make(output_splits=splits)
    assert f"Got output_splits={splits!r}; " in str(raised.value)


def test_lists_are_splits_too():
    outputs = rnn(output_splits=[["amps", 1]])(controls())
    assert outputs["amps"].shape == (2, 5, 1)


@pytest.mark.parametrize(
    ("make", "name", "value", "least"),
    [
        (rnn, "ch", 0, 1),
        (rnn, "rnn_channels", 0, 1),
        (rnn, "layers_per_stack", -1, 0),
        (dilated, "ch", 0, 1),
        (dilated, "kernel_size", 0, 1),
        (dilated, "layers_per_stack", 0, 1),
        (dilated, "stacks", 0, 1),
    ],
)
def test_sizes_are_not_too_small(make, name, value, least):
    said = rf"^{name} must be at least {least}\. Got {name}={value}; give"
    with pytest.raises(ValueError, match=said):
        make(**{name: value})
    make(**{name: least})


def test_unknown_recurrence_is_named():
    with pytest.raises(KeyError, match=r"must be 'gru' or 'lstm'\. Got rnn_type='rnn'"):
        rnn(rnn_type="rnn")


@pytest.mark.parametrize("make", [rnn, dilated])
@pytest.mark.parametrize(
    ("key", "shape", "said"),
    [
        ("f0_scaled", [2, 5], r"be \[batch, n_frames, n_channels\]\. Got f0_scal"),
        ("f0_scaled", [2, 6, 1], r"same number of frames\. Got ld_scaled=\(2, 5, 1\)"),
        ("f0_scaled", [3, 5, 1], "same batch size"),
        ("z", [3, 5, 3], r"same batch size\. Got ld_scaled=.*z=\(3, 5, 3\); take"),
    ],
)
def test_inputs_must_go_together(make, key, shape, said):
    decoder = make()
    with pytest.raises(ValueError, match=f"^Inputs of a decoder must .*{said}"):
        decoder(controls(**{key: shape}))
    assert decoder(controls())["noise"].shape == (2, 5, 2)


def test_state_of_a_stateless_decoder_has_the_same_batch():
    decoder = rnn(stateless=True)
    with pytest.raises(ValueError, match=r"same batch size\. Got .*state=\(3, 3\)"):
        decoder({**controls(), "state": tf.zeros([3, 3])})
    assert decoder({**controls(), "state": tf.zeros([2, 3])})["state"].shape == (2, 3)


@pytest.mark.parametrize("make", [midi, lambda: decoders.MidiDecoder(nn.FcStack(3, 1))])
def test_notes_have_three_axes_and_the_batch_of_z(make):
    with pytest.raises(ValueError, match=r"Got z_pitch=\(2, 5\); add the missing axis"):
        make()(tf.zeros([2, 5]))
    with pytest.raises(ValueError, match=r"same batch size\. Got .*z=\(3, 4\)"):
        make()({"z_pitch": tf.zeros([2, 5, 1]), "z": tf.zeros([3, 4])})
    assert make()({"z_pitch": tf.zeros([2, 5, 1])})["f0_midi"].shape == (2, 5, 1)


def test_what_is_not_known_of_a_shape_is_not_checked():
    decoder = rnn()
    decoder(controls())
    spec = {k: tf.TensorSpec([None, None, x.shape[-1]]) for k, x in controls().items()}
    traced = tf.function(decoder, input_signature=[spec])
    assert traced(controls())["amps"].shape == (2, 5, 1)
    checks.check_frames(["a", "b"], [tf.keras.Input([5, 1]), tf.zeros([2, 5, 1])])
    with pytest.raises(ValueError, match="number of frames"):
        checks.check_frames(["a", "b"], [tf.keras.Input([6, 1]), tf.zeros([2, 5, 1])])


def test_facade_lists_decoders_alone():
    assert all(name.endswith("Decoder") for name in decoders.__all__)
    assert len(decoders.__all__) == 4
