"""Warm kernels: a parent with the libraries imported forks a fresh ipykernel for each notebook.

Four fifths of a short notebook's time are the start of its kernel and its imports. Here one
parent process imports what the notebooks import, draws one figure (which reads the fonts) and
then only forks: every notebook gets a real ipykernel in a process of its own, and nothing that
one does is seen by another. The parent is a fresh program with a single thread, so that
nothing is forked in the middle of somebody's work.

A connection to the parent's Unix socket is one kernel: the client sends command, folder and
environment, and the kernel answers with its process id. When the client hangs up, for whatever
reason, the parent ends the kernel; when the batch is gone, the parent ends them all. Needs
Linux (``available()``); elsewhere the batch starts ordinary kernels.
"""

import asyncio
import builtins
import functools
import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from jupyter_client.provisioning import LocalProvisioner

from helpers import paths

# Ours that no notebook imports; and widgets, which look for their kernel when they are imported.
SOURCES = Path(__file__).parents[2]
COLD = ("party_cells/__", "party_cells/batch", "party_cells/desk/review", "party_cells/desk/verbs")
PATHS = (path.relative_to(SOURCES).as_posix() for path in sorted(SOURCES.rglob("*.py")))
OURS = [
    path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for path in PATHS
    if not path.startswith(COLD)
]
LIBRARIES = ("ipykernel.kernelapp", "numpy.random", "matplotlib.figure", "matplotlib.pyplot")
LIBRARIES += tuple(OURS)
# What a kernel imports only when it has started, or at its first cell or output.
LIBRARIES += ("ipykernel_launcher", "ipykernel.debugger", "IPython.core.completerlib")
LIBRARIES += ("IPython.core.debugger", "IPython.core.logger", "IPython.core.oinspect")
LIBRARIES += ("IPython.core.pylabtools", "IPython.extensions.storemagic", "psutil", "sqlite3")
LIBRARIES += ("pandas.io.formats.html", "pandas.io.formats.string", "tornado.platform.asyncio")
KERNEL_COMMAND = ["-m", "ipykernel_launcher"]


def available() -> bool:
    """Whether this system can fork warm kernels (Linux 5.3 or later)."""
    return hasattr(os, "pidfd_open") and hasattr(os, "fork")


class Parent:
    """A running warm parent, which has read the tables of ``data``, by default of the data folder
    in use; ``address`` is where its kernels are asked for.
    """

    def __init__(self, data: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")
        self.address = str(Path(self._folder.name) / "parent")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(64)  # requests may come while the libraries load
            handle = listener.fileno()
            command = [sys.executable, "-m", "party_cells.batch.warm", str(handle)]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                pass_fds=[handle],
                env=os.environ | {paths.DATA_VARIABLE: data or str(paths.data())},
            )

    def close(self) -> None:
        """End the parent, and with it every kernel that is left."""
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


@functools.cache
def own(data: str) -> Parent:
    """The warm parent of this very process for some data; it ends when the process does."""
    return Parent(data)


class Kernel:
    """As much of ``subprocess.Popen`` as a provisioner needs, for a kernel forked elsewhere."""

    stdin = stdout = stderr = None

    def __init__(self, address: str, **request) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        if not (answer := self._connection.recv(16)):
            raise ConnectionError("the warm parent ended before it could fork a kernel")
        self.pid = int(answer)
        self._handle = os.pidfd_open(self.pid)
        self.returncode = None

    def poll(self, seconds: float | None = 0) -> int | None:
        """None while the kernel lives; its exit status is its parent's to know, so else 0."""
        if self.returncode is None and select.select([self._handle], [], [], seconds)[0]:
            os.close(self._handle)
            self._connection.close()
            self.returncode = 0
        return self.returncode

    def wait(self) -> int:
        """Wait until the kernel has ended."""
        return self.poll(None)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Provisioner(LocalProvisioner):
    """Starts Python kernels by asking the warm parent at ``address``; without one as usual."""

    address = ""
    _closing = False

    async def launch_kernel(self, cmd: list[str], **kwargs) -> dict:
        if not self.address or cmd[1:3] != KERNEL_COMMAND:
            return await super().launch_kernel(cmd, **kwargs)
        folder = str(kwargs.get("cwd") or os.getcwd())
        try:
            self.process = Kernel(self.address, cmd=cmd, cwd=folder, env=kwargs["env"])
        except OSError:  # the parent is gone
            return await super().launch_kernel(cmd, **kwargs)
        self.pid = self.pgid = self.process.pid  # a kernel leads its own session
        self.cwd = folder
        return self.connection_info

    async def shutdown_requested(self, restart: bool = False) -> None:
        self._closing = True

    async def poll(self) -> int | None:
        """As usual, but while the kernel closes look every 5 ms, not every 100."""
        for _ in range(20 if self._closing else 0):
            if await super().poll() is not None:
                break
            await asyncio.sleep(0.005)
        return await super().poll()


# The parent's side.


def warm_up() -> None:
    """Import what notebooks import, as inside a kernel; draw and read once what is slow once."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it when it is imported
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # a warning that no kernel shows
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    # pandas sets display.max_columns at import by asking whether it is inside a kernel.
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True)
    try:
        importlib.import_module("pandas")
    finally:
        del builtins.get_ipython
    for name in LIBRARIES:
        with suppress(ImportError):  # the notebook that needs it says so
            importlib.import_module(name)
    draw()
    read()
    gc.collect()
    gc.freeze()


def draw() -> None:
    """One figure on a plain canvas: pyplot's backend stays for each kernel to choose."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([0, 1], label="Đảng bộ")
    figure.legend()
    for kind in ("svg", "png"):
        figure.savefig(io.BytesIO(), format=kind)


def read() -> None:
    """The tables of the collection: each kernel has them as they are read and checked here, and
    reads again only a file that has changed since.
    """
    from helpers import codebook

    for table in codebook.dictionary():
        with suppress(Exception):  # the notebook that needs it says so
            codebook.load(table)


def serve(listener: socket.socket) -> dict:
    """Fork a child for each request until the batch is gone; returns only in a child, with the
    request for which it was made.
    """
    kernels: dict[socket.socket, int] = {}
    while True:
        ready, _, _ = select.select([listener, sys.stdin, *kernels], [], [])
        gone = kernels if sys.stdin in ready else [each for each in ready if each in kernels]
        for connection in [*gone]:  # nothing comes from a client but its end
            end(kernels.pop(connection))
            connection.close()
        if sys.stdin in ready:
            sys.exit()
        if listener in ready:
            connection, _ = listener.accept()
            request = connection.makefile().readline()
            kernels[connection] = os.fork()
            if kernels[connection] == 0:
                os.setsid()  # before the client learns the id, and may signal the group
                connection.sendall(str(os.getpid()).encode())
                for each in (listener, *kernels):
                    each.close()
                return json.loads(request)


def end(pid: int) -> None:
    """Kill what is left of a kernel and of its group. Its id is not free before this."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def become_kernel(request: dict) -> None:
    """Make this forked child what a freshly started kernel process would be."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, 4096)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"], JPY_PARENT_PID=str(os.getppid()))
    import ipykernel_launcher
    import numpy
    from ipykernel.kernelapp import IPKernelApp

    numpy.random.seed()
    sys.argv = [ipykernel_launcher.__file__, *request["cmd"][3:]]
    app = IPKernelApp.instance()
    app.initialize(sys.argv[1:])
    app.start()
    # Let the control thread finish its last flush while output still goes out; ipykernel stops
    # output first, and where the two meet it waits for 2.5 s to be terminated.
    app.control_thread.stop()
    app.control_thread.join()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the batch's to answer
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
    warm_up()
    become_kernel(serve(socket.socket(fileno=int(sys.argv[1]))))
