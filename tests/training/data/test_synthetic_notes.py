"""Records of synthetic notes."""

from pathlib import Path

import gin
import numpy as np
import pytest
from records import write_records

from ddsp.training import data
from ddsp.training.errors import InputError

SIZES = {
    "f0_hz": 1,
    "harm_amp": 1,
    "harm_dist": 4,
    "sin_amps": 4,
    "sin_freqs": 4,
    "noise_magnitudes": 3,
}


def write(folder: Path, count: int = 12) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    examples = [
        {name: rng.normal(size=[10, size]) for name, size in SIZES.items()}
        for _ in range(count)
    ]
    write_records(folder / "notes.tfrecord-00000-of-00001", examples)
    return examples


def test_controls_come_back_by_frame(tmp_path: Path) -> None:
    written = write(tmp_path)
    source = data.SyntheticNotes(10, 4, 3, str(tmp_path / "notes*"))
    assert (source.sample_rate, source.frame_rate) == (16000, 250)
    found = list(source.get_dataset(shuffle=False))
    assert len(found) == len(written)
    for one, other in zip(found, written, strict=True):
        assert set(one) == set(SIZES)
        for name, values in other.items():
            np.testing.assert_allclose(one[name], values, rtol=1e-6)
    orders = [
        [
            float(x["f0_hz"][0, 0])
            for x in data.SyntheticNotes(
                10, 4, 3, str(tmp_path / "notes*"), seed=seed
            ).get_dataset()
        ]
        for seed in (1, 1, 2)
    ]
    assert orders[0] == orders[1] != orders[2]
    (batch,) = source.get_training_batches(12, 1).take(1)
    assert batch["harm_dist"].shape == [12, 10, 4]


def test_rates_are_what_one_says() -> None:
    source = data.SyntheticNotes(10, 4, 3, "x", 48000, 125)
    assert (source.sample_rate, source.frame_rate) == (48000, 125)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((9, 4, 3), r"Got 10 values of f0_hz .* not 9 \(n_timesteps=9, n_harmonics=4"),
        ((10, 5, 3), "Got 40 values of harm_dist .* not 50"),
        ((10, 4, 2), "Got 30 values of noise_magnitudes .* not 20 .*n_mags=2"),
    ],
)
def test_other_sizes_are_explained(
    tmp_path: Path, sizes: tuple[int, int, int], words: str
) -> None:
    write(tmp_path, 1)
    with pytest.raises(InputError, match=words):
        data.SyntheticNotes(*sizes, str(tmp_path / "notes*")).get_dataset()


def test_nothing_is_held_out_of_notes_without_loudness(tmp_path: Path) -> None:
    write(tmp_path)
    source = data.SyntheticNotes(10, 4, 3, str(tmp_path / "notes*"))
    lines: list[str] = []
    assert data.hold_out(source, 0.2, lines.append) == (source, None)
    assert lines == ["no validation: SyntheticNotes gives no loudness to compare"]


def test_gin_binds_the_original_names(tmp_path: Path) -> None:
    write(tmp_path, 2)
    gin.parse_config(f"""
        SyntheticNotes.n_timesteps = 10
        SyntheticNotes.n_harmonics = 4
        SyntheticNotes.n_mags = 3
        SyntheticNotes.file_pattern = '{tmp_path}/notes*'
        SyntheticNotes.sample_rate = 16000
        """)
    source = gin.get_configurable("ddsp.training.data.SyntheticNotes")()
    assert next(iter(source.get_batch(2)))["sin_freqs"].shape == [2, 10, 4]
    with pytest.raises(NotImplementedError, match="pass a file_pattern"):
        data.SyntheticNotes(10, 4, 3)
