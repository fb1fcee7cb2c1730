/** The backends that come with Convoy, in the order in which they run: the fast ones first. */
export const backendNames = ["cuda", "webgpu", "wasm", "reference"] as const;

export type BackendName = (typeof backendNames)[number];

/** Whether a choice names a backend that comes with Convoy. Any other is a third party's module. */
export function isBuiltIn(choice: string): choice is BackendName {
  return (backendNames as readonly string[]).includes(choice);
}
