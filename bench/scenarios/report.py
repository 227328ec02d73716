"""One report, from the API server into PostgreSQL.

A KRR report as `kg-gen` makes it (pretty, other lines around it) is the log of
one Job of the simulated API server, written as its container starts. Each
program makes that Job, reads the log, stores the rows in an empty table and
deletes the Job; what was stored is compared with the generator's own rows.
CPU time and peak memory are those of the program from its start to its end."""
import clients
from reports import prepare, stores  # noqa: F401

SERVER = {}
CASES = ["1M", "16M", "64M", "500M"]
QUICK = ["64K", "1M"]
FIGURES = {"mb_per_cpu_s": "MB of log per CPU second", "cpu_s": "CPU s", "peak_mib": "peak memory, MiB",
           "wall_s": "wall s", "postgres_cpu_s": "PostgreSQL's CPU s", "sim_cpu_s": "API server's CPU s"}
BASE = "peer, repaired"
RATIOS = {"mb_per_cpu_s": "times the repaired peer's throughput", "peak_mib": "times its memory"}
PLOTS = ["mb_per_cpu_s", "peak_mib"]


def variants(case):
    found = {"kubeglean": stores("scan_histories", clients.kubeglean("krr-seed")),
             "kubeglean, own table": stores("scan_history", clients.kubeglean("krr")),
             "peer, repaired": stores("scan_histories", clients.peer("-repaired"))}
    if case != "500M":  # jq would hold all of it.
        found["kubectl, jq, psql"] = stores("scan_histories", clients.shell)
    return found
