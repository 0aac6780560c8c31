import type {
  DiagnosisRun,
  DiskImage,
  DiskReader,
  DiskSource,
  DiskStream,
  ImageIdentity,
  PartDiagnosis,
  ReadOptions,
} from '@virt-similarity/core';
import { VirtSimilarityError, wording } from '@virt-similarity/core';
import { BUBBLEWRAP, type InspectedImage, qemuCall } from '@virt-similarity/image-tools';
import { requireNoWriter } from '../chain-map/require-no-writer.js';
import { warmUpLocks } from '../chain-map/writer-locks.js';
import { openCompressedDisk } from '../decompression/open-compressed-disk.js';
import { requirementsFound } from '../diagnosis.js';
import { imagesInArchive } from '../inspection/archive.js';
import { COMPRESSED_DISK_EXTENSIONS, IMAGE_EXTENSIONS, SPLIT_DISK_EXTENSIONS } from '../inspection/extensions.js';
import { RAW_FORMAT_NAMES } from '../inspection/format-names.js';
import { namedInFormat } from '../inspection/format-remedy.js';
import { isCompression } from '../inspection/formats/compressions.js';
import { identityOf } from '../inspection/identity-of.js';
import { SHARED_INSPECTIONS } from '../inspection/inspections.js';
import { SPLIT } from '../inspection/split-disk.js';
import { splitPartsIn } from '../inspection/split-parts.js';
import { TAR } from '../inspection/tar.js';
import { decryptedImage } from '../luks/decrypted-image.js';
import { openRawImage } from './open-raw-image.js';
import { SplitImage } from './split-image.js';

/**
 * Reads raw disks: regular files, also split or compressed, and block devices that the user names. Needs no external
 * program, except to decompress a disk or to unlock LUKS volumes. If qemu-img is installed, holes are skipped.
 */
export class RawReader implements DiskReader {
  readonly extensions = [...IMAGE_EXTENSIONS, ...COMPRESSED_DISK_EXTENSIONS, ...SPLIT_DISK_EXTENSIONS];
  readonly formats = [...RAW_FORMAT_NAMES, TAR];
  readonly imagesIn = imagesInArchive;
  readonly fallback = true;
  readonly #inspections;

  constructor(inspections = SHARED_INSPECTIONS) {
    this.#inspections = inspections;
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined> {
    return this.#inspections.identify(source, options, (image) =>
      RAW_FORMAT_NAMES.includes(image.format) || options.isChosen ? rawIdentityOf(image, source) : undefined,
    );
  }

  partsIn(directory: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return splitPartsIn(directory, names);
  }

  async diagnose(run: DiagnosisRun): Promise<PartDiagnosis> {
    const requirements = await requirementsFound(
      ['qemu-img', 'zstd', 'xz', 'bzip2', 'cryptsetup', 'prlimit', 'bwrap'],
      run,
    );
    return {
      requirements,
      abilities: [
        { purpose: 'raw images', needs: [] },
        { purpose: 'raw images compressed by gzip or zstd', needs: ['zstd', 'bwrap'] },
        { purpose: 'raw images compressed by xz', needs: ['xz', 'bwrap'] },
        { purpose: 'raw images compressed by bzip2', needs: ['bzip2', 'bwrap'] },
        { purpose: 'LUKS partitions, and disks of LUKS version 2', needs: ['cryptsetup', 'bwrap'] },
      ],
    };
  }

  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage | DiskStream> {
    warmUpLocks();
    const call = qemuCall({ component: 'raw', needs: [BUBBLEWRAP] }, source, options);
    const identified = { source, identity };
    const inspected = await this.#inspections.inspected(identified, options, (image) => rawIdentityOf(image, source));
    const { format } = inspected.image;
    if (isCompression(format)) {
      return openCompressedDisk(format, inspected.image, options, call);
    }
    const image =
      format === SPLIT
        ? new SplitImage(await requireNoWriter(inspected.image, options, call), call)
        : await openRawImage(inspected, options, call);
    return decryptedImage(image, inspected.image.volumes, call);
  }
}

/** @throws `usage` for an image that is neither raw nor a raw disk in compressed or split form. */
function rawIdentityOf(image: InspectedImage, { path, format }: DiskSource): ImageIdentity {
  if (!RAW_FORMAT_NAMES.includes(image.format)) {
    throw new VirtSimilarityError(
      'usage',
      wording`[raw] cannot open ${path}: it is a ${image.format} image; choose ${{ option: 'reader', value: 'qemu' }}, or name it as ${namedInFormat(path, 'raw', format)} to compare its bytes as they are`,
      { image: path },
    );
  }
  return identityOf(image);
}
