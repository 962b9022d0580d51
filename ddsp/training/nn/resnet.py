"""Residual networks over images of time and frequency."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp.training.nn.normalization import Normalize, get_norm, unpack_pair
from ddsp.training.nn.shapes import get_nonlinearity
from ddsp.training.nn.stacks import Chain

# Channels and blocks of each size.
_SIZES = {"small": (32, [2, 3, 4]), "medium": (32, [3, 4, 6]), "large": (64, [3, 4, 6])}


def _conv(ch: int, kernel: tuple[int, int], stride: int) -> tf.keras.layers.Conv2D:
    """A convolution over time and frequency that keeps all frames."""
    return tf.keras.layers.Conv2D(ch, kernel, strides=(1, stride), padding="same")


@gin.register(module="ddsp.training.nn")
class NormReluConv(Chain):
    """Normalisation, cutting off below 0, and a convolution.

    Example:
        >>> layer = NormReluConv(ch=8, k=3, s=2, norm_type='layer')
        >>> layer(tf.zeros([1, 5, 6, 2])).shape
        TensorShape([1, 5, 3, 8])
    """

    def __init__(
        self, ch: int, k: int, s: int, norm_type: str | None, **kwargs: Any
    ) -> None:
        """Makes the layers.

        Args:
            ch: Channels of the output.
            k: Size of the kernel in frames and in bins.
            s: Stride over the bins.
            norm_type: 'layer', 'instance', 'group' or None, see `normalize_op`.
            **kwargs: Arguments of a Keras model.
        """
        layers = [
            Normalize(norm_type),
            tf.keras.layers.Activation("relu"),
            _conv(ch, (k, k), s),
        ]
        super().__init__(layers, **kwargs)


@gin.register(module="ddsp.training.nn")
class ResidualLayer(tf.keras.layers.Layer):
    """Adds what three convolutions make of the input to the input.

    Source: He et al., "Identity mappings in deep residual networks", ECCV 2016.

    Example:
        >>> layer = ResidualLayer(2, stride=2, shortcut=True, norm_type='layer',
        ...                       conditional=False, shift_only=False)
        >>> layer(tf.zeros([1, 5, 6, 3])).shape
        TensorShape([1, 5, 3, 8])
    """

    def __init__(
        self,
        ch: int,
        stride: int,
        shortcut: bool,
        norm_type: str | None,
        conditional: bool,
        shift_only: bool,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            ch: Channels inside; the output has four times as many.
            stride: Stride over the bins.
            shortcut: Whether the input goes through a convolution before it is added,
                which it must where the output has another shape.
            norm_type: 'layer', 'instance', 'group' or None, see `normalize_op`.
            conditional: Whether the input is a pair, of which the second part sets
                scale and shift of the first normalisation.
            shift_only: Whether conditioning shifts without scaling.
            **kwargs: Arguments of a Keras layer.
        """
        super().__init__(**kwargs)
        self.shortcut = shortcut
        self.conditional = conditional
        self.norm_input = get_norm(norm_type, conditional, shift_only)
        if shortcut:
            self.conv_proj = _conv(4 * ch, (1, 1), stride)
        self.bottleneck = Chain(
            [
                _conv(ch, (1, 1), 1),
                NormReluConv(ch, 3, stride, norm_type),
                NormReluConv(4 * ch, 1, 1, norm_type),
            ]
        )

    def build(self, inputs_shapes: Any) -> None:
        """Builds the layers.

        Args:
            inputs_shapes: Shape of the input, or shapes of the pair.

        Raises:
            ValueError: If the output has another shape than the input and there is no
                shortcut.
        """
        x_shape = unpack_pair(inputs_shapes)[0] if self.conditional else inputs_shapes
        self.norm_input.build(inputs_shapes)
        self.bottleneck.build(x_shape)
        if self.shortcut:
            self.conv_proj.build(x_shape)
            return
        output_shape = self.bottleneck.compute_output_shape(x_shape)
        if tuple(output_shape[2:]) != tuple(x_shape[2:]):
            raise ValueError(
                "Without a shortcut the input must have the bins and channels of the "
                f"output. Got input shape {tuple(x_shape)} and output shape "
                f"{tuple(output_shape)}; pass shortcut=True."
            )

    def compute_output_shape(self, inputs_shapes: Any) -> Any:
        """Shape of the output.

        Args:
            inputs_shapes: Shape of the input, or shapes of the pair.

        Returns:
            Shape of the output.
        """
        x_shape = unpack_pair(inputs_shapes)[0] if self.conditional else inputs_shapes
        return self.bottleneck.compute_output_shape(x_shape)

    def call(self, inputs: Any) -> tf.Tensor:
        """Runs the layers.

        Args:
            inputs: [batch, n_frames, n_bins, n_channels], or a pair of that and
                [batch, 1, 1, n_conditioning]; the frames and bins of the conditioning
                may also be those of the first part.

        Returns:
            [batch, n_frames, n_bins / stride, 4 * ch].
        """
        x = unpack_pair(inputs)[0] if self.conditional else inputs
        activated = tf.nn.relu(self.norm_input(inputs))
        residual = self.conv_proj(activated) if self.shortcut else x
        return self.bottleneck(activated) + residual


class _ConditionalChain(tf.keras.layers.Layer):
    """Layers one after the other; conditioning goes into those that take it.

    Subclasses set `layers` and `conditional`.
    """

    layers: list[Any]
    conditional: bool

    def _takes_pair(self, layer: Any) -> bool:
        """Whether conditioning goes into a layer."""
        kinds = (ResidualLayer, _ConditionalChain)
        return self.conditional and isinstance(layer, kinds)

    def build(self, inputs_shapes: Any) -> None:
        """Builds the layers.

        Args:
            inputs_shapes: Shape of the input, or shapes of the pair.
        """
        x_shape, z_shape = self._unpack(inputs_shapes)
        for layer in self.layers:
            shapes = [x_shape, z_shape] if self._takes_pair(layer) else x_shape
            layer.build(shapes)
            x_shape = layer.compute_output_shape(shapes)

    def compute_output_shape(self, inputs_shapes: Any) -> Any:
        """Shape of the output.

        Args:
            inputs_shapes: Shape of the input, or shapes of the pair.

        Returns:
            Shape of the output.
        """
        x_shape, z_shape = self._unpack(inputs_shapes)
        for layer in self.layers:
            shapes = [x_shape, z_shape] if self._takes_pair(layer) else x_shape
            x_shape = layer.compute_output_shape(shapes)
        return x_shape

    def call(self, inputs: Any) -> tf.Tensor:
        """Runs the layers.

        Args:
            inputs: [batch, n_frames, n_bins, n_channels], or a pair of that and
                [batch, 1, 1, n_conditioning].

        Returns:
            [batch, n_frames, fewer bins, more channels], as the class says.
        """
        x, z = self._unpack(inputs)
        for layer in self.layers:
            x = layer([x, z] if self._takes_pair(layer) else x)
        return x

    def _unpack(self, inputs: Any) -> Any:
        """Input and conditioning, or their shapes; None without conditioning."""
        return unpack_pair(inputs) if self.conditional else (inputs, None)


@gin.register(module="ddsp.training.nn")
class ResidualStack(_ConditionalChain):
    """Residual layers in blocks, normalisation and a nonlinearity.

    The first layer of a block has its stride and a shortcut. The output is [batch,
    n_frames, n_bins / product of strides, 4 * filters[-1]].

    Example:
        >>> stack = ResidualStack([2], block_sizes=[3], strides=[2], norm_type='layer')
        >>> stack(tf.zeros([1, 5, 6, 3])).shape
        TensorShape([1, 5, 3, 8])
    """

    def __init__(
        self,
        filters: Sequence[int],
        block_sizes: Sequence[int],
        strides: Sequence[int],
        norm_type: str | None,
        conditional: bool = False,
        shift_only: bool = False,
        nonlinearity: str = "relu",
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            filters: Channels inside the layers of each block; it puts out four times as
                many.
            block_sizes: Number of layers of each block.
            strides: Stride of each block over the bins.
            norm_type: 'layer', 'instance', 'group' or None, see `normalize_op`.
            conditional: Whether the input is a pair, of which the second part sets
                scale and shift of the first normalisation of each layer.
            shift_only: Whether conditioning shifts without scaling.
            nonlinearity: Name, see `get_nonlinearity`.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If filters, block_sizes and strides differ in length.
        """
        super().__init__(**kwargs)
        if not len(filters) == len(block_sizes) == len(strides):
            raise ValueError(
                "filters, block_sizes and strides must have one entry per block. Got "
                f"filters={list(filters)}, block_sizes={list(block_sizes)} and "
                f"strides={list(strides)}."
            )
        self.conditional = conditional
        self.layers: list[Any] = []
        norm = norm_type, conditional, shift_only
        for ch, n_layers, stride in zip(filters, block_sizes, strides, strict=True):
            self.layers.append(ResidualLayer(ch, stride, True, *norm))
            for _ in range(n_layers - 1):
                self.layers.append(ResidualLayer(ch, 1, False, *norm))
        self.layers.append(Normalize(norm_type))
        activation = get_nonlinearity(nonlinearity)
        self.layers.append(tf.keras.layers.Activation(activation))


@gin.register(module="ddsp.training.nn")
class ResNet(_ConditionalChain):
    """A residual network that keeps all frames and has fewer and fewer bins.

    The output is [batch, n_frames, n_bins / 32, n_channels], with 1024 channels, or
    2048 if large.

    Source: He et al., "Deep residual learning for image recognition", CVPR 2016.

    Example:
        >>> ResNet(size='small')(tf.zeros([1, 4, 64, 1])).shape
        TensorShape([1, 4, 2, 1024])
    """

    def __init__(
        self,
        size: str = "large",
        norm_type: str | None = "layer",
        conditional: bool = False,
        shift_only: bool = False,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            size: 'small' (12 residual layers), 'medium' (16) or 'large' (16, twice as
                many channels).
            norm_type: 'layer', 'instance', 'group' or None, see `normalize_op`.
            conditional: Whether the input is a pair, of which the second part sets
                scale and shift of the first normalisation of each residual layer.
            shift_only: Whether conditioning shifts without scaling.
            **kwargs: Arguments of a Keras layer.

        Raises:
            KeyError: If size is unknown.
        """
        super().__init__(**kwargs)
        if size not in _SIZES:
            raise KeyError(
                f"size must be 'small', 'medium' or 'large'. Got size={size!r}."
            )
        self.conditional = conditional
        ch, blocks = _SIZES[size]
        norm = norm_type, conditional, shift_only
        self.layers = [
            _conv(64, (7, 7), 2),
            tf.keras.layers.MaxPool2D((1, 3), strides=(1, 2), padding="same"),
            ResidualStack([ch, 2 * ch, 4 * ch], blocks, [1, 2, 2], *norm),
            ResidualStack([8 * ch], [3], [2], *norm),
        ]
