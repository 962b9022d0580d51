"""The sliders are heard: real voices, played by the bundled violin."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from signals import snr_db

from ddsp import spectral_ops
from ddsp.training import audio_io
from ddsp.training.inference import TimbreTransfer, TransferResult
from ddsp.training.postprocessing import tuning

VOICES = ("sms_singing-female.flac", "vocadito_1.flac", "vocadito_10.flac")
SECS = 5


@pytest.fixture(scope="module")
def violin() -> TimbreTransfer:
    return TimbreTransfer.from_folder("violin")


@pytest.fixture(params=VOICES)
def voice(
    request: pytest.FixtureRequest, shared_data: Callable[..., Path]
) -> np.ndarray:
    return audio_io.load_audio(shared_data("voice", request.param))[: SECS * 16000]


def loudness_of_notes(result: TransferResult) -> float:
    loudness_db = spectral_ops.compute_loudness(result.audio, 16000, 250, use_tf=False)
    return float(np.median(loudness_db[: result.is_note.size][result.is_note]))


def steady_stretches(result: TransferResult) -> Iterator[slice]:
    """Samples in which one note is played for a fifth of a second at least."""
    steps = np.flatnonzero(np.diff(result.played_f0_hz)) + 1
    borders = [0, *steps.tolist(), result.played_f0_hz.size]
    for start, stop in itertools.pairwise(borders):
        if stop - start > 54 and result.is_note[start:stop].all():
            # Away from the neighbours, whose pitch glides there.
            yield slice((start + 2) * 64, (stop - 2) * 64)


def pitch_near(audio: np.ndarray, f0_hz: float) -> float:
    """Pitch from the places of the strongest harmonics, in Hz."""
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(audio.size), size))
    found, weights = [], []
    for k in range(1, 7):
        low, high = (round(k * f0_hz * x * size / 16000) for x in (0.985, 1.015))
        band = spectrum[low : high + 1]
        found.append((low + band.argmax()) * 16000 / size / k)
        weights.append(band.max() * k)
    return found[int(np.argmax(weights))]


def test_louder_is_louder(violin: TimbreTransfer, voice: np.ndarray) -> None:
    soft, plain, loud = (
        loudness_of_notes(violin.transfer(voice, 16000, loudness_shift=shift))
        for shift in (-12.0, 0.0, 12.0)
    )
    assert loud > plain + 3.0
    # The instrument is turned down, and plays darker besides.
    assert soft < plain - 9.0


def test_an_octave_is_1200_cents(violin: TimbreTransfer, voice: np.ndarray) -> None:
    curves = [
        spectral_ops.compute_f0(
            violin.transfer(voice, 16000, pitch_shift=shift, reverb=0.0).audio, 250
        )
        for shift in (-1.0, 0.0)
    ]
    sure = np.minimum(*(confidence for _, confidence in curves)) > 0.8
    assert sure.mean() > 0.15
    cents = 1200 * np.log2(curves[1][0][sure] / curves[0][0][sure])
    assert np.median(cents) == pytest.approx(1200.0, abs=10.0)


def test_autotune_lands_on_the_scale(violin: TimbreTransfer, voice: np.ndarray) -> None:
    result = violin.transfer(voice, 16000, autotune=1.0, reverb=0.0)
    stretches = list(steady_stretches(result))
    assert stretches
    notes = tuning.parse_key(str(result.key))
    assert notes is not None and len(notes) == 7
    for part in stretches:
        wanted_hz = float(result.played_f0_hz[part.start // 64 + 1])
        midi = 69 + 12 * np.log2(pitch_near(result.audio[part], wanted_hz) / 440)
        assert round(midi) % 12 in notes
        assert abs(100 * (midi - round(midi))) < 5.0


def test_pieces_of_a_voice_are_the_whole(
    violin: TimbreTransfer, shared_data: Callable[..., Path]
) -> None:
    voice = audio_io.load_audio(shared_data("voice", "vocadito_1.flac"))[: 12 * 16000]
    results = []
    for secs in (np.inf, 4.0):
        violin.segment_secs = secs
        results.append(violin.transfer(voice, 16000).audio)
    violin.segment_secs = 30.0
    assert snr_db(*results) > 60


def test_a_band_is_not_taken_for_a_voice(
    violin: TimbreTransfer, shared_data: Callable[..., Path]
) -> None:
    voice = audio_io.load_audio(shared_data("voice", "vocadito_10.flac"))[: 6 * 16000]
    crowd = np.random.default_rng(1).standard_normal(voice.size).astype(np.float32)
    result = violin.transfer(0.02 * voice + 0.2 * crowd, 16000)
    assert any("is this polyphonic?" in warning for warning in result.warnings)
