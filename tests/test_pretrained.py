"""Bundled weights are found, whole, and nothing else is."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ddsp import pretrained


def test_weights_are_the_published_ones() -> None:
    path = Path(pretrained.__file__).parent / "crepe" / "crepe_tiny.npz"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest.startswith("dee8cd985d477246")
    assert digest in (path.parent / "README.md").read_text()
    assert "MIT License" in (path.parent / "LICENSE").read_text()


def test_weights_are_complete_and_finite() -> None:
    weights = pretrained.crepe_weights()
    assert sum(array.size for array in weights.values()) == 487096
    assert all(np.all(np.isfinite(array)) for array in weights.values())
    layers = {f"conv{i}" for i in range(1, 7)}
    norms = {f"{layer}-BN" for layer in layers}
    assert {name.partition(".")[0] for name in weights} == (
        layers | norms | {"classifier"}
    )


def test_folders_with_a_checkpoint_are_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("violin", "flute"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "checkpoint").touch()
    (tmp_path / "crepe").mkdir()
    monkeypatch.setattr(pretrained, "_FOLDER", tmp_path)
    assert pretrained.model_names() == ["flute", "violin"]
    assert pretrained.model_folder("violin") == tmp_path / "violin"
    with pytest.raises(ValueError, match="name='crepe'; use one of: flute, violin"):
        pretrained.model_folder("crepe")


def test_network_weights_are_not_a_model() -> None:
    assert "crepe" not in pretrained.model_names()
