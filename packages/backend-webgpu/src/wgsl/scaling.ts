import { attributesOf, type OpInstance } from "@convoy/core/backend";
import { float } from "./shader.js";

/** scale v + offset */
export interface Scaling {
  readonly scale: number;
  readonly offset: number;
}

/** `first` and then an affine op, if there is one. */
export function followedBy(first: Scaling, op: OpInstance | undefined): Scaling {
  if (op === undefined) {
    return first;
  }
  const { scale, offset } = attributesOf("affine", op);
  return { scale: first.scale * scale, offset: first.offset * scale + offset };
}

/** Code for a scaled value. */
export function scaled(value: string, { scale, offset }: Scaling): string {
  const product = scale === 1 ? value : `${value} * ${float(scale)}`;
  return offset === 0 ? product : `(${product} + ${float(offset)})`;
}
