import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { ImageFormat } from "./imageFormat.js";
import type { Bytes, Pixels } from "./pixels.js";
import type { Decode } from "./readImage.js";

/** What decodes: the package sharp (libvips) where it is installed, or WebAssembly, which always is. */
export type DecoderName = "auto" | "sharp" | "wasm";

/** As much of sharp as is used. */
type Sharp = (
  input: Uint8Array,
  options: { failOn: "warning"; limitInputPixels: false; autoOrient: false },
) => {
  toColourspace(name: "srgb"): ReturnType<Sharp>;
  raw(options: { depth: "uchar" }): {
    toBuffer(options: {
      resolveWithObject: true;
    }): Promise<{ data: Uint8Array; info: { width: number; height: number; channels: 3 | 4 } }>;
  };
};

/** The decoder of that name. Rejects where sharp is asked for and not installed. */
export async function openDecoder(name: DecoderName): Promise<Decode> {
  if (name !== "wasm") {
    const sharp = await loadSharp();
    if (sharp !== undefined) {
      return (bytes) => decodeBySharp(sharp, bytes);
    }
    if (name === "sharp") {
      throw new Error('decoder is "sharp", which is not installed; run: npm install sharp');
    }
  }
  return decodeByWasm;
}

async function loadSharp(): Promise<Sharp | undefined> {
  try {
    return ((await import("sharp")) as unknown as { default: Sharp }).default;
  } catch {
    return undefined; // optional, or not for this machine
  }
}

async function decodeBySharp(sharp: Sharp, bytes: Uint8Array): Promise<Pixels> {
  const image = sharp(bytes, { failOn: "warning", limitInputPixels: false, autoOrient: false });
  const { data, info } = await image
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { data, width, height, channels };
}

/** A decoder of one format, started. */
type WasmDecoder = (bytes: Bytes) => Promise<Pixels>;

/** How the decoders that Emscripten has built start; their types leave the module out. */
type StartWasm = (module: WebAssembly.Module, options?: object) => Promise<void>;

const started = new Map<ImageFormat, WasmDecoder>();

let decodedBefore: Promise<unknown> = Promise.resolve();

/** One file after the other: what a decoder complains of must not be taken for another file's damage. */
function decodeByWasm(bytes: Bytes, format: ImageFormat): Promise<Pixels> {
  const decoded = decodedBefore.then(() => decodeOneByWasm(bytes, format));
  decodedBefore = decoded.catch(() => undefined);
  return decoded;
}

async function decodeOneByWasm(bytes: Bytes, format: ImageFormat): Promise<Pixels> {
  try {
    const decoder = started.get(format) ?? (await starters[format]());
    started.set(format, decoder);
    return await decoder(bytes);
  } catch (error) {
    // A decoder that has failed in the middle may hold on to anything: the next file gets a new one.
    started.delete(format);
    throw error;
  }
}

const starters: Readonly<Record<ImageFormat, () => Promise<WasmDecoder>>> = {
  async jpeg() {
    const { default: decode, init } = await import("@jsquash/jpeg/decode.js");
    // The decoder goes on at damage and says so on its standard error.
    let complaint: string | undefined;
    const printErr = (line: string): void => {
      complaint ??= line;
    };
    await (init as StartWasm)(await wasmModule("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"), {
      print: printErr,
      printErr,
    });
    return async (bytes) => {
      complaint = undefined;
      const pixels = await decode(bytes.slice().buffer);
      if (complaint !== undefined) {
        throw new Error(complaint);
      }
      return withOpacity(pixels);
    };
  },
  async png() {
    const { decode, init } = await import("@jsquash/png/decode.js");
    await init(await wasmModule("@jsquash/png/codec/pkg/squoosh_png_bg.wasm"));
    return async (bytes) => withOpacity(await decode(bytes.slice().buffer));
  },
  async webp() {
    const { default: decode, init } = await import("@jsquash/webp/decode.js");
    await (init as StartWasm)(await wasmModule("@jsquash/webp/codec/dec/webp_dec.wasm"));
    return async (bytes) => withOpacity(await decode(bytes.slice().buffer));
  },
};

/** They give what an `ImageData` has. */
function withOpacity({ data, width, height }: Omit<Pixels, "channels">): Pixels {
  return { data, width, height, channels: 4 };
}

async function wasmModule(path: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve(path)));
}
