"""Frame rates that are whole numbers of samples wherever they are counted."""

import math

from ddsp.training.data.example_shape import FEATURE_SAMPLE_RATE
from ddsp.training.errors import InputError

USUAL_FRAME_RATE = 250
# A hop beyond the window of the loudness would leave samples unheard.
SLOWEST_FRAME_RATE = 32


def whole_frame_rates(sample_rate: int) -> list[int]:
    """Lists the frame rates whose hops are whole numbers of samples.

    A synthesizer plays whole samples per frame, and features are measured at 16000
    samples per second. A frame rate that divides only one of the two rates would let
    sound and features drift apart: 176 instead of 176.4 samples are 9 ms in 4 s.

    Args:
        sample_rate: Samples per second of the audio.

    Returns:
        Rates that divide sample_rate and 16000, from 250 down to 32. There may be none.
    """
    common = math.gcd(sample_rate, FEATURE_SAMPLE_RATE)
    rates = range(USUAL_FRAME_RATE, SLOWEST_FRAME_RATE - 1, -1)
    return [rate for rate in rates if common % rate == 0]


def default_frame_rate(sample_rate: int) -> int:
    """Chooses the frame rate of a dataset.

    Args:
        sample_rate: Samples per second of the audio.

    Returns:
        The highest of `whole_frame_rates`: 250, but 100 for 44100 and 50 for 22050.

    Raises:
        InputError: If there is none.
    """
    whole = whole_frame_rates(sample_rate)
    if not whole:
        raise InputError(
            "The sample rate must have a frame rate in common with the "
            f"{FEATURE_SAMPLE_RATE} Hz of the features. Got sample_rate={sample_rate}; "
            "choose 16000, 22050, 24000, 32000, 44100 or 48000."
        )
    return whole[0]


def require_whole_frames(sample_rate: int, frame_rate: int) -> None:
    """Makes sure that a frame of a dataset is a whole number of samples.

    Args:
        sample_rate: Samples per second of the audio.
        frame_rate: Frames per second of the features.

    Raises:
        InputError: If it is not.
    """
    if sample_rate % frame_rate:
        whole = whole_frame_rates(sample_rate)
        others = " or ".join(map(str, whole[:3])) or "another sample rate"
        raise InputError(
            "A frame must be a whole number of samples. Got "
            f"frame_rate={frame_rate} with sample_rate={sample_rate}; prepare the "
            f"dataset with {others}."
        )
