/** Bytes in memory of their own: `Uint8Array<ArrayBuffer>`, which compilers before TypeScript 5.7 have no name for. */
export type Bytes = ReturnType<typeof Uint8Array.of>;
