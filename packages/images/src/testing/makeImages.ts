import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";

/** An image whose pixels say where they are, and in whose folder it is. */
export function imagePixels(width: number, height: number, tint: number): Buffer {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set([(x * 255) / width, (y * 255) / height, tint], 3 * (y * width + x));
    }
  }
  return data;
}

/** Writes an image in the format that its name ends in. */
export async function putImage(path: string, width: number, height: number, tint: number): Promise<void> {
  const image = sharp(imagePixels(width, height, tint), { raw: { width, height, channels: 3 } });
  const bytes = path.endsWith(".png")
    ? await image.png().toBuffer()
    : path.endsWith(".webp")
      ? await image.webp({ lossless: true }).toBuffer()
      : await image.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** A folder of two classes, `dark` and `light`, with `count` images each, in turn PNG, JPEG and WebP of several sizes. */
export async function putClasses(folder: string, count: number): Promise<void> {
  for (const [label, name] of ["dark", "light"].entries()) {
    for (let index = 0; index < count; index++) {
      const ending = ["png", "jpg", "webp"][index % 3];
      const path = join(folder, name, `${String(index).padStart(3, "0")}.${ending}`);
      await putImage(path, 24 + (index % 5), 20 + (index % 4), label * 200 + index);
    }
  }
}
