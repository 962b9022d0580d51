"""The pitch network CREPE: frames of audio -> how likely each of 360 pitches is."""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp import pretrained

CREPE_SAMPLE_RATE = 16000
CREPE_FRAME_SIZE = 1024
N_PITCHES = 360

_N_BLOCKS = 6
_BATCH_NORM_EPSILON = 1e-3
# Frames that are computed at a time. The number is fixed, so that clips of all lengths
# share one graph.
_FRAMES_PER_CHUNK = 256


def normalize_frames(frames: Any) -> tf.Tensor:
    """Takes level and offset out of each frame.

    Args:
        frames: Audio, [n_frames, frame_size].

    Returns:
        Frames of mean 0 and standard deviation 1; silent frames are 0.
    """
    # The second time takes out what rounding has left of a large offset.
    for _ in range(2):
        frames = frames - tf.reduce_mean(frames, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.square(frames), axis=-1, keepdims=True)
    # The floor is CREPE's own: a deviation of 1e-8.
    return frames * tf.math.rsqrt(tf.maximum(variance, 1e-16))


class CrepeNetwork:
    """The network of Kim et al., "CREPE" (ICASSP 2018), with its trained weights.

    Batch normalisation is a factor and an offset here, and the time axis is the only
    one of the convolutions.

    Example:
        >>> import tensorflow as tf
        >>> time = tf.range(1024, dtype=tf.float32) / 16000.0
        >>> frames = tf.sin(2.0 * 3.14159265 * 440.0 * time)[tf.newaxis, :]
        >>> int(tf.argmax(CrepeNetwork()(frames)[0]))  # 31.7 Hz and 228 * 20 cents
        228
    """

    def __init__(self, capacity: str = "tiny") -> None:
        """Loads the weights.

        Args:
            capacity: Size of the network; 'tiny' is the one that is bundled.

        Raises:
            ValueError: If the size is not bundled.
        """
        arrays = pretrained.crepe_weights(capacity)
        self._blocks = [_block_weights(arrays, i + 1) for i in range(_N_BLOCKS)]
        self._kernel = tf.constant(arrays["classifier.kernel"])
        self._bias = tf.constant(arrays["classifier.bias"])

    def __call__(self, frames: tf.Tensor) -> tf.Tensor:
        """Computes activations.

        Args:
            frames: Audio at 16 kHz, [n_frames, 1024]; its level does not matter.

        Returns:
            Activations of pitches 20 cents apart, [n_frames, 360], from 0 to 1.
        """
        x = normalize_frames(frames)[..., tf.newaxis]
        for index, (kernel, bias, scale, offset) in enumerate(self._blocks):
            x = tf.nn.conv1d(x, kernel, stride=4 if index == 0 else 1, padding="SAME")
            x = tf.nn.relu(tf.nn.bias_add(x, bias)) * scale + offset
            x = tf.nn.max_pool1d(x, ksize=2, strides=2, padding="VALID")
        x = tf.reshape(x, [-1, self._kernel.shape[0]])
        return tf.sigmoid(tf.matmul(x, self._kernel) + self._bias)


def _block_weights(arrays: dict[str, np.ndarray], number: int) -> list[tf.Tensor]:
    """Kernel and bias of a convolution, and the factor and offset that follow."""
    norm = {
        name: arrays[f"conv{number}-BN.{name}"].astype(np.float64)
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    }
    scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + _BATCH_NORM_EPSILON)
    offset = norm["beta"] - norm["moving_mean"] * scale
    kernel = arrays[f"conv{number}.kernel"][:, 0]
    bias = arrays[f"conv{number}.bias"]
    return [tf.constant(x, tf.float32) for x in (kernel, bias, scale, offset)]


@functools.lru_cache(maxsize=1)
def _compiled_network(capacity: str) -> Any:
    """The network as a graph for chunks of one size."""
    signature = tf.TensorSpec([_FRAMES_PER_CHUNK, CREPE_FRAME_SIZE], tf.float32)
    # The caller may be tracing a graph of its own, which must not own the weights.
    with tf.init_scope():
        return tf.function(CrepeNetwork(capacity).__call__, input_signature=[signature])


def compute_activations(
    frames: np.ndarray, capacity: str = "tiny"
) -> Iterator[np.ndarray]:
    """Computes activations of many frames piece by piece.

    Args:
        frames: Audio at 16 kHz, [n_frames, 1024].
        capacity: Size of the network; 'tiny' is the one that is bundled.

    Yields:
        Activations of the next frames, [n_chunk_frames, 360], from 0 to 1; 0 in
        frames with a sample that is not finite.

    Raises:
        ValueError: If the size is not bundled.
    """
    network = _compiled_network(capacity)
    for start in range(0, len(frames), _FRAMES_PER_CHUNK):
        chunk = frames[start : start + _FRAMES_PER_CHUNK]
        padded = np.zeros([_FRAMES_PER_CHUNK, CREPE_FRAME_SIZE], np.float32)
        padded[: len(chunk)] = chunk
        with tf.init_scope():
            activations = network(tf.constant(padded)).numpy()[: len(chunk)]
        # Pooling turns NaN into numbers.
        is_finite = np.all(np.isfinite(chunk), axis=1, keepdims=True)
        yield np.where(is_finite, activations, np.float32(0.0))


def reset_crepe() -> None:
    """Frees the network that `compute_f0` keeps; its next call loads it again."""
    _compiled_network.cache_clear()
