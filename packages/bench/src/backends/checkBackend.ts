import type { Backend } from "@convoy/core";

const methods = ["supports", "createBuffer", "compile", "synchronize", "memory", "dispose"] as const;

/** What something lacks of the contract in `@convoy/core/backend`: one entry each; empty for a backend. */
export function missingMembers(candidate: unknown): string[] {
  if (typeof candidate !== "object" || candidate === null) {
    return ["all of it"];
  }
  const { name, device, fusions, ...rest } = membersOf(candidate);
  return [
    ...(typeof name === "string" && name !== "" ? [] : ["name (a string)"]),
    ...(typeof (device as Backend["device"] | undefined)?.name === "string" ? [] : ["device.name (a string)"]),
    ...(typeof (device as Backend["device"] | undefined)?.details === "object" ? [] : ["device.details (an object)"]),
    ...(Array.isArray(fusions) ? [] : ["fusions (an array, may be empty)"]),
    ...methods.filter((method) => typeof rest[method] !== "function").map((method) => `${method}()`),
  ];
}

/** Whether something has all that the contract asks for. */
export function isBackend(candidate: unknown): candidate is Backend {
  return missingMembers(candidate).length === 0;
}

/** The members of the contract, inherited ones as well. */
function membersOf(candidate: object): Partial<Record<keyof Backend, unknown>> {
  const members = candidate as Partial<Record<keyof Backend, unknown>>;
  const names = ["name", "device", "fusions", ...methods] as const;
  return Object.fromEntries(names.map((name) => [name, members[name]]));
}
