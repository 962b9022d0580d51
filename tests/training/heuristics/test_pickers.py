"""One value for each note."""

import numpy as np

from ddsp.training import heuristics

F0_HZ = np.array([[100.0], [220.0], [220.0], [280.0], [900.0]])


def test_pitch_is_that_of_the_frames_of_the_note() -> None:
    controls = {"f0_hz": F0_HZ}
    assert heuristics.mean_f0(controls, 1, 4) == 240.0
    assert heuristics.median_f0(controls, 1, 4) == 220.0


def test_amplitude_is_the_median_of_the_note() -> None:
    controls = {"amplitudes": F0_HZ / 1000.0}
    assert heuristics.median_amps(controls, 0, 5) == 0.22
