import gin
import pytest

from ddsp.training import config
from ddsp.training.config import statements
from ddsp.training.errors import InputError


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_later_files_and_parameters_win(tmp_path):
    first = write(tmp_path, "a.gin", "RnnFcDecoder.ch = 1\nRnnFcDecoder.name = 'x'\n")
    second = write(tmp_path, "b.gin", "RnnFcDecoder.ch = 2\n")
    config.parse_gin([first, second])
    assert gin.query_parameter("RnnFcDecoder.ch") == 2
    config.parse_gin([], ["RnnFcDecoder.ch = 3"])
    assert gin.query_parameter("RnnFcDecoder.ch") == 3
    assert gin.query_parameter("RnnFcDecoder.name") == "x"


def test_included_files_are_read_where_they_are_named(tmp_path):
    write(tmp_path, "base/a.gin", "RnnFcDecoder.ch = 1\nRnnFcDecoder.rnn_type = 'gru'")
    text = "RnnFcDecoder.rnn_type = 'x'\ninclude 'base/a.gin'\nRnnFcDecoder.ch = 2\n"
    main = write(tmp_path, "main.gin", text)
    config.parse_gin([main], extra_dirs=[tmp_path])
    assert gin.query_parameter("RnnFcDecoder.ch") == 2
    assert gin.query_parameter("RnnFcDecoder.rnn_type") == "gru"


def test_a_file_that_includes_itself_is_an_error(tmp_path):
    write(tmp_path, "a.gin", "include 'b.gin'\n")
    write(tmp_path, "b.gin", "include 'a.gin'\n")
    with pytest.raises(InputError, match=r"a\.gin -> .*b\.gin -> .*a\.gin"):
        config.parse_gin(["a.gin"], extra_dirs=[tmp_path])


def test_a_folder_named_as_part_of_a_file_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    config.parse_gin(["models/solo_instrument.gin"])
    assert gin.query_parameter("Reverb.reverb_length") == 48000


def test_macros_scopes_and_blocks_are_understood():
    text = "size = 7\na/RnnFcDecoder.ch = %size\nRnnFcDecoder:\n  rnn_channels = 5\n"
    config.parse_gin([], [text])
    assert gin.query_parameter("%size") == 7
    assert gin.query_parameter("a/RnnFcDecoder.ch").scoped_selector == "size/gin.macro"
    assert gin.query_parameter("RnnFcDecoder.rnn_channels") == 5


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("\nRnnFcDecoderr.ch = 3\n", 2, "RnnFcDecoderr"),
        ("RnnFcDecoder.chh = 3\n", 1, "RnnFcDecoder has .*, ch,"),
        ("# A comment.\n\nRnnFcDecoder.ch = @Nothing()\n", 3, "Nothing"),
        ("RnnFcDecoder.ch == 3\n", 1, "Couldn't parse"),
        ("RnnFcDecoder.ch = (1,\n\n", 3, "multi-line"),
        ("RnnFcDecoder.ch = 3\nimport no_such_module\n", 2, "no_such_module"),
        ("Dense.units = 3\n", 1, "Ambiguous"),
        ("get_model.modell = 3\n", 1, "modell"),
        ("train_util.train.steps = 3\n", 1, "steps"),
        ("x = 1\ny = {[1]: 2}\n", 2, "unhashable"),
    ],
)
def test_a_bad_statement_is_one_line_that_names_file_and_line(
    text, line, reason, tmp_path
):
    path = write(tmp_path, "bad.gin", text)
    with pytest.raises(InputError, match=reason) as caught:
        config.parse_gin([path])
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert "\n" not in str(caught.value)


def test_a_bad_parameter_is_quoted():
    with pytest.raises(InputError, match=r"gin_param 'x', line 1"):
        config.parse_gin([], ["x"])


def test_a_file_that_is_no_text_is_an_error(tmp_path):
    path = tmp_path / "bytes.gin"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="readable text"):
        config.parse_gin([path])


def test_unknown_names_can_be_left_out_but_not_unknown_arguments(caplog):
    params = ["Nowhere.x = 3", "import no_such_module", "RnnFcDecoder.ch = 4"]
    config.parse_gin([], params, skip_unknown=True)
    assert gin.query_parameter("RnnFcDecoder.ch") == 4
    assert "Nowhere" in caplog.text
    assert "no_such_module" in caplog.text
    with pytest.raises(InputError, match="chh"):
        config.parse_gin([], ["RnnFcDecoder.chh = 4"], skip_unknown=True)


def test_names_of_runs_that_are_not_here_yet_are_stepped_over(monkeypatch):
    monkeypatch.setattr(statements, "RUN_NAMES", frozenset(("NotYet", "train")))
    text = (
        "NotYet.size = 3\nthings = [@NotYet, {@x.NotYet(): 1}]\ntrain.num_steps = 2\n"
    )
    config.parse_gin([], [text, "RnnFcDecoder.ch = 4"])
    assert gin.query_parameter("RnnFcDecoder.ch") == 4
    assert gin.query_parameter("train.num_steps") == 2
    with pytest.raises(ValueError, match="no bound parameters"):
        gin.query_parameter("%things")
    with pytest.raises(InputError, match="Nowhere"):
        config.parse_gin([], ["x = @Nowhere"])


def test_modules_of_a_graph_may_have_any_name():
    config.parse_gin([], ["ProcessorGroup.anything = @processors.Add()"])
    assert gin.query_parameter("ProcessorGroup.anything") is not None
