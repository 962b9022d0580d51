"""Convolution by FFT, with one filter for the whole sound or one per frame."""

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
    start = delay_compensation
    if start < 0:
        start = max(0, (ir_size - 1) // 2 - 1)
    end = start + sizes[padding]
    missing = tf.maximum(0, end - tf.shape(audio)[1])
    cropped = tf.pad(audio, [[0, 0], [0, missing]])[:, start:end]
    return tf.ensure_shape(cropped, [audio.shape[0], sizes[padding]])


def fft_convolve(
    audio: tf.Tensor,
    impulse_response: tf.Tensor,
    padding: str = "same",
    delay_compensation: int = -1,
) -> tf.Tensor:
    """Filters audio with impulse responses, which may change from frame to frame.

    With several frames the audio is cut into equal blocks without overlap and each is
    convolved with its own response; the tails overlap and add.

    Args:
        audio: Sound, [batch, n_samples].
        impulse_response: Taps, [batch, n_taps] or [batch, n_frames, n_taps]. A batch of
            one serves every example.
        padding: 'same' for the length of audio, 'valid' for n_samples + n_taps - 1.
        delay_compensation: Samples of delay to remove; negative for half the response.

    Returns:
        Filtered sound, [batch, n_samples] for 'same'.

    Raises:
        ValueError: If audio is not of rank 2, if the batch sizes differ, if n_frames
            does not cut the audio into equal blocks, or if padding is unknown.
    """
    audio, responses = tf_float32(audio), tf_float32(impulse_response)
    if audio.shape.rank != 2:
        raise ValueError(f"audio must be [batch, n_samples]. Got shape={audio.shape}.")
    if responses.shape.rank == 2:
        responses = responses[:, tf.newaxis, :]
    _check_batch(audio, responses)
    n_samples, n_taps = int(audio.shape[1]), int(responses.shape[-1])
    n_frames = int(responses.shape[1])
    hop_size = _hop_size(n_samples, n_frames)
    fft_size = get_fft_size(hop_size, n_taps, power_of_2=True)
    padded = tf.pad(audio, [[0, 0], [0, hop_size * n_frames - n_samples]])
    blocks = tf.reshape(padded, [-1, n_frames, hop_size])
    spectra = tf.signal.rfft(blocks, [fft_size]) * tf.signal.rfft(responses, [fft_size])
    convolved = tf.signal.irfft(spectra, [fft_size])
    total = tf.signal.overlap_and_add(convolved, hop_size)
    return crop_and_compensate_delay(
        total, n_samples, n_taps, padding, delay_compensation
    )


def _check_batch(audio: tf.Tensor, responses: tf.Tensor) -> None:
    """One response for all, or one each."""
    n_audio, n_responses = audio.shape[0], responses.shape[0]
    if n_responses is None or n_responses == 1 or n_audio is None:
        return
    if n_audio != n_responses:
        raise ValueError(
            "audio and impulse_response must have the same batch size, or one response "
            f"for all. Got batches {n_audio} and {n_responses}."
        )


def _hop_size(n_samples: int, n_frames: int) -> int:
    """Samples per block, if that many blocks cover the audio exactly once."""
    hop_size = -(-n_samples // n_frames)
    n_blocks = -(-n_samples // hop_size)
    if n_blocks != n_frames:
        raise ValueError(
            "The impulse responses must cut the audio into equal blocks. Got "
            f"n_frames={n_frames} for n_samples={n_samples}, which makes {n_blocks} "
            f"blocks of {hop_size}; use a number of frames that divides n_samples."
        )
    return hop_size
