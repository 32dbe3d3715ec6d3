"""Who does the work: processes of this machine, forked warm, or the workers of a Dask cluster."""

import logging
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from functools import cache, partial

from party_cells.batch import warm
from party_cells.batch.grid import Refused

ATTEMPTS = 3  # at a run whose worker process was killed
PATIENCE = 10  # seconds with a cluster that has no worker


class Stopped(RuntimeError):
    """Nobody is left to do the work."""


def run_all(
    jobs: list[dict], workers: Callable, do: Callable, require: Callable = lambda: None
) -> Iterator[dict]:
    """The record of each job as it ends; one whose worker was killed is tried again.

    ``workers()`` is a context that gives an `Executor`; ``do`` makes a job's record and lets no
    error out; ``require`` raises `Stopped` when there is nobody to wait for.
    """
    left = {job["stem"]: job for job in jobs}
    for _ in range(ATTEMPTS):
        if not left:
            return
        require()
        with workers() as executor:
            pending = {executor.submit(do, job): stem for stem, job in left.items()}
            while pending:
                ended, _ = wait(pending, timeout=1, return_when=FIRST_COMPLETED)
                if not ended:
                    require()
                for future in ended:
                    stem = pending.pop(future)
                    if not future.cancelled() and not future.exception():
                        del left[stem]
                        yield future.result()
    for job in left.values():
        lost = {"status": "failed", "error": f"its worker was killed {ATTEMPTS} times"}
        yield job | lost | {"seconds": 0.0}


@contextmanager
def some_workers(count: int | None, scheduler: str | None) -> Iterator[tuple[Callable, Callable]]:
    """``workers`` and ``require`` of `run_all`: of this machine, or of a Dask scheduler."""
    if scheduler:
        with cluster(scheduler) as (executor, require):
            yield lambda: nullcontext(executor), require
    else:
        yield partial(local_workers, count or multiprocessing.cpu_count()), lambda: None


@contextmanager
def local_workers(count: int) -> Iterator[Executor]:
    """Worker processes; where it is safe they are forked with the libraries imported."""
    about = {"mp_context": warm.context(), "initializer": warm.worker_starts}
    executor = ProcessPoolExecutor(count, **about)
    try:
        yield executor
    except BaseException:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, Callable]]:
    """The workers of a Dask scheduler, and what raises `Stopped` when they or it are gone;
    Refused, in one line, if it is not there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise Refused("--scheduler needs Dask: pip install '.[cluster]'") from None
    logging.disable(logging.CRITICAL)  # what happens to it is told here, in one line
    try:
        client = Client(address, timeout="5s")
    except (OSError, ValueError):
        raise Refused(f"no scheduler answers at {address}; start one: dask scheduler") from None
    seen = time.monotonic()

    def require() -> None:
        nonlocal seen
        try:
            alive = client.status == "running" and client.scheduler_info()["workers"]
        except OSError:
            alive = False
        if client.status != "running":
            raise Stopped(f"the scheduler at {address} stopped")
        seen = time.monotonic() if alive else seen
        if time.monotonic() - seen > PATIENCE:
            raise Stopped(f"the scheduler at {address} has no worker left")

    with client:
        if not client.scheduler_info()["workers"]:
            raise Refused(f"the scheduler at {address} has no workers; start one: dask worker")
        yield Far(client.get_executor()), require


class Far:
    """The workers of a cluster, each with warm processes of its own to do the work in."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def submit(self, function: Callable, *given) -> Future:
        """A future of what the function gives."""
        return self.executor.submit(in_own_process, function, *given)


def in_own_process(function: Callable, *given) -> object:
    """What a function gives in a warm process of this worker of a cluster, if it may have any."""
    if multiprocessing.current_process().daemon:  # under a Dask nanny
        return function(*given)
    try:
        return own_processes().submit(function, *given).result()
    except RuntimeError:  # one of them was killed; the next run has new ones
        own_processes.cache_clear()
        raise


@cache
def own_processes() -> Executor:
    about = {"mp_context": warm.context(), "initializer": warm.worker_starts}
    return ProcessPoolExecutor(multiprocessing.cpu_count(), **about)
