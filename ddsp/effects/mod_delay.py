"""A delay whose time moves: chorus, flanger, vibrato."""

import math
from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.effects")
class ModDelay(Processor):
    """Delays audio by a time that may change with every sample.

    Example:
        >>> delay = ModDelay(center_ms=2.0, depth_ms=1.0, sample_rate=1000,
        ...                  gain_scale_fn=None, phase_scale_fn=None)
        >>> click, full = tf.constant([[1.0, 0.0, 0.0, 0.0]]), tf.ones([1, 4, 1])
        >>> delay(click, 0.5 * full, 0.0 * full).numpy().round(3).tolist()
        [[1.0, 0.0, 0.5, 0.0]]
    """

    def __init__(
        self,
        center_ms: float = 15.0,
        depth_ms: float = 10.0,
        sample_rate: int = 16000,
        gain_scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        phase_scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = tf.nn.sigmoid,
        add_dry: bool = True,
        name: str = "mod_delay",
        around_center: bool = False,
    ) -> None:
        """Sets the range of the delay and how inputs become controls.

        Args:
            center_ms: Delay of phase 0 in milliseconds.
            depth_ms: What phase 1 adds to it.
            sample_rate: Samples per second.
            gain_scale_fn: Makes gains positive; None takes them as they are.
            phase_scale_fn: Maps phases to 0 to 1; None takes them as they are.
            add_dry: Whether the output contains the input.
            name: Name.
            around_center: Whether the delay lies between center_ms - depth_ms and
                center_ms + depth_ms. The original meant this, but started at center_ms.

        Raises:
            ValueError: If the delay would be negative, or always 0.
        """
        super().__init__(name=name)
        shortest_ms = center_ms - depth_ms if around_center else center_ms
        if shortest_ms < 0.0 or depth_ms < 0.0 or center_ms + depth_ms <= 0.0:
            raise ValueError(
                "The delay must not be negative, nor always 0. Got "
                f"center_ms={center_ms} and depth_ms={depth_ms}; use a depth up to the "
                "centre."
            )
        self.center_ms = center_ms
        self.depth_ms = depth_ms
        self.sample_rate = sample_rate
        self.gain_scale_fn = gain_scale_fn
        self.phase_scale_fn = phase_scale_fn
        self.add_dry = add_dry
        self.around_center = around_center

    def get_controls(
        self, audio: tf.Tensor, gain: tf.Tensor, phase: tf.Tensor
    ) -> TensorDict:
        """Turns network outputs into gain and phase.

        Args:
            audio: Sound, [batch, n_samples].
            gain: Any real numbers, [batch, n_samples, 1].
            phase: Any real numbers, [batch, n_samples, 1].

        Returns:
            'audio', 'gain' (positive) and 'phase' (0 to 1), in the shapes given.
        """
        gain, phase = core.tf_float32(gain), core.tf_float32(phase)
        if self.gain_scale_fn is not None:
            gain = self.gain_scale_fn(gain)
        if self.phase_scale_fn is not None:
            phase = self.phase_scale_fn(phase)
        return {"audio": audio, "gain": gain, "phase": phase}

    def get_signal(
        self, audio: tf.Tensor, gain: tf.Tensor, phase: tf.Tensor
    ) -> tf.Tensor:
        """Delays.

        Args:
            audio: Sound, [batch, n_samples].
            gain: Gain of the delayed sound, [batch, n_samples, 1] or
                [batch, n_samples].
            phase: Where in its range the delay is, 0 to 1, [batch, n_samples, 1] or
                [batch, n_samples].

        Returns:
            Sound, [batch, n_samples].

        Raises:
            ValueError: If audio is not of rank 2, or a control has not one value for
                each sample.
        """
        audio, gain = core.tf_float32(audio), core.tf_float32(gain)
        _check_rates(audio, gain=gain, phase=core.tf_float32(phase))
        shortest, span, longest = self._delays()
        position = (shortest + span * core.tf_float32(phase)) / longest
        wet = core.variable_length_delay(position, audio, longest)
        wet *= gain[..., 0] if gain.shape.rank == 3 else gain
        return audio + wet if self.add_dry else wet

    def _delays(self) -> tuple[float, float, int]:
        """Delay of phase 0, what phase 1 adds, and whole samples that hold both."""
        samples_per_ms = self.sample_rate / 1000.0
        below = self.depth_ms if self.around_center else 0.0
        shortest = (self.center_ms - below) * samples_per_ms
        span = (self.depth_ms + below) * samples_per_ms
        # Rounding must not make 400 samples 401.
        return shortest, span, math.ceil(shortest + span - 1e-6)


def _check_rates(audio: tf.Tensor, **controls: tf.Tensor) -> None:
    """Refuses controls at frame rate, which would move the delay in steps."""
    if audio.shape.rank not in (2, None):
        raise ValueError(
            f"audio must be [batch, n_samples]. Got audio of shape={audio.shape}; add "
            "or remove axes."
        )
    n_samples = None if audio.shape.rank is None else audio.shape[1]
    for name, control in controls.items():
        n_steps = control.shape[1] if (control.shape.rank or 0) > 1 else None
        if None not in (n_samples, n_steps) and n_steps not in (1, n_samples):
            raise ValueError(
                f"{name} must be at audio rate, [batch, n_samples, 1]. Got {name} of "
                f"shape={control.shape} for audio of shape={audio.shape}; bring it "
                f"there with core.resample({name}, {n_samples})."
            )
