// Numbers and colours as texts.

/** @param {number} value */
function bytesText(value) {
  if (value < 0 || value === undefined) {
    return '';
  }
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  return `${power === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[power]}`;
}

/** @param {number} value */
function distanceText(value) {
  if (!Number.isFinite(value)) {
    return '';
  }
  if (state.unit === 'bytes' && data.unit === 'blocks') {
    return bytesText(value * data.blockSize);
  }
  if (state.unit === 'percent') {
    return `${((100 * value) / farthest).toFixed(1)} %`;
  }
  return Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(6)));
}

/** @param {number} cluster */
function colorOf(cluster) {
  return COLORS[cluster % COLORS.length];
}

/**
 * The characters that spreadsheets interpret, as in the reporter `clusters`, but without backslashes and unprintable
 * characters: the reporter `html` has already escaped these.
 */
const TABLE_ESCAPED = /["'#;]|^[ =+\-@\uff1d\uff0b\uff0d\uff20]| $/gu;

function csvCell(/** @type {unknown} */ value) {
  if (typeof value !== 'string') {
    return String(value);
  }
  const text = value.replace(TABLE_ESCAPED, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return code.length > 2 ? `\\u{${code}}` : `\\x${code}`;
  });
  return text.includes(',') ? `"${text}"` : text;
}
