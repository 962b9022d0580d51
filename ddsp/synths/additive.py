"""The harmonic synthesizer under its first name."""

from collections.abc import Callable

import gin
import tensorflow as tf

from ddsp import core
from ddsp.synths.harmonic import Harmonic


@gin.register(module="ddsp.synths")
class Additive(Harmonic):
    """`Harmonic` as the library called it in 2020, when the paper appeared.

    Code of that time runs with it unchanged: its name in a graph is 'additive'.

    Example:
        >>> Additive().name
        'additive'
    """

    def __init__(
        self,
        n_samples: int = 64000,
        sample_rate: int = 16000,
        scale_fn: Callable[[tf.Tensor], tf.Tensor] | None = core.exp_sigmoid,
        normalize_below_nyquist: bool = True,
        name: str = "additive",
    ) -> None:
        """Sets the length and how inputs become controls, see `Harmonic`.

        Args:
            n_samples: Length of the sound.
            sample_rate: Samples per second.
            scale_fn: Makes amplitudes and shares positive; None takes them as they are.
            normalize_below_nyquist: Whether harmonics at or above half the sample rate
                are removed before the shares are normalised.
            name: Name.
        """
        super().__init__(
            n_samples=n_samples,
            sample_rate=sample_rate,
            scale_fn=scale_fn,
            normalize_below_nyquist=normalize_below_nyquist,
            name=name,
        )
