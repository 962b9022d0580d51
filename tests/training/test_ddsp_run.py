"""The original's command: its flags, the order of its configurations, its errors."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import gin
import pytest
import tiny_training
from absl import flags
from event_reader import read_scalars, read_values

from ddsp.training import ddsp_run
from ddsp.training.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
OWN_FLAGS = [
    "mode",
    "save_dir",
    "restore_dir",
    "tpu",
    "cluster_config",
    "allow_memory_growth",
    "hypertune",
    "early_stop_loss_value",
    "gin_search_path",
    "gin_file",
    "gin_param",
    "run_once",
    "initial_delay_secs",
    "trust_config",
]


@pytest.fixture
def parse() -> Iterator[Callable[..., None]]:
    """Defines the flags and gives them values."""
    ddsp_run.define_flags()
    yield parse_flags
    flags.FLAGS.unparse_flags()


def test_flags_have_the_original_s_defaults(parse: Callable[..., None]) -> None:
    parse()
    defaults = {
        "mode": "train",
        "save_dir": "/tmp/ddsp",
        "restore_dir": "",
        "tpu": "",
        "cluster_config": "",
        "allow_memory_growth": False,
        "hypertune": False,
        "early_stop_loss_value": None,
        "gin_search_path": [],
        "gin_file": [],
        "gin_param": [],
        "run_once": False,
        "initial_delay_secs": None,
        "trust_config": False,
    }
    assert {name: flags.FLAGS[name].value for name in defaults} == defaults


def test_flags_are_defined_by_the_command_and_not_by_its_import(
    parse: Callable[..., None],
) -> None:
    code = (
        "from absl import flags\n"
        "from ddsp.cli import train\n"
        "from ddsp.training import ddsp_run\n"
        "assert 'save_dir' not in flags.FLAGS\n"
        "ddsp_run.define_flags()\n"
        "ddsp_run.define_flags()\n"
        "assert 'save_dir' in flags.FLAGS\n"
    )
    parse("--gin_param=batch_size=3", "--gin_param=b=4")
    assert flags.FLAGS.gin_param == ["batch_size=3", "b=4"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


def test_later_configurations_win(parse: Callable[..., None], tmp_path: Path) -> None:
    model, more = tmp_path / "model", tmp_path / "more"
    model.mkdir()
    more.mkdir()
    # Every level sets what the levels above it set too, and one thing more.
    (model / "operative_config-0.gin").write_text("batch_size = -1\n")
    (model / "operative_config-10.gin").write_text(
        "batch_size = 1\nlearning_rate = 1.0\nRnnFcDecoder.ch = 1\n"
        "Trainer.grad_clip_norm = 1.0\n"
    )
    (more / "mine.gin").write_text(
        "learning_rate = 2.0\nRnnFcDecoder.ch = 2\nTrainer.grad_clip_norm = 2.0\n"
    )
    (tmp_path / "last.gin").write_text(
        "RnnFcDecoder.ch = 3\nTrainer.grad_clip_norm = 3.0\n"
    )
    parse(
        "--gin_search_path",
        str(more),
        "--gin_file=mine.gin",
        f"--gin_file={tmp_path / 'last.gin'}",
        "--gin_param=Trainer.grad_clip_norm = 4.0",
    )
    ddsp_run.parse_gin(str(model))
    assert gin.query_parameter("Trainer.lr_decay_rate") == 0.98  # optimization/base.
    assert gin.query_parameter("%batch_size") == 1
    assert gin.query_parameter("%learning_rate") == 2.0
    assert gin.query_parameter("RnnFcDecoder.ch") == 3
    assert gin.query_parameter("Trainer.grad_clip_norm") == 4.0


def parse_flags(*argv: str) -> None:
    """Gives the flags values."""
    ddsp_run.define_flags()
    flags.FLAGS(["ddsp_run", *argv])


def run_command(parse: Callable[..., None], *argv: str) -> int:
    """Runs the command as a process of its own would."""
    gin.clear_config()
    flags.FLAGS.unparse_flags()
    parse(*argv)
    return ddsp_run.main([])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_training.write_dataset(tmp_path_factory.mktemp("dataset"))


def data_flags(dataset: Path) -> list[str]:
    """The flags that every mode needs: all but paths is in the model's folder."""
    return [
        "--gin_file=datasets/tfrecord.gin",
        f"--gin_param=TFRecordProvider.file_pattern = '{dataset}/data.tfrecord*'",
        "--gin_param=TFRecordProvider.example_secs = 0.128",
        "--gin_param=TFRecordProvider.centered = True",
    ]


@pytest.fixture(scope="module")
def trained_once(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder after three steps, which stays as it is."""
    model = tmp_path_factory.mktemp("trained") / "model"
    params = [
        *tiny_training.SIZES,
        "F0LoudnessPreprocessor.time_steps = 32",
        "Harmonic.n_samples = 2048",
        "FilteredNoise.n_samples = 2048",
        "batch_size = 2",
        "train.num_steps = 3",
    ]
    status = run_command(
        parse_flags,
        f"--save_dir={model}",
        "--gin_file=models/solo_instrument.gin",
        *data_flags(dataset),
        *[f"--gin_param={param}" for param in params],
    )
    gin.clear_config()
    flags.FLAGS.unparse_flags()
    assert status == 0
    return model


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Path:
    """A copy of the model folder."""
    return Path(shutil.copytree(trained_once, tmp_path / "model"))


def test_train_eval_and_sample_of_one_folder(
    parse: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    trained: Path,
    dataset: Path,
) -> None:
    common = [f"--save_dir={trained}", "--run_once", *data_flags(dataset)]
    capsys.readouterr()
    evaluation = ["--mode=eval", "--gin_file=eval/basic_f0_ld.gin"]
    evaluation += ["--gin_param=evaluate.batch_size=1"]
    assert run_command(parse, *evaluation, *common) == 0
    said = capsys.readouterr().out
    assert f"eval: {trained}/ckpt-3" in said
    scalars = read_scalars(trained / "summaries" / "eval")
    assert set(scalars) == {
        "losses/spectral_loss",
        "losses/total_loss",
        "metrics/loudness/loudness_db",
        "metrics/f0/f0_dist",
        "metrics/f0/raw_pitch_accuracy",
        "metrics/f0/raw_chroma_accuracy",
        "metrics/f0_crepe/outlier_ratio",
    } | ({"metrics/f0_crepe/f0_dist"} & set(scalars))
    ((step, loss),) = scalars["losses/total_loss"]
    assert step == 3 and loss > 0.1
    rows = [line.split("  ") for line in said.splitlines() if line.startswith("  ")]
    numbers = {row[1]: [word.strip() for word in row[2:] if word] for row in rows}
    assert numbers["losses/spectral_loss, total_loss"] == [f"{loss:.4g}"]
    assert numbers["metrics/loudness/loudness_db"][1] == "dB"
    assert (
        run_command(parse, "--mode=sample", "--gin_param=sample.batch_size=1", *common)
        == 0
    )
    tags = set(read_values(trained / "summaries" / "eval")) - set(scalars)
    assert tags == {
        "audio_generated",
        "audio_original",
        "spectrogram/1",
        "waveform/125ms_1",
        "waveform/full_1",
    }
    said = capsys.readouterr().out
    assert said.startswith(f"sample: {trained}/ckpt-3")
    assert str(trained / "summaries" / "eval") in said


def test_training_goes_on_where_it_stopped(
    parse: Callable[..., None], trained: Path, dataset: Path
) -> None:
    more = "--gin_param=train.num_steps = 4"
    assert run_command(parse, f"--save_dir={trained}", *data_flags(dataset), more) == 0
    names = {path.name for path in trained.iterdir()}
    assert {
        "ckpt-3.index",
        "ckpt-4.index",
        "operative_config-0.gin",
        "operative_config-3.gin",
        "dataset_statistics.json",
    } <= names


def test_end_of_training_says_what_can_be_done_next(
    parse: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    trained: Path,
    dataset: Path,
) -> None:
    more = "--gin_param=train.num_steps = 4"
    given = [*data_flags(dataset), more]
    capsys.readouterr()
    assert run_command(parse, f"--save_dir={trained}", *given) == 0
    lines = capsys.readouterr().out.splitlines()[-5:]
    assert lines[:2] == [f"model: {trained}", "now try:"]
    transfer = f"  ddsp transfer voice.wav -o out.wav --model {trained}"
    assert lines[4] == transfer
    for line, mode in zip(lines[2:4], ("eval", "sample"), strict=True):
        name, *argv = shlex.split(line)
        assert name == "ddsp_run" and argv[0] == f"--mode={mode}"
        assert "--run_once" in argv and set(given) <= set(argv)
    batch = "--gin_param=sample.batch_size=1"
    assert run_command(parse, *shlex.split(lines[3])[1:], batch) == 0
    assert capsys.readouterr().out.startswith(f"sample: {trained}/ckpt-4")


@pytest.mark.parametrize("mode", ["train", "eval", "sample"])
def test_missing_files_of_a_dataset_are_one_line_with_the_binding(
    parse: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    mode: str,
) -> None:
    model = tmp_path / "model"
    tiny = "--gin_file=papers/iclr2020/tiny_instrument.gin"
    assert run_command(parse, f"--mode={mode}", f"--save_dir={model}", tiny) == 2
    (line,) = capsys.readouterr().err.splitlines()
    wanted = "--gin_param=\"TFRecordProvider.file_pattern='FOLDER/data.tfrecord*'\""
    assert wanted in line
    assert not model.exists()


def test_dataset_of_another_frame_rate_is_one_line(
    parse: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    dataset: Path,
) -> None:
    model = f"--save_dir={tmp_path / 'model'}"
    vst = "--gin_file=models/vst/vst.gin"
    assert run_command(parse, model, vst, *data_flags(dataset)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "frame_rate=50. Got frame_rate=250" in line
    assert line.endswith("--frame_rate 50")


def test_help_shows_all_own_flags_and_an_example_of_each_mode(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for word in ("--help", "-help", "--helpshort", "-h", "-?"):
        with pytest.raises(SystemExit) as ended:
            ddsp_run.parse_flags(["ddsp_run", "--mode=eval", word])
        assert ended.value.code == 0
        text = capsys.readouterr().out
        for name in OWN_FLAGS:
            assert f"\n  --{name}: " in text or f"\n  --[no]{name}: " in text
        for mode in ("train", "eval", "sample"):
            assert f"\n  ddsp_run --mode={mode} " in text
        assert ddsp_run.GIN_PATH in text
    assert "--verbosity" not in text
    flags.FLAGS.unparse_flags()


def test_without_a_wish_for_help_flags_are_parsed() -> None:
    left = ddsp_run.parse_flags(["ddsp_run", "--mode=sample", "more"])
    assert (flags.FLAGS.mode, left) == ("sample", ["ddsp_run", "more"])
    flags.FLAGS.unparse_flags()


def test_weights_come_from_restore_dir_and_summaries_go_to_save_dir(
    parse: Callable[..., None], trained: Path, dataset: Path, tmp_path: Path
) -> None:
    flags_ = ["--mode=eval", "--run_once", f"--save_dir={tmp_path / 'out'}"]
    flags_ += [f"--restore_dir={trained}", "--gin_param=evaluate.batch_size=1"]
    assert run_command(parse, *flags_, *data_flags(dataset)) == 0
    assert "losses/total_loss" in read_scalars(tmp_path / "out" / "summaries" / "eval")
    assert not (trained / "summaries" / "eval").exists()


def test_checkpoint_of_another_model_is_one_line(
    parse: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    trained: Path,
    dataset: Path,
) -> None:
    wrong = "--gin_param=RnnFcDecoder.rnn_channels = 4"
    status = run_command(
        parse,
        "--mode=eval",
        "--run_once",
        f"--save_dir={trained}",
        wrong,
        "--gin_param=evaluate.batch_size=1",
        *data_flags(dataset),
    )
    assert status == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must have shape" in line and str(trained) in line


@pytest.mark.parametrize("mode", ["eval", "sample"])
def test_folder_without_checkpoint_is_one_line_and_is_not_made(
    parse: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    mode: str,
) -> None:
    missing = tmp_path / "typo"
    assert (
        run_command(parse, f"--mode={mode}", "--run_once", f"--save_dir={missing}") == 2
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ddsp_run: error: A checkpoint must be")
    assert str(missing) in line
    assert not missing.exists()


@pytest.mark.parametrize(("mode", "name"), [("eval", "evaluate"), ("sample", "sample")])
def test_what_to_judge_must_be_bound(
    parse: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    mode: str,
    name: str,
) -> None:
    flags_ = [f"--mode={mode}", f"--save_dir={tmp_path}"]
    assert run_command(parse, *flags_) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "get_model.model" in line and str(tmp_path) in line
    assert run_command(parse, *flags_, "--gin_file=models/solo_instrument.gin") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{name}.data_provider" in line and "datasets/tfrecord.gin" in line


def test_judging_waits_as_long_as_it_is_told(
    parse: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    dataset: Path,
) -> None:
    events: list[object] = []
    monkeypatch.setattr("time.sleep", events.append)
    monkeypatch.setattr(
        ddsp_run.run.eval_util,
        "evaluate_or_sample",
        lambda *_, **kwargs: events.append(kwargs["run_once"]),
    )
    run_command(
        parse,
        "--mode=sample",
        f"--save_dir={tmp_path}",
        "--initial_delay_secs=17",
        "--gin_file=models/solo_instrument.gin",
        *data_flags(dataset),
    )
    assert events == [17, False]


def test_evaluators_of_basic_evaluation_are_the_default(
    parse: Callable[..., None], tmp_path: Path
) -> None:
    parse()
    ddsp_run.parse_gin(str(tmp_path))
    for name in ("evaluate", "sample"):
        found = gin.query_parameter(f"{name}.evaluator_classes")
        assert str(found) == "%evaluators"
    (evaluator,) = gin.query_parameter("%evaluators")
    assert evaluator.selector.endswith("BasicEvaluator")


def test_gin_files_of_a_bucket_are_read_from_copies(
    parse: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copies: list[Path] = []

    def copy(src: str, dst: str, overwrite: bool = False) -> None:
        del overwrite
        copies.append(Path(dst))
        copies[-1].write_text("batch_size = 77" if src == "gs://b/dir/x.gin" else "?")

    monkeypatch.setattr("tensorflow.io.gfile.copy", copy)
    parse("--gin_file=gs://b/dir/x.gin", "--gin_param=learning_rate = 0.5")
    ddsp_run.parse_gin(str(tmp_path))
    assert gin.query_parameter("%batch_size") == 77
    (copied,) = copies
    assert copied.name == "x.gin"
    # Nothing is left of it, least of all in the package.
    assert not copied.is_relative_to(ddsp_run.GIN_PATH)
    assert not copied.exists() and not any(tmp_path.iterdir())


def test_gin_path_holds_the_packaged_files() -> None:
    assert (Path(ddsp_run.GIN_PATH) / "models" / "ae.gin").is_file()


def test_missing_package_is_one_line(
    parse: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: str) -> None:
        raise ImportError("Needs a package. Install ddsp[x].\nmore")

    monkeypatch.setattr(ddsp_run, "parse_gin", fail)
    assert run_command(parse) == 2
    assert capsys.readouterr().err == (
        "ddsp_run: error: Needs a package. Install ddsp[x].\n"
    )


def test_a_missing_dataset_is_one_line(
    parse: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    parse(f"--save_dir={tmp_path}", "--gin_file=models/solo_instrument.gin")
    assert ddsp_run.main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "train.data_provider" in line
    assert "datasets/tfrecord.gin" in line


def test_an_unknown_gin_file_is_one_line(
    parse: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    parse(f"--save_dir={tmp_path}", "--gin_file=models/violine.gin")
    assert ddsp_run.main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "violine.gin" in line


def test_start_waits_as_long_as_it_is_told(
    parse: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    parse()
    ddsp_run.delay_start()
    parse("--initial_delay_secs=17")
    ddsp_run.delay_start()
    assert waits == [17]


def test_memory_growth_is_set_for_every_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    growing: dict[str, bool] = {}
    monkeypatch.setattr(
        "tensorflow.config.list_physical_devices",
        lambda kind: [f"{kind}:0", f"{kind}:1"],
    )
    monkeypatch.setattr(
        "tensorflow.config.experimental.set_memory_growth", growing.__setitem__
    )
    ddsp_run.allow_memory_growth()
    assert growing == {"GPU:0": True, "GPU:1": True}


def test_the_config_of_a_model_folder_imports_nothing_unless_it_is_trusted(
    parse: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "operative_config-0.gin").write_text(
        "import colorsys\nbatch_size = 5\n"
    )
    parse()
    with pytest.raises(InputError, match="import nothing but ddsp"):
        ddsp_run.parse_gin(str(tmp_path))
    flags.FLAGS.unparse_flags()
    parse("--trust_config")
    ddsp_run.parse_gin(str(tmp_path))
    assert gin.query_parameter("%batch_size") == 5


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError(), "InputError"),
        (ImportError(""), "ImportError"),
        (InputError("what\n  In call to configurable"), "what"),
        (FloatingPointError("\nnot finite"), "not finite"),
    ],
)
def test_an_error_is_one_line_even_without_a_text(
    error: Exception,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(ddsp_run, "_run", fail)
    assert ddsp_run.main([]) in (1, 2)
    assert capsys.readouterr().err == f"ddsp_run: error: {line}\n"
