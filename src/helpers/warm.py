"""Warm kernels: a parent with the libraries imported forks a fresh ipykernel for each notebook.

Four fifths of a short notebook's time are the start of its kernel and its imports. Here one
parent process imports what the notebooks import, draws one figure (which reads the fonts) and
then only forks: every notebook gets a real ipykernel in a process of its own, and nothing that
one does is seen by another. The parent is a fresh program with a single thread, so that
nothing is forked in the middle of somebody's work.

The two sides meet on a Unix socket. A connection is one kernel: the client sends the command,
folder and environment, the kernel answers with its process id, and the parent with the exit
status when it is over. Whoever hangs up first ends the kernel, so a killed worker leaves none
behind. Needs Linux (``available()``); elsewhere the batch starts ordinary kernels.
"""

import asyncio
import builtins
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from jupyter_client.provisioning import LocalProvisioner

HELPERS = ("agreement", "codebook", "corpus", "desk", "evidence", "extract", "figures", "gate")
HELPERS += ("indicators", "profiles", "report", "statements")
LIBRARIES = (
    "ipykernel.kernelapp",
    "numpy.random",
    "matplotlib.figure",
    "matplotlib.pyplot",
    *(f"helpers.{name}" for name in HELPERS),
    # What a kernel imports only when it has started, or at its first cell or output.
    "ipykernel_launcher",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
    "psutil",
    "sqlite3",
    "tornado.platform.asyncio",
)
KERNEL_COMMAND = ["-m", "ipykernel_launcher"]


def available() -> bool:
    """Whether this system can fork warm kernels (Linux 5.3 or later)."""
    return hasattr(os, "pidfd_open") and hasattr(os, "fork")


class Parent:
    """A running warm parent; ``address`` is where its kernels are asked for."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")
        self.address = str(Path(self._folder.name) / "parent")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(64)  # requests may come while the libraries load
            handle = listener.fileno()
            command = [sys.executable, "-m", "helpers.warm", str(handle)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[handle])

    def close(self) -> None:
        """End the parent, and with it every kernel that is left."""
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


@functools.cache
def own_address() -> str:
    """Where a warm parent of this very process listens; it ends when the process does."""
    return Parent().address


class Kernel:
    """As much of ``subprocess.Popen`` as a provisioner needs, for a kernel forked elsewhere."""

    stdin = stdout = stderr = None

    def __init__(self, address: str, **request) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        self._connection.sendall(json.dumps(request).encode() + b"\n")
        self.returncode = None
        self.pid = int(self._connection.recv(16) or 0)
        if not self.pid:
            raise ConnectionError("the warm parent ended before it could fork a kernel")

    def poll(self) -> int | None:
        """The exit status, or None while the kernel lives."""
        if self.returncode is None:
            self._connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                return self.wait()
            self._connection.setblocking(True)
        return self.returncode

    def wait(self) -> int:
        """The exit status, once there is one; -9 where the parent died with its kernels."""
        if self.returncode is None:
            self.returncode = int(self._connection.recv(16) or -signal.SIGKILL)
            self._connection.close()
        return self.returncode

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
    """Import what notebooks import, as inside a kernel, and draw once to read the fonts."""
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
        try:
            importlib.import_module(name)
        except ImportError:  # a part that is not installed; the notebook that needs it says so
            continue
    draw()
    check()
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


def check() -> None:
    """One table by pandera, which imports the most of itself at the first check."""
    import pandas
    import pandera.pandas as pandera

    schema = pandera.DataFrameSchema({"name": pandera.Column(str, pandera.Check.isin(["đảng"]))})
    schema.validate(pandas.DataFrame({"name": ["đảng"]}), lazy=True)


def serve(listener: socket.socket) -> dict:
    """Fork a child for each request, for ever; returns the request, and only in the child."""
    events = selectors.DefaultSelector()
    events.register(listener, selectors.EVENT_READ)
    events.register(sys.stdin.buffer, selectors.EVENT_READ)
    while True:
        for key, _ in events.select():
            if key.fileobj is listener:
                request = fork(listener, events)
                if request is not None:
                    events.close()
                    return request
            elif key.data is None:  # standard input has ended: so has the batch
                stop(events)
            elif key.fileobj in events.get_map():
                finish(events, *key.data)


def fork(listener: socket.socket, events: selectors.BaseSelector) -> dict | None:
    """Read one request and fork; the request in the child, None in the parent."""
    connection, _ = listener.accept()
    with connection.makefile("rb") as lines:
        line = lines.readline()
    if not line:
        return None
    pid = os.fork()
    if pid == 0:
        os.setsid()  # before the client learns the id, and may signal the group
        connection.sendall(b"%d" % os.getpid())
        for key in events.get_map().values():
            close(key.fileobj)
        connection.close()
        return json.loads(line)
    watched = (pid, os.pidfd_open(pid), connection)
    for thing in watched[1:]:
        events.register(thing, selectors.EVENT_READ, watched)
    return None


def finish(events, pid: int, handle: int, connection: socket.socket) -> None:
    """A kernel has ended, or its client hung up: end what is left of it and tell the client."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        os.killpg(pid, signal.SIGKILL)
        ended, status = os.waitpid(pid, 0)
    for thing in (handle, connection):
        events.unregister(thing)
    with contextlib.suppress(OSError):  # nobody is listening any more
        connection.sendall(b"%d" % os.waitstatus_to_exitcode(status))
    close(handle)
    connection.close()


def close(thing) -> None:
    """Close a socket, a stream or a bare descriptor."""
    if isinstance(thing, int):
        os.close(thing)
    elif thing is not sys.stdin.buffer:  # replaced in place, below
        thing.close()


def stop(events: selectors.BaseSelector) -> None:
    """Kill the kernels that are left and leave."""
    for pid in {key.data[0] for key in events.get_map().values() if key.data}:
        os.killpg(pid, signal.SIGKILL)
    os._exit(0)


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
