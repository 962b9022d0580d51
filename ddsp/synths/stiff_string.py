"""The stiff string: a harmonic sound whose partials are stretched."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.core.checks import RESAMPLE_METHODS, check_choice, check_controls
from ddsp.processors import Processor, TensorDict


@gin.register(module="ddsp.synths")
class StiffString(Processor):
    """Plays partials at n f0 sqrt(1 + B n^2), as pianos and plucked strings have them.

    Source: Fletcher, "Normal vibration frequencies of a stiff piano string", JASA 36
    (1964).

    Example:
        >>> synth = StiffString(n_samples=16000)
        >>> frames, shares = tf.ones([1, 250, 1]), tf.one_hot([[9]], 10)
        >>> controls = synth.get_controls(frames, shares, 100.0 * frames, 0.0 * frames)
        >>> partials = core.get_inharmonic_frequencies(
        ...     controls["f0_hz"], controls["inharmonicity"], 10)
        >>> round(float(partials[0, 0, 9]), 1)  # 1000 sqrt(1 + 100 * 3.2e-4)
        1015.7
    """

    def __init__(
        self,
        n_samples: int = 64000,
        sample_rate: int = 16000,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        inharmonicity_scale_fn: Callable[[tf.Tensor], tf.Tensor]
        | None = core.inharmonicity_sigmoid,
        normalize_below_nyquist: bool = True,
        amp_resample_method: str = "window",
        name: str = "stiff_string",
    ) -> None:
        """Sets the length and how inputs become controls.

        Args:
            n_samples: Length of the sound, a multiple of the frames of the controls
                unless amp_resample_method is another than 'window'.
            sample_rate: Samples per second.
            scale_fn: Makes amplitudes and shares positive; None takes them as they are.
            inharmonicity_scale_fn: Makes the inharmonicity B; None takes it as it is.
            normalize_below_nyquist: Whether partials at or above half the sample rate
                are removed before the shares are normalised.
            amp_resample_method: How amplitudes move between frames: 'window', 'linear',
                'cubic' or 'nearest'.
            name: Name.

        Raises:
            ValueError: If amp_resample_method is unknown.
        """
        super().__init__(name=name)
        check_choice("amp_resample_method", amp_resample_method, RESAMPLE_METHODS)
        self.n_samples = n_samples
        self.sample_rate = sample_rate
        self.scale_fn = scale_fn
        self.inharmonicity_scale_fn = inharmonicity_scale_fn
        self.normalize_below_nyquist = normalize_below_nyquist
        self.amp_resample_method = amp_resample_method

    def get_controls(
        self,
        amplitudes: tf.Tensor,
        harmonic_distribution: tf.Tensor,
        f0_hz: tf.Tensor,
        inharmonicity: tf.Tensor,
    ) -> TensorDict:
        """Turns network outputs into amplitude, shares, pitch and stiffness.

        Args:
            amplitudes: Any real numbers, [batch, n_frames, 1].
            harmonic_distribution: Any real numbers, [batch, n_frames, n_harmonics].
            f0_hz: Pitch of the string without stiffness in Hz, [batch, n_frames, 1].
            inharmonicity: Any real numbers, [batch, n_frames, 1].

        Returns:
            'amplitudes' (positive), 'harmonic_distribution' (adds up to 1), 'f0_hz' and
            'inharmonicity' (B, positive), in the shapes given.

        Raises:
            ValueError: If pitch, stiffness and shares do not fit together.
        """
        if self.scale_fn is not None:
            amplitudes = self.scale_fn(amplitudes)
            harmonic_distribution = self.scale_fn(harmonic_distribution)
        if self.inharmonicity_scale_fn is not None:
            inharmonicity = self.inharmonicity_scale_fn(inharmonicity)
        if self.normalize_below_nyquist:
            check_controls(
                f0_hz=core.tf_float32(f0_hz),
                inharmonicity=core.tf_float32(inharmonicity),
                harmonic_distribution=core.tf_float32(harmonic_distribution),
            )
            harmonic_distribution = core.remove_above_nyquist(
                core.get_inharmonic_frequencies(
                    f0_hz, inharmonicity, int(harmonic_distribution.shape[-1])
                ),
                harmonic_distribution,
                self.sample_rate,
            )
        return {
            "amplitudes": amplitudes,
            "harmonic_distribution": core.normalize_harmonics(
                core.tf_float32(harmonic_distribution)
            ),
            "f0_hz": core.tf_float32(f0_hz),
            "inharmonicity": inharmonicity,
        }

    def get_signal(
        self,
        amplitudes: tf.Tensor,
        harmonic_distribution: tf.Tensor,
        f0_hz: tf.Tensor,
        inharmonicity: tf.Tensor,
    ) -> tf.Tensor:
        """Plays the controls.

        Args:
            amplitudes: Amplitude, [batch, n_frames, 1].
            harmonic_distribution: Share of each partial,
                [batch, n_frames, n_harmonics].
            f0_hz: Pitch of the string without stiffness in Hz, [batch, n_frames, 1].
            inharmonicity: B, at least 0, [batch, n_frames, 1].

        Returns:
            Audio, [batch, n_samples].
        """
        return core.inharmonic_synthesis(
            frequencies=f0_hz,
            amplitudes=amplitudes,
            inharmonicity=inharmonicity,
            harmonic_distribution=harmonic_distribution,
            n_samples=self.n_samples,
            sample_rate=self.sample_rate,
            amp_resample_method=self.amp_resample_method,
        )
