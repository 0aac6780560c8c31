"""Clusters a file of distances once with fastcluster. Prints the duration in seconds and the sum of the heights."""

import json
import sys
import time

import fastcluster
import numpy

distances = numpy.fromfile(sys.argv[1], dtype="<f8")
start = time.perf_counter()
merges = fastcluster.linkage(distances, method=sys.argv[2])
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "sum": float(merges[:, 2].sum())}))
