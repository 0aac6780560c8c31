import {
  type DiagnosisRun,
  type DiskImage,
  type DiskReader,
  type DiskSource,
  type ImageIdentity,
  type PartDiagnosis,
  type ReadOptions,
} from '@virt-similarity/core';
import { BUBBLEWRAP, type InspectedImage, QEMU_IMG, QEMU_NBD, qemuCall } from '@virt-similarity/image-tools';
import { warmUpLocks } from '../chain-map/writer-locks.js';
import { requirementsFound } from '../diagnosis.js';
import { imagesInArchive } from '../inspection/archive.js';
import { IMAGE_EXTENSIONS } from '../inspection/extensions.js';
import { FORMAT_NAMES } from '../inspection/format-names.js';
import { identityOf } from '../inspection/identity-of.js';
import { SHARED_INSPECTIONS } from '../inspection/inspections.js';
import { parallelsPartsIn } from '../inspection/parallels-parts.js';
import { requireQemuFormat } from '../inspection/require-qemu-format.js';
import { TAR } from '../inspection/tar.js';
import { vmdkPartsIn } from '../inspection/vmdk-parts.js';
import { decryptedImage } from '../luks/decrypted-image.js';
import { openQemuImage } from './qemu-image.js';
import { withUnwrittenZeros } from './unwritten-sectors.js';

/**
 * Reads every format that qemu reads: chains of qcow2, vhdx and raw images mostly without external programs; other
 * images with qemu-img and, for bytes that are not stored verbatim, with qemu-nbd.
 */
export class QemuReader implements DiskReader {
  readonly extensions = IMAGE_EXTENSIONS;
  readonly formats = [...FORMAT_NAMES, TAR];
  readonly imagesIn = imagesInArchive;
  readonly fallback = true;
  readonly #inspections;

  constructor(inspections = SHARED_INSPECTIONS) {
    this.#inspections = inspections;
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined> {
    return this.#inspections.identify(source, options, (image) => qemuIdentityOf(image, source));
  }

  async partsIn(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map([...(await vmdkPartsIn(directory, names)), ...(await parallelsPartsIn(directory, names))]);
  }

  async diagnose(run: DiagnosisRun): Promise<PartDiagnosis> {
    return {
      requirements: await requirementsFound(['qemu-img', 'qemu-nbd', 'prlimit', 'bwrap'], run),
      abilities: [
        { purpose: 'vhdx, and qcow2 with backing files, unless compressed by zstd', needs: [] },
        { purpose: 'every other format that qemu-img reads', needs: ['qemu-img', 'qemu-nbd', 'bwrap'] },
      ],
    };
  }

  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage> {
    warmUpLocks();
    const call = qemuCall({ component: 'qemu', needs: [QEMU_IMG, QEMU_NBD, BUBBLEWRAP] }, source, options);
    const inspected = await this.#inspections.inspected({ source, identity }, options, (image) =>
      qemuIdentityOf(image, source),
    );
    const { image } = inspected;
    const disk = withUnwrittenZeros(await openQemuImage(inspected, options, call), image, call);
    return decryptedImage(disk, image.volumes, call);
  }
}

/** @throws `usage` for a compressed or split disk. */
function qemuIdentityOf(image: InspectedImage, source: DiskSource): ImageIdentity {
  requireQemuFormat(image, source, 'qemu');
  return identityOf(image);
}
