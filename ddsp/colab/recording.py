"""Recording from the microphone of the browser that shows a notebook."""

import base64
from typing import Any

import numpy as np

from ddsp.colab.reading import read_sound
from ddsp.colab.surroundings import in_colab
from ddsp.training.errors import InputError
from ddsp.training.plotting import DEFAULT_SAMPLE_RATE

LONGEST_SECS = 60.0

# One expression for Colab's `eval_js`, which waits for what it promises. The browser
# itself decodes what it has encoded, whatever that is, and writes 16-bit WAV, so that
# nothing has to be installed here. What browsers do to make speech clearer is switched
# off, as it takes sustained notes for noise.
RECORD_SCRIPT = """
(async () => {
  const told = document.body.appendChild(document.createElement("p"));
  let stream = null;
  try {
    told.textContent = "Waiting for the microphone ...";
    stream = await navigator.mediaDevices.getUserMedia({audio: {
      echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
    const recorder = new MediaRecorder(stream);
    const parts = [];
    recorder.ondataavailable = event => parts.push(event.data);
    const stopped = new Promise(done => { recorder.onstop = done; });
    recorder.start();
    told.textContent = "Recording for SECONDS seconds ...";
    await new Promise(done => setTimeout(done, 1000 * SECONDS));
    recorder.stop();
    await stopped;
    const context = new AudioContext();
    const sound = await context.decodeAudioData(await new Blob(parts).arrayBuffer());
    await context.close();
    const channels = [];
    for (let k = 0; k < sound.numberOfChannels; k++) {
      channels.push(sound.getChannelData(k));
    }
    const nBytes = 2 * channels.length * sound.length;
    const wav = new DataView(new ArrayBuffer(44 + nBytes));
    const text = (at, letters) => [...letters].forEach(
      (letter, k) => wav.setUint8(at + k, letter.charCodeAt(0)));
    text(0, "RIFF"); wav.setUint32(4, 36 + nBytes, true);
    text(8, "WAVEfmt "); wav.setUint32(16, 16, true);
    wav.setUint16(20, 1, true); wav.setUint16(22, channels.length, true);
    wav.setUint32(24, sound.sampleRate, true);
    wav.setUint32(28, 2 * channels.length * sound.sampleRate, true);
    wav.setUint16(32, 2 * channels.length, true); wav.setUint16(34, 16, true);
    text(36, "data"); wav.setUint32(40, nBytes, true);
    let at = 44;
    for (let n = 0; n < sound.length; n++) {
      for (const channel of channels) {
        const sample = Math.round(32768 * channel[n]);
        wav.setInt16(at, Math.max(-32768, Math.min(32767, sample)), true);
        at += 2;
      }
    }
    let letters = "";
    new Uint8Array(wav.buffer).forEach(b => { letters += String.fromCharCode(b); });
    return {wav: btoa(letters)};
  } catch (error) {
    return {error: String(error)};
  } finally {
    if (stream) stream.getTracks().forEach(track => track.stop());
    told.remove();
  }
})()
"""


def record(
    seconds: float = 3,
    sample_rate: int = DEFAULT_SAMPLE_RATE,
    normalize_db: float | None = 0.1,
) -> np.ndarray:
    """Records from the browser's microphone, in Colab.

    Args:
        seconds: How long, up to 60.
        sample_rate: Samples per second of the result.
        normalize_db: dB below full scale to which the peak is brought, 0 or more; None
            to leave the level as it was recorded.

    Returns:
        Mono audio, float32, [n_samples].

    Raises:
        InputError: If the code does not run in Colab, the microphone may not be used,
            or `seconds` is out of range.
    """
    if not 0 < seconds <= LONGEST_SECS:
        raise InputError(
            f"seconds must be above 0, and not above {LONGEST_SECS:g}. Got "
            f"seconds={seconds}; record a long piece with another program and upload "
            "it."
        )
    if not in_colab():
        raise InputError(
            "Recording in the browser needs Colab. Got another place; record with any "
            "program, and give the file to upload() in Jupyter or to "
            "audio_io.load_audio anywhere."
        )
    from google.colab import output

    answer = output.eval_js(RECORD_SCRIPT.replace("SECONDS", f"{float(seconds)}"))
    return read_sound("the recording", _wav_of(answer), sample_rate, normalize_db)


def _wav_of(answer: Any) -> bytes:
    """The file that the browser has sent, or a word on why there is none."""
    if isinstance(answer, dict) and isinstance(answer.get("wav"), str):
        return base64.b64decode(answer["wav"])
    told = answer.get("error") if isinstance(answer, dict) else answer
    raise InputError(
        "The browser must be allowed to use a microphone. Got no recording "
        f"({str(told)[:200]}); allow the microphone for this page and run the cell "
        "again, or upload a file."
    )
