#!/usr/bin/python3 -B
"""test_compose COMPOSE-FILE DOCKERFILE: that `docker compose up` works with nothing set, and confines what it starts.

No engine is wanted: the file is read as compose reads it, the commands that are shell are run here, one of them against
the PostgreSQL of the tests, and what only an engine can show is not looked at.
"""

import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import unittest

import yaml

COMPOSE, DOCKERFILE = (pathlib.Path(name) for name in sys.argv[1:3])
ROOT = COMPOSE.parent
TEXT = COMPOSE.read_text()
PROJECT = yaml.safe_load(TEXT)
SERVICES = PROJECT["services"]
# An exact version: three numbers, or two of those who count so.
EXACT = re.compile(r"^[a-z/]+:(v?\d+\.\d+\.\d+|\d+\.\d+-[a-z]+)$")


def networks(service):
    return set(SERVICES[service].get("networks", []))


class Started(unittest.TestCase):
    def test_nothing_has_to_be_set(self):
        self.assertEqual(re.findall(r"(?<!\$)\$(?:\w+|\{\w+\}|\{\w+:?\?[^}]*\})", TEXT), [])
        self.assertNotIn("secrets", PROJECT, "a secret from the environment has to be set")
        self.assertFalse([each for each in SERVICES.values() if "env_file" in each])

    def test_the_whole_service_is_in_no_profile(self):
        plain = {name for name, each in SERVICES.items() if "profiles" not in each}
        self.assertEqual(plain, {"key", "postgres", "migrate", "ordersd", "orders-http"})

    def test_each_waits_for_what_it_needs(self):
        needs = SERVICES["ordersd"]["depends_on"]
        self.assertEqual(needs["key"]["condition"], "service_completed_successfully")
        self.assertEqual(needs["migrate"]["condition"], "service_completed_successfully")
        self.assertEqual(needs["postgres"]["condition"], "service_healthy")
        self.assertEqual(SERVICES["orders-http"]["depends_on"]["ordersd"]["condition"], "service_healthy")

    def test_what_is_named_is_there(self):
        for name, each in SERVICES.items():
            for volume in each.get("volumes", []):
                source = volume.split(":")[0]
                with self.subTest(service=name, volume=source):
                    self.assertTrue((ROOT / source).exists() if source.startswith(".") else source in PROJECT["volumes"])
            self.assertLessEqual(networks(name), PROJECT["networks"].keys())


class Key(unittest.TestCase):
    def make(self, directory, key=""):
        command = [word.replace("$$", "$") for word in SERVICES["key"]["command"]]
        subprocess.run(command, cwd=directory, env={"PATH": os.environ["PATH"], "API_KEY": key}, check=True,
                       stdout=subprocess.DEVNULL)
        path = pathlib.Path(directory, "api-key")
        self.assertEqual([each.name for each in path.parent.iterdir()], [path.name])
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        return path.read_text().rstrip("\n")

    def test_is_made_once(self):
        with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as other:
            first = self.make(directory)
            self.assertRegex(first, "^[0-9a-f]{64}$")
            self.assertEqual(self.make(directory), first)
            self.assertNotEqual(self.make(other), first)

    def test_is_the_one_that_is_set(self):
        with tempfile.TemporaryDirectory() as directory:
            self.make(directory)
            self.assertEqual(self.make(directory, "one,two"), "one,two")
            self.assertEqual(self.make(directory), "one,two")

    def test_is_read_where_it_is_written(self):
        where = SERVICES["key"]["working_dir"]
        self.assertIn(f"key:{where}", SERVICES["key"]["volumes"])
        for name in ("ordersd", "orders-http"):
            self.assertEqual(SERVICES[name]["environment"]["API_KEY_FILE"], f"{where}/api-key")
            self.assertIn(f"key:{where}:ro", SERVICES[name]["volumes"])
        # The volume's owner is that of the image's directory.
        self.assertRegex(DOCKERFILE.read_text(), rf"install -d -o orders -m 700 {where}\n")


class Confined(unittest.TestCase):
    def test_every_container_is(self):
        for name, each in SERVICES.items():
            with self.subTest(service=name):
                self.assertEqual(each["cap_drop"], ["ALL"])
                self.assertNotIn("cap_add", each)
                self.assertNotIn("privileged", each)
                self.assertEqual(each["security_opt"], ["no-new-privileges:true"])
                self.assertIs(each["read_only"], True)
                self.assertEqual(each["ulimits"]["core"], 0)
                self.assertEqual(each["deploy"]["resources"]["limits"].keys(), {"cpus", "memory", "pids"})

    def test_the_database_is_apart(self):
        self.assertTrue(PROJECT["networks"]["database"]["internal"])
        self.assertEqual(networks("postgres"), {"database"})
        self.assertEqual({name for name in SERVICES if "database" in networks(name)}, {"postgres", "migrate", "ordersd"})
        self.assertEqual(SERVICES["key"]["network_mode"], "none")
        for name, each in SERVICES.items():
            self.assertTrue(networks(name) or each["network_mode"] == "none", f"{name} is in compose's own network")
            self.assertEqual("PGPASSWORD" in each.get("environment", {}), name in ("migrate", "ordersd"))
            self.assertEqual("POSTGRES_PASSWORD" in str(each), name in ("migrate", "postgres"))

    def test_ports_are_of_this_machine(self):
        for name, each in SERVICES.items():
            for port in each.get("ports", []):
                self.assertTrue(port.startswith("127.0.0.1:"), f"{name}: {port}")

    def test_images_are_of_one_version(self):
        for name, each in SERVICES.items():
            with self.subTest(service=name):
                self.assertTrue("build" in each or EXACT.match(each["image"]), each["image"])
        bases = re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(), re.MULTILINE)
        self.assertEqual(len(set(bases)), 1)
        self.assertRegex(bases[0], r":\d+\.\d+-slim$")


class Role(unittest.TestCase):
    """That of ordersd, made by what migrates: run here, against the PostgreSQL of the tests."""

    ROLE = "ordersd"

    def psql(self, sql, database="postgres"):
        done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--username", "postgres", "--host",
                               os.environ["TEST_PGHOST"], "--dbname", database, "--command", sql],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def setUp(self):
        self.name = f"compose_{os.getpid()}"
        self.psql(f"CREATE DATABASE {self.name} TEMPLATE orders_template")
        self.addCleanup(self.psql, f"DROP ROLE IF EXISTS {self.ROLE}")
        self.addCleanup(self.psql, f"DROP DATABASE {self.name} WITH (FORCE)")

    def migrate(self, password):
        command = [word.replace("$$", "$") for word in SERVICES["migrate"]["command"]]
        url = f"host={os.environ['TEST_PGHOST']} user=postgres dbname={self.name}"
        done = subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url, "ORDERSD_PASSWORD": password},
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def stored_password(self):
        return self.psql(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{self.ROLE}'")

    def test_is_what_ordersd_connects_as(self):
        settings = SERVICES["ordersd"]["environment"]
        self.assertIn(f"user={self.ROLE} ", settings["DATABASE_URL"])
        self.assertEqual(settings["PGPASSWORD"], SERVICES["migrate"]["environment"]["ORDERSD_PASSWORD"])

    def test_serves_and_is_no_more_than_that(self):
        self.migrate("it's \"one\"")
        first = self.stored_password()
        self.assertTrue(first.startswith("SCRAM-SHA-256$"))
        self.assertEqual(self.psql("SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles "
                                   f"WHERE rolname = '{self.ROLE}'"), "t|f|f|f|f")
        self.assertEqual(self.psql(f"SELECT has_table_privilege('{self.ROLE}', 'orders', 'INSERT'), "
                                   f"has_table_privilege('{self.ROLE}', 'orders', 'TRUNCATE'), "
                                   f"has_schema_privilege('{self.ROLE}', 'public', 'CREATE')", self.name), "t|f|f")
        self.migrate("another")  # with each start
        self.assertNotEqual(self.stored_password(), first)


class Image(unittest.TestCase):
    def test_what_changes_least_is_built_first(self):
        steps = [line for line in DOCKERFILE.read_text().splitlines() if re.match("COPY|RUN", line)]
        order = ["need_packages", "RUN tools/debian-source", "RUN tools/pages", "COPY src src"]
        places = [next(i for i, step in enumerate(steps) if word in step) for word in order]
        self.assertEqual(places, sorted(places))
        for step in steps:
            if step.startswith("COPY") and "--from" not in step:
                for name in step.split()[1:-1]:
                    self.assertTrue((ROOT / name).exists(), name)
        copied = " ".join(step for step in steps[:places[-1]] if step.startswith("COPY"))
        self.assertEqual(re.findall(r"\S+\.[ch]\b|\bsrc/\w+ |\btests\b", copied), [])


class Monitoring(unittest.TestCase):
    def test_has_our_rules_and_our_dashboard(self):
        self.assertEqual(SERVICES["prometheus"]["profiles"], SERVICES["grafana"]["profiles"])
        self.assertIn("./tools/deploy/orders.rules.yml:/etc/prometheus/orders.rules.yml:ro", SERVICES["prometheus"]["volumes"])
        provisioned = yaml.safe_load((ROOT / "tools/deploy/grafana-provisioning/dashboards/orders.yml").read_text())
        path = provisioned["providers"][0]["options"]["path"]
        self.assertTrue([each for each in SERVICES["grafana"]["volumes"]
                         if each.startswith("./tools/deploy/grafana-dashboard.json:" + path)])

    def test_scrapes_what_is_served(self):
        config = yaml.safe_load((ROOT / "tools/deploy/prometheus.yml").read_text())
        (job,) = config["scrape_configs"]
        self.assertEqual(job["job_name"], "orders", "the alerts know it by that")
        served = {"ordersd": SERVICES["ordersd"]["environment"]["ORDERS_METRICS"],
                  "orders-http": SERVICES["orders-http"]["environment"]["ORDERS_HTTP"]}
        self.assertEqual(set(job["static_configs"][0]["targets"]),
                         {f"{name}:{address.rpartition(':')[2]}" for name, address in served.items()})
        for name in served:
            self.assertTrue(networks(name) & networks("prometheus"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
