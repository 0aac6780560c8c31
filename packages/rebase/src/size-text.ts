const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Formats a number of bytes, which may be negative: `512 B`, `64.0 KiB`, `1.2 GiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // From 1023.95 on, a value would be rounded to 1024.0.
  while (Math.abs(value) >= (unit === 0 ? 1024 : 1023.95) && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${UNITS[unit]}`;
}
