"""Compares all pairs of disks with SciPy in one thread. Prints the duration in seconds and the sum of the
distances in blocks.
"""

import json
import sys
import time

import numpy
from scipy.spatial.distance import pdist

path, disks, blocks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
# SciPy compares float64, and would otherwise spend part of its time converting integers.
labels = numpy.fromfile(path, dtype="<i4").reshape(disks, blocks).astype(numpy.float64)
start = time.perf_counter()
distances = pdist(labels, "hamming")
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "sum": round(float(distances.sum()) * blocks)}))
