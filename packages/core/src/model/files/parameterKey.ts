import type { NetworkParameter } from "../declare/network.js";

/** Tells a network's parameters apart: layers that share weights have the same ones under several paths. */
export function parameterKey(parameters: readonly NetworkParameter[]): (parameter: NetworkParameter) => string {
  const owners = new Map([...new Set(parameters.map(({ weights }) => weights))].map((own, index) => [own, index]));
  return ({ weights, index }) => `${owners.get(weights)}/${index}`;
}
