import { median } from './run-row.mjs';

const WIDTH = 760;
const HEIGHT = 420;
const MARGIN = 60;

/** The space between the frame and the outermost decades, for the numbers beside marks. */
const PADDING = 28;

const TITLE = 'Seconds to compare all pairs, reading included';

/** The colour of the marks of each series of rows, and the number beside each mark. */
const SERIES = [
  {
    colour: '#0b6e99',
    row: 'growth-vectors-',
    numberOf: ({ vectors }) => vectors,
    explain: ({ blocks }) => `more vectors of ${grouped(blocks)} blocks; beside the mark: number of vectors`,
  },
  {
    colour: '#b3541e',
    row: 'growth-blocks-',
    numberOf: ({ blocks }) => blocks,
    explain: ({ vectors }) => `${grouped(vectors)} vectors of fewer blocks; beside the mark: number of blocks`,
  },
];

/**
 * Returns an SVG plot of seconds over block comparisons (pairs × blocks) on logarithmic axes, with a line at the
 * reference's rate. Marks are on the line if time grows with n² and linearly in blocks. Returns undefined if there are
 * no results of growth rows.
 */
export function growthPlot(results) {
  const measured = results.filter(({ name, samples }) => name.startsWith('growth-') && samples !== undefined);
  if (measured.length === 0) {
    return undefined;
  }
  const marks = measured.map(({ name, samples }) => ({ row: name, ...markOf(samples.ours) }));
  const reference = markOf(measured.flatMap(({ samples }) => samples.peer));
  const everything = [...marks, reference];
  const x = scaleOf(
    everything.map(({ amount }) => amount),
    MARGIN + PADDING,
    WIDTH - MARGIN - PADDING,
  );
  const y = scaleOf(
    everything.map(({ seconds }) => seconds),
    HEIGHT - MARGIN - PADDING,
    MARGIN + PADDING,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<title>${TITLE}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${MARGIN}" y="24" font-size="15">${TITLE}</text>`,
    ...axes(x, y),
    rateLine(x, y, reference),
    ...SERIES.flatMap(({ colour, row, numberOf }) =>
      marks
        .filter((mark) => mark.row.startsWith(row))
        .flatMap((mark) => [circle(x, y, mark, colour), numberText(x, y, mark, numberOf(mark), reference)]),
    ),
    circle(x, y, reference, 'black'),
    ...legend(reference),
    '</svg>\n',
  ].join('\n');
}

function markOf(samples) {
  const [{ amount, vectors, blocks }] = samples;
  return { amount, vectors, blocks, seconds: median(samples.map((sample) => sample.seconds)) };
}

/** Returns a logarithmic scale from pixel `from` to pixel `to`. It covers the complete decades around the values. */
function scaleOf(values, from, to) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const place = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  return { place, low, high, decades: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)) };
}

function axes(x, y) {
  const [left, right, bottom, top] = [MARGIN, WIDTH - MARGIN, HEIGHT - MARGIN, MARGIN];
  const line = (x1, y1, x2, y2) =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
  return [
    `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="none" stroke="#999"/>`,
    ...x.decades.map((value) => line(x.place(value), bottom, x.place(value), top)),
    ...y.decades.map((value) => line(left, y.place(value), right, y.place(value))),
    ...x.decades.map((value) => text(x.place(value), bottom + 18, power(value), 'middle')),
    ...y.decades.map((value) => text(left - 6, y.place(value) + 4, power(value), 'end')),
    text(WIDTH / 2, HEIGHT - 14, 'block comparisons (pairs × blocks of each vector)', 'middle'),
    text(left, top - 10, 'seconds', 'start'),
  ];
}

function rateLine(x, y, { amount, seconds }) {
  const ends = [x.low - 1, x.high + 1].map((decade) => ({
    amount: 10 ** decade,
    seconds: (seconds * 10 ** decade) / amount,
  }));
  const [from, to] = ends.map((end) => `${x.place(end.amount).toFixed(1)},${y.place(end.seconds).toFixed(1)}`);
  const clip = `<clipPath id="area"><rect x="${MARGIN}" y="${MARGIN}" width="${WIDTH - 2 * MARGIN}" height="${HEIGHT - 2 * MARGIN}"/></clipPath>`;
  return `${clip}<polyline points="${from} ${to}" stroke="black" stroke-dasharray="5 4" fill="none" clip-path="url(#area)"/>`;
}

function circle(x, y, { amount, seconds }, colour) {
  return `<circle cx="${x.place(amount).toFixed(1)}" cy="${y.place(seconds).toFixed(1)}" r="4" fill="${colour}"/>`;
}

/** Returns the number of a mark, on the side of the mark that is away from the dashed line. */
function numberText(x, y, { amount, seconds }, number, reference) {
  const isAboveLine = seconds / amount > reference.seconds / reference.amount;
  return text(x.place(amount), y.place(seconds) + (isAboveLine ? -9 : 19), grouped(number), 'middle');
}

function legend(reference) {
  const { vectors, blocks } = reference;
  const entries = [
    ...SERIES.map(({ colour, explain }) => ({ colour, label: explain(reference) })),
    {
      colour: 'black',
      label: `${grouped(vectors)} vectors of ${grouped(blocks)} blocks; dashed line: the same rate`,
    },
  ];
  return entries.flatMap(({ colour, label }, index) => {
    const middle = MARGIN + 18 + index * 19;
    return [
      `<circle cx="${MARGIN + 18}" cy="${middle}" r="4" fill="${colour}"/>`,
      text(MARGIN + 28, middle + 4, label, 'start'),
    ];
  });
}

function grouped(number) {
  return number.toLocaleString('en');
}

/** Returns text with a halo, so that it is legible across lines. */
function text(x, y, content, anchor) {
  const halo = 'stroke="white" stroke-width="4" paint-order="stroke"';
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${halo}>${content}</text>`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function power(value) {
  const exponent = Math.round(Math.log10(value));
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `10${exponent < 0 ? '⁻' : ''}${digits}`;
}
