"""Runs the synthesizers and effects of a model for one piece of a sound."""

from typing import Any

import numpy as np
import tensorflow as tf

from ddsp import core, effects, processors, synths
from ddsp.training.inference.placed_noise import PlacedNoise

Outputs = dict[str, Any]


class GroupPlayer:
    """Plays pieces of one sound on the processors of a model.

    Noise depends on when it sounds and not on the piece, and reverberation can be
    turned down.

    Example:
        >>> group = processors.ProcessorGroup([
        ...     (synths.FilteredNoise(n_samples=64), ['magnitudes'])])
        >>> player = GroupPlayer(group, hop_size=16, seed=3)
        >>> whole = player.play({'magnitudes': tf.ones([1, 8, 5])}, 0, 8)
        >>> part = player.play({'magnitudes': tf.ones([1, 4, 5])}, 4, 8)
        >>> bool(np.allclose(whole[96:], part[32:]))
        True
    """

    def __init__(
        self,
        group: processors.ProcessorGroup,
        hop_size: int,
        seed: int = 0,
        reverb: float = 1.0,
    ) -> None:
        """Chooses settings.

        Args:
            group: The processors.
            hop_size: Samples per frame.
            seed: Seed of all noise.
            reverb: How much of the reverberation is heard: from 0, which is none, to 1,
                as the model has learned it.
        """
        self._group = group
        self._hop_size = hop_size
        self._reverb = reverb
        self._noise = {
            name: PlacedNoise(seed, stream)
            for stream, name in enumerate(group.module_names)
        }
        for module in group.modules:
            if hasattr(module, "seed"):
                module.seed = seed

    def play(self, features: dict[str, tf.Tensor], first: int, last: int) -> np.ndarray:
        """Plays some frames.

        Args:
            features: What the processors need, [1, last - first, n_channels] each.
            first: Number of the first frame.
            last: Number of the frame after the last.

        Returns:
            Audio, float32, as many samples per frame as there are; less those that the
            model crops.
        """
        n_samples = (last - first) * self._hop_size
        for module in self._group.modules:
            if hasattr(module, "n_samples"):
                module.n_samples = n_samples
        outputs: Outputs = {"inputs": features, **features}
        for name, paths, *rest in self._group.dag:
            arguments = [core.nested_lookup(path, outputs) for path in paths]
            result = self._run(name, arguments, first * self._hop_size)
            if not isinstance(result, dict):
                result = core.to_dict(result, rest[0] if rest else [])
            outputs[name] = outputs["out"] = result
        return np.asarray(self._group.get_signal(outputs))[0]

    def _run(self, name: str, arguments: list[tf.Tensor], start: int) -> Any:
        """Runs one processor on samples that begin at `start`."""
        module = getattr(self._group, name)
        if not hasattr(module, "get_signal"):
            return module(*arguments)
        if _is_noise(module):
            controls = module.get_controls(*arguments)
            noise = self._noise[name].samples(start, start + module.n_samples)
            signal = core.frequency_filter(
                noise[np.newaxis],
                controls["magnitudes"],
                window_size=module.window_size,
            )
            return {"signal": signal, "controls": controls}
        outputs = module(*arguments, return_outputs_dict=True)
        if isinstance(module, effects.Reverb) and self._reverb != 1.0:
            dry = core.tf_float32(arguments[0])
            wet = dry + self._reverb * (outputs["signal"] - dry)
            return {**outputs, "signal": wet}
        return outputs


def _is_noise(module: Any) -> bool:
    """Whether a processor filters noise in the way of this library's own."""
    own = synths.FilteredNoise
    return isinstance(module, own) and type(module).get_signal is own.get_signal


def room_secs(group: processors.ProcessorGroup, sample_rate: int) -> float:
    """How long the reverberation of a model goes on.

    Args:
        group: Its processors.
        sample_rate: Samples per second.

    Returns:
        Seconds, of all reverbs together, as one may feed the other; 0 without any.
    """
    n_taps = [getattr(module, "reverb_length", 0) for module in group.modules]
    return sum(n_taps) / sample_rate
