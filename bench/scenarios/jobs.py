"""Many Jobs with small reports, from their creation to their deletion.

Each Job is in a namespace of its own and prints 40 rows within 100 ms. All are
made as fast as the program can; it ends when the rows of all are stored, in an
empty table, and the last Job is deleted. kubectl, jq and psql do a tenth of the
Jobs: compare what is per second."""
import contextlib

import clients
import postgres

SERVER = {}
CASES = ["1000 Jobs"]
QUICK = ["20 Jobs"]
FIGURES = {"jobs_per_cpu_s": "Jobs per CPU second", "cpu_s": "CPU s", "peak_mib": "peak memory, MiB",
           "jobs_per_s": "Jobs per second", "postgres_cpu_s": "PostgreSQL's CPU s", "sim_cpu_s": "API server's CPU s"}
BASE = "peer, repaired"
RATIOS = {"jobs_per_cpu_s": "times the repaired peer's Jobs per CPU second", "jobs_per_s": "times its Jobs per second",
          "peak_mib": "times its memory"}
PLOTS = ["jobs_per_cpu_s", "peak_mib"]

ROWS = 40


@contextlib.contextmanager
def prepare(case):
    yield int(case.split()[0])


def stores(client, part=1):
    def run(n_jobs):
        work = clients.Work({"log-krr-rows": str(ROWS), "log-krr-plain": "yes"}, [f"team-{i}" for i in range(n_jobs // part)])
        found = clients.on_cluster(work, client)
        done = len(work.namespaces)
        rows = int(postgres.ask("SELECT count(*) FROM scan_histories"))
        assert rows == done * ROWS, f"scan_histories has {rows} rows of {done * ROWS}"
        return {**found, "jobs": done, "jobs_per_cpu_s": done / found["cpu_s"], "jobs_per_s": done / found["wall_s"]}
    return run


def variants(_):
    return {"kubeglean": stores(clients.kubeglean("krr-seed")),
            "peer, repaired": stores(clients.peer("-repaired")),
            "kubectl, jq, psql": stores(clients.shell, part=10)}
