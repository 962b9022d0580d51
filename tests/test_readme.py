"""What the README shows works as it is shown."""

import ast
import importlib
import re
import shlex
from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import soundfile
import tiny_training
from absl import flags

from ddsp.cli import main as main_lib
from ddsp.training import ddsp_run, fitting

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def sound_snippet() -> str:
    (snippet,) = [text for text in SNIPPETS if "glide.wav" in text]
    return snippet


def test_sound_in_ten_lines_takes_ten_lines() -> None:
    lines = [line for line in sound_snippet().splitlines() if line.strip()]
    assert len(lines) <= 10


def test_sound_in_ten_lines_glides_up_and_fades(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(sound_snippet(), "README.md", "exec"), {})
    audio, sample_rate = soundfile.read("glide.wav")
    assert (audio.size, sample_rate) == (32000, 16000)
    window = np.hanning(3200)
    for at_secs, f0_hz in ((0.1, 115.5), (1.0, 165.0)):
        start = int(at_secs * 16000) - 1600 if at_secs > 0.1 else 0
        spectrum = np.abs(np.fft.rfft(audio[start : start + 3200] * window, 16000))
        peak = np.argmax(spectrum[:200])
        assert peak == pytest.approx(f0_hz, abs=4)
    assert audio[-1600:].std() < 0.2 * audio[1600:3200].std()


def test_gradient_of_the_graph_reaches_all_outputs_of_the_network() -> None:
    (snippet,) = [text for text in SNIPPETS if "ProcessorGroup" in text]
    names: dict[str, Any] = {}
    exec(compile(snippet, "README.md", "exec"), names)
    assert len(names["gradients"]) == 4
    for gradient in names["gradients"]:
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0
    spectrum = np.abs(np.fft.rfft(names["audio"][0]))
    assert np.argmax(spectrum) % 220 == 0  # A second of audio: bin number = Hz.


def find(module: str, name: str) -> Any:
    """What `from module import name` gives."""
    owner = importlib.import_module(module)
    if not hasattr(owner, name):
        importlib.import_module(f"{module}.{name}")
    return getattr(owner, name)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_name_of_the_library_exists(snippet: str) -> None:
    tree = ast.parse(snippet)
    imported = {
        alias.name: find(str(node.module), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = imported.get(node.value.id)
            assert owner is None or hasattr(owner, node.attr), ast.unparse(node)


def test_every_command_parses() -> None:
    commands = re.findall(r"^(?:pip .*&& )?ddsp (.+)$", README, re.MULTILINE)
    assert len(commands) >= 5
    parser = main_lib._build_parser()
    for command in commands:
        assert parser.parse_args(command.split()).command in main_lib.COMMANDS


def test_every_command_of_the_original_parses_and_needs_the_dataset_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = tiny_training.write_dataset(tmp_path / "dataset")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^ddsp_run (.+)$", README, re.MULTILINE)
    modes = []
    ddsp_run.define_flags()
    for command in commands:
        flags.FLAGS(["ddsp_run", *shlex.split(command)])
        modes.append(flags.FLAGS.mode)
        gin.clear_config()
        ddsp_run.parse_gin("nowhere")
        name = ddsp_run.PROVIDERS[flags.FLAGS.mode]
        fitting.check_provider(name)
        provider = gin.query_parameter(name).scoped_configurable_fn()
        assert len(list(provider.get_dataset(False))) == 2
        flags.FLAGS.unparse_flags()
    assert modes == ["train", "eval", "sample"] and dataset.is_dir()


def test_model_by_hand_is_trained_saved_and_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snippet,) = [text for text in SNIPPETS if "config.parse_gin" in text]
    monkeypatch.chdir(tmp_path)
    tiny_training.write_dataset(tmp_path / "dataset")
    lengths = [
        "F0LoudnessPreprocessor.time_steps = 32",
        "Harmonic.n_samples = 2048",
        "FilteredNoise.n_samples = 2048",
    ]
    bindings = repr([*tiny_training.SIZES, *lengths])
    smaller = snippet.replace('["RnnFcDecoder.ch = 256"]', bindings)
    assert smaller != snippet
    names: dict[str, Any] = {}
    exec(compile(smaller, "README.md", "exec"), names)
    assert names["audio"].shape == (2, 2048)
    assert (tmp_path / "by_hand" / "ckpt-2.index").is_file()
    pairs = zip(
        names["model"].get_weights(), names["trainer"].model.get_weights(), strict=True
    )
    for restored, trained in pairs:
        np.testing.assert_array_equal(restored, trained)


def test_every_linked_file_exists() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
