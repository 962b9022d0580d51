"""Bindings that ask for too much are found without carrying them out."""

import gin
import pytest

from ddsp.training import config
from ddsp.training.config.expansion import MAX_DEPTH, MAX_OBJECTS, check_expansion


def bindings_of(text):
    config.parse_gin([], [text])
    return {key: dict(value) for key, value in gin.config._CONFIG.items()}


def allow(start, inner):
    del start, inner
    return True


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a = %a", "%a"),
        ("a = [1, {'b': (%b,)}]\nb = %a", "%a"),
        ("FcStack.ch = @nn.FcStack()", "FcStack"),
        ("x/FcStack.ch = @nn.FcStack()", "x/ddsp.training.nn.FcStack"),
        ("x/FcStack.ch = @x/nn.FcStack()", "x/ddsp.training.nn.FcStack"),
        ("FcStack.ch = @x/nn.FcStack()", "FcStack"),
        ("FcStack.ch = %a\na = @nn.FcStack()", "FcStack"),
        ("FcStack.ch = @nn.Fc\nFc.ch = @nn.FcStack()", "FcStack"),
    ],
)
def test_what_is_made_of_itself_is_refused(text, name):
    with pytest.raises(ValueError, match="must not be made of itself") as caught:
        check_expansion(bindings_of(text), allow)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a = %b\nb = 3\nFcStack.ch = %a",
        # A scope of its own, in which nothing is bound.
        "x/FcStack.ch = @y/nn.FcStack()",
        "x/FcStack.ch = @y/nn.FcStack()\ny/FcStack.ch = 3",
        "x/y/FcStack.ch = @x/nn.FcStack()",
        "FcStack.ch = @nn.Fc()\nFc.ch = @x/nn.Fc()\nx/Fc.ch = 3",
    ],
)
def test_what_comes_to_an_end_is_accepted(text):
    check_expansion(bindings_of(text), allow)


def test_inner_bindings_of_a_scope_win_over_outer_ones():
    # In scope x/y the stack is made of a number; in x it would be made of itself.
    text = "x/FcStack.ch = @x/y/nn.FcStack()\nx/y/FcStack.ch = 3"
    check_expansion(bindings_of(text), allow)


def test_an_unscoped_reference_stays_in_its_scope():
    text = "Fc.ch = @nn.FcStack()\nx/FcStack.ch = @nn.Fc()"
    check_expansion({k: v for k, v in bindings_of(text).items() if not k[0]}, allow)
    with pytest.raises(ValueError, match="itself"):
        check_expansion(bindings_of(text), allow)


def chain(n_macros, width):
    inner = [f"a{n} = [{f'%a{n + 1}, ' * width}]" for n in range(n_macros)]
    return "\n".join([*inner, f"a{n_macros} = 1"])


def test_macros_that_multiply_are_refused():
    # Carrying this out would take 4**40 steps.
    bindings = bindings_of(chain(n_macros=40, width=4))
    with pytest.raises(ValueError, match=f"{MAX_OBJECTS} objects"):
        check_expansion(bindings, allow)


def test_chains_may_be_long_but_not_endless():
    check_expansion(bindings_of(chain(n_macros=MAX_DEPTH, width=1)), allow)
    gin.clear_config()
    with pytest.raises(ValueError, match="itself"):
        check_expansion(bindings_of(chain(n_macros=MAX_DEPTH + 1, width=1)), allow)


def test_what_is_not_allowed_is_found_behind_macros():
    bindings = bindings_of("FcStack.ch = %a\na = [%b]\nb = @nn.Fc")
    asked = set()

    def is_allowed(start, inner):
        asked.add((start.rpartition(".")[2], inner.rpartition(".")[2]))
        return not (start.endswith("FcStack") and inner.endswith("nn.Fc"))

    with pytest.raises(ValueError, match=r"FcStack must not be made of @.*nn\.Fc"):
        check_expansion(bindings, is_allowed)
    assert ("FcStack", "macro") in asked
