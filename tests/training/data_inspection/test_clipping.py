"""Cut peaks are told from smooth ones, at every level and pitch."""

from pathlib import Path

import numpy as np
import pytest
from records import write_recording
from signals import sine

from ddsp.training.data_inspection.clipping import (
    SampleFaults,
    clipped_runs,
    find_sample_faults,
)


def quantized(audio: np.ndarray, n_bits: int = 16) -> np.ndarray:
    return np.rint(audio * 2 ** (n_bits - 1)) / 2 ** (n_bits - 1)


@pytest.mark.parametrize("f0_hz", [20.0, 41.0, 110.0, 440.0, 3000.0])
@pytest.mark.parametrize("peak", [1.0, 0.3, 0.03])
@pytest.mark.parametrize("n_bits", [16, 8])
def test_smooth_peak_is_not_cut(f0_hz: float, peak: float, n_bits: int) -> None:
    audio = quantized(peak * sine(f0_hz, 44100, 44100), n_bits)
    starts, lengths = clipped_runs(audio, audio.max(), 2.0 ** (1 - n_bits))
    assert starts.size == lengths.size == 0


@pytest.mark.parametrize("f0_hz", [41.0, 110.0, 440.0, 1500.0])
@pytest.mark.parametrize("ceiling", [1.0, 0.3, 0.03])
def test_every_cut_period_is_found(f0_hz: float, ceiling: float) -> None:
    audio = quantized(np.minimum(1.4 * ceiling * sine(f0_hz, 44100, 44100), ceiling))
    starts, lengths = clipped_runs(audio, audio.max())
    assert starts.size == f0_hz
    # The sine is above 1 / 1.4 of its peak for this part of its period.
    share = np.arccos(1 / 1.4) / np.pi
    assert lengths.mean() == pytest.approx(share * 44100 / f0_hz, rel=0.1)
    assert starts[0] == pytest.approx((0.25 - share / 2) * 44100 / f0_hz, abs=1.5)


def test_two_samples_at_the_top_are_no_cut() -> None:
    audio = np.array([0.0, 0.2, 0.5, 0.5, 0.2, 0.0, 0.2, 0.5, 0.5, 0.5, 0.2])
    starts, lengths = clipped_runs(audio, 0.5)
    assert (starts.tolist(), lengths.tolist()) == ([7], [3])


def test_nearly_silent_signal_is_not_judged() -> None:
    audio = np.minimum(0.04 * sine(440.0), 0.019)
    assert clipped_runs(audio, audio.max())[0].size == 0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_either_side_of_either_channel_is_looked_at(
    tmp_path: Path, sign: float
) -> None:
    clean = 0.3 * sine(440.0)
    cut = sign * np.minimum(0.3 * sine(200.0), 0.2)
    cut[:8000] = 0.5 * cut[:8000]
    path = write_recording(tmp_path / "a.wav", np.stack([clean, cut], axis=1))
    faults = find_sample_faults(path)
    assert faults.n_clipped_runs == pytest.approx(100, abs=1)
    ((begin, end),) = faults.clipped_spans
    assert (begin, end) == pytest.approx((0.5, 1.0), abs=0.01)
    assert faults.peak == pytest.approx(0.3, abs=1e-4)


def test_long_file_is_read_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = np.minimum(0.6 * sine(200.0), 0.4) + 0.05
    path = write_recording(tmp_path / "a.wav", audio)
    whole = find_sample_faults(path)
    monkeypatch.setattr("ddsp.training.data_inspection.clipping.BLOCK_FRAMES", 1999)
    blocks = find_sample_faults(path)
    # A cut that lies across two blocks may be lost.
    assert blocks.n_clipped_runs >= whole.n_clipped_runs - 8 > 180
    assert blocks.offset == pytest.approx(whole.offset, abs=1e-9)
    assert blocks.rms == pytest.approx(whole.rms, abs=1e-9)
    assert blocks.clipped_spans[0] == pytest.approx(whole.clipped_spans[0], abs=0.011)


def test_offset_and_rms_are_those_of_the_worst_channel(tmp_path: Path) -> None:
    left, right = 0.5 * sine(100.0) + 0.01, np.full(16000, -0.1)
    path = write_recording(tmp_path / "a.wav", np.stack([left, right], axis=1))
    faults = find_sample_faults(path)
    assert faults.offset == pytest.approx(-0.1, abs=1e-4)
    assert faults.rms == pytest.approx(0.1, abs=1e-4)
    assert faults.peak == pytest.approx(0.51, abs=1e-3)


def test_eight_bit_steps_are_no_cut_peaks(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.wav", 0.1 * sine(60.0), subtype="PCM_U8")
    assert find_sample_faults(path).n_clipped_runs == 0


def test_nothing_is_clipped_unless_it_is_found() -> None:
    faults = SampleFaults(peak=1.0, offset=0.0, rms=0.1)
    assert (faults.n_clipped_runs, faults.clipped_spans) == (0, [])
