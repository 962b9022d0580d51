"""Frames stand where they should, and there are as many as promised."""

import numpy as np
import pytest
import tensorflow as tf
from signals import impulse

from ddsp import spectral_ops
from ddsp.spectral_ops import framing

PADDINGS = ("center", "same", "valid")


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(
    ("frame_size", "hop_size"), [(200, 180), (200, 200), (201, 64), (512, 64), (7, 1)]
)
@pytest.mark.parametrize("n_samples", [1, 150, 1000, 1152])
def test_promised_lengths_are_kept(
    n_samples: int, frame_size: int, hop_size: int, padding: str
) -> None:
    n_frames, padded_length = spectral_ops.get_framed_lengths(
        n_samples, frame_size, hop_size, padding
    )
    padded = spectral_ops.pad(np.ones([2, n_samples]), frame_size, hop_size, padding)
    assert padded.shape == (2, padded_length)
    assert float(tf.reduce_sum(padded)) == 2 * n_samples
    assert tf.signal.frame(padded, frame_size, hop_size).shape[1] == n_frames


@pytest.mark.parametrize("frame_size", [512, 201])
def test_centred_frame_has_its_time_in_the_middle(frame_size: int) -> None:
    padded = spectral_ops.pad(impulse(1000, at=300), frame_size, 100)
    frames = tf.signal.frame(padded, frame_size, 100).numpy()[0]
    assert len(frames) == 11
    assert np.argmax(frames[3]) == frame_size // 2


def test_same_padding_is_that_of_tensorflow(rng: np.random.Generator) -> None:
    audio = rng.normal(size=[1, 1001]).astype(np.float32)
    padded = spectral_ops.pad(audio, 200, 180, "same")
    np.testing.assert_array_equal(
        tf.signal.frame(padded, 200, 180),
        tf.signal.frame(audio, 200, 180, pad_end=True),
    )


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("n_samples", [100, 1000])
def test_frames_in_numpy_are_those_of_tensorflow(
    n_samples: int, padding: str, rng: np.random.Generator
) -> None:
    audio = rng.normal(size=[2, n_samples]).astype(np.float32)
    padded = spectral_ops.pad(audio, 201, 64, padding)
    np.testing.assert_array_equal(
        framing.frame_np(audio, 201, 64, padding), tf.signal.frame(padded, 201, 64)
    )


def test_short_signal_has_no_valid_frame() -> None:
    assert spectral_ops.get_framed_lengths(100, 512, 64, "valid") == (0, 100)


def test_other_modes_reach_tensorflow() -> None:
    padded = spectral_ops.pad([1.0, 2.0, 3.0], 4, 1, mode="REFLECT")
    np.testing.assert_array_equal(padded, [3, 2, 1, 2, 3, 2, 1])


def test_other_axes_can_be_padded() -> None:
    padded = spectral_ops.pad(np.ones([3, 2]), 2, 1, axis=0, constant_values=5.0)
    np.testing.assert_array_equal(padded[:, 0], [5, 1, 1, 1, 5])


@pytest.mark.parametrize("padding", PADDINGS)
def test_length_may_be_unknown_while_tracing(padding: str) -> None:
    traced = tf.function(
        lambda x: spectral_ops.pad(x, 200, 180, padding),
        input_signature=[tf.TensorSpec([None, None])],
    )
    audio = np.ones([2, 1001], np.float32)
    expected = spectral_ops.pad(audio, 200, 180, padding)
    np.testing.assert_array_equal(traced(audio), expected)


def test_unknown_padding_is_refused() -> None:
    with pytest.raises(ValueError, match="padding='foo'"):
        spectral_ops.get_framed_lengths(1000, 200, 100, "foo")
    with pytest.raises(ValueError, match="padding='foo'"):
        spectral_ops.pad(np.ones(1000), 200, 100, "foo")


@pytest.mark.parametrize("padding", ["center", "same"])
def test_gaps_between_padded_frames_are_refused(padding: str) -> None:
    with pytest.raises(ValueError, match="hop_size=201"):
        spectral_ops.pad(np.ones(1000), 200, 201, padding)


def test_hop_is_whole_and_rounded_down() -> None:
    assert framing.get_hop_size(44100, 250) == 176
    assert framing.get_hop_size(16000, 31.25) == 512
    assert all(framing.get_hop_size(16000, 16000 / n) == n for n in range(1, 2000))


def test_more_frames_than_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="frame_rate=16001"):
        framing.get_hop_size(16000, 16001)


@pytest.mark.parametrize("use_tf", [False, True])
@pytest.mark.parametrize("leading", [[], [2], [2, 3]])
def test_length_is_mended_at_the_end(leading: list[int], use_tf: bool) -> None:
    vector = np.broadcast_to(np.arange(1.0, 11.0), [*leading, 10])
    mend = spectral_ops.pad_or_trim_to_expected_length
    longer = mend(vector, 15.9, pad_value=-1.0, use_tf=use_tf)
    shorter = mend(vector, 4, use_tf=use_tf)
    assert tf.is_tensor(longer) == tf.is_tensor(shorter) == use_tf
    expected = [*range(1, 11), -1, -1, -1, -1, -1]
    np.testing.assert_array_equal(longer, np.broadcast_to(expected, [*leading, 15]))
    np.testing.assert_array_equal(shorter, vector[..., :4])
    np.testing.assert_array_equal(mend(vector, 10, use_tf=use_tf), vector)


def test_length_far_from_the_expected_is_refused() -> None:
    with pytest.raises(ValueError, match="length=10 with expected_len=31"):
        spectral_ops.pad_or_trim_to_expected_length(np.ones(10), 31)
    mended = spectral_ops.pad_or_trim_to_expected_length(
        np.ones(10), 31, len_tolerance=21
    )
    assert mended.sum() == 10
