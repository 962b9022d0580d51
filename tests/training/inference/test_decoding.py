"""Decoding piece by piece is decoding at once."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import decoders
from ddsp.training.inference.decoding import Decoding

FRAME_RATE, N_FRAMES = 50, 900
KEYS = ("ld_scaled", "f0_scaled")


def controls(first: int, last: int) -> dict[str, tf.Tensor]:
    rng = np.random.default_rng(8)
    curves = rng.standard_normal([2, 1, N_FRAMES, 1]).astype(np.float32)
    pairs = zip(KEYS, curves, strict=True)
    return {key: tf.constant(curve[:, first:last]) for key, curve in pairs}


def in_pieces(decoder: Any, borders: list[tuple[int, int]]) -> list[dict]:
    decoding = Decoding(decoder, controls, N_FRAMES, FRAME_RATE)
    return [decoding.frames(*border) for border in borders]


@pytest.mark.parametrize("rnn_type", ["gru", "lstm"])
def test_recurrent_state_is_carried_from_piece_to_piece(rnn_type: str) -> None:
    decoder = decoders.RnnFcDecoder(
        rnn_channels=16, rnn_type=rnn_type, ch=8, layers_per_stack=1, input_keys=KEYS
    )
    whole = decoder(controls(0, N_FRAMES), training=False)
    borders = [(0, 10), (8, 333), (300, 600), (590, N_FRAMES)]
    for (first, last), piece in zip(borders, in_pieces(decoder, borders), strict=True):
        for name, output in whole.items():
            assert np.std(output) > 0.01
            np.testing.assert_allclose(
                piece[name], output.numpy()[:, first:last], atol=1e-5
            )
    # The decoder is as it was.
    again = decoder(controls(0, N_FRAMES), training=False)
    np.testing.assert_array_equal(again["amps"], whole["amps"])


def test_each_frame_is_decoded_once() -> None:
    decoder = decoders.RnnFcDecoder(
        rnn_channels=8, ch=8, layers_per_stack=1, input_keys=KEYS
    )
    asked = []

    def watched(first: int, last: int) -> dict[str, tf.Tensor]:
        asked.append((first, last))
        return controls(first, last)

    decoding = Decoding(decoder, watched, N_FRAMES, FRAME_RATE)
    for first, last in ((0, 400), (300, 700), (350, 690), (600, N_FRAMES)):
        decoding.frames(first, last)
    assert asked == [(0, 400), (400, 700), (700, N_FRAMES)]


def test_convolutions_hear_what_is_around_a_piece() -> None:
    decoder = decoders.DilatedConvDecoder(
        ch=8,
        layers_per_stack=2,
        stacks=1,
        norm_type=None,
        input_keys=KEYS,
        conditioning_keys=(),
    )
    whole = decoder(controls(0, N_FRAMES), training=False)
    borders = [(0, 300), (280, 600), (550, N_FRAMES)]
    for (first, last), piece in zip(borders, in_pieces(decoder, borders), strict=True):
        for name, output in whole.items():
            np.testing.assert_allclose(
                piece[name], output.numpy()[:, first:last], atol=1e-5
            )


def test_frames_that_were_given_up_are_not_made_up() -> None:
    decoder = decoders.RnnFcDecoder(rnn_channels=8, ch=8, input_keys=KEYS)
    decoding = Decoding(decoder, controls, N_FRAMES, FRAME_RATE)
    decoding.frames(0, 200)
    decoding.frames(150, 300)
    with pytest.raises(ValueError, match="in order"):
        decoding.frames(100, 300)
