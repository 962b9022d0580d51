"""A gated recurrent unit that trains fast on a CPU.

The arithmetic and the weights are those of `keras.layers.GRU` with `reset_after=True`.
The time goes into the loop over the steps, so as little as possible happens in it. Many
steps make one turn of the loop. What does not depend on the step before, such as the
products of the inputs, is computed for a whole turn at once, in the cache, and while
another core is still busy with the recursion of the turn before. The recursion itself
multiplies by its weights in two halves, each of which stays in the cache of a core
(`benchmarks/recurrent.py --units 512`: two thirds of the time). A gradient of our own
stores what the forward pass has computed and knows the local slopes of all steps of a
turn before it enters it; only the recursion is left inside.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# More steps in a turn cost compile time and gain nothing.
STEPS_PER_TURN = 20
# Turns that may be worked on at once: while the recursion of one goes on, others are
# prepared or finished.
TURNS_AT_ONCE = 3

Tensors = tuple[tf.Tensor, ...]


def gru(
    inputs: tf.Tensor,
    initial_state: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Runs a gated recurrent unit over a sequence.

    Equal to `keras.layers.GRU` in its default form, values and gradients. Gradients of
    gradients are not defined. All arguments have one floating-point type.

    Args:
        inputs: Sequence, [batch, n_frames, n_channels].
        initial_state: State before the first frame, [batch, n_units].
        kernel: Weights of the inputs for update gate, reset gate and candidate,
            [n_channels, 3 * n_units].
        recurrent_kernel: Weights of the state, [n_units, 3 * n_units].
        bias: Biases of the inputs and of the state, [2, 3 * n_units].

    Returns:
        The state after every frame, [batch, n_frames, n_units], and the state after
        the last one, [batch, n_units].

    Raises:
        ValueError: If inputs have no axis for frames.
    """
    inputs = tf.convert_to_tensor(inputs)
    if inputs.shape.rank != 3:
        raise ValueError(
            "inputs must have shape [batch, n_frames, n_channels]. Got "
            f"inputs.shape={inputs.shape}; add the axis that is missing."
        )
    n_units = int(recurrent_kernel.shape[0])
    sequence, last = _gru(inputs, initial_state, kernel, recurrent_kernel, bias)
    sequence = tf.ensure_shape(sequence, [*inputs.shape[:2], n_units])
    return sequence, tf.ensure_shape(last, [inputs.shape[0], n_units])


@tf.custom_gradient
def _gru(
    inputs: tf.Tensor,
    initial_state: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
) -> tuple[Tensors, Callable[..., Any]]:
    """The states of all frames, and the last one."""
    n_units = int(recurrent_kernel.shape[0])
    arguments = inputs, initial_state, kernel, recurrent_kernel
    states, *stored = _forward(n_units, *arguments, bias)
    n_frames = tf.shape(inputs)[1]
    by_frame = tf.reshape(states, [-1, tf.shape(initial_state)[0], n_units])[:n_frames]
    # Of an empty sequence it is the initial state.
    last = tf.concat([initial_state[tf.newaxis], by_frame[-1:]], axis=0)[-1]

    def gradient(slopes: tf.Tensor, last_slope: tf.Tensor) -> Tensors:
        return _backward(n_units, slopes, last_slope, states, *stored, *arguments)

    return (_swap(by_frame), last), gradient


@tf.function(reduce_retracing=True, autograph=False)
def _forward(
    n_units: int,
    inputs: tf.Tensor,
    initial_state: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
) -> Tensors:
    """Runs the unit, beyond the last frame to the end of a turn.

    Returns:
        States, update gates, reset gates, the recurrent part of the candidate and the
        candidate itself, [n_turns, steps, batch, n_units] each.
    """
    # Traces are shared by sequences of all lengths, but not by units of all sizes.
    recurrent_kernel = tf.ensure_shape(recurrent_kernel, [n_units, 3 * n_units])
    half = n_units // 2
    widths = [n_units, half], [n_units, n_units - half]
    to_update, to_reset, *to_new = tf.split(
        recurrent_kernel, [n_units, n_units, half, n_units - half], axis=-1
    )
    # Each gate goes with one half of the candidate.
    halves = [
        tf.concat(parts, axis=-1)
        for parts in zip((to_update, to_reset), to_new, strict=True)
    ]
    # Of the candidate, the bias of the state is behind the reset gate.
    outside, inside = tf.split(bias[1], [2 * n_units, n_units])
    outside = bias[0] + tf.pad(outside, [[0, n_units]])
    first_state = tf.ensure_shape(initial_state, [None, n_units])
    frames, n_turns = _turns(inputs)

    def turn(count: tf.Tensor, state: tf.Tensor, *arrays: tf.TensorArray) -> Any:
        x = _in_turn(frames, count)
        driven = tf.nn.bias_add(tf.matmul(_flat(x), kernel), outside)
        driven = tf.reshape(driven, [STEPS_PER_TURN, -1, 3 * n_units])
        driven = [tf.unstack(part) for part in tf.split(driven, 3, axis=-1)]
        found = []
        for for_update, for_reset, for_candidate in zip(*driven, strict=True):
            (by_update, left), (by_reset, right) = (
                tf.split(tf.matmul(state, part), sizes, axis=-1)
                for part, sizes in zip(halves, widths, strict=True)
            )
            update = tf.sigmoid(for_update + by_update)
            reset = tf.sigmoid(for_reset + by_reset)
            recurrent = tf.nn.bias_add(tf.concat([left, right], axis=-1), inside)
            candidate = tf.tanh(for_candidate + reset * recurrent)
            state = candidate + update * (state - candidate)
            found.append((state, update, reset, recurrent, candidate))
        stacked = [tf.stack(values) for values in zip(*found, strict=True)]
        written = (a.write(count, x) for a, x in zip(arrays, stacked, strict=True))
        return count + 1, tf.ensure_shape(state, first_state.shape), *written

    arrays = (_array(n_turns, first_state, 1) for _ in range(5))
    _, _, *arrays = tf.while_loop(
        lambda count, *_: count < n_turns,
        turn,
        (0, first_state, *arrays),
        parallel_iterations=TURNS_AT_ONCE,
    )
    return tuple(array.stack() for array in arrays)


@tf.function(reduce_retracing=True, autograph=False)
def _backward(
    n_units: int,
    slopes: tf.Tensor,
    last_slope: tf.Tensor,
    states: tf.Tensor,
    updates: tf.Tensor,
    resets: tf.Tensor,
    recurrent: tf.Tensor,
    candidate: tf.Tensor,
    inputs: tf.Tensor,
    initial_state: tf.Tensor,
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
) -> Tensors:
    """Gradients of the arguments, from the slopes of all states and of the last."""
    recurrent_kernel = tf.ensure_shape(recurrent_kernel, [n_units, 3 * n_units])
    half = 3 * n_units // 2
    widths = [half, 3 * n_units - half]
    halves = tf.split(tf.transpose(recurrent_kernel), widths)
    slopes = tf.ensure_shape(slopes, [None, None, n_units])
    # Nothing has a slope beyond the last frame, so those steps add nothing.
    slopes = tf.concat([slopes[:, :-1], slopes[:, -1:] + last_slope[:, None]], axis=1)
    is_empty = tf.equal(tf.shape(slopes)[1], 0)
    frames, n_turns = _turns(slopes)
    first_state = tf.ensure_shape(initial_state, [None, n_units])

    def turn(
        count: tf.Tensor,
        carried: tf.Tensor,
        by_kernel: tf.Tensor,
        by_bias: tf.Tensor,
        array: tf.TensorArray,
    ) -> Any:
        index = n_turns - 1 - count
        before = tf.cond(
            index > 0,
            lambda: states[tf.maximum(index - 1, 0), -1],
            lambda: initial_state,
        )
        own = states[index]
        previous = tf.concat([before[tf.newaxis], own[:-1]], axis=0)
        update, reset = updates[index], resets[index]
        new, fed_back = candidate[index], recurrent[index]
        # What one unit of slope at a state becomes before each nonlinearity.
        to_candidate = (1.0 - update) * (1.0 - new * new)
        to_update = (previous - new) * update * (1.0 - update)
        to_reset = to_candidate * fed_back * reset * (1.0 - reset)
        factors = tf.concat([to_update, to_reset, to_candidate * reset], axis=-1)
        factors, shares = tf.unstack(factors), tf.unstack(update)
        direct = tf.unstack(_in_turn(frames, index))
        totals: list[Any] = [None] * STEPS_PER_TURN
        products: list[Any] = [None] * STEPS_PER_TURN
        for i in reversed(range(STEPS_PER_TURN)):
            total = carried + direct[i]
            products[i] = factors[i] * tf.tile(total, [1, 3])
            parts = tf.split(products[i], widths, axis=-1)
            fed = (tf.matmul(part, k) for part, k in zip(parts, halves, strict=True))
            carried = tf.add_n([total * shares[i], *fed])
            totals[i] = total
        product = tf.stack(products)
        by_kernel += tf.matmul(_flat(previous), _flat(product), transpose_a=True)
        by_bias += tf.reduce_sum(product, [0, 1])
        driven = [product[..., : 2 * n_units], to_candidate * tf.stack(totals)]
        array = array.write(index, tf.concat(driven, axis=-1))
        carried = tf.ensure_shape(carried, first_state.shape)
        return count + 1, carried, by_kernel, by_bias, array

    _, first, by_recurrent, by_bias, array = tf.while_loop(
        lambda count, *_: count < n_turns,
        turn,
        (
            0,
            tf.zeros_like(first_state),
            tf.zeros_like(recurrent_kernel),
            tf.zeros_like(recurrent_kernel[0]),
            _array(n_turns, first_state, 3),
        ),
        parallel_iterations=TURNS_AT_ONCE,
    )
    driven = tf.reshape(array.stack(), [-1, tf.shape(inputs)[0], 3 * n_units])
    driven = driven[: tf.shape(inputs)[1]]
    return (
        _swap(tf.tensordot(driven, kernel, [[2], [1]])),
        tf.where(is_empty, last_slope, first),
        tf.tensordot(_swap(inputs), driven, [[0, 1], [0, 1]]),
        by_recurrent,
        tf.stack([tf.reduce_sum(driven, [0, 1]), by_bias]),
    )


def _turns(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Frames with zeros to the end of the last turn, and how many turns there are."""
    n_frames = tf.shape(x)[1]
    n_turns = tf.maximum((n_frames + STEPS_PER_TURN - 1) // STEPS_PER_TURN, 1)
    padding = n_turns * STEPS_PER_TURN - n_frames
    return tf.pad(x, [[0, 0], [0, padding], [0, 0]]), n_turns


def _in_turn(x: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """The frames of one turn, [steps, batch, n_channels]."""
    shape = tf.shape(x)
    begin = [0, index * STEPS_PER_TURN, 0]
    return _swap(tf.slice(x, begin, [shape[0], STEPS_PER_TURN, shape[2]]))


def _array(n_turns: tf.Tensor, state: tf.Tensor, n_parts: int) -> tf.TensorArray:
    """Room for what the turns find, [steps, batch, n_parts * n_units] each."""
    shape = [STEPS_PER_TURN, state.shape[0], n_parts * state.shape[1]]
    return tf.TensorArray(state.dtype, size=n_turns, element_shape=shape)


def _flat(x: tf.Tensor) -> tf.Tensor:
    """[steps, batch, n] to [steps * batch, n]."""
    return tf.reshape(x, [-1, x.shape[-1] or tf.shape(x)[-1]])


def _swap(x: tf.Tensor) -> tf.Tensor:
    """[batch, n_frames, ...] to [n_frames, batch, ...] and back."""
    return tf.transpose(x, [1, 0, 2])
