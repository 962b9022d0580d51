"""The picture shows what was measured."""

import numpy as np
import pytest

from ddsp.training.data_inspection import (
    Finding,
    Inspection,
    RecordingFigures,
    levels,
    plot_inspection,
)
from ddsp.training.data_inspection.clipping import SampleFaults


def recording(name: str, seconds: float) -> RecordingFigures:
    figures = RecordingFigures(
        name, seconds, 44100, SampleFaults(peak=0.5, offset=0.0, rms=0.1)
    )
    figures.voiced_secs = seconds / 2
    figures.note_counts[60] = 100
    figures.note_counts[62] = 50
    figures.loudness_counts[20] = 150
    figures.several_spans = [(1.0, 3.0)]
    figures.samples.clipped_spans = [(0.5, 0.5001)]
    return figures


def axes_of(inspection: Inspection) -> dict:
    figure = plot_inspection(inspection)
    return {axis.get_title(loc="left"): axis for axis in figure.get_axes()}


def test_bars_are_seconds() -> None:
    axes = axes_of(Inspection([recording("a.wav", 30.0), recording("b.wav", 10.0)], []))
    notes = axes["Pitch"].patches
    assert [bar.get_height() for bar in notes] == [4.0, 0.0, 2.0]
    assert notes[0].get_x() + notes[0].get_width() / 2 == pytest.approx(60.0)
    labels = [label.get_text() for label in axes["Pitch"].get_xticklabels()]
    assert labels == ["C4", "C♯4", "D4"]
    (loudness,) = axes["Loudness"].patches
    assert loudness.get_height() == 6.0
    assert loudness.get_x() == pytest.approx(-20.0)


def test_faults_are_marked_on_the_longest_recording_first() -> None:
    names = [f"{'x' * 40}{number:02d}.wav" for number in range(30)]
    recordings = [recording(name, 10.0 + n) for n, name in enumerate(names)]
    axes = axes_of(Inspection(recordings, []))
    axis = axes["Recordings (the longest of 30)"]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert len(labels) == 24
    assert labels[0].startswith("…x") and labels[0].endswith("29.wav")
    assert {len(label) for label in labels} == {34}
    whole, several, clipped = (
        collection.get_paths()[0].get_extents() for collection in axis.collections[:3]
    )
    assert (whole.x0, whole.x1) == (0.0, 39.0)
    assert (several.x0, several.x1) == (1.0, 3.0)
    # Too short to be seen otherwise.
    assert clipped.x1 - clipped.x0 == pytest.approx(39.0 / 400)


def test_legend_names_only_what_occurs_and_silence_is_marked() -> None:
    figures = recording("a.wav", 30.0)
    figures.samples.clipped_spans = []
    figures.several_spans = []
    (axis,) = (axes_of(Inspection([figures], []))[name] for name in ("Recordings",))
    assert axis.get_legend() is None and len(axis.collections) == 1
    figures.silent_spans = [(4.0, 6.5)]
    axis = axes_of(Inspection([figures], []))["Recordings"]
    named = [text.get_text() for text in axis.get_legend().get_texts()]
    assert named == ["silence"]
    (_, silence) = (
        collection.get_paths()[0].get_extents() for collection in axis.collections
    )
    assert (silence.x0, silence.x1) == (4.0, 6.5)


def test_silence_is_what_lasts_half_a_second() -> None:
    sounds = np.ones(500, bool)
    sounds[:30] = sounds[100:120] = sounds[200:300] = sounds[490:] = False
    assert levels.silent_spans(sounds) == [(0.0, 0.6), (4.0, 6.0)]
    assert levels.silent_spans(np.zeros(100, bool)) == [(0.0, 2.0)]


def test_title_says_what_was_found_in_the_words_of_the_command() -> None:
    findings = [
        Finding("several_rooms", "The recordings seem to come from two rooms.", ""),
        Finding("hum", "The mains hum.", ""),
    ]
    figure = plot_inspection(Inspection([recording("a.wav", 30.0)], findings))
    assert figure.get_suptitle().splitlines() == [
        "15.0 s with a clear pitch of 30.0 s",
        "The recordings seem to come from two rooms.",
        "The mains hum.",
    ]
    figure = plot_inspection(Inspection([], []))
    assert figure.get_suptitle().endswith("Nothing wrong was found.")
    assert np.isfinite(figure.get_size_inches()).all()
