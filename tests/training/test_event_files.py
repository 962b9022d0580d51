"""What is written can be read as TensorBoard reads it."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from event_reader import read_scalars, read_values
from signals import sine

from ddsp.training import event_files


def test_number_comes_back_with_its_step(tmp_path: Path) -> None:
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        event_files.write_scalar("losses/total_loss", 1.5, step=7)
        event_files.write_scalar("losses/total_loss", tf.constant(0.25), step=9)
    assert read_scalars(tmp_path) == {"losses/total_loss": [(7, 1.5), (9, 0.25)]}


def test_text_comes_back_for_its_panel(tmp_path: Path) -> None:
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        event_files.write_text("config", "# Größe\n    a = 1", step=4)
    ((step, value),) = read_values(tmp_path)["config"]
    assert (step, value.metadata.plugin_data.plugin_name) == (4, "text")
    assert value.tensor.string_val[0].decode() == "# Größe\n    a = 1"


def test_sounds_come_back_as_wav(tmp_path: Path) -> None:
    audio = np.stack([0.5 * sine(440, 800), np.zeros(800)]).astype(np.float32)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        event_files.write_audio("audio", audio, sample_rate=8000, step=3)
    ((step, value),) = read_values(tmp_path)["audio"]
    assert step == 3
    plugin = value.metadata.plugin_data
    # Field 2 of the plug-in's message is the encoding; 11 is WAV.
    assert (plugin.plugin_name, plugin.content) == ("audio", bytes([2 << 3, 11]))
    pairs = tf.make_ndarray(value.tensor)
    assert [caption for _, caption in pairs] == [b"", b""]
    for (wav, _), sound in zip(pairs, audio, strict=True):
        decoded, rate = tf.audio.decode_wav(wav)
        assert int(rate) == 8000
        np.testing.assert_allclose(decoded[:, 0], sound, atol=1e-4)


def test_sound_beyond_full_scale_is_cut_off_and_does_not_wrap(tmp_path: Path) -> None:
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        event_files.write_audio("audio", [[1.5, -1.5]], sample_rate=8000, step=0)
    ((_, value),) = read_values(tmp_path)["audio"]
    decoded, _ = tf.audio.decode_wav(tf.make_ndarray(value.tensor)[0, 0])
    np.testing.assert_allclose(decoded[:, 0], [1.0, -1.0], atol=1e-4)


def test_picture_comes_back_with_its_size(tmp_path: Path) -> None:
    png = tf.io.encode_png(np.full([2, 3, 4], 200, np.uint8)).numpy()
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        event_files.write_png("picture/1", png, size=(3, 2), step=5)
    ((step, value),) = read_values(tmp_path)["picture/1"]
    assert (step, value.image.width, value.image.height) == (5, 3, 2)
    assert value.image.colorspace == 4  # Red, green, blue and opacity.
    assert value.image.encoded_image_string == png


def test_without_a_writer_nothing_is_written(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    event_files.write_scalar("losses/total_loss", 1.0, step=1)
    event_files.write_audio("audio", [[0.0]], sample_rate=8000, step=1)
    event_files.write_png("picture", b"", size=(0, 0), step=1)
    writer.close()
    assert not read_values(tmp_path)
