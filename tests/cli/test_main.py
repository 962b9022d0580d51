"""The command line: help, version, errors as one line and a status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ddsp import version
from ddsp.cli import main as main_lib
from ddsp.training.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(main_lib.COMMANDS)


def help_text(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main_lib.main(argv)
    assert ended.value.code == 0
    return capsys.readouterr().out


def make_train_raise(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def run(args: object) -> int:
        del args
        raise error

    monkeypatch.setattr("ddsp.cli.train.run", run)


def test_there_are_these_commands() -> None:
    assert COMMANDS == [
        "compare",
        "demo",
        "evaluate",
        "inspect",
        "prepare",
        "train",
        "transfer",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_its_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = help_text(capsys, command, "--help")
    assert "example:" in text
    assert f"\n  ddsp {command} " in text or f"\n  ddsp {command}\n" in text


def test_help_shows_an_example_of_every_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = help_text(capsys, "--help")
    for command, (_, summary) in main_lib.COMMANDS.items():
        assert summary in text
        assert f"\n  ddsp {command}" in text


def test_version_is_the_package_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert help_text(capsys, "--version") == f"ddsp {version.__version__}\n"


def test_help_loads_neither_tensorflow_nor_numpy() -> None:
    code = (
        "import sys\n"
        "from ddsp.cli import main\n"
        "try:\n"
        "    main.main(['--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "sys.exit(bool({'tensorflow', 'numpy', 'scipy'} & set(sys.modules)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True
    )
    assert "ddsp train" in done.stdout
    assert done.returncode == 0, "the help waits for a heavy import"


def test_no_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main_lib.main([]) == 2
    written = capsys.readouterr().err
    assert all(f"\n    {command} " in written for command in COMMANDS)


def test_input_error_is_one_line_and_status_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_train_raise(monkeypatch, InputError("data/ must hold records. Got none."))
    assert main_lib.main(["train", "data", "-o", "model"]) == 2
    out, err = capsys.readouterr()
    assert err == "ddsp train: error: data/ must hold records. Got none.\n"
    assert out == ""


def test_lines_that_gin_adds_to_an_error_are_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = InputError("Bad folder.\n  In call to configurable 'train'")
    make_train_raise(monkeypatch, error)
    assert main_lib.main(["train", "data", "-o", "model"]) == 2
    assert capsys.readouterr().err == "ddsp train: error: Bad folder.\n"


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ImportError("mir_eval is needed. Install 'ddsp[eval]'.")
    make_train_raise(monkeypatch, error)
    assert main_lib.main(["train", "data", "-o", "model"]) == 2
    assert "ddsp[eval]" in capsys.readouterr().err


def test_a_diverged_run_is_one_line_and_status_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_train_raise(monkeypatch, FloatingPointError("loss nan at step 3"))
    assert main_lib.main(["train", "data", "-o", "model"]) == 1
    assert capsys.readouterr().err == "ddsp train: error: loss nan at step 3\n"


@pytest.mark.parametrize(
    "error", [ImportError("No module named 'x'"), ValueError("shape"), KeyError("x")]
)
def test_faults_of_the_program_keep_their_traceback(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    make_train_raise(monkeypatch, error)
    with pytest.raises(type(error)):
        main_lib.main(["train", "data", "-o", "model"])


def test_interruption_has_the_status_of_a_shell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_train_raise(monkeypatch, KeyboardInterrupt())
    assert main_lib.main(["train", "data", "-o", "model"]) == 130


def test_log_level_of_the_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    make_train_raise(monkeypatch, KeyboardInterrupt())
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    main_lib.main(["train", "data", "-o", "model"])
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    main_lib.main(["train", "data", "-o", "model"])
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "2"


def test_nothing_but_the_error_is_on_the_error_stream(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    del env["TF_CPP_MIN_LOG_LEVEL"]
    command = [sys.executable, "-m", "ddsp.cli.main", "train", "no_such_dataset"]
    done = subprocess.run(
        [*command, "-o", "model"], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("ddsp train: error: ")
    assert "no_such_dataset" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_tensorflow_loads_is_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main_lib.quiet, "load_tensorflow", interrupt)
    assert main_lib.main(["demo"]) == 130
    assert capsys.readouterr().err == "stopped\n"
