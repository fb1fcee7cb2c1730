import { expectCount } from "../../checkOption.js";
import type { Shape } from "../../ops/definition.js";
import { spatial } from "../../ops/window.js";
import { commonFields, type LayerOptions, type LayerTransform } from "../definition.js";
import { defineLayer, type Layer } from "../layer.js";
import { expectImages, layerOptions } from "../options.js";
import { type ImageSize, translation } from "./matrices.js";

export interface RandomCropOptions extends LayerOptions {
  /** Of what it gives. */
  readonly height: number;
  readonly width: number;
}

/** The largest window in the middle of an image that has the proportions of the crop, in Keras' rounding. */
function centralWindow([height, width]: ImageSize, [cropHeight, cropWidth]: ImageSize) {
  const rows = Math.max(1, Math.min(height, Math.trunc((width * cropHeight) / cropWidth)));
  const columns = Math.max(1, Math.min(width, Math.trunc((height * cropWidth) / cropHeight)));
  return {
    top: Math.trunc((height - rows) / 2),
    left: Math.trunc((width - columns) / 2),
    height: rows,
    width: columns,
  };
}

/**
 * Cuts a piece out of images [N,H,W,C] at random, [N,height,width,C], of each image at a place of its own. In evaluation and
 * prediction, and in training where images are smaller than the piece, it takes the largest window in the middle with these
 * proportions and resizes it. Keras' `RandomCrop`, which takes all pieces of a batch from one place. A layer right behind it that
 * moves pixels is one resampling with it: beyond the piece it reads what the image has there, and fills beyond the image alone.
 */
export function randomCrop(options: RandomCropOptions): Layer {
  layerOptions("randomCrop", options, ["height", "width"], ["height", "width"]);
  const crop = [
    expectCount("randomCrop: height", options.height),
    expectCount("randomCrop: width", options.width),
  ] as const;
  return defineLayer({
    className: "RandomCrop",
    defaultName: "random_crop",
    ...commonFields(options),
    config: { height: crop[0], width: crop[1] },
    parameters: () => [],
    transform([height, width]: Shape): LayerTransform | undefined {
      const image = [height!, width!] as const;
      const [rows, columns] = [image[0] - crop[0], image[1] - crop[1]];
      if (rows < 0 || columns < 0) {
        return undefined;
      }
      return {
        sampling: undefined,
        size: crop,
        draw(stream) {
          const top = stream.integerBelow(rows + 1);
          return translation(-stream.integerBelow(columns + 1), -top);
        },
      };
    },
    apply({ graph, input }) {
      expectImages("randomCrop", input.shape.slice(1));
      const image = spatial(input.shape);
      const { top, left, height, width } = centralWindow(image, crop);
      const [below, beside] = [image[0] - top - height, image[1] - left - width];
      const isWhole = [top, left, below, beside].every((cut) => cut === 0);
      const borders = { before: [0, 0 - top, 0 - left, 0], after: [0, 0 - below, 0 - beside, 0] };
      const window = isWhole ? input : graph.apply("pad", [input], borders)[0]!;
      const fits = height === crop[0] && width === crop[1];
      return fits ? window : graph.apply("resize2d", [window], { size: crop, interpolation: "bilinear" })[0]!;
    },
  });
}
