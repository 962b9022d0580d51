"""A folder belongs to one run, and to nobody once that run is gone."""

import contextlib
import copy
import errno
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddsp.training.errors import InputError
from ddsp.training.loop import run_lock
from ddsp.training.loop.run_lock import FILE_NAME, RunLock

# Loads the one file alone, without TensorFlow, so that each process starts at once.
RUN = """
import importlib.util, os, sys, types
for name in ("ddsp", "ddsp.training", "ddsp.training.errors"):
    sys.modules[name] = types.ModuleType(name)
sys.modules[name].InputError = ValueError
spec = importlib.util.spec_from_file_location("run_lock", sys.argv[2])
run_lock = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_lock)
with run_lock.RunLock(sys.argv[1]):
    child = os.fork() if len(sys.argv) > 3 else None
    if child is None:
        print("training", os.getpid(), flush=True)
    elif child:
        print("training", os.getpid(), child, flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def other_run(folder: Path, *forks: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """Another process that trains into a folder, and what it says first."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), str(run_lock.__file__), *forks],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        try:
            ready, _, _ = select.select([process.stdout], [], [], 60)
            assert ready
            yield process, process.stdout.readline()
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert run_lock._held == {}
    assert not run_lock._guard.locked()


def test_another_process_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "My model ünï"
    with other_run(folder) as (process, said):
        assert said.split() == ["training", str(process.pid)]
        with pytest.raises(InputError) as caught, RunLock(folder):
            pass
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    assert f"process {process.pid} on {socket.gethostname()} has trained" in message
    assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d; wait for it", message)
    assert f"end it (kill {process.pid}), or choose another folder" in message


def test_a_killed_process_leaves_nothing_that_blocks(tmp_path: Path) -> None:
    with other_run(tmp_path) as (process, _):
        process.send_signal(signal.SIGKILL)
        # No wait for its end: the same command may come at once.
        with RunLock(tmp_path) as lock:
            assert lock.is_held
            holder = json.loads((tmp_path / FILE_NAME).read_text())
            assert holder["pid"] == os.getpid()


def test_an_ended_run_gives_its_folder_back(tmp_path: Path) -> None:
    with other_run(tmp_path) as (process, _):
        process.communicate("")
        assert process.returncode == 0
        assert (tmp_path / FILE_NAME).read_text() == ""
        with RunLock(tmp_path):
            pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_child_does_not_keep_the_lock_of_its_killed_parent(tmp_path: Path) -> None:
    with other_run(tmp_path, "fork") as (process, said):
        child = int(said.split()[2])
        try:
            with pytest.raises(InputError, match=f"process {process.pid} "):
                RunLock(tmp_path).__enter__()
            process.kill()
            process.wait()
            os.kill(child, 0)  # The child still lives.
            with RunLock(tmp_path) as lock:
                assert lock.is_held
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_the_end_of_a_child_is_not_the_end_of_the_run(tmp_path: Path) -> None:
    with other_run(tmp_path, "fork") as (process, said):
        assert process.stdin is not None
        child = int(said.split()[2])
        # Both wait for input; only the child gets a chance to end in order.
        process.send_signal(signal.SIGSTOP)
        try:
            process.stdin.close()
            _wait_for_end(child)
            with pytest.raises(InputError, match=f"process {process.pid} "):
                RunLock(tmp_path).__enter__()
        finally:
            process.send_signal(signal.SIGCONT)
        assert process.wait() == 0
    with RunLock(tmp_path):
        pass


def _wait_for_end(pid: int) -> None:
    """Waits until a process is dead, also if nobody has asked for its status."""
    for _ in range(600):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().split(") ")[1][0] == "Z":
            return
        threading.Event().wait(0.05)
    raise TimeoutError(pid)


def test_a_folder_that_nothing_has_come_of_goes(tmp_path: Path) -> None:
    with RunLock(tmp_path / "model"):
        assert (tmp_path / "model" / FILE_NAME).exists()
    assert not (tmp_path / "model").exists()
    with RunLock(tmp_path / "model"):
        (tmp_path / "model" / "ckpt-1").write_text("weights")
    assert (tmp_path / "model" / "ckpt-1").read_text() == "weights"
    (tmp_path / "mine").mkdir()
    with RunLock(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").is_dir()  # Whose it was before.


def test_a_folder_that_was_made_anew_is_another_run_s(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    with RunLock(folder):
        (folder / FILE_NAME).unlink()
        folder.rmdir()
        with other_run(folder):
            pass
        assert (folder / FILE_NAME).exists()
    assert (folder / FILE_NAME).exists()


def test_who_has_waited_for_a_folder_that_goes_makes_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, lock = tmp_path / "model", run_lock._lock
    first = RunLock(folder)
    first.__enter__()
    monkeypatch.setattr(run_lock, "_held", {})  # As in another process.
    others = {run_lock._identity(os.stat(folder / FILE_NAME))}

    def lock_late(descriptor: int) -> None:
        # The file that was opened is gone when the lock is free.
        if run_lock._identity(os.fstat(descriptor)) in others:
            (folder / FILE_NAME).unlink()
            folder.rmdir()
            others.clear()
        else:
            lock(descriptor)

    monkeypatch.setattr(run_lock, "_lock", lock_late)
    with RunLock(folder) as second:
        assert second.is_held
        assert (folder / FILE_NAME).exists()
        (folder / "ckpt-1").write_text("weights")
    monkeypatch.undo()
    first.__exit__(None, None, None)
    assert (folder / "ckpt-1").exists()


def test_nested_use_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lock, "PATIENCE_SECS", 1e9)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "model")
    with RunLock(tmp_path / "model") as lock:
        for again in (tmp_path / "model", link):
            with pytest.raises(InputError, match="this process trains already"):
                RunLock(again).__enter__()
        with pytest.raises(InputError, match="this process trains already"):
            lock.__enter__()
        assert lock.is_held
    assert not lock.is_held


def test_a_second_thread_is_refused(tmp_path: Path) -> None:
    refused: list[str] = []

    def work() -> None:
        try:
            with RunLock(tmp_path):
                pass
        except InputError as error:
            refused.append(str(error))

    with RunLock(tmp_path):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(refused) == 1
    assert f"Got {tmp_path}, into which this process trains" in refused[0]
    work()
    assert len(refused) == 1


def test_a_child_that_ends_in_order_leaves_the_lock_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunLock(tmp_path) as lock:
        in_child = copy.copy(lock)
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: -1)
            assert not in_child.is_held
            in_child.__exit__(None, None, None)
        assert lock.is_held
        assert (tmp_path / FILE_NAME).read_text() != ""
        with pytest.raises(InputError, match="this process trains already"):
            RunLock(tmp_path).__enter__()


def test_a_run_that_is_about_to_be_gone_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0.5 <= run_lock.PATIENCE_SECS <= 5.0
    lock_file, n_refused = run_lock._lock, []

    def refuse_three_times(descriptor: int) -> None:
        if len(n_refused) < 3:
            n_refused.append(descriptor)
            raise BlockingIOError
        lock_file(descriptor)

    monkeypatch.setattr(run_lock, "_lock", refuse_three_times)
    with RunLock(tmp_path) as lock:
        assert lock.is_held
    assert len(n_refused) == 3


def test_other_folders_are_free(tmp_path: Path) -> None:
    with RunLock(tmp_path / "a") as a, RunLock(tmp_path / "b") as b:
        assert a.is_held
        assert b.is_held
        assert (tmp_path / "a" / FILE_NAME).exists()


def test_a_failed_run_gives_its_folder_back_for_another(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    assert not lock.is_held
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    with lock:  # The same one works again.
        assert lock.is_held
    with other_run(tmp_path) as (_, said):
        assert said.startswith("training")


def test_the_file_is_never_removed(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        first = (tmp_path / FILE_NAME).stat().st_ino
    with RunLock(tmp_path):
        assert (tmp_path / FILE_NAME).stat().st_ino == first


def test_old_words_in_the_file_do_not_count(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"pid": 1, "host": "gone"}' * 50)
    with RunLock(tmp_path):
        holder = json.loads((tmp_path / FILE_NAME).read_text())
    assert holder.keys() == {"pid", "host", "since"}


@pytest.mark.parametrize("words", ["", "[]", "{}", '{"pid": 3', "\udcff"])
def test_without_words_the_refusal_is_one_line_still(
    tmp_path: Path, words: str
) -> None:
    with other_run(tmp_path):
        (tmp_path / FILE_NAME).write_bytes(words.encode(errors="surrogateescape"))
        with pytest.raises(InputError, match="into which another process trains; wait"):
            RunLock(tmp_path).__enter__()


@pytest.mark.parametrize(
    "number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL]
)
def test_a_folder_that_cannot_lock_is_used_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(descriptor: int) -> None:
        os.fstat(descriptor)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(run_lock, "_lock", refuse)
    said: list[str] = []
    with RunLock(tmp_path, said.append) as lock:
        assert not lock.is_held
    (line,) = said
    assert line.startswith(f"{tmp_path} cannot be locked ({os.strerror(number)})")


def test_a_bucket_cannot_lock(caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []
    with RunLock("gs://bucket/model", said.append) as lock:
        assert not lock.is_held
    assert len(said) == 1
    with RunLock("gs://bucket/model"):  # Without a listener it is logged.
        pass
    assert "gs://bucket/model cannot be locked" in caplog.text


def test_a_run_that_writes_nothing_locks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    with RunLock("", said.append) as one, RunLock("", said.append) as two:
        assert not one.is_held
        assert not two.is_held
    assert said == []
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="must be writable") as caught:
        RunLock(tmp_path / "file").__enter__()
    assert f"Got {tmp_path / 'file'}: " in str(caught.value)


def test_a_full_disk_keeps_the_words_out_but_not_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, text: bytes) -> int:
        del descriptor, text
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with RunLock(tmp_path) as lock:
        assert lock.is_held
    assert (tmp_path / FILE_NAME).read_text() == ""


@pytest.mark.parametrize("exists", [True, False])
def test_nothing_is_written_through_a_link(tmp_path: Path, exists: bool) -> None:
    precious, folder = tmp_path / "precious", tmp_path / "model"
    folder.mkdir()
    if exists:
        precious.write_text("mine")
    (folder / FILE_NAME).symlink_to(precious)
    with pytest.raises(InputError, match="a link; remove it") as caught:
        RunLock(folder).__enter__()
    assert f"Got {folder / FILE_NAME}, " in str(caught.value)
    assert precious.exists() == exists
    assert not exists or precious.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="Windows has no such flag")
def test_a_link_that_comes_at_the_last_moment_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious, folder = tmp_path / "precious", tmp_path / "model"
    precious.write_text("mine")
    folder.mkdir()
    (folder / FILE_NAME).symlink_to(precious)
    monkeypatch.setattr(os.path, "islink", lambda _: False)
    with pytest.raises(InputError, match=f"Got {folder}: .*symbolic link"):
        RunLock(folder).__enter__()
    assert precious.read_text() == "mine"


def test_a_link_to_a_lock_of_this_process_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / FILE_NAME).symlink_to(tmp_path / "a" / FILE_NAME)
    with RunLock(tmp_path / "a") as lock:
        with pytest.raises(InputError, match="a link; remove it"):
            RunLock(tmp_path / "b").__enter__()
        assert lock.is_held
