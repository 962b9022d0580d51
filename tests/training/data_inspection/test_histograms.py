"""Histograms as text: labels, ranges and lengths of bars."""

import numpy as np

from ddsp.training.data_inspection import histograms


def counts_of(n_classes: int, **frames: int) -> np.ndarray:
    counts = np.zeros(n_classes, int)
    for name, number in frames.items():
        counts[int(name[1:])] = number
    return counts


def test_notes_have_their_names() -> None:
    assert [histograms.note_name(midi) for midi in (21, 60, 61, 69)] == [
        "A0",
        "C4",
        "C♯4",
        "A4",
    ]


def test_rows_are_seconds_per_note() -> None:
    rows = histograms.pitch_rows(counts_of(128, n60=100, n62=25))
    assert rows == [("C4", 2.0), ("D4", 0.5)]


def test_wide_range_shares_rows_and_keeps_the_sum() -> None:
    counts = np.zeros(128, int)
    counts[40:90] = 50
    rows = histograms.pitch_rows(counts)
    assert len(rows) == 13 and sum(secs for _, secs in rows) == 50.0
    assert rows[0] == ("E2 to G2", 4.0) and rows[1][0] == "G♯2 to B2"


def test_rows_of_whole_tones_name_both_notes_and_empty_ones_are_left_out() -> None:
    rows = histograms.pitch_rows(counts_of(128, n60=50, n61=50, n64=2, n66=3, n80=50))
    assert rows == [("C4 to C♯4", 2.0), ("F♯4 to G4", 0.06), ("G♯5 to A5", 1.0)]


def test_all_notes_fit_too() -> None:
    rows = histograms.pitch_rows(np.full(128, 50))
    assert len(rows) == 11 and sum(secs for _, secs in rows) == 128.0
    assert rows[-1] == ("C9 to G9", 8.0)


def test_slips_do_not_stretch_the_range() -> None:
    assert histograms.used_range(counts_of(128, n60=1000, n62=3, n100=2)) == (60, 63)
    assert histograms.used_range(np.zeros(128, int)) == (0, 0)


def test_loudness_rows_begin_at_their_edge() -> None:
    rows = histograms.loudness_rows(counts_of(40, n0=50, n2=25))
    assert rows == [("-80 to -77 dB", 1.0), ("-74 to -71 dB", 0.5)]
    assert histograms.loudness_rows(counts_of(40, n27=50)) == [("+1 to +4 dB", 1.0)]
    assert histograms.loudness_rows(np.full(40, 50))[-1] == ("+28 to +40 dB", 4.0)


def test_longest_bar_fills_the_width_and_others_follow() -> None:
    lines = histograms.bars([("C4", 8.0), ("C♯4", 4.0), ("D4", 0.1), ("E4", 0.0)])
    assert [line.count("█") for line in lines] == [40, 20, 0, 0]
    assert lines[0] == " C4  " + "█" * 40 + "       8.0 s"
    assert "▌" in lines[2]
    assert len({len(line) for line in lines}) == 1
    assert histograms.bars([]) == []
