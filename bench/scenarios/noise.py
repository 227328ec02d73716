"""Noise, and what looks like JSON and is none: beside json_verify on a document.

`kubeglean extract` reads 64 MiB in which there is almost no document, or which was
made to cost as much as can be, and twice as much of it: the time must double, the
memory stay. json_verify reads a KRR report of 64 MiB. Output goes to /dev/null."""
import contextlib
import os
import shutil
import subprocess
import tempfile

import launch
from cluster import BUILD, PROGRAM, Scene
from rounds import Missing

MIB = 1024 * 1024
SIZE = 64 * MIB
NOISE = {"clean noise": ("clean", ()), "stray noise": ("stray", ()), "stray noise, any root": ("stray", ("--root", "any"))}
HOSTILE = {  # What the file repeats, and options.
    "nested openers": (b'{"a":', ()),
    "openers at every line": (b'{"a":\n', ()),
    "openers at every line, krr": (b'{"a":\n', ("--profile", "krr")),
    "array storm": (b"[1,[", ("--root", "any")),
    "brackets": (b"[", ("--root", "any")),
    "one string": (b"a", ()),
    "unneeded brackets, krr": (b"[{", ("--profile", "krr")),
}
CASES = [*NOISE, *HOSTILE]
QUICK = ["stray noise", "brackets"]
FIGURES = {"mb_per_cpu_s": "MB per CPU second", "cpu_s": "CPU s", "peak_mib": "peak memory, MiB"}
BASE = "json_verify"
RATIOS = {"mb_per_cpu_s": "times json_verify's"}
PLOTS = ["mb_per_cpu_s"]

GEN = os.path.join(BUILD, "bench", "kg-gen")


def write_hostile(case, path):
    text = HOSTILE[case][0]
    with open(path, "wb") as file:
        file.write(b'{"a":"' if case == "one string" else b'{"x":' if "unneeded" in case else b"")
        block = text * (MIB // len(text))
        for _ in range(SIZE // MIB):
            file.write(block)


def write_noise(case, path):
    subprocess.run([GEN, "--rows", "1", "--noise", NOISE[case][0], "--noise-size", str(SIZE), "--output", path], check=True)


def write_twice(once, path):
    with open(once, "rb") as file, open(path, "wb") as copy:
        for _ in range(2):
            file.seek(0)
            shutil.copyfileobj(file, copy)


@contextlib.contextmanager
def prepare(case):
    """Paths of the document, of what is read, and of twice that."""
    write = write_noise if case in NOISE else write_hostile
    with tempfile.TemporaryDirectory(prefix="kubeglean-bench-") as directory:
        document, once, twice = (os.path.join(directory, name) for name in ("document", "once", "twice"))
        subprocess.run([GEN, "--size", str(SIZE), "--output", os.path.join(directory, "log"), "--twin", document], check=True)
        write(case, once)
        write_twice(once, twice)
        yield document, once, twice


def reads(path, *command):
    with Scene() as scene:
        found, _ = launch.measured(scene, "sh", "-c", 'in=$1; shift; "$@" <"$in" >/dev/null || case $? in 3 | 4) ;; *) exit 1 ;; esac',
                                   "sh", path, *command, seconds=600)
    return {**found, "mb_per_cpu_s": os.path.getsize(path) / 1e6 / found["cpu_s"]}


def verify(paths):
    if shutil.which("json_verify") is None:
        raise Missing("json_verify is missing: apt-get install yajl-tools")
    return reads(paths[0], "json_verify", "-q")


def variants(case):
    options = (NOISE.get(case) or HOSTILE[case])[1]
    return {"json_verify": verify,
            "kubeglean": lambda paths: reads(paths[1], PROGRAM, "extract", *options, "-"),
            "kubeglean, twice the size": lambda paths: reads(paths[2], PROGRAM, "extract", *options, "-")}
