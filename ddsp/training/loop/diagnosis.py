"""What is wrong with a batch, in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

# Beyond these no recording and no analysis of one goes, by the start of the name.
USUAL_RANGES = {
    "audio": (-100.0, 100.0, ""),
    "f0_hz": (0.0, 20000.0, " Hz"),
    "loudness": (-200.0, 40.0, " dB"),
}
CURE = "leave that recording out, or prepare the dataset again"
SOUND = (
    "the batch is sound, so lower the learning rate, or the limit of the gradient "
    "(Trainer.grad_clip_norm)"
)


def diagnose_batch(batch: Mapping[str, Any]) -> str:
    """Looks for values in a batch that no training can use.

    Values that are not finite come before those that are absurd: audio beyond 100, a
    pitch that is negative or above 20 kHz, a loudness above 40 dB or below -200 dB.

    Args:
        batch: Features by name, such as audio [batch, n_samples] and f0_hz
            [batch, n_frames, 1], as arrays or tensors.

    Returns:
        One line that names the first feature and example with such a value and says
        what to do; or that the batch is sound, with what to do then.
    """
    features = {name: np.asarray(value) for name, value in batch.items()}
    numeric = {
        name: np.atleast_1d(value)
        for name, value in features.items()
        if np.issubdtype(value.dtype, np.number)
    }
    for name, values in numeric.items():
        place = _first(~np.isfinite(values))
        if place is not None:
            return f"{_describe(name, values, place)}, which is not finite; {CURE}"
    for name, values in numeric.items():
        for start, (low, high, unit) in USUAL_RANGES.items():
            place = _first((values < low) | (values > high))
            if name.startswith(start) and place is not None:
                return (
                    f"{_describe(name, values, place)}{unit}, where {low:g} to "
                    f"{high:g}{unit} is usual; {CURE}"
                )
    return SOUND


def _first(bad: np.ndarray) -> tuple[int, ...] | None:
    """Index of the first true value; None without one."""
    places = np.argwhere(bad)
    return tuple(map(int, places[0])) if places.size else None


def _describe(name: str, values: np.ndarray, place: tuple[int, ...]) -> str:
    """Where in a feature a value stands, and which it is."""
    where = f" at position {place[1]}" if len(place) > 1 else ""
    return f"example {place[0]} has {name}={values[place]:g}{where}"
