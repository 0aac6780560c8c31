import { median } from './run-row.mjs';

const WIDTH = 760;
const HEIGHT = 420;
const MARGIN = 60;

/** The colours of the marks, by the rows that they stand for. */
const SERIES = [
  { colour: '#0b6e99', label: 'more vectors', row: 'growth-vectors-' },
  { colour: '#b3541e', label: 'fewer blocks', row: 'growth-blocks-' },
];

/**
 * Seconds over block comparisons (pairs × blocks) on logarithmic axes, as an SVG document, with the line of the
 * reference's rate: growth as n² and linear in blocks means marks along it. Undefined without results of such rows.
 */
export function growthPlot(results) {
  const measured = results.filter(({ name, samples }) => name.startsWith('growth-') && samples !== undefined);
  if (measured.length === 0) return undefined;
  const marks = measured.map((result) => ({ row: result.name, ...markOf(result.samples.ours) }));
  const reference = markOf(measured.flatMap(({ samples }) => samples.peer));
  const everything = [...marks, reference];
  const x = scaleOf(
    everything.map(({ amount }) => amount),
    MARGIN,
    WIDTH - MARGIN,
  );
  const y = scaleOf(
    everything.map(({ seconds }) => seconds),
    HEIGHT - MARGIN,
    MARGIN,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<title>Seconds that comparing takes, by the number of block comparisons</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    ...axes(x, y),
    rateLine(x, y, reference),
    ...SERIES.flatMap(({ colour, row }) =>
      marks.filter((mark) => mark.row.startsWith(row)).map((mark) => markText(x, y, mark, colour)),
    ),
    markText(x, y, reference, 'black'),
    ...legend(),
    '</svg>\n',
  ].join('\n');
}

function markOf(samples) {
  const [{ amount, vectors, blocks }] = samples;
  return { amount, seconds: median(samples.map((sample) => sample.seconds)), label: `${vectors} × ${blocks}` };
}

/** Maps whole decades that hold all values to pixels. */
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
    ...x.decades.map((value) => line(x.place(value), bottom, x.place(value), top)),
    ...y.decades.map((value) => line(left, y.place(value), right, y.place(value))),
    ...x.decades.map((value) => text(x.place(value), bottom + 18, power(value), 'middle')),
    ...y.decades.map((value) => text(left - 6, y.place(value) + 4, power(value), 'end')),
    text(WIDTH / 2, HEIGHT - 14, 'block comparisons: pairs × blocks', 'middle'),
    text(left, top - 14, 'seconds, reading included', 'start'),
  ];
}

function rateLine(x, y, { amount, seconds }) {
  const ends = [x.low, x.high].map((decade) => ({ amount: 10 ** decade, seconds: (seconds * 10 ** decade) / amount }));
  const [from, to] = ends.map((end) => `${x.place(end.amount).toFixed(1)},${y.place(end.seconds).toFixed(1)}`);
  const clip = `<clipPath id="area"><rect x="${MARGIN}" y="${MARGIN}" width="${WIDTH - 2 * MARGIN}" height="${HEIGHT - 2 * MARGIN}"/></clipPath>`;
  return `${clip}<polyline points="${from} ${to}" stroke="black" stroke-dasharray="5 4" fill="none" clip-path="url(#area)"/>`;
}

function markText(x, y, { amount, seconds, label }, colour) {
  const [cx, cy] = [x.place(amount), y.place(seconds)].map((value) => value.toFixed(1));
  return `<circle cx="${cx}" cy="${cy}" r="4" fill="${colour}"/>${text(Number(cx) + 8, Number(cy) + 14, label, 'start')}`;
}

function legend() {
  const entries = [...SERIES, { colour: 'black', label: 'reference; dashed: its rate' }];
  return entries.map(
    ({ colour, label }, index) =>
      `<circle cx="${MARGIN + 20}" cy="${MARGIN + 16 + index * 18}" r="4" fill="${colour}"/>${text(MARGIN + 30, MARGIN + 20 + index * 18, label, 'start')}`,
  );
}

function text(x, y, content, anchor) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function power(value) {
  const exponent = Math.round(Math.log10(value));
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `10${exponent < 0 ? '⁻' : ''}${digits}`;
}
