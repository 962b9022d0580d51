"""Seeded randomness, clean gin state and the optional real recordings."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import gin
import numpy as np
import pytest
import tensorflow as tf

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture(autouse=True)
def clean_state() -> Iterator[None]:
    """Each test starts from the same seeds and leaves no gin binding behind."""
    random.seed(0)  # Of the initial values that Keras draws.
    np.random.seed(0)
    tf.random.set_seed(0)
    yield
    gin.clear_config()


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(7)


@pytest.fixture
def golden() -> Path:
    """Folder of the original's recorded outputs."""
    return GOLDEN


@pytest.fixture
def shared_data() -> Callable[..., Path]:
    """Finds a real recording, or skips the test where they are absent."""

    def find(*parts: str) -> Path:
        path = SHARED_DATA.joinpath(*parts)
        if not path.exists():
            pytest.skip("real recordings (../shared/data) are absent")
        return path

    return find
