"""Convolution by FFT, with one filter for the whole sound or one per frame."""

from collections.abc import Callable
from typing import Any

import scipy.fft
import tensorflow as tf

from ddsp.core.tensors import tf_float32

# With more shifts than these, adding up block by block is slower.
MOST_SHIFTS = 8


def get_fft_size(frame_size: int, ir_size: int, power_of_2: bool = True) -> int:
    """Smallest efficient FFT size that holds a linear convolution.

    Args:
        frame_size: Samples of the signal block.
        ir_size: Taps of the impulse response.
        power_of_2: Whether only powers of two count as efficient; otherwise products of
            2, 3 and 5 do too.

    Returns:
        A size of at least frame_size + ir_size - 1.
    """
    size = ir_size + frame_size - 1
    if power_of_2:
        return 1 << max(size - 1, 0).bit_length()
    return int(scipy.fft.next_fast_len(size, real=True))


def crop_and_compensate_delay(
    audio: tf.Tensor,
    audio_size: int,
    ir_size: int,
    padding: str,
    delay_compensation: int,
) -> tf.Tensor:
    """Cuts the wanted part out of a full convolution.

    Args:
        audio: Convolved sound, [batch, n_convolved].
        audio_size: Samples before the convolution.
        ir_size: Taps of the impulse response.
        padding: 'same' for audio_size samples, 'valid' for audio_size + ir_size - 1.
        delay_compensation: Samples to drop at the start. Negative: half the impulse
            response, as suits a symmetric one: (ir_size - 1) // 2 - 1.

    Returns:
        Audio of the promised length, [batch, n_samples]; beyond the end of the
        convolution it is silent.

    Raises:
        ValueError: If padding is neither 'same' nor 'valid'.
    """
    sizes = {"same": audio_size, "valid": ir_size + audio_size - 1}
    if padding not in sizes:
        raise ValueError(
            f"padding must be 'same' or 'valid'. Got padding={padding!r}; use "
            "'same' to keep the length."
        )
    start, size = delay_compensation, sizes[padding]
    if start < 0:
        half = (ir_size - 1) // 2 - 1
        start = max(0, half) if isinstance(half, int) else tf.maximum(0, half)
    missing = tf.maximum(0, start + size - tf.shape(audio)[1])
    padded = tf.pad(audio, [[0, 0], [0, missing]])
    # The gradient of `tf.slice` takes a fraction of the time of that of `[a:b]`.
    cropped = tf.slice(padded, [0, start], [tf.shape(audio)[0], size])
    known_size = size if isinstance(size, int) else None
    return tf.ensure_shape(cropped, [audio.shape[0], known_size])


def fft_convolve(
    audio: tf.Tensor,
    impulse_response: tf.Tensor,
    padding: str = "same",
    delay_compensation: int = -1,
) -> tf.Tensor:
    """Filters audio with impulse responses, which may change from frame to frame.

    With several frames the audio is cut into equal blocks without overlap, of which the
    last may be shorter, and each is convolved with its own response; the tails overlap
    and add. A single response is transformed once, however large the batch.

    Args:
        audio: Sound, [batch, n_samples].
        impulse_response: Taps, [batch, n_taps] or [batch, n_frames, n_taps]. A batch of
            one serves every example.
        padding: 'same' for the length of audio, 'valid' for n_samples + n_taps - 1.
        delay_compensation: Samples of delay to remove; negative for half the response.

    Returns:
        Filtered sound, [batch, n_samples] for 'same'.

    Raises:
        ValueError: If audio is not of rank 2, if the batch sizes differ, if something
            is empty, if n_frames does not cut the audio into equal blocks, or if
            padding is unknown.

    Example:
        >>> audio = tf.constant([[1.0, 0.0, 0.0, 2.0]])
        >>> echo = tf.constant([[1.0, 0.5]])
        >>> fft_convolve(audio, echo, "valid", 0).numpy().round(3).tolist()
        [[1.0, 0.5, 0.0, 2.0, 1.0]]
    """
    audio, responses = tf_float32(audio), tf_float32(impulse_response)
    if responses.shape.rank == 2:
        responses = responses[:, tf.newaxis, :]
    _check_shapes(audio, responses)
    n_samples, n_taps = _size(audio, 1), _size(responses, 2)
    n_frames = _size(responses, 1)
    hop_size = _hop_size(n_samples, n_frames)
    fft_size = [_fast_size(hop_size + n_taps - 1)]
    padded = tf.pad(audio, [[0, 0], [0, hop_size * n_frames - n_samples]])
    blocks = tf.reshape(padded, [-1, n_frames, hop_size])
    convolved = _convolve_blocks(blocks, responses, fft_size)
    total = overlap_and_add(convolved, hop_size)
    return crop_and_compensate_delay(
        total, n_samples, n_taps, padding, delay_compensation
    )


def _convolve_blocks(
    blocks: tf.Tensor, responses: tf.Tensor, fft_size: list[Any]
) -> tf.Tensor:
    """Each block with its response, [batch, n_frames, fft_size]."""

    @tf.custom_gradient
    def convolve(
        blocks: tf.Tensor, responses: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # Transforms are asked for again, which costs a graph nothing: it finds
            # that it has them. A gradient of this gradient needs to see them.
            spectra, gains, slopes = (
                tf.signal.rfft(x, fft_size) for x in (blocks, responses, upstream)
            )
            return (
                _backwards(slopes * tf.math.conj(gains), blocks, fft_size),
                _backwards(slopes * tf.math.conj(spectra), responses, fft_size),
            )

        spectra, gains = (tf.signal.rfft(x, fft_size) for x in (blocks, responses))
        return tf.signal.irfft(spectra * gains, fft_size), gradient

    return convolve(blocks, responses)


def _backwards(spectra: tf.Tensor, x: tf.Tensor, fft_size: list[Any]) -> tf.Tensor:
    """The sound of a correlation, as far as x reaches; a sum where x served all."""
    if x.shape[0] == 1:
        spectra = tf.reduce_sum(spectra, axis=0, keepdims=True)
    elif x.shape[0] is None:
        sizes = tf.shape(x)[:1], tf.shape(spectra)[:1]
        axes = tf.raw_ops.BroadcastGradientArgs(s0=sizes[0], s1=sizes[1])[0]
        spectra = tf.reduce_sum(spectra, axis=axes)
        spectra = tf.reshape(spectra, tf.concat([sizes[0], [_size(x, 1), -1]], axis=0))
    return tf.slice(tf.signal.irfft(spectra, fft_size), [0, 0, 0], tf.shape(x))


def overlap_and_add(blocks: tf.Tensor, hop_size: Any) -> tf.Tensor:
    """Adds up blocks, each of which begins hop_size samples after the one before.

    Equal to `tf.signal.overlap_and_add`, and faster where few blocks overlap.

    Args:
        blocks: [batch, n_blocks, block_size].
        hop_size: Samples from one block to the next, at least 1.

    Returns:
        [batch, (n_blocks - 1) * hop_size + block_size].

    Example:
        >>> overlap_and_add(tf.ones([1, 3, 2]), 1).numpy().tolist()
        [[1.0, 2.0, 2.0, 1.0]]
    """
    n_blocks, size = blocks.shape[1], blocks.shape[2]
    if n_blocks == 1:
        return blocks[:, 0]
    if not (isinstance(hop_size, int) and size and -(-size // hop_size) <= MOST_SHIFTS):
        return tf.signal.overlap_and_add(blocks, hop_size)
    n_blocks = _size(blocks, 1)
    n_parts = -(-size // hop_size)
    padded = tf.pad(blocks, [[0, 0], [0, 0], [0, n_parts * hop_size - size]])
    parts = tf.split(padded, n_parts, axis=2)
    total = tf.add_n(
        [tf.pad(x, [[0, 0], [i, n_parts - 1 - i], [0, 0]]) for i, x in enumerate(parts)]
    )
    flat = tf.reshape(total, [-1, (n_blocks + n_parts - 1) * hop_size])
    length = (n_blocks - 1) * hop_size + size
    return tf.slice(flat, [0, 0], [tf.shape(flat)[0], length])


def _check_shapes(audio: tf.Tensor, responses: tf.Tensor) -> None:
    """Something of everything, and one response for all examples or one each."""
    if audio.shape.rank != 2 or responses.shape.rank != 3:
        raise ValueError(
            "audio must be [batch, n_samples] and impulse_response [batch, n_taps] or "
            f"[batch, n_frames, n_taps]. Got shapes {audio.shape} and "
            f"{responses.shape}; add or remove axes."
        )
    if 0 in audio.shape[1:].as_list() + responses.shape[1:].as_list():
        raise ValueError(
            "audio and impulse_response must not be empty. Got shapes "
            f"{audio.shape} and {responses.shape}; check what comes before."
        )
    n_audio, n_responses = audio.shape[0], responses.shape[0]
    if n_responses in (None, 1) or n_audio is None:
        return
    if n_audio != n_responses:
        raise ValueError(
            "audio and impulse_response must have the same batch size, or one response "
            f"for all. Got batches {n_audio} and {n_responses}; repeat or select one."
        )


def _size(x: tf.Tensor, axis: int) -> int | tf.Tensor:
    """Size of an axis: a number if it is known while tracing, else a tensor."""
    size = x.shape[axis]
    return tf.shape(x)[axis] if size is None else int(size)


def _fast_size(size: int | tf.Tensor) -> int | tf.Tensor:
    """Size of a transform of at least this size; a power of two if not yet known."""
    if isinstance(size, int):
        return get_fft_size(size, 1, power_of_2=False)
    below = size - 1
    for shift in (1, 2, 4, 8, 16):  # Sets every bit behind the first one.
        below = tf.bitwise.bitwise_or(below, tf.bitwise.right_shift(below, shift))
    return below + 1


def _hop_size(n_samples: int | tf.Tensor, n_frames: int | tf.Tensor) -> Any:
    """Samples per block, if that many blocks cover the audio exactly once."""
    hop_size = -(-n_samples // n_frames)
    n_blocks = -(-n_samples // hop_size)
    message = (
        "The frames must cut the audio into blocks of equal length, the last of which "
        "may be shorter."
    )
    if not isinstance(n_blocks, int):
        with tf.control_dependencies(
            [tf.debugging.assert_equal(n_blocks, n_frames, message)]
        ):
            return tf.identity(hop_size)
    if n_blocks != n_frames:
        raise ValueError(
            f"{message} Got n_frames={n_frames} for n_samples={n_samples}, but blocks "
            f"of {hop_size} samples are {n_blocks}; use {n_blocks} frames, or a number "
            "that divides n_samples."
        )
    return hop_size
