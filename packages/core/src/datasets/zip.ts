import { DatasetError } from "../errors.js";
import type { SizeLimit } from "./sizeLimit.js";
import type { Bytes } from "./store.js";
import { unpack } from "./unpack.js";
import { checkUnpacked, packedContent, type ZipEntry, zipEntries } from "./zipDirectory.js";

/**
 * Reads the files of a zip archive: stored or deflated, without encryption; up to 4 GB.
 *
 * @param wanted which files to unpack
 * @param limit what they may have together
 * @throws DatasetError for what is no zip archive, for files that are damaged, and for more bytes than declared or allowed
 */
export async function unzip(
  archive: Bytes,
  fileName: string,
  limit: SizeLimit,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, Bytes>> {
  const entries = zipEntries(archive, (problem) => new DatasetError(`${fileName}: ${problem}`)).filter(({ name }) =>
    wanted(name),
  );
  const declared = entries.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
  if (declared > limit.bytes) {
    throw new DatasetError(
      `${fileName}: its ${archive.length} bytes unpack to ${declared}, as it declares, more than ${limit.bytes} bytes, ${limit.reason}; ${limit.remedy ?? "replace the file"}`,
    );
  }
  const files = new Map<string, Bytes>();
  for (const entry of entries) {
    files.set(entry.name, await readEntry(archive, entry, fileName));
  }
  return files;
}

async function readEntry(archive: Bytes, entry: ZipEntry, fileName: string): Promise<Bytes> {
  const error = (problem: string): Error => new DatasetError(`${fileName}: ${problem}`);
  const { name, method, unpackedBytes } = entry;
  const packed = packedContent(archive, entry, error) as Bytes;
  const reason = "as the archive's directory declares";
  const limit = { bytes: unpackedBytes, reason };
  const bytes =
    method === 0 ? packed : await unpack(packed, "deflate-raw", { fileName: `${fileName}: ${name}`, limit });
  checkUnpacked(entry, bytes, error);
  return bytes;
}
