"""One small report: the article's own form, whose time grows with the log's square.

As `report` is measured. Four times the time for twice the log: a larger one is for
the other forms."""
import clients
from reports import prepare, stores  # noqa: F401

SERVER = {}
CASES = ["64K", "128K", "256K"]
QUICK = ["64K"]
FIGURES = {"cpu_s": "CPU s", "mb_per_cpu_s": "MB of log per CPU second", "peak_mib": "peak memory, MiB",
           "wall_s": "wall s"}
BASE = "peer, as in the article"
RATIOS = {"mb_per_cpu_s": "times the article's throughput", "peak_mib": "times its memory"}
PLOTS = ["cpu_s"]


def variants(_):
    return {"kubeglean": stores("scan_histories", clients.kubeglean("krr-seed")),
            "peer, as in the article": stores("scan_histories", clients.peer()),
            "peer, repaired": stores("scan_histories", clients.peer("-repaired"))}
