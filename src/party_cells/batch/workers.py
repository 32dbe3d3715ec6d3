"""Who does the work: processes of this machine, forked warm, or the workers of a Dask cluster.

Four fifths of a short notebook's time are the start of its kernel and its imports. On Linux the
workers of a batch are forked by a server (`multiprocessing`'s forkserver, a fresh program with a
single thread) that has imported `warmed` and thereby all that notebooks import.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import cache, partial

from party_cells.batch.grid import Refused

PATIENCE = 10  # seconds with a cluster that has no worker


class Stopped(RuntimeError):
    """Nobody is left to do the work."""


class CellFailed(RuntimeError):
    """A cell ended with an error, ended its process, or showed too much."""


def run_all(
    jobs: list[dict], workers: Callable, do: Callable, require: Callable = lambda: None
) -> Iterator[dict]:
    """The record of each job as it ends; one whose worker was killed is tried again, last of all
    and then by itself, so that a job that kills its worker takes no other with it.

    ``workers()`` is a context that gives an `Executor`; ``do`` makes a job's record and lets no
    error out; ``require`` raises `Stopped` when there is nobody to wait for.
    """
    left = yield from run_once(jobs, workers, do, require)
    left = yield from run_once(left[::-1], workers, do, require)
    for job in left:
        if (yield from run_once([job], workers, do, require)):
            yield job | {"status": "failed", "error": "its worker was killed 3 times", "seconds": 0}


def run_once(
    jobs: list[dict], workers: Callable, do: Callable, require: Callable
) -> Generator[dict, None, list[dict]]:
    """The record of each job as it ends; returned are the jobs whose worker was killed."""
    lost = []
    if not jobs:
        return lost
    require()
    with workers() as executor:
        pending = {executor.submit(do, job): job for job in jobs}
        while pending:
            ended, _ = wait(pending, timeout=1, return_when=FIRST_COMPLETED)
            if not ended:
                require()
            for future in ended:
                job = pending.pop(future)
                if future.cancelled() or future.exception():
                    lost.append(job)
                else:
                    yield future.result()
    return lost


@contextmanager
def some_workers(count: int | None, scheduler: str | None) -> Iterator[tuple[Callable, Callable]]:
    """``workers`` and ``require`` of `run_all`: of this machine, or of a Dask scheduler."""
    if scheduler:
        with cluster(scheduler) as found:
            yield lambda: nullcontext(found), found.require
    else:
        yield partial(local_workers, count or multiprocessing.cpu_count()), lambda: None


def ask(workers: Callable, function: Callable, *given) -> object:
    """What a function gives in a worker, which has the libraries that it needs."""
    with workers() as executor:
        return executor.submit(function, *given).result()


# This machine


def context():
    """How worker processes are started: forked by a warm server where that is safe."""
    found = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
    found.set_forkserver_preload(["party_cells.batch.warmed"])
    return found


def processes(count: int) -> Executor:
    return ProcessPoolExecutor(count, mp_context=context(), initializer=worker_starts)


def worker_starts() -> None:
    """A worker leaves Ctrl-C to the batch, and ends when the batch is gone, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def end_with_parent() -> None:
    """End this process, and the group that it leads, when the one that asked for it is gone."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        parent.join()
        end(os.getpid())
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def end(pid: int) -> None:
    """Kill a process that leads a group, and all that it has started and that has not left it."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


@contextmanager
def local_workers(count: int) -> Iterator[Executor]:
    """Worker processes of this machine, which are gone afterwards."""
    executor = processes(count)
    try:
        yield executor
    except BaseException:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


# A cluster


class Cluster:
    """The workers of a Dask scheduler, each with warm processes of its own to do the work in."""

    def __init__(self, client) -> None:
        self.client, self.address = client, client.scheduler.address
        self.executor, self.seen = client.get_executor(), time.monotonic()

    def submit(self, function: Callable, *given) -> Future:
        return self.executor.submit(in_own_process, function, *given)

    def workers(self) -> dict:
        try:
            return self.client.scheduler_info()["workers"]
        except OSError:
            return {}

    def require(self) -> None:
        """Raise `Stopped` when the scheduler or its last worker is gone."""
        if self.client.status != "running":
            raise Stopped(f"the scheduler at {self.address} stopped")
        self.seen = time.monotonic() if self.workers() else self.seen
        if time.monotonic() - self.seen > PATIENCE:
            raise Stopped(f"the scheduler at {self.address} has no worker left")


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """The workers of the scheduler at an address; Refused, in one line, if there are none."""
    try:
        from distributed import Client
    except ImportError:
        raise Refused("--scheduler needs Dask: pip install '.[cluster]'") from None
    logging.disable(logging.CRITICAL)  # what happens to it is told here, in one line
    with ExitStack() as stack:
        stack.callback(logging.disable, logging.NOTSET)
        try:
            found = Cluster(stack.enter_context(Client(address, timeout="5s")))
        except (OSError, ValueError):
            raise Refused(f"no scheduler answers at {address}; start one: dask scheduler") from None
        if not found.workers():
            raise Refused(f"the scheduler at {address} has no workers; start one: dask worker")
        yield found


def in_own_process(function: Callable, *given) -> object:
    """What a function gives in a warm process of this worker of a cluster."""
    multiprocessing.current_process().daemon = False  # under a nanny too it may have processes
    try:
        return own_processes().submit(function, *given).result()
    except BrokenProcessPool:  # one of them was killed; the next run has new ones
        own_processes.cache_clear()
        raise


@cache
def own_processes() -> Executor:
    return processes(multiprocessing.cpu_count())
