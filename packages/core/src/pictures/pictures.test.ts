import { inflateSync, crc32 as nodeCrc32 } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { crc32 } from "../crc32.js";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { imageGrid, Picture, plotConfusionMatrix, plotHistory } from "./index.js";

/** The pixels of a PNG file as this package writes them: 8 bits, four channels, no filters. */
function decode(png: Uint8Array): { width: number; height: number; pixel: (x: number, y: number) => number[] } {
  const bytes = Buffer.from(png);
  expect([...bytes.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString("latin1", at + 4, at + 8);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(bytes.subarray(at + 4, at + 8 + length)));
    chunks.set(name, bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  expect([...chunks.keys()]).toEqual(["IHDR", "IDAT", "IEND"]);
  const header = chunks.get("IHDR") as Buffer;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const rows = inflateSync(chunks.get("IDAT") as Buffer);
  expect(rows.length).toBe(height * (4 * width + 1));
  const pixel = (x: number, y: number): number[] => {
    const at = y * (4 * width + 1) + 1 + 4 * x;
    return [...rows.subarray(at, at + 4)];
  };
  return { width, height, pixel };
}

test("crc32 is that of zip and PNG", () => {
  expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
  expect(crc32(Buffer.from("6789"), crc32(Buffer.from("12345")))).toBe(0xcbf43926);
  if (nodeCrc32 !== undefined) {
    expect(crc32(Buffer.from("any bytes"))).toBe(nodeCrc32("any bytes"));
  }
});

describe("imageGrid", () => {
  test("lays images out in rows, as a PNG file", async () => {
    const data = Uint8Array.of(0, 255, 255, 255, 0, 0, 10, 20, 30, 40, 50, 60, 1, 2, 3, 4, 5, 6);
    const grid = imageGrid({ data, shape: [3, 1, 2, 3] }, { columns: 2, zoom: 3 });
    const { width, height, pixel } = decode(await grid.toPng());
    expect([width, height]).toEqual([4 + 2 * (6 + 4), 4 + 2 * (3 + 4)]);
    expect(pixel(4, 4)).toEqual([0, 255, 255, 255]);
    expect(pixel(6, 6)).toEqual([0, 255, 255, 255]);
    expect(pixel(7, 4)).toEqual([255, 0, 0, 255]);
    expect(pixel(14, 4)).toEqual([10, 20, 30, 255]);
    expect(pixel(4, 11)).toEqual([1, 2, 3, 255]);
    expect(pixel(0, 0)).toEqual([236, 236, 236, 255]);
  });

  test("takes bytes, scaled bytes, numbers from 0 to 1, and any range", () => {
    const first = (picture: Picture): number => picture.data[4 * (4 * picture.width + 4)] as number;
    expect(first(imageGrid({ data: Uint8Array.of(100), shape: [1, 1, 1, 1] }))).toBe(100);
    expect(first(imageGrid({ data: Uint8Array.of(100), shape: [1, 1, 1, 1], scale: 1 / 255 }))).toBe(100);
    expect(first(imageGrid({ data: Float32Array.of(0.4), shape: [1, 1, 1] }))).toBe(102);
    expect(first(imageGrid({ data: Float32Array.of(5), shape: [1, 1, 1] }))).toBe(255);
    expect(first(imageGrid({ data: Float32Array.of(0), shape: [1, 1, 1] }, { range: [-1, 1] }))).toBe(128);
    // Half transparent black over the paper.
    expect(first(imageGrid({ data: Uint8Array.of(0, 0, 0, 127), shape: [1, 1, 1, 4] }))).toBe(118);
  });

  test("writes labels under the images", () => {
    const images = { data: new Uint8Array(2 * 64), shape: [2, 8, 8] };
    const plain = imageGrid(images);
    const labelled = imageGrid(images, { labels: Int32Array.of(1, 0), classNames: ["cat", "dög"] });
    expect(labelled.height).toBe(plain.height + 11);
    const isInk = (x: number, y: number): boolean => labelled.data[4 * (y * labelled.width + x)] === 30;
    const drawn = Array.from({ length: 7 }, (_, y) =>
      Array.from({ length: 17 }, (__, x) => (isInk(4 + x, 4 + 56 + 3 + y) ? "#" : ".")).join(""),
    );
    expect(drawn).toEqual([
      "....#............",
      "....#........####",
      ".####..###..#...#",
      "#...#.#...#.#...#",
      "#...#.#...#..####",
      "#...#.#...#.....#",
      ".####..###...###.",
    ]);
  });

  test("draws to a canvas", () => {
    const put: unknown[] = [];
    const canvas = {
      width: 0,
      height: 0,
      getContext: () => ({ putImageData: (...args: unknown[]) => void put.push(args) }),
    };
    class FakeImageData {
      readonly kept: readonly unknown[];
      constructor(...kept: readonly unknown[]) {
        this.kept = kept;
      }
    }
    vi.stubGlobal("ImageData", FakeImageData);
    const picture = new Picture(3, 2);
    picture.draw(canvas);
    vi.unstubAllGlobals();
    expect(canvas).toMatchObject({ width: 3, height: 2 });
    expect(put).toEqual([[new FakeImageData(picture.data, 3, 2), 0, 0]]);
  });

  test("refuses what it cannot draw", () => {
    const images = { data: new Uint8Array(8), shape: [2, 2, 2] };
    expect(() => imageGrid({ data: new Uint8Array(8), shape: [2, 2, 1, 2] })).toThrow(ShapeError);
    expect(() => imageGrid({ data: new Uint8Array(8), shape: [8] })).toThrow("images have shape [8]");
    expect(() => imageGrid(images, { labels: ["a"] })).toThrow("there are 1 labels for 2 images");
    expect(() => imageGrid(images, { columns: 0 })).toThrow(ArgumentError);
    expect(() => imageGrid(images, { range: [1, 1] })).toThrow("range is [1, 1]");
    expect(() => imageGrid(images, { colums: 1 } as object)).toThrow("did you mean columns?");
  });
});

/** Tags that are opened and closed in order, attributes in quotes. */
function expectWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(/<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<]*")*)(\/?)>/gi, (_, end, name, __, alone) => {
    if (end) {
      expect(open.pop()).toBe(name);
    } else if (!alone) {
      open.push(name);
    }
    return "";
  });
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]/);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
}

describe("plotHistory", () => {
  const history = {
    loss: [2, 1, 0.5],
    accuracy: [0.1, 0.6, 0.7],
    val_loss: [2.1, 1.2, Number.NaN],
    val_accuracy: [0.1, 0.5, 0.55],
  };

  test("draws a panel for each metric, its validation in it", () => {
    const svg = plotHistory({ epochs: [0, 1, 2], history }, { title: "A < B" });
    expectWellFormed(svg);
    expect(svg.match(/<polyline/g)).toHaveLength(4);
    expect(svg.match(/<g /g)).toHaveLength(2);
    expect(svg).toContain("A &#60; B");
    // The loss of 2, 1 and 0.5 between ticks at 0.5 and 2.5, over a height of 206 from 34 on.
    expect(svg).toContain('points="58,85.5 232,188.5 406,240"');
    expect(plotHistory(history)).toContain('points="58,85.5 232,188.5 406,240"');
  });

  test("draws one epoch, equal values, and chosen curves", () => {
    const one = plotHistory({ loss: [3] });
    expectWellFormed(one);
    expect(one).toContain("<circle");
    expectWellFormed(plotHistory({ loss: [0, 0, 0], val_loss: [Number.NaN, Number.NaN, Number.NaN] }));
    expect(plotHistory(history, { metrics: ["accuracy"] }).match(/<polyline/g)).toHaveLength(2);
  });

  test("refuses what is not there", () => {
    expect(() => plotHistory(history, { metrics: ["acc"] })).toThrow(
      'there is no curve "acc"; there are "loss", "accuracy"',
    );
    expect(() => plotHistory({ epochs: [], history: {} })).toThrow("the history has no epochs to draw");
    expect(() => plotHistory(history, { width: 10 })).toThrow(ArgumentError);
  });
});

describe("plotConfusionMatrix", () => {
  test("writes counts or shares into cells", () => {
    const svg = plotConfusionMatrix(
      [
        [8, 2],
        [0, 5],
      ],
      { classNames: ["a&b", "c"] },
    );
    expectWellFormed(svg);
    expect(svg).toContain("a&#38;b");
    expect(svg).toContain("<title>2 of 10</title>");
    expect(svg.match(/<rect/g)).toHaveLength(5);
    expect(svg).not.toContain(">0<");
    const shares = plotConfusionMatrix(
      [
        [8, 2],
        [0, 5],
      ],
      { normalize: true },
    );
    expect(shares).toContain(">80%<");
    expect(shares).toContain(">100%<");
  });

  test("leaves numbers out where there are many classes", () => {
    const matrix = Array.from({ length: 100 }, (_, row) =>
      Array.from({ length: 100 }, (__, column) => (row === column ? 7 : 0)),
    );
    const svg = plotConfusionMatrix(matrix);
    expectWellFormed(svg);
    expect(svg.match(/<rect/g)).toHaveLength(10_001);
    expect(svg.match(/>7</g)).toHaveLength(2); // the name of class 7, twice
  });

  test("refuses what is no such matrix", () => {
    expect(() => plotConfusionMatrix([[1, 2]])).toThrow("1 rows of 2 columns; it must be square");
    expect(() => plotConfusionMatrix([])).toThrow(ShapeError);
    expect(() => plotConfusionMatrix([[1]], { classNames: ["a", "b"] })).toThrow("2 classNames for 1 classes");
    expect(() => plotConfusionMatrix([[-1]])).toThrow(DataError);
  });
});
