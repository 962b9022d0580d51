"""The picture of a transfer shows what went in and what came out."""

import numpy as np
from signals import sine

from ddsp.training.inference import TransferResult, draw_transfer


def test_recording_and_result_are_drawn_with_their_own_pitch_and_rate() -> None:
    sure = np.ones(250, np.float32)
    result = TransferResult(
        audio=0.5 * sine(880.0, 32000, 32000),
        sample_rate=32000,
        frame_rate=250.0,
        f0_hz=440.0 * sure,
        f0_confidence=sure,
        loudness_db=-20 * sure,
        played_f0_hz=880.0 * sure,
        played_loudness_db=-20 * sure,
        register_shift=1.0,
        warnings=(),
    )
    figure = draw_transfer(0.5 * sine(440.0), 16000, result, "Sax", "Voice")
    titles = [axis.get_title("left") for axis in figure.axes]
    assert titles == ["Voice", "Sax", "Pitch", "Loudness"]
    pitches = [c.get_segments()[0][0, 1] for c in figure.axes[2].collections]
    np.testing.assert_allclose(pitches, [69.0, 81.0], atol=1e-4)
    for axis, f0_hz in zip(figure.axes[:2], (440.0, 880.0), strict=True):
        (image,) = axis.get_images()
        _, _, low, high = image.get_extent()
        level_db = np.asarray(image.get_array()).mean(axis=1)
        peak = np.linspace(low, high, level_db.size)[np.argmax(level_db)]
        assert abs(2**peak / f0_hz - 1) < 0.02
