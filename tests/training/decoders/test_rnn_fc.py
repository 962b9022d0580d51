import inspect

import numpy as np
import pytest
import tensorflow as tf
from golden_layers import assert_as_recorded

from ddsp.training import checkpoints, decoders

KEYS = ("ld_scaled", "f0_scaled")
SPLITS = (("amps", 1), ("harmonic_distribution", 7))


def features(rng, n_frames=25):
    return {k: rng.normal(size=[2, n_frames, 1]).astype(np.float32) for k in KEYS}


def small(**settings):
    sizes = {"rnn_channels": 6, "ch": 5, "layers_per_stack": 1}
    names = {"input_keys": KEYS, "output_splits": SPLITS}
    return decoders.RnnFcDecoder(**{**sizes, **names, **settings})


def twins(rng, **settings):
    """A decoder and its stateless twin with the same random weights."""
    x = features(rng)
    whole, stateless = small(**settings), small(stateless=True, **settings)
    whole(x)
    stateless({**x, "state": tf.zeros([2, stateless.rnn.state_size])})
    named = checkpoints.named_variables(whole)
    for variable in named.values():
        variable.assign(0.5 * rng.normal(size=variable.shape))
    for path, variable in checkpoints.named_variables(stateless).items():
        variable.assign(named[path])
    return whole, stateless, x


def test_decoder_has_the_weights_and_outputs_of_the_original():
    decoder = decoders.RnnFcDecoder(
        6, "gru", 5, 2, input_keys=KEYS, output_splits=SPLITS
    )
    assert_as_recorded("RnnFcDecoder", decoder)


def test_stateless_decoder_has_the_weights_and_outputs_of_the_original():
    keys = ("pw_scaled", "f0_scaled")
    assert_as_recorded("RnnFcDecoder_stateless", small(stateless=True, input_keys=keys))


def test_order_of_the_keys_is_part_of_the_model(rng):
    x = features(rng)
    one = decoders.RnnFcDecoder(4, ch=4, input_keys=KEYS)
    two = decoders.RnnFcDecoder(4, ch=4, input_keys=KEYS[::-1])
    one(x)
    two(x)
    two.set_weights(one.get_weights())
    swapped = {KEYS[0]: x[KEYS[1]], KEYS[1]: x[KEYS[0]]}
    np.testing.assert_allclose(one(x)["amps"], two(swapped)["amps"], atol=1e-6)
    assert np.abs(one(x)["amps"] - two(x)["amps"]).max() > 1e-3


def test_earlier_frames_do_not_depend_on_later_ones(rng):
    x = features(rng, 60)
    decoder = decoders.RnnFcDecoder(8, ch=8, input_keys=KEYS, output_splits=SPLITS)
    start = decoder({k: v[:, :30] for k, v in x.items()})
    for key, value in decoder(x).items():
        np.testing.assert_allclose(value[:, :30], start[key], atol=1e-5)


def test_without_stacks_the_recurrence_reads_the_inputs(rng):
    decoder = decoders.RnnFcDecoder(8, layers_per_stack=0, input_keys=KEYS)
    decoder(features(rng))
    shapes = [tuple(w.shape) for w in decoder.weights]
    assert shapes == [(2, 24), (8, 24), (2, 24), (10, 41), (41,)]


def test_stacks_have_three_layers_unless_told_otherwise(rng):
    decoder = decoders.RnnFcDecoder(4, ch=5, input_keys=KEYS)
    decoder(features(rng))
    stacks = [*decoder.input_stacks, decoder.out_stack]
    assert [len(stack.layers) for stack in stacks] == [3, 3, 3]


def test_defaults_make_the_decoder_of_the_paper():
    decoder = decoders.RnnFcDecoder()
    assert decoder.input_keys == ["ld_scaled", "f0_scaled", "z"]
    assert decoder.output_keys == ["amps", "harmonic_distribution"]
    assert decoder.stateless is False
    frames = tf.zeros([1, 1, 1])
    outputs = decoder(frames, frames, tf.zeros([1, 1, 16]))
    assert {k: v.shape[-1] for k, v in outputs.items()} == {
        "amps": 1,
        "harmonic_distribution": 40,
    }
    shapes = {k: v.shape for k, v in checkpoints.named_variables(decoder).items()}
    assert shapes["rnn/rnn/cell/kernel"] == (3 * 512, 3 * 512)
    assert shapes["dense_out/kernel"] == (512, 41)


def test_gradient_reaches_every_weight(rng):
    decoder = decoders.RnnFcDecoder(4, ch=4, layers_per_stack=1, input_keys=KEYS)
    x = features(rng)
    with tf.GradientTape() as tape:
        outputs = decoder(x)
        total = tf.add_n([tf.reduce_sum(value**2) for value in outputs.values()])
    gradients = tape.gradient(total, decoder.trainable_variables)
    assert gradients
    assert all(np.abs(gradient).max() > 0.0 for gradient in gradients)


def test_one_key_may_be_text(rng):
    decoder = small(input_keys="ld_scaled")
    assert decoder.input_keys == ["ld_scaled"]
    assert set(decoder(features(rng))) == {"amps", "harmonic_distribution"}


def test_call_ignores_what_it_does_not_know(rng):
    decoder, x = small(), features(rng)
    expected = decoder(x)["amps"]
    np.testing.assert_array_equal(decoder(x, training=True)["amps"], expected)
    again = decoder.call(*x.values(), training=False, unheard_of=3)
    np.testing.assert_array_equal(again["amps"], expected)
    parameters = inspect.signature(decoder.call).parameters
    assert parameters["unused_kwargs"].kind is inspect.Parameter.VAR_KEYWORD


@pytest.mark.parametrize("rnn_type", ["gru", "lstm"])
@pytest.mark.parametrize("layers_per_stack", [0, 1])
def test_streaming_frame_by_frame_equals_the_whole_sequence(
    rng, rnn_type, layers_per_stack
):
    whole, stateless, x = twins(
        rng, rnn_type=rnn_type, layers_per_stack=layers_per_stack
    )
    expected = whole(x)
    state = tf.zeros([2, {"gru": 6, "lstm": 12}[rnn_type]])
    for frame in range(25):
        now = {k: v[:, frame : frame + 1] for k, v in x.items()}
        outputs = stateless({**now, "state": state})
        assert list(outputs) == ["amps", "harmonic_distribution", "state"]
        for name, value in expected.items():
            np.testing.assert_allclose(
                outputs[name], value[:, frame : frame + 1], atol=1e-5
            )
        assert np.abs(outputs["state"] - state).max() > 1e-3
        state = outputs["state"]


def test_checkpoint_of_training_loads_into_the_stateless_decoder(rng, tmp_path):
    whole, _, x = twins(rng)
    checkpoints.save_checkpoint(whole, None, tmp_path, step=3)
    stateless = small(stateless=True)
    start = {**x, "state": tf.zeros([2, 6])}
    stateless(start)
    assert checkpoints.restore_checkpoint(stateless, tmp_path) == 3
    np.testing.assert_allclose(stateless(start)["amps"], whole(x)["amps"], atol=1e-5)


def test_state_is_the_last_input_and_the_last_output(rng):
    _, stateless, x = twins(rng)
    assert stateless.stateless is True
    assert stateless.input_keys == [*KEYS, "state"]
    assert stateless.output_keys == ["amps", "harmonic_distribution", "state"]
    state = tf.constant(rng.normal(size=[2, 6]), tf.float32)
    by_position = stateless(*x.values(), state)
    by_name = stateless({**x, "state": state})
    np.testing.assert_array_equal(by_position["amps"], by_name["amps"])
    assert len(stateless.input_stacks) == 2
    with pytest.raises(TypeError, match="state"):
        stateless(x)


def test_compiled_decoder_takes_any_batch_and_length(rng):
    decoder, x = small(), features(rng)
    expected = decoder(x)
    spec = {k: tf.TensorSpec([None, None, 1]) for k in KEYS}
    compiled = tf.function(lambda inputs: decoder(inputs), input_signature=[spec])
    for name, value in compiled(x).items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)
    silence = {k: tf.zeros([3, 4, 1]) for k in KEYS}
    assert all(np.isfinite(value).all() for value in compiled(silence).values())
