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
# Activations that the network can return, from input to output. Dropout acts only in
# training, which is over; its name stands for what it passes on.
LAYER_NAMES = (
    "input-reshape",
    *(
        f"conv{number}{part}"
        for number in range(1, _N_BLOCKS + 1)
        for part in ("", "-BN", "-maxpool", "-dropout")
    ),
    "transpose",
    "flatten",
    "classifier",
)
_BATCH_NORM_EPSILON = 1e-3
# Frames that are computed at a time. The number is fixed, so that clips of all lengths
# share one graph.
_FRAMES_PER_CHUNK = 256


def center_frames(frames: tf.Tensor) -> tf.Tensor:
    """Takes the offset out of each frame.

    Args:
        frames: Audio, [..., frame_size].

    Returns:
        Frames of mean 0.
    """
    # The second time takes out what rounding has left of a large offset.
    for _ in range(2):
        frames = frames - tf.reduce_mean(frames, axis=-1, keepdims=True)
    return frames


def normalize_frames(frames: Any) -> tf.Tensor:
    """Takes level and offset out of each frame.

    Args:
        frames: Audio, [n_frames, frame_size].

    Returns:
        Frames of mean 0 and standard deviation 1; silent frames are 0.
    """
    frames = center_frames(frames)
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
        return self.activations(normalize_frames(frames))

    def activations(self, frames: tf.Tensor, layer: str = "classifier") -> tf.Tensor:
        """Computes what a layer returns.

        Args:
            frames: Audio at 16 kHz of mean 0 and standard deviation 1,
                [n_frames, 1024].
            layer: One of LAYER_NAMES.

        Returns:
            Activations, [n_frames, 360] for 'classifier', [n_frames, n_features] for
            'flatten', else [n_frames, n_steps, n_channels].

        Raises:
            ValueError: If there is no such layer.
        """
        for name, x in self._layers(frames):
            if name == layer:
                return x
        raise ValueError(
            f"layer must be a layer of CREPE. Got layer={layer!r}; use one of: "
            f"{', '.join(LAYER_NAMES)}."
        )

    def _layers(self, frames: tf.Tensor) -> Iterator[tuple[str, tf.Tensor]]:
        """Names and activations, layer by layer."""
        x = frames[..., tf.newaxis]
        yield "input-reshape", x
        for number, (kernel, bias, scale, offset) in enumerate(self._blocks, 1):
            stride = 4 if number == 1 else 1
            x = tf.nn.conv1d(x, kernel, stride=stride, padding="SAME")
            x = tf.nn.relu(tf.nn.bias_add(x, bias))
            yield f"conv{number}", x
            x = x * scale + offset
            yield f"conv{number}-BN", x
            x = tf.nn.max_pool1d(x, ksize=2, strides=2, padding="VALID")
            yield f"conv{number}-maxpool", x
            yield f"conv{number}-dropout", x
        yield "transpose", x
        x = tf.reshape(x, [-1, self._kernel.shape[0]])
        yield "flatten", x
        yield "classifier", tf.sigmoid(tf.matmul(x, self._kernel) + self._bias)


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
def load_network(capacity: str = "tiny") -> CrepeNetwork:
    """Loads the network once; everything that needs it shares its weights.

    Args:
        capacity: Size of the network; 'tiny' is the one that is bundled.

    Returns:
        The network.

    Raises:
        ValueError: If the size is not bundled.
    """
    # The caller may be tracing a graph of its own, which must not own the weights.
    with tf.init_scope():
        return CrepeNetwork(capacity)


@functools.lru_cache(maxsize=1)
def _compiled_network(capacity: str) -> Any:
    """The network as a graph for chunks of one size."""
    signature = tf.TensorSpec([_FRAMES_PER_CHUNK, CREPE_FRAME_SIZE], tf.float32)
    network = load_network(capacity)
    with tf.init_scope():
        return tf.function(network.__call__, input_signature=[signature])


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
    """Frees the network that is kept for all; its next user loads it again."""
    _compiled_network.cache_clear()
    load_network.cache_clear()
