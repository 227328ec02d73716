"""One report, from the API server into PostgreSQL.

A KRR report as `kg-gen` makes it (pretty, other lines around it) is the log of
one Job of the simulated API server, written as its container starts. Each
program makes that Job, reads the log, stores the rows in an empty table and
deletes the Job; what was stored is compared with the generator's own rows.
CPU time and peak memory are those of the program from its start to its end."""
import contextlib
import json
import os
import subprocess
import tempfile

import clients
import postgres
from cluster import BUILD

SERVER = {}
CASES = ["64K", "128K", "256K", "1M", "16M", "64M", "500M"]
QUICK = ["64K", "1M"]
FIGURES = {"mb_per_cpu_s": "MB of log per CPU second", "cpu_s": "CPU s", "peak_mib": "peak memory, MiB",
           "wall_s": "wall s", "postgres_cpu_s": "PostgreSQL's CPU s", "sim_cpu_s": "API server's CPU s"}
BASE = "peer, repaired"
RATIOS = {"mb_per_cpu_s": "times the repaired peer's throughput", "peak_mib": "times its memory"}
PLOTS = ["mb_per_cpu_s", "peak_mib"]

GEN = os.path.join(BUILD, "bench", "kg-gen")


@contextlib.contextmanager
def prepare(case):
    """The work, the log's length, the digest of its rows."""
    with tempfile.TemporaryDirectory(prefix="kubeglean-bench-") as directory:
        log, rows = os.path.join(directory, "log"), os.path.join(directory, "rows")
        subprocess.run([GEN, "--size", case, "--output", log, "--expect", rows], check=True)
        with open(rows, encoding="utf-8") as file:
            digest = postgres.digest(json.loads(line) for line in file)
        yield clients.Work({"log-file": "log", "log-rate": "1000000000000"}, log_dir=directory), os.path.getsize(log), digest


def stores(table, client):
    """`client` does the work; the rows must be in `table`."""
    def run(prepared):
        work, length, digest = prepared
        found = clients.on_cluster(work, client)
        stored = postgres.digest_of(table)
        assert stored == digest, f"{table} has {stored[0]} rows of {digest[0]}, or others than were generated"
        return {**found, "mb_per_cpu_s": length / 1e6 / found["cpu_s"], "rows": stored[0], "bytes": length}
    return run


def variants(case):
    found = {"kubeglean": stores("scan_histories", clients.kubeglean("krr-seed")),
             "peer, repaired": stores("scan_histories", clients.peer("-repaired"))}
    if case.endswith("K"):
        found["peer, as in the article"] = stores("scan_histories", clients.peer())
    else:
        found["kubeglean, own table"] = stores("scan_history", clients.kubeglean("krr"))
    if case != "500M":
        found["kubectl, jq, psql"] = stores("scan_histories", clients.shell)
    return found
