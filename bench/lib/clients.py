"""kubeglean and what its users would pick instead: each is a process that makes
Jobs on the simulated cluster, stores their rows, deletes them and is ended."""
import collections
import json
import os
import shutil
import subprocess
import urllib.request

import postgres
from cluster import PROGRAM, Scene, ask, free_port, wait_until
from launch import Launched, measured
from rounds import Missing

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")
TIMEOUT_S = 600  # Of one measurement.

# What is to be done: one Job in each namespace, its Pod with the simulator's
# annotations `notes`.
Work = collections.namedtuple("Work", "notes namespaces log_dir", defaults=(["default"], "/nonexistent"))


def sim_cpu_s(sim):
    return ask(sim, "GET", "/sim/stats")["cpuMs"] / 1000


def jobs_left(sim):
    return ask(sim, "GET", "/sim/stats")["objects"]["jobs"]


def on_cluster(work, client):
    """Figures of `client`, which does `work` with a fresh cluster and fresh tables."""
    with Scene() as scene:
        postgres.fresh()
        sim = scene.kube_sim("--log-dir", work.log_dir, "--pending-ms", "20", "--run-ms", "100")
        for name in work.namespaces:
            if name != "default":
                ask(sim, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        before = postgres.cpu_s(), sim_cpu_s(sim)
        found = client(scene, sim, scene.kubeconfig(f"http://127.0.0.1:{sim}"), work)
        assert jobs_left(sim) == 0, f"{jobs_left(sim)} Jobs were not deleted"
        if before[0] is not None:
            found["postgres_cpu_s"] = postgres.cpu_s() - before[0]
        found["sim_cpu_s"] = sim_cpu_s(sim) - before[1]
        return found


# --- kubeglean ------------------------------------------------------------------

def task(name, work, profile):
    return {"apiVersion": "kubeglean.io/v1", "kind": "Task", "metadata": {"name": name},
            "spec": {"profile": profile, "namespaces": work.namespaces, "timeoutSeconds": 3600, "job": {"template": {
                "metadata": {"annotations": {f"sim/{name}": text for name, text in work.notes.items()}},
                "spec": {"containers": [{"name": "krr", "image": "krr:1"}]}}}}}


def start_agent(scene, kubeconfig, *tasks):
    """Ready: (what was launched, its port)."""
    port = free_port()
    config = scene.write("config.yaml", json.dumps({
        "apiVersion": "kubeglean.io/v1", "kind": "Config", "spec": {
            "clusterName": "bench", "database": {"url": os.environ["KT_PG"]}, "listen": f"127.0.0.1:{port}",
            "tasks": [scene.write(f"task-{i}.yaml", json.dumps(t)) for i, t in enumerate(tasks)]}}))
    agent = Launched(scene, PROGRAM, "agent", "-c", config, "--kubeconfig", kubeconfig)

    def the_agent_is_ready():
        assert agent.process.poll() is None, agent.told()[-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as response:
                return response.status == 200
        except OSError:
            return False
    wait_until(the_agent_is_ready)
    return agent, port


def run_task(port, name):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/tasks/{name}/run", method="POST")
    with urllib.request.urlopen(request, timeout=600) as response:
        assert response.status == 202, response.read()


def finish(agent, sim):
    """Its figures, once no Job is left."""
    def all_jobs_are_deleted():
        assert agent.process.poll() is None, agent.told()[-2000:]
        return jobs_left(sim) == 0
    wait_until(all_jobs_are_deleted, TIMEOUT_S)
    return agent.stop()


def kubeglean(profile):
    def client(scene, sim, kubeconfig, work):
        agent, port = start_agent(scene, kubeconfig, task("bench", work, profile))
        run_task(port, "bench")
        return finish(agent, sim)
    return client


# --- the peers ------------------------------------------------------------------

def peer_path():
    """Where bench/peers/build has put it."""
    done = subprocess.run([os.path.join(PEERS, "build"), "--path"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(done.stderr.strip())
    return done.stdout.strip()


def peer_version():
    """Of what it is made; None where it is not."""
    try:
        with open(os.path.join(os.path.dirname(peer_path()), "versions"), encoding="utf-8") as file:
            return ", ".join(file.read().splitlines())
    except (Missing, OSError):
        return None


def gather(scene, kubeconfig, work, *command):
    """A peer: what the kernel accounted to it, and what it says of its parts."""
    notes = ",".join(f"sim/{name}={text}" for name, text in work.notes.items())
    found, told = measured(
        scene, *command, "-kubeconfig", kubeconfig, "-database", os.environ["KT_PG"], "-image", "krr:1", "-namespaces",
        ",".join(work.namespaces), "-jobs", str(len(work.namespaces)), "-annotations", notes, seconds=TIMEOUT_S)
    lines = [line for line in told.splitlines() if line.startswith("{")]  # Libraries may print, too.
    assert lines, f"{command[0]} does not say what it did: {told[-2000:]}"
    line = json.loads(lines[-1])
    return {**found, **{part: line[part] for part in ("fetch_s", "extract_s", "parse_s", "upsert_s")}}


def peer(*options):
    return lambda scene, _, kubeconfig, work: gather(scene, kubeconfig, work, peer_path(), *options)


def shell(scene, _, kubeconfig, work):
    for program in "kubectl", "jq":
        if shutil.which(program) is None:
            raise Missing(f"{program} is missing: apt-get install kubernetes-client jq")
    return gather(scene, kubeconfig, work, os.path.join(PEERS, "shell"))
