"""Which arrays the weights of CREPE are, and what shapes they have."""

from collections.abc import Mapping

import numpy as np

_NORM_VARIABLES = ("gamma", "beta", "moving_mean", "moving_variance")
NAMES = (
    *(f"conv{i}.{name}" for i in range(1, 7) for name in ("kernel", "bias")),
    *(f"conv{i}-BN.{name}" for i in range(1, 7) for name in _NORM_VARIABLES),
    "classifier.kernel",
    "classifier.bias",
)
_WIDTHS = (512, 64, 64, 64, 64, 64)
# Channels of the blocks; 'tiny' has 4 times as many, 'full' 32 times.
_CHANNELS = (32, 4, 4, 4, 8, 16)
_MOST_TIMES = 32
# Steps of a frame that are left after the last block, and pitches.
_N_LAST_STEPS, _N_PITCHES = 4, 360


def _network_shapes(times: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the network with so many times the fewest channels."""
    channels = [1, *(times * n for n in _CHANNELS)]
    shapes: dict[str, tuple[int, ...]] = {}
    for i, width in enumerate(_WIDTHS, 1):
        n_inputs, n_outputs = channels[i - 1 : i + 1]
        shapes[f"conv{i}.kernel"] = (width, 1, n_inputs, n_outputs)
        shapes[f"conv{i}.bias"] = (n_outputs,)
        shapes |= {f"conv{i}-BN.{name}": (n_outputs,) for name in _NORM_VARIABLES}
    shapes["classifier.kernel"] = (_N_LAST_STEPS * channels[-1], _N_PITCHES)
    shapes["classifier.bias"] = (_N_PITCHES,)
    return shapes


def check_arrays(arrays: Mapping[str, tuple[tuple[int, ...], np.dtype]]) -> None:
    """Makes sure that arrays are the weights of a network, before they are read.

    Args:
        arrays: Their shapes and types by `<layer>.<variable>`. Kernels may lack their
            second axis.

    Raises:
        ValueError: The reason, if one is missing, or has another shape or type.
    """
    missing = [name for name in NAMES if name not in arrays]
    if missing:
        raise ValueError(f"it is without {missing[0]} and {len(missing) - 1} more")
    first_shape, _ = arrays["conv1.kernel"]
    times, rest = divmod(first_shape[-1] if first_shape else 0, _CHANNELS[0])
    if rest or not 1 <= times <= _MOST_TIMES:
        raise ValueError(f"its conv1.kernel has the shape {first_shape} of no size")
    for name, expected in _network_shapes(times).items():
        shape, dtype = arrays[name]
        flat = (expected[0], *expected[2:]) if len(expected) == 4 else expected
        if shape not in (expected, flat):
            raise ValueError(f"its {name} has the shape {shape}, not {expected}")
        if dtype.kind != "f":
            raise ValueError(f"its {name} has the type {dtype}, not float32")
