/**
 * The types that the harness and its rows share.
 *
 * @typedef {import('./sizes.mjs').Sizes} Sizes
 *
 * @typedef {object} Sample the result of one run of one side
 * @property {number} seconds wall time
 * @property {number} amount work done in that time, in the row's unit
 * @property {number} [peakBytes] the peak resident set size of the process
 *
 * @typedef {object} Sides
 * @property {() => Promise<Sample>} ours
 * @property {() => Promise<Sample>} peer
 * @property {() => Promise<void>} [close] removes inputs that only this row needs
 *
 * @typedef {object} Goal `speed`: the least ratio of our amount per second to the peer's.
 *   `time`: the greatest ratio of our seconds to the peer's.
 * @property {number} [speed]
 * @property {number} [time]
 *
 * @typedef {object} Row
 * @property {string} name the name for `--only`
 * @property {(sizes: Sizes) => string} title describes what is measured
 * @property {(sizes: Sizes) => string} against describes the peer
 * @property {Goal} goal
 * @property {'bytes' | 'comparisons' | 'merges' | 'pairs' | 'runs'} unit of the amounts
 * @property {readonly string[]} tools names in peers.mjs of the tools that the row needs
 * @property {(context: RowContext) => Promise<Sides>} prepare builds and warms the inputs; not timed
 *
 * @typedef {object} RowContext
 * @property {Sizes} sizes
 * @property {import('./inputs/data-directory.mjs').DataDirectory} data the inputs that are kept between runs
 */

/** Returns the ratio of the medians: of speeds or of times, as the goal states. */
export function ratioOf(goal, ours, peer) {
  if (goal.speed !== undefined) {
    return ours.amount / ours.seconds / (peer.amount / peer.seconds);
  }
  return ours.seconds / peer.seconds;
}

export function meetsGoal(goal, ratio) {
  return goal.speed === undefined ? ratio <= goal.time : ratio >= goal.speed;
}

/** Returns the goal as text, such as `≥ 0.95 × its speed`. */
export function goalText(goal) {
  return goal.speed === undefined ? `≤ ${goal.time} × its time` : `≥ ${goal.speed} × its speed`;
}
