"""Pictures of notes have them where they sound."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_values
from matplotlib.figure import Figure

from ddsp.training import summaries
from ddsp.training.note_sequence import Note, NoteSequence
from ddsp.training.summaries import midi

STEP, RATE = 12, 250
GREEN, BLUE, CYAN = (np.array(color) for color in (midi.GREEN, midi.BLUE, midi.CYAN))


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """Keeps figures by tag instead of writing them."""
    kept: dict[str, Figure] = {}

    def keep(tag: str, fig: Figure, step: int) -> None:
        assert tag not in kept and step == STEP
        kept[tag] = fig

    monkeypatch.setattr(midi, "fig_summary", keep)
    return kept


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[[], dict[str, Any]]]:
    """Takes what is written."""
    writer = tf.summary.create_file_writer(str(tmp_path))

    def read() -> dict[str, Any]:
        writer.flush()
        return {tag: found[0][1] for tag, found in read_values(tmp_path).items()}

    with writer.as_default():
        yield read


def roll_of(*notes: tuple[int, int, int], n_frames: int = 500) -> np.ndarray:
    roll = np.zeros([n_frames, 128])
    for pitch, start, stop in notes:
        roll[start:stop, pitch] = 90
    return roll


def test_notes_are_bars_under_the_pitch_that_they_were_found_in(
    figures: dict[str, Figure],
) -> None:
    sequences = [
        NoteSequence([Note(69, 0.2, 0.5), Note(72, 1.0, 1.5)], 2.0),
        NoteSequence([], 2.0),
    ]
    f0_hz = np.full([2, 500, 1], 440.0)
    f0_hz[:, 100:200] = 0.0
    controls = {"f0_hz": tf.constant(f0_hz), "notes": sequences}
    summaries.midi_summary(controls, STEP, "mine", RATE, "notes")
    assert list(figures) == ["midi/mine_1", "midi/mine_2"]
    _, axis = figures["midi/mine_1"].axes
    (bars,) = axis.containers
    boxes = [
        (bar.get_x(), bar.get_x() + bar.get_width(), bar.get_y() + 0.45) for bar in bars
    ]
    np.testing.assert_allclose(boxes, [(0.2, 0.5, 69.0), (1.0, 1.5, 72.0)])
    curve = next(line for line in axis.get_lines() if line.get_label() == "pitch")
    times, pitches = curve.get_data()
    np.testing.assert_allclose(times, np.arange(500) / RATE)
    assert np.isnan(pitches[100:200]).all()
    np.testing.assert_allclose(pitches[:100], 69.0, atol=1e-4)
    assert axis.get_xlim() == (0.0, 2.0)
    low, high = axis.get_ylim()
    assert 60 < low < 66 and 75 < high < 80


def test_rolls_serve_as_notes(figures: dict[str, Figure]) -> None:
    controls = {"roll": roll_of((60, 25, 50))[np.newaxis]}
    summaries.midi_summary(controls, STEP, "mine", RATE, "roll")
    _, axis = figures["midi/mine_1"].axes
    ((bar,),) = axis.containers
    assert (bar.get_x(), bar.get_width()) == (0.1, 0.1)


def picture(figure: Figure) -> tuple[np.ndarray, Any]:
    (image,) = figure.axes[1].get_images()
    return np.asarray(image.get_array()), image


def test_green_is_true_blue_predicted_and_cyan_both(figures: dict[str, Figure]) -> None:
    batch = {
        "note_active_velocities": roll_of((60, 50, 150))[np.newaxis],
        "found": roll_of((60, 100, 200), (67, 400, 500))[np.newaxis],
    }
    summaries.pianoroll_summary(batch, STEP, "mine", RATE, "found")
    colors, image = picture(figures["pianoroll/mine_1"])
    for frames, pitch, color in (
        (slice(50, 100), 60, GREEN),
        (slice(100, 150), 60, CYAN),
        (slice(150, 200), 60, BLUE),
        (slice(400, 500), 67, BLUE),
    ):
        np.testing.assert_allclose(
            colors[pitch, frames],
            np.broadcast_to([*color, 1.0], [*np.shape(colors[pitch, frames])]),
        )
    assert np.sum(colors[..., 3]) == 50 + 50 + 50 + 100
    assert list(image.get_extent()) == [0.0, 2.0, -0.5, 127.5]
    legend = figures["pianoroll/mine_1"].axes[1].get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["true", "predicted", "both"]


def test_quiet_notes_and_voices_can_be_left_out(figures: dict[str, Figure]) -> None:
    voices = np.stack([roll_of((40, 0, 9)), roll_of((60, 0, 9))], axis=-1)
    batch = {"truth": voices[np.newaxis], "found": 0.5 * voices[np.newaxis, ..., 1]}
    arguments = {"pred_key": "found", "gt_key": "truth", "ch": 1, "tb_name": "rolls"}
    summaries.pianoroll_summary(batch, STEP, "a", RATE, **arguments)
    summaries.pianoroll_summary(batch, STEP, "b", RATE, **arguments, threshold=50.0)
    assert list(figures) == ["rolls/a_1", "rolls/b_1"]
    for tag, color in (("rolls/a_1", CYAN), ("rolls/b_1", GREEN)):
        colors, _ = picture(figures[tag])
        np.testing.assert_allclose(colors[60, 0, :3], color)
        assert np.sum(colors[..., 3]) == 9


def test_a_sequence_is_drawn_over_a_roll(figures: dict[str, Figure]) -> None:
    batch = {
        "truth": roll_of((60, 0, 50))[np.newaxis],
        "found": [NoteSequence([Note(60, 0.1, 0.3)], 0.5)],
    }
    summaries.pianoroll_summary(batch, STEP, "a", RATE, "found", gt_key="truth")
    colors, _ = picture(figures["pianoroll/a_1"])
    assert colors.shape[:2] == (128, 500)
    np.testing.assert_allclose(colors[60, [10, 40, 60], :3], [GREEN, CYAN, BLUE])


def test_pictures_in_event_files_show_the_notes(
    written: Callable[[], dict[str, Any]],
) -> None:
    batch = {
        "truth": roll_of((60, 0, 250))[np.newaxis],
        "found": roll_of((60, 250, 500))[np.newaxis],
    }
    summaries.pianoroll_summary(batch, STEP, "a", RATE, "found", gt_key="truth")
    image = written()["pianoroll/a_1"].image
    png = tf.io.decode_png(image.encoded_image_string).numpy()[..., :3] / 255.0
    assert png.shape[:2] == (image.height, image.width) == (450, 800)
    is_green, is_blue = (
        np.all(np.abs(png - color) < 0.02, axis=-1) for color in (GREEN, BLUE)
    )
    note = np.arange(800)[None, :] * np.ones([450, 1])
    # The one key has 450 of 13 rows or so; the legend's patches are small.
    assert is_green.sum() > 5000 and is_blue.sum() > 5000
    assert np.median(note[is_green]) < np.median(note[is_blue])


def test_range_is_that_of_the_notes_without_strays() -> None:
    midi_numbers = np.concatenate([np.full(1000, 60.0), np.full(1000, 72.0), [0, 126]])
    low, high = midi.pitch_range(midi_numbers)
    assert (low, high) == (54.0, 78.0)
    assert midi.pitch_range(midi_numbers, [50, 70]) == (44.0, 78.0)
    assert midi.pitch_range(np.array([np.nan, 0.0])) == (48.0, 72.0)
