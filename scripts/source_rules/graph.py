# SPDX-License-Identifier: Apache-2.0
"""The algorithms on graphs that the rules need. A graph is a dict from a node to the set of nodes
that it points to."""


def reachable(graph, nodes):
    """The nodes, and all nodes to which they lead."""
    found, waiting = set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(graph.get(node, ()))
    return found


def circles(graph):
    """The sets of nodes that all lead to each other, as sorted lists. A node that points to itself
    is such a set."""
    beyond = {node: reachable(graph, graph[node]) for node in graph}
    found = {tuple(sorted(other for other in beyond[node] if node in beyond.get(other, ())))
             for node in graph if node in beyond[node]}
    return [list(circle) for circle in sorted(found)]
