"""What a summary shows is what it was given, under the original's tags."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_values
from matplotlib.figure import Figure
from signals import sine

from ddsp.training import plotting, summaries
from ddsp.training.summaries import audio as audio_summaries

AUDIO = np.stack([0.5 * sine(440, 4000), 0.25 * sine(880, 4000)])
STEP = 12


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[[], dict[str, Any]]]:
    """Takes what is written; each tag must have been written once."""
    writer = tf.summary.create_file_writer(str(tmp_path))

    def read() -> dict[str, Any]:
        writer.flush()
        values = read_values(tmp_path)
        assert all([step for step, _ in found] == [STEP] for found in values.values())
        return {tag: found[0][1] for tag, found in values.items()}

    with writer.as_default():
        yield read


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """Keeps figures by tag instead of writing them."""
    kept: dict[str, Figure] = {}

    def keep(tag: str, fig: Figure, step: int) -> None:
        assert tag not in kept and step == STEP
        kept[tag] = fig

    monkeypatch.setattr(audio_summaries, "fig_summary", keep)
    return kept


def test_figure_is_written_as_a_picture_of_its_size(
    written: Callable[[], dict[str, Any]],
) -> None:
    figure = Figure(figsize=(1.2, 0.8), dpi=50, facecolor=(1.0, 0.0, 0.0))
    summaries.fig_summary("mine", figure, STEP)
    image = written()["mine"].image
    assert (image.width, image.height) == (60, 40)
    pixels = tf.io.decode_png(image.encoded_image_string).numpy()
    assert pixels.shape == (40, 60, 4)
    assert (pixels == [255, 0, 0, 255]).all()


def test_sounds_are_heard_at_their_rate(
    written: Callable[[], dict[str, Any]],
) -> None:
    summaries.audio_summary(AUDIO[..., np.newaxis], STEP, sample_rate=8000, name="mine")
    summaries.audio_summary(AUDIO[0], STEP)
    values = written()
    assert sorted(values) == ["audio", "mine"]
    for tag, rate, sounds in (("mine", 8000, AUDIO), ("audio", 16000, AUDIO[:1])):
        pairs = tf.make_ndarray(values[tag].tensor)
        assert len(pairs) == len(sounds)
        for (wav, _), sound in zip(pairs, sounds, strict=True):
            decoded, got_rate = tf.audio.decode_wav(wav)
            assert int(got_rate) == rate
            np.testing.assert_allclose(decoded[:, 0], sound, atol=1e-4)


def test_tags_are_those_of_the_original(
    written: Callable[[], dict[str, Any]],
) -> None:
    summaries.waveform_summary(AUDIO, AUDIO, STEP)
    summaries.waveform_summary(AUDIO[:1], AUDIO[:1], STEP, name="midi")
    summaries.spectrogram_summary(AUDIO, AUDIO, STEP)
    summaries.spectrogram_summary(AUDIO[:1], AUDIO[:1], STEP, "midi", "spec")
    # The original put each tag of a pitch below the one before (T32).
    summaries.f0_summary(AUDIO + 300, AUDIO + 300, STEP)
    summaries.f0_summary(AUDIO + 300, AUDIO + 300, STEP, "f0_harmonic", "f0")
    values = written()
    assert list(values) == [
        "waveform/full_1",
        "waveform/125ms_1",
        "waveform/full_2",
        "waveform/125ms_2",
        "waveform/midi_full_1",
        "waveform/midi_125ms_1",
        "spectrogram/1",
        "spectrogram/2",
        "spec/midi_1",
        "f0_midi/f0_midi_1",
        "f0_midi/f0_midi_2",
        "f0/f0_harmonic_1",
        "f0/f0_harmonic_2",
    ]
    sizes = {
        (v.image.width, v.image.height) for tag, v in values.items() if "wav" in tag
    }
    assert sizes == {(800, 400)}
    image = values["spectrogram/1"].image
    assert (image.width, image.height) == (800, 800)


def curves(figure: Figure) -> list[np.ndarray]:
    return [line.get_ydata() for axis in figure.axes for line in axis.get_lines()]


def test_original_is_above_what_was_made_of_it(figures: dict[str, Figure]) -> None:
    summaries.waveform_summary(AUDIO, 0.1 * AUDIO, STEP)
    for number, sound in enumerate(AUDIO, start=1):
        whole, detail = (
            figures[f"waveform/full_{number}"],
            figures[f"waveform/125ms_{number}"],
        )
        assert [axis.get_title() for axis in whole.axes] == ["original", "synthesized"]
        np.testing.assert_allclose(curves(whole), [sound, 0.1 * sound])
        np.testing.assert_allclose(curves(detail), [sound[:2000], 0.1 * sound[:2000]])


def test_spectrogram_has_frequency_up_and_fixed_brightness(
    figures: dict[str, Figure],
) -> None:
    summaries.spectrogram_summary(AUDIO, AUDIO[::-1], STEP)
    for number, (first, second) in enumerate(((0, 1), (1, 0)), start=1):
        axes = figures[f"spectrogram/{number}"].axes
        for axis, index in zip(axes, (first, second), strict=True):
            (image,) = axis.get_images()
            expected = np.rot90(summaries.get_spectrogram(AUDIO[index], size=768))
            np.testing.assert_array_equal(image.get_array(), expected)
            assert image.get_clim() == (-5.0, 1.0)
            assert image.get_cmap().name == "magma"


def test_rotated_spectrogram_has_the_highest_bin_first() -> None:
    upright = summaries.get_spectrogram(AUDIO[1])
    rotated = summaries.get_spectrogram(AUDIO[1], rotate=True)
    assert upright.shape[1] == rotated.shape[0] == 513
    # 880 Hz of 8000, from the bottom up.
    assert np.argmax(upright[2]) == round(513 * 880 / 8000)
    assert np.argmax(rotated[::-1, 2]) == np.argmax(upright[2])
    np.testing.assert_array_equal(rotated[:, 2], upright[2, ::-1])
    assert summaries.get_spectrogram(AUDIO[1], size=256).shape[1] == 129


def test_pitch_is_drawn_over_notes_with_gaps_where_there_is_none(
    figures: dict[str, Figure],
) -> None:
    f0_hz = np.array([[440.0, 0.0, 880.0]])
    summaries.f0_summary(f0_hz, 2.0 * f0_hz[:, :1, np.newaxis], STEP)
    (axis,) = figures["f0_midi/f0_midi_1"].axes
    original, made = axis.get_lines()
    np.testing.assert_allclose(original.get_ydata(), [69.0, np.nan, 81.0], atol=1e-4)
    np.testing.assert_allclose(made.get_ydata(), [81.0], atol=1e-4)
    # Curves of any number of frames cover the same time.
    np.testing.assert_allclose(original.get_xdata(), [0.0, 0.004, 0.008])
    np.testing.assert_allclose(made.get_xdata(), [0.0])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("time in seconds", "MIDI note")
    assert [original.get_label(), made.get_label()] == ["original", "synthesized"]
    assert axis.get_legend() is not None


def test_pitch_of_any_frame_rate_lies_in_its_seconds(
    figures: dict[str, Figure],
) -> None:
    f0_hz = np.full([1, 100], 440.0)
    summaries.f0_summary(f0_hz, f0_hz[:, ::2], STEP, frame_rate=50)
    original, made = figures["f0_midi/f0_midi_1"].axes[0].get_lines()
    np.testing.assert_allclose(original.get_xdata(), np.arange(100) / 50)
    np.testing.assert_allclose(made.get_xdata(), np.arange(50) / 25)


def test_waveforms_lie_over_seconds_on_one_scale(figures: dict[str, Figure]) -> None:
    summaries.waveform_summary(AUDIO, 0.1 * AUDIO, STEP)
    summaries.waveform_summary(AUDIO, AUDIO, STEP, "low", sample_rate=8000)
    for tag, rate, n_samples in (
        ("full_1", 16000, 4000),
        ("125ms_1", 16000, 2000),
        ("low_full_1", 8000, 4000),
        ("low_125ms_1", 8000, 1000),
    ):
        above, below = figures[f"waveform/{tag}"].axes
        for axis in (above, below):
            (line,) = axis.get_lines()
            times = np.arange(n_samples) / rate
            np.testing.assert_allclose(line.get_xdata(), times)
            np.testing.assert_allclose(axis.get_xlim(), times[[0, -1]])
            assert axis.get_ylabel() == "amplitude"
            sizes = [label.get_fontsize() for label in axis.get_xticklabels()]
            assert min(sizes) >= 8
        assert above.get_ylim() == below.get_ylim()
        assert below.get_xlabel() == "time in seconds"


@pytest.mark.parametrize("sample_rate", [16000, 8000])
def test_spectrogram_is_numbered_in_seconds_and_hertz(
    figures: dict[str, Figure], sample_rate: int
) -> None:
    rates = {} if sample_rate == 16000 else {"sample_rate": sample_rate}
    summaries.spectrogram_summary(AUDIO, AUDIO, STEP, **rates)
    for axis in figures["spectrogram/1"].axes:
        (image,) = axis.get_images()
        extent = [0.0, 4000 / sample_rate, 0.0, sample_rate / 2]
        assert list(image.get_extent()) == extent
        assert axis.get_ylim() == (0.0, sample_rate / 2)  # High frequencies are up.
        for ticks, end in (
            (axis.get_xticks(), 4000 / sample_rate),
            (axis.get_yticks(), sample_rate / 2),
        ):
            assert sum(0 <= tick <= end for tick in ticks) >= 3
        assert axis.xaxis.get_ticks_position() == "bottom"
        assert axis.get_xlabel() == "time in seconds"
        assert axis.get_ylabel() == "frequency in Hz"


def test_batches_of_two_sizes_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        summaries.waveform_summary(AUDIO, AUDIO[:1], STEP)


def test_no_figure_is_kept_in_a_global_list() -> None:
    for module in (plotting, summaries):
        for file in Path(module.__file__).parent.glob("*.py"):
            assert "pyplot" not in file.read_text(encoding="utf-8")
