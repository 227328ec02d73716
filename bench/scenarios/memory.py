"""Peak memory of an extract, whatever the size of the report.

`kubeglean extract --profile krr` reads a report of one document from a FIFO that
kg-gen writes; rows go to /dev/null. What is to be seen is that its peak does not
grow with the report."""
import contextlib
import os

import launch
from cluster import BUILD, PROGRAM, Scene

CASES = ["1M and 4G"]
QUICK = ["1M and 64M"]
FIGURES = {"peak_mib": "peak memory, MiB", "cpu_s": "CPU s"}
BASE = "1M"
RATIOS = {"peak_mib": "times that of 1M"}
PLOTS = []

GEN = os.path.join(BUILD, "bench", "kg-gen")


@contextlib.contextmanager
def prepare(_):
    yield None


def extract(size):
    def run(_):
        with Scene() as scene:
            fifo = scene.path("fifo")
            os.mkfifo(fifo)
            scene.start(GEN, "--size", size, "--output", fifo)
            found, _ = launch.measured(scene, "sh", "-c", 'exec "$0" extract --profile krr - <"$1" >/dev/null', PROGRAM,
                                       fifo, seconds=600)
        return found
    return run


def variants(case):
    return {size: extract(size) for size in case.split(" and ")}
