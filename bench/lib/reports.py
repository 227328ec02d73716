"""One report: a log of kg-gen, a Job that prints it, and its rows in a table."""
import contextlib
import json
import os
import subprocess
import tempfile

import clients
import postgres
from cluster import BUILD

GEN = os.path.join(BUILD, "bench", "kg-gen")


@contextlib.contextmanager
def prepare(size):
    """The work, the log's length, the digest of its rows."""
    with tempfile.TemporaryDirectory(prefix="kubeglean-bench-") as directory:
        log, rows = os.path.join(directory, "log"), os.path.join(directory, "rows")
        subprocess.run([GEN, "--size", size, "--output", log, "--expect", rows], check=True)
        with open(rows, encoding="utf-8") as file:
            digest = postgres.digest(json.loads(line) for line in file)
        yield (clients.Work({"log-file": "log", "log-rate": "1000000000000"}, log_dir=directory),
               os.path.getsize(log), digest)


def stores(table, client):
    """`client` does the work; the rows must be in `table`."""
    def run(prepared):
        work, length, digest = prepared
        found = clients.on_cluster(work, client)
        stored = postgres.digest_of(table)
        assert stored == digest, f"{table} has {stored[0]} rows of {digest[0]}, or others than were generated"
        return {**found, "mb_per_cpu_s": length / 1e6 / found["cpu_s"], "rows": stored[0], "bytes": length}
    return run
