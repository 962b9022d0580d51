"""Processes that share work, each with TensorFlow in one thread."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

from ddsp import quiet
from ddsp.training.errors import InputError

# A process needs seconds to begin, in which little audio is analysed anyway.
SECS_PER_PROCESS = 30.0


def count_processes(wanted: int | None, secs: float, n_tasks: int) -> int:
    """Chooses how many processes to start.

    Args:
        wanted: What the user asks for; None for one per core, but not more than little
            audio is worth.
        secs: Seconds of audio to analyse.
        n_tasks: Number of tasks.

    Returns:
        Number of processes, at least 1 and at most n_tasks.

    Raises:
        InputError: If wanted is below 1.
    """
    if wanted is not None and wanted < 1:
        raise InputError(
            f"processes must be at least 1. Got processes={wanted}; leave it out for "
            "one per core."
        )
    if wanted is None:
        wanted = min(_count_cores(), int(secs // SECS_PER_PROCESS))
    if multiprocessing.current_process().daemon:
        return 1  # Such a process must not have children.
    return max(1, min(wanted, n_tasks))


def _count_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """Runs functions in other processes, or in this one if it is to be the only one.

    Processes are spawned, not forked, and do not load the program that starts them, so
    a script needs no guard around its main part.

    Example:
        >>> with Workers(1) as workers:
        ...     list(workers.run(max, [(1, 2), (4, 3)]))
        [(0, 2), (1, 4)]
    """

    def __init__(self, n_processes: int) -> None:
        """Chooses the number.

        Args:
            n_processes: Number of processes; 1 for this one alone.
        """
        self._n_processes = n_processes
        self._pool: futures.ProcessPoolExecutor | None = None
        self._children: list[Any] = []

    def __enter__(self) -> "Workers":
        """Starts the processes, if there is to be more than this one.

        Returns:
            These workers.
        """
        if self._n_processes > 1:
            self._pool = self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the processes; after an error in the middle of their work."""
        if self._pool is None:
            return
        if kind is not None:
            for child in self._children:
                child.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def run(
        self, function: Callable[..., Any], tasks: Sequence[tuple]
    ) -> Iterator[tuple[int, Any]]:
        """Calls a function for each task.

        Args:
            function: A function that other processes can import.
            tasks: Arguments of each call.

        Yields:
            Number of a task and what the function has returned, as they get done.

        Raises:
            InputError: If a process has ended, for want of memory most likely.
        """
        if self._pool is None:
            yield from ((i, function(*task)) for i, task in enumerate(tasks))
            return
        running = {
            self._pool.submit(function, *task): i for i, task in enumerate(tasks)
        }
        try:
            for done in futures.as_completed(running):
                yield running[done], done.result()
        except BrokenProcessPool as error:
            raise InputError(
                "The processes that analyse must not be ended. Got "
                f"processes={self._n_processes}, of which one has died, for want of "
                "memory most likely; repeat with fewer, and what is done is kept."
            ) from error

    def _start(self) -> futures.ProcessPoolExecutor:
        """Starts all processes."""
        before = set(multiprocessing.active_children())
        pool = futures.ProcessPoolExecutor(
            self._n_processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin_in_worker,
        )
        # TensorFlow greets from each process, and some Pythons start them one by one.
        with _without_main(), quiet.silent_error_stream():
            for _ in range(self._n_processes):
                pool.submit(os.getpid)
        self._children = list(set(multiprocessing.active_children()) - before)
        return pool


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hides where the main program is, which spawned processes would run again."""
    main = sys.modules["__main__"]
    names = [name for name in ("__file__", "__spec__") if hasattr(main, name)]
    hidden = {name: getattr(main, name) for name in names}
    try:
        for name in names:
            setattr(main, name, None)
        yield
    finally:
        for name, value in hidden.items():
            setattr(main, name, value)


def _begin_in_worker() -> None:
    """Prepares a process: one thread, no GPU, no life after its parent."""
    # Ctrl-C reaches all processes of a terminal; the parent ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.set_visible_devices([], "GPU")


def _end_with_parent() -> None:
    """Waits for the end of the parent, which may be killed, and ends this process."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
