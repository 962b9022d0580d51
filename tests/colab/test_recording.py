"""Recording in the browser: what comes back, what can go wrong, and the script."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from signals import sine

from ddsp.colab import colab_utils
from ddsp.colab.recording import RECORD_SCRIPT
from ddsp.training.audio_io import AudioFileError
from ddsp.training.errors import InputError

# A browser with a microphone that hears two channels of 1000 samples: a ramp through
# full scale and beyond, and its half.
BROWSER = """
const asked = {};
const body = {appendChild: p => { asked.told = p; return p; }};
globalThis.document = {body: body, createElement: () => ({remove() {}})};
const track = {stop() { asked.stopped = true; }};
const media = {getUserMedia: async wanted => {
  asked.wanted = wanted;
  if (REFUSED) throw new Error("NotAllowedError");
  return {getTracks: () => [track]};
}};
Object.defineProperty(globalThis, "navigator", {value: {mediaDevices: media}});
globalThis.MediaRecorder = class {
  start() { asked.start = Date.now(); }
  stop() {
    asked.secs = (Date.now() - asked.start) / 1000;
    this.ondataavailable({data: "encoded"});
    this.onstop();
  }
};
globalThis.Blob = class {
  constructor(parts) { asked.parts = parts; }
  async arrayBuffer() { return new ArrayBuffer(8); }
};
globalThis.AudioContext = class {
  async decodeAudioData(encoded) {
    const ramp = Float32Array.from({length: 1000}, (_, n) => (n - 500) / 400);
    return {numberOfChannels: 2, length: 1000, sampleRate: 48000,
            getChannelData: k => ramp.map(x => x / (k + 1))};
  }
  async close() {}
};
const answer = await SCRIPT;
console.log(JSON.stringify({answer, asked}));
"""


def answer_of(content: bytes) -> dict[str, str]:
    return {"wav": base64.b64encode(content).decode("ascii")}


def test_recording_has_pitch_rate_and_level(
    colab, encode: Callable[..., bytes]
) -> None:
    colab.answer = answer_of(encode(0.1 * sine(440.0, 48000, 48000), 48000))
    audio = colab_utils.record(2, sample_rate=22050, normalize_db=6.0)
    assert audio.shape == (22050,)
    assert 20 * np.log10(np.abs(audio).max()) == pytest.approx(-6.0, abs=1e-3)
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(audio.size)))
    assert np.argmax(spectrum) == 440  # A second of audio: bin number = Hz.


def test_browser_is_asked_for_as_many_seconds(
    colab, encode: Callable[..., bytes]
) -> None:
    colab.answer = answer_of(encode(0.1 * sine(440.0)))
    colab_utils.record(2.5)
    ((script, ignores),) = colab.scripts
    assert "1000 * 2.5)" in script and "SECONDS" not in script and not ignores


@pytest.mark.parametrize(
    ("answer", "named"),
    [({"error": "NotAllowedError"}, "NotAllowedError"), (None, "None"), ("x", "x")],
)
def test_refused_microphone_is_told(colab, answer: object, named: str) -> None:
    colab.answer = answer
    with pytest.raises(InputError, match=rf"microphone.*{named}.*upload"):
        colab_utils.record()


def test_sound_that_is_none_is_told_as_a_recording(colab) -> None:
    colab.answer = answer_of(b"nothing that sounds")
    with pytest.raises(AudioFileError, match="the recording"):
        colab_utils.record()


@pytest.mark.parametrize("seconds", [0, -1, 61, float("nan")])
def test_length_is_within_a_minute(colab, seconds: float) -> None:
    with pytest.raises(InputError, match="seconds"):
        colab_utils.record(seconds)
    assert not colab.scripts


@pytest.mark.parametrize("place", ["jupyter", "nowhere"])
def test_elsewhere_the_ways_out_are_named(
    place: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    with pytest.raises(InputError, match=r"Colab.*upload\(\).*audio_io\.load_audio"):
        colab_utils.record()


def run_script(tmp_path: Path, refused: bool) -> dict:
    """Runs the script for the browser with Node.js; returns answer and requests."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    script = BROWSER.replace("SCRIPT", RECORD_SCRIPT.strip()).replace("SECONDS", "0.2")
    file = tmp_path / "record.mjs"
    file.write_text(script.replace("REFUSED", json.dumps(refused)), encoding="utf-8")
    done = subprocess.run([node, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_script_writes_what_the_browser_heard(
    tmp_path: Path, read_pcm: Callable[[bytes], tuple[np.ndarray, int]]
) -> None:
    done = run_script(tmp_path, refused=False)
    pcm, rate = read_pcm(base64.b64decode(done["answer"]["wav"]))
    ramp = (np.arange(1000) - 500) / 400
    expected = np.clip(np.round(32768 * ramp), -32768, 32767)
    assert rate == 48000
    np.testing.assert_allclose(pcm[:, 0], expected, atol=1)
    np.testing.assert_allclose(pcm[:, 1], np.round(16384 * ramp), atol=1)
    assert done["asked"]["secs"] >= 0.19
    assert done["asked"]["parts"] == ["encoded"]


def test_script_switches_off_what_harms_music_and_lets_the_microphone_go(
    tmp_path: Path,
) -> None:
    asked = run_script(tmp_path, refused=False)["asked"]
    assert asked["wanted"] == {
        "audio": {
            "echoCancellation": False,
            "noiseSuppression": False,
            "autoGainControl": False,
        }
    }
    assert asked["stopped"]


def test_script_answers_when_the_microphone_is_refused(tmp_path: Path) -> None:
    answer = run_script(tmp_path, refused=True)["answer"]
    assert answer == {"error": "Error: NotAllowedError"}
