"""Each example has one place, in random order, and pieces keep to their part."""

import pytest

from ddsp.training.data_preparation.arrangement import Placed, arrange
from ddsp.training.errors import InputError


def placed(name: str, n_pieces: int, per_piece: int = 3) -> Placed:
    pieces = [k for k in range(n_pieces) for _ in range(per_piece)]
    return Placed(name, starts=list(range(len(pieces))), pieces=pieces, n_silent=0)


RECORDINGS = [placed("a" * 64, 7), placed("b" * 64, 6)]


def test_without_a_split_every_example_comes_once_in_random_order() -> None:
    parts = arrange(RECORDINGS, 0.0)
    assert list(parts) == [""]
    everything = [(0, j) for j in range(21)] + [(1, j) for j in range(18)]
    assert sorted(parts[""]) == everything
    neighbours = sum(
        b == (a[0], a[1] + 1) for a, b in zip(parts[""], parts[""][1:], strict=False)
    )
    assert neighbours < 6
    assert arrange(RECORDINGS, 0.0) == parts


def test_a_split_takes_its_share_of_whole_pieces() -> None:
    parts = arrange(RECORDINGS, 0.31)
    assert sorted(parts) == ["-eval", "-train"]
    pieces = {
        part: {(i, RECORDINGS[i].pieces[j]) for i, j in order}
        for part, order in parts.items()
    }
    assert not pieces["-eval"] & pieces["-train"]
    assert len(pieces["-eval"]) == int(13 * 0.31) == 4
    assert len(parts["-eval"]) == 12 and len(parts["-train"]) == 27


def contents(recordings: list[Placed], fraction: float) -> set[tuple[str, int]]:
    return {
        (recordings[i].sha256, recordings[i].pieces[j])
        for i, j in arrange(recordings, fraction)["-eval"]
    }


def test_the_split_depends_on_content_alone() -> None:
    assert contents(RECORDINGS, 0.4) == contents(RECORDINGS[::-1], 0.4)
    # Frozen: a salted hash would give another choice in each process.
    assert sorted((s[0], k) for s, k in contents(RECORDINGS, 0.31)) == FROZEN


FROZEN = [("a", 2), ("a", 3), ("a", 6), ("b", 3)]


def test_copies_of_a_recording_stay_together() -> None:
    copies = [*RECORDINGS, RECORDINGS[0]]
    order = arrange(copies, 0.4)["-eval"]
    assert {j for i, j in order if i == 0} == {j for i, j in order if i == 2}
    assert any(i == 0 for i, _ in order)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_a_share_that_makes_no_sense_is_refused(fraction: float) -> None:
    with pytest.raises(InputError, match=f"Got eval_split_fraction={fraction}"):
        arrange(RECORDINGS, fraction)


def test_an_empty_part_is_refused() -> None:
    with pytest.raises(InputError, match=r"=0.05 of 13 pieces; use a larger one"):
        arrange(RECORDINGS, 0.05)
