import {
  asNote,
  type DiagnosisRun,
  type ImageSource,
  type ListedImage,
  type ListOptions,
  type NamedImages,
  type PartDiagnosis,
  realPath,
  throwIfAborted,
  VirtSimilarityError,
  type Wording,
  wording,
} from '@virt-similarity/core';
import { diagnoseProgram } from '@virt-similarity/image-tools';
import type { Domain, DomainDisk } from './domain.js';
import { VIRSH, Virsh } from './virsh.js';

/** The most domains that are queried at a time. */
const CONCURRENCY = 4;

/** A domain to list, or one of its disks. */
interface Wanted {
  readonly domain: Domain;
  readonly target?: string | undefined;
}

/**
 * Lists the disks of libvirt's domains. The word is the name or UUID of a domain, `DOMAIN:TARGET` for one disk, or
 * empty for all domains. Formats and backing files come from the domain's definition. Each label is `DOMAIN:TARGET`.
 * The user can state another format or label.
 */
export class LibvirtSource implements ImageSource {
  readonly #connect: string | undefined;

  /** @param connect the URI of the connection; virsh's default if absent */
  constructor(connect?: string) {
    this.#connect = connect;
  }

  /**
   * A word that names no disk is listed with a failure. Unless `allowInUse` is set, a disk is also listed with a
   * failure if one of the named domains uses it and runs or is paused.
   *
   * @throws `usage` if libvirt is on another host; `unavailable` if virsh is missing, cannot connect or fails in
   *   another way; `unreadable` if a definition cannot be parsed; `aborted` if the signal fires.
   */
  async *list(named: readonly NamedImages[], options: ListOptions): AsyncGenerator<ListedImage> {
    const virsh = new Virsh(this.#connect, options.signal);
    requireThisHost(this.#connect ?? '');
    requireThisHost(await virsh.uri());
    const found: Found[] = [];
    for (const { word, ...stated } of named) {
      throwIfAborted(options.signal);
      const wanted = word === '' ? await allDomains(virsh, options) : await wantedBy(word, virsh, options);
      found.push({ word, wanted, stated });
    }
    const listing = new Listing(options, await runningDomains(found));
    for (const { word, wanted, stated } of found) {
      yield* wanted !== undefined && !('domain' in wanted)
        ? listing.ofAll(wanted, stated)
        : listing.ofWord(word, wanted, stated);
    }
    listing.noteLeftOut();
  }

  async diagnose({ signal }: DiagnosisRun): Promise<PartDiagnosis> {
    const requirement = await diagnoseProgram({ ...VIRSH, purpose: "the disks of libvirt's domains" }, signal);
    return {
      requirements: [requirement],
      abilities: [{ purpose: "the disks of libvirt's domains", needs: [VIRSH.command] }],
    };
  }
}

type Stated = Omit<NamedImages, 'word'>;

/** A word, and what it names: all domains, one domain or disk, or `undefined` if the domain does not exist. */
interface Found {
  readonly word: string;
  readonly wanted: readonly Domain[] | Wanted | undefined;
  readonly stated: Stated;
}

/** The images of one call of `list`. */
class Listing {
  readonly #options: ListOptions;
  /** The labels of the disks that were listed, by their paths with symbolic links resolved. */
  readonly #labels = new Map<string, string>();
  /** The reason why each disk was left out, by the disk's label. */
  readonly #leftOut = new Map<string, string>();

  /** The name of a running domain that uses a disk, by the disk's path with symbolic links resolved. */
  readonly #running: ReadonlyMap<string, string>;

  constructor(options: ListOptions, running: ReadonlyMap<string, string>) {
    this.#options = options;
    this.#running = running;
  }

  async *ofAll(domains: readonly Domain[], stated: Stated): AsyncGenerator<ListedImage> {
    let found = 0;
    for (const domain of domains) {
      for await (const image of this.#ofDomain({ domain }, stated)) {
        yield image;
        found += 1;
      }
    }
    if (found === 0) {
      yield failed(
        '',
        `libvirt has ${domains.length} domains, none with a disk that can be listed; check them with virsh list --all`,
      );
    }
  }

  async *ofWord(word: string, wanted: Wanted | undefined, stated: Stated): AsyncGenerator<ListedImage> {
    if (wanted === undefined) {
      yield failed(word, 'libvirt has no domain of this name; check it with virsh list --all');
      return;
    }
    const { domain, target } = wanted;
    const isFound = domain.disks.some((disk) => target === undefined || disk.target === target);
    if (!isFound) {
      const { leftOut } = domain;
      const others = [...domain.disks, ...leftOut].map((disk) =>
        'reason' in disk ? `${disk.target} (${disk.reason})` : disk.target,
      );
      const expected =
        target === undefined ? 'a disk in a file or block device' : `a disk ${target} in a file or block device`;
      const found = others.length === 0 ? 'no disk' : others.join(', ');
      yield failed(word, `expected ${expected}, found ${found}; name another disk`);
      return;
    }
    yield* this.#ofDomain(wanted, stated);
  }

  /** Notes what was left out: a warning with counts, and a debug note for each disk. */
  noteLeftOut(): void {
    if (this.#leftOut.size === 0) {
      return;
    }
    const counts = new Map<string, number>();
    for (const reason of this.#leftOut.values()) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    const reasons = Array.from(counts, ([reason, count]) => `${count} × ${reason}`).join(', ');
    const remedy = wording`see every name with ${{ option: 'onNote' }}`;
    this.#options.onNote('warning', ...asNote(wording`[libvirt] left out: ${reasons}; ${remedy}`));
    for (const [label, reason] of this.#leftOut) {
      this.#options.onNote('debug', `[libvirt] left out ${label}: ${reason}`);
    }
  }

  async *#ofDomain({ domain, target }: Wanted, stated: Stated): AsyncGenerator<ListedImage> {
    for (const disk of domain.disks) {
      const label = labelOf(domain, disk);
      if (target !== undefined && disk.target !== target) {
        continue;
      }
      const real = await realPathOf(disk);
      const other = this.#labels.get(real);
      if (other === undefined || other === label) {
        this.#labels.set(real, label);
        yield this.#image(disk, this.#running.get(real), { label, ...stated });
      } else {
        this.#leftOut.set(label, `the same disk as ${other}`);
      }
    }
    if (target === undefined) {
      for (const disk of domain.leftOut) {
        this.#leftOut.set(labelOf(domain, disk), disk.reason);
      }
    }
  }

  /** @param running name of a running domain with this disk; `undefined` if there is none */
  #image({ path, format, backing }: DomainDisk, running: string | undefined, stated: Stated): ListedImage {
    const image = { path, format, backing, ...stated };
    if (running === undefined) {
      return image;
    }
    if (this.#options.allowInUse) {
      return { ...image, inUse: true };
    }
    const problem = `[libvirt] cannot read ${path}: domain ${running} is running`;
    const message = wording`${problem}; shut it down, or pass ${{ option: 'allowInUse' }} to read what it has written so far`;
    return { ...image, failure: new VirtSimilarityError('in-use', message, { image: path }) };
  }
}

/**
 * Returns the names of the running domains among those that were found, by the real paths of their disks. A disk that
 * several domains have is in use if one of them runs.
 */
async function runningDomains(found: readonly Found[]): Promise<Map<string, string>> {
  const running = new Map<string, string>();
  for (const { wanted } of found) {
    const domains = wanted === undefined ? [] : 'domain' in wanted ? [wanted.domain] : wanted;
    for (const { name, disks } of domains.filter(({ isActive }) => isActive)) {
      for (const disk of disks) {
        running.set(await realPathOf(disk), name);
      }
    }
  }
  return running;
}

function realPathOf({ path }: DomainDisk): Promise<string> {
  return realPath(path).catch(() => path);
}

/** Returns all domains, in the order of their names. Warns about each domain that is removed in the meantime. */
async function allDomains(virsh: Virsh, { onNote }: ListOptions): Promise<readonly Domain[]> {
  const uuids = await virsh.uuids();
  const domains: Domain[] = [];
  for (let start = 0; start < uuids.length; start += CONCURRENCY) {
    const some = uuids.slice(start, start + CONCURRENCY);
    for (const [index, domain] of (await Promise.all(some.map((uuid) => virsh.domain(uuid)))).entries()) {
      if (domain === undefined) {
        onNote('warning', `[libvirt] left out domain ${some[index]}: it was removed while the domains were listed`);
      } else {
        domains.push(domain);
      }
    }
  }
  return domains.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * Returns the domain, or the domain and target, that a word names; `undefined` if there is no such domain. The complete
 * word is tried as a domain's name first, because names can contain colons.
 */
async function wantedBy(word: string, virsh: Virsh, options: ListOptions): Promise<Wanted | undefined> {
  const whole = await domainNamed(word, virsh, options);
  if (whole !== undefined) {
    return { domain: whole };
  }
  const colon = word.lastIndexOf(':');
  const domain = colon > 0 ? await domainNamed(word.slice(0, colon), virsh, options) : undefined;
  return domain && { domain, target: word.slice(colon + 1) };
}

async function domainNamed(name: string, virsh: Virsh, options: ListOptions): Promise<Domain | undefined> {
  const domain = await virsh.domain(name);
  if (domain === undefined || domain.name === name || domain.uuid === name.toLowerCase()) {
    return domain;
  }
  // virsh took the word for the number of a running domain, but the word can be the name of another domain.
  return (await allDomains(virsh, options)).find((each) => each.name === name);
}

function labelOf({ name }: Domain, { target }: Pick<DomainDisk, 'target'>): string {
  return `${name}:${target}`;
}

function failed(word: string, reason: Wording): ListedImage {
  const path = `libvirt:${word}`;
  const message = wording`[libvirt] cannot read ${path}: ${reason}`;
  return { path, failure: new VirtSimilarityError('unreadable', message, { image: path }) };
}

/** @throws `usage` if a URI names a host, because the paths in the definitions are then paths on that host. */
function requireThisHost(uri: string): void {
  const [, host] = /^[^/]*:\/\/([^/?#]+)/.exec(uri) ?? [];
  if (host !== undefined) {
    const problem = `[libvirt] cannot read the disks of ${uri}: they are files of ${host}`;
    throw new VirtSimilarityError(
      'usage',
      `${problem}; run virt-similarity hash there, and compare its .arrow files here`,
    );
  }
}
