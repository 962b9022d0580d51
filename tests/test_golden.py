"""The recorded outputs of the original, case by case, with their own tolerances."""

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from signals import harmonic_truth, magnitude_truth, wavetable_truth

GOLDEN = Path(__file__).parent / "golden"
CASES = json.loads((GOLDEN / "golden.json").read_text())
ARRAYS = dict(np.load(GOLDEN / "golden.npz"))

# Functions of the original that later versions bring.
MISSING = {
    line
    for line in (GOLDEN / "missing.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
# Recorded with a float32 running sum of phase, or with the rounding of an older FFT,
# these lie further from the truth than their own tolerance:
# `test_recorded_output_is_further_from_the_truth_than_its_tolerance` shows it.
FAR_FROM_TRUTH = {
    "compute_logmag_97",
    "oscillator_bank_59",
    "oscillator_bank_60",
    "oscillator_bank_61",
    "harmonic_oscillator_bank_62",
    "harmonic_synthesis_dist",
    "wavetable_synthesis_71",
    "wavetable_synthesis_72",
}


def resolve(path: str) -> Any:
    """The object at a dotted path, or None."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for name in parts[cut:]:
            found = getattr(found, name, None)
        return found
    return None


def as_numpy(case: dict) -> bool:
    name = case["call"]
    return (
        case["args"].get("use_tf") is False
        or name.endswith("_np")
        or ".postprocessing." in name
        or "pad_or_trim" in name
    )


def arguments(case: dict) -> dict[str, Any]:
    values = {}
    for name, value in case["args"].items():
        if isinstance(value, dict) and "array" in value:
            value = ARRAYS[value["array"]]
            value = value if as_numpy(case) else tf.constant(value)
        values[name] = value
    return values


def call(case: dict, values: dict[str, Any]) -> Any:
    target = resolve(case["call"])
    if case["init"] is not None:
        target = target(**case["init"])
    if case["method"] == "__call__":
        return target(*values.values())
    if case["method"] is not None:
        target = getattr(target, case["method"])
    return target(**values)


def flatten(output: Any) -> list[np.ndarray]:
    if isinstance(output, dict):
        return [np.asarray(output[key]) for key in sorted(output)]
    if isinstance(output, tuple | list):
        return [np.asarray(value) for value in output]
    return [np.asarray(output)]


RUNNABLE = [
    case
    for case in CASES
    if "mended" not in case
    and case["call"] not in MISSING
    and case["id"] not in FAR_FROM_TRUTH
]


@pytest.mark.parametrize("case", RUNNABLE, ids=lambda case: case["id"])
def test_output_and_gradient_are_the_recorded_ones(case: dict) -> None:
    values = arguments(case)
    with tf.GradientTape() as tape:
        for name in case["grad"]:
            tape.watch(values[name])
        output, total = call(case, values), None
        if case["grad"]:  # The recorded cotangent is the cosine of the element's index.
            index = tf.range(tf.size(output), dtype=tf.float32)
            total = tf.reduce_sum(output * tf.reshape(tf.cos(index), tf.shape(output)))
    outputs = flatten(output)
    assert len(outputs) == case["out"]["n"] > 0
    for index, got in enumerate(outputs):
        np.testing.assert_allclose(
            got,
            ARRAYS[f"{case['id']}/out/{index}"],
            rtol=case["rtol"],
            atol=case["atol"],
        )
    found = (
        tape.gradient(total, [values[k] for k in case["grad"]]) if case["grad"] else []
    )
    for name, got in zip(case["grad"], found, strict=True):
        want = ARRAYS[f"{case['id']}/grad/{name}"]
        scale = max(1.0, float(np.abs(want).max()))
        np.testing.assert_allclose(got, want, rtol=1e-2, atol=2e-3 * scale)


def truth_of(case: dict) -> np.ndarray:
    """The output of a case in float64."""
    values = {
        name: np.asarray(value, np.float64)
        for name, value in arguments(case).items()
        if isinstance(value, tf.Tensor)
    }
    if case["call"].endswith("compute_logmag"):
        size = case["args"]["size"]
        spectra = [magnitude_truth(audio, size) for audio in values["audio"]]
        return np.log(np.stack(spectra))
    if case["call"].endswith("harmonic_synthesis"):
        shares = values["amplitudes"] * values["harmonic_distribution"]
        return np.stack(
            [
                harmonic_truth(f0[:, 0], share, 1280, 16000)
                for f0, share in zip(values["frequencies"], shares, strict=True)
            ]
        )
    if case["call"].endswith("wavetable_synthesis"):
        tables = values["wavetables"]
        tables = tables[:, np.newaxis] if tables.ndim == 2 else tables
        return np.stack(
            [
                wavetable_truth(f0[:, 0], loud[:, 0], table, 1280, 16000)
                for f0, loud, table in zip(
                    values["frequencies"], values["amplitudes"], tables, strict=True
                )
            ]
        )
    amplitudes = values["amplitude_envelopes"]
    if "frequency" in values:
        phase = np.cumsum(2 * np.pi * values["frequency"] / 16000, axis=1)
        phase = phase + values["initial_phase"]
        phase = phase * np.arange(1, amplitudes.shape[-1] + 1)
    else:
        phase = np.cumsum(2 * np.pi * values["frequency_envelopes"] / 16000, axis=1)
        amplitudes = np.where(values["frequency_envelopes"] >= 8000, 0.0, amplitudes)
    audio = amplitudes * np.sin(phase)
    return audio if case["args"].get("sum_sinusoids") is False else audio.sum(axis=-1)


@pytest.mark.parametrize("name", sorted(FAR_FROM_TRUTH))
def test_recorded_output_is_further_from_the_truth_than_its_tolerance(
    name: str,
) -> None:
    case = next(case for case in CASES if case["id"] == name)
    truth = truth_of(case)
    ours = flatten(call(case, arguments(case)))[0]
    recorded = ARRAYS[f"{name}/out/0"]
    assert np.abs(recorded - truth).max() > case["atol"]
    assert np.abs(ours - truth).max() < np.abs(recorded - truth).max() / 10


def test_missing_functions_are_listed_until_they_exist() -> None:
    calls = {case["call"] for case in CASES}
    assert {name for name in calls if resolve(name) is None} == MISSING
