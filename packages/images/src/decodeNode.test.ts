import sharp from "sharp";
import { expect, it } from "vitest";
import { openDecoder } from "./decodeNode.js";
import { imagePixels } from "./testing/makeImages.js";

it.each(["sharp", "wasm"] as const)("blames no file for another that is decoded beside it (%s)", async (name) => {
  const image = sharp(imagePixels(64, 64, 9), { raw: { width: 64, height: 64, channels: 3 } });
  const good = new Uint8Array(await image.jpeg({ quality: 95 }).toBuffer());
  const end = Uint8Array.of(0xff, 0xd9);
  const damaged = new Uint8Array([...good.subarray(0, good.length - 300), ...end]);
  const decode = await openDecoder(name);
  const outcomes = async (files: readonly Uint8Array<ArrayBuffer>[]): Promise<string[]> =>
    (await Promise.allSettled(files.map((bytes) => decode(bytes, "jpeg")))).map(({ status }) => status);
  expect(await outcomes([good])).toEqual(["fulfilled"]); // has started
  expect(await outcomes([good, damaged, good])).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await outcomes([damaged, good, damaged])).toEqual(["rejected", "fulfilled", "rejected"]);
});
