"""Layers whose kernel has the largest singular value 1."""

from typing import Any

import tensorflow as tf

from ddsp.training.checkpoints.view import variable_children


class SpectralNormalization(tf.keras.layers.Wrapper):
    """Divides the kernel of a layer by its largest singular value while it trains.

    In training, every call estimates that value by the power method and overwrites the
    kernel, so that the layer makes no input longer. The layer of Keras with this name
    keeps the kernel and names its variables otherwise; checkpoints of the original need
    this one.

    Source: Miyato et al., "Spectral normalization for generative adversarial networks",
    ICLR 2018.

    Example:
        >>> layer = SpectralNormalization(tf.keras.layers.Dense(4), power_iterations=20)
        >>> layer(tf.zeros([1, 8]), training=True).shape
        TensorShape([1, 4])
        >>> singular_values = tf.linalg.svd(layer.w, compute_uv=False)
        >>> float(singular_values[0].numpy().round(1))
        1.0
    """

    def __init__(
        self, layer: tf.keras.layers.Layer, power_iterations: int = 1, **kwargs: Any
    ) -> None:
        """Wraps a layer.

        Args:
            layer: Layer with a kernel or embeddings.
            power_iterations: Steps of the power method in each call.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If power_iterations is below 1.
        """
        super().__init__(layer, **kwargs)
        if power_iterations < 1:
            raise ValueError(
                "power_iterations must be at least 1. Got "
                f"power_iterations={power_iterations}."
            )
        self.power_iterations = power_iterations

    @property
    def w(self) -> Any:
        """The variable that is normalised: kernel or embeddings of the layer."""
        for name in ("kernel", "embeddings"):
            if hasattr(self.layer, name):
                return getattr(self.layer, name)
        raise AttributeError(
            "layer must have a kernel or embeddings. Got "
            f"layer={type(self.layer).__name__}; wrap a dense layer, a convolution or "
            "an embedding."
        )

    def build(self, input_shape: Any = None) -> None:
        """Builds the layer and makes the estimate of its singular vector.

        Args:
            input_shape: Shape of the input.

        Raises:
            AttributeError: If the layer has neither kernel nor embeddings.
        """
        super().build(input_shape)
        self.u = self.add_weight(
            name="sn_u",
            shape=[1, self.w.shape[-1]],
            initializer=tf.keras.initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output.

        Args:
            input_shape: Shape of the input.

        Returns:
            Shape of the output.
        """
        return self.layer.compute_output_shape(input_shape)

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Runs the layer.

        Args:
            inputs: Input of the layer.
            training: Whether to normalise the kernel first; None means no.

        Returns:
            Output of the layer.
        """
        if training:
            self.normalize_weights()
        return self.layer(inputs)

    def normalize_weights(self) -> None:
        """Divides the kernel by an estimate of its largest singular value."""
        kernel = tf.convert_to_tensor(self.w)
        before = u = tf.convert_to_tensor(self.u)
        matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
        v = tf.zeros([1, matrix.shape[0]], matrix.dtype)
        for _ in range(self.power_iterations):
            v = tf.math.l2_normalize(tf.matmul(u, matrix, transpose_b=True))
            u = tf.math.l2_normalize(tf.matmul(v, matrix))
        sigma = tf.squeeze(tf.matmul(tf.matmul(v, matrix), u, transpose_b=True))
        # A kernel of zeros has no direction, and may grow again.
        self.u.assign(tf.where(sigma > 0.0, u, before))
        self.w.assign(kernel / tf.where(sigma > 0.0, sigma, 1.0))

    def get_config(self) -> dict[str, Any]:
        """Settings.

        Returns:
            The arguments of the constructor, and those of a Keras layer.
        """
        return {**super().get_config(), "power_iterations": self.power_iterations}

    def checkpoint_children(self) -> dict[str, Any]:
        """Variables and layers under the original's names.

        Returns:
            Kernel, what else the layer has, and the estimate of the singular vector.
        """
        return {"w": self.w, "layer": _Others(self.layer, self.w), "sn_u": self.u}


class _Others:
    """The variables of a layer but one, for the tree of names."""

    def __init__(self, layer: Any, left_out: Any) -> None:
        self._layer, self._left_out = layer, left_out

    def checkpoint_children(self) -> dict[str, Any]:
        children = variable_children(self._layer).items()
        return {name: child for name, child in children if child is not self._left_out}
