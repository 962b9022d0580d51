"""The original's command, with its flags."""

from pathlib import Path

import pytest
from records import harmonic_tone, write_recording

from ddsp.training.data_preparation import ddsp_prepare_tfrecord as command

ROOT = Path(__file__).resolve().parents[3]
FAST = ["--example_secs=0.4", "--hop_secs=0.1", "--frame_rate=50", "--noviterbi"]
# TRAINING_SPEC 3.3.
FLAGS = {
    "input_audio_filepatterns": [],
    "output_tfrecord_path": None,
    "num_shards": None,
    "sample_rate": 16000,
    "frame_rate": 250,
    "example_secs": 4.0,
    "hop_secs": 1.0,
    "eval_split_fraction": 0.0,
    "chunk_secs": 20.0,
    "center": False,
    "viterbi": True,
    "pipeline_options": ["--runner=DirectRunner"],
}


def call(*argv: str) -> int:
    command.FLAGS.unparse_flags()
    for name in FLAGS:
        command.FLAGS[name].unparse()
    return command.main(command.parse_flags(["ddsp_prepare_tfrecord", *argv]))


def test_flags_and_defaults_are_those_of_the_original() -> None:
    found = {name: command.FLAGS[name].default for name in command.FLAGS}
    assert {name: found[name] for name in FLAGS} == FLAGS


def test_flags_reach_the_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        write_recording(tmp_path / f"{name}.wav", harmonic_tone(440.0, 1.0))
    write_recording(tmp_path / "c.flac", harmonic_tone(440.0, 1.0))
    status = call(
        f"--input_audio_filepatterns={tmp_path}/*.wav,{tmp_path}/c.flac",
        f"--output_tfrecord_path={tmp_path}/out/x.tfrecord",
        "--num_shards=2",
        "--sample_rate=24000",
        "--center",
        "--chunk_secs=0.5",
        "--eval_split_fraction=0.4",
        *FAST,
    )
    assert status == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "dataset.x.tfrecord-eval.json",
        "dataset.x.tfrecord-train.json",
        *(f"x.tfrecord-eval-0000{i}-of-00002" for i in range(2)),
        *(f"x.tfrecord-train-0000{i}-of-00002" for i in range(2)),
    ]
    text = (tmp_path / "out" / names[0]).read_text()
    assert '"sample_rate": 24000' in text and '"centered": true' in text
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("12 examples of 0.4 s from 3 recordings: 3.0 s, ")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--output_tfrecord_path=x"], "Got no --input_audio_filepatterns"),
        (
            ["--input_audio_filepatterns=.", "--output_tfrecord_path="],
            "Got no --output",
        ),
        (
            ["--input_audio_filepatterns=nothing/*.wav", "--output_tfrecord_path=x"],
            "Got nothing/*.wav, which matches no file",
        ),
        (
            [
                "--input_audio_filepatterns=tests",
                "--output_tfrecord_path=x",
                "--frame_rate=60",
            ],
            "Got frame_rate=60",
        ),
    ],
)
def test_mistakes_are_one_line(
    capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    assert call(*argv) == 2
    error = capsys.readouterr().err
    assert error.startswith("ddsp_prepare_tfrecord: error: ")
    assert error.count("\n") == 1 and words in error


@pytest.mark.parametrize("flag", ["--frame_rate=many", "--unknown=1"])
def test_wrong_flags_are_one_line(
    capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    with pytest.raises(SystemExit) as raised:
        call(flag)
    assert raised.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("ddsp_prepare_tfrecord: error: ")
    assert flag.partition("=")[0].strip("-") in said


def test_help_shows_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        call("--help")
    assert raised.value.code == 0
    text = capsys.readouterr().out
    for name in FLAGS:
        assert f"--{name}" in text or f"--[no]{name}" in text


def test_pyproject_names_this_script() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'ddsp_prepare_tfrecord = "ddsp.cli.ddsp_prepare_tfrecord:main"' in text
