"""The figures of a transfer are those of the sounds."""

import json

import numpy as np
import pytest

from ddsp.training.inference.figures import transfer_figures
from ddsp.training.inference.result import TransferResult
from ddsp.training.inference.settings import Settings


def tone(f0_hz: float, amplitude: float, sample_rate: int) -> np.ndarray:
    phase = 2 * np.pi * f0_hz * np.arange(2 * sample_rate) / sample_rate
    return (amplitude * np.sin(phase)).astype(np.float32)


def make_result(**changes: object) -> TransferResult:
    curve = np.ones(500, np.float32)
    is_note = np.arange(500) < 400
    values = {
        "audio": tone(880.0, 0.25, 32000),
        "sample_rate": 32000,
        "frame_rate": 250.0,
        "f0_hz": np.where(is_note, 440.0, 60.0),
        "f0_confidence": np.where(is_note, 0.9, 0.1),
        "loudness_db": np.where(is_note, -20.0, -70.0),
        "played_f0_hz": 880 * curve,
        "played_loudness_db": -25 * curve,
        "register_shift": 1.0,
        "warnings": ("a doubt",),
        "is_note": is_note,
        "timings": {"pitch": 1.23456},
        **changes,
    }
    return TransferResult(**values)


def test_figures_are_those_of_sines() -> None:
    figures = transfer_figures(tone(440.0, 0.5, 16000), make_result(), Settings(seed=3))
    recording, played = figures["recording"], figures["played"]
    assert recording["rms_db"] == pytest.approx(-9.03, abs=0.01)
    assert recording["peak_db"] == pytest.approx(-6.02, abs=0.01)
    assert recording["pitch_midi"] == pytest.approx(69.0)  # Of notes alone.
    assert recording["loudness_db"] == -20.0
    assert recording["clear_pitch_share"] == recording["note_share"] == 0.8
    assert played["pitch_midi"] == pytest.approx(81.0)
    assert played["register_shift_octaves"] == 1.0
    assert figures["result"]["rms_db"] == pytest.approx(-15.05, abs=0.01)
    assert figures["seconds"] == 2.0
    assert figures["settings"]["seed"] == 3
    assert figures["warnings"] == ["a doubt"]
    assert "autotune" not in figures


def test_loudness_of_the_result_is_measured_and_not_asked_for() -> None:
    loud, soft = (
        transfer_figures(
            tone(440.0, 0.5, 16000), make_result(audio=tone(880.0, amplitude, 32000))
        )["result"]["loudness_db"]
        for amplitude in (0.5, 0.05)
    )
    assert loud - soft == pytest.approx(20.0, abs=0.05)


def test_figures_of_silence_without_notes_are_json() -> None:
    nothing = make_result(
        audio=np.zeros(64000, np.float32),
        is_note=np.zeros(500, bool),
        key="C major",
        tuning_cents=-12.0,
    )
    figures = transfer_figures(np.zeros(32000, np.float32), nothing)
    read = json.loads(json.dumps(figures, allow_nan=False))
    assert read["autotune"] == {"key": "C major", "player_cents": -12.0}
    assert read["recording"]["note_share"] == 0.0
