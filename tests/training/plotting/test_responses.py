"""Responses of filters that are known."""

import numpy as np
import pytest

from ddsp.training import plotting


def test_mean_of_two_samples_is_a_cosine_over_frequency() -> None:
    frequencies_hz, gains = plotting.transfer_function(np.array([0.5, 0.5, 0, 0]), 8000)
    np.testing.assert_allclose(frequencies_hz, [0.0, 2000.0, 4000.0])
    np.testing.assert_allclose(gains, np.cos(np.pi * frequencies_hz / 8000), atol=1e-12)


def test_every_tap_counts() -> None:
    # A transform of 256 points would lose the last one.
    delay = np.zeros(257)
    delay[-1] = 1.0
    frequencies_hz, gains = plotting.transfer_function(delay)
    assert frequencies_hz[-1] == 8000.0
    np.testing.assert_allclose(gains, np.ones(257), atol=1e-12)


def test_each_response_of_a_batch_has_its_gains() -> None:
    _, gains = plotting.transfer_function(np.array([[1.0, 0.0], [2.0, 0.0]]))
    np.testing.assert_allclose(gains, [[1.0, 1.0], [2.0, 2.0]])


def test_plot_compares_the_first_response_with_what_was_wanted() -> None:
    responses = np.zeros([2, 3, 8])
    responses[0, 0, 4] = 0.5
    figure = plotting.plot_impulse_responses(
        responses, [[1.0, 0.5, 0.0], [7, 7, 7]], 8000
    )
    over_frequency, over_time = figure.axes
    lines = {line.get_label(): line.get_xydata() for line in over_frequency.get_lines()}
    np.testing.assert_allclose(lines["Desired"][:, 0], [0.0, 2000.0, 4000.0])
    # Nothing is shown as -100 dB: a logarithmic axis has no zero.
    np.testing.assert_allclose(lines["Desired"][:, 1], [1.0, 0.5, 1e-5])
    np.testing.assert_allclose(lines["True"][:, 0], np.linspace(0.0, 4000.0, 5))
    np.testing.assert_allclose(lines["True"][:, 1], np.full(5, 0.5))
    assert over_frequency.get_yscale() == "log"
    (line,) = over_time.get_lines()
    milliseconds, values = line.get_data()
    assert milliseconds[np.argmax(values)] == pytest.approx(0.5)  # 4 of 8000 a second.
    assert over_time.get_xlabel() == "Milliseconds"
    assert [t.get_text() for t in over_frequency.get_legend().get_texts()] == [*lines]
