"""The delay from a log's last byte to the COMMIT of its rows.

Jobs with a report of 40 rows each, in namespaces of their own, are made at an
even rate for ten seconds: half of what the repaired peer can do at the most,
which is measured just before. A log's last byte is written as its container
ends, as the simulated API server tells; the COMMIT is PostgreSQL's own
(track_commit_timestamp). Jobs per second are those that ended: fewer than were
asked for where their maker was too slow. p50, p99 and the longest are those of
one round."""
import concurrent.futures
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
           "cpu_s": "CPU s", "peak_mib": "peak memory, MiB", "postgres_cpu_s": "PostgreSQL's CPU s"}
BASE = "peer, repaired"
RATIOS = {"p50_ms": "times the repaired peer's p50", "p99_ms": "times its p99"}
PLOTS = ["p50_ms", "p99_ms"]

NOTES = {"log-krr-rows": "40", "log-krr-plain": "yes"}
CAPACITY_JOBS, SECONDS = 300, 10
ASKING = 16  # At a time.


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


def ends_ms(sim):
    """When each namespace's Job ended."""
    return {end["pod"].split("/")[0]: end["endedUs"] / 1000 for end in ask(sim, "GET", "/sim/ends")}


def rate_of(ended):
    """Jobs a second."""
    return (len(ended) - 1) * 1000 / (max(ended.values()) - min(ended.values()))


def delays_ms(ended):
    committed = dict(line.split("|") for line in postgres.ask(
        "SELECT namespace, extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) * 1000 FROM scan_histories"
        " GROUP BY namespace").splitlines())
    assert committed.keys() == ended.keys(), f"rows of {len(committed)} namespaces, logs of {len(ended)}"
    return sorted(float(committed[ns]) - ended[ns] for ns in ended)


def delays_of(client):
    """`client(rate)` handles the Jobs."""
    def run(rate):
        found = {}

        def and_look(scene, sim, kubeconfig, work):
            found.update(client(rate)(scene, sim, kubeconfig, work))
            ended = ends_ms(sim)
            delays = delays_ms(ended)
            found.update(p50_ms=statistics.median(delays), p99_ms=delays[len(delays) * 99 // 100], max_ms=delays[-1],
                         jobs_per_s=rate_of(ended), asked_per_s=rate)
            return found
        return clients.on_cluster(work_of(int(rate * SECONDS)), and_look)
    return run


def run_evenly(rate, port, names):
    """Asks for each in its time, whether or not those before were answered."""
    with concurrent.futures.ThreadPoolExecutor(ASKING) as pool:
        began = time.monotonic()
        asked = []
        for i, name in enumerate(names):
            time.sleep(max(0, began + i / rate - time.monotonic()))
            asked.append(pool.submit(clients.run_task, port, name))
        for one in asked:
            one.result()


def kubeglean(rate):
    def client(scene, sim, kubeconfig, work):
        tasks = [clients.task(ns, work._replace(namespaces=[ns]), "krr-seed") for ns in work.namespaces]
        agent, port = clients.start_agent(scene, kubeconfig, *tasks)
        run_evenly(rate, port, work.namespaces)
        return clients.finish(agent, sim)
    return client


def variants(_):
    return {"kubeglean": delays_of(kubeglean),
            "peer, repaired": delays_of(lambda rate: clients.peer("-repaired", "-rate", f"{rate:.2f}"))}
