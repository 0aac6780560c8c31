/**
 * Returns the index of the first item, at or after index `from`, that does not meet the condition; the length of the
 * list if there is none. The list must be partitioned: all items that meet the condition come before the others.
 */
export function partitionPoint<T>(list: ArrayLike<T>, condition: (item: T) => boolean, from = 0): number {
  let low = from;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (condition(list[middle]!)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
