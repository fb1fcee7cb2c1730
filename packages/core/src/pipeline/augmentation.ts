import type { Layer } from "../layers/layer.js";
import type { ElementContext } from "./stages.js";

/**
 * What `map` does with layers. The code is loaded with the first element: most data sets have none.
 * @param size elements of a pass, by which their training steps are counted
 * @param isBefore whether it draws what layers do that `fit` puts before those of a model
 */
export function elementAugmentation(
  layers: readonly Layer[],
  seed: number,
  size: number | undefined,
  isBefore = false,
): (element: unknown, context: ElementContext) => Promise<unknown> {
  const load = async () => {
    const { ElementAugmentation } = await import("../layers/augmentation/elementAugmentation.js");
    return new ElementAugmentation(layers, seed, isBefore);
  };
  let loaded: ReturnType<typeof load> | undefined;
  return async (element, { position, epoch, random }) => {
    loaded ??= load();
    const known = size !== undefined && Number.isFinite(size);
    return await (await loaded).change(element, known ? epoch * size + position : random.word());
  };
}
