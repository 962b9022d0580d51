import numpy as np
import pytest
import tensorflow as tf
from golden_layers import assert_as_recorded

from ddsp.training import decoders

KEYS = ("ld_scaled", "f0_scaled")
SPLITS = (("amps", 1), ("harmonic_distribution", 7))


def features(rng, n_frames=25):
    return {k: rng.normal(size=[2, n_frames, 1]).astype(np.float32) for k in KEYS}


def test_decoder_has_the_weights_and_outputs_of_the_original():
    decoder = decoders.RnnFcDecoder(
        6, "gru", 5, 2, input_keys=KEYS, output_splits=SPLITS
    )
    assert_as_recorded("RnnFcDecoder", decoder)


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


def test_gradient_reaches_every_weight(rng):
    decoder = decoders.RnnFcDecoder(4, ch=4, layers_per_stack=1, input_keys=KEYS)
    x = features(rng)
    with tf.GradientTape() as tape:
        outputs = decoder(x)
        total = tf.add_n([tf.reduce_sum(value**2) for value in outputs.values()])
    gradients = tape.gradient(total, decoder.trainable_variables)
    assert gradients
    assert all(np.abs(gradient).max() > 0.0 for gradient in gradients)


def test_stateless_is_refused_for_now():
    with pytest.raises(ValueError, match="stateless must be False"):
        decoders.RnnFcDecoder(stateless=True)
