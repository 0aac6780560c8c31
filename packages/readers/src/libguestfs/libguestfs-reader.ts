import type {
  DiagnosisRun,
  DiskImage,
  DiskReader,
  DiskSource,
  IdentifiedSource,
  ImageIdentity,
  ReaderDiagnosis,
  ReaderSession,
  ReadOptions,
} from '@virt-similarity/core';
import { type RequirementName, requirementsFound } from '../diagnosis.js';
import { IMAGE_EXTENSIONS } from '../inspection/decide-format.js';
import { FORMAT_NAMES } from '../inspection/format-names.js';
import { wholeIdentityOf } from '../inspection/identity-of.js';
import { SHARED_INSPECTIONS } from '../inspection/inspections.js';
import { LibguestfsSession } from './libguestfs-session.js';
import type { LaunchMeans } from './start-group.js';

/** Required to start the appliance. */
const NEEDED: readonly RequirementName[] = ['qemu-img', 'qemu-nbd', 'guestfish', 'nbdkit', 'bwrap', 'kernel in /boot'];

/**
 * Reads every format that qemu does, through an appliance of libguestfs, as virt tools do. Launching one takes seconds,
 * or some tens of them without KVM, so that a run's images had better be opened in one session.
 *
 * The appliance never gets a file, only a raw export of what inspection found. guestfish is told what to do by
 * arguments alone.
 */
export class LibguestfsReader implements DiskReader {
  readonly extensions = IMAGE_EXTENSIONS;
  readonly formats = FORMAT_NAMES;
  readonly fallback = true;
  readonly #means: LaunchMeans;

  constructor(inspections = SHARED_INSPECTIONS) {
    this.#means = { inspections, experience: { acceleration: 'default' } };
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined> {
    return this.#means.inspections.identify(source, options, wholeIdentityOf);
  }

  async diagnose(run: DiagnosisRun): Promise<ReaderDiagnosis> {
    return {
      requirements: await requirementsFound([...NEEDED, 'prlimit', '/dev/kvm'], run),
      abilities: [{ purpose: 'every format that qemu reads, inside a virtual machine of its own', needs: NEEDED }],
    };
  }

  /** A session of one, which ends when the image is closed. */
  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage> {
    return this.startSession([{ source, identity }], options).open(source, identity, options);
  }

  startSession(images: readonly IdentifiedSource[], options: ReadOptions): ReaderSession {
    return new LibguestfsSession(images, options, this.#means);
  }
}
