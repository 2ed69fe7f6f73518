# SPDX-License-Identifier: Apache-2.0
"""What little of graphs the rules need. A graph is a dict from a node to the set of nodes that it points to."""


def reachable(graph, nodes):
    """The nodes and all that they lead to."""
    found, waiting = set(), list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(graph.get(node, ()))
    return found


def circles(graph):
    """The sets of nodes of which each leads to each other, as sorted lists; a node that points to itself is one."""
    beyond = {node: reachable(graph, graph[node]) for node in graph}
    found = {tuple(sorted(other for other in beyond[node] if node in beyond.get(other, ())))
             for node in graph if node in beyond[node]}
    return [list(circle) for circle in sorted(found)]
