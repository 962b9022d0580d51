"""Where the curves that rules look at are among the outputs of models."""

from typing import Any

import numpy as np

Controls = dict[str, Any]
_HARMONIC = ("harmonic", "controls")
# What a synthesizer was told comes first: by the same name, at the top, a decoder may
# hand on numbers that are no amplitudes yet.
_PLACES = {
    "f0_hz": ((*_HARMONIC, "f0_hz"), ("f0_hz",)),
    "amplitudes": ((*_HARMONIC, "amplitudes"), ("amplitudes",)),
    "power_db": (("power_db",), ("pw_db",)),
}


def find_curve(controls: Controls, name: str) -> np.ndarray:
    """Finds a curve.

    Args:
        controls: Controls of one example, in nested dictionaries.
        name: 'f0_hz', 'amplitudes' or 'power_db'.

    Returns:
        The curve, [n_frames].

    Raises:
        ValueError: If it is in none of the usual places.
    """
    for place in _PLACES[name]:
        found: Any = controls
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return np.asarray(found, np.float64).reshape(-1)
    places = " or ".join("/".join(place) for place in _PLACES[name])
    raise ValueError(
        f"Controls must have {name} to find notes by. Got {sorted(controls)}; add "
        f"{places}."
    )
