import { createHash } from "node:crypto";
import { ranksText } from "./ranksText.js";

/** What ranks compare, by what errors call it: arrays by their hashes, a text alone can be shown as well. */
export type ComparedParts = Readonly<Record<string, readonly (string | ArrayBufferView)[]>>;

/** Gives the bytes of each rank, all as many, in the order of ranks. */
export type GatherBytes = (own: Uint8Array) => Promise<readonly Uint8Array[]>;

const hashBytes = 32;
/** Bytes of a text that errors show; longer ones are compared alone. */
const shownBytes = 160;

/** What differs between ranks, and where: "rank 2 has another seed (9, rank 0 has 1)". Collective. */
export async function differences(parts: ComparedParts, gather: GatherBytes): Promise<readonly string[]> {
  const names = Object.keys(parts);
  const hashes = await gather(Buffer.concat(names.map((name) => hashOf(parts[name]!))));
  const unlike = names.flatMap((name, index) => {
    const own = hashes.map((all) => Buffer.from(all.subarray(index * hashBytes, (index + 1) * hashBytes)));
    const others = own.flatMap((hash, rank) => (hash.equals(own[0]!) ? [] : [rank]));
    return others.length === 0 ? [] : [{ name, others }];
  });
  const found: string[] = [];
  // All ranks have found the same and ask for the same texts.
  for (const { name, others } of unlike) {
    const texts = (await gather(shown(parts[name]!))).map(textOf);
    const values = texts.every((text) => text !== undefined)
      ? ` (${others.map((rank) => texts[rank]).join(" and ")}; rank 0 has ${texts[0]})`
      : "";
    found.push(`${ranksText(others)} ${others.length === 1 ? "has" : "have"} another ${name}${values}`);
  }
  return found;
}

/** A text in bytes of a fixed number; all 0 for what is not to be shown. */
function shown([part, ...others]: ComparedParts[string]): Uint8Array {
  const bytes = Buffer.alloc(shownBytes);
  if (typeof part === "string" && others.length === 0 && Buffer.byteLength(part) < shownBytes) {
    bytes.write(part);
  }
  return bytes;
}

function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  return end <= 0 ? undefined : Buffer.from(bytes).toString("utf8", 0, end);
}

function hashOf(parts: ComparedParts[string]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) {
    if (typeof part === "string") {
      hash.update(part);
    } else {
      hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
  }
  return hash.digest();
}
