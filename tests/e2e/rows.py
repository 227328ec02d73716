#!/usr/bin/env python3
"""Rows are the same wherever they go: PostgreSQL, NDJSON, CSV; and a role that
has what `kubeglean schema --grants` prints can store them."""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402
from cluster import PROGRAM, Scene, kubeglean  # noqa: E402

PROFILE = """
apiVersion: kubeglean.io/v1
kind: Profile
metadata: {name: odd}
spec:
  rows: "$.rows[*]"
  match: [$.rows]
  table: odd
  columns:
  - {name: k, type: text, key: true, path: "@.k"}
  - {name: "t \\"x\\", y", type: text, path: "@.t"}
  - {name: i, type: bigint, path: "@.i"}
  - {name: num, type: numeric, path: "@.n"}
  - {name: f, type: boolean, path: "@.f"}
  - {name: at, type: timestamptz, path: "@.at"}
  - {name: j, type: jsonb, path: "@.j"}
  - {name: a, type: "text[]", path: "@.a"}
"""
# JSON as a tool may write it: what it means is PostgreSQL's business below.
ROWS = [
    r'{"k":"plain","t":"a","i":1,"n":1.5,"f":true,"at":"2026-11-22T10:42:00Z","j":{"x":1},"a":["p","q"]}',
    r'{"k":"quotes, \"commas\"","t":"he said \"no\", twice\\","j":"a \"string\", quoted","a":["\"",",","{}","\\"]}',
    r'{"k":"lines\r\nof text\n","t":"\r","j":["\n","\t"],"a":["a\r\nb"]}',
    r'{"k":"","t":"","j":[],"a":[]}',
    r'{"k":"nothing","t":null,"i":null,"n":null,"f":null,"at":null,"j":null,"a":null}',
    r'{"k":"absent"}',
    r'{"k":"NULL","t":"\\N","j":"null","a":["NULL","null",""]}',
    r'{"k":"far","i":-9223372036854775808,"n":1e400,"f":false,"at":"0001-01-01T00:00:00.000001Z","j":1e400}',
    r'{"k":"fine","i":9223372036854775807,"n":0.123456789012345678901234567890,"at":"2026-11-22T10:42:00.5+05:30",'
    r'"j":0.123456789012345678901234567890}',
    r'{"k":"caf\u00e9 \ud83d\ude00 é \u2028","t":"\u0001\u001b[31m\u007f","j":{"\u00e9":"\u0001"},"a":["\u00e9","é"]}',
    r'{"k":"c1 \u009b31m","t":"\u202Eturned\u2066","a":["\u0085"]}',
    r'{"k":" space ","t":"=1+1","j":{"b":1,"a":{"c":[null,true]}},"a":[" x "]}',
]
REPLACE = """
apiVersion: kubeglean.io/v1
kind: Profile
metadata: {name: left}
spec:
  rows: "$.rows[*]"
  match: [$.rows]
  table: left
  mode: replace
  scope: [cluster]
  allowEmpty: true
  incomplete: keep
  columns:
  - {name: cluster, type: text, key: true, run: cluster}
  - {name: k, type: text, key: true, path: "@.k"}
  - {name: scanned_at, type: timestamptz, run: scanned_at}
"""
# What GORM's AutoMigrate makes of the seed's model (bench/peers/go/report.go).
SEED = """CREATE TABLE scan_histories (namespace varchar(100), name varchar(100), kind varchar(100),
          container varchar(100), allocations varchar(1000), recommended varchar(1000), pods bigint,
          PRIMARY KEY (namespace, name, kind, container))"""
SCAN = """{"object":{"namespace":"s","name":"%s","kind":"Job","container":"c","pods":[{},{}],
           "allocations":{"cpu":"%s"}},"recommended":{"x":1}}"""
ROLE = "rows writer"


def sql(*statements):
    command = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", os.environ["KT_PG"]]
    for statement in statements:
        command += ["-c", statement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def forget_tables():
    sql("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public")


class Odd(Scene):
    """A cluster whose one Job writes ROWS into its log."""

    def __init__(self, keep_tables=False):
        self.keep_tables = keep_tables

    def __enter__(self):
        super().__enter__()
        self.profile = self.write("odd.yaml", PROFILE)
        self.log = self.write("odd.log", "noise\n" + '{"rows":[' + ",\n".join(ROWS) + "]}\nnoise\n")
        port = self.kube_sim("--default-log", self.log, "--run-ms", "100", "--pending-ms", "20")
        self.config = self.kubeconfig(f"http://127.0.0.1:{port}")
        if not self.keep_tables:
            forget_tables()
        return self

    def run(self, *args):
        return kubeglean("run", "--profile", self.profile, "--image", "odd:1", "--kubeconfig", self.config, *args)

    def store(self, *args, role=None):
        url = os.environ["KT_PG"] + (f" user='{role}'" if role else "")
        return self.run("--database", url, *args)

    def print(self, verb, form):
        """Bytes: what Python calls a line's end is not for it to say."""
        args = {"extract": ["extract", "--profile", self.profile, self.log],
                "run": ["run", "--profile", self.profile, "--image", "odd:1", "--kubeconfig", self.config]}[verb]
        path = self.path(f"{verb}.{form}")
        with open(path, "wb") as out:
            done = subprocess.run([PROGRAM, *args, "-o", form], stdout=out, stderr=subprocess.PIPE, timeout=60,
                                  check=False)
        assert done.returncode == 0, done.stderr.decode()
        return path


def assert_same_rows(table):
    for one, other in (("odd", table), (table, "odd")):
        extra = sql(f"SELECT * FROM (SELECT * FROM {one} EXCEPT SELECT * FROM {other}) x")
        assert extra == "", f"only in {one}: {extra}"
    assert sql("SELECT count(*) FROM odd") == str(len(ROWS))


def ndjson_has_the_rows_that_postgresql_has():
    with Odd() as odd:
        code, _, err = odd.store()
        assert code == 0, err
        for verb in ("run", "extract"):
            path = odd.print(verb, "ndjson")
            sql("DROP TABLE IF EXISTS lines, told", "CREATE TABLE lines (line text)",
                f"\\copy lines FROM '{path}' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')",
                "CREATE TABLE told AS SELECT (jsonb_populate_record(NULL::odd, line::jsonb)).* FROM lines")
            assert_same_rows("told")


def csv_has_the_rows_that_postgresql_has():
    with Odd() as odd:
        code, _, err = odd.store()
        assert code == 0, err
        for verb in ("run", "extract"):
            path = odd.print(verb, "csv")
            sql("DROP TABLE IF EXISTS cells, told", "CREATE TABLE cells (LIKE odd)",
                "ALTER TABLE cells ALTER a TYPE jsonb USING NULL",
                f"\\copy cells FROM '{path}' WITH (FORMAT csv, HEADER match)",
                "CREATE TABLE told AS SELECT k, \"t \"\"x\"\", y\", i, num, f, at, j, CASE WHEN a IS NOT NULL THEN"
                " ARRAY(SELECT jsonb_array_elements_text(a)) END AS a FROM cells")
            assert_same_rows("told")


def a_table_obeys_no_control_character():
    with Odd() as odd:
        with open(odd.print("extract", "table"), "rb") as file:
            text = file.read().decode()
        assert len(text.splitlines()) >= len(ROWS) + 1
        assert text.count("\n") == len(ROWS) + 1, text
        bad = sorted({hex(ord(c)) for c in text if c != "\n" and not c.isprintable()})
        assert not bad, bad


def on_a_terminal(columns, profile, log):
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([PROGRAM, "extract", "--profile", profile, "-o", "table", log], stdout=terminal,
                          stderr=subprocess.DEVNULL) as process:
        os.close(terminal)
        text = b""
        try:
            while piece := os.read(master, 65536):
                text += piece
        except OSError:  # Linux: EIO is the terminal's end.
            pass
        assert process.wait() == 0
    os.close(master)
    return text.decode().replace("\r\n", "\n").splitlines()


def a_table_is_no_wider_than_its_terminal():
    with Odd() as odd:
        whole = on_a_terminal(500, odd.profile, odd.log)
        for columns in (80, 60, 40, 1):
            lines = on_a_terminal(columns, odd.profile, odd.log)
            assert len(lines) == len(whole) == len(ROWS) + 1
            assert max(map(len, lines)) <= columns, lines
        lines = on_a_terminal(60, odd.profile, odd.log)
        for name in ("K", "I", "NUM", "F", "AT", "J", "A"):
            assert name in lines[0].split(), lines[0]
        assert len(whole[0]) > 60


def names_left_after(*logs):
    """One run for each log, a second apart: what the table has after each."""
    found = []
    forget_tables()
    for log in logs:
        with Odd(keep_tables=True) as odd:
            odd.profile = odd.write("left.yaml", REPLACE)
            odd.write("odd.log", log)
            code, _, err = odd.store()
            found.append((code, sql("SELECT coalesce(string_agg(k, ' ' ORDER BY k), '') FROM \"left\"")))
            time.sleep(1.1)
    return found


def an_empty_report_empties_its_scope_and_a_cut_one_takes_nothing():
    found = names_left_after('{"rows":[{"k":"a"},{"k":"b"}]}', '{"rows":[{"k":"b"},{"k":"c"}', '{"rows":[{"k":"d"}]}',
                             '{"rows":[{"k":1}]}', '{"rows":[]}')
    assert found == [(0, "a b"), (4, "a b c"), (0, "d"), (4, "d"), (0, "")], found


def the_seeds_table_is_adopted_as_gorm_makes_it():
    columns = "SELECT string_agg(attname || format_type(atttypid, atttypmod), ',' ORDER BY attnum) FROM " \
        "pg_attribute WHERE attrelid = 'scan_histories'::regclass AND attnum > 0"
    with Odd() as odd:
        sql(SEED, "INSERT INTO scan_histories VALUES ('s', 'old', 'Job', 'c', 'theirs', '', 1)")
        as_made = sql(columns)
        odd.profile = "krr-seed"
        odd.write("odd.log", '{"scans":[' + ",".join(SCAN % row for row in (("a", "1"), ("b", "1" * 1000),
                                                                            ("old", "2"))) + "]}")
        code, _, err = odd.store("--migrate", "yes")
        assert code == 4, (code, err)
        assert sql("SELECT name, pods, allocations, recommended FROM scan_histories ORDER BY 1") == \
            'a|2|{"cpu":"1"}|{"x":1}\nold|2|{"cpu":"2"}|{"x":1}'
        assert sql("SELECT key->>'name', sqlstate FROM kubeglean_rejects") == "b|22001"
        assert sql(columns) == as_made


def make_role():
    sql(f"SET client_min_messages = error; DROP ROLE IF EXISTS \"{ROLE}\"",
        f"CREATE ROLE \"{ROLE}\" LOGIN", "REVOKE ALL ON SCHEMA public FROM public")


def script(odd, *options):
    code, out, err = kubeglean("schema", *options, odd.profile)
    assert code == 0, err
    return "SET client_min_messages = error; " + out


def drop_role():
    sql(f'DROP OWNED BY "{ROLE}" CASCADE', f'DROP ROLE "{ROLE}"')


def a_role_with_the_printed_grants_stores_and_makes_nothing():
    with Odd() as odd:
        make_role()
        sql(script(odd))
        sql(script(odd, "--grants", "--role", ROLE))
        code, _, err = odd.store("--migrate", "no", role=ROLE)
        assert code == 0, err
        assert sql("SELECT count(*) FROM odd") == str(len(ROWS))
        sql(f'REVOKE UPDATE ON odd FROM "{ROLE}"')
        code, _, err = odd.store("--migrate", "no", role=ROLE)
        assert code == 1, (code, err)
        assert f'role "{ROLE}" lacks the right UPDATE; cure: GRANT UPDATE ON "odd" TO "{ROLE}"' in err \
            or f'GRANT UPDATE ON \\"odd\\" TO \\"{ROLE}\\"' in err, err
        drop_role()


def a_role_that_may_migrate_makes_its_tables():
    with Odd() as odd:
        make_role()
        sql(script(odd, "--grants", "--migrate", "--role", ROLE))
        code, _, err = odd.store(role=ROLE)
        assert code == 0, err
        assert sql("SELECT tableowner FROM pg_tables WHERE tablename = 'odd'") == ROLE
        drop_role()


def without_migrate_nothing_is_made():
    with Odd() as odd:
        code, _, err = odd.store("--migrate", "no")
        assert code == 1, (code, err)
        assert "missing, and not ours to make (--migrate no)" in err and "kubeglean schema" in err, err
        assert sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


if __name__ == "__main__":
    if "KT_PG" not in os.environ:
        with_postgres = os.path.join(HERE, "..", "lib", "with-postgres")
        os.execv(with_postgres, [with_postgres, sys.executable, os.path.abspath(__file__)])
    tap.run([ndjson_has_the_rows_that_postgresql_has, csv_has_the_rows_that_postgresql_has,
             an_empty_report_empties_its_scope_and_a_cut_one_takes_nothing,
             the_seeds_table_is_adopted_as_gorm_makes_it,
             a_table_obeys_no_control_character, a_table_is_no_wider_than_its_terminal, a_role_with_the_printed_grants_stores_and_makes_nothing,
             a_role_that_may_migrate_makes_its_tables, without_migrate_nothing_is_made])
