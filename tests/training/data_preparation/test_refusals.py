"""What is said where no recording can be used."""

from pathlib import Path

import numpy as np
import pytest
from records import harmonic_tone, write_recording

from ddsp.training.data_preparation import prepare_dataset
from ddsp.training.errors import InputError


def refused(paths: list[Path], output: Path) -> str:
    """What is said of recordings none of which can be used."""
    with pytest.raises(InputError) as raised:
        prepare_dataset(paths, output, example_secs=0.4, hop_secs=0.1, frame_rate=50)
    return str(raised.value)


def test_all_bad_files_are_named_with_reasons_and_a_way_out_that_fits(
    tmp_path: Path,
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF nothing")
    notes = tmp_path / "notes.txt"
    notes.write_text("Dear Anna,\n" * 99)
    said = refused([broken, notes], tmp_path / "out")
    assert "broken.wav: " in said and "; notes.txt: " in said
    assert said.endswith("Give WAV or FLAC files, recorded, copied or exported again.")
    assert "at least" not in said.partition("usable.")[2]
    short = write_recording(tmp_path / "short.wav", harmonic_tone(440.0, 0.1))
    silent = write_recording(tmp_path / "silent.wav", np.zeros(16000))
    said = refused([short, silent], tmp_path / "out")
    assert said.endswith(
        "Got short.wav: it lasts 0.10 s, less than 0.4 s; silent.wav: it is silent. "
        "Give audio files of at least 0.4 s; check the input level or the channel."
    )


def test_five_of_many_bad_files_are_named(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.wav").touch()
    said = refused([tmp_path], tmp_path / "out")
    assert said.count(".wav: it is empty") == 5 and "; and 2 more. Give" in said
