import type { FileStamp, ImageIdentity } from '../contracts/disk-image.js';
import { fileStampsOf } from './chain.js';

const SECOND = 1_000_000_000n;
/** Nanoseconds: files written within two ticks of the kernel's clock may get one time. */
const FINE = 20_000_000n;
/** Nanoseconds: what FAT keeps times in; other file systems with coarse times keep seconds. */
const COARSE = 2n * SECOND;

/**
 * Whether whatever is written to an image from `moment` on shows in its files' times. A file that was written just
 * before may be written once more without getting another time, so nothing can be concluded from equal ones. This is
 * what git calls racily clean (https://git-scm.com/docs/racy-git). A time in the future says nothing either.
 *
 * @param moment milliseconds since 1970, from before the image was looked at
 */
export function isSettled(identity: ImageIdentity, moment: number): boolean {
  return fileStampsOf(identity).every((part) =>
    timesOf(part).every((time) => time + granularityOf(part) <= BigInt(moment) * 1_000_000n),
  );
}

function timesOf({ mtimeNs, ctimeNs }: FileStamp): readonly bigint[] {
  return [mtimeNs, ctimeNs];
}

/** The resolution of the file system's times, in nanoseconds; a ctime of whole seconds is taken as coarse. */
function granularityOf({ ctimeNs }: FileStamp): bigint {
  return ctimeNs % SECOND === 0n ? COARSE : FINE;
}
