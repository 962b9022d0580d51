"""Numbers have units, and each is written once."""

from ddsp.training import metrics
from ddsp.training.means_table import UNITS, format_means


def test_numbers_stand_below_each_other_with_their_units() -> None:
    means = {
        "losses/total_loss": 12.34567,
        "metrics/loudness/loudness_db": 3.0,
        "metrics/f0/f0_dist": 0.25,
        "metrics/f0/raw_pitch_accuracy": 0.875,
        "metrics/f0/raw_chroma_accuracy": 0.9,
        "metrics/f0_crepe/outlier_ratio": 0.0,
    }
    assert format_means(means) == [
        "losses/total_loss               12.35",
        "metrics/loudness/loudness_db    3      dB",
        "metrics/f0/f0_dist              0.25   semitones",
        "metrics/f0/raw_pitch_accuracy   0.875  share",
        "metrics/f0/raw_chroma_accuracy  0.9    share",
        "metrics/f0_crepe/outlier_ratio  0      share",
    ]


def test_one_number_under_two_tags_is_one_line() -> None:
    means = {"losses/spectral_loss": 2.0, "losses/total_loss": 2.0}
    assert format_means(means) == ["losses/spectral_loss, total_loss  2"]
    means = {"metrics/f0/f0_dist": 0.5, "metrics/f0_crepe/f0_dist": 0.5}
    assert format_means(means) == [
        "metrics/f0/f0_dist, f0_crepe/f0_dist  0.5  semitones"
    ]


def test_equal_numbers_of_other_meanings_and_other_numbers_stay_apart() -> None:
    for means in (
        {"metrics/f0/raw_pitch_accuracy": 1.0, "metrics/f0/raw_chroma_accuracy": 1.0},
        {"metrics/f0/f0_dist": 0.5, "metrics/f0_crepe/f0_dist": 0.25},
        {"losses/a": 1.0, "losses/b": 2.0},
    ):
        assert len(format_means(means)) == 2


def test_nothing_is_no_line() -> None:
    assert format_means({}) == []


def test_all_metrics_of_the_library_have_a_unit() -> None:
    made = [metrics.LoudnessMetrics, metrics.F0Metrics, metrics.F0CrepeMetrics]
    names = {name for kind in made for name in kind(16000, 250)._metrics}
    assert names == set(UNITS)
