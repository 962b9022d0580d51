"""Frame rates with whole hops at the rate of the audio and at that of the features."""

import math

import pytest

from ddsp.training.data import (
    default_frame_rate,
    require_whole_frames,
    whole_frame_rates,
)
from ddsp.training.errors import InputError


@pytest.mark.parametrize(
    ("sample_rate", "frame_rate"),
    [(16000, 250), (24000, 250), (48000, 250), (32000, 250), (44100, 100), (22050, 50)],
)
def test_the_highest_whole_frame_rate_up_to_250_is_chosen(
    sample_rate: int, frame_rate: int
) -> None:
    assert default_frame_rate(sample_rate) == frame_rate
    better = [
        rate
        for rate in range(frame_rate + 1, 251)
        if (sample_rate / rate).is_integer() and (16000 / rate).is_integer()
    ]
    assert better == []


@pytest.mark.parametrize("sample_rate", [16000, 24000, 44100, 48000, 96000])
def test_every_listed_rate_has_whole_hops_and_none_is_left_out(
    sample_rate: int,
) -> None:
    found = whole_frame_rates(sample_rate)
    expected = [
        rate
        for rate in range(32, 251)
        if sample_rate // rate * rate == sample_rate and 16000 // rate * rate == 16000
    ]
    assert found == sorted(expected, reverse=True)
    assert found


def test_the_slowest_frame_rate_is_thirty_two() -> None:
    assert whole_frame_rates(16000)[-1] == 32


def test_a_rate_without_common_frames_is_refused() -> None:
    assert math.gcd(11025, 16000) < 32
    assert whole_frame_rates(11025) == []
    with pytest.raises(InputError, match="Got sample_rate=11025; choose 16000, 22050"):
        default_frame_rate(11025)


def test_a_broken_hop_is_refused_with_the_rates_that_are_whole() -> None:
    with pytest.raises(
        InputError, match=r"Got frame_rate=250 with sample_rate=44100; .* 100 or 50\."
    ):
        require_whole_frames(44100, 250)
    require_whole_frames(44100, 100)
    require_whole_frames(48000, 250)
    with pytest.raises(InputError, match=r"with 250 or 200 or 160\.$"):
        require_whole_frames(48000, 251)
    with pytest.raises(InputError, match="another sample rate"):
        require_whole_frames(11025, 250)
