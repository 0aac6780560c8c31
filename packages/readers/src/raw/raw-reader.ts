import type {
  DiagnosisRun,
  DiskImage,
  DiskReader,
  DiskSource,
  ImageIdentity,
  ReaderDiagnosis,
  ReadOptions,
} from '@virt-similarity/core';
import { VirtSimilarityError, wording } from '@virt-similarity/core';
import { type InspectedImage, qemuCall } from '@virt-similarity/image-tools';
import { warmUpLocks } from '../chain-map/writer-locks.js';
import { requirementsFound } from '../diagnosis.js';
import { IMAGE_EXTENSIONS } from '../inspection/decide-format.js';
import { namedInFormat } from '../inspection/format-remedy.js';
import { identityOf } from '../inspection/identity-of.js';
import { SHARED_INSPECTIONS } from '../inspection/inspections.js';
import { openRawImage } from './open-raw-image.js';

/**
 * Reads raw images: regular files, and block devices that the user names. Needs no external program. If qemu-img is
 * installed, holes are skipped.
 */
export class RawReader implements DiskReader {
  readonly extensions = IMAGE_EXTENSIONS;
  readonly formats = ['raw'];
  readonly fallback = true;
  readonly #inspections;

  constructor(inspections = SHARED_INSPECTIONS) {
    this.#inspections = inspections;
  }

  async identify(source: DiskSource, options: ReadOptions): Promise<ImageIdentity | undefined> {
    return this.#inspections.identify(source, options, (image) =>
      image.format === 'raw' || options.isChosen ? rawIdentityOf(image, source) : undefined,
    );
  }

  async diagnose(run: DiagnosisRun): Promise<ReaderDiagnosis> {
    const requirements = await requirementsFound(['qemu-img'], run);
    return { requirements, abilities: [{ purpose: 'raw images', needs: [] }] };
  }

  async open(source: DiskSource, identity: ImageIdentity, options: ReadOptions): Promise<DiskImage> {
    warmUpLocks();
    const call = qemuCall({ component: 'raw' }, source, options);
    const identified = { source, identity };
    const inspected = await this.#inspections.inspected(identified, options, (image) => rawIdentityOf(image, source));
    return openRawImage(inspected, options, call);
  }
}

/** @throws `usage` for an image of another format. */
function rawIdentityOf(image: InspectedImage, { path, format }: DiskSource): ImageIdentity {
  if (image.format !== 'raw') {
    throw new VirtSimilarityError(
      'usage',
      wording`[raw] cannot open ${path}: it is a ${image.format} image; choose ${{ option: 'reader', value: 'qemu' }}, or name it as ${namedInFormat(path, 'raw', format)} to compare its bytes as they are`,
      { image: path },
    );
  }
  return identityOf(image);
}
