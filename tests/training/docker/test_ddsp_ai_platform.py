"""The command for a service that was shut down."""

import sys

import pytest

from ddsp.training.docker import ddsp_ai_platform


@pytest.mark.parametrize("argv", [[], ["--region=europe-west4"], ["--help"]])
def test_one_line_says_what_replaces_the_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["ddsp_ai_platform", *argv])
    with pytest.raises(SystemExit) as ended:
        ddsp_ai_platform.console_entry_point()
    assert ended.value.code == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert captured.out == ""
    assert line.startswith("ddsp_ai_platform: error: ")
    assert "shut down" in line and "Vertex AI" in line and "docs/scaling.md" in line
