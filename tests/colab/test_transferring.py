"""Files in and out: in Colab at once, in Jupyter by a button, elsewhere with a word."""

import base64
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from signals import sine
from tiny_model import make_tiny_model

from ddsp.colab import colab_utils, transferring
from ddsp.training.audio_io import AudioFileError
from ddsp.training.errors import InputError
from ddsp.training.inference import resolve_model

Encode = Callable[..., bytes]


def test_colab_gives_names_and_sounds_in_order(colab, encode: Encode) -> None:
    tones = {"low.wav": 0.5 * sine(200.0), "high.flac": 0.25 * sine(900.0)}
    colab.chosen = {
        name: encode(tone, 16000, name[-4:].strip(".").upper())
        for name, tone in tones.items()
    }
    names, sounds = colab_utils.upload()
    assert names == list(tones)
    for sound, tone in zip(sounds, tones.values(), strict=True):
        np.testing.assert_allclose(sound, tone, atol=1e-4)  # Level left as it is.


def test_colab_brings_peaks_to_where_they_are_asked_for(colab, encode: Encode) -> None:
    colab.chosen = {"a.wav": encode(0.1 * sine(200.0, 44100, 44100), 44100)}
    _, sounds = colab_utils.upload(sample_rate=8000, normalize_db=3.0)
    assert sounds[0].size == 8000
    assert 20 * np.log10(np.abs(sounds[0]).max()) == pytest.approx(-3.0, abs=1e-3)


@pytest.mark.usefixtures("colab")
def test_nothing_chosen_is_said_where_a_sound_is_needed() -> None:
    names, sounds = colab_utils.upload()
    assert (list(names), list(sounds), sounds[:1]) == ([], [], [])
    with pytest.raises(InputError, match="chosen first"):
        _ = sounds[0]


def test_file_that_is_no_sound_is_named(colab) -> None:
    colab.chosen = {"cat.wav": b"miaow"}
    with pytest.raises(AudioFileError, match=r"cat\.wav") as caught:
        colab_utils.upload()
    assert "/" not in str(caught.value)


def test_jupyter_s_button_fills_the_lists_later(
    widgets, jupyter, encode: Encode
) -> None:
    names, sounds = colab_utils.upload()
    button, told, box = widgets
    assert (button.kind, button.accept) == ("FileUpload", "audio/*")
    assert box.args == ([button, told],) and jupyter.shown == [box]
    with pytest.raises(InputError, match="button above"):
        _ = sounds[0]
    content = memoryview(encode(0.5 * sine(300.0)))
    button.change(({"name": "a.wav", "content": content},))
    assert (list(names), told.value) == (["a.wav"], "a.wav")
    np.testing.assert_allclose(sounds[0], 0.5 * sine(300.0), atol=1e-4)


def test_another_choice_takes_the_place_of_the_first(widgets, encode: Encode) -> None:
    names, sounds = colab_utils.upload()
    for name, hz in (("a.wav", 300.0), ("b.wav", 500.0)):
        widgets[0].change(({"name": name, "content": encode(0.5 * sine(hz))},))
    assert list(names) == ["b.wav"] and len(sounds) == 1
    np.testing.assert_allclose(sounds[0], 0.5 * sine(500.0), atol=1e-4)


def test_bad_choice_is_shown_beside_the_button_and_takes_nothing(
    widgets, encode: Encode
) -> None:
    _, sounds = colab_utils.upload()
    button, told, _ = widgets
    button.change(({"name": "a.wav", "content": encode(0.5 * sine(300.0))},))
    button.change(({"name": "<b>.wav", "content": b"no sound"},))
    assert "&lt;b&gt;.wav" in told.value and "no audio" in told.value
    with pytest.raises(InputError, match="chosen first"):
        _ = sounds[0]  # The sound of before would be mistaken for the new one.


@pytest.mark.usefixtures("jupyter")
def test_jupyter_without_widgets_names_the_extra_and_the_way_out() -> None:
    with pytest.raises(ImportError, match=r"ddsp\[colab\].*audio_io\.load_audio"):
        colab_utils.upload()


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("choose", [colab_utils.upload, colab_utils.upload_models])
def test_program_without_a_page_cannot_choose(choose: Callable) -> None:
    with pytest.raises(InputError, match="needs a notebook"):
        choose()


def zipped(folder: Path, archive: Path) -> bytes:
    with zipfile.ZipFile(archive, "w") as file:
        for path in folder.iterdir():
            file.write(path, f"model/{path.name}")
    return archive.read_bytes()


def test_uploaded_model_is_one_that_can_be_played(colab, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    make_tiny_model(folder)
    colab.chosen = {"my sax (1).zip": zipped(folder, tmp_path / "a.zip")}
    (archive,) = colab_utils.upload_models()
    assert archive.name == "my_sax_1.zip"
    unpacked = resolve_model(archive)
    for path in folder.iterdir():
        assert (unpacked / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "name", ["../../evil.zip", "/etc/evil.zip", "..\\evil.zip", "..zip", "C:\\evil.zip"]
)
def test_name_of_a_zip_leads_nowhere(colab, name: str) -> None:
    colab.chosen = {name: b"x"}
    (archive,) = colab_utils.upload_models()
    assert archive.parent.parent.name.startswith("ddsp_upload_")
    assert archive.name in ("evil.zip", "model.zip")
    assert archive.resolve() == archive.absolute()


def test_two_zips_of_one_name_stay_two(colab) -> None:
    colab.chosen = {"a/x.zip": b"1", "b/x.zip": b"2"}
    assert [p.read_bytes() for p in colab_utils.upload_models()] == [b"1", b"2"]


def test_what_is_no_zip_is_refused(colab) -> None:
    colab.chosen = {"ckpt-0.index": b"x"}
    with pytest.raises(InputError, match=r"zip.*ckpt-0\.index"):
        colab_utils.upload_models()


def test_colab_sends_the_file(colab, tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"RIFF")
    colab_utils.download(file)
    assert colab.downloads == [str(file)]


def test_jupyter_shows_a_link_that_carries_the_file(jupyter, tmp_path: Path) -> None:
    file = tmp_path / 'a "b".wav'
    content = bytes(range(256))
    file.write_bytes(content)
    colab_utils.download(str(file))
    (link,) = jupyter.shown
    assert 'download="a &quot;b&quot;.wav"' in link.data
    found = re.search(r'href="data:[\w/-]+;base64,([^"]+)"', link.data)
    assert base64.b64decode(found[1]) == content


def test_large_file_is_left_to_jupyter_s_list(
    jupyter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transferring, "LARGEST_LINK_BYTES", 100)
    file = tmp_path / "a.wav"
    file.write_bytes(bytes(101))
    with pytest.raises(InputError, match="list of files"):
        colab_utils.download(file)
    assert not jupyter.shown


@pytest.mark.parametrize("place", ["colab", "jupyter", "nowhere"])
def test_missing_file_is_named(
    place: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    request.getfixturevalue(place)
    with pytest.raises(InputError, match=r"missing\.wav"):
        colab_utils.download(tmp_path / "missing.wav")


@pytest.mark.usefixtures("nowhere")
def test_program_without_a_page_is_told_where_the_file_is(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"RIFF")
    with pytest.raises(InputError, match=re.escape(str(file))):
        colab_utils.download(file)
