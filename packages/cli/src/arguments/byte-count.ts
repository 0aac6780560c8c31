const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
  P: 2 ** 50,
};

/**
 * Bytes, from `4096`, `64K`, `64KiB`, `500G` or `64T`, in either case; `undefined` if that is no whole number from 1 to
 * below 2⁵³.
 */
export function parseByteCount(text: string): number | undefined {
  const match = /^([1-9]\d{0,15})(?:([KMGTP])(?:iB)?)?$/i.exec(text);
  if (match === null) {
    return undefined;
  }
  const bytes = Number(match[1]) * UNITS[(match[2] ?? '').toUpperCase()]!;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
