import {
  type ByteRange,
  chainOf,
  type InspectedImage,
  type QemuCall,
  rangeOf,
  StoredBytes,
} from '@virt-similarity/image-tools';
import { readVhdxLayout } from '../inspection/formats/vhdx-layout.js';
import { expectedFilesOf } from '../inspection/identity-of.js';
import { withStoredFile } from '../inspection/stored-file.js';
import { hasHoles } from './has-holes.js';
import type { LayerMap } from './layer-map.js';
import type { MappedFile } from './mapped-file.js';
import { GEOMETRY_BYTES, qcow2Geometry } from './qcow2-geometry.js';
import { Qcow2Map } from './qcow2-map.js';
import { NO_HOLES, RawMap } from './raw-map.js';
import { rememberedHoles } from './remembered-holes.js';
import { VhdxMap } from './vhdx-map.js';

/** The maps of all images of a chain. */
export interface ChainMap {
  /** Top first. */
  readonly layers: readonly LayerMap[];
  /**
   * Fills `target` with stored bytes of the image with index `layer` in the chain. `offset` counts from the beginning
   * of the image in its file.
   *
   * @throws as `StoredBytes.read`.
   */
  read(layer: number, target: Uint8Array, offset: number): Promise<void>;
  /**
   * Returns the descriptor of the file of the image with index `layer` in the chain, and the range of the file that is
   * the image. The descriptor is valid until `close`.
   *
   * @throws as `StoredBytes.read`.
   */
  stored(layer: number): Promise<{ readonly descriptor: number } & ByteRange>;
  /** Closes the files. Idempotent. */
  close(): Promise<void>;
}

/** The formats whose maps are read here. */
const FORMATS = ['raw', 'qcow2', 'vhdx'];

/**
 * Opens the maps of a chain of qcow2, vhdx and raw images. The tables of the images are read here, because starting
 * `qemu-img map` takes longer than reading the tables, and because `qemu-img map` does not report which blocks of a
 * vhdx are empty. qemu-img runs only to find the holes of files with large holes (see `hasHoles`).
 *
 * Returns `undefined` if qemu-img must map the image: if the top image is raw and has large holes, or if the chain
 * contains a block device, an image that qemu decrypts, an image of another format, an image with extent files, or a
 * vhdx with a log.
 *
 * The caller closes the map.
 *
 * @throws as `withStoredFile`, with the codes of `readVhdxLayout`, and as `rememberedHoles`.
 */
export async function openChainMap(top: InspectedImage, call: QemuCall): Promise<ChainMap | undefined> {
  const chain = chainOf(top);
  // The map of a raw top image is needed only once, and can be too long to keep.
  const isSparseRaw = top.format === 'raw' && (await hasHoles(top.file));
  if (isSparseRaw || !chain.every(isSupported)) {
    return undefined;
  }
  const stored = new StoredBytes(expectedFilesOf(top), call);
  try {
    const maps: LayerMap[] = [];
    for (const [layer, image] of chain.entries()) {
      const map = await layerMap(image, layer, stored, call);
      if (map === undefined) {
        await stored.close();
        return undefined;
      }
      maps.push(map);
    }
    return {
      layers: maps,
      read: (layer, target, offset) => stored.read(layer, target, rangeOf(chain[layer]!).offset + offset),
      stored: async (layer) => ({ descriptor: await stored.descriptor(layer), ...rangeOf(chain[layer]!) }),
      close: () => stored.close(),
    };
  } catch (thrown) {
    await stored.close();
    throw thrown;
  }
}

function isSupported({ format, isDevice, extentFiles, passphrase }: InspectedImage): boolean {
  return FORMATS.includes(format) && passphrase === undefined && !isDevice && extentFiles.length === 0;
}

/**
 * Opens the map of one image; `undefined` if qemu-img must map the image.
 *
 * @param layer index of the image in the chain, and of its file in `stored`, because each image has one file
 */
async function layerMap(
  image: InspectedImage,
  layer: number,
  stored: StoredBytes,
  call: QemuCall,
): Promise<LayerMap | undefined> {
  const size = rangeOf(image).length;
  const holes = (await hasHoles(image.file)) ? await rememberedHoles(image, call) : NO_HOLES;
  if (image.format === 'raw') {
    return new RawMap(size, holes);
  }
  return withStoredFile(image, { stored, index: layer, errorContext: call }, async (bytes) => {
    const file = { ...bytes, path: image.file.path, holes, errorContext: call };
    return image.format === 'vhdx' ? vhdxMap(file) : qcow2Map(file, image.virtualSize);
  });
}

async function qcow2Map(file: MappedFile, virtualSize: number): Promise<Qcow2Map | undefined> {
  const geometry = qcow2Geometry(await file.read(0, Math.min(file.size, GEOMETRY_BYTES)));
  return geometry && new Qcow2Map(file, geometry, virtualSize);
}

/** Returns `undefined` for a file with a log, because only qemu can decide whether the log must be replayed. */
async function vhdxMap(file: MappedFile): Promise<VhdxMap | undefined> {
  const layout = await readVhdxLayout(file);
  return layout.hasLog ? undefined : new VhdxMap(file, layout);
}
