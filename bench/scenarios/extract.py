"""Rows out of a log, in memory: beside yajl's json_verify on the document alone.

`kubeglean extract --profile krr` reads a KRR log of kg-gen with noise in which
there are braces; json_verify, and extract with --strict, read the document in it,
which was cut out before; extract without a profile prints it without white space.
Output goes to /dev/null. Bytes are those of the input each has."""
import contextlib
import os
import subprocess
import tempfile

from cluster import BUILD, PROGRAM
from reading import reads, verifies

CASES = ["2M pretty", "512M pretty", "128M compact"]
QUICK = ["2M pretty"]
FIGURES = {"mb_per_cpu_s": "MB per CPU second", "cpu_s": "CPU s", "peak_mib": "peak memory, MiB"}
BASE = "json_verify"
RATIOS = {"mb_per_cpu_s": "times json_verify's"}
PLOTS = ["mb_per_cpu_s"]

GEN = os.path.join(BUILD, "bench", "kg-gen")


@contextlib.contextmanager
def prepare(case):
    """Paths of the log and of its document."""
    size, layout = case.split()
    with tempfile.TemporaryDirectory(prefix="kubeglean-bench-") as directory:
        log, document = os.path.join(directory, "log"), os.path.join(directory, "document")
        subprocess.run([GEN, "--size", size, "--layout", layout, "--noise", "stray", "--output", log, "--twin",
                        document], check=True)
        yield log, document


def variants(_):
    def extract(path, *options, **environment):
        return reads(path, PROGRAM, "extract", *options, "-", **environment)
    krr = ("--profile", "krr")
    return {"json_verify": lambda paths: verifies(paths[1]),
            "kubeglean": lambda paths: extract(paths[0], *krr),
            "kubeglean --strict": lambda paths: extract(paths[1], *krr, "--strict"),
            "kubeglean, documents": lambda paths: extract(paths[0]),
            "kubeglean, KG_SIMD=scalar": lambda paths: extract(paths[0], *krr, KG_SIMD="scalar"),
            "kubeglean, KG_PARSER=yajl": lambda paths: extract(paths[0], *krr, KG_PARSER="yajl")}
