# SPDX-License-Identifier: Apache-2.0
"""The server's statements as PostgreSQL gets them, to be explained: scripts/gen-statements reads them."""
import glob
import importlib.machinery
import importlib.util
import json
import os
import re

import psycopg2

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# As server/store/pg/pg_settings.c sets them.
SETTINGS = ("SET search_path = public, pg_temp; SET jit = off; SET random_page_cost = 1.1; SET enable_seqscan = off; "
            "SET enable_bitmapscan = off; ")


def _generator():
    loader = importlib.machinery.SourceFileLoader("gen_statements", f"{ROOT}/scripts/gen-statements")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("gen_statements", loader))
    loader.exec_module(module)
    return module


_GENERATOR = _generator()
_ALL, _GROUPS = _GENERATOR.load(glob.glob(f"{ROOT}/server/store/sql/*.sql"))
STATEMENTS = {statement.name: statement for statement in _ALL}


def _generic_classes():
    """The classes whose statements are planned once."""
    with open(f"{ROOT}/server/store/pg/lanes.def", encoding="utf-8") as file:
        lanes = re.findall(r"^LANE\((\w+),.*, (GENERIC|AUTO), \w+\)", file.read(), re.M)
    assert lanes
    return {f"STORE_{name}" for name, plans in lanes if plans == "GENERIC"}


_GENERIC = _generic_classes()


def is_planned_once(name):
    return set(re.findall(r"STORE_\w+", STATEMENTS[name].c_classes)) <= _GENERIC


class Plans:
    """Explains statements on one connection, as a role of the server's kind."""

    def __init__(self, conninfo):
        self.connection = psycopg2.connect(conninfo)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute(SETTINGS)
        self.prepared = {}

    def close(self):
        self.connection.close()

    def _prepare(self, name):
        types = {}
        for field, member in _GENERATOR.flat(STATEMENTS[name].params, _GROUPS):
            kind = _GENERATOR.TYPES[(member or field).kind][1].removeprefix("PG_").lower()
            is_array = field.is_array or bool(member and member.is_array)
            types[f"{field.name}.{member.name}" if member else field.name] = kind + "[]" * is_array
        listed = f"({', '.join(types.values())})" if types else ""
        self.cursor.execute(f"PREPARE {name}{listed} AS {STATEMENTS[name].sql}")
        self.prepared[name] = types

    def explain(self, name, carry_out=True, **values):
        """The plan as JSON's top node; what is not given is NULL."""
        if name not in self.prepared:
            self._prepare(name)
        types = self.prepared[name]
        assert set(values) <= set(types), set(values) - set(types)
        listed = ", ".join(self.cursor.mogrify("%s::" + kind, (values.get(param),)).decode() for param, kind in types.items())
        mode = "force_generic_plan" if is_planned_once(name) else "auto"
        self.cursor.execute(f"SET plan_cache_mode = {mode}")
        if mode == "auto":  # so often that PostgreSQL would take a plan for all values, if it liked one
            for _ in range(6):
                self.cursor.execute(f"EXPLAIN EXECUTE {name}" + (f"({listed})" if types else ""))
        options = "ANALYZE, BUFFERS, TIMING OFF, " if carry_out else ""
        self.cursor.execute(f"EXPLAIN ({options}FORMAT JSON) EXECUTE {name}" + (f"({listed})" if types else ""))
        plan = self.cursor.fetchone()[0]
        return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def blocks(plan):
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
