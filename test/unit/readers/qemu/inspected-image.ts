import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Layer } from '@virt-similarity/core';
import type { InspectedImage } from '#readers/inspection/inspected-image.js';

/** A layer that no file needs to exist for. */
export function layer(path: string, size = 65_536n): Layer {
  return { path, device: 1n, inode: 1n, size, mtimeNs: 0n, ctimeNs: 0n };
}

/** An inspected image that no file needs to exist for. */
export function inspectedImage({
  path,
  ...known
}: { readonly format: string; readonly path: string } & Partial<InspectedImage>): InspectedImage {
  return {
    file: layer(path),
    isDevice: false,
    extentFiles: [],
    virtualSize: 65_536,
    backing: undefined,
    ...known,
  };
}

/** A layer that is a real file: the one at the path, or some file. */
export function realLayer(path = fileURLToPath(import.meta.url)): Layer {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return { path, device: dev, inode: ino, size, mtimeNs, ctimeNs };
}
