"""Decoding piece by piece is decoding at once."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import decoders
from ddsp.training.inference.decoding import Decoding

FRAME_RATE, N_FRAMES, N_LONG = 50, 900, 10_000
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


def convolutions(norm_type: str | None) -> decoders.DilatedConvDecoder:
    return decoders.DilatedConvDecoder(
        ch=8,
        layers_per_stack=2,
        stacks=1,
        norm_type=norm_type,
        input_keys=KEYS,
        conditioning_keys=(),
    )


@pytest.mark.parametrize("norm_type", ["layer", "instance", None])
def test_convolutions_hear_all_of_a_short_recording(norm_type: str | None) -> None:
    decoder = convolutions(norm_type)
    whole = decoder(controls(0, N_FRAMES), training=False)
    borders = [(0, 300), (280, 600), (550, N_FRAMES)]
    for (first, last), piece in zip(borders, in_pieces(decoder, borders), strict=True):
        for name, output in whole.items():
            assert np.std(output) > 0.01
            np.testing.assert_allclose(
                piece[name], output.numpy()[:, first:last], atol=1e-5
            )


def long_controls(first: int, last: int) -> dict[str, tf.Tensor]:
    """Curves of 200 s that grow all the time."""
    noise = np.random.default_rng(9).standard_normal([2, 1, N_LONG, 1])
    curves = (noise * np.linspace(0.5, 2.0, N_LONG)[:, np.newaxis]).astype(np.float32)
    pairs = zip(KEYS, curves, strict=True)
    return {key: tf.constant(curve[:, first:last]) for key, curve in pairs}


def decode_long(decoder: Any, size: int) -> dict[str, np.ndarray]:
    """Decodes in pieces of a size, each of which begins a little early."""
    decoding = Decoding(decoder, long_controls, N_LONG, FRAME_RATE)
    pieces = []
    for start in range(0, N_LONG, size):
        early = min(start, 100)
        part = decoding.frames(start - early, min(start + size, N_LONG))
        pieces.append({name: output[:, early:] for name, output in part.items()})
    return {
        name: np.concatenate([piece[name] for piece in pieces], axis=1)
        for name in pieces[0]
    }


def test_windows_of_convolutions_without_normalisation_are_the_whole() -> None:
    decoder = convolutions(None)
    whole = decoder(long_controls(0, N_LONG), training=False)
    for name, output in decode_long(decoder, 1500).items():
        np.testing.assert_allclose(output, whole[name], atol=1e-5)


def test_normalised_windows_pass_into_each_other_whatever_the_pieces() -> None:
    decoder = convolutions("layer")
    whole = decoder(long_controls(0, N_LONG), training=False)
    small, large = (decode_long(decoder, size) for size in (700, 1500))
    for name, output in whole.items():
        np.testing.assert_array_equal(small[name], large[name])
        error = small[name] - output.numpy()
        assert 0.0 < np.std(error) < np.std(output)
        # Approximate, but without a step: it drifts from window to window.
        local = np.abs(np.diff(error, axis=1)).max(axis=(0, 2))
        assert local.max() < 20.0 * np.median(local)


def test_frames_that_were_given_up_are_not_made_up() -> None:
    decoder = decoders.RnnFcDecoder(rnn_channels=8, ch=8, input_keys=KEYS)
    decoding = Decoding(decoder, controls, N_FRAMES, FRAME_RATE)
    decoding.frames(0, 200)
    decoding.frames(150, 300)
    with pytest.raises(ValueError, match="in order"):
        decoding.frames(100, 300)
