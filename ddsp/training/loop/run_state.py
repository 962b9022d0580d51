"""Where a run is, beyond what its weights say: what a checkpoint's sidecar keeps."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ddsp.training.errors import InputError

_PREFIX = "run/"
_OPTIONS = "options"
_LARGEST = 2**63 - 1
# What an array of each type of field may hold.
_KINDS = {int: "iu", float: "f"}


@dataclasses.dataclass(frozen=True)
class RunState:
    """What a run counts, and what it must not change on the way.

    Attributes:
        seed: Seed of the order of the data and of all noise.
        n_batches: Batches that were taken, those of skipped steps among them.
        seconds: Time spent on training, over all sessions.
        n_skipped: Steps that were skipped because a loss or gradient was no number.
        options: How the run computes, as text by name, such as {'xla': 'on'}.

    Example:
        >>> state = RunState(seed=7, n_batches=300)
        >>> RunState.from_sidecar(state.to_sidecar()) == state
        True
    """

    seed: int = 0
    n_batches: int = 0
    seconds: float = 0.0
    n_skipped: int = 0
    options: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks the values.

        Raises:
            ValueError: If a number is negative or does not fit into 64 bits.
        """
        for name in _NUMBERS:
            value = getattr(self, name)
            if not 0 <= value <= _LARGEST:
                raise ValueError(_message(name, value, "from 0 to 2**63 - 1"))

    def to_sidecar(self, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Writes the state as arrays, for `checkpoints.save_checkpoint`.

        Args:
            extra: Arrays by name to keep as well, such as averaged weights under
                'average/<path of the variable>'; None for none.

        Returns:
            Arrays by name; those of the state begin with 'run/'.

        Raises:
            ValueError: If a name in extra begins with 'run/'.
        """
        arrays = dict(extra or {})
        for name in arrays:
            if name.startswith(_PREFIX):
                raise ValueError(
                    f"Names that begin with {_PREFIX!r} are those of the run's state. "
                    f"Got {name!r} in extra; use another name."
                )
        types = {int: np.int64, float: np.float64}
        for name, kind in _NUMBERS.items():
            arrays[_PREFIX + name] = np.array(getattr(self, name), types[kind])
        options = json.dumps(dict(self.options), sort_keys=True)
        arrays[f"{_PREFIX}{_OPTIONS}"] = np.array(options)
        return arrays

    @classmethod
    def from_sidecar(cls, sidecar: Mapping[str, np.ndarray]) -> "RunState | None":
        """Reads the state from what `checkpoints.load_sidecar` returns.

        Args:
            sidecar: Arrays by name. Other names than those of the state are left
                alone; what is missing, as in those of an earlier version, has its
                default.

        Returns:
            The state; None if there is none, as in checkpoints of the original.

        Raises:
            InputError: If a value is none that a run can have.
        """
        if not any(name.startswith(_PREFIX) for name in sidecar):
            return None
        values: dict[str, Any] = {}
        for name in (*_NUMBERS, _OPTIONS):
            if _PREFIX + name in sidecar:
                array = np.asarray(sidecar[_PREFIX + name])
                read = _read_options if name == _OPTIONS else _read_number
                values[name] = read(name, array)
        try:
            return cls(**values)
        except ValueError as error:
            raise InputError(str(error)) from error


_NUMBERS: dict[str, type] = {
    field.name: type(field.default)
    for field in dataclasses.fields(RunState)
    if field.name != _OPTIONS
}


def _message(name: str, value: Any, rule: str) -> str:
    """What is wrong with a value."""
    return (
        f"{name} of a run must be {rule}. Got {name}={value}; if it was read from a "
        "checkpoint, remove its file with the ending .extra.npz to go on without."
    )


def _read_number(name: str, array: np.ndarray) -> Any:
    """One number."""
    kind = _NUMBERS[name]
    if array.shape != () or array.dtype.kind not in _KINDS[kind]:
        raise InputError(_message(name, _short(array), "one number"))
    return kind(array)


def _read_options(name: str, array: np.ndarray) -> dict[str, str]:
    """Text by name."""
    options = None
    if array.shape == () and array.dtype.kind == "U":
        try:
            options = json.loads(str(array))
        except ValueError:
            options = None
    if not isinstance(options, dict) or not all(
        isinstance(value, str) for value in options.values()
    ):
        raise InputError(_message(name, _short(array), "text by name"))
    return options


def _short(array: np.ndarray) -> str:
    """An array in a few words."""
    return f"an array of {array.dtype} and shape {list(array.shape)}"
