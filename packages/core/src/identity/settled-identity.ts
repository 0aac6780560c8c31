import type { FileStamp, ImageIdentity } from '../contracts/disk-image.js';
import { fileStampsOf } from './chain.js';

const SECOND = 1_000_000_000n;
/** Nanoseconds: two ticks of the kernel's clock at 100 Hz. Writes within this time can get the same time. */
const FINE = 20_000_000n;
/** Nanoseconds: the resolution of times in FAT. Other file systems with coarse times have a resolution of a second. */
const COARSE = 2n * SECOND;

/**
 * Returns whether the resolution of times is fine enough for every write to a file of an image's chain from `moment` on
 * to change the file's times. A file that was written just before `moment` may be written again without getting another
 * time, so equal times prove nothing. Git calls such a file racily clean (https://git-scm.com/docs/racy-git). A time in
 * the future proves nothing either.
 *
 * @param moment milliseconds since 1970: a time before the image was read or inspected
 */
export function isSettled(identity: ImageIdentity, moment: number): boolean {
  return fileStampsOf(identity).every((part) =>
    timesOf(part).every((time) => time + granularityOf(part) <= BigInt(moment) * 1_000_000n),
  );
}

function timesOf({ mtimeNs, ctimeNs }: FileStamp): readonly bigint[] {
  return [mtimeNs, ctimeNs];
}

/**
 * Returns the assumed resolution of the file system's times in nanoseconds: `COARSE` if the ctime is a whole number of
 * seconds, otherwise `FINE`.
 */
function granularityOf({ ctimeNs }: FileStamp): bigint {
  return ctimeNs % SECOND === 0n ? COARSE : FINE;
}
