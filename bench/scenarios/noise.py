"""Noise, and what looks like JSON and is none: beside json_verify on a document.

`kubeglean extract` reads 64 MiB in which there is almost no document, or which was
made to cost as much as can be, and twice as much of it: the time must double, the
memory stay. json_verify reads a KRR report of 64 MiB. `cat` reads the noise: what
the kernel takes for its copy is in every program's time. The files are written in
one way, and output goes to /dev/null."""
import contextlib
import os
import subprocess
import tempfile

from cluster import BUILD, PROGRAM
from reading import copy, reads, verifies

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
    "one string, 4 KiB at a time": (b"a", ()),
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
        file.write(b'{"a":"' if "one string" in case else b'{"x":' if "unneeded" in case else b"")
        block = text * (MIB // len(text))
        for _ in range(SIZE // MIB):
            file.write(block)


def write_noise(case, path):
    subprocess.run([GEN, "--rows", "1", "--noise", NOISE[case][0], "--noise-size", str(SIZE), "--output", path], check=True)


@contextlib.contextmanager
def prepare(case):
    """Paths of the document, of what is read, and of twice that."""
    write = write_noise if case in NOISE else write_hostile
    with tempfile.TemporaryDirectory(prefix="kubeglean-bench-") as directory:
        document, once, twice, made = (os.path.join(directory, name) for name in ("document", "once", "twice", "made"))
        subprocess.run([GEN, "--size", str(SIZE), "--output", os.path.join(directory, "log"), "--twin", made], check=True)
        copy(made, document)
        write(case, made)
        copy(made, once)
        copy(made, twice, 2)
        yield document, once, twice


def variants(case):
    options = (NOISE.get(case) or HOSTILE[case])[1]
    piece = 4096 if "4 KiB" in case else None

    def extract(path):
        return reads(path, PROGRAM, "extract", *options, "-", piece=piece, ends=(0, 3, 4))
    return {"json_verify": lambda paths: verifies(paths[0]),
            "cat": lambda paths: reads(paths[1], "cat", piece=piece),
            "kubeglean": lambda paths: extract(paths[1]),
            "kubeglean, twice the size": lambda paths: extract(paths[2])}
