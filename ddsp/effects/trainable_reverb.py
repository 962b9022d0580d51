"""The reverb that learns, under its first name."""

import gin

from ddsp.effects.reverb import Reverb


@gin.register(module="ddsp.effects")
class TrainableReverb(Reverb):
    """`Reverb(trainable=True)` as the library called it in 2020.

    Code of that time runs with it unchanged: its name in a graph is 'trainable_reverb'.

    Example:
        >>> TrainableReverb().name, TrainableReverb().trainable
        ('trainable_reverb', True)
    """

    def __init__(
        self,
        reverb_length: int = 48000,
        add_dry: bool = True,
        name: str = "trainable_reverb",
    ) -> None:
        """Sets the length of the learned response.

        Args:
            reverb_length: Taps of the learned response, at least 1; see `Reverb`.
            add_dry: Whether the output contains the input.
            name: Name.
        """
        super().__init__(
            trainable=True, reverb_length=reverb_length, add_dry=add_dry, name=name
        )
