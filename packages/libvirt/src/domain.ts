import { DOMParser, type Element, onWarningStopParsing } from '@xmldom/xmldom';

/** A disk of a domain that can be read as a file or block device. */
export interface DomainDisk {
  /** Its name in the domain, such as `vda`; `?` if the definition states none. */
  readonly target: string;
  /** Absolute path of the file or block device. */
  readonly path: string;
  /** The format that the definition states, as qemu names it; `raw` if it states none, as in libvirt. */
  readonly format: string;
  /** Absolute paths of the backing files that the definition states, top first; often none. */
  readonly backing: readonly string[];
}

/** A disk that is not listed, because it is removable, has no medium, or is neither a file nor a block device. */
export interface LeftOutDisk {
  readonly target: string;
  /** The kind of device, such as `cdrom`; the kind of storage, such as `network: rbd`; or `no medium`. */
  readonly reason: string;
}

/** A domain, as its definition describes it. */
export interface Domain {
  readonly name: string;
  readonly uuid: string;
  /** Whether it runs or is paused, so that its disks can change. */
  readonly isActive: boolean;
  readonly disks: readonly DomainDisk[];
  readonly leftOut: readonly LeftOutDisk[];
}

/** The values of a disk's `device` that mean a fixed disk; other devices have removable media. */
const DISK_DEVICES: ReadonlySet<string> = new Set(['disk', 'lun']);
/** The attributes of `<source>` with a path, by the type of the disk. */
const PATH_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['file', 'file'],
  ['block', 'dev'],
]);
/** The most backing files that are taken from a definition: more than any chain that readers accept. */
const MAXIMUM_DEPTH = 200;

/**
 * Parses the definition of a domain: https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms
 *
 * @throws `Error` if the text is not well-formed XML, has a document type, which could define entities, or is not a
 *   domain with a name and a UUID.
 */
export function parseDomain(xml: string): Domain {
  const parser = new DOMParser({ onError: onWarningStopParsing, normalizeLineEndings });
  const document = parser.parseFromString(xml, 'text/xml');
  const root = document.documentElement;
  if (document.doctype !== null) {
    throw new Error('expected no document type');
  }
  const name = textOf(child(root, 'name'));
  const uuid = textOf(child(root, 'uuid'));
  if (root?.tagName !== 'domain' || name === '' || uuid === '') {
    throw new Error('expected a domain with a name and a UUID');
  }
  const disks = children(child(root, 'devices'), 'disk').map(parseDisk);
  return {
    name,
    uuid,
    isActive: root.hasAttribute('id'),
    disks: disks.filter((disk) => 'path' in disk),
    leftOut: disks.filter((disk) => 'reason' in disk),
  };
}

/**
 * Normalizes line ends according to XML 1.0, section 2.11. The parser's default follows XML 1.1, which libvirt does not
 * use.
 */
function normalizeLineEndings(xml: string): string {
  return xml.replace(/\r\n?/g, '\n');
}

function parseDisk(disk: Element): DomainDisk | LeftOutDisk {
  const target = attribute(child(disk, 'target'), 'dev') || '?';
  const device = attribute(disk, 'device') || 'disk';
  if (!DISK_DEVICES.has(device)) {
    return { target, reason: device };
  }
  const path = pathOf(disk);
  if (path === undefined) {
    return { target, reason: reasonWithoutPath(disk) };
  }
  const format = attribute(child(disk, 'driver'), 'type') || 'raw';
  return { target, path, format, backing: backingOf(disk) };
}

/**
 * Returns the path of a disk or a backing store; `undefined` if it is neither a file nor a block device, or has no
 * absolute path.
 */
function pathOf(disk: Element): string | undefined {
  const name = PATH_ATTRIBUTES.get(attribute(disk, 'type'));
  const path = name === undefined ? '' : attribute(child(disk, 'source'), name);
  return path.startsWith('/') ? path : undefined;
}

function reasonWithoutPath(disk: Element): string {
  const type = attribute(disk, 'type');
  const source = child(disk, 'source');
  if (source === undefined || PATH_ATTRIBUTES.has(type)) {
    return 'no medium';
  }
  const protocol = attribute(source, 'protocol');
  return protocol === '' ? type : `${type}: ${protocol}`;
}

function backingOf(disk: Element): readonly string[] {
  const paths: string[] = [];
  let store = child(disk, 'backingStore');
  for (let depth = 0; store !== undefined && depth < MAXIMUM_DEPTH; depth += 1) {
    const path = pathOf(store);
    if (path !== undefined) {
      paths.push(path);
    }
    store = child(store, 'backingStore');
  }
  return paths;
}

function children(parent: Element | null | undefined, name: string): Element[] {
  return Array.from(parent?.childNodes ?? []).filter(
    (node): node is Element => node.nodeType === node.ELEMENT_NODE && node.nodeName === name,
  );
}

function child(parent: Element | null | undefined, name: string): Element | undefined {
  return children(parent, name)[0];
}

function attribute(element: Element | undefined, name: string): string {
  return element?.getAttribute(name) ?? '';
}

function textOf(element: Element | undefined): string {
  return element?.textContent ?? '';
}
