#!/usr/bin/env python3
"""The reports of each tool, from a Job's log into the table of its profile."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from cluster import Scene, kubeglean, psql  # noqa: E402

REPORTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "reports")


def table_of(profile):
    lines = kubeglean("profiles", "list")[1].splitlines()
    return next(line.split()[1] for line in lines if line.split()[0] == profile)


def stored(profile, report, order):
    """Runs a Job that prints the report: the rows that its table has then."""
    with Scene() as scene:
        port = scene.kube_sim("--run-ms", "100", "--pending-ms", "20", "--namespace", "team-a", "--log-dir", REPORTS)
        task = {"apiVersion": "kubeglean.io/v1", "kind": "Task", "metadata": {"name": profile},
                "spec": {"profile": profile, "namespaces": ["team-a"], "timeoutSeconds": 60,
                         "job": {"template": {
                             "metadata": {"annotations": {"sim/log-file": report}},
                             "spec": {"containers": [{"name": "scan", "image": "scan:1"}]}}}}}
        code, _, err = kubeglean("run", "-f", scene.write("task.yaml", json.dumps(task)), "--kubeconfig",
                                 scene.kubeconfig(f"http://127.0.0.1:{port}"), "--database", os.environ["KT_PG"])
        assert code == 0, (profile, code, err)
    table = table_of(profile)
    rows = [json.loads(row) for row in psql(f"SELECT to_json(t) FROM {table} t ORDER BY {order}").splitlines()]
    ledger = psql(f"SELECT outcome, rows, rows_rejected FROM kubeglean_runs WHERE profile = '{profile}'")
    assert ledger == f"complete|{len(rows)}|0", (table, ledger, rows)
    return rows


def column(rows, name):
    return [row[name] for row in rows]


def krr_has_a_row_for_each_container():
    rows = stored("krr", "krr/today.json", "name")
    assert column(rows, "name") == ["nämé-七", "web"], rows
    assert column(rows, "pods_live") == [0, 1], rows


def krr_fills_the_table_of_the_article():
    assert column(stored("krr-seed", "krr/today.json", "name"), "pods") == [0, 2]


def kube_bench_knows_the_node_from_its_pod():
    rows = stored("kube-bench", "kube-bench/totals.json", "test_number")
    assert column(rows, "test_number") == ["4.1.1", "4.1.3", "5.1.1"], rows
    assert set(column(rows, "node")) == {"sim-node"}, rows


def trivy_has_a_row_for_each_package():
    rows = stored("trivy-image", "trivy-image/image.json", "package")
    assert column(rows, "package") == ["libcrypto1.1", "libssl1.1", "org.example:a"], rows
    rows = stored("trivy-k8s", "trivy-k8s/resources.json", "package")
    assert column(rows, "package") == ["bash", "p"], rows


def popeye_has_the_name_of_the_cluster_behind_its_rows():
    rows = stored("popeye", "popeye/sections.json", "code")
    assert column(rows, "cluster") == ["west"] * 3, rows
    assert column(rows, "code") == ["", "POP-106", "POP-500"], rows


def polaris_has_rows_at_three_depths():
    rows = stored("polaris", "polaris/audit.json", "check_id")
    assert column(rows, "check_id") == ["c", "deploymentMissingReplicas", "hostIPCSet", "tagNotSpecified"], rows
    assert column(rows, "container") == ["", "", "", "nginx"], rows


def kubescape_has_a_row_for_each_control():
    assert column(stored("kubescape", "kubescape/v3.json", "control"), "rules_failed") == [1, 0]


def all_lines_of_kubeaudit_are_one_report():
    rows = stored("kubeaudit", "kubeaudit/findings.log", "finding")
    assert column(rows, "level") == ["error", "warning"], rows
    assert rows[0]["details"]["Capability"] == "NET_ADMIN", rows


if __name__ == "__main__":
    if "KT_PG" not in os.environ:
        os.execv("tests/lib/with-postgres", ["tests/lib/with-postgres", os.path.abspath(__file__)])
    tap.run([krr_has_a_row_for_each_container, krr_fills_the_table_of_the_article,
             kube_bench_knows_the_node_from_its_pod, trivy_has_a_row_for_each_package,
             popeye_has_the_name_of_the_cluster_behind_its_rows, polaris_has_rows_at_three_depths,
             kubescape_has_a_row_for_each_control, all_lines_of_kubeaudit_are_one_report])
