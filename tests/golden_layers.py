"""Layers of the original: their weights, inputs and outputs."""

from pathlib import Path
from typing import Any

import numpy as np

from ddsp.training import checkpoints

FOLDER = Path(__file__).parent / "golden" / "training"


def run_as_recorded(name: str, layer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Gives a layer the recorded weights and runs it on the recorded inputs.

    Args:
        name: Name of the recording.
        layer: Layer of the same sizes; built here.

    Returns:
        Outputs and recorded outputs by name; a single output is called ''.
    """
    recorded = np.load(FOLDER / "layers" / f"{name}.npz")
    inputs = _inputs(recorded)
    layer(*inputs)
    weights = {k[2:]: recorded[k] for k in recorded.files if k.startswith("w/")}
    variables = checkpoints.named_variables(layer)
    assert variables.keys() == weights.keys()
    for path, variable in variables.items():
        variable.assign(weights[path])
    outputs = layer(*inputs)
    expected = {k.partition("/")[2]: recorded[k] for k in recorded.files if k[0] == "y"}
    if isinstance(outputs, tuple):
        outputs = {str(i): output for i, output in enumerate(outputs)}
    return outputs if isinstance(outputs, dict) else {"": outputs}, expected


def recorded_inputs(name: str) -> tuple[Any, ...]:
    """The positional inputs of a recording: tensors, lists or dictionaries of them."""
    return _inputs(np.load(FOLDER / "layers" / f"{name}.npz"))


def _inputs(recorded: Any) -> tuple[Any, ...]:
    arguments: dict[str, Any] = {}
    for path in sorted(k for k in recorded.files if k.startswith("x/")):
        number, _, key = path[2:].partition("/")
        if key:
            arguments.setdefault(number, {})[key] = recorded[path]
        else:
            arguments[number] = recorded[path]
    return tuple(
        list(value.values())
        if isinstance(value, dict) and all(key.isdigit() for key in value)
        else value
        for value in arguments.values()
    )


def assert_as_recorded(name: str, layer: Any, tolerance: float = 1e-5) -> None:
    """Compares a layer with the original's, relative to the largest output."""
    outputs, expected = run_as_recorded(name, layer)
    assert outputs.keys() == expected.keys()
    for key, value in expected.items():
        assert value.size
        limit = tolerance * np.abs(value).max()
        np.testing.assert_allclose(outputs[key], value, rtol=0.0, atol=limit)
