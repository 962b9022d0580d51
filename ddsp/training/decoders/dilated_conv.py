"""A decoder that hears past and future frames alike."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.training import nn
from ddsp.training.decoders import checks


@gin.register(module="ddsp.training.decoders")
class DilatedConvDecoder(nn.OutputSplitsLayer):
    """Dilated convolutions over controls, conditioned on latent variables.

    Example:
        >>> decoder = DilatedConvDecoder(ch=8, stacks=1)
        >>> frames = tf.ones([1, 25, 1])
        >>> features = {
        ...     'ld_scaled': frames, 'f0_scaled': frames, 'z': tf.ones([1, 1, 4])}
        >>> decoder(features)['harmonic_distribution'].shape
        TensorShape([1, 25, 60])
    """

    def __init__(
        self,
        ch: int = 256,
        kernel_size: int = 3,
        layers_per_stack: int = 5,
        stacks: int = 2,
        dilation: float = 2,
        norm_type: str | None = "layer",
        resample_stride: int = 1,
        stacks_per_resample: int = 1,
        resample_after_convolve: bool = True,
        input_keys: Sequence[str] | str = ("ld_scaled", "f0_scaled"),
        output_splits: nn.OutputSplits = (("amps", 1), ("harmonic_distribution", 60)),
        conditioning_keys: Sequence[str] | str | None = "z",
        precondition_stack: Any = None,
        spectral_norm: bool = False,
        ortho_init: bool = False,
        **kwargs: Any,
    ) -> None:
        """Makes the layers.

        Args:
            ch: Channels of every convolution.
            kernel_size: Frames of a kernel.
            layers_per_stack: Layers of a stack, each with another dilation.
            stacks: Number of stacks.
            dilation: Factor of the distance between the frames of a kernel from layer
                to layer; see `nn.DilatedConvStack` for negative ones.
            norm_type: 'layer', 'instance', 'group' or None, see `nn.normalize_op`.
            resample_stride: Factor of each upsampling; 1 keeps the frame rate.
            stacks_per_resample: Stacks for each upsampling.
            resample_after_convolve: Whether to upsample after these stacks, or before.
            input_keys: Keys of the controls. Their order is part of the model.
            output_splits: Name and number of channels of each output.
            conditioning_keys: Keys of the latent variables that set scale and shift of
                every layer, in the order of the model; text is one key, None or no keys
                mean no conditioning.
            precondition_stack: Layer that the latent variables go through first, or
                None.
            spectral_norm: Whether kernels go through `nn.SpectralNormalization`.
            ortho_init: Whether kernels start orthogonal.
            **kwargs: Arguments of a Keras layer.

        Raises:
            TypeError: If output_splits are no pairs of a name and a whole number.
            ValueError: If there is a precondition_stack without conditioning, a number
                of channels, layers or stacks is below 1, or a name in output_splits
                comes twice.
        """
        checks.check_sizes(
            ch=ch,
            kernel_size=kernel_size,
            layers_per_stack=layers_per_stack,
            stacks=stacks,
        )
        checks.check_output_splits(output_splits)
        keys: list[str] = []
        if conditioning_keys is not None:
            keys += core.make_iterable(conditioning_keys)
        if precondition_stack is not None and not keys:
            raise ValueError(
                "A precondition_stack needs something to work on. Got "
                f"conditioning_keys={conditioning_keys!r}; name the keys of the "
                "conditioning, or leave precondition_stack out."
            )
        input_keys = list(core.make_iterable(input_keys))
        super().__init__(input_keys + keys, output_splits, **kwargs)
        self.conditioning_keys = keys
        self.n_conditioning = len(keys)
        self.conditional = bool(keys)
        self.precondition_stack = precondition_stack
        self.dilated_conv_stack = nn.DilatedConvStack(
            ch=ch,
            layers_per_stack=layers_per_stack,
            stacks=stacks,
            kernel_size=kernel_size,
            dilation=dilation,
            norm_type=norm_type,
            resample_type="upsample" if resample_stride > 1 else None,
            resample_stride=resample_stride,
            stacks_per_resample=stacks_per_resample,
            resample_after_convolve=resample_after_convolve,
            spectral_norm=spectral_norm,
            ortho_init=ortho_init,
            conditional=self.conditional,
        )

    def check_inputs(self, *inputs: Any) -> None:
        """Raises for inputs that do not go together.

        Args:
            *inputs: See `compute_output`.

        Raises:
            ValueError: If the batch sizes of the inputs or the numbers of frames of the
                controls differ, or a control is not [batch, n_frames, n_channels].
        """
        n_controls = len(inputs) - self.n_conditioning
        checks.check_frames(self.input_keys[:n_controls], inputs[:n_controls])
        checks.check_batch(self.input_keys, inputs)

    def compute_output(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Runs the convolutions.

        Args:
            *inputs: Controls in the order of their keys, [batch, n_frames, n_channels],
                then latent variables, [batch, 1, n_channels] or [batch, n_channels].
                Without upsampling latent variables may also have n_frames.

        Returns:
            [batch, n_frames, ch], with more frames after upsampling.
        """
        n_controls = len(inputs) - self.n_conditioning
        controls = tf.concat(inputs[:n_controls], axis=-1)
        if not self.conditional:
            return self.dilated_conv_stack(controls)
        z = tf.concat(inputs[n_controls:], axis=-1)
        if self.precondition_stack is not None:
            z = self.precondition_stack(z)
        return self.dilated_conv_stack([controls, z])
