"""Players play what they are given: no wrapping, no gain, the first of a batch."""

import base64
import json
import re
import sys
from collections.abc import Callable

import numpy as np
import pytest
from signals import sine

from ddsp.colab import colab_utils
from ddsp.training.errors import InputError

Read = Callable[[bytes], tuple[np.ndarray, int]]


def test_samples_beyond_full_scale_are_clipped_and_do_not_wrap(
    jupyter, read_pcm: Read
) -> None:
    colab_utils.play(np.array([1.5, -1.5, 0.25, -0.25]))
    pcm, _ = read_pcm(jupyter.shown[0].data)
    np.testing.assert_array_equal(pcm, [32767, -32768, 8192, -8192])


def test_faint_sound_stays_faint_and_the_rate_is_told(jupyter, read_pcm: Read) -> None:
    faint = 0.01 * sine(440.0, 4410, 44100)
    colab_utils.play(faint, 44100, autoplay=True)
    (player,) = jupyter.shown
    pcm, rate = read_pcm(player.data)
    assert (player.kind, player.autoplay, rate) == ("Audio", True, 44100)
    np.testing.assert_allclose(pcm, 32768 * faint, atol=0.51)


def test_first_sound_of_a_batch_is_played(jupyter, read_pcm: Read) -> None:
    colab_utils.play([[0.5, 0.0], [0.25, 0.25]])
    assert list(read_pcm(jupyter.shown[0].data)[0]) == [16384, 0]


def test_colab_keeps_the_sound_out_of_the_notebook(colab, read_pcm: Read) -> None:
    colab_utils.play(0.5 * sine(440.0, 1600), autoplay=True)
    (place,) = colab.shown
    assert len(place.data) < 100
    ((script, ignores),) = colab.scripts
    assert ignores
    name, player = re.fullmatch(
        r'document\.getElementById\("([\w-]+)"\)\.innerHTML = (".*");', script
    ).groups()
    assert f'id="{name}"' in place.data
    player = json.loads(player)
    assert "<audio controls autoplay " in player
    found = re.search(r'src="data:audio/wav;base64,([^"]+)"', player)
    pcm, rate = read_pcm(base64.b64decode(found[1]))
    assert rate == 16000
    np.testing.assert_allclose(pcm, 16384 * sine(440.0, 1600), atol=0.51)


def test_two_players_of_a_page_have_places_of_their_own(colab) -> None:
    for _ in range(2):
        colab_utils.play([0.1])
    assert colab.shown[0].data != colab.shown[1].data


def test_colab_can_keep_the_sound_in_the_notebook(colab, read_pcm: Read) -> None:
    colab_utils.play([0.5], ephemeral=False)
    assert not colab.scripts
    assert list(read_pcm(colab.shown[0].data)[0]) == [16384]


@pytest.mark.usefixtures("nowhere")
def test_program_without_a_page_is_told_to_write_a_file() -> None:
    with pytest.raises(InputError, match=r"notebook.*audio_io\.write_wav"):
        colab_utils.play([0.1])


@pytest.mark.usefixtures("nowhere")
def test_process_that_never_loaded_ipython_is_no_notebook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "IPython")
    with pytest.raises(InputError, match="notebook"):
        colab_utils.play([0.1])
    assert "IPython" not in sys.modules


@pytest.mark.parametrize("nothing", [[], np.zeros([0, 5]), np.zeros([2, 0])])
def test_nothing_to_play_is_an_error(jupyter, nothing: object) -> None:
    with pytest.raises(InputError, match="samples"):
        colab_utils.play(nothing)
    assert not jupyter.shown


@pytest.mark.parametrize("strange", [np.zeros([1, 2, 3]), [0.1, np.nan]])
def test_what_is_no_sound_is_an_error(jupyter, strange: object) -> None:
    with pytest.raises(ValueError, match="finite samples"):
        colab_utils.play(strange)
    assert not jupyter.shown
