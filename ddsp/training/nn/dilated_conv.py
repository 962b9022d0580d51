"""Stacks of dilated convolutions over time."""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from ddsp.training.nn.normalization import get_norm, unpack_pair
from ddsp.training.nn.shapes import ensure_4d, inv_ensure_4d
from ddsp.training.nn.spectral_normalization import SpectralNormalization
from ddsp.training.nn.stacks import Chain


@gin.register(module="ddsp.training.nn")
class DilatedConvStack(tf.keras.layers.Layer):
    """Convolutions over time that reach further and further, each added to its input.

    Source: van den Oord et al., "WaveNet: a generative model for raw audio", 2016,
    without its causality: every frame hears frames on both sides.

    Example:
        >>> stack = DilatedConvStack(ch=8, layers_per_stack=3, stacks=1)
        >>> stack(tf.zeros([1, 25, 2])).shape
        TensorShape([1, 25, 8])
    """

    def __init__(
        self,
        ch: int = 256,
        layers_per_stack: int = 5,
        stacks: int = 2,
        kernel_size: int = 3,
        dilation: float = 2,
        norm_type: str | None = None,
        resample_type: str | None = None,
        resample_stride: int = 1,
        stacks_per_resample: int = 1,
        resample_after_convolve: bool = True,
        spectral_norm: bool = False,
        ortho_init: bool = False,
        shift_only: bool = False,
        conditional: bool = False,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            ch: Channels of every layer.
            layers_per_stack: Layers of a stack, each with another dilation.
            stacks: Number of stacks.
            kernel_size: Frames of a kernel.
            dilation: Factor of the distance between the frames of a kernel from layer
                to layer, which begins with 1; a negative one lets it end with 1.
            norm_type: 'layer', 'instance', 'group' or None, see `normalize_op`. Scale
                and shift are there in any case.
            resample_type: 'downsample', 'upsample' or None to keep the frame rate.
            resample_stride: Factor of each change of the frame rate.
            stacks_per_resample: Stacks for each change of the frame rate.
            resample_after_convolve: Whether the frame rate changes after these stacks,
                or before them.
            spectral_norm: Whether kernels go through `SpectralNormalization`.
            ortho_init: Whether kernels start orthogonal.
            shift_only: Whether conditioning shifts without scaling.
            conditional: Whether the input is a pair, of which the second part sets
                scale and shift of every layer.
            **kwargs: Arguments of a Keras layer.

        Raises:
            ValueError: If resample_type is unknown, or stacks is no multiple of
                stacks_per_resample.
        """
        super().__init__(**kwargs)
        self.conditional = conditional
        self.norm_type = norm_type
        self.resample_after_convolve = resample_after_convolve

        def conv(make: Callable[..., Any], size: int, **options: Any) -> Any:
            init = "orthogonal" if ortho_init else "glorot_uniform"
            layer = make(
                ch, (size, 1), padding="same", kernel_initializer=init, **options
            )
            return SpectralNormalization(layer) if spectral_norm else layer

        self.conv_in = conv(tf.keras.layers.Conv2D, kernel_size)
        self.layers: list[Any] = []
        self.norms: list[Any] = []
        for _ in range(stacks):
            for rate in _dilations(dilation, layers_per_stack):
                dilated = conv(
                    tf.keras.layers.Conv2D, kernel_size, dilation_rate=(rate, 1)
                )
                relu = tf.keras.layers.Activation("relu")
                self.layers.append(Chain([relu, dilated], name="dilated_conv"))
                self.norms.append(get_norm(norm_type, conditional, shift_only))
        self.resample_layers = [
            conv(layer, size, strides=(resample_stride, 1))
            for layer, size in _resampling(
                resample_type, resample_stride, stacks, stacks_per_resample
            )
        ]
        self.layers_per_resample = len(self.layers) // max(len(self.resample_layers), 1)

    def build(self, inputs_shapes: Any) -> None:
        """Builds the layers.

        Args:
            inputs_shapes: Shape of the input, or shapes of the pair.

        Raises:
            ValueError: If the input is no sequence.
        """
        x_shape, z_shape = self._pair_of(inputs_shapes)
        if len(x_shape) != 3:
            raise ValueError(
                "The input must have shape [batch, n_frames, n_channels]. Got shape "
                f"{tuple(x_shape)}; reshape it."
            )
        batch, n_frames, n_in = x_shape
        self.conv_in.build((batch, n_frames, 1, n_in))
        # Only the channels matter to what follows, and all of it has the same.
        hidden = self.conv_in.compute_output_shape((batch, n_frames, 1, n_in))
        hidden = (batch, None, 1, hidden[-1])
        if z_shape is not None:
            z_shape = (batch, None, 1, z_shape[-1])
        for layer in (*self.layers, *self.resample_layers):
            layer.build(hidden)
        for norm in self.norms:
            norm.build([hidden, z_shape] if self.conditional else hidden)

    def call(self, inputs: Any) -> tf.Tensor:
        """Runs the layers.

        Args:
            inputs: [batch, n_frames, n_channels], or a pair of that and
                [batch, 1, n_conditioning], or [batch, n_frames, n_conditioning] where
                the frame rate stays.

        Returns:
            [batch, n_frames, ch], with other frames after a change of their rate.

        Raises:
            ValueError: If the conditioning has other frames than the signal.
        """
        x, z = self._pair_of(inputs)
        z = None if z is None else ensure_4d(z)
        x = self.conv_in(ensure_4d(x))
        before = not self.resample_after_convolve
        for i, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            if before:
                x = self._resample(x, i)
            y = layer(x)
            x = x + norm([y, z] if self.conditional else y)
            if not before:
                x = self._resample(x, i + 1)
        return inv_ensure_4d(x, 3)

    def _pair_of(self, inputs: Any) -> tuple[Any, Any]:
        """Signal and conditioning, or None in its place."""
        return unpack_pair(inputs) if self.conditional else (inputs, None)

    def _resample(self, x: tf.Tensor, n_layers: int) -> tf.Tensor:
        """Changes the frame rate if it is time to, between two layers."""
        turn, rest = divmod(n_layers, self.layers_per_resample)
        if rest or not self.resample_layers:
            return x
        return self.resample_layers[turn - self.resample_after_convolve](x)


def _dilations(dilation: float, n_layers: int) -> list[int]:
    """Distance between the frames of a kernel, for each layer of a stack."""
    if dilation > 0:
        return [int(dilation**i) for i in range(n_layers)]
    return [int((-dilation) ** i) for i in reversed(range(n_layers))]


def _resampling(
    resample_type: str | None, stride: int, stacks: int, stacks_per_resample: int
) -> list[tuple[Callable[..., Any], int]]:
    """Class and size of the kernel of each layer that changes the frame rate."""
    layers = tf.keras.layers
    if resample_type is None:
        return []
    choices = {
        "downsample": (layers.Conv2D, stride),
        "upsample": (layers.Conv2DTranspose, 2 * stride),
    }
    if resample_type not in choices:
        raise ValueError(
            "resample_type must be 'downsample', 'upsample' or None. Got "
            f"resample_type={resample_type!r}."
        )
    if stacks_per_resample < 1 or stacks % stacks_per_resample:
        raise ValueError(
            "stacks must be a multiple of stacks_per_resample. Got stacks="
            f"{stacks} and stacks_per_resample={stacks_per_resample}."
        )
    return [choices[resample_type]] * (stacks // stacks_per_resample)
