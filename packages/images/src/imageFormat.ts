import { DatasetError } from "@convoy/core";

/** Formats that are read. */
export type ImageFormat = "png" | "jpeg" | "webp";

/** What a file's first bytes say. */
export interface ImageHeader {
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
}

const pngMagic = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Format and size by the header alone, before anything is decoded: a file of some hundred bytes can declare an image of gigabytes.
 * Throws `DatasetError` for another format, one that is cut off, and more than `maxPixels`.
 */
export function readImageHeader(bytes: Uint8Array, fileName: string, maxPixels: number): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view, bytes, fileName);
  if (header === undefined) {
    throw new DatasetError(`${fileName}: ends at byte ${bytes.length}, within its header; the file is truncated`);
  }
  const { format, width, height } = header;
  if (width === 0 || height === 0) {
    throw new DatasetError(
      `${fileName}: the ${format} header declares ${width} x ${height} pixels; the file is damaged`,
    );
  }
  if (width * height > maxPixels) {
    throw new DatasetError(
      `${fileName}: its ${bytes.length} bytes declare ${width} x ${height} pixels, ${width * height}, more than the ${maxPixels} that maxPixels allows; ` +
        "make the image smaller, or pass a larger maxPixels if it is right",
    );
  }
  return header;
}

function readHeader(view: DataView, bytes: Uint8Array, fileName: string): ImageHeader | undefined {
  if (pngMagic.every((byte, index) => bytes[index] === byte)) {
    return bytes.length < 24 ? undefined : { format: "png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    return jpegHeader(view);
  }
  if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 12) === "WEBP") {
    return webpHeader(view, bytes, fileName);
  }
  const found = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new DatasetError(
    `${fileName}: begins with ${found || "nothing"}, expected the first bytes of a PNG (89 50 4e 47), JPEG (ff d8) or WebP (52 49 46 46) file; ` +
      "it is another format or damaged",
  );
}

/** The size stands in the frame header, behind other segments (ITU-T T.81, B.2.2). */
function jpegHeader(view: DataView): ImageHeader | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) {
      return undefined;
    }
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // a fill byte
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return { format: "jpeg", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** RFC 9649: a lossy, lossless or extended first chunk. */
function webpHeader(view: DataView, bytes: Uint8Array, fileName: string): ImageHeader | undefined {
  if (bytes.length < 30) {
    return undefined;
  }
  const chunk = text(bytes, 12, 16);
  if (chunk === "VP8 ") {
    return { format: "webp", width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (chunk === "VP8L") {
    const bits = view.getUint32(21, true);
    return { format: "webp", width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk === "VP8X") {
    const three = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536 + 1;
    return { format: "webp", width: three(24), height: three(27) };
  }
  throw new DatasetError(
    `${fileName}: byte 12: expected "VP8 ", "VP8L" or "VP8X", found "${chunk}"; the file is damaged`,
  );
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
