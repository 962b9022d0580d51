"""A wavetable synthesizer that learns its waveforms."""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import check_whole_number
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.synths")
class WavetableBank(Processor):
    """Mixes learned waveforms and plays the mixture at a pitch.

    The tables belong to the synthesizer; a network says in which proportion they sound.
    Source: Shan et al., "Differentiable Wavetable Synthesis", ICASSP 2022.

    Example:
        >>> synth = WavetableBank(n_samples=160, n_wavetables=4, n_points=64, seed=1)
        >>> frames = tf.ones([1, 10, 1])
        >>> audio = synth(frames, tf.zeros([1, 10, 4]), 200.0 * frames)
        >>> [tuple(v.shape) for v in synth.trainable_variables]
        [(4, 64)]
    """

    def __init__(
        self,
        n_samples: int = 64000,
        sample_rate: int = 16000,
        n_wavetables: int = 20,
        n_points: int = 512,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        weight_fn: Callable[[tf.Tensor], tf.Tensor] | None = tf.nn.softmax,
        n_start_harmonics: int = 8,
        seed: int | None = None,
        name: str = "wavetable_bank",
    ) -> None:
        """Sets the length and the size of the bank.

        Args:
            n_samples: Length of the sound, a multiple of the frames.
            sample_rate: Samples per second.
            n_wavetables: Number of waveforms.
            n_points: Points of a period, more than twice n_start_harmonics. A table may
                hold n_points / 2 harmonics; those above half the sample rate fold back.
            scale_fn: Makes amplitudes positive; None takes them as they are.
            weight_fn: Makes the shares of the tables; None takes them as they are.
            n_start_harmonics: Harmonics of the untrained tables, see
                `core.random_wavetables`.
            seed: Makes the untrained tables reproducible.
            name: Name.

        Raises:
            ValueError: If there are no tables, or too few points for their harmonics.
        """
        super().__init__(name=name, trainable=True)
        check_whole_number("n_wavetables", n_wavetables)
        check_whole_number("n_start_harmonics", n_start_harmonics)
        if n_points <= 2 * n_start_harmonics:
            raise ValueError(
                "n_points must be more than twice n_start_harmonics. Got "
                f"n_points={n_points} with n_start_harmonics={n_start_harmonics}; use "
                "more points, or fewer harmonics."
            )
        self.n_samples = n_samples
        self.sample_rate = sample_rate
        self.n_wavetables = n_wavetables
        self.n_points = n_points
        self.scale_fn = scale_fn
        self.weight_fn = weight_fn
        self.n_start_harmonics = n_start_harmonics
        self.seed = seed

    def build(self, unused_input_shape: Any = None) -> None:
        """Creates the tables.

        Args:
            unused_input_shape: Not used.
        """
        del unused_input_shape
        self._wavetables = self.add_weight(
            name="wavetables",
            shape=[self.n_wavetables, self.n_points],
            dtype=tf.float32,
            initializer=self._start,
        )
        self.built = True

    def _start(self, shape: Any, dtype: Any = None) -> tf.Tensor:
        """Untrained tables."""
        del dtype
        return core.random_wavetables(*shape, self.n_start_harmonics, self.seed)

    def checkpoint_children(self) -> dict[str, Any]:
        """Variables under the names that checkpoints know.

        Returns:
            'wavetables', [n_wavetables, n_points].
        """
        if not self.built:
            self.build()
        return {"wavetables": self._wavetables}

    def get_controls(
        self, amplitudes: tf.Tensor, weights: tf.Tensor, f0_hz: tf.Tensor
    ) -> TensorDict:
        """Turns network outputs into amplitudes and shares of the tables.

        Args:
            amplitudes: Any real numbers, [batch, n_frames, 1].
            weights: Any real numbers, [batch, n_frames, n_wavetables].
            f0_hz: Pitch in Hz, [batch, n_frames, 1].

        Returns:
            'amplitudes' (positive), 'weights' (add up to 1) and 'f0_hz', in the shapes
            given.
        """
        if self.scale_fn is not None:
            amplitudes = self.scale_fn(amplitudes)
        if self.weight_fn is not None:
            weights = self.weight_fn(core.tf_float32(weights))
        return {"amplitudes": amplitudes, "weights": weights, "f0_hz": f0_hz}

    def get_signal(
        self, amplitudes: tf.Tensor, weights: tf.Tensor, f0_hz: tf.Tensor
    ) -> tf.Tensor:
        """Plays the controls.

        Args:
            amplitudes: Amplitude, [batch, n_frames, 1].
            weights: Share of each table, [batch, n_frames, n_wavetables].
            f0_hz: Pitch in Hz, [batch, n_frames, 1].

        Returns:
            Audio, [batch, n_samples].

        Raises:
            ValueError: If there is not one share for each table.
        """
        if not self.built:
            self.build()
        weights = core.tf_float32(weights)
        if weights.shape[-1] not in (self.n_wavetables, None):
            raise ValueError(
                "weights must have a share for each table, [batch, n_frames, "
                f"n_wavetables]. Got weights of shape={weights.shape} with "
                f"n_wavetables={self.n_wavetables}; change one of them."
            )
        return core.wavetable_synthesis(
            frequencies=f0_hz,
            amplitudes=amplitudes,
            wavetables=core.mix_wavetables(self._wavetables, weights),
            n_samples=self.n_samples,
            sample_rate=self.sample_rate,
        )
