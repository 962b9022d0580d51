"""Convolution by FFT, with one filter for the whole sound or one per frame."""

from typing import Any

import scipy.fft
import tensorflow as tf

from ddsp.core.tensors import tf_float32


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
    cropped = tf.pad(audio, [[0, 0], [0, missing]])[:, start : start + size]
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
    spectra = tf.signal.rfft(blocks, fft_size) * tf.signal.rfft(responses, fft_size)
    convolved = tf.signal.irfft(spectra, fft_size)
    total = tf.signal.overlap_and_add(convolved, hop_size)
    return crop_and_compensate_delay(
        total, n_samples, n_taps, padding, delay_compensation
    )


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
