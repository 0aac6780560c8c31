import type {
  DiagnosisRun,
  DiskImage,
  DiskReader,
  DiskSource,
  IdentifiedSource,
  ImageIdentity,
  PartDiagnosis,
  ReadOptions,
} from '@virt-similarity/core';
import { type RequirementName, requirementsFound } from '../diagnosis.js';
import { imagesInArchive } from '../inspection/archive.js';
import { IMAGE_EXTENSIONS } from '../inspection/extensions.js';
import { FORMAT_NAMES } from '../inspection/format-names.js';
import { wholeIdentityOf } from '../inspection/identity-of.js';
import { SHARED_INSPECTIONS } from '../inspection/inspections.js';
import { requireQemuFormat } from '../inspection/require-qemu-format.js';
import { TAR } from '../inspection/tar.js';
import { LibguestfsSession } from './libguestfs-session.js';
import type { SharedLaunchState } from './start-group.js';

/** The requirements for starting the appliance. */
const NEEDED: readonly RequirementName[] = ['qemu-img', 'qemu-nbd', 'guestfish', 'nbdkit', 'bwrap', 'kernel in /boot'];

/**
 * Reads every format that qemu reads, through an appliance of libguestfs, as virt tools do. Launching an appliance
 * takes seconds, or tens of seconds without KVM, so a run should open its images in one session.
 *
 * The appliance never gets a file, only a raw export of the inspected image. guestfish gets its commands only as
 * arguments.
 */
export class LibguestfsReader implements DiskReader {
  readonly extensions = IMAGE_EXTENSIONS;
  readonly formats = [...FORMAT_NAMES, TAR];
  readonly imagesIn = imagesInArchive;
  readonly fallback = true;
  readonly #shared: SharedLaunchState;

  constructor(inspections = SHARED_INSPECTIONS) {
    this.#shared = { inspections, settings: { acceleration: 'default' } };
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined> {
    return this.#shared.inspections.identify(source, options, (image) => {
      requireQemuFormat(image, source, 'libguestfs');
      return wholeIdentityOf(image);
    });
  }

  async diagnose(run: DiagnosisRun): Promise<PartDiagnosis> {
    return {
      requirements: await requirementsFound([...NEEDED, 'prlimit', '/dev/kvm'], run),
      abilities: [{ purpose: 'every format that qemu reads, inside a virtual machine of its own', needs: NEEDED }],
    };
  }

  /** Opens an image in a separate session, which ends when the image is closed. */
  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage> {
    return this.startSession([{ source, identity }], options).open(source, identity, options);
  }

  startSession(images: readonly IdentifiedSource[], options: ReadOptions): LibguestfsSession {
    return new LibguestfsSession(images, options, this.#shared);
  }
}
