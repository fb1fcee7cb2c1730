import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendUnavailableError } from "@convoy/core";
import { median } from "../training/percentile.js";

/** How many images a second a way of reading them gives. */
export interface DecodingResult {
  readonly how: string;
  /** Images a second, median over the rounds. */
  readonly imagesPerSecond: number;
  /** Median over the rounds of it against sharp alone, of the same round. */
  readonly share: number;
}

/** How much is measured. */
export interface DecodingRequest {
  readonly images: number;
  /** Passes of each way, in turns; one more goes before, in which threads start and code is compiled. */
  readonly rounds: number;
  readonly threads: number;
}

/** Size of the files and of what is made of them, rows first. */
const fileSize = { height: 375, width: 500 } as const;
const imageSize = [224, 224] as const;

/**
 * Reading a folder of JPEG files in colour, 500 x 375, as images of 224 x 224 by `imageDatasetFromDirectory`, against sharp alone,
 * which has as many files at work at a time, a thread each. Rejects with `BackendUnavailableError` where one of them is not installed.
 */
export async function measureDecoding({ images, rounds, threads }: DecodingRequest): Promise<DecodingResult[]> {
  const { sharp, imageDatasetFromDirectory } = await packages();
  const folder = await mkdtemp(join(tmpdir(), "convoy-bench-"));
  try {
    const files = await putImages(sharp, folder, images);
    sharp.cache(false);
    const alone = async (): Promise<void> => {
      const unread = [...files];
      const work = async (): Promise<void> => {
        for (let file = unread.pop(); file !== undefined; file = unread.pop()) {
          const [height, width] = imageSize;
          const options = { fit: "fill", kernel: "linear", fastShrinkOnLoad: false } as const;
          await sharp(file).resize(width, height, options).removeAlpha().raw().toBuffer();
        }
      };
      await Promise.all(Array.from({ length: threads }, work));
    };
    const through = async (decoder: "sharp" | "wasm"): Promise<() => Promise<void>> => {
      const data = await imageDatasetFromDirectory(folder, { imageSize, workers: threads, decoder, seed: 1 });
      const batches = data.prefetch(2);
      return async () => {
        for await (const _ of batches) {
          // Made and dropped.
        }
      };
    };
    const ways = {
      "sharp alone": alone,
      "imageDatasetFromDirectory, sharp": await through("sharp"),
      "imageDatasetFromDirectory, WebAssembly": await through("wasm"),
    };
    const rates = Object.values(ways).map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, run] of Object.values(ways).entries()) {
        sharp.concurrency(index === 0 ? 1 : 0);
        const start = performance.now();
        await run();
        if (round > 0) {
          rates[index]!.push((1000 * images) / (performance.now() - start));
        }
      }
    }
    return Object.keys(ways).map((how, index) => ({
      how,
      imagesPerSecond: median(rates[index]!)!,
      share: median(rates[index]!.map((rate, round) => rate / rates[0]![round]!))!,
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function packages() {
  try {
    const [{ default: sharp }, { imageDatasetFromDirectory }] = await Promise.all([
      import("sharp"),
      import("@convoy/images"),
    ]);
    return { sharp, imageDatasetFromDirectory };
  } catch (error) {
    throw new BackendUnavailableError(
      "sharp and @convoy/images are not installed; run: npm install sharp @convoy/images",
      {
        cause: error,
      },
    );
  }
}

type Sharp = Awaited<ReturnType<typeof packages>>["sharp"];

/** Two classes of soft coloured blots, which pack about as photographs do: 40 kB each. */
async function putImages(sharp: Sharp, folder: string, count: number): Promise<string[]> {
  const side = 40;
  for (const name of ["a", "b"]) {
    await mkdir(join(folder, name));
  }
  for (let image = 0; image < count; image++) {
    const blots = Buffer.from({ length: side * side * 3 }).map(
      (_, index) => Math.imul(index + 977 * image + 1, 0x9e3779b1) >>> 24,
    );
    const { width, height } = fileSize;
    const bytes = await sharp(blots, { raw: { width: side, height: side, channels: 3 } })
      .resize(width, height, { kernel: "cubic", fit: "fill" })
      .jpeg({ quality: 90 })
      .toBuffer();
    await writeFile(join(folder, image % 2 === 0 ? "a" : "b", `${String(image).padStart(5, "0")}.jpg`), bytes);
  }
  const found = await readdir(folder, { recursive: true });
  return found.filter((name) => name.endsWith(".jpg")).map((name) => join(folder, name));
}
