import type { Constant } from "./constant.js";
import type { OnnxNode } from "./messages.js";

/** Writes the nodes that exporters make of GELU, x (1 + erf(x / sqrt 2)) / 2, as the one operator that newer opsets have. */
export function withGelu(nodes: readonly OnnxNode[], constantOf: (name: string) => Constant | undefined): OnnxNode[] {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const consumers = new Map<string, OnnxNode[]>();
  for (const node of nodes) {
    for (const name of node.inputs) {
      const readers = consumers.get(name);
      if (readers === undefined) {
        consumers.set(name, [node]);
      } else {
        readers.push(node);
      }
    }
  }
  const removed = new Set<OnnxNode>();
  const replaced = new Map<OnnxNode, OnnxNode>();

  /** The other input of a node of two inputs, one of which is that constant. */
  const besides = (node: OnnxNode | undefined, op: string, value: number): string | undefined => {
    if (node?.op !== op || node.domain !== "") {
      return undefined;
    }
    const isValue = (name: string | undefined): boolean => {
      const constant = constantOf(name ?? "");
      return constant?.data.length === 1 && Math.abs(constant.data[0]! - value) < 1e-4;
    };
    const [a, b] = node.inputs;
    return isValue(b) ? a : isValue(a) && op !== "Div" ? b : undefined;
  };
  const only = (name: string): OnnxNode | undefined => {
    const readers = consumers.get(name) ?? [];
    return readers.length === 1 ? readers[0] : undefined;
  };

  for (const erf of nodes.filter(({ op }) => op === "Erf")) {
    const scaling = producers.get(erf.inputs[0]!);
    const x = besides(scaling, "Div", Math.SQRT2) ?? besides(scaling, "Mul", Math.SQRT1_2);
    const sum = only(erf.outputs[0]!);
    if (x === undefined || sum === undefined || besides(sum, "Add", 1) === undefined) {
      continue;
    }
    const product = only(sum.outputs[0]!);
    const other = product?.op === "Mul" ? product.inputs.find((name) => name !== sum.outputs[0]) : undefined;
    if (product === undefined) {
      continue;
    }
    // (x s) / 2, x (s / 2) or (x / 2) s, where s is the sum.
    const behind = only(product.outputs[0]!);
    const halved = producers.get(other ?? "");
    const isHalf = besides(product, "Mul", 0.5) !== undefined;
    let parts: readonly (OnnxNode | undefined)[] | undefined;
    if (other === x && behind !== undefined && besides(behind, "Mul", 0.5) !== undefined) {
      parts = [product, behind];
    } else if (isHalf && behind?.op === "Mul" && behind.inputs.includes(x)) {
      parts = [product, behind];
    } else if (besides(halved, "Mul", 0.5) === x && only(other ?? "") === product) {
      parts = [halved, product];
    }
    const last = parts?.at(-1);
    if (parts === undefined || last === undefined) {
      continue;
    }
    for (const node of [scaling, erf, sum, ...parts]) {
      if (node !== undefined && node !== last && (node !== scaling || only(node.outputs[0]!) === erf)) {
        removed.add(node);
      }
    }
    replaced.set(last, { ...last, op: "Gelu", inputs: [x], attributes: new Map() });
  }
  return nodes.filter((node) => !removed.has(node)).map((node) => replaced.get(node) ?? node);
}
