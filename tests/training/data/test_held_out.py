"""Nothing that is heard in training is measured; the rest of the records is kept."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from records import tagged_example, write_recording, write_records

from ddsp.training import data, data_preparation
from ddsp.training.data import features, held_out
from ddsp.training.data.held_out import RecordSubset, Split, hold_out, split_examples
from ddsp.training.data_preparation.examples import example_starts
from ddsp.training.data_preparation.settings import Settings
from ddsp.training.errors import InputError

FRAME_RATE, N_FRAMES, HOP_FRAMES = 50, 20, 5
N_EXAMPLES = 60
SETTINGS = {"frame_rate": FRAME_RATE, "example_secs": N_FRAMES / FRAME_RATE}


def windows(n_recordings: int, n_windows: int, seed: int = 0) -> np.ndarray:
    """Loudness of windows that overlap, recording after recording, in order of time."""
    n_frames = N_FRAMES + HOP_FRAMES * (n_windows - 1)
    curves = np.random.default_rng(seed).normal(-30, 5, [n_recordings, n_frames])
    starts = HOP_FRAMES * np.arange(n_windows)
    cut = [curve[start : start + N_FRAMES] for curve in curves for start in starts]
    return np.array(cut, np.float32)


def write_dataset(folder: Path, counts: tuple[int, ...] = (19, 1, 40)) -> str:
    """Records of a recording, mixed, whose pitch is their place in time, from 1 on."""
    folder.mkdir(exist_ok=True)
    n_examples = sum(counts)
    loudness_db = windows(1, n_examples)
    order = iter(np.random.default_rng(0).permutation(n_examples))
    for shard, count in enumerate(counts):
        name = f"data.tfrecord-{shard:05d}-of-{len(counts):05d}"
        examples = [
            {
                **tagged_example(place + 1.0, secs=0.4, n_frames=N_FRAMES),
                "loudness_db": loudness_db[place],
            }
            for _, place in zip(range(count), order, strict=False)
        ]
        write_records(folder / name, examples)
    return str(folder)


def tags(dataset: tf.data.Dataset) -> list[int]:
    return [int(example["f0_hz"][0]) for example in dataset]


def provider_of(folder: Path, **kwargs: int) -> data.TFRecordProvider:
    return data.TFRecordProvider(str(folder), **SETTINGS, **kwargs)


@pytest.fixture
def parts(tmp_path: Path) -> tuple[RecordSubset, RecordSubset]:
    write_dataset(tmp_path)
    training, held_out = hold_out(provider_of(tmp_path), share=0.1)
    return training, held_out


def test_an_end_is_held_out_and_what_overlaps_is_left_out(
    parts: tuple[RecordSubset, RecordSubset],
) -> None:
    training, held_out = (part.get_dataset(shuffle=False) for part in parts)
    # Windows of 20 frames every 5 frames: each shares a moment with three before it.
    if tags(held_out)[0] == 1:
        held, trained = range(1, 7), range(10, 61)
    else:
        held, trained = range(60, 54, -1), range(1, 52)
    assert tags(held_out) == list(held)  # Neighbours in time beside each other.
    assert sorted(tags(training)) == list(trained)
    assert held_out.cardinality() == 6


def test_parts_have_the_rates_and_features_of_the_whole(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    provider = provider_of(tmp_path)
    for part in hold_out(provider):
        assert (part.sample_rate, part.frame_rate) == (16000, FRAME_RATE)
        example = next(iter(part.get_batch(1)))
        expected = next(iter(provider.get_batch(1)))
        assert {name: (x.shape, x.dtype) for name, x in example.items()} == {
            name: (x.shape, x.dtype) for name, x in expected.items()
        }


def test_shuffling_keeps_to_the_part_and_changes_from_epoch_to_epoch(
    parts: tuple[RecordSubset, RecordSubset],
) -> None:
    dataset = parts[0].get_dataset()
    first, second = tags(dataset), tags(dataset)
    unshuffled = tags(parts[0].get_dataset(shuffle=False))
    assert sorted(first) == sorted(second) == sorted(unshuffled)
    assert len({tuple(first), tuple(second), tuple(unshuffled)}) == 3


def test_the_seed_of_the_provider_fixes_the_order(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    orders = [
        tags(hold_out(provider_of(tmp_path, seed=seed))[0].get_dataset())
        for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]


def epoch_of(part: RecordSubset, **kwargs: int) -> list[int]:
    batches = part.get_training_batches(3, **kwargs).take(17)
    return [int(f0_hz[0]) for batch in batches for f0_hz in batch["f0_hz"]]


def test_training_batches_keep_to_the_part(
    parts: tuple[RecordSubset, RecordSubset],
) -> None:
    order = epoch_of(parts[0], seed=7)
    assert sorted(order) == sorted(tags(parts[0].get_dataset(shuffle=False)))
    assert order == epoch_of(parts[0], seed=7) != epoch_of(parts[0], seed=8)
    assert epoch_of(parts[0], seed=7, first_batch=3)[:42] == order[9:]
    batches, is_fixed = data.training_batches(parts[0], 3, 7)
    assert is_fixed
    assert [int(x[0]) for x in next(iter(batches))["f0_hz"]] == order[:3]


def test_a_resumed_run_has_the_same_parts(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    first, second = hold_out(provider_of(tmp_path)), hold_out(provider_of(tmp_path))
    for one, other in zip(first, second, strict=True):
        assert one.examples.tolist() == other.examples.tolist()
    assert len(first[1].examples) == 3


def test_one_line_says_what_is_held_out(tmp_path: Path) -> None:
    lines: list[str] = []
    hold_out(provider_of(Path(write_dataset(tmp_path))), 0.1, lines.append)
    assert lines == [
        "validation: 6 of 60 examples are held out; 3 overlap with them and are not "
        "used"
    ]
    folder = tmp_path / "apart"
    folder.mkdir()
    tagged = [tagged_example(i, secs=0.4, n_frames=N_FRAMES) for i in range(20)]
    write_records(folder / "data.tfrecord-00000-of-00001", tagged)
    hold_out(provider_of(folder), say=lines.append)
    assert lines[1:] == ["validation: 1 of 20 examples are held out"]


def hear_no_pitch(
    audio: np.ndarray, frame_rate: int, **_: object
) -> tuple[np.ndarray, np.ndarray]:
    """Pitch without the time that it takes."""
    n_frames = audio.size * frame_rate // 16000 + 1
    return np.ones(n_frames), np.ones(n_frames)


def test_no_sample_of_what_prepare_writes_is_in_both_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "track_pitch", hear_no_pitch)
    for secs in (9.3, 11.0):
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, round(16000 * secs))
        write_recording(tmp_path / "in" / f"{secs}.wav", secs / 11.0 * noise)
    data_preparation.prepare_dataset([tmp_path / "in"], tmp_path / "out")
    parts = hold_out(data.TFRecordProvider(str(tmp_path / "out")), share=0.15)
    trained, held = (
        [e["audio"].numpy() for e in part.get_dataset(shuffle=False)] for part in parts
    )
    assert (len(trained), len(held)) == (10, 2)  # Of 15; three overlap.
    for one in held:
        for other in trained:
            assert other[:50].tobytes() not in one.tobytes()
            assert one[:50].tobytes() not in other.tobytes()


def test_few_examples_are_all_trained_on(tmp_path: Path) -> None:
    provider = provider_of(Path(write_dataset(tmp_path, (5, 4))))
    lines: list[str] = []
    assert hold_out(provider, say=lines.append) == (provider, None)
    assert lines == ["no validation: 9 examples are too few to hold some out"]


def test_a_share_of_zero_asks_for_no_validation(tmp_path: Path) -> None:
    provider = provider_of(Path(write_dataset(tmp_path)))
    lines: list[str] = []
    assert hold_out(provider, 0.0, lines.append) == (provider, None)
    assert lines == []


class Reversed(data.TFRecordProvider):
    """Has an order of its own."""

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        return super().get_dataset(shuffle).skip(1)


class Doubled(data.TFRecordProvider):
    """Has batches of its own."""

    def get_batch(self, batch_size: int, *args: int, **kwargs: int) -> tf.data.Dataset:
        return super().get_batch(2 * batch_size, *args, **kwargs)


class Plain(data.DataProvider):
    """Knows nothing of records."""


def others(folder: Path) -> Iterator[object]:
    yield Reversed(str(folder), **SETTINGS)
    yield Doubled(str(folder), **SETTINGS)
    yield Plain(16000, 250)


def test_other_providers_are_left_whole(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    for provider in others(tmp_path):
        lines: list[str] = []
        assert hold_out(provider, say=lines.append) == (provider, None)
        assert lines == [
            f"no validation: {type(provider).__name__} gives no numbered examples"
        ]


def test_a_truncated_file_is_one_line(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    path = tmp_path / "data.tfrecord-00002-of-00003"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(InputError, match="must be whole"):
        hold_out(provider_of(tmp_path))
    path.write_bytes(whole[:-9] + b"damaged!!")
    with pytest.raises(InputError, match="must be whole and of one length") as raised:
        hold_out(provider_of(tmp_path))
    assert len(str(raised.value).splitlines()) == 1


def sizes(split: Split) -> tuple[int, int, int]:
    return len(split.training), split.n_skipped, len(split.held_out)


@pytest.mark.parametrize(
    ("n_examples", "share", "expected"),
    [
        (9, 0.05, (9, 0, 0)),
        (10, 0.05, (6, 3, 1)),
        (39, 0.05, (35, 3, 1)),
        (40, 0.05, (35, 3, 2)),
        (40, 0.4, (21, 3, 16)),
        (40, 0.5, (40, 0, 0)),
        (40, 0.0, (40, 0, 0)),
    ],
)
def test_counts_of_a_split(
    n_examples: int, share: float, expected: tuple[int, int, int]
) -> None:
    split = split_examples(windows(1, n_examples), share)
    assert sizes(split) == expected
    assert split.n_examples == n_examples


def test_one_of_twenty_is_held_out_by_default() -> None:
    assert len(split_examples(windows(1, 200)).held_out) == 10


def test_what_is_alone_in_time_costs_nothing() -> None:
    split = split_examples(windows(100, 1), share=0.5)
    assert sizes(split) == (50, 0, 50)
    assert sorted([*split.training, *split.held_out]) == list(range(100))


def test_recordings_are_held_out_one_after_the_other() -> None:
    # Ten recordings of six windows: two whole ones make twelve windows.
    split = split_examples(windows(10, 6), share=0.2)
    assert sizes(split) == (48, 0, 12)
    assert sorted(split.held_out) == list(range(48, 60))


def test_silence_is_no_moment_that_examples_share() -> None:
    loudness_db = windows(100, 1)
    loudness_db[:, 5:15] = -80.0
    assert sizes(split_examples(loudness_db, share=0.5)) == (50, 0, 50)


def test_a_moment_has_four_frames() -> None:
    loudness_db = windows(20, 1)
    loudness_db[:10, -3:] = loudness_db[10:, :3]
    assert sizes(split_examples(loudness_db, share=0.5)) == (10, 0, 10)
    loudness_db[:10, -4:] = loudness_db[10:, :4]
    assert sizes(split_examples(loudness_db, share=0.25)) == (14, 1, 5)


def test_many_examples_are_divided_by_a_share_of_their_moments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    curve = np.random.default_rng(0).normal(-30, 5, 3200)
    loudness_db = np.array([curve[50 * i : 50 * i + 200] for i in range(60)])
    whole = split_examples(loudness_db, share=0.1)
    shared = held_out._count_shared_moments(loudness_db.astype(np.float32)).sum()
    monkeypatch.setattr(held_out, "MAX_MOMENTS", 60 * 197 // 8 + 1)
    fewer = held_out._count_shared_moments(loudness_db.astype(np.float32)).sum()
    assert 0.05 < fewer / shared < 0.25  # One of eight.
    split = split_examples(loudness_db, share=0.1)
    assert sizes(split) == sizes(whole) == (51, 3, 6)
    assert sorted(split.held_out) == sorted(whole.held_out)


def test_curves_without_a_moment_are_apart() -> None:
    assert sizes(split_examples(windows(20, 1)[:, :2], share=0.5)) == (10, 0, 10)


@pytest.mark.parametrize("share", [-0.1, 0.51, float("nan")])
def test_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match=f"share={share}"):
        split_examples(windows(1, 20), share)


@settings(max_examples=60, deadline=None)
@given(
    durations=st.lists(st.integers(100, 900), min_size=1, max_size=6),
    example_frames=st.integers(5, 100),
    hop_frames=st.integers(1, 110),
    share=st.sampled_from([0.05, 0.2, 0.4]),
)
def test_no_moment_is_in_both_parts(
    durations: list[int], example_frames: int, hop_frames: int, share: float
) -> None:
    """Places windows as `ddsp prepare` does, and mixes them as it does."""
    lengths = Settings(16000, 50, example_frames / 50, hop_frames / 50, centered=False)
    random = np.random.default_rng(1)
    found: list[tuple[set[tuple[int, int]], np.ndarray]] = []
    for number, n_frames in enumerate(durations):
        curve = random.normal(-30, 5, n_frames)
        n_samples = n_frames * 320
        (starts,) = example_starts(n_samples, n_samples, lengths)
        for start in starts:
            end = start + example_frames
            # What both have of fewer frames than a moment is not noticed.
            times = {(number, frame) for frame in range(start, end - 3)}
            found.append((times, curve[start:end]))
    found = [found[i] for i in random.permutation(len(found))]
    split = split_examples(np.array([curve for _, curve in found]), share)
    trained = set().union(*(found[i][0] for i in split.training))
    heard = set().union(*(found[i][0] for i in split.held_out))
    assert trained
    assert not trained & heard
    assert split.n_examples == len(found)
