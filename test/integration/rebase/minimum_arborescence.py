"""Reads {"roots": [cost…], "edges": [[cost or null…]…]}. Prints the cost of the cheapest forest, found by networkx."""

import json
import sys

import networkx

graph = json.load(sys.stdin)
size = len(graph["roots"])
digraph = networkx.DiGraph()
for node, cost in enumerate(graph["roots"]):
    digraph.add_edge("root", node, weight=cost)
for base, row in enumerate(graph["edges"]):
    for node, cost in enumerate(row):
        if node != base and cost is not None:
            digraph.add_edge(base, node, weight=cost)
tree = networkx.minimum_spanning_arborescence(digraph)
print(int(sum(cost for _, _, cost in tree.edges(data="weight"))))
