/** The parent of a root. */
export const NO_PARENT = -1;

/**
 * Finds the spanning forest of least total cost in a complete directed graph: every node either is a root, at its cost
 * as a root, or has one parent, at the cost of that edge. Edmonds' optimum branching in the dense form of Tarjan
 * (Networks 7, 1977) with the correction of Camerini, Fratta and Maffioli (Networks 9, 1979): time and memory are
 * O(n²). Among forests of equal cost the choice is deterministic. The result is exact if the costs are whole numbers
 * whose sum is below 2⁵³.
 *
 * @param rootCosts the cost of each node as a root: n finite numbers
 * @param edgeCosts n × n, row-major: at parent × n + child the cost of that edge; `Infinity` forbids it. The diagonal
 *   is ignored.
 * @returns the parent of each node, or `NO_PARENT`
 */
export function optimumBranching(rootCosts: Float64Array, edgeCosts: Float64Array): Int32Array {
  return new Contraction(rootCosts, edgeCosts).branching();
}

/** The state of a slot while paths grow: no path has reached it. */
const UNSEEN = 0;
/** The slot is on the current path. */
const ON_PATH = 1;
/** The slot is connected to the virtual root. */
const CONNECTED = 2;

/**
 * The graph while cycles are contracted. Node n is a virtual root, the parent of all roots. A component is a node or a
 * contracted cycle of components. Each active component has a slot, which is a row and a column of the matrix.
 */
class Contraction {
  readonly #nodes: number;
  /** Number of slots: the nodes and the virtual root. */
  readonly #slots: number;
  /**
   * At source × slots + target: the cost of the cheapest edge from one slot to the other, minus the costs that
   * contracted cycles already include.
   */
  readonly #costs: Float64Array;
  /** At source × slots + target: that cheapest edge, as source node × slots + target node. */
  readonly #edges: Int32Array;
  /** The component in each slot. */
  readonly #component: Int32Array;
  /** The slots that hold a component. */
  #active: number[];
  /** By component: the cycle that contains it, or `NO_PARENT`. */
  readonly #cycleOf: number[];
  /** By component: its members, for contracted cycles. */
  readonly #members: (readonly number[])[] = [];
  /** By component: the edge that enters it, as in `#edges`. */
  readonly #entering: number[] = [];

  constructor(rootCosts: Float64Array, edgeCosts: Float64Array) {
    const nodes = rootCosts.length;
    const slots = nodes + 1;
    this.#nodes = nodes;
    this.#slots = slots;
    this.#costs = new Float64Array(slots * slots).fill(Number.POSITIVE_INFINITY);
    this.#edges = Int32Array.from({ length: slots * slots }, (_, edge) => edge);
    for (let source = 0; source < nodes; source++) {
      this.#costs.set(edgeCosts.subarray(source * nodes, (source + 1) * nodes), source * slots);
    }
    this.#costs.set(rootCosts, nodes * slots);
    this.#component = Int32Array.from({ length: slots }, (_, slot) => slot);
    this.#active = Array.from({ length: slots }, (_, slot) => slot);
    this.#cycleOf = new Array<number>(slots).fill(NO_PARENT);
  }

  branching(): Int32Array {
    const states = new Uint8Array(this.#slots);
    states[this.#nodes] = CONNECTED;
    for (let start = 0; start < this.#nodes; start++) {
      if (states[start] === UNSEEN) {
        this.#growFrom(start, states);
      }
    }
    return this.#expand();
  }

  /** Follows cheapest entering edges from a slot until they reach a connected slot; contracts each cycle on the way. */
  #growFrom(start: number, states: Uint8Array): void {
    const path = [start];
    states[start] = ON_PATH;
    while (path.length > 0) {
      const slot = path.at(-1)!;
      const source = this.#cheapestSource(slot);
      this.#entering[this.#component[slot]!] = this.#edges[source * this.#slots + slot]!;
      if (states[source] === UNSEEN) {
        states[source] = ON_PATH;
        path.push(source);
      } else if (states[source] === ON_PATH) {
        this.#contract(path.splice(path.indexOf(source)), path, states);
      } else {
        for (const each of path.splice(0)) {
          states[each] = CONNECTED;
        }
      }
    }
  }

  #cheapestSource(slot: number): number {
    let best = NO_PARENT;
    let least = Number.POSITIVE_INFINITY;
    for (const source of this.#active) {
      const cost = this.#costs[source * this.#slots + slot]!;
      if (source !== slot && cost < least) {
        least = cost;
        best = source;
      }
    }
    // The virtual root has an edge of finite cost to every node.
    return best;
  }

  /** Makes a cycle one component in the slot of its first member, and appends that slot to the path. */
  #contract(cycle: readonly number[], path: number[], states: Uint8Array): void {
    const slots = this.#slots;
    const into = cycle[0]!;
    // In the path, each member is followed by the source of its entering edge. The first member is the source for the
    // last one.
    const least = cycle.map((slot, index) => this.#costs[cycle[(index + 1) % cycle.length]! * slots + slot]!);
    const removed = new Set(cycle.slice(1));
    this.#active = this.#active.filter((slot) => !removed.has(slot));
    for (const other of this.#active) {
      if (other !== into) {
        this.#mergeCosts(other, cycle, least);
      }
    }
    const component = this.#cycleOf.length;
    this.#cycleOf.push(NO_PARENT);
    this.#members[component] = cycle.map((slot) => this.#component[slot]!);
    for (const member of this.#members[component]) {
      this.#cycleOf[member] = component;
    }
    this.#component[into] = component;
    states[into] = ON_PATH;
    path.push(into);
  }

  /**
   * Sets the costs between the slot `other`, outside a cycle, and the cycle's first slot to those of the cheapest
   * edges. The cost of an edge into the cycle is reduced by that of the cycle's edge that it replaces.
   */
  #mergeCosts(other: number, cycle: readonly number[], least: readonly number[]): void {
    const slots = this.#slots;
    const into = cycle[0]!;
    let entering = Number.POSITIVE_INFINITY;
    let enteringEdge = this.#edges[other * slots + into]!;
    let leaving = Number.POSITIVE_INFINITY;
    let leavingEdge = this.#edges[into * slots + other]!;
    for (const [index, slot] of cycle.entries()) {
      const reduced = this.#costs[other * slots + slot]! - least[index]!;
      if (reduced < entering) {
        entering = reduced;
        enteringEdge = this.#edges[other * slots + slot]!;
      }
      const cost = this.#costs[slot * slots + other]!;
      if (cost < leaving) {
        leaving = cost;
        leavingEdge = this.#edges[slot * slots + other]!;
      }
    }
    this.#costs[other * slots + into] = entering;
    this.#edges[other * slots + into] = enteringEdge;
    this.#costs[into * slots + other] = leaving;
    this.#edges[into * slots + other] = leavingEdge;
  }

  /** Opens the contracted cycles: the member that the cycle's entering edge leads to is entered by that edge. */
  #expand(): Int32Array {
    const parents = new Int32Array(this.#nodes).fill(NO_PARENT);
    // A later component contains earlier ones only, so that every cycle is opened before its members.
    for (let component = this.#cycleOf.length - 1; component > this.#nodes; component--) {
      const edge = this.#entering[component]!;
      let member = edge % this.#slots;
      while (this.#cycleOf[member] !== component) {
        member = this.#cycleOf[member]!;
      }
      this.#entering[member] = edge;
    }
    for (let node = 0; node < this.#nodes; node++) {
      const source = Math.floor(this.#entering[node]! / this.#slots);
      parents[node] = source === this.#nodes ? NO_PARENT : source;
    }
    return parents;
  }
}
