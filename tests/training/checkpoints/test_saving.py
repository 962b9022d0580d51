import contextlib
import inspect
import os
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf
from graph_files import read_values
from small_models import tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.checkpoints import saving
from ddsp.training.errors import InputError


@pytest.fixture
def tiny():
    model, features = tiny_autoencoder()
    model(features)
    return model


def test_a_folder_holds_the_newest_checkpoints_only(tiny, tmp_path):
    for step in (5, 10, 15):
        path = checkpoints.save_checkpoint(tiny, None, tmp_path, step, max_to_keep=2)
        assert checkpoints.get_latest_checkpoint(tmp_path) == path
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "checkpoint",
        "ckpt-10.data-00000-of-00001",
        "ckpt-10.index",
        "ckpt-15.data-00000-of-00001",
        "ckpt-15.index",
    ]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    expected = [str(tmp_path / f"ckpt-{step}") for step in (10, 15)]
    assert list(state.all_model_checkpoint_paths) == expected


def test_saving_an_earlier_step_again_makes_it_the_newest(tiny, tmp_path):
    for step in (5, 10, 5):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step)
    latest = checkpoints.get_latest_checkpoint(tmp_path)
    assert latest == str(tmp_path / "ckpt-5")


def test_an_interrupted_save_leaves_the_earlier_checkpoint(tiny, tmp_path, monkeypatch):
    first = checkpoints.save_checkpoint(tiny, None, tmp_path, step=1)
    before = read_values(first)
    rename, calls = tf.io.gfile.rename, []

    def killed(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        rename(*args, **kwargs)

    monkeypatch.setattr(tf.io.gfile, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step=2)
    monkeypatch.undo()
    assert checkpoints.get_latest_checkpoint(tmp_path) == first
    assert read_values(first).keys() == before.keys()
    checkpoints.save_checkpoint(tiny, None, tmp_path, step=2)
    assert not list(tmp_path.glob(f"{saving._TEMPORARY}*"))


def test_leftovers_of_a_killed_process_are_removed(tiny, tmp_path):
    leftover = tmp_path / f"{saving._TEMPORARY}{'0' * 32}"
    leftover.mkdir()
    (leftover / "ckpt-1.index").touch()
    checkpoints.save_checkpoint(tiny, None, tmp_path, step=1)
    assert not leftover.exists()


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tiny, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(
        InputError, match="A checkpoint must go to a place that can"
    ) as caught:
        checkpoints.save_checkpoint(tiny, None, tmp_path / "file", step=1)
    assert str(tmp_path / "file") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folders_of_any_name_work(tiny, tmp_path):
    folder = tmp_path / "My Drive ünï (1) [2]"
    checkpoints.save_checkpoint(tiny, None, folder, step=1)
    kernel = tiny.decoder.dense_out.kernel
    before = kernel.numpy()
    kernel.assign(tf.zeros_like(kernel))
    assert checkpoints.restore_checkpoint(tiny, folder) == 1
    np.testing.assert_array_equal(kernel, before)


def test_the_written_checkpoint_stays_whatever_is_in_the_folder(tiny, tmp_path):
    for step in (1000, 2000, 3000):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step)
    # A run that started elsewhere, at a lower step, writes here.
    for step, left in ((10, {10, 2000, 3000}), (20, {20, 2000, 3000})):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step, max_to_keep=3)
        found = {int(p.stem.split("-")[1]) for p in tmp_path.glob("ckpt-*.index")}
        assert found == left
        assert checkpoints.restore_checkpoint(tiny, tmp_path) == step
        assert len(list(tmp_path.glob("ckpt-*.data-*"))) == 3


@pytest.mark.parametrize("n_kept", [None, 0])
def test_all_checkpoints_may_stay(n_kept, tiny, tmp_path):
    for step in (1, 2, 3):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step, n_kept)
    assert len(list(tmp_path.glob("ckpt-*.index"))) == 3
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert len(state.all_model_checkpoint_paths) == 3


def test_one_checkpoint_may_stay(tiny, tmp_path):
    for step in (1, 2):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step, 1)
    assert [path.name for path in tmp_path.glob("*.index")] == ["ckpt-2.index"]


def test_fewer_than_none_cannot_stay(tiny, tmp_path):
    with pytest.raises(ValueError, match="max_to_keep=-1"):
        checkpoints.save_checkpoint(tiny, None, tmp_path, 1, max_to_keep=-1)
    assert not list(tmp_path.iterdir())


def test_files_of_others_stay(tiny, tmp_path):
    names = ("ckpt-1.gin", "ckpt-1.data", "ckpt-10.index.txt", "notes-1.index")
    for name in names:
        (tmp_path / name).write_text("mine")
    for step in (1, 2):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step, 1)
    assert all((tmp_path / name).read_text() == "mine" for name in names)


def test_a_hundred_checkpoints_stay_unless_told_otherwise():
    parameters = inspect.signature(checkpoints.save_checkpoint).parameters
    assert parameters["max_to_keep"].default == 100


def test_what_does_not_come_back_is_not_saved(tiny, tmp_path, monkeypatch):
    as_checkpoint = saving.as_checkpoint

    def forgetful(tree):
        del tree["model"]["decoder"]["dense_out"]["bias"]
        return as_checkpoint(tree)

    complete = saving._tree(tiny, None)
    monkeypatch.setattr(saving, "_tree", lambda *_: copy_of(complete))
    monkeypatch.setattr(saving, "as_checkpoint", lambda tree: forgetful(copy_of(tree)))
    with pytest.raises(InputError, match="without model/decoder/dense_out/bias"):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step=1)
    assert not list(tmp_path.iterdir())


def copy_of(tree):
    """The same variables in dictionaries of their own."""
    return {k: copy_of(v) if isinstance(v, dict) else v for k, v in tree.items()}


class Killed(BaseException):
    """The end of a process, after which none of its code runs."""


def kill_at(monkeypatch, n_calls):
    """Lets a number of changes of files happen, and none after them."""
    done = []

    def wrap(function):
        def change(*args, **kwargs):
            if len(done) == n_calls:
                raise Killed
            result = function(*args, **kwargs)
            done.append(args)
            return result

        return change

    for name in ("rename", "remove", "copy", "rmtree", "makedirs"):
        monkeypatch.setattr(tf.io.gfile, name, wrap(getattr(tf.io.gfile, name)))
    return done


def mark(model, level):
    """Sets the values by which two checkpoints differ."""
    model.decoder.dense_out.bias.assign(tf.fill([6], level))
    model.decoder.rnn.rnn.cell.bias.assign(tf.fill([2, 12], level))


def marks(model, path):
    """The values by which two checkpoints differ, with that beside them."""
    mark(model, -1.0)
    checkpoints.restore_checkpoint(model, path)
    levels = {
        *np.unique(model.decoder.dense_out.bias),
        *np.unique(model.decoder.rnn.rnn.cell.bias),
        *(float(v) for v in checkpoints.load_sidecar(path).values()),
    }
    (level,) = levels  # Never some of one and some of another.
    return level


def save_marked(model, folder, step, level):
    mark(model, level)
    sidecar = {"level": np.array(level)}
    return checkpoints.save_checkpoint(model, None, folder, step, 2, sidecar)


# Other checkpoints of the folder, and the step that is then written again or anew.
SCENES = {
    "only one": ((5,), 5),
    "newest": ((3, 5), 5),
    "not newest": ((5, 3), 5),
    "new": ((3, 4), 5),
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_process_killed_anywhere_leaves_a_whole_checkpoint(
    scene, tiny, tmp_path, monkeypatch
):
    steps, step = SCENES[scene]
    before = tmp_path / "before"
    for number in steps:
        save_marked(tiny, before, number, float(number))
    newest = float(steps[-1])
    seen, n_calls, finished = [], 0, False
    while not finished:
        folder = tmp_path / f"killed_{n_calls}"
        shutil.copytree(before, folder)
        with monkeypatch.context() as patch:
            done = kill_at(patch, n_calls)
            try:
                save_marked(tiny, folder, step, 50.0)
                finished = True
            except Killed:
                assert len(done) == n_calls
        seen.append(marks(tiny, folder))
        for index in folder.glob("*.index"):
            marks(tiny, str(index).removesuffix(".index"))
        latest = tf.train.latest_checkpoint(str(folder))
        assert marks(tiny, latest) == seen[-1]
        # The next save takes up where this one was cut off.
        save_marked(tiny, folder, step, 60.0)
        assert marks(tiny, folder) == 60.0
        save_marked(tiny, folder, 6, 70.0)
        assert marks(tiny, folder / "ckpt-6") == marks(tiny, folder) == 70.0
        kept = sorted({*steps, step, 6})[-2:]
        assert {path.name for path in folder.glob("[!c]*")} == set()
        indices = {path.name for path in folder.glob("*.index")}
        assert indices == {f"ckpt-{number}.index" for number in kept}
        shutil.rmtree(folder)
        n_calls += 1
    assert n_calls > 6
    n_old = seen.index(50.0)
    assert n_old > 2
    assert seen == [newest] * n_old + [50.0] * (len(seen) - n_old)


def test_the_step_of_a_checkpoint_that_is_being_replaced_is_known(
    tiny, tmp_path, monkeypatch
):
    save_marked(tiny, tmp_path, 5, 5.0)
    n_calls = 0
    while (tmp_path / "ckpt-5.index").exists():
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            kill_at(patch, n_calls)
            save_marked(tiny, tmp_path, 5, 50.0)
        n_calls += 1
    assert checkpoints.get_latest_checkpoint(tmp_path) == str(tmp_path / "replaced-5")
    assert checkpoints.restore_checkpoint(tiny, tmp_path) == 5
    # A save of another step, which does not replace it, tidies up too.
    save_marked(tiny, tmp_path, 6, 6.0)
    assert not list(tmp_path.glob("replaced-*"))


def test_an_interrupt_while_replacing_tidies_up(tiny, tmp_path, monkeypatch):
    save_marked(tiny, tmp_path, 5, 5.0)
    rename, calls = tf.io.gfile.rename, []

    def interrupted(*args, **kwargs):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        rename(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(tf.io.gfile, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            save_marked(tiny, tmp_path, 5, 50.0)
    assert not list(tmp_path.glob(f"{saving._TEMPORARY}*"))
    assert marks(tiny, tmp_path) == 5.0


def test_a_full_disk_leaves_what_was_there(tiny, tmp_path, monkeypatch):
    save_marked(tiny, tmp_path, 5, 5.0)

    def full(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tf.io.gfile, "copy", full)
        with pytest.raises(InputError, match=r"\(No space left on device\); make"):
            save_marked(tiny, tmp_path, 5, 50.0)
    assert marks(tiny, tmp_path) == marks(tiny, tmp_path / "ckpt-5") == 5.0


def steps_in(folder):
    """Steps of the checkpoints of a folder, and those that it lists."""
    state = tf.train.get_checkpoint_state(str(folder))
    listed = [int(p.rpartition("-")[2]) for p in state.all_model_checkpoint_paths]
    found = {int(p.stem.split("-")[1]) for p in folder.glob("ckpt-*.index")}
    assert found == set(listed)
    assert found == {int(p.name.split("-")[1][:1]) for p in folder.glob("*.data-*")}
    return listed


def test_the_best_checkpoint_stays_beside_the_newest(tiny, tmp_path):
    for step in (1, 2, 3, 4, 5):
        sidecar = {"step": np.array(step)}
        checkpoints.save_checkpoint(tiny, None, tmp_path, step, 2, sidecar, keep={2})
    assert steps_in(tmp_path) == [2, 4, 5]
    assert checkpoints.load_sidecar(tmp_path / "ckpt-2") == {"step": 2}
    # Among the newest it takes no place of its own, and another may be the best.
    checkpoints.save_checkpoint(tiny, None, tmp_path, 6, 2, keep=[5])
    assert steps_in(tmp_path) == [5, 6]


def test_keeping_what_is_not_there_changes_nothing(tiny, tmp_path):
    for step in (1, 2, 3):
        checkpoints.save_checkpoint(tiny, None, tmp_path, step, 1, keep=(0, 9))
    assert steps_in(tmp_path) == [3]
    default = inspect.signature(checkpoints.save_checkpoint).parameters["keep"].default
    assert list(default) == []


def test_files_of_checkpoints_without_an_index_are_removed(tiny, tmp_path):
    gone = ("ckpt-1.data-00000-of-00001", "ckpt-1.extra.npz", "ckpt-33.extra.npz")
    mine = ("ckpt-1.data", "ckpt-2.extra.npz.bak", "my-ckpt-1.extra.npz", "a.extra.npz")
    for name in (*gone, *mine):
        (tmp_path / name).write_text("half of something")
    save_marked(tiny, tmp_path, 3, 3.0)
    save_marked(tiny, tmp_path, 4, 4.0)
    names = {path.name for path in tmp_path.iterdir()}
    assert not names & set(gone)
    assert names >= {*mine, "ckpt-3.data-00000-of-00001", "ckpt-3.extra.npz"}


def fail_at(monkeypatch, n_calls, only_once):
    """Lets a number of changes of files happen; then the disk is full."""
    done = []

    def wrap(function):
        def change(*args, **kwargs):
            done.append(args)
            n = len(done) - 1
            if n == n_calls or (n > n_calls and not only_once):
                raise tf.errors.ResourceExhaustedError(
                    None, None, f"{{{{node Save}}}} {args[0]}; No space left [Op:Save]"
                )
            return function(*args, **kwargs)

        return change

    for name in ("rename", "remove", "copy", "rmtree", "makedirs", "GFile"):
        monkeypatch.setattr(tf.io.gfile, name, wrap(getattr(tf.io.gfile, name)))
    monkeypatch.setattr(
        tf.train.Checkpoint, "save", wrap(vars(tf.train.Checkpoint)["save"])
    )
    return done


@pytest.mark.parametrize(
    ("scene", "only_once"), [("newest", True), ("newest", False), ("new", False)]
)
def test_a_disk_that_is_full_at_any_moment_is_one_error_and_no_loss(
    scene, only_once, tiny, tmp_path, monkeypatch
):
    steps, step = SCENES[scene]
    before = tmp_path / "before"
    for number in steps:
        save_marked(tiny, before, number, float(number))
    seen, n_calls, finished = [], 0, False
    while not finished:
        folder = tmp_path / f"full_{n_calls}"
        shutil.copytree(before, folder)
        with monkeypatch.context() as patch:
            fail_at(patch, n_calls, only_once)
            try:
                save_marked(tiny, folder, step, 50.0)
                finished = True
            except InputError as error:
                assert str(error) == (
                    "A checkpoint must go to a place that can be written. Got "
                    f"{folder} (No space left); make room, or choose another folder."
                )
        seen.append(marks(tiny, folder))
        path = checkpoints.latest_whole_checkpoint(folder, pytest.fail)
        assert marks(tiny, path) == seen[-1]
        # With space again, the next save leaves nothing behind.
        save_marked(tiny, folder, 6, 70.0)
        assert marks(tiny, folder) == 70.0
        files = {path.name for path in folder.iterdir()} - {"checkpoint"}
        stems = {path.stem for path in folder.glob("*.index")}
        assert "ckpt-6" in stems
        assert len(files) == 3 * len(stems)
        assert all(name.startswith(tuple(f"{s}." for s in stems)) for name in files)
        shutil.rmtree(folder)
        n_calls += 1
    n_old = seen.index(50.0)
    assert n_old > 6
    assert seen == [float(steps[-1])] * n_old + [50.0] * (len(seen) - n_old)


def test_the_reason_of_the_system_is_given(tiny, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device", f"file {descriptor}")

    save_marked(tiny, tmp_path, 5, 5.0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(InputError, match=r"\(No space left on device\); make"):
            save_marked(tiny, tmp_path, 6, 50.0)
    assert marks(tiny, tmp_path) == 5.0
    assert len(list(tmp_path.iterdir())) == 4


def test_all_is_on_the_disk_before_it_is_moved(tiny, tmp_path, monkeypatch):
    events, fsync, rename = [], os.fsync, tf.io.gfile.rename
    names = {}

    def flush(descriptor):
        names[os.fstat(descriptor).st_ino] = True
        events.append("flush")
        fsync(descriptor)

    def move(source, target, overwrite=False):
        assert os.stat(source).st_ino in names
        events.append("move")
        rename(source, target, overwrite)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(tf.io.gfile, "rename", move)
    save_marked(tiny, tmp_path, 5, 5.0)
    assert events.count("move") == 4
    assert events.index("move") == events.count("flush")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_real_limit_on_the_size_of_files_corrupts_nothing(tiny, tmp_path):
    import resource

    path = save_marked(tiny, tmp_path, 5, 5.0)
    size = os.path.getsize(f"{path}.data-00000-of-00001")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = {path.name for path in tmp_path.iterdir()}
    n_errors = 0
    for limit in (0, 10, 500, size // 2, size - 1):
        for step in (5, 6):
            try:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
                save_marked(tiny, tmp_path, step, 50.0)
            except InputError as error:
                n_errors += "\n" not in str(error)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert marks(tiny, tmp_path) == 5.0
            assert {path.name for path in tmp_path.iterdir()} == before
    assert n_errors == 10
    save_marked(tiny, tmp_path, 6, 6.0)
    assert marks(tiny, tmp_path) == 6.0


def test_links_of_a_strangers_folder_lead_nowhere(tiny, tmp_path):
    victim = tmp_path / "victim"
    (victim / "inner").mkdir(parents=True)
    precious = [victim / "ckpt-1.index", victim / "inner" / "file", victim / "file"]
    for file in precious:
        file.write_text("precious")
    folder = tmp_path / "model"
    ours, real = (folder / f"{saving._TEMPORARY}{c * 32}" for c in "ab")
    real.mkdir(parents=True)
    for link in (ours, folder / f"{saving._TEMPORARY}x", real / "ckpt-1_temp"):
        link.symlink_to(victim)
    (real / "ckpt-1.index").symlink_to(precious[0])
    checkpoints.save_checkpoint(tiny, None, folder, step=1)
    assert all(file.read_text() == "precious" for file in precious)
    assert not ours.is_symlink() and not real.exists()


def test_only_what_a_save_makes_is_removed(tiny, tmp_path):
    other = tmp_path / f"{saving._TEMPORARY}mine"
    ours, full = (tmp_path / f"{saving._TEMPORARY}{c * 32}" for c in "0f")
    for folder in (other, ours / "ckpt-1_temp", full):
        folder.mkdir(parents=True)
    written = ("ckpt-1.index", "ckpt-1.data-00000-of-00001", "ckpt-1.extra.npz")
    for name in (*written, "checkpoint", "names_ckpt-3", "ckpt-1_temp/part-00000.data"):
        (ours / name).touch()
    for file in (other / "notes", full / "notes", full / "ckpt-1.index"):
        file.touch()
    checkpoints.save_checkpoint(tiny, None, tmp_path, step=1)
    assert (other / "notes").exists() and (full / "notes").exists()
    assert not (full / "ckpt-1.index").exists()
    assert not ours.exists()


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint",
        "ckpt-5.index",
        "ckpt-5.data-00000-of-00001",
        "ckpt-5.extra.npz",
        "replaced-5.index",
        "replaced-5.data-00000-of-00001",
    ],
)
@pytest.mark.parametrize("dangling", [False, True])
def test_nothing_is_written_through_a_link(name, dangling, tiny, tmp_path):
    folder, victim = tmp_path / "model", tmp_path / "victim"
    save_marked(tiny, folder, 5, 1.0)
    content = (folder / name).read_bytes() if (folder / name).exists() else b"precious"
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(victim)
    if not dangling:
        victim.write_bytes(content)
    save_marked(tiny, folder, 5, 2.0)
    assert marks(tiny, folder) == 2.0
    assert not (folder / name).is_symlink()
    assert victim.exists() != dangling
    assert dangling or victim.read_bytes() == content


def cut_off(tiny, folder, monkeypatch):
    """A folder whose newest checkpoint was about to be replaced."""
    save_marked(tiny, folder, 3, 3.0)
    save_marked(tiny, folder, 5, 5.0)
    rename = tf.io.gfile.rename

    def killed(source, target, overwrite=False):
        if os.path.basename(target).startswith("ckpt-5.data"):
            raise Killed
        rename(source, target, overwrite)

    with monkeypatch.context() as patch:
        patch.setattr(tf.io.gfile, "rename", killed)
        with pytest.raises(Killed):
            save_marked(tiny, folder, 5, 50.0)
    assert (folder / "replaced-5.index").exists()
    assert not (folder / "ckpt-5.index").exists()


def test_what_was_to_be_replaced_outlives_the_next_step(tiny, tmp_path, monkeypatch):
    cut_off(tiny, tmp_path, monkeypatch)
    save_marked(tiny, tmp_path, 6, 6.0)
    assert marks(tiny, tmp_path / "ckpt-5") == 5.0
    assert marks(tiny, tmp_path) == 6.0
    assert not list(tmp_path.glob("replaced-*"))
    names = {path.stem for path in tmp_path.glob("*.index")}
    assert names == {"ckpt-5", "ckpt-6"}


def test_a_process_killed_while_it_brings_one_back_leaves_it_whole(
    tiny, tmp_path, monkeypatch
):
    before = tmp_path / "before"
    cut_off(tiny, before, monkeypatch)
    n_calls, finished = 0, False
    while not finished:
        folder = tmp_path / f"killed_{n_calls}"
        shutil.copytree(before, folder)
        with monkeypatch.context() as patch:
            kill_at(patch, n_calls)
            try:
                save_marked(tiny, folder, 6, 6.0)
                finished = True
            except Killed:
                n_calls += 1
        assert marks(tiny, folder) in (5.0, 6.0)
        for index in folder.glob("*.index"):
            marks(tiny, str(index).removesuffix(".index"))
    assert n_calls > 8


def test_files_that_are_called_like_copies_stay(tiny, tmp_path):
    (tmp_path / "replaced-parts.txt").write_text("mine")
    checkpoints.save_checkpoint(tiny, None, tmp_path, step=1)
    assert (tmp_path / "replaced-parts.txt").read_text() == "mine"
