"""Each fault is found, and nothing else; a clean scale has none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from records import write_recording
from training.data_inspection import scales

from ddsp.training.data_inspection import Inspection, findings, inspect_recordings
from ddsp.training.data_preparation import settings
from ddsp.training.errors import InputError

# The scale sounds for 5.6 s.
ENOUGH_SECS = 5.0


def inspect(
    folder: Path, *recordings: np.ndarray, wanted_secs: float = ENOUGH_SECS
) -> Inspection:
    for number, audio in enumerate(recordings):
        write_recording(folder / f"{number}.wav", audio)
    return inspect_recordings([folder], wanted_secs)


def kinds(inspection: Inspection) -> list[str]:
    return [finding.kind for finding in inspection.findings]


def test_clean_scale_has_no_fault(tmp_path: Path) -> None:
    inspection = inspect(tmp_path, scales.play())
    assert kinds(inspection) == []
    assert inspection.will_train
    assert inspection.seconds == pytest.approx(11.0, abs=0.01)
    assert inspection.sounding_secs == pytest.approx(5.6, abs=0.4)
    assert inspection.voiced_secs == pytest.approx(5.4, abs=0.4)


def test_notes_of_the_scale_are_counted(tmp_path: Path) -> None:
    counts = inspect(tmp_path, scales.play()).note_counts
    notes = [60 + step for step in scales.MAJOR]
    assert counts[notes].sum() > 0.95 * counts.sum()
    assert counts[notes].min() > 0.8 * 0.7 * 50


def test_twice_as_loud_moves_the_loudness_by_two_steps(tmp_path: Path) -> None:
    soft = inspect(tmp_path / "soft", 0.5 * scales.play()).loudness_counts
    loud = inspect(tmp_path / "loud", scales.play()).loudness_counts
    assert soft.sum() == pytest.approx(5.6 * 50, abs=20)
    # 6.02 dB are two steps and a hundredth.
    assert np.abs(loud[2:] - soft[:-2]).sum() < 0.1 * soft.sum()


def test_chords_are_polyphonic_and_prevent_training(tmp_path: Path) -> None:
    inspection = inspect(tmp_path, scales.play(scales.CHORD), wanted_secs=0.1)
    assert kinds(inspection) == ["polyphonic"]
    (place,) = inspection.findings[0].places
    assert len(place.spans) == 8
    begin, end = place.spans[0]
    assert begin == pytest.approx(0.6, abs=0.25)
    assert end == pytest.approx(1.3, abs=0.25)
    assert not inspection.will_train


def test_half_of_chords_is_polyphonic_but_trains(tmp_path: Path) -> None:
    half = np.concatenate([scales.play(scales.CHORD), scales.play(n_scales=2)])
    inspection = inspect(tmp_path, half)
    assert kinds(inspection) == ["polyphonic"]
    assert inspection.will_train
    (place,) = inspection.findings[0].places
    assert all(end < 11.3 for _, end in place.spans)


@pytest.mark.parametrize("ceiling", [0.22, 0.999])
def test_cut_peaks_are_clipped_below_full_scale_too(
    tmp_path: Path, ceiling: float
) -> None:
    audio = np.clip(scales.play() * ceiling / 0.22, -ceiling, ceiling)
    inspection = inspect(tmp_path, audio)
    assert kinds(inspection) == ["clipped"]
    (place,) = inspection.findings[0].places
    assert f"at {ceiling:.2f} of full scale" in place.note
    assert place.spans[0][0] == pytest.approx(0.6, abs=0.1)


def test_clipping_everywhere_prevents_training(tmp_path: Path) -> None:
    audio = np.clip(30.0 * scales.play(), -0.9, 0.9)
    inspection = inspect(tmp_path, audio)
    assert inspection.findings[0].kind == "clipped"
    assert inspection.findings[0].prevents_training


@pytest.mark.parametrize("offset", [0.02, -0.02])
def test_offset_is_found(tmp_path: Path, offset: float) -> None:
    inspection = inspect(tmp_path, scales.play() + offset)
    assert kinds(inspection) == ["offset"]
    (place,) = inspection.findings[0].places
    assert place.note == f"{100 * offset:+.1f} % of full scale"


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_mains_hum_is_found(tmp_path: Path, mains_hz: int) -> None:
    audio = scales.play()
    inspection = inspect(tmp_path, audio + scales.hum(audio.size, mains_hz, 2e-3))
    assert kinds(inspection) == ["hum"]
    assert f"{mains_hz} Hz" in inspection.findings[0].places[0].note


@pytest.mark.parametrize(("mains_hz", "n_lines"), [(50.0, 4), (59.95, 3), (50.0, 8)])
def test_strong_hum_is_hum_and_neither_a_chord_nor_a_pitch(
    tmp_path: Path, mains_hz: float, n_lines: int
) -> None:
    audio = scales.phrases()
    numbers = np.arange(1, n_lines + 1)[:, np.newaxis]
    time = np.arange(audio.size) / scales.RATE
    lines = 0.02 * np.sin(2 * np.pi * mains_hz * numbers * time + numbers)
    inspection = inspect(tmp_path, audio + lines.sum(axis=0))
    assert kinds(inspection) == ["hum"]
    (place,) = inspection.findings[0].places
    assert place.note.startswith(f"{round(mains_hz)} Hz, ")
    (figures,) = inspection.recordings
    # Twenty notes of 0.8 s sound; five pauses of 1.2 s do not.
    assert figures.sounding_secs == pytest.approx(16.0, abs=0.8)
    assert figures.voiced_secs == pytest.approx(15.7, abs=0.7)
    assert figures.note_counts[:60].sum() < 5
    assert figures.background is not None
    assert figures.background.hum_db == pytest.approx(
        10 * np.log10(n_lines * 0.02**2 / 2), abs=0.5
    )
    assert figures.background.noise_db == pytest.approx(-70.0, abs=1.0)


@pytest.mark.parametrize("f0_hz", [49.0, 50.0], ids=["G1", "a string tuned to 50 Hz"])
def test_plucked_bass_is_no_hum(tmp_path: Path, f0_hz: float) -> None:
    steps = [(0, 4.0), (0, 3.0), (2, 2.0), (0, 4.0), (4, 1.0), (0, 5.0)]
    notes = [scales.plucked(f0_hz * 2.0 ** (n / 12), secs) for n, secs in steps]
    audio = np.concatenate(notes)
    found = inspect(tmp_path, audio + scales.noise(audio.size, -65.0))
    assert "hum" not in kinds(found)
    assert found.note_counts[28:36].sum() > 0.9 * found.note_counts.sum() > 0


def test_noise_in_the_pauses_is_found(tmp_path: Path) -> None:
    inspection = inspect(tmp_path, scales.play(noise_db=-42.0))
    assert kinds(inspection) == ["noisy"]


def test_little_sound_is_found_and_very_little_prevents_training(
    tmp_path: Path,
) -> None:
    audio = scales.play()
    little = inspect(tmp_path, audio, wanted_secs=60.0)
    assert kinds(little) == ["little"] and little.will_train
    too_little = inspect(tmp_path, audio, wanted_secs=600.0)
    assert kinds(too_little) == ["little"] and not too_little.will_train


def test_mostly_silent_is_found(tmp_path: Path) -> None:
    audio = np.concatenate([scales.play(), np.zeros(8 * scales.RATE)])
    inspection = inspect(tmp_path, audio)
    assert kinds(inspection) == ["silent"]
    assert "71% is silent" in inspection.findings[0].places[0].note


def test_noise_without_pitch_is_unpitched(tmp_path: Path) -> None:
    loud = scales.noise(8 * scales.RATE, -20.0)
    inspection = inspect(tmp_path, np.concatenate([scales.play(), loud]))
    assert "unpitched" in kinds(inspection)


def test_silence_alone_prevents_training(tmp_path: Path) -> None:
    inspection = inspect(tmp_path, np.zeros(3 * scales.RATE))
    assert kinds(inspection) == ["silent"]
    assert not inspection.will_train
    (finding,) = inspection.findings
    assert finding.prevents_training and "100% is silent" in finding.places[0].note
    assert finding.what == "There is nothing but silence."


def test_a_silent_file_among_others_prevents_nothing(tmp_path: Path) -> None:
    inspection = inspect(tmp_path, np.zeros(3 * scales.RATE), scales.play())
    assert kinds(inspection) == ["silent"]
    assert inspection.will_train


def test_recordings_that_are_too_short_to_be_used_are_named(tmp_path: Path) -> None:
    assert findings.SHORTEST_SECS == settings.SHORTEST_PADDED_SECS
    notes = [scales.tone(60, secs) for secs in (0.99, 1.01)]
    inspection = inspect(tmp_path, *notes, wanted_secs=0.5)
    assert kinds(inspection) == ["short"]
    (place,) = inspection.findings[0].places
    assert (place.name, place.note) == ("0.wav", "0.99 s")
    assert inspection.will_train
    inspection = inspect(tmp_path / "all", notes[0], wanted_secs=0.5)
    assert kinds(inspection) == ["short"]
    assert not inspection.will_train


def test_hall_is_reverberant(tmp_path: Path) -> None:
    audio = scales.in_room(scales.play(n_scales=2), 1.8)
    inspection = inspect(tmp_path, audio)
    assert kinds(inspection) == ["reverberant"]


def test_two_rooms_are_told_apart(tmp_path: Path) -> None:
    dry = scales.play()
    wet = scales.in_room(dry, 0.6)
    inspection = inspect(tmp_path, dry, wet)
    assert kinds(inspection) == ["several_rooms"]
    assert [p.name for p in inspection.findings[0].places] == ["0.wav", "1.wav"]


def test_one_room_is_one_room(tmp_path: Path) -> None:
    first = scales.in_room(scales.play(), 0.5)
    second = scales.in_room(scales.play()[::-1], 0.5)
    assert kinds(inspect(tmp_path, first, second)) == []


def test_levels_that_jump_are_found(tmp_path: Path) -> None:
    audio = scales.play(note_secs=1.2)
    inspection = inspect(tmp_path, audio, 10 ** (-18 / 20) * audio)
    assert kinds(inspection) == ["levels"]
    assert "differ in level by 18 dB" in inspection.findings[0].what
    assert [p.name for p in inspection.findings[0].places] == ["1.wav", "0.wav"]


def test_damaged_file_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF nothing")
    inspection = inspect(tmp_path, scales.play())
    assert kinds(inspection) == ["unusable"]
    (place,) = inspection.findings[0].places
    assert place.name == "broken.wav" and "no audio" in place.note
    assert "the others are used" in inspection.findings[0].advice
    assert inspection.will_train and len(inspection.recordings) == 1


def test_damaged_files_alone_prevent_training(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    inspection = inspect(tmp_path)
    assert kinds(inspection) == ["unusable"]
    assert not inspection.will_train
    assert "others" not in inspection.findings[0].advice
    assert inspection.note_counts.sum() == 0


def test_missing_recordings_are_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="exist"):
        inspect_recordings([tmp_path / "nowhere.wav"])


def test_progress_says_what_is_listened_to(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", scales.tone(60, 1.0))
    write_recording(tmp_path / "b.wav", scales.tone(62, 1.0))
    said: list[str] = []
    inspect_recordings([tmp_path], progress=said.append)
    assert said[0] == "1 of 2: a.wav: reading"
    assert "2 of 2: b.wav: listened to 0 of 1 s" in said


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("violin_train", "garner_bwv1002_mov7.flac"), True),
        (("violin_train", "garner_bwv1002_mov6.flac"), False),
        (("voice", "vocadito_10.flac"), False),
        (("flute", "train", "ixox_nor_f_2_1_midi072.flac"), False),
        (("trumpet", "train", "vsco_trumpet_F4.flac"), False),
        (("tenor_sax", "train", "mtg_ten_f_10_midi053.flac"), False),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else None,
)
def test_real_double_stops_are_found_and_single_lines_are_not(
    tmp_path: Path,
    shared_data: Callable[..., Path],
    parts: tuple[str, ...],
    expected: bool,
) -> None:
    import soundfile

    audio, rate = soundfile.read(shared_data(*parts), frames=44100 * 15)
    write_recording(tmp_path / "a.wav", audio, rate)
    inspection = inspect_recordings([tmp_path])
    assert ("polyphonic" in kinds(inspection)) == expected
    assert "clipped" not in kinds(inspection)


def test_file_of_one_sample_is_little_but_no_error(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", np.full(1, 0.001), 44100)
    inspection = inspect_recordings([tmp_path])
    assert kinds(inspection) == ["short", "little"]
    assert inspection.seconds == 0.0


def test_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("monday", "tuesday"):
        write_recording(tmp_path / folder / "a.wav", scales.tone(60, 0.5))
    inspection = inspect_recordings([tmp_path])
    names = [figures.name for figures in inspection.recordings]
    assert names == ["monday/a.wav", "tuesday/a.wav"]
