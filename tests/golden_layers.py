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
    return outputs if isinstance(outputs, dict) else {"": outputs}, expected


def _inputs(recorded: Any) -> tuple[Any, ...]:
    """The positional inputs: tensors, or one dictionary of them."""
    values = {k[2:]: recorded[k] for k in sorted(recorded.files) if k.startswith("x/")}
    if any("/" in key for key in values):
        return ({key.partition("/")[2]: x for key, x in values.items()},)
    return tuple(values.values())


def assert_as_recorded(name: str, layer: Any, tolerance: float = 1e-5) -> None:
    """Compares a layer with the original's, relative to the largest output."""
    outputs, expected = run_as_recorded(name, layer)
    assert outputs.keys() == expected.keys()
    for key, value in expected.items():
        assert value.size
        limit = tolerance * np.abs(value).max()
        np.testing.assert_allclose(outputs[key], value, rtol=0.0, atol=limit)
