"""Losses that compare what a trained network hears."""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from ddsp import core, serialization
from ddsp.losses.base import Loss, mean_difference
from ddsp.spectral_ops.crepe import (
    CREPE_FRAME_SIZE,
    LAYER_NAMES,
    center_frames,
    load_network,
)
from ddsp.spectral_ops.spectrograms import drop_channel_axis

# Factors that bring the layers' differences to a similar size.
_CREPE_LAYER_SCALES = {
    "conv1-BN": 1.3,
    "conv1-maxpool": 1.0,
    "conv2-BN": 1.4,
    "conv2-maxpool": 1.1,
    "conv3-BN": 1.9,
    "conv3-maxpool": 1.6,
    "conv4-BN": 1.5,
    "conv4-maxpool": 1.4,
    "conv5-BN": 1.9,
    "conv5-maxpool": 1.7,
    "conv6-BN": 30.0,
    "conv6-maxpool": 25.0,
    "classifier": 130.0,
}
# And this one to the size of a spectral loss.
_CREPE_SCALE = 20.0
# The original's floor of the deviation by which frames are divided.
_DEVIATION_FLOOR = 1e-5


@gin.register(module="ddsp.losses")
class EmbeddingLoss(Loss):
    """Compares two sounds by what a network makes of them.

    Example:
        >>> loss = EmbeddingLoss(pretrained_model=tf.abs)  # Deaf for polarity.
        >>> audio = tf.ones([1, 100])
        >>> float(loss(audio, -audio))
        0.0
    """

    # Factor of the network, apart from the user's weight.
    _scale = 1.0

    def __init__(
        self,
        weight: float = 1.0,
        loss_type: str = "L1",
        pretrained_model: Callable[[tf.Tensor], tf.Tensor] | None = None,
        name: str = "embedding_loss",
    ) -> None:
        """Chooses the network.

        Args:
            weight: Factor; nothing is computed unless it is positive.
            loss_type: 'L1', 'L2' or 'COSINE', see `mean_difference`.
            pretrained_model: Function from audio, [batch, n_samples], to an embedding
                of any shape. A Keras layer always runs as in inference; its weights
                belong to the model that has this loss, so they should be frozen.
            name: Name.
        """
        super().__init__(name=name)
        self.weight = weight
        self.loss_type = loss_type
        self.pretrained_model = pretrained_model

    def call(self, target_audio: tf.Tensor, audio: tf.Tensor) -> tf.Tensor:
        """Compares.

        Args:
            target_audio: Sound to be matched, [batch, n_samples].
            audio: Sound, the same shape.

        Returns:
            Scalar, at least 0.

        Raises:
            ValueError: If there is no network.
        """
        if self.pretrained_model is None:
            raise ValueError(
                "An EmbeddingLoss needs a network. Got pretrained_model=None; pass one,"
                " or use PretrainedCREPEEmbeddingLoss."
            )
        if self.weight <= 0.0:
            return tf.constant(0.0)
        target, value = self._embed(target_audio), self._embed(audio)
        difference = mean_difference(target, value, self.loss_type)
        return self._scale * self.weight * difference

    def _embed(self, audio: tf.Tensor) -> tf.Tensor:
        """What the network makes of a sound, without dropout."""
        audio = core.tf_float32(audio)
        if isinstance(self.pretrained_model, tf.keras.layers.Layer):
            return self.pretrained_model(audio, training=False)
        return self.pretrained_model(audio)  # type: ignore[misc]


@gin.register(module="ddsp.losses")
class PretrainedCREPEEmbeddingLoss(EmbeddingLoss):
    """Compares two sounds by what the pitch network CREPE hears in them.

    Example:
        >>> audio = tf.sin(0.2 * tf.range(4000, dtype=tf.float32))[tf.newaxis]
        >>> loss = PretrainedCREPEEmbeddingLoss()
        >>> float(loss(audio, audio)), bool(loss(audio, audio**2.0) > 1.0)
        (0.0, True)
    """

    def __init__(
        self,
        weight: float = 1.0,
        loss_type: str = "L1",
        model_capacity: str = "tiny",
        activation_layer: str = "classifier",
        name: str = "pretrained_crepe_embedding_loss",
    ) -> None:
        """Chooses what to compare.

        Args:
            weight: Factor, on top of one that brings the layer to the size of a
                spectral loss (2600 for 'classifier').
            loss_type: 'L1', 'L2' or 'COSINE', see `mean_difference`.
            model_capacity: Network, see `pretrained.crepe_weights`; 'tiny' is bundled.
            activation_layer: Layer whose activations are compared: 'classifier', or
                'convN-BN' or 'convN-maxpool' with N from 1 to 6.
            name: Name.

        Raises:
            ImportError: If the size comes with a package that is not installed.
            ValueError: If there is no such size, or the layer is none of those.
        """
        if activation_layer not in _CREPE_LAYER_SCALES:
            raise ValueError(
                "activation_layer must be a layer with a known scale. Got "
                f"activation_layer={activation_layer!r}; use one of: "
                f"{', '.join(_CREPE_LAYER_SCALES)}."
            )
        model = PretrainedCREPE(model_capacity, activation_layer)
        super().__init__(weight, loss_type, model, name)
        self.model_capacity = model_capacity
        self.activation_layer = activation_layer
        self._scale = _CREPE_SCALE * _CREPE_LAYER_SCALES[activation_layer]


class PretrainedCREPE(serialization.ConfigFromArguments, tf.keras.layers.Layer):
    """Activations of the pitch network CREPE, frame by frame, with a gradient.

    All instances share one network, whose weights are constants: they are neither
    trained nor part of checkpoints.

    Example:
        >>> audio = tf.sin(0.2 * tf.range(16000, dtype=tf.float32))[tf.newaxis]
        >>> PretrainedCREPE(activation_layer='classifier')(audio).shape.as_list()
        [1, 16, 360]
    """

    def __init__(
        self,
        model_capacity: str = "tiny",
        activation_layer: str = "conv5-maxpool",
        name: str = "pretrained_crepe",
        trainable: bool = False,
    ) -> None:
        """Chooses a layer.

        Args:
            model_capacity: Network, see `pretrained.crepe_weights`; 'tiny' is bundled.
            activation_layer: One of `layer_names`.
            name: Name.
            trainable: Must be False.

        Raises:
            ImportError: If the size comes with a package that is not installed.
            ValueError: If there is no such size or no such layer, or the network is to
                be trained.
        """
        super().__init__(name=name, trainable=False, dtype="float32")
        self._made_trainable = False
        if trainable:
            raise ValueError(
                "The weights of the network are fixed. Got trainable=True; use False."
            )
        self.model_capacity = model_capacity
        self.activation_layer = activation_layer
        self.layer_names = list(LAYER_NAMES)
        if activation_layer not in self.layer_names:
            raise ValueError(
                "activation_layer must be a layer of CREPE. Got "
                f"activation_layer={activation_layer!r}; use one of: "
                f"{', '.join(self.layer_names)}."
            )
        self.frame_length = CREPE_FRAME_SIZE
        self._network = load_network(model_capacity)

    def build(self, unused_x_shape: Any = None) -> None:
        """Has nothing to build.

        Args:
            unused_x_shape: Not used.
        """
        del unused_x_shape
        self.built = True

    def frame_audio(
        self, audio: tf.Tensor, hop_length: int = 1024, center: bool = True
    ) -> tf.Tensor:
        """Cuts audio into frames and takes level and offset out of them.

        Args:
            audio: Sound at 16 kHz, [batch, n_samples] or [batch, n_samples, 1].
            hop_length: Samples from one frame to the next.
            center: Whether frames are centred, with silence at both ends.

        Returns:
            Frames of mean 0 and a standard deviation just below 1, or 0 in silence,
            [batch, n_frames, 1024].
        """
        audio = drop_channel_axis(core.tf_float32(audio))
        if center:
            margin = self.frame_length // 2
            audio = core.pad_axis(audio, (margin, margin), axis=-1)
        frames = tf.signal.frame(audio, self.frame_length, hop_length)
        frames = center_frames(frames)
        variance = tf.reduce_mean(tf.square(frames), axis=-1, keepdims=True)
        return frames / (core.safe_root(variance) + _DEVIATION_FLOOR)

    def call(self, audio: tf.Tensor) -> tf.Tensor:
        """Computes activations.

        Args:
            audio: Sound at 16 kHz, [batch, n_samples] or [batch, n_samples, 1].

        Returns:
            Activations of a layer in each frame of 64 ms, as one vector each,
            [batch, n_frames, n_features].
        """
        frames = self.frame_audio(audio)
        n_frames = frames.shape[1] or tf.shape(frames)[1]
        flat = tf.reshape(frames, [-1, self.frame_length])
        activations = self._network.activations(flat, self.activation_layer)
        n_features = activations.shape[1:].num_elements()
        return tf.reshape(activations, [tf.shape(frames)[0], n_frames, n_features])
