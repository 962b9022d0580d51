"""Bad steps are noted, too many end the run, and an idle GPU is told."""

import math
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import tensorflow as tf

from ddsp.training.loop import watchdog as module
from ddsp.training.loop.watchdog import Watchdog, unused_gpu

GOOD = {"spectral_loss": 2.0, "total_loss": 2.0, "skipped_steps": 0.0}
BAD = {"spectral_loss": math.nan, "total_loss": math.nan, "skipped_steps": 1.0}


def feed(watchdog: Watchdog, steps: range, bad: set[int]) -> None:
    for step in steps:
        watchdog.observe(step, BAD if step in bad else GOOD)


@pytest.mark.parametrize(
    "losses, fault",
    [
        (BAD, "the loss was not a number"),
        ({"total_loss": math.inf}, "the loss was infinite"),
        ({"total_loss": -math.inf, "skipped_steps": 1.0}, "the loss was infinite"),
        ({**GOOD, "skipped_steps": 1.0}, "the gradient was not finite"),
    ],
)
def test_a_bad_step_is_noted_with_its_fault(
    losses: dict[str, float], fault: str
) -> None:
    notes: list[str] = []
    watchdog = Watchdog(notes.append)
    watchdog.observe(811, GOOD)
    watchdog.observe(812, losses)
    watchdog.observe(813, {"total_loss": 1.0})
    assert notes == [f"step 812: {fault}; its update was left out"]
    assert watchdog.n_skipped == 1


def test_a_row_of_bad_steps_is_noted_once() -> None:
    notes: list[str] = []
    watchdog = Watchdog(notes.append)
    feed(watchdog, range(1, 20), bad={3, 4, 5, 9, 10})
    assert [note.partition(":")[0] for note in notes] == ["step 3", "step 9"]
    assert watchdog.n_skipped == 5


def test_more_than_ten_bad_steps_in_a_row_end_the_run() -> None:
    watchdog = Watchdog([].append)
    feed(watchdog, range(1, 811), bad=set(range(801, 811)))
    with pytest.raises(FloatingPointError) as caught:
        watchdog.observe(811, BAD)
    assert str(caught.value) == (
        "The loss and its gradient must stay finite. Got 11 steps in a row where they "
        "did not: 801 to 811, with batches 800 to 810; not finite: spectral_loss, "
        "total_loss. Their updates were left out. Lower the learning rate, or look for "
        "damaged recordings."
    )


def test_a_good_step_ends_a_row() -> None:
    watchdog = Watchdog([].append, max_skipped=2)
    feed(watchdog, range(1, 9), bad={1, 2, 4, 5, 7, 8})
    assert watchdog.n_skipped == 6
    with pytest.raises(FloatingPointError, match=r"Got 3 steps in a row .* 7 to 9,"):
        watchdog.observe(9, BAD)


def test_more_than_one_percent_of_1000_steps_end_the_run() -> None:
    bad = set(range(100, 1100, 100))
    watchdog = Watchdog([].append)
    feed(watchdog, range(1, 1099), bad)
    with pytest.raises(FloatingPointError) as caught:
        watchdog.observe(1099, BAD)
    text = str(caught.value)
    assert "Got 11 steps among the last 1000 where they did not: " in text
    assert "100, 200, 300, 400, 500 and 6 more, with batches 99, 199," in text


def test_steps_longer_ago_than_1000_do_not_count() -> None:
    watchdog = Watchdog([].append)
    feed(watchdog, range(1, 3001), bad=set(range(100, 3001, 100)))
    assert watchdog.n_skipped == 30


def test_a_larger_limit_holds_for_scattered_steps_too() -> None:
    watchdog = Watchdog([].append, max_skipped=12)
    feed(watchdog, range(1, 25), bad=set(range(1, 25, 2)))
    with pytest.raises(FloatingPointError, match="Got 13 steps among"):
        watchdog.observe(25, BAD)


def test_the_last_bad_batch_is_diagnosed() -> None:
    asked: list[int] = []

    def diagnose(number: int) -> str:
        asked.append(number)
        return "example 3 has audio=nan at position 0."

    watchdog = Watchdog([].append, 1, diagnose=diagnose, batches_ahead=100)
    watchdog.observe(5, {**GOOD, "skipped_steps": 1.0})
    with pytest.raises(FloatingPointError) as caught:
        watchdog.observe(6, {**GOOD, "skipped_steps": 1.0})
    assert asked == [105]
    text = str(caught.value)
    assert "with batches 104 to 105; not finite: the gradient. Their" in text
    assert text.endswith("Batch 105: example 3 has audio=nan at position 0.")
    assert "\n" not in text


def test_only_the_losses_of_the_named_steps_are_named() -> None:
    watchdog = Watchdog([].append, max_skipped=1)
    watchdog.observe(1, {"reverb_loss": math.nan, "total_loss": math.nan})
    feed(watchdog, range(2, 4), bad=set())
    watchdog.observe(4, {**GOOD, "skipped_steps": 1.0})
    with pytest.raises(FloatingPointError) as caught:
        watchdog.observe(5, {"spectral_loss": math.inf, "total_loss": math.inf})
    text = str(caught.value)
    assert "not finite: the gradient, spectral_loss, total_loss. Their" in text


def test_losses_of_long_ago_are_not_named() -> None:
    watchdog = Watchdog([].append)
    watchdog.observe(1, {"reverb_loss": math.nan, "total_loss": math.nan})
    bad = set(range(1002, 1022, 2))
    feed(watchdog, range(2, 1022), bad)
    with pytest.raises(FloatingPointError) as caught:
        watchdog.observe(1022, BAD)
    text = str(caught.value)
    assert "Got 11 steps among" in text
    assert "not finite: spectral_loss, total_loss. Their" in text


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A machine without any trace of a GPU."""

    def run(command: list[str], **kwargs: object) -> SimpleNamespace:
        assert command[0] == "nvidia-smi"
        assert kwargs["timeout"] == 2.0
        if isinstance(state.smi, Exception):
            raise state.smi
        return SimpleNamespace(stdout=state.smi)

    state = SimpleNamespace(smi=FileNotFoundError(), seen=[], folder=tmp_path / "gpus")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(module, "NVIDIA_FOLDER", str(state.folder))
    monkeypatch.setattr(module, "NVIDIA_DEVICES", str(tmp_path / "nvidia[0-9]*"))
    monkeypatch.setattr(module.subprocess, "run", run)
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind: state.seen * (kind == "GPU")
    )
    return state


def add_gpu(machine: SimpleNamespace) -> None:
    path = machine.folder / "0000:00:1e.0" / "information"
    path.parent.mkdir(parents=True)
    path.write_text("GPU UUID: GPU-1\nModel: \t\t NVIDIA H200\nIRQ: 12\n")


def test_no_gpu_is_no_news(machine: SimpleNamespace) -> None:
    assert unused_gpu() is None
    machine.smi = "\n"
    assert unused_gpu() is None
    machine.smi = subprocess.TimeoutExpired("nvidia-smi", 2.0)
    assert unused_gpu() is None
    machine.smi = subprocess.CalledProcessError(9, "nvidia-smi")
    assert unused_gpu() is None


def test_a_gpu_of_the_driver_is_told_with_the_cure(machine: SimpleNamespace) -> None:
    add_gpu(machine)
    assert unused_gpu() == (
        "a GPU is there (NVIDIA H200), but TensorFlow does not see it and computes on "
        "the CPU: install its libraries with pip install 'tensorflow[and-cuda]'"
    )


def test_a_gpu_that_the_tool_lists_is_told(machine: SimpleNamespace) -> None:
    machine.smi = "NVIDIA A100-SXM4-40GB\nNVIDIA T4\n"
    assert "(NVIDIA A100-SXM4-40GB)" in str(unused_gpu())


@pytest.mark.usefixtures("machine")
def test_a_device_file_is_enough(tmp_path: Path) -> None:
    (tmp_path / "nvidia-uvm").touch()
    assert unused_gpu() is None
    (tmp_path / "nvidia0").touch()
    assert "(NVIDIA)" in str(unused_gpu())


def test_a_gpu_that_tensorflow_sees_is_used(machine: SimpleNamespace) -> None:
    add_gpu(machine)
    machine.seen = ["GPU:0"]
    assert unused_gpu() is None


@pytest.mark.parametrize("value, told", [("", 0), ("-1", 0), ("0", 1), ("0,1", 1)])
def test_a_hidden_gpu_is_a_choice(
    machine: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, value: str, told: int
) -> None:
    add_gpu(machine)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert (unused_gpu() is not None) == told


def test_windows_has_another_cure(
    machine: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_gpu(machine)
    monkeypatch.setattr(module.sys, "platform", "win32")
    text = str(unused_gpu())
    assert "use WSL2" in text and "pip" not in text
