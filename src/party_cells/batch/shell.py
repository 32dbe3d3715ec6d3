"""A papermill engine that runs the cells in a forked shell and starts no kernel.

A worker with the libraries imported forks a child for each notebook. The child has the shell of
an ordinary kernel, but no socket: what it would send is collected and handed back after each cell,
and papermill's own client makes the outputs of it. What goes past the shell to the descriptors 1
and 2 (child processes, libraries) is caught in two files that the worker reads.
"""

import asyncio
import io
import json
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from subprocess import DEVNULL
from types import SimpleNamespace

import ipykernel_launcher
import numpy
import papermill  # noqa: F401  its client and its engines need it first
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client import AsyncKernelManager
from jupyter_client.session import Session
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.iorw import load_notebook_node, write_ipynb
from papermill.parameterize import parameterize_notebook
from traitlets.config import Config

from party_cells.batch import workers
from party_cells.batch.workers import CellFailed

CELL_SECONDS = 600  # a cell that takes longer has failed
OUTPUT_BYTES = 20_000_000  # of one cell; no report could show more
FORK = multiprocessing.get_context("fork") if sys.platform == "linux" else None
TOO_LARGE = "the output is too large"


def run_cells(job: dict, executed: Path) -> None:
    """Execute a notebook by papermill, in a forked shell or, ``plain``, in an ordinary kernel;
    CellFailed says where it failed. What was executed is written either way. ValueError for a
    notebook in another language.
    """
    notebook, begun = load_notebook_node(job["path"]), []
    language = notebook.metadata.get("kernelspec", {}).get("language") or "python"
    if language.lower() != "python":
        raise ValueError(f"its cells are in {language}; only notebooks in Python can be run")
    if job["given"]:
        kind = {"kernel_name": "python3", "language": "python"}  # also where a notebook names none
        notebook = parameterize_notebook(notebook, job["given"], **kind)
    ordinary = {"engine_name": None, "kernel_manager_class": Kernel}
    engine = ordinary if job["plain"] or not FORK else {"engine_name": "forked"}
    engine |= {"on_cell_execute": lambda cell, cell_index: begun.append(cell)}
    engine |= {"on_cell_executed": require_good, "execution_timeout": CELL_SECONDS}
    try:
        with tempfile.TemporaryDirectory(prefix="run-") as folder:
            engine["resources"] = {"metadata": {"path": folder}}
            papermill_engines.execute_notebook_with_engine(
                nb=notebook, kernel_name="python3", progress_bar=False, **engine
            )
    except (CellFailed, CellTimeoutError, DeadKernelError) as error:
        raise CellFailed(f"In [{len(begun)}]: {in_words(error)}") from None
    finally:
        write_ipynb(notebook, str(executed))


def require_good(cell: dict, cell_index: int, execute_reply: dict) -> None:
    """Raise `CellFailed` for a cell that showed too much, ended its kernel or met an error."""
    said = execute_reply["content"]
    if sum(len(str(output)) for output in cell.outputs) > OUTPUT_BYTES:
        raise CellFailed(TOO_LARGE)
    if any(payload.get("source") == "ask_exit" for payload in said.get("payload", [])):
        raise CellFailed("the cell ended the kernel")
    if said["status"] == "error" and "raises-exception" not in cell.metadata.tags:
        shown = [output for output in cell.outputs if output.output_type == "error"]
        said = (shown or [said])[-1]  # what a form of an output raised is only shown
        error = f"{said['ename']}: {said['evalue']}"
        raise CellFailed("the cell called sys.exit" if "SystemExit" in error else error)


def in_words(error: Exception) -> str:
    """What happened to a cell that got no answer."""
    if isinstance(error, DeadKernelError):
        return "the kernel died"
    if isinstance(error, CellTimeoutError):
        return TOO_LARGE if "IOPub" in str(error) else f"no answer in {CELL_SECONDS} s"
    return str(error)


class Kernel(AsyncKernelManager):
    """An ordinary kernel, without ports, in the folder of its run; its own log is not read."""

    async def start_kernel(self, **options) -> None:
        if os.name == "posix":
            self.transport, self.connection_file = "ipc", f"{options['cwd']}/kernel.json"
        await super().start_kernel(stdout=DEVNULL, stderr=DEVNULL, **options)


# The child's side


def as_message(kind: str, content: dict, parent: dict | None = None) -> dict:
    """As much of a kernel's message as makes an output."""
    header = {"header": {"msg_type": kind}, "parent_header": parent or {}, "metadata": {}}
    return header | {"msg_type": kind, "content": content}


class Collected(Session):
    """A kernel's session that keeps what is sent, up to `OUTPUT_BYTES` a cell."""

    def begin(self, full: callable) -> None:
        self.messages, self.size, self.full = [], 0, full

    def count(self, text: str) -> None:
        self.size += len(text)
        if self.size > OUTPUT_BYTES:
            self.full()

    def send(self, stream, msg_or_type, content=None, parent=None, *_, **more) -> None:
        message = msg_or_type
        if not isinstance(message, dict):
            message = self.msg(msg_or_type, content, parent, metadata=more.get("metadata"))
        self.count("".join(map(str, message["content"].get("data", {}).values())))
        asked = {"msg_id": message["parent_header"].get("msg_id")}
        self.messages.append(as_message(message["msg_type"], message["content"], asked))


class Stream(io.TextIOBase):
    """Standard output or error of the cells; of a process forked by a cell, its descriptor."""

    encoding = "utf-8"

    def __init__(self, session: Collected, name: str, handle: int) -> None:
        self.session, self.name, self.handle = session, name, handle
        self.owner, self.held, self.past = os.getpid(), [], 0

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self.owner:
            return os.write(self.handle, text.encode("utf-8", "replace"))
        self.session.count(text)
        self.held.append(text)
        return len(text)

    def flush(self) -> None:
        raw = os.pread(self.handle, OUTPUT_BYTES, self.past)  # what went past the shell
        self.past += len(raw)
        text = "".join(self.held) + raw.decode("utf-8", "replace")
        self.held.clear()
        if text:
            self.session.send(None, "stream", {"name": self.name, "text": text}, self.parent)

    def fileno(self) -> int:
        return self.handle


def as_in_a_kernel(folder: str) -> None:
    """Make this forked child what a freshly started kernel's process would be."""
    ours = {"", os.getcwd(), os.path.dirname(sys.argv[0])}
    sys.path[:] = [entry for entry in sys.path if entry not in ours]
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    numpy.random.seed()
    sys.argv = [ipykernel_launcher.__file__]


def serve(requests: Connection, folder: str, files: list[int]) -> None:
    """Be a kernel without sockets: run each cell that is asked for, hand back what it showed."""
    os.setsid()
    workers.end_with_parent()
    for handle, file in enumerate([os.open(os.devnull, os.O_RDONLY), *files]):
        os.dup2(file, handle)
    as_in_a_kernel(folder)
    session = Collected()
    sys.stdout, sys.stderr = (Stream(session, n, h) for n, h in (("stdout", 1), ("stderr", 2)))
    quiet = Config(HistoryManager={"hist_file": ":memory:"})
    here = SimpleNamespace(parent_thread=threading.current_thread())
    kernel = IPythonKernel.instance(
        session=session,
        config=quiet,
        user_ns=None,
        shell_channel_thread=here,
        log=logging.getLogger("shell"),
    )
    IPKernelApp.instance().kernel = kernel
    asyncio.set_event_loop(loop := asyncio.new_event_loop())

    def full() -> None:
        requests.send_bytes(b"")
        os._exit(1)

    while True:
        source, answers = json.loads(requests.recv_bytes())
        session.begin(full)
        for answer in answers:
            kernel.comm_manager.comm_msg(None, None, answer | {"buffers": []})
        request = session.msg("execute_request")
        kernel.set_parent([], request)
        sys.stdout.parent = sys.stderr.parent = request
        reply = loop.run_until_complete(kernel.do_execute(source, silent=False))
        sys.stdout.flush(), sys.stderr.flush()
        requests.send_bytes(json.dumps([session.messages, reply]).encode())


# The worker's side


class Shell:
    """A forked child that runs cells in a folder; a context, with which it ends."""

    def __init__(self, folder: str) -> None:
        self.files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115  ours until the end
        self.requests, theirs = FORK.Pipe()
        handles = [file.fileno() for file in self.files]
        self.process = FORK.Process(target=serve, args=(theirs, folder, handles))
        self.process.start()
        theirs.close()

    def ask(self, request: list, seconds: float) -> tuple[list[dict], dict]:
        """Messages and reply to one cell; DeadKernelError, CellTimeoutError, CellFailed."""
        self.requests.send_bytes(json.dumps(request, default=str).encode())
        deadline = time.monotonic() + seconds
        while not wait([self.requests, self.process.sentinel], timeout=0.5):
            if time.monotonic() > deadline:
                raise CellTimeoutError(f"no answer in {seconds} s")
            self.require_small()
        self.require_small()
        try:
            answer = self.requests.recv_bytes()
        except (EOFError, OSError):
            raise DeadKernelError("the process of the cells ended") from None
        if not answer:
            raise CellFailed(TOO_LARGE)
        messages, reply = json.loads(answer)
        return messages, reply

    def require_small(self) -> None:
        if any(os.fstat(f.fileno()).st_size > OUTPUT_BYTES for f in self.files):
            raise CellFailed(TOO_LARGE)

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_) -> None:
        workers.end(self.process.pid)
        self.process.join()


class Client(PapermillNotebookClient):
    """papermill's client; a cell is asked of a shell, and all else is done as with a kernel."""

    def execute(self) -> None:
        self.to_widgets = []  # what nbclient, as a page would, answers to widgets
        channel = SimpleNamespace(send=self.to_widgets.append)
        self.kc = SimpleNamespace(session=Session(), shell_channel=channel)
        self.reset_execution_trackers()
        with Shell(self.resources["metadata"]["path"]) as self.shell:
            self.papermill_execute_cells()
        self.nb.metadata["language_info"] = IPythonKernel.language_info

    def execute_cell(self, cell: dict, cell_index: int) -> None:
        is_left_out = self.skip_cells_with_tag in cell.metadata.get("tags", [])
        if cell.cell_type != "code" or is_left_out or not cell.source.strip():
            return
        self.on_cell_execute(cell=cell, cell_index=cell_index)
        cell.outputs, self.clear_before_next_output = [], False
        answers, self.to_widgets[:] = [*self.to_widgets], []
        messages, reply = self.shell.ask([cell.source, answers], self.timeout)
        for message in messages:
            self.process_message(message, cell, cell_index)
        cell.execution_count = reply["execution_count"]
        self.on_cell_executed(cell=cell, cell_index=cell_index, execute_reply={"content": reply})


class Forked(Engine):
    """papermill's name for it: ``engine_name="forked"``."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, execution_timeout, **options) -> None:
        Client(nb_man, timeout=execution_timeout, **options).execute()


papermill_engines.register("forked", Forked)
