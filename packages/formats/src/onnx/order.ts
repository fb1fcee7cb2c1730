import { ModelFileError } from "@convoy/core";
import type { OnnxNode } from "./messages.js";
import { nodeLabel } from "./nodeReader.js";

/** The nodes so that each comes behind those that it reads: not all exporters write them so. */
export function inOrderOfUse(nodes: readonly OnnxNode[], known: ReadonlySet<string>): OnnxNode[] {
  const producers = new Map<string, OnnxNode>();
  for (const node of nodes) {
    for (const name of node.outputs.filter((output) => output !== "")) {
      if (producers.has(name) || known.has(name)) {
        throw new ModelFileError(`ONNX file, ${nodeLabel(node)}: "${name}" is given twice`);
      }
      producers.set(name, node);
    }
  }
  // How many of its inputs a node still waits for, and who waits for each node.
  const missing = new Map<OnnxNode, number>();
  const waiting = new Map<OnnxNode, OnnxNode[]>();
  const ready: OnnxNode[] = [];
  for (const node of nodes) {
    const needed = new Set<OnnxNode>();
    for (const name of node.inputs.filter((input) => input !== "" && !known.has(input))) {
      const producer = producers.get(name);
      if (producer === undefined) {
        throw new ModelFileError(`ONNX file, ${nodeLabel(node)}: nothing gives its input "${name}"`);
      }
      needed.add(producer);
    }
    for (const producer of needed) {
      const behind = waiting.get(producer);
      if (behind === undefined) {
        waiting.set(producer, [node]);
      } else {
        behind.push(node);
      }
    }
    missing.set(node, needed.size);
    if (needed.size === 0) {
      ready.push(node);
    }
  }
  const ordered: OnnxNode[] = [];
  for (let index = 0; index < ready.length; index++) {
    const node = ready[index]!;
    ordered.push(node);
    for (const next of waiting.get(node) ?? []) {
      missing.set(next, missing.get(next)! - 1);
      if (missing.get(next) === 0) {
        ready.push(next);
      }
    }
  }
  if (ordered.length < nodes.length) {
    const stuck = nodes.find((node) => missing.get(node)! > 0)!;
    throw new ModelFileError(`ONNX file, ${nodeLabel(stuck)}: it needs its own result`);
  }
  return ordered;
}
