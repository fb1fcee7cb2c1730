import { kernelFiles, sharedLayouts } from "./kernelTable/index.js";

export type ArgumentType = "address" | "i32" | "u32" | "f32";

/** The types of arguments by name. */
export type ArgumentLayout = Readonly<Record<string, ArgumentType>>;

type Shared = typeof sharedLayouts;
type Files = typeof kernelFiles;

export type KernelName = { [F in keyof Files]: keyof Files[F] }[keyof Files] & string;

type EntryOf<K extends KernelName> = {
  [F in keyof Files]: K extends keyof Files[F] ? Files[F][K] : never;
}[keyof Files];

/** The names of the arguments of a table entry, those that it inherits among them. */
type NamesIn<Entry> =
  | Exclude<keyof Entry, "extends">
  | (Entry extends { readonly extends: infer S extends keyof Shared } ? NamesIn<Shared[S]> : never);

/** The values of a kernel's arguments by name. */
export type KernelArguments<K extends KernelName> = { readonly [A in NamesIn<EntryOf<K>>]: number };

/** The values of the arguments of a shared layout. */
export type SharedArguments<S extends keyof Shared> = { readonly [A in NamesIn<Shared[S]>]: number };

/** The arguments of a table entry in order, those that it inherits first. */
export function expanded(entry: Readonly<Record<string, string>>): ArgumentLayout {
  const { extends: shared, ...own } = entry;
  const inherited = shared === undefined ? {} : expanded(sharedLayouts[shared as keyof Shared]);
  return { ...inherited, ...own } as ArgumentLayout;
}

const layouts: ReadonlyMap<string, ArgumentLayout> = new Map(
  Object.values(kernelFiles).flatMap((kernels) =>
    Object.entries<Readonly<Record<string, string>>>(kernels).map(([name, entry]) => [name, expanded(entry)] as const),
  ),
);

/** The kernels in the order of their numbers. */
export const kernelNames: readonly KernelName[] = [...layouts.keys()] as KernelName[];

const kernelNumbers: ReadonlyMap<string, number> = new Map(kernelNames.map((name, number) => [name, number]));

/** The number that stands for a kernel in a program. */
export function kernelNumber(kernel: KernelName): number {
  return kernelNumbers.get(kernel)!;
}

/** The arguments of a kernel in order. */
export function layoutOf(kernel: KernelName): ArgumentLayout {
  return layouts.get(kernel)!;
}
