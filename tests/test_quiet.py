"""TensorFlow is loaded without a word, and errors are heard again afterwards."""

import os
import sys

import pytest

from ddsp import quiet


def test_nothing_of_native_code_is_seen_until_the_end(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with quiet.silent_error_stream():
        os.write(2, b"native greeting\n")
    sys.stderr.write("the line\n")
    os.write(2, b"native line\n")
    assert capfd.readouterr().err == "the line\nnative line\n"


def test_stream_is_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), quiet.silent_error_stream():
        raise ValueError("no")
    sys.stderr.write("the line\n")
    assert capfd.readouterr().err == "the line\n"


def test_level_of_the_user_is_kept_and_hears_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.setattr(quiet, "silent_error_stream", None)  # Calling it would fail.
    quiet.load_tensorflow()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


def test_level_is_set_where_the_user_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    quiet.load_tensorflow()
    assert os.environ.pop("TF_CPP_MIN_LOG_LEVEL") == "2"
