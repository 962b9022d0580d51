"""Limits of the findings, their places and their order."""

import numpy as np
import pytest

from ddsp.training.data_inspection import RecordingFigures
from ddsp.training.data_inspection.background import Background
from ddsp.training.data_inspection.clipping import SampleFaults
from ddsp.training.data_inspection.comparison import decay_secs, faults_together
from ddsp.training.data_inspection.findings import Finding, faults_of_recordings


def figures(name: str = "a.wav", **changes: object) -> RecordingFigures:
    """A recording of a hundred seconds without a fault."""
    faultless = RecordingFigures(
        name,
        seconds=100.0,
        sample_rate=44100,
        samples=SampleFaults(peak=0.5, offset=0.0, rms=0.1),
        sounding_secs=80.0,
        voiced_secs=75.0,
        loud_db=-20.0,
        background=Background(-70.0, None, -120.0),
        n_note_ends=6,
    )
    for key, value in changes.items():
        setattr(faultless, key, value)
    return faultless


def found(*recordings: RecordingFigures, wanted_secs: float = 10.0) -> list[Finding]:
    together = faults_together(recordings)
    return faults_of_recordings(recordings, wanted_secs) + together


def kinds(*recordings: RecordingFigures) -> list[str]:
    return [finding.kind for finding in found(*recordings)]


def test_faultless_recordings_have_no_fault() -> None:
    assert kinds(figures(), figures("b.wav")) == []
    assert kinds() == []


def samples(**changes: float) -> SampleFaults:
    return SampleFaults(**{"peak": 0.5, "offset": 0.0, "rms": 0.1, **changes})


LIMITS = {
    "silent": ({"sounding_secs": 39.0, "voiced_secs": 39.0}, {"sounding_secs": 41.0}),
    "unpitched": ({"voiced_secs": 39.0}, {"voiced_secs": 41.0}),
    "polyphonic": ({"several_secs": 25.0}, {"several_secs": 23.0}),
    "clipped": (
        {"samples": samples(n_clipped_runs=5)},
        {"samples": samples(n_clipped_runs=4)},
    ),
    "offset": (
        {"samples": samples(offset=-0.011, rms=0.5)},
        {"samples": samples(offset=-0.009, rms=0.5)},
    ),
    "hum": (
        {"background": Background(-90.0, 60, -74.0)},
        {"background": Background(-90.0, 60, -76.0)},
    ),
    "noisy": (
        {"background": Background(-54.0, None, -120.0)},
        {"background": Background(-56.0, None, -120.0)},
    ),
    "reverberant": (
        {"decays_secs": np.full(20, 0.91)},
        {"decays_secs": np.full(20, 0.89)},
    ),
}


@pytest.mark.parametrize("kind", LIMITS)
def test_fault_begins_at_its_limit(kind: str) -> None:
    beyond, within = LIMITS[kind]
    assert kinds(figures(**beyond)) == [kind]
    assert kinds(figures(**within)) == []


@pytest.mark.parametrize("kind", LIMITS)
def test_only_the_recording_with_the_fault_is_named(kind: str) -> None:
    beyond, _ = LIMITS[kind]
    # Nine others hide it from everything that is judged together.
    others = [figures(f"{number}.wav") for number in range(9)]
    (finding,) = found(*others, figures("bad.wav", **beyond))
    assert [place.name for place in finding.places] == ["bad.wav"]
    assert finding.advice.endswith(".") and finding.what
    assert not finding.prevents_training


def test_quiet_signal_has_a_lower_limit_of_offset() -> None:
    assert kinds(figures(samples=samples(offset=0.0021, rms=0.02))) == ["offset"]
    assert kinds(figures(samples=samples(offset=0.0019, rms=0.02))) == []
    assert kinds(figures(samples=samples(offset=0.0021, rms=0.022))) == []


def test_chords_count_for_no_missing_pitch() -> None:
    chords = figures(several_secs=60.0, voiced_secs=11.0)
    assert kinds(chords) == ["polyphonic"]
    findings = found(figures(several_secs=60.0, voiced_secs=9.0), wanted_secs=1.0)
    assert [finding.kind for finding in findings] == ["polyphonic", "unpitched"]


def test_most_of_everything_prevents_training() -> None:
    half = {"several_secs": 41.0}
    (finding,) = found(figures(**half))
    assert finding.prevents_training
    (finding,) = found(figures(**half), figures("b.wav"))
    assert not finding.prevents_training
    clipped = samples(n_clipped_runs=9)
    clipped.clipped_spans = [(0.0, 20.0), (50.0, 71.0)]
    (finding,) = found(figures(samples=clipped))
    assert finding.prevents_training
    clipped.clipped_spans = [(0.0, 20.0), (50.0, 69.0)]
    (finding,) = found(figures(samples=clipped))
    assert not finding.prevents_training


def test_little_is_a_matter_of_what_is_wanted() -> None:
    assert found(figures(), wanted_secs=74.0) == []
    (finding,) = found(figures(), wanted_secs=76.0)
    assert finding.kind == "little" and not finding.prevents_training
    assert found(figures(), wanted_secs=1499.0)[0].prevents_training is False
    assert found(figures(), wanted_secs=1501.0)[0].prevents_training is True
    assert found(figures(), figures("b.wav"), wanted_secs=149.0) == []


def test_what_prevents_training_comes_first() -> None:
    findings = found(figures(several_secs=70.0, voiced_secs=50.0), wanted_secs=60.0)
    assert [finding.kind for finding in findings] == ["polyphonic", "little"]


def test_decay_of_few_is_not_known() -> None:
    assert decay_secs([figures(decays_secs=np.full(19, 2.0))]) is None
    assert decay_secs([]) is None
    assert decay_secs([figures(decays_secs=np.full(20, 2.0))]) == 2.0
    one_note = figures(decays_secs=np.full(20, 2.0), n_note_ends=5)
    assert decay_secs([one_note]) is None
    assert decay_secs([one_note, figures(n_note_ends=1)]) == 2.0
    many = figures(decays_secs=np.array([0.1] * 11 + [2.0] * 9))
    assert decay_secs([many]) == pytest.approx(0.1)


def test_time_of_all_is_said_only_if_it_is_long() -> None:
    hall = figures("hall.wav", decays_secs=np.full(20, 1.2))
    dry = [figures(f"{n}.wav", decays_secs=np.full(20, 1.0 - 0.12)) for n in "ab"]
    (finding,) = found(hall, *dry)
    assert finding.what.endswith("bare room.")
    assert [(p.name, p.note) for p in finding.places] == [
        ("hall.wav", "60 dB in 1.2 s")
    ]


def test_single_notes_tell_their_room_together() -> None:
    notes = [figures(f"{n}.wav", decays_secs=np.full(5, 1.2)) for n in range(4)]
    (finding,) = found(*notes)
    assert finding.kind == "reverberant" and finding.places == []
    assert finding.what.endswith("room: by 60 dB in 1.2 s.")
    assert kinds(*notes[:3]) == []


@pytest.mark.parametrize(
    ("shorter", "longer", "expected"),
    [
        (0.2, 0.44, []),
        (0.2, 0.46, ["several_rooms"]),
        (0.5, 0.84, []),
        (0.5, 0.86, ["several_rooms"]),
    ],
)
def test_rooms_differ_by_ratio_and_by_time(
    shorter: float, longer: float, expected: list[str]
) -> None:
    rooms = [
        figures(name, decays_secs=np.full(30, secs))
        for name, secs in (("b.wav", longer), ("a.wav", shorter))
    ]
    assert kinds(*rooms) == expected
    if expected:
        assert [p.name for p in found(*rooms)[0].places] == ["a.wav", "b.wav"]


def test_levels_are_compared_of_long_files_only() -> None:
    loud = figures(loud_db=-10.0)
    assert kinds(loud, figures("b.wav", loud_db=-21.9)) == []
    assert kinds(loud, figures("b.wav", loud_db=-22.1)) == ["levels"]
    note = figures("b.wav", loud_db=-40.0, sounding_secs=7.9, seconds=8.0)
    note.background = None
    assert kinds(loud, note) == []
    note.sounding_secs = 8.0
    assert kinds(loud, note) == ["levels"]
