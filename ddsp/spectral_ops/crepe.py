"""The pitch network CREPE: frames of audio -> how likely each of 360 pitches is."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
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
# Frames that are computed at a time. Less than that is filled up to a multiple of the
# second number, so that few sizes are ever prepared for.
FRAMES_PER_CHUNK = 256
_FRAMES_PER_STEP = 64
# Networks that are kept: usually one for features and another for a loss or a model.
_N_KEPT = 2


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

    The time axis is the only one of the convolutions, and batch normalisation is part
    of their kernels, except where a layer inside is asked for.

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
            capacity: Size or path, see `pretrained.crepe_weights`.

        Raises:
            ImportError: If the size comes with a package that is not installed.
            ValueError: If there is neither such a size nor such a file.
        """
        arrays = pretrained.crepe_weights(capacity)
        self._blocks = [_block_weights(arrays, i + 1) for i in range(_N_BLOCKS)]
        self._kernel = tf.constant(arrays["classifier.kernel"])
        self._bias = tf.constant(arrays["classifier.bias"])
        self._folded = _fold(self._blocks, self._kernel, self._bias)
        self.n_first_channels = self._blocks[0][0].shape[-1]

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
        if layer == "classifier":
            return self._classify(frames)
        for name, x in self._layers(frames):
            if name == layer:
                return x
        raise ValueError(
            f"layer must be a layer of CREPE. Got layer={layer!r}; use one of: "
            f"{', '.join(LAYER_NAMES)}."
        )

    def _classify(self, frames: tf.Tensor) -> tf.Tensor:
        """The last layer, with batch normalisation folded into the others."""
        x = frames[..., tf.newaxis]
        for number, block in enumerate(self._folded.blocks):
            x = tf.nn.conv1d(x, block.kernel, stride=1 if number else 4, padding="SAME")
            x = _pooled(x, block)
        x = tf.reshape(x, [-1, self._folded.kernel.shape[0]])
        return tf.sigmoid(tf.matmul(x, self._folded.kernel) + self._folded.bias)

    def _layers(self, frames: tf.Tensor) -> Iterator[tuple[str, tf.Tensor]]:
        """Names and activations, layer by layer, except for the last."""
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
        yield "flatten", tf.reshape(x, [-1, self._kernel.shape[0]])


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


@dataclass(frozen=True)
class _Block:
    """A convolution that contains the normalisation of the block before it.

    Attributes:
        kernel: [width, n_inputs, n_channels].
        bias: [n_steps, n_channels], or [1, n_channels] if the same at all times.
        signs: Signs of the factors of the normalisation that follows, [n_channels], or
            None if they are all positive.
    """

    kernel: tf.Tensor
    bias: tf.Tensor
    signs: tf.Tensor | None


@dataclass(frozen=True)
class _Folded:
    """The network without separate normalisation.

    Attributes:
        blocks: Its convolutions.
        kernel: Weights of the last layer, [n_features, 360].
        bias: Bias of the last layer, [360].
    """

    blocks: list[_Block]
    kernel: tf.Tensor
    bias: tf.Tensor


def _pooled(x: tf.Tensor, block: _Block) -> tf.Tensor:
    """What a block makes of its convolution's result."""
    if block.signs is not None:
        x = tf.nn.relu(x + block.bias) * block.signs
        return tf.nn.max_pool1d(x, ksize=2, strides=2, padding="VALID")
    # Whatever does not change the order may as well follow, on half as many numbers.
    if block.bias.shape[0] > 1:
        x = x + block.bias
    x = tf.nn.max_pool1d(x, ksize=2, strides=2, padding="VALID")
    return tf.nn.relu(x if block.bias.shape[0] > 1 else x + block.bias)


def _fold(
    blocks: list[list[tf.Tensor]], last_kernel: tf.Tensor, last_bias: tf.Tensor
) -> _Folded:
    """Moves each normalisation into the layer that follows.

    The factors go into its kernel. What the offsets bring depends on the time, for
    nothing is added in the silence around a frame.
    """
    folded: list[_Block] = []
    n_steps = CREPE_FRAME_SIZE // 4
    scale, offset = tf.ones([1]), tf.zeros([1])
    for kernel, bias, next_scale, next_offset in blocks:
        map_of_bias = bias[tf.newaxis]
        if folded:
            constant = tf.tile(offset[tf.newaxis, tf.newaxis], [1, n_steps, 1])
            map_of_bias += tf.nn.conv1d(constant, kernel, stride=1, padding="SAME")[0]
        is_negative = bool(tf.reduce_any(next_scale < 0.0))
        signs = tf.sign(next_scale) if is_negative else None
        folded.append(_Block(kernel * scale[:, tf.newaxis], map_of_bias, signs))
        scale, offset = tf.abs(next_scale), next_offset
        n_steps //= 2
    n_features = last_kernel.shape[0]
    repeated = [tf.tile(x, [n_features // x.shape[0]]) for x in (scale, offset)]
    bias = last_bias + tf.linalg.matvec(last_kernel, repeated[1], transpose_a=True)
    return _Folded(folded, last_kernel * repeated[0][:, tf.newaxis], bias)


@functools.lru_cache(maxsize=_N_KEPT)
def load_network(capacity: str = "tiny") -> CrepeNetwork:
    """Loads a network once; everything that needs it shares its weights.

    Args:
        capacity: Size or path, see `pretrained.crepe_weights`.

    Returns:
        The network; the two last ones are kept until `reset_crepe`.

    Raises:
        ImportError: If the size comes with a package that is not installed.
        ValueError: If there is neither such a size nor such a file.
    """
    # The caller may be tracing a graph of its own, which must not own the weights.
    with tf.init_scope():
        return CrepeNetwork(capacity)


@functools.lru_cache(maxsize=_N_KEPT)
def _compiled_network(capacity: str) -> Any:
    """The network as one graph for all numbers of frames."""
    signature = tf.TensorSpec([None, CREPE_FRAME_SIZE], tf.float32)
    network = load_network(capacity)
    with tf.init_scope():
        return tf.function(network.__call__, input_signature=[signature])


def compute_activations(
    frames: np.ndarray, capacity: str = "tiny"
) -> Iterator[np.ndarray]:
    """Computes activations of many frames piece by piece.

    Args:
        frames: Audio at 16 kHz, [n_frames, 1024].
        capacity: Size or path, see `pretrained.crepe_weights`.

    Yields:
        Activations of the next frames, at most 256, [n_chunk_frames, 360], from 0 to 1;
        0 in frames with a sample that is not finite.

    Raises:
        ImportError: If the size comes with a package that is not installed.
        ValueError: If there is neither such a size nor such a file.
    """
    network = _compiled_network(capacity)
    for start in range(0, len(frames), FRAMES_PER_CHUNK):
        chunk = frames[start : start + FRAMES_PER_CHUNK]
        n_padded = -(-len(chunk) // _FRAMES_PER_STEP) * _FRAMES_PER_STEP
        padded = np.zeros([n_padded, CREPE_FRAME_SIZE], np.float32)
        padded[: len(chunk)] = chunk
        with tf.init_scope():
            activations = network(tf.constant(padded)).numpy()[: len(chunk)]
        # Pooling turns NaN into numbers.
        is_finite = np.all(np.isfinite(chunk), axis=1, keepdims=True)
        yield np.where(is_finite, activations, np.float32(0.0))


def reset_crepe() -> None:
    """Frees the networks that are kept for all; their next users load them again."""
    _compiled_network.cache_clear()
    load_network.cache_clear()
