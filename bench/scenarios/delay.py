"""The delay from a log's last byte to the COMMIT of its rows.

Jobs with a report of 40 rows each, in namespaces of their own, are made at an
even rate for ten seconds: half of what the repaired peer can do at the most,
which is measured just before. A log's last byte is written as its container
ends, as the simulated API server tells; the COMMIT is PostgreSQL's own
(track_commit_timestamp). p50, p99 and the longest are those of one round."""
import contextlib
import statistics
import time

import clients
import postgres
from cluster import ask

SERVER = {"track_commit_timestamp": "on"}
CASES = ["half the peer's capacity"]
QUICK = ["20 Jobs a second"]
FIGURES = {"p50_ms": "p50, ms", "p99_ms": "p99, ms", "max_ms": "longest, ms", "jobs_per_s": "Jobs per second",
           "cpu_s": "CPU s", "peak_mib": "peak memory, MiB"}
BASE = "peer, repaired"
RATIOS = {"p50_ms": "times the repaired peer's p50", "p99_ms": "times its p99"}
PLOTS = ["p50_ms", "p99_ms"]

NOTES = {"log-krr-rows": "40", "log-krr-plain": "yes"}
CAPACITY_JOBS, SECONDS = 300, 10


def work_of(n_jobs):
    return clients.Work(NOTES, [f"team-{i}" for i in range(n_jobs)])


@contextlib.contextmanager
def prepare(case):
    """Jobs a second."""
    if case[0].isdigit():
        yield float(case.split()[0])
        return
    found = clients.on_cluster(work_of(CAPACITY_JOBS), clients.peer("-repaired"))
    yield CAPACITY_JOBS / found["wall_s"] / 2


def delays_ms(sim):
    committed = dict(line.split("|") for line in postgres.ask(
        "SELECT namespace, extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) * 1000 FROM scan_histories"
        " GROUP BY namespace").splitlines())
    ended = {end["pod"].split("/")[0]: end["endedUs"] / 1000 for end in ask(sim, "GET", "/sim/ends")}
    assert committed.keys() == ended.keys(), f"rows of {len(committed)} namespaces, logs of {len(ended)}"
    return sorted(float(committed[ns]) - ended[ns] for ns in ended)


def delays_of(client):
    """`client(rate)` handles the Jobs."""
    def run(rate):
        found = {}

        def and_look(scene, sim, kubeconfig, work):
            found.update(client(rate)(scene, sim, kubeconfig, work))
            delays = delays_ms(sim)
            found.update(p50_ms=statistics.median(delays), p99_ms=delays[len(delays) * 99 // 100], max_ms=delays[-1])
            return found
        return {**clients.on_cluster(work_of(int(rate * SECONDS)), and_look), "jobs_per_s": rate}
    return run


def kubeglean(rate):
    def client(scene, sim, kubeconfig, work):
        tasks = [clients.task(ns, work._replace(namespaces=[ns]), "krr-seed") for ns in work.namespaces]
        agent, port = clients.start_agent(scene, kubeconfig, *tasks)
        began = time.monotonic()
        for i, ns in enumerate(work.namespaces):
            time.sleep(max(0, began + i / rate - time.monotonic()))
            clients.run_task(port, ns)
        return clients.finish(agent, sim)
    return client


def variants(_):
    return {"kubeglean": delays_of(kubeglean),
            "peer, repaired": delays_of(lambda rate: clients.peer("-repaired", "-rate", f"{rate:.2f}"))}
