"""A program that reads a file as its standard input; what it prints is not kept."""
import contextlib
import fcntl
import os
import shutil
import subprocess

import launch
from cluster import Scene
from rounds import Missing


@contextlib.contextmanager
def opened(path, piece):
    """The file; or a pipe out of which at most `piece` bytes of it come at a time."""
    if piece is None:
        with open(path, "rb") as file:
            yield file
        return
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, piece)
    with subprocess.Popen(["cat", path], stdout=into):
        os.close(into)
        try:
            yield out
        finally:
            os.close(out)


def reads(path, *command, piece=None, ends=(0,), **environment):
    """Its figures. `ends` are exit codes that are right."""
    with Scene() as scene, opened(path, piece) as file:
        found, _ = launch.measured(scene, *command, seconds=600, ends=ends, stdin=file, stdout=subprocess.DEVNULL,
                                   env={**os.environ, **environment})
    return {**found, "mb_per_cpu_s": os.path.getsize(path) / 1e6 / found["cpu_s"]}


def verifies(document):
    """yajl alone: json_verify."""
    if shutil.which("json_verify") is None:
        raise Missing("json_verify is missing: apt-get install yajl-tools")
    return reads(document, "json_verify", "-q")


def copy(source, path, times=1):
    """In large blocks: what was written in small ones takes the kernel up to twice as long to read."""
    with open(source, "rb") as file, open(path, "wb") as out:
        for _ in range(times):
            file.seek(0)
            shutil.copyfileobj(file, out, 1 << 20)
