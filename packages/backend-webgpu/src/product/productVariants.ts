/** All variants of a product on a GPU, the one that is estimated fastest first, those with subgroups last. */

import type { Dispatch } from "../wgsl/dispatch.js";
import type { ShaderSpec } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { MatrixProduct } from "./matrixProduct.js";
import { leavesFewSlots } from "./productMoments.js";
import { subgroupVariants } from "./subgroupProduct.js";
import { fitsTarget, tiledProduct } from "./tiledProduct.js";
import { tilesFor } from "./tileEstimates.js";
import { tiles } from "./tiles.js";

export function* productVariants(product: MatrixProduct, spec: ShaderSpec, target: KernelTarget): Iterable<Dispatch> {
  const fitting = tiles.filter(
    (tile) => fitsTarget(product, tile, target) && (!product.moments || leavesFewSlots(product.M, tile.rows)),
  );
  for (const tile of target.pickVariant ? fitting : tilesFor(product, fitting)) {
    yield tiledProduct(product, tile, spec, target);
  }
  yield* subgroupVariants(product, spec, target);
}
