"""The console script `ddsp_run`, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_script(*argv: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs the console script as an installation does."""
    code = "import sys; from ddsp.cli.ddsp_run import main; sys.exit(main())"
    env = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    if not more:
        env.pop("TF_CPP_MIN_LOG_LEVEL", None)
    return subprocess.run(
        [sys.executable, "-c", code, *argv], env=env, capture_output=True, text=True
    )


def test_help_is_all_that_is_said() -> None:
    done = run_script("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for flag in ("--mode", "--save_dir", "--gin_param", "--[no]run_once"):
        assert f"\n  {flag}: " in done.stdout


def test_an_error_is_the_only_line_on_the_error_stream(tmp_path: Path) -> None:
    done = run_script(
        f"--save_dir={tmp_path / 'model'}",
        "--gin_file=papers/iclr2020/tiny_instrument.gin",
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith(
        "Got no TFRecordProvider.file_pattern; add "
        "--gin_param=\"TFRecordProvider.file_pattern='FOLDER/data.tfrecord*'\"."
    )
    assert not (tmp_path / "model").exists()


def test_pyproject_names_this_script() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'ddsp_run = "ddsp.cli.ddsp_run:main"' in text
