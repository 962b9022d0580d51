"""Writing to TensorBoard's event files, for which TensorBoard need not be installed."""

from typing import Any

import tensorflow as tf

_Summary = tf.compat.v1.Summary
_Metadata = tf.compat.v1.SummaryMetadata
# Field 2 of the plug-in's message, the encoding, as a varint: 11 stands for WAV.
_WAV_ENCODING = b"\x10\x0b"


def write_scalar(tag: str, value: float, step: int) -> None:
    """Writes a number to the default summary writer.

    Args:
        tag: Name, such as 'losses/total_loss'.
        value: The number.
        step: Step of training that it belongs to.
    """
    metadata = _metadata("scalars")
    tf.summary.write(tag, tf.constant(value, tf.float32), step, metadata)


def write_text(tag: str, text: str, step: int) -> None:
    """Writes a text to the default summary writer.

    Args:
        tag: Name.
        text: The text, in Markdown.
        step: Step of training that it belongs to.
    """
    tf.summary.write(tag, tf.constant(text), step, _metadata("text"))


def write_audio(tag: str, audio: Any, sample_rate: int, step: int) -> None:
    """Writes sounds to the default summary writer, as WAV of 16 bits.

    Args:
        tag: Name of all of them.
        audio: Sounds, [batch, n_samples]; full scale is 1, and more is cut off.
        sample_rate: Samples per second.
        step: Step of training that they belong to.
    """
    wavs = [
        tf.audio.encode_wav(
            tf.clip_by_value(sound, -1.0, 1.0)[:, tf.newaxis], sample_rate
        )
        for sound in tf.convert_to_tensor(audio)
    ]
    # Each sound is a pair of itself and a caption.
    pairs = tf.stack([tf.stack(wavs), tf.fill([len(wavs)], "")], axis=1)
    metadata = _metadata("audio", _WAV_ENCODING)
    tf.summary.write(tag, pairs, step, metadata)


def write_png(tag: str, png: bytes, size: tuple[int, int], step: int) -> None:
    """Writes a picture to the default summary writer.

    Args:
        tag: Name.
        png: Content of a PNG file.
        size: Its width and height in pixels.
        step: Step of training that it belongs to.
    """
    image = _Summary.Image(
        width=size[0], height=size[1], colorspace=4, encoded_image_string=png
    )
    summary = _Summary(value=[_Summary.Value(tag=tag, image=image)])
    tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step)


def _metadata(plugin: str, content: bytes = b"") -> Any:
    """Says which panel of TensorBoard shows a value."""
    data = _Metadata.PluginData(plugin_name=plugin, content=content)
    return _Metadata(plugin_data=data)
