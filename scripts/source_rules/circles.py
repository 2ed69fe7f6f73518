# SPDX-License-Identifier: Apache-2.0
"""No circles of includes: not between folders, and in lib not between headers."""
import os

from source_rules import graph
from source_rules.modules import Includes, modules_of
from source_rules.tree import CODE


def report_circles(tree, arrows, what):
    """`arrows` maps (node, node) to the path and line of the first such include."""
    nodes = {node: set() for arrow in arrows for node in arrow}
    for source, target in arrows:
        nodes[source].add(target)
    for circle in graph.circles(nodes):
        for (source, target), (path, number) in sorted(arrows.items()):
            if source in circle and target in circle:
                tree.report(path, number, f"a circle of {what}: {source} includes {target}")


def check_circles(tree):
    includes = Includes(tree, modules_of(tree))
    folders, headers = {}, {}
    for path in tree.sources(*CODE, kinds=("c", "h", "def")):
        for number, target in includes.resolved(path):
            source_folder, target_folder = os.path.dirname(path), os.path.dirname(target)
            if source_folder != target_folder and target.startswith(tuple(f"{folder}/" for folder in CODE)):
                folders.setdefault((source_folder, target_folder), (path, number))
            if path.startswith("lib/") and path.endswith(".h") and target.endswith(".h"):
                headers.setdefault((path, target), (path, number))
    report_circles(tree, folders, "folders")
    report_circles(tree, headers, "headers")
