/**
 * The index of the first item, at or after index `from`, that does not meet a condition, which all before it meet and none
 * after it; the list's length where all meet it.
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
