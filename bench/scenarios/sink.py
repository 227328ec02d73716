"""Rows into PostgreSQL: kubeglean's sink beside what others do, without a cluster.

`kg-bench-sink` takes the ways in turn by itself; `sink/main.c` says what they are.
The server means it: a COMMIT is on the disk. No checkpoint and no vacuum falls
into a measurement by chance."""
import json
import os
import subprocess

from cluster import BUILD

SERVER = {"fsync": "on", "shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "1h",
          "autovacuum": "off"}
CASES = ["gathered", "small", "large"]
QUICK = ["gathered"]
FIGURES = {"rows_per_s": "rows per second", "client_us_per_row": "client's CPU us per row",
           "server_us_per_row": "server's CPU us per row", "p50_ms": "report's p50, ms", "p99_ms": "p99, ms"}
BASE = "kubeglean_1"
RATIOS = {"rows_per_s": "times kubeglean_1's rows per second"}
PLOTS = []


def lines(case):
    done = subprocess.run([os.path.join(BUILD, "bench", "kg-bench-sink"), "--rounds", "1", case], check=True,
                          stdout=subprocess.PIPE, text=True)
    for line in map(json.loads, done.stdout.splitlines()):
        yield {"variant": line.pop("way"), "part": f"{line.pop('shape')}, {line.pop('rows_are')}", **line}
