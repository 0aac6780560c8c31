/**
 * What the harness and its rows agree on.
 *
 * @typedef {import('./sizes.mjs').Sizes} Sizes
 *
 * @typedef {object} Sample one run of one side
 * @property {number} seconds wall time
 * @property {number} amount work done in that time, in the row's unit
 * @property {number} [peakBytes] the largest resident set of the process that did it
 *
 * @typedef {object} Sides
 * @property {() => Promise<Sample>} ours
 * @property {() => Promise<Sample>} peer
 * @property {() => Promise<void>} [close] removes what only this row needs
 *
 * @typedef {object} Goal `speed`: our amount per second over the peer's is to be at least this.
 *   `time`: our seconds over the peer's are to be at most this.
 * @property {number} [speed]
 * @property {number} [time]
 *
 * @typedef {object} Row
 * @property {string} name what `--only` takes
 * @property {(sizes: Sizes) => string} title what is measured
 * @property {(sizes: Sizes) => string} against what it is measured against
 * @property {Goal} goal
 * @property {'bytes' | 'comparisons' | 'merges' | 'pairs' | 'runs'} unit of the amounts
 * @property {readonly string[]} tools names in peers.mjs, without which the row cannot run
 * @property {(context: RowContext) => Promise<Sides>} prepare builds and warms the inputs; not timed
 *
 * @typedef {object} RowContext
 * @property {Sizes} sizes
 * @property {import('./inputs/data-directory.mjs').DataDirectory} data where inputs are kept between runs
 */

/** How the medians compare, on the goal's scale: a ratio of speeds or of times. */
export function ratioOf(goal, ours, peer) {
  if (goal.speed !== undefined) {
    return ours.amount / ours.seconds / (peer.amount / peer.seconds);
  }
  return ours.seconds / peer.seconds;
}

export function meetsGoal(goal, ratio) {
  return goal.speed === undefined ? ratio <= goal.time : ratio >= goal.speed;
}

/** The goal in words, such as `≥ 0.95 × its speed`. */
export function goalText(goal) {
  return goal.speed === undefined ? `≤ ${goal.time} × its time` : `≥ ${goal.speed} × its speed`;
}
