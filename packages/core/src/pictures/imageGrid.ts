import { checkOptions, expectCount } from "../checkOption.js";
import { ArgumentError, formatShape, ShapeError } from "../errors.js";
import type { Tensor, TensorData } from "../tensor.js";
import { isTensor } from "../tensorInput.js";
import { drawText, glyphHeight, glyphWidth } from "./font.js";
import { encodePng, type Pixels } from "./png.js";

/** Settings of `imageGrid`. */
export interface ImageGridOptions {
  /** A text under each image, or a class number where there are `classNames`. */
  readonly labels?: readonly (string | number)[] | TensorData | Tensor;
  /** Name of each class, by label. */
  readonly classNames?: readonly string[];
  /** Images in a row; default: as many as make the grid about square. */
  readonly columns?: number;
  /** Pixels of the picture a pixel of an image, each way; default: so many that images are at least 56 wide. */
  readonly zoom?: number;
  /** Numbers that are black and white; default 0 and 255 for bytes without a scale, otherwise 0 and 1 after scaling. */
  readonly range?: readonly [black: number, white: number];
}

/** What a canvas has that a picture is drawn with: an `HTMLCanvasElement` or an `OffscreenCanvas`. */
export interface CanvasLike {
  width: number;
  height: number;
  /** Its context for drawing. */
  getContext(kind: "2d"): CanvasContextLike | null;
}

/** What a canvas' context has that a picture is drawn with. Names no type of the DOM, which programs for Node do not have. */
export interface CanvasContextLike {
  /** Puts an `ImageData` at a place. */
  putImageData(data: object, x: number, y: number): void;
}

const gap = 4;
const smallestTile = 56;
/** Light grey and nearly black, so that black and white images show their edges. */
const paper = 236;
const ink = 30;

/** A picture made of pixels. */
export class Picture implements Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;

  /** Paper, without anything on it. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8ClampedArray(width * height * 4).fill(paper);
    for (let index = 3; index < this.data.length; index += 4) {
      this.data[index] = 255;
    }
  }

  /** A PNG file of it, to write to a disk or to show in a page. */
  toPng(): Promise<Uint8Array> {
    return encodePng(this);
  }

  /** Draws it to a canvas, which gets its size. */
  draw(canvas: CanvasLike): void {
    canvas.width = this.width;
    canvas.height = this.height;
    canvas
      .getContext("2d")
      ?.putImageData(new ImageData(new Uint8ClampedArray(this.data), this.width, this.height), 0, 0);
  }

  /** Colours a pixel; values are cut off to 0 to 255. */
  set(x: number, y: number, red: number, green: number, blue: number): void {
    if (x >= 0 && x < this.width && y >= 0 && y < this.height) {
      this.data.set([red, green, blue], 4 * (y * this.width + x));
    }
  }
}

/**
 * Images in rows and columns, with labels under them: to see what a data set holds, or what a model takes for what.
 *
 *     const grid = imageGrid(images, { labels, classNames, columns: 8 });
 *     await writeFile("images.png", await grid.toPng()); // in a page: grid.draw(canvas)
 *
 * @param images [N, H, W, 1], [N, H, W, 3], [N, H, W, 4] or [N, H, W]
 * @throws ShapeError for another shape, or labels of another number
 * @throws ArgumentError for options out of range
 */
export function imageGrid(images: Tensor, options: ImageGridOptions = {}): Picture {
  const names = ["labels", "classNames", "columns", "zoom", "range"];
  const { columns: wanted, zoom: wantedZoom, range } = checkOptions("imageGrid", options, names);
  const [count = 0, height = 0, width = 0, channels = 1] = images.shape;
  const rank = images.shape.length;
  if ((rank !== 3 && rank !== 4) || ![1, 3, 4].includes(channels) || images.data.length === 0) {
    throw new ShapeError(
      `imageGrid: images have shape ${formatShape(images.shape)}, expected [N,H,W,1], [N,H,W,3], [N,H,W,4] or [N,H,W]`,
    );
  }
  const columns = Math.min(count, expectCount("imageGrid: columns", wanted ?? Math.ceil(Math.sqrt(count))));
  const zoom = expectCount("imageGrid: zoom", wantedZoom ?? Math.max(1, Math.ceil(smallestTile / width)));
  const texts = labelTexts(options, count);
  const tileWidth = width * zoom + gap;
  const tileHeight = height * zoom + gap + (texts ? glyphHeight + gap : 0);
  const picture = new Picture(columns * tileWidth + gap, Math.ceil(count / columns) * tileHeight + gap);
  const level = levels(images, range);
  const imageSize = height * width * channels;
  for (let index = 0; index < count; index++) {
    const left = gap + (index % columns) * tileWidth;
    const top = gap + Math.floor(index / columns) * tileHeight;
    for (let y = 0; y < height * zoom; y++) {
      for (let x = 0; x < width * zoom; x++) {
        const at = index * imageSize + (Math.floor(y / zoom) * width + Math.floor(x / zoom)) * channels;
        const red = level(at);
        const opacity = channels === 4 ? level(at + 3) / 255 : 1;
        const over = (value: number): number => value * opacity + paper * (1 - opacity);
        const [green, blue] = channels === 1 ? [red, red] : [level(at + 1), level(at + 2)];
        picture.set(left + x, top + y, over(red), over(green), over(blue));
      }
    }
    if (texts) {
      drawLabel(picture, texts[index]!, left, top + height * zoom + gap - 1, width * zoom);
    }
  }
  return picture;
}

/** Cuts a text off where its image ends. */
function drawLabel(picture: Picture, text: string, left: number, top: number, width: number): void {
  const fitting = Math.max(1, Math.floor((width + 1) / (glyphWidth + 1)));
  drawText(text.slice(0, fitting), (x, y) => picture.set(left + x, top + y, ink, ink, ink));
}

/** Gives a number of the images as 0 to 255. */
function levels({ data, scale }: Tensor, range: readonly [number, number] | undefined): (index: number) => number {
  const [black, white] = range ?? (data instanceof Uint8Array && scale === undefined ? [0, 255] : [0, 1]);
  if (!(Number.isFinite(black) && Number.isFinite(white) && black !== white)) {
    throw new ArgumentError(
      `imageGrid: range is [${black}, ${white}], expected two different numbers, black and white`,
    );
  }
  const factor = scale ?? 1;
  return (index) => (((data[index] as number) * factor - black) / (white - black)) * 255;
}

function labelTexts({ labels, classNames }: ImageGridOptions, count: number): readonly string[] | undefined {
  if (labels === undefined) {
    return undefined;
  }
  const values = [
    ...((isTensor(labels) ? labels.data : labels) as ArrayLike<string | number> & Iterable<string | number>),
  ];
  if (values.length !== count) {
    throw new ShapeError(`imageGrid: there are ${values.length} labels for ${count} images; pass one for each`);
  }
  return values.map((value) => (typeof value === "number" ? (classNames?.[value] ?? String(value)) : value));
}
