"""A cluster for tests, and what stands in it: asked with the administrator's
kubeconfig, which is JSON (kubectl config view --raw --flatten -o json)."""
import base64
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from cluster import wait_until  # noqa: E402


def load_exchange():
    loader = importlib.machinery.SourceFileLoader("exchange", f"{HERE}/../sim/exchange")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("exchange", loader))
    loader.exec_module(module)
    return module


exchange = load_exchange()
Failure = exchange.Failure


class Cluster:
    """`home`: the directory of tests/cluster/cluster, whose daemons can be stopped;
    None: somebody else's."""

    def __init__(self, kubeconfig, home=None):
        self.kubeconfig, self.home = kubeconfig, home
        self.server = exchange.Server.from_kubeconfig(kubeconfig, "")
        self.has_accounts = self.has_account("default")

    def ask(self, method, path, body=None, kind="application/json"):
        connection, response = self.server.open(
            method, path, "admin", {"Content-Type": kind}, body and json.dumps(body), 30)
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text[:1] == b"{" else None

    def make(self, path, body):
        status, answer = self.ask("POST", path, body)
        assert status == 201, f"POST {path}: {status} {answer}"
        return answer

    def make_namespace(self, name):
        """It is ready when the controllers have given it its service account."""
        self.make("/api/v1/namespaces", {"metadata": {"name": name}})

        def the_namespace_is_ready():
            return self.has_account(name)
        if self.has_accounts:
            wait_until(the_namespace_is_ready)

    def control(self, *words):
        subprocess.run([f"{HERE}/cluster", self.home, *words], check=True, stdout=subprocess.DEVNULL)

    def with_user(self, path, user):
        """A kubeconfig of the same server for another user."""
        with open(self.kubeconfig, encoding="utf-8") as file:
            config = json.load(file)
        config["users"] = [{"name": u["name"], "user": user} for u in config["users"]]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        return path

    def account(self, namespace, name):
        """A service account, which a real namespace makes a token for."""
        self.make(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})

    def token(self, namespace, name):
        """A new one that ends with the Secret: delete it, and the server says 401."""
        secret = {"metadata": {"generateName": f"{name}-", "annotations": {"kubernetes.io/service-account.name": name}},
                  "type": "kubernetes.io/service-account-token"}
        path = f"/api/v1/namespaces/{namespace}/secrets"
        secret = self.make(path, secret)["metadata"]["name"]

        def the_token_is_there():
            return self.ask("GET", f"{path}/{secret}")[1].get("data", {}).get("token")
        return secret, base64.b64decode(wait_until(the_token_is_there)).decode()

    def grant(self, namespace, rules, account):
        """A Role with these rules, bound to the service account NAMESPACE:NAME."""
        where = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        home, name = account.split(":")
        self.make(f"{where}/roles", {"metadata": {"name": name}, "rules": rules})
        self.make(f"{where}/rolebindings", {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "namespace": home, "name": name}]})

    def status_with(self, token, path):
        self.server.tokens["agent"] = token
        connection, response = self.server.open("GET", path, "agent", {}, None, 30)
        connection.close()
        return response.status

    def has_account(self, namespace, name="default"):
        return self.ask("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}")[0] == 200

    def runs(self, namespace):
        """Whether a Pod's container does."""
        pods = self.ask("GET", f"/api/v1/namespaces/{namespace}/pods")[1]["items"]
        return any("running" in status["state"] for pod in pods
                   for status in pod["status"].get("containerStatuses", []))

    def jobs(self, namespace):
        return self.names(f"/apis/batch/v1/namespaces/{namespace}/jobs")

    def cronjobs(self, namespace):
        return self.names(self.path_of_cronjobs(namespace))

    def cronjob_version(self):
        """batch/v1, or on servers before 1.21 batch/v1beta1."""
        there = [resource["name"] for resource in self.ask("GET", "/apis/batch/v1")[1]["resources"]]
        return "batch/v1" if "cronjobs" in there else "batch/v1beta1"

    def path_of_cronjobs(self, namespace):
        return f"/apis/{self.cronjob_version()}/namespaces/{namespace}/cronjobs"

    def job(self, namespace, name):
        return self.ask("GET", f"/apis/batch/v1/namespaces/{namespace}/jobs/{name}")[1]

    def names(self, path):
        return [item["metadata"]["name"] for item in self.ask("GET", path)[1]["items"]]
