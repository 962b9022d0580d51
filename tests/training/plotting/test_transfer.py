"""The picture of a transfer: what is drawn is where it belongs."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from signals import sine

from ddsp.training import plotting
from ddsp.training.errors import InputError
from ddsp.training.plotting import transfer


def sound(label: str, midi: float, secs: float = 2.0) -> plotting.PlottedSound:
    """A note that starts in the middle."""
    f0_hz = 440 * 2 ** ((midi - 69) / 12)
    n_samples = int(secs * 16000)
    audio = 0.5 * sine(f0_hz, n_samples)
    audio[: n_samples // 2] = 0.0
    n_frames = int(secs * 250)
    confidence = np.where(np.arange(n_frames) < n_frames / 2, 0.0, 0.95)
    return plotting.PlottedSound(
        label, audio, 16000, np.full(n_frames, f0_hz), confidence, 250
    )


@pytest.fixture(scope="module")
def figure() -> Figure:
    return plotting.plot_transfer(sound("Recording", 57), sound("Violin", 69))


def test_all_panels_share_one_time_axis(figure: Figure) -> None:
    assert len(figure.axes) == 4
    for axis in figure.axes:
        np.testing.assert_allclose(axis.get_xlim(), (0.0, 2.0))


def test_panels_are_named(figure: Figure) -> None:
    titles = [axis.get_title("left") for axis in figure.axes]
    assert titles == ["Recording", "Violin", "Pitch", "Loudness"]


@pytest.mark.parametrize(("panel", "f0_hz"), [(0, 220.0), (1, 440.0)])
def test_spectrogram_shows_the_note_at_its_height_and_time(
    figure: Figure, panel: int, f0_hz: float
) -> None:
    (image,) = figure.axes[panel].get_images()
    start, stop, low, high = image.get_extent()
    level_db = np.asarray(image.get_array())
    rows = np.linspace(low, high, level_db.shape[0])
    columns = np.linspace(start, stop, level_db.shape[1])
    loudest = level_db[:, columns > 1.2].mean(axis=1)
    assert 2 ** rows[np.argmax(loudest)] == pytest.approx(f0_hz, rel=0.02)
    quiet = level_db[:, columns < 0.8].max()
    assert quiet < level_db.max() - 60
    # The onset is half-way up where it happens.
    rise = level_db[np.argmax(loudest)]
    onset = columns[np.argmax(rise > rise.max() - 6.1)]
    assert onset == pytest.approx(1.0, abs=0.02)


def test_pitch_is_faint_where_it_is_unsure(figure: Figure) -> None:
    collections = figure.axes[2].collections
    assert len(collections) == 2
    for collection in collections:
        alpha = np.asarray(collection.get_alpha())
        assert alpha[:240].max() < 0.2
        assert alpha[260:].min() > 0.9


def test_note_names_label_the_pitch(figure: Figure) -> None:
    labels = [text.get_text() for text in figure.axes[2].get_yticklabels()]
    assert {"A3", "A4", "C4"} <= set(labels)
    position = dict(zip(labels, figure.axes[2].get_yticks(), strict=True))
    assert position["A4"] == 69


def test_jump_between_guesses_is_not_drawn() -> None:
    wild = sound("Wild", 60)
    f0_hz = np.where(np.arange(500) % 2, 200.0, 400.0)
    wild = plotting.PlottedSound("Wild", wild.audio, 16000, f0_hz, np.ones(500), 250)
    drawn = plotting.plot_transfer(wild, wild).axes[2].collections[0]
    np.testing.assert_array_equal(drawn.get_alpha(), np.zeros(499))


def test_loudness_curves_rise_with_the_sound(figure: Figure) -> None:
    lines = figure.axes[3].get_lines()
    assert len(lines) == 2
    for line in lines:
        secs, loudness_db = line.get_data()
        before, after = loudness_db[secs < 0.9], loudness_db[secs > 1.1]
        assert before.max() < -60 < -40 < after.min()


def test_minutes_are_written_as_minutes() -> None:
    axis = Figure().subplots()
    transfer._finish_time_axis(axis, 200.0)
    assert axis.xaxis.get_major_formatter()(75.0, 0) == "1:15"


def test_png_is_wide_enough_to_read_and_not_empty(
    figure: Figure, tmp_path: Path
) -> None:
    plotting.save_figure(figure, tmp_path / "transfer.png")
    pixels = imread(tmp_path / "transfer.png")
    assert pixels.shape[1] >= 1600
    assert pixels[..., :3].std() > 0.1
    assert [path.name for path in tmp_path.iterdir()] == ["transfer.png"]


def test_failed_write_leaves_nothing(figure: Figure, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing/transfer.png"):
        plotting.save_figure(figure, tmp_path / "missing" / "transfer.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match=r"folder.png"):
        plotting.save_figure(figure, tmp_path / "folder.png")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_figure_belongs_to_no_window(figure: Figure) -> None:
    assert figure.canvas.manager is None
    files = sorted(Path(plotting.__file__).parent.glob("*.py"))
    assert len(files) >= 4
    for file in files:
        assert "pyplot" not in file.read_text(encoding="utf-8")


def test_half_an_hour_is_drawn_with_as_many_points_as_can_be_seen() -> None:
    n_frames = 30 * 60 * 250
    glide = 220.0 * 2.0 ** (np.arange(n_frames) / n_frames)
    second = 0.1 * sine(220.0, 16000)
    recording = plotting.PlottedSound(
        "Glide", second, 16000, glide, np.ones(n_frames), 250
    )
    figure = Figure()
    axis = figure.subplots()
    transfer._draw_pitch(axis, (recording, recording))
    ends = [
        np.asarray(line.get_segments()).reshape(-1, 2)[[0, -1]]
        for line in axis.collections
    ]
    assert all(len(line.get_segments()) < 41_000 for line in axis.collections)
    for first, last in ends:
        np.testing.assert_allclose(first, [0.0, 57.0], atol=1e-3)
        np.testing.assert_allclose(last, [1800.0, 69.0], atol=0.1)
