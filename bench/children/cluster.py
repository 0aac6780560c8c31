"""Clusters a file of distances once with fastcluster and prints the seconds that it took."""

import json
import sys
import time

import fastcluster
import numpy

distances = numpy.fromfile(sys.argv[1], dtype="<f8")
start = time.perf_counter()
fastcluster.linkage(distances, method=sys.argv[2])
print(json.dumps({"seconds": time.perf_counter() - start}))
