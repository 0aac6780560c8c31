import type { ExpectedFile, Stamp } from '@virt-similarity/core';
import { type AnonymousFile, makeAnonymousFile } from '../processes/anonymous-file.js';
import type { DescriptorContent } from '../processes/child-tool.js';
import { EMPTY_VIEW, sandboxName, sandboxTextName } from '../processes/sandbox.js';
import type { Tool } from '../processes/tool.js';
import { TOOL_LIMITS_DEFAULTS } from '../processes/tool-limits.js';
import type { ToolOptions } from '../processes/tool-options.js';
import { StoredBytes } from '../reading/stored-bytes.js';
import { chainOf } from './chain-of.js';
import { hasVolatileContent, type InspectedImage } from './inspected-image.js';
import type { QemuCall } from './qemu-call.js';
import { isConfined } from './sandbox-policy.js';
import { vmdkDescriptorText } from './vmdk-descriptor-text.js';

/** The number under which a tool without a sandbox has its first file. */
const FIRST_DESCRIPTOR = 20;
/** Files that a tool opens beside those of the image: libraries, sockets, pipes. */
const OTHER_FILES = 256;

/** The files of a chain as a tool is given them: those that were inspected, whatever their paths lead to by now. */
export interface ToolFiles {
  /** The tool, allowed to have all of them open. */
  readonly tool: Tool;
  /** What gives it the files. */
  readonly access: Pick<ToolOptions, 'view' | 'descriptors'>;
  /** The name by which the tool opens an image of the chain. */
  nameOf(image: InspectedImage): string;
  /** What the tool says, with the files' paths in place of the names that it was given. */
  withPaths(text: string): string;
  /** Closes the files. Call it once the tool has started or has failed to. */
  close(): Promise<void>;
}

/**
 * Gives a tool the files of a chain: in the sandbox read-only, and each compared with the inspected one before the tool
 * starts; without a sandbox as open descriptors.
 *
 * In place of a VMDK's text descriptor, which qemu may understand in another way than inspection did, the tool gets one
 * that says what inspection understood.
 *
 * @throws `refused` as `isConfined`; without a sandbox also as `StoredBytes.read`.
 */
export async function toolFiles(tool: Tool, top: InspectedImage, call: QemuCall): Promise<ToolFiles> {
  const chain = chainOf(top);
  const parts = partsToGive(chain);
  const limits = {
    ...tool.limits,
    openFiles: Math.max(TOOL_LIMITS_DEFAULTS.openFiles, parts.files.length + OTHER_FILES),
  };
  const { names, ...given } = (await isConfined(tool, chain, call))
    ? confinedFiles(parts)
    : await openFiles(parts, call);
  return { ...given, ...naming(parts, names), tool: { ...tool, limits } };
}

/** What a tool is given: files, and a text for each image whose descriptor is replaced. */
interface Parts {
  readonly files: readonly (ExpectedFile & { readonly isDevice: boolean; readonly image?: InspectedImage })[];
  readonly described: readonly InspectedImage[];
}

/** The names of parts, in the tool's world. */
interface Names {
  file(place: number): string;
  text(place: number): string;
}

function partsToGive(chain: readonly InspectedImage[]): Parts {
  // The same files may be looked at as raw ones, for their holes.
  const isDescribed = ({ format, descriptor }: InspectedImage) => format !== 'raw' && descriptor !== undefined;
  const files = chain.flatMap((image) => {
    const volatile = hasVolatileContent(image) && ({ volatile: true } as const);
    return [
      ...(isDescribed(image) ? [] : [{ stamp: image.file, isDevice: image.isDevice, image, ...volatile }]),
      ...image.extentFiles.map((stamp) => ({ stamp, isDevice: false, ...volatile })),
    ];
  });
  return { files, described: chain.filter(isDescribed) };
}

function textsOf({ files, described }: Parts, names: Names): Uint8Array[] {
  const nameOf = (stamp: Stamp) => names.file(files.findIndex((file) => file.stamp === stamp));
  return described.map(({ descriptor, extentFiles }) => vmdkDescriptorText(descriptor!, extentFiles.map(nameOf)));
}

function naming({ files, described }: Parts, names: Names): Pick<ToolFiles, 'nameOf' | 'withPaths'> {
  const images = new Map<InspectedImage, string>();
  const paths = new Map<string, string>();
  files.forEach(({ stamp, image }, place) => {
    paths.set(names.file(place), stamp.path);
    if (image !== undefined) {
      images.set(image, names.file(place));
    }
  });
  described.forEach((image, place) => {
    paths.set(names.text(place), image.file.path);
    images.set(image, names.text(place));
  });
  return {
    nameOf: (image) => images.get(image)!,
    withPaths: (text) => text.replace(/\/[\w/]+\/\d+/g, (name) => paths.get(name) ?? name),
  };
}

type Given = Pick<ToolFiles, 'access' | 'close'> & { readonly names: Names };

function confinedFiles(parts: Parts): Given {
  const names: Names = { file: sandboxName, text: sandboxTextName };
  const files = parts.files.map(({ stamp: { path, device, inode }, isDevice: isBlockDevice }) => ({
    path,
    device,
    inode,
    isBlockDevice,
  }));
  const view = { ...EMPTY_VIEW, files, texts: textsOf(parts, names) };
  return { access: { view }, names, close: async () => {} };
}

async function openFiles(parts: Parts, call: QemuCall): Promise<Given> {
  const names: Names = {
    file: (place) => `/proc/self/fd/${FIRST_DESCRIPTOR + place}`,
    text: (place) => `/proc/self/fd/${FIRST_DESCRIPTOR + parts.files.length + place}`,
  };
  const stored = new StoredBytes(parts.files, call);
  const texts: AnonymousFile[] = [];
  const close = async () => {
    await stored.close();
    await Promise.all(texts.map((text) => text.close()));
  };
  try {
    const open: number[] = [];
    for (const place of parts.files.keys()) {
      open.push(await stored.descriptor(place));
    }
    for (const text of textsOf(parts, names)) {
      texts.push(await makeAnonymousFile(text));
    }
    const contents = [...open, ...texts.map(({ fd }) => fd)];
    const descriptors = new Map<number, DescriptorContent>(
      contents.map((content, index) => [FIRST_DESCRIPTOR + index, content]),
    );
    return { access: { descriptors }, names, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
